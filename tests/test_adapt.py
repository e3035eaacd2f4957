"""Rows without labels: what adapt gains, and what it must not lose."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.frozen import FrozenEstimator
from unlabelled_numbers import (
    blurred_numbers,
    h,
    prototypes,
    scenario,
    training_rows,
)

from sklearn_gzsl import (
    ESZSL,
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
)
from sklearn_gzsl.classifiers._adaptation import UnlabelledRows, set_apart
from sklearn_gzsl.datasets import load_two_digit_numbers
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLKFold

numbers = pytest.fixture(blurred_numbers, scope="module")


data = pytest.fixture(training_rows, scope="module")


@pytest.fixture(scope="module")
def calibrated(data):
    X, y, attributes = data
    return CalibratedStackingCV(prototypes()).fit(X, y, class_attributes=attributes)


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("all", 0.05),
        ("unseen", 0.05),
        ("half", -0.01),
        ("tail", -0.01),
        ("rare", -0.01),
        ("seen", -0.005),
    ],
)
def test_rows_without_labels_help_and_do_no_harm(calibrated, numbers, name, gain):
    before = h(calibrated, numbers)
    adapted = pickle.loads(pickle.dumps(calibrated))
    assert adapted.adapt(scenario(numbers, name)) is adapted
    assert h(adapted, numbers) >= before + gain
    moved = adapted.adaptation_[np.isin(adapted.classes_, adapted.unseen_classes_)]
    assert (moved.mean() > 0.5) == (name in ("all", "unseen"))
    seen = np.isin(adapted.classes_, adapted.seen_classes_)
    assert not adapted.adaptation_[seen].any()  # they have rows of their own
    again = h(adapted.adapt(reset=True), numbers)
    assert again == before


def test_counts_are_about_right(calibrated, numbers):
    clf = pickle.loads(pickle.dumps(calibrated))
    clf.adapt(numbers.data[numbers.test])
    assert clf.unlabelled_counts_.shape == clf.unseen_classes_.shape
    assert 0.6 * 800 < clf.unlabelled_counts_.sum() < 1.4 * 800


def test_the_penalty_is_another_one_after_adapting(calibrated, data):
    assert calibrated.adapted_seen_penalty_ < calibrated.seen_penalty_
    X, y, attributes = data
    clf = GZSLClassifier(GaussianGenerator(), prototypes(), random_state=0)
    clf.fit(X, y, class_attributes=attributes)
    assert clf.adapted_seen_penalty_ < clf.seen_penalty_
    assert clf.set_params(seen_penalty=1.0).adapted_seen_penalty_ is None


@pytest.mark.parametrize("fold", [0, 3])
def test_the_penalty_suits_rows_that_moved_a_class_and_others(fold, data):
    X, y, attributes = data
    folds = list(GZSLKFold(5, shuffle=True, random_state=0).split(X, y))
    train, test = folds[fold]
    clf = prototypes().fit(
        X[train], y[train], class_attributes=attributes.subset(np.unique(y))
    )
    X, y = X[test], y[test]

    def best(known, others):
        """The best penalty for some rows after adapting to some."""
        adapted = FrozenEstimator(pickle.loads(pickle.dumps(clf)).adapt(X[known]))
        return CalibratedStackingCV(adapted).fit(X[others], y[others]).seen_penalty_

    everything, half = np.arange(len(y)), np.random.default_rng(0).permutation(len(y))
    own = best(everything, everything)
    new = best(half[::2], half[1::2])
    calibrated = CalibratedStackingCV(FrozenEstimator(clf)).fit(X, y)
    assert own < calibrated.adapted_seen_penalty_ < new
    # A row of each class leaves no others.
    one = np.unique(y, return_index=True)[1]
    calibrated = CalibratedStackingCV(FrozenEstimator(clf)).fit(X[one], y[one])
    assert calibrated.adapted_seen_penalty_ == best(one, one)


def test_rows_in_several_calls(data, numbers):
    X, y, attributes = data
    new = np.random.default_rng(0).permutation(numbers.data[numbers.test])
    clf = prototypes().fit(X, y, class_attributes=attributes)
    plain = h(clf, numbers)
    hs = [h(clf.adapt(part), numbers) for part in np.array_split(new, 5)]
    assert clf.n_unlabelled_ == len(new)
    assert hs[0] > plain - 0.01
    assert hs[-1] > plain + 0.02
    together = clf.adapt(new, reset=True).prototypes_
    assert clf.n_unlabelled_ == len(new)
    assert np.mean(together * clf.prototypes_) > 0


def test_many_rows_go_in_turns(data, numbers, monkeypatch):
    from sklearn_gzsl.classifiers import _adapting

    X, y, attributes = data
    clf = prototypes().fit(X, y, class_attributes=attributes)
    plain, once = h(clf, numbers), h(clf.adapt(numbers.data[numbers.test]), numbers)
    monkeypatch.setattr(_adapting, "_TURN", 500)
    # Sorted by class: turns are samples of all rows, not one class after the other.
    in_turns = h(clf.adapt(numbers.data[numbers.test], reset=True), numbers)
    assert in_turns > (plain + once) / 2
    # No turn has fewer rows of a class than are worth while, where all have more.
    monkeypatch.setattr(_adapting, "_TURN", 150)
    assert [len(some) for some in _adapting.turns(np.zeros((190, 1)), 20)] == [190]
    assert [len(some) for some in _adapting.turns(np.zeros((310, 1)), 20)] == [
        104,
        103,
        103,
    ]


def test_classes_may_take_turns(data, numbers):
    X, y, attributes = data
    rows = numbers.test_unseen  # 20 classes with as many rows each
    rows = rows[np.argsort(numbers.target[rows], kind="stable")]
    clf = prototypes().fit(X, y, class_attributes=attributes)
    hs = [
        h(clf.adapt(numbers.data[some], reset=True), numbers)
        for some in (rows, rows.reshape(20, -1).T.ravel())
    ]
    assert hs[1] == pytest.approx(hs[0], abs=0.01)


def test_new_classes_keep_what_others_have_learned(data, numbers):
    X, y, attributes = data
    late = np.setdiff1d(attributes.labels, y)[:3]
    early = attributes.subset(np.setdiff1d(attributes.labels, late))
    clf = prototypes().fit(X, y, class_attributes=early)
    clf.adapt(numbers.data[numbers.test])
    before = dict(zip(clf.classes_.tolist(), clf.prototypes_, strict=True))
    clf.add_classes(attributes.subset(late))
    for label, prototype in zip(clf.classes_.tolist(), clf.prototypes_, strict=True):
        if label not in late:
            np.testing.assert_allclose(prototype, before[label], atol=1e-12)
    assert not clf.adaptation_[np.isin(clf.classes_, late)].any()
    clf.adapt(numbers.data[numbers.test])
    assert clf.adaptation_[np.isin(clf.classes_, late)].any()


def test_where_held_out_classes_advise_against_it_nothing_changes():
    # Means that these descriptions predict are better than those of a few rows.
    clear = load_two_digit_numbers(n_train=25, n_test=15)
    X, y, new = (
        clear.data[clear.train],
        clear.target[clear.train],
        clear.data[clear.test],
    )
    clf = CalibratedStackingCV(prototypes())
    clf.fit(X, y, class_attributes=clear.class_attributes)
    before = clf.predict_proba(new)
    with pytest.warns(UserWarning, match="leaves the model as it is"):
        clf.adapt(new)
    assert clf.n_unlabelled_ == 0
    np.testing.assert_array_equal(clf.predict_proba(new), before)
    # What is no row is an error all the same.
    for wrong in (new * np.nan, new[:, :3], [["a"] * new.shape[1]]):
        with pytest.raises(ValueError, match="X"):
            clf.adapt(wrong)


def test_bad_rows_change_nothing(data, numbers):
    X, y, attributes = data
    new = numbers.data[numbers.test]
    clf = GZSLClassifier(GaussianGenerator(), prototypes(), random_state=0)
    clf.fit(X, y, class_attributes=attributes).adapt(new)
    before = clf.predict(new)
    for bad, match in [
        (new[:, 1:], "features"),
        (np.full_like(new, np.nan), "NaN"),
        (new[:0], "0 sample"),
        (None, "needs X"),
    ]:
        with pytest.raises(ValueError, match=match):
            clf.adapt(bad)
    with pytest.raises(ValueError, match="features"):
        clf.adapt(new[:, 1:], reset=True)
    np.testing.assert_array_equal(clf.predict(new), before)
    with pytest.warns(UserWarning, match="got 3 rows so far for 20 unseen"):
        clf.adapt(new[:3], reset=True)


def test_rows_of_no_class_are_noticed(data, numbers):
    X, y, attributes = data
    clf = prototypes().fit(X, y, class_attributes=attributes)
    new = numbers.data[numbers.test]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.adapt(new)
    mixed = np.random.default_rng(0).permutation(new, axis=1)
    with pytest.warns(UserWarning, match="rows of which 100% are farther"):
        clf.adapt(mixed)


def test_who_can_not_adapt_says_so(data, numbers):
    X, y, attributes = data
    new = numbers.data[numbers.test]
    with pytest.raises(ValueError, match="-1 alone"):
        prototypes().fit(X, np.full(len(X), -1), class_attributes=attributes)
    with pytest.raises(ValueError, match="no unseen class"):
        prototypes().fit(X, y).adapt(new)
    clf = prototypes(calibration_size=0).fit(X, y, class_attributes=attributes)
    with pytest.raises(ValueError, match="calibration_size > 0"):
        clf.adapt(new)
    vote = GZSLVotingClassifier([("a", ESZSL()), ("b", ESZSL())])
    with pytest.raises(ValueError, match="PrototypeClassifier can"):
        vote.fit(X, y, class_attributes=attributes).adapt(new)
    scorer = GZSLScorer()
    with pytest.raises(ValueError, match="can be adapted to, but not scored"):
        scorer(clf, new, np.full(len(new), -1))


def test_tables_and_few_classes(data, numbers):
    X, y, attributes = data
    few = np.isin(y, np.unique(y)[:6])
    frame = pd.DataFrame(X[few], columns=[f"f{i}" for i in range(X.shape[1])])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Six classes do not tell where ninety-four others are.
        warnings.filterwarnings("ignore", "adapt got rows of which 9")
        clf = prototypes().fit(frame, y[few], class_attributes=attributes)
        new = pd.DataFrame(numbers.data[numbers.test], columns=frame.columns)
        clf.adapt(new).predict(new)


def test_a_part_of_each_class_is_set_apart():
    codes = np.repeat([0, 1, 2], [10, 4, 25])
    mask = set_apart(np.random.default_rng(0).permutation(codes), 0.2)
    assert mask.sum() == 7
    assert np.bincount(codes[set_apart(codes, 0.2)], minlength=3).tolist() == [2, 0, 5]


def test_sums_follow_their_classes():
    rows = UnlabelledRows(np.array(["b", "d"]))
    rows.taken, rows.sums = np.array([3.0, 4.0]), np.array([[1.0, 2], [3, 4]])
    other = rows.of(np.array(["a", "b", "c", "d"]))
    assert other.taken.tolist() == [0, 3, 0, 4]
    assert other.sums.tolist() == [[0, 0], [1, 2], [0, 0], [3, 4]]


# Rows in fit and, of these, rows that the model of adapt has learned from: fewer than
# half of the 128 columns both, one, or neither.
@pytest.mark.parametrize("n_rows", [50, 70, 90])
@pytest.mark.filterwarnings("ignore:adapt got rows")
def test_few_rows_of_many_columns(n_rows):
    numbers = load_two_digit_numbers(n_train=5, n_test=10)
    y = numbers.target[numbers.train]
    seen = numbers.seen_classes[:: 400 // n_rows]
    known = np.union1d(seen, numbers.unseen_classes)
    few = np.flatnonzero(np.isin(y, seen))[:n_rows]
    test = numbers.test[np.isin(numbers.target[numbers.test], known)]
    clf = prototypes().fit(
        numbers.data[numbers.train][few],
        y[few],
        class_attributes=numbers.class_attributes.subset(known),
    )
    spaces = clf._twin.space, clf._model.space
    assert [s._few for s in spaces] == [n_rows < 80, n_rows < 64]
    X, y = numbers.data[test], numbers.target[test]
    before = clf.decision_function(X)
    assert GZSLScorer("AUSUC")(clf, X, y) > 0.1
    clf.adapt(X[::2]).adapt(X[1::2])
    assert clf.n_unlabelled_ == len(X)
    assert clf.adaptation_.any()
    assert np.isfinite(clf.decision_function(X)).all()
    np.testing.assert_array_equal(clf.adapt(reset=True).decision_function(X), before)


def test_verbose_says_how_many_are_believed_to_be_of_unseen_classes(
    data, numbers, capsys
):
    params = {"seen_penalty": 0.0, "random_state": 0, "verbose": 1}
    clf = GZSLClassifier(GaussianGenerator(), prototypes(), **params)
    rows = numbers.data[numbers.test]
    clf.fit(*data).adapt(rows)
    believed = f"about {clf.classifier_.unlabelled_counts_.sum():.0f} of {len(rows)} "
    assert believed in capsys.readouterr().err
