"""RejectingClassifier: false alarms as wanted, sets that hold the class, sentinels."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from rejections import FAST, make_clf, make_rows
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_gzsl
from sklearn_gzsl import (
    ESZSL,
    SAE,
    SYNC,
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    RejectingClassifier,
)
from sklearn_gzsl.classifiers._held_out_rows import as_chosen
from sklearn_gzsl.datasets import make_gzsl_classification
from sklearn_gzsl.exceptions import GZSLWarning
from sklearn_gzsl.inspection import ClassConfusionDisplay
from sklearn_gzsl.metrics import (
    GZSLScorer,
    gzsl_scores,
    rejection_scores,
)
from sklearn_gzsl.metrics._response import find_model
from sklearn_gzsl.model_selection import GZSLKFold

rows = pytest.fixture(make_rows, scope="module")
clf = pytest.fixture(make_clf, scope="module")


def test_false_alarms_and_detections(clf, rows):
    X, y, others = rows["X"], rows["y"], rows["others"]
    novelty, y_pred = clf.novelty_score(X), clf.predict(X)
    assert_array_equal(y_pred == "rejected", novelty > 0)
    assert_array_equal(y_pred[novelty <= 0], clf.estimator_.predict(X)[novelty <= 0])
    scores = rejection_scores(y, y_pred, reject_label=clf.reject_label_)
    assert scores["false_alarms"] == np.mean(novelty[~others] > 0)
    assert scores["detected"] == np.mean(novelty[others] > 0)
    # Held-out rows of the same scans are easier than those of the test.
    assert 0.03 < scores["false_alarms"] < 0.3
    assert roc_auc_score(others, novelty) > 0.6


def test_held_out_rows_have_the_wanted_rate(clf):
    known = clf.calibration_
    for rate in (0.02, 0.1, 0.5):
        clf.set_params(false_alarm=rate)
        limits = np.where(known["taken_for_seen"], *clf.thresholds_)
        alarms = np.average(known["best"] < limits, weights=known["weight"])
        assert alarms == pytest.approx(rate, abs=0.01)
    clf.set_params(false_alarm=0.1)
    # As many classes of each side as there are.
    shares = [known["weight"][side].sum() for side in (known["seen"], ~known["seen"])]
    assert shares == pytest.approx([len(clf.seen_classes_), len(clf.unseen_classes_)])


def test_sets_hold_the_class(clf, rows):
    known = ~rows["others"]
    X, y = rows["X"][known], rows["y"][known]
    seen, columns = np.isin(y, clf.seen_classes_), np.searchsorted(clf.classes_, y)
    before = np.zeros((len(X), len(clf.classes_)), dtype=bool)
    for coverage in (0.3, 0.6, 0.9):
        sets = clf.predict_set(X, coverage)
        assert (before <= sets).all()
        held = sets[np.arange(len(y)), columns]
        assert held[~seen].mean() > coverage - 0.1
        before = sets
    assert sets.sum(axis=1).mean() < 20
    # Of no unseen class is enough known to promise so much: 72 are held out, once each.
    unseen = np.isin(clf.classes_, clf.unseen_classes_)
    assert clf.predict_set(X[:3], 0.99)[:, unseen].all()
    with pytest.raises(ValueError, match="coverage == 1"):
        clf.predict_set(X, 1)


@pytest.mark.parametrize("flat", [SAE(), SYNC(), ESZSL()])
def test_sets_hold_the_class_where_scores_are_flat(flat):
    """Cosines, say, from which no probabilities come that tell classes apart."""
    made = make_gzsl_classification(
        2000, 32, n_attributes=12, n_seen=45, n_unseen=15, test_size=0.5, random_state=0
    )
    X, y = made.data, made.target
    clf = RejectingClassifier(flat, random_state=0)
    clf.fit(X[made.train], y[made.train], class_attributes=made.class_attributes)
    for rows in (made.test_seen, made.test_unseen):
        sets = clf.predict_set(X[rows], 0.9)
        held = sets[np.arange(len(rows)), np.searchsorted(clf.classes_, y[rows])]
        assert held.mean() > 0.8
        assert sets.sum(axis=1).mean() < 30


def test_only_sets_of_rejected_rows_are_empty(clf, rows):
    X, rejected = rows["X"], clf.novelty_score(rows["X"]) > 0
    columns = np.searchsorted(clf.classes_, clf.estimator_.predict(X))
    for coverage in (0.1, 0.5, 0.9):
        sets = clf.predict_set(X, coverage)
        assert sets[np.arange(len(X)), columns][~rejected].all()
        empty = ~sets.any(axis=1)
        assert empty[rejected].mean() > (0.5 if coverage < 0.9 else 0)


def test_what_rejects_nothing_or_cannot_is_told(animals, clf, rows):
    data = animals.X, animals.y, animals.attributes
    inside = RejectingClassifier(FAST, cv=2)
    for outer in (
        CalibratedStackingCV(inside, cv=2),
        GZSLVotingClassifier([("one", inside)]),
    ):
        with pytest.warns(
            GZSLWarning, match=f"Rej.*{type(outer).__name__}\\(\\.\\.\\."
        ):
            outer.fit(*data)
    frozen = FrozenEstimator(clone(FAST).fit(*data))
    with pytest.warns(GZSLWarning, match="rejects nothing: .* fitted before"):
        RejectingClassifier(CalibratedStackingCV(frozen)).fit(
            np.concatenate([animals.X, animals.X_test]),
            np.concatenate([animals.y, animals.y_test]),
        )
    for unknown in ("aa", "zz"):
        with pytest.raises(
            ValueError, match=f"y holds \\['{unknown}'\\], which the est"
        ):
            RejectingClassifier(frozen).fit(animals.X[:2], ["cat", unknown])
    with pytest.raises(TypeError, match=r"Logistic.* takes no class_attributes"):
        RejectingClassifier(LogisticRegression()).fit(*data)
    with pytest.raises(ValueError, match="false_alarm == 2"):
        clone(clf).fit(*data).set_params(false_alarm=2).predict(animals.X)


def test_scorer_counts_rejected_rows_as_errors(clf, rows):
    X, y = rows["X"][~rows["others"]], rows["y"][~rows["others"]]
    found = GZSLScorer()(clf, X, y)
    expected = gzsl_scores(y, clf.predict(X), seen_classes=clf.seen_classes_)
    assert {name: found[name] for name in "USH"} == pytest.approx(expected)
    plain = GZSLScorer()(clf.estimator_, X, y)
    assert found["AUSUC"] == plain["AUSUC"]
    assert found["H"] < plain["H"]


def test_confusion_has_a_column_of_rejected_rows(clf, rows):
    display = ClassConfusionDisplay.from_estimator(clf, rows["X"], rows["y"])
    assert display.classes[-1] == "rejected"
    y_pred, blocks = clf.predict(rows["X"]), display.blocks
    scores = rejection_scores(rows["y"], y_pred, reject_label="rejected")
    assert blocks["rejected->rejected"] == pytest.approx(scores["detected"])
    for side in ("seen", "unseen", "rejected"):
        total = sum(blocks[f"{side}->{to}"] for to in ("seen", "unseen", "rejected"))
        assert total == pytest.approx(1)
    display = ClassConfusionDisplay.from_predictions(
        [0, 1, None, 2], [0, None, None, 2], seen_classes=[0, 1]
    )
    assert display.classes.tolist() == [0, 1, 2, -1]
    assert display.blocks["seen->rejected"] == 0.5


def test_frozen_estimators_and_wrappers(rows, clf):
    X, y = rows["fit"]
    described = rows["attributes"]
    # Held out by hand: what an estimator that is fitted already has not met.
    train, test = next(GZSLKFold(4).split(X, y))
    inner = make_pipeline(StandardScaler(), FAST)
    params = {"prototypeclassifier__class_attributes": described}
    inner.fit(X[train], y[train], **params)
    frozen = RejectingClassifier(FrozenEstimator(inner)).fit(X[test], y[test])
    assert frozen.estimator_.estimator is inner
    assert np.isfinite(frozen.thresholds_).all()
    assert 0 < np.mean(frozen.predict(X[test]) == "rejected") < 0.2
    around = CalibratedStackingCV(make_pipeline(StandardScaler(), FAST), cv=2)
    clf = RejectingClassifier(around, cv=2).fit(X, y, class_attributes=described)
    assert clf.predict(rows["X"]).shape == rows["y"].shape
    assert clf.predict_set(rows["X"]).shape == (len(rows["X"]), len(clf.classes_))


def test_what_the_estimator_chose_holds_in_the_folds(animals, monkeypatch):
    chosen = []
    fit = GZSLClassifier.fit

    def recorded(self, *args, **params):
        chosen.append(self.seen_penalty)
        return fit(self, *args, **params)

    monkeypatch.setattr(GZSLClassifier, "fit", recorded)
    clf = RejectingClassifier(
        GZSLClassifier(GaussianGenerator(), IncrementalLDA(), random_state=0), cv=2
    ).fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert chosen[0] == "auto"
    assert chosen[-2:] == [clf.estimator_.seen_penalty_] * 2


@pytest.mark.parametrize("wrap", [make_pipeline, lambda e: e])
def test_a_penalty_chosen_around_the_estimator_holds_in_the_folds(clf, rows, wrap):
    outer = RejectingClassifier(wrap(CalibratedStackingCV(FAST, cv=2)))
    outer.fit(*rows["fit"], class_attributes=rows["attributes"])
    plain, known = clf.calibration_, outer.calibration_
    alike = plain["taken_for_seen"] == known["taken_for_seen"]
    penalty = find_model(outer.estimator_).seen_penalty_
    assert abs(penalty) > 0.1
    # How far a row is from all classes is not lost either.
    lowered = plain["best"] - penalty * plain["taken_for_seen"]
    assert_allclose(known["best"][alike], lowered[alike], rtol=1e-5)


def test_members_of_a_vote_keep_what_they_chose(rows):
    clf = GZSLClassifier(GaussianGenerator(), FAST, random_state=0)
    vote = GZSLVotingClassifier([("one", clf), ("none", "drop"), ("other", FAST)])
    vote.fit(*rows["fit"], class_attributes=rows["attributes"])
    chosen = as_chosen(vote).get_params()["one__seen_penalty"]
    assert chosen == vote.estimators_[0].seen_penalty_ != 0


def test_thresholds_follow_classes_that_adapt(rows):
    head = clone(FAST).set_params(calibration_size=0.2)
    clf = RejectingClassifier(head, false_alarm=0.1, cv=3)
    clf.fit(*rows["fit"], class_attributes=rows["attributes"])
    described, X, y = ~rows["others"], rows["X"], rows["y"]
    before, sets = clf.thresholds_, clf.predict_set(X)
    clf.adapt(X[described])
    after = clf.thresholds_
    assert (after > before + 0.02).all()  # classes that have found rows score higher
    scores = rejection_scores(y, clf.predict(X), reject_label="rejected")
    assert 0.05 < scores["false_alarms"] < 0.2
    # A class that has moved half of the way as in the folds counts half.
    unseen = np.isin(clf.classes_, clf.unseen_classes_)
    clf._usual = 2 * clf.adaptation_[unseen].max()
    share = clf.adaptation_[unseen].mean() / clf._usual
    clf._usual = 1e-9
    limit = clf.thresholds_  # all of the way, but for those that have found no row
    share /= (clf.adaptation_[unseen] > 0).mean()
    clf._usual = 2 * clf.adaptation_[unseen].max()
    between = clf.thresholds_
    assert_allclose(between, before + share * (limit - before))
    later = pickle.loads(pickle.dumps(clf)).add_classes({"emu": np.ones(20)})
    assert_array_equal(later.thresholds_, between)  # though it has found no rows
    clf.adapt(reset=True)
    assert_array_equal(clf.thresholds_, before)
    assert_array_equal(clf.predict_set(X), sets)
    clf.add_classes({"emu": np.ones(20)})
    assert_array_equal(clf.thresholds_, before)


def test_each_class_counts_the_same(animals):
    """However many rows it has."""
    rows = (animals.y != "ant") | (np.cumsum(animals.y == "ant") <= 5)
    clf = RejectingClassifier(FAST, cv=2)
    clf.fit(animals.X[rows], animals.y[rows], class_attributes=animals.attributes)
    known = clf.calibration_
    assert len(np.unique(np.bincount(known["unit"]))) > 1
    for side in (known["seen"], ~known["seen"]):
        of_classes = np.bincount(known["unit"][side], known["weight"][side])
        assert_allclose(np.ptp(of_classes[of_classes > 0]), 0, atol=1e-12)


def test_it_can_be_stored_and_learn_more(clf, rows, tmp_path):
    novelty = clf.novelty_score(rows["X"])
    clf.save(tmp_path / "clf")
    for again in (
        pickle.loads(pickle.dumps(clf)),
        sklearn_gzsl.load(tmp_path / "clf"),
    ):
        assert_array_equal(again.novelty_score(rows["X"]), novelty)
    again.add_classes({"none": np.ones(20)})
    assert "none" in again.classes_
    assert np.isfinite(again.novelty_score(rows["X"])).all()
    with pytest.raises(ValueError, match="it rejects rows"):
        again.to_sklearn()


@pytest.mark.parametrize("classifier", [None, IncrementalLDA()])
def test_how_far_a_row_is_from_all_classes_counts(animals, classifier):
    """Log-probabilities, by which GZSLClassifier scores, say nothing of it."""
    known = [label for label in animals.labels if label != "elk"]
    model = GZSLClassifier(classifier=classifier, random_state=0)
    clf = RejectingClassifier(model, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes.subset(known))
    noise = np.random.default_rng(1).normal(size=animals.X_test.shape)
    novelty = clf.novelty_score(animals.X_test + 0.3 * noise)
    assert roc_auc_score(animals.y_test == "elk", novelty) > 0.8
