"""Rows without labels for classifiers that cannot adapt: synthetic rows move."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from unlabelled_numbers import (
    blurred_numbers,
    h,
    prototypes,
    scenario,
    training_rows,
)

from sklearn_gzsl import (
    CADAVAE,
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    SoftmaxClassifier,
)
from sklearn_gzsl.classifiers import _adapting

numbers = pytest.fixture(blurred_numbers, scope="module")
data = pytest.fixture(training_rows, scope="module")


def gzsl(classifier=None, seen_penalty=0.0, **params):
    adapter = prototypes(seen_classifier=IncrementalLDA())
    return GZSLClassifier(
        GaussianGenerator(shrinkage=0.1),
        IncrementalLDA() if classifier is None else classifier,
        **{"adapter": adapter, "random_state": 0} | params,
        seen_penalty=seen_penalty,
    )


@pytest.fixture(scope="module")
def fitted(data):
    X, y, attributes = data
    return gzsl(seen_penalty="auto").fit(X, y, class_attributes=attributes)


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("all", 0.05),
        ("unseen", 0.05),
        ("half", -0.01),
        ("tail", -0.015),
        ("rare", -0.01),
        ("seen", -0.005),
    ],
)
def test_rows_without_labels_help_and_do_no_harm(fitted, numbers, name, gain):
    before = h(fitted, numbers)
    clf = pickle.loads(pickle.dumps(fitted))
    assert clf.adapt(scenario(numbers, name)) is clf
    assert h(clf, numbers) >= before + gain
    assert not clf.adaptation_[np.isin(clf.classes_, clf.seen_classes_)].any()
    clf.adapt(reset=True)
    assert clf.n_unlabelled_ == 0
    np.testing.assert_array_equal(clf.classifier_.coef_, fitted.classifier_.coef_)


@pytest.mark.parametrize(
    "classifier",
    [SoftmaxClassifier(max_iter=1500), GaussianNB(var_smoothing=0.1)],
    ids=["softmax", "bayes"],
)
def test_any_classifier_gains(classifier, data, numbers):
    X, y, attributes = data
    clf = CalibratedStackingCV(gzsl(classifier, n_synthetic=60), cv=2)
    clf.fit(X, y, class_attributes=attributes)
    before = h(clf, numbers)
    assert clf.adapted_seen_penalty_ < clf.seen_penalty_
    assert h(clf.adapt(numbers.data[numbers.test]), numbers) > before + 0.03


class Keeps(ClassifierMixin, BaseEstimator):
    """Keeps what it was trained on; can be told to fail."""

    fails = False

    def fit(self, X, y):
        if Keeps.fails:
            raise KeyboardInterrupt
        self.classes_, self.rows_, self.labels_ = np.unique(y), X, y
        return self

    def partial_fit(self, X, y, classes=None):
        if hasattr(self, "rows_"):
            X, y = np.vstack([self.rows_, X]), np.append(self.labels_, y)
        return self.fit(X, y)

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def mean(self, label):
        return self.rows_[self.labels_ == label].mean(axis=0)


def test_rows_move_by_the_equations(data, numbers):
    X, y, attributes = data
    new = numbers.data[numbers.test]
    lda = IncrementalLDA()
    clf = gzsl(
        Keeps(),
        preprocessor="passthrough",
        n_synthetic=200,
        adapter=prototypes(
            adaptation_iter=1, adaptation_prior=3.0, seen_classifier=lda
        ),
    ).fit(X, y, class_attributes=attributes)
    before = clf.classifier_
    clf.adapt(new)
    apart = np.zeros(len(y), dtype=bool)
    for c in np.unique(y):
        apart[np.flatnonzero(y == c)[4::5]] = True
    twin = prototypes(seen_classifier=lda)
    twin.fit(X[~apart], y[~apart], class_attributes=attributes)
    unseen = ~np.isin(clf.classes_, clf.seen_classes_)
    r = softmax(twin.decision_function(new), axis=1)
    m = softmax(twin.decision_function(X[apart]), axis=1)
    n_seen = r[:, ~unseen].sum() / (m[:, ~unseen].sum() / len(m))
    f = min(n_seen, len(new)) / len(m)
    r, m = r[:, unseen], f * m[:, unseen]
    n, e = r.sum(axis=0), np.maximum(r.sum(axis=0) - m.sum(axis=0), 0)
    w = e / n * np.clip(e / (2 * np.sqrt(n + f * m.sum(axis=0))), 0, 1)
    sums = r.T @ new - m.T @ X[apart]
    assert (e > 0).any()
    for i, label in enumerate(clf.unseen_classes_):
        plain = before.mean(label)
        wanted = (3 * plain + w[i] * sums[i]) / (3 + w[i] * e[i])
        np.testing.assert_allclose(clf.classifier_.mean(label), wanted, atol=1e-3)
    seen = clf.seen_classes_[0]
    np.testing.assert_array_equal(clf.classifier_.mean(seen), before.mean(seen))
    # On top of first rows, and in chunks.
    label, first = clf.unseen_classes_[0], numbers.test_unseen[:5]
    assert (numbers.target[first] == label).all()
    clf.partial_fit(numbers.data[first], numbers.target[first])
    assert clf.n_unlabelled_ == len(new)
    at_once = clf.adapt(new, reset=True).classifier_.mean(label)
    clf.set_params(memory_limit=2**16)
    clf.adapt(reset=True).adapt(new)
    streamed = np.linalg.norm(clf.classifier_.mean(label) - at_once)
    assert streamed < 0.5 * np.linalg.norm(before.mean(label) - at_once)


@pytest.mark.parametrize(
    "clf",
    [
        gzsl(prototypes(), n_synthetic=5),
        gzsl(n_synthetic=5),
        GZSLVotingClassifier([("a", prototypes()), ("b", gzsl(prototypes()))]),
    ],
    ids=["prototypes", "LDA", "vote"],
)
def test_rows_of_no_class_are_noticed_once(clf, data, numbers, monkeypatch):
    """However many turns they are gone through in, by however many members."""
    X, y, attributes = data
    clf.fit(X, y, class_attributes=attributes)
    mixed = np.random.default_rng(0).permutation(numbers.data[numbers.test], axis=1)
    monkeypatch.setattr(_adapting, "_TURN", len(mixed) // 4)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            clf.adapt(mixed)
        assert [str(w.message)[:27] for w in caught] == ["adapt got rows of which 100"]
    # Who makes it an error finds nothing changed.
    before = clf.predict(mixed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="of which 100%"):
            clf.adapt(mixed, reset=True)
    assert clf.n_unlabelled_ == 2 * len(mixed)
    np.testing.assert_array_equal(clf.predict(mixed), before)


def test_an_interruption_changes_nothing(data, numbers):
    X, y, attributes = data
    clf = gzsl(Keeps(), n_synthetic=5).fit(X, y, class_attributes=attributes)
    before = dict(vars(clf))
    Keeps.fails = True
    try:
        with pytest.raises(KeyboardInterrupt):
            clf.adapt(numbers.data[numbers.test])
    finally:
        Keeps.fails = False
    assert vars(clf) == before
    assert clf.n_unlabelled_ == 0


def test_a_classifier_trained_anew_remembers(fitted, data, numbers):
    X, y, attributes = data
    late = np.setdiff1d(attributes.labels, y)[:3]
    early = attributes.subset(np.setdiff1d(attributes.labels, late))
    clf = gzsl().fit(X, y, class_attributes=early)
    new = numbers.data[numbers.test]
    before = clf.adapt(new).adaptation_.sum()
    clf.add_classes(attributes.subset(late))
    assert clf.n_unlabelled_ == len(new)
    assert clf.adaptation_.sum() == pytest.approx(before)
    # A classifier that adapts itself takes its place, and knows nothing of the rows.
    clf.set_params(classifier=prototypes())
    with pytest.warns(UserWarning, match="forgotten the rows without labels"):
        clf.partial_fit(
            numbers.data[numbers.test_unseen[:1]],
            numbers.target[numbers.test_unseen[:1]],
        )


class Adapts(IncrementalLDA):
    """One of a user's own, with ``adapt`` and nothing else of ours."""

    n_unlabelled_ = 0

    def adapt(self, X, reset=False):
        self.n_unlabelled_ = len(X)


def test_a_user_s_classifier_may_adapt_itself(data, numbers):
    X, y, attributes = data
    clf = gzsl(Adapts()).fit(X, y, class_attributes=attributes)
    clf.adapt(numbers.data[numbers.test])
    assert clf.classifier_.n_unlabelled_ == clf.n_unlabelled_ == len(numbers.test)
    with pytest.warns(UserWarning, match="forgotten the rows without labels"):
        clf.partial_fit(X[:1], y[:1])


def test_who_can_not_adapt_says_so(data, numbers):
    X, y, attributes = data
    new = numbers.data[numbers.test]
    clf = gzsl(adapter=prototypes(calibration_size=0), seen_penalty="auto")
    clf.fit(X, y, class_attributes=attributes)
    assert clf.adapted_seen_penalty_ is None
    with pytest.raises(ValueError, match="calibration_size > 0"):
        clf.adapt(new)
    frozen = FrozenEstimator(clf.classifier_)
    clf = gzsl(frozen).fit(X, y, class_attributes=attributes)
    with pytest.raises(ValueError, match="is frozen"):
        clf.adapt(new)
    two = ClassAttributes(
        attributes.labels, {"a": attributes.values, "b": attributes.values}
    )
    clf = GZSLClassifier(CADAVAE(max_iter=2), seen_penalty=0.0, random_state=0)
    clf.set_params(n_synthetic=2, classifier=SoftmaxClassifier(max_iter=10))
    clf.fit(X, y, class_attributes=two)
    with pytest.raises(ValueError, match="source"):
        clf.adapt(new)
