"""Predictions, scores and rankings in chunks of rows."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.metrics import (
    GZSLScorer,
    ausuc_score,
    gzsl_scores,
    top_k_per_class_accuracy,
)


class Wide(ClassifierMixin, BaseEstimator):
    """Fits nothing; asserts that it is not asked for too many scores at once."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means_ = np.array([X[y == c].mean(axis=0) for c in self.classes_])
        return self

    def predict(self, X):
        return self.classes_[self.decision_function(X).argmax(axis=1)]

    def decision_function(self, X):
        self.asked_ = max(getattr(self, "asked_", 0), len(X) * len(self.classes_))
        # Rounded: many scores are tied.
        return -np.round(((X[:, None] - self.means_) ** 2).sum(axis=-1), 1)


@pytest.fixture
def wide(animals):
    clf = GZSLClassifier(
        GaussianGenerator(), Wide(), n_synthetic=5, random_state=0, seen_penalty=0.0
    )
    return clf.fit(animals.X, animals.y, animals.attributes)


@pytest.mark.parametrize("kind", ["vote", "lda"])
def test_probabilities_take_little_more_memory_than_they_are(kind):
    """Of a million rows; what is taken beyond them does not grow with the rows."""
    rng = np.random.default_rng(0)
    A, y = rng.normal(size=(70, 16)), np.repeat(np.arange(50), 4)
    X = (A @ rng.normal(size=(16, 64)))[y] + rng.normal(size=(200, 64))
    prototypes = PrototypeClassifier(power=None, shrinkage=0.5, degree=1, alpha=0.1)
    softmax = GZSLClassifier(
        GaussianGenerator(),
        SoftmaxClassifier(max_iter=5),
        n_synthetic=2,
        seen_penalty=0.5,
        random_state=0,
    )
    if kind == "vote":
        clf = GZSLVotingClassifier([("p", prototypes), ("s", softmax)])
        clf.fit(X, y, class_attributes=A)
    else:
        clf = IncrementalLDA().fit(X, y)
    X = rng.normal(size=(120_000, 64)).astype(np.float32)
    tracemalloc.start()
    n_bytes = clf.predict_proba(X).nbytes
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - n_bytes < 0.2 * n_bytes * 1_000_000 / len(X)


@pytest.fixture
def narrow(monkeypatch):
    """Scores of seven rows at a time."""
    monkeypatch.setattr("sklearn_gzsl.utils._rows.chunk_size", lambda *_: 7)


METHODS = ["predict", "decision_function", "predict_top_k"]


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, np.ndarray.tolist])
@pytest.mark.parametrize("method", METHODS)
def test_predictions_in_chunks_are_the_same(wide, animals, form, method, monkeypatch):
    wide.seen_penalty = 0.5
    X = animals.X_test
    whole = getattr(wide, method)(X)
    wide.classifier_.asked_ = 0
    monkeypatch.setattr("sklearn_gzsl.utils._rows.chunk_size", lambda *_: 7)
    parts = getattr(wide, method)(form(X))
    assert_array_equal(parts, whole)
    assert parts.dtype == whole.dtype
    assert wide.classifier_.asked_ == 7 * 12


def test_probabilities_in_chunks(fitted, animals, monkeypatch):
    calibrated = CalibratedStackingCV(fitted, cv="prefit", refit=False)
    calibrated.fit(animals.X_test, animals.y_test)
    voting = GZSLVotingClassifier([("a", clone(fitted)), ("b", PrototypeClassifier())])
    voting.fit(animals.X, animals.y, animals.attributes)
    for clf in (fitted, calibrated, voting):
        methods = ("predict_proba", "predict_log_proba", "predict", "predict_top_k")
        with monkeypatch.context() as patch:
            whole = [getattr(clf, m)(animals.X_test) for m in methods]
            patch.setattr("sklearn_gzsl.utils._rows.chunk_size", lambda *_: 7)
            parts = [getattr(clf, m)(animals.X_test) for m in methods]
        assert_allclose(parts[0], whole[0], atol=1e-6)
        assert_allclose(parts[1], whole[1], atol=1e-5)
        assert_array_equal(parts[2], whole[2])
        assert_array_equal(parts[3], whole[3])


@pytest.mark.parametrize("cls", [csr_matrix, coo_matrix])
def test_sparse_rows_in_chunks(wide, animals, cls, narrow):
    dense = FunctionTransformer(lambda X: X.toarray(), accept_sparse=True)
    wide.fit(animals.X, animals.y, animals.attributes)
    expected = wide.predict(animals.X_test)
    wide.set_params(preprocessor=make_pipeline(dense, MinMaxScaler()))
    wide.fit(csr_matrix(animals.X), animals.y, animals.attributes)
    assert_array_equal(wide.predict(cls(animals.X_test)), expected)


def test_rows_that_are_none(wide, animals, narrow):
    for X, message in [
        (animals.X_test[0], "Expected 2D array, got 1D"),
        (animals.X_test[:, :3], "X has 3 features"),
        (animals.X_test * np.nan, "NaN"),
        (3.0, "Expected 2D array, got scalar"),
        (animals.X_test[:0], "0 sample"),
    ]:
        with pytest.raises(ValueError, match=message):
            wide.predict(X)


@pytest.mark.parametrize("candidates", ["present", "all"])
@pytest.mark.parametrize("noise", [0, 1])
def test_scorer_in_chunks(wide, animals, candidates, noise, monkeypatch):
    X = animals.X_test + noise * np.random.default_rng(0).normal(size=(120, 5))
    kept = animals.y_test != "elk"
    X, y = X[kept], animals.y_test[kept]
    scorer = GZSLScorer(candidates=candidates)
    whole = scorer(wide, X, y)
    monkeypatch.setattr("sklearn_gzsl.utils._rows.chunk_size", lambda *_: 7)
    assert scorer(wide, X, y) == whole

    scores = wide.decision_function(X)
    columns = np.full(12, True)
    if candidates == "present":
        columns = wide.classes_ != "elk"
    classes = wide.classes_[columns]
    y_pred = classes[scores[:, columns].argmax(axis=1)]
    expected = gzsl_scores(y, y_pred, seen_classes=animals.seen)
    expected["AUSUC"] = ausuc_score(
        y, scores[:, columns], labels=classes, seen_classes=animals.seen
    )
    assert whole == expected


def test_scorer_needs_a_label_for_each_row(wide, animals):
    with pytest.raises(ValueError, match="inconsistent"):
        GZSLScorer("AUSUC")(wide, animals.X_test, animals.y_test[:-1])


@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_top_k_is_sorted_by_score(wide, animals, k):
    scores = wide.decision_function(animals.X_test)
    assert any(len(np.unique(row)) < 12 for row in scores)
    expected = wide.classes_[np.argsort(-scores, axis=1, kind="stable")[:, :k]]
    top = wide.predict_top_k(animals.X_test, k)
    assert_array_equal(top, expected)
    assert_array_equal(top[:, 0], wide.predict(animals.X_test))


@pytest.mark.parametrize("k", [0, 13, 2.5])
def test_no_such_top_k(wide, animals, k):
    with pytest.raises((ValueError, TypeError), match="k"):
        wide.predict_top_k(animals.X_test, k)


def test_top_k_with_classes_ruled_out(wide, animals):
    wide.set_params(candidate_classes="unseen").partial_fit(
        animals.X_test[:30], animals.y_test[:30]
    )
    top = wide.predict_top_k(animals.X_test, 4)
    assert np.isin(top[:, :3], animals.unseen).all()
    assert np.all(top[:, 3] == "ant")


@pytest.mark.parametrize("classes", [None, ["elk", "elephant"]])
@pytest.mark.parametrize("k", [1, 3])
def test_accuracy_of_the_top_k(fitted, animals, blurred, k, classes):
    y, top = animals.y_test, fitted.predict_top_k(blurred, 5)
    expected = top_k_per_class_accuracy(
        y,
        fitted.decision_function(blurred),
        k=k,
        labels=fitted.classes_,
        classes=classes,
    )
    ranked = top_k_per_class_accuracy(y, top, k=k, ranked=True, classes=classes)
    assert ranked == pytest.approx(expected)
    assert 0.3 < ranked < 1


def test_rankings_that_are_none(fitted, animals):
    y, top = animals.y_test, fitted.predict_top_k(animals.X_test, 3)
    for arguments, message in [
        ((y, top), r"shape \(120, 3\), but .* k best .* \(n_samples, 5\) at least"),
        ((y, top[:, 0]), r"shape \(120,\)"),
        ((y[:-1], np.tile(top, 2)), "inconsistent"),
        ((y, np.zeros((120, 5), int)), "all strings or all integers"),
    ]:
        with pytest.raises(ValueError, match=message):
            top_k_per_class_accuracy(*arguments, ranked=True)
    with pytest.raises(ValueError, match="labels was given with ranked=True"):
        top_k_per_class_accuracy(y, top, k=2, labels=fitted.classes_, ranked=True)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([3, 7, 1], "y holds .3, 7, 1., but the classes are ..ant', .*of one type"),
        (["ant", 7, "ape"], "y mixes text, .*'ant'.*, and other labels, .7.; give all"),
        (["ant", None, "ape"], r"y has missing labels .* at the positions \[1\]"),
    ],
)
@pytest.mark.parametrize("clf", [PrototypeClassifier(), "default"], ids=str)
def test_scores_of_labels_of_another_type(animals, clf, y, message):
    if clf == "default":
        clf = GZSLClassifier(seen_penalty=0.0, n_synthetic=3, random_state=0)
    clf = clone(clf).fit(animals.X, animals.y, class_attributes=animals.attributes)
    with pytest.raises(ValueError, match=message):
        clf.score(animals.X[:3], y)
    assert clf.score(animals.X, animals.y, sample_weight=np.ones(90)) > 0.9
