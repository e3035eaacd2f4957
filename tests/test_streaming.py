"""Past memory_limit, the classifier learns from chunks."""

import numpy as np
import pytest
from chunks import SMALL, make_streamed
from conftest import fit
from instances import TINY
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Perceptron, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

from sklearn_gzsl import (
    CADAVAE,
    MLIS,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.synthesis._passes import Passes

streamed = pytest.fixture(make_streamed)


class Recorder(GaussianNB):
    """Keeps what it is given."""

    max_iter = 1

    def partial_fit(self, X, y, classes=None):
        if classes is not None:
            self.told_, self.chunks_ = classes, []
        self.chunks_.append((X, y))
        return super().partial_fit(X, y, classes)


def recorded(clf, animals, **params):
    return fit(clf.set_params(classifier=Recorder(), **params), animals).classifier_


def rows_and_labels(recorder):
    X, y = zip(*recorder.chunks_, strict=True)
    return np.concatenate(X), np.concatenate(y)


@pytest.mark.parametrize(
    ("classifier", "at_least"),
    [
        (SoftmaxClassifier(lr=0.02, max_iter=250), 0.6),
        (SoftmaxClassifier(init="lda", max_iter=100), 0.6),
        (SGDClassifier(loss="log_loss", max_iter=5, tol=None), 0.5),
        (GaussianNB(var_smoothing=0.1), 0.3),
    ],
    ids=lambda p: type(p).__name__,
)
def test_as_good_as_all_at_once(small_numbers, classifier, at_least):
    numbers = small_numbers
    H = []
    for limit in (None, 1 << 18):
        clf = GZSLClassifier(
            GaussianGenerator(shrinkage=0.3),
            classifier,
            n_synthetic=40,
            memory_limit=limit,
            random_state=0,
            seen_penalty=0.0,
        )
        clf.fit(
            numbers.data[numbers.train],
            numbers.target[numbers.train],
            numbers.class_attributes,
        )
        score = GZSLScorer("H")
        H.append(score(clf, numbers.data[numbers.test], numbers.target[numbers.test]))
    assert H[0] > at_least, H
    assert abs(H[1] - H[0]) < 0.05, H


def test_up_to_the_limit_nothing_changes(streamed, animals):
    n_bytes = 4 * 3 * 100 * 5  # of 3 unseen classes
    plain, within, past = (
        fit(clone(streamed).set_params(memory_limit=limit), animals)
        for limit in (None, n_bytes, n_bytes - 1)
    )
    assert_array_equal(plain.classifier_.coef_, within.classifier_.coef_)
    assert not np.array_equal(plain.classifier_.coef_, past.classifier_.coef_)


def test_a_chunk_has_a_share_of_every_class(streamed, animals):
    clf = recorded(streamed, animals, memory_limit=4 * SMALL // 4)
    assert_array_equal(clf.told_, streamed.classes_)
    assert len(clf.chunks_) == 7
    assert max(4 * X.size for X, _ in clf.chunks_) <= SMALL
    for X, y in clf.chunks_[:-1]:
        assert X.dtype == np.float32
        labels, counts = np.unique(y, return_counts=True)
        assert_array_equal(labels, streamed.classes_)
        unseen = np.isin(labels, animals.unseen)
        # 10 of 390 rows are of a seen class, and 100 of an unseen one.
        assert np.all(abs(counts[unseen] - 100 / 390 * len(y)) < 2)
        assert np.all(abs(counts[~unseen] - 10 / 390 * len(y)) < 2)
        assert not np.array_equal(y, np.sort(y))


def test_a_pass_has_all_rows(streamed, animals):
    clf = recorded(streamed, animals)
    X, y = rows_and_labels(clf)
    for label in animals.unseen:
        assert np.sum(y == label) == 100
        assert len(np.unique(X[y == label], axis=0)) == 100
    for label in animals.seen:
        real = streamed.transform(animals.X[animals.y == label])
        assert_array_equal(np.unique(X[y == label], axis=0), np.unique(real, axis=0))
        assert np.sum(y == label) == len(real)


def test_more_classes_than_rows_in_a_chunk():
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(4), 25))
    passes = Passes(codes, 1000, 3, np.random.default_rng(0))
    for _ in range(2):
        drawn, real = np.zeros(1000, int), []
        for rows, n_each, more in passes.chunks(64):
            assert len(rows) + 1000 * n_each + len(more) == min(
                64, 3100 - drawn.sum() - len(real)
            )
            assert len(np.unique(more)) == len(more)
            drawn[more] += 1
            drawn += n_each
            real.extend(rows)
        assert np.all(drawn == 3)
        assert sorted(real) == list(range(100))


@pytest.mark.parametrize("max_iter", ["auto", 100, 3])
def test_softmax_takes_the_steps_of_fit(streamed, animals, max_iter, monkeypatch):
    monkeypatch.setattr("sklearn_gzsl.linear_model._softmax._AUTO_STEPS", 60)
    streamed.set_params(classifier__max_iter=max_iter, classifier__batch_size=50)
    plain = fit(clone(streamed).set_params(memory_limit=None), animals)
    assert fit(streamed, animals).classifier_.n_iter_ == plain.classifier_.n_iter_


@pytest.mark.parametrize(
    ("classifier", "n_passes"),
    [
        (GaussianNB(), 1),
        (SGDClassifier(max_iter=7), 7),
        (Perceptron(), 25),
        (MLPClassifier((4,)), 25),
    ],
    ids=lambda p: type(p).__name__,
)
def test_passes_of_other_classifiers(streamed, animals, classifier, n_passes):
    seen = []

    class Watched(type(classifier)):
        def partial_fit(self, X, y, classes=None):
            seen.append(len(y))
            first = {} if classes is None else {"classes": classes}
            return super().partial_fit(X, y, **first)

        @classmethod
        def _get_param_names(cls):
            return type(classifier)._get_param_names()

    watched = Watched(**classifier.get_params())
    fit(streamed.set_params(classifier=watched), animals)
    assert sum(seen) == n_passes * 390
    assert streamed.predict(animals.X_test).dtype == streamed.classes_.dtype


def test_rows_are_drawn_anew(streamed, animals):
    class Patient(Recorder):
        max_iter = 7

    fit(streamed.set_params(classifier=Patient()), animals)
    X, y = rows_and_labels(streamed.classifier_)
    _, visits = np.unique(X[y == "elk"], axis=0, return_counts=True)
    # Five passes over one draw, and two over another.
    assert_array_equal(np.sort(visits), np.repeat([2, 5], 100))


def test_same_seed_same_outcome(streamed, animals):
    first, again = (fit(clone(streamed), animals) for _ in range(2))
    assert_array_equal(first.classifier_.coef_, again.classifier_.coef_)
    other = fit(clone(streamed).set_params(random_state=1), animals)
    assert not np.array_equal(first.classifier_.coef_, other.classifier_.coef_)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"n_real": 3},
        {"synthesize": "all"},
        {"candidate_classes": "unseen"},
        {"classifier__class_weight": "balanced"},
    ],
    ids=str,
)
def test_new_classes_and_first_rows(streamed, animals, params):
    streamed.set_params(**params)
    at_least = 0.75 if "n_real" in params else 0.95  # unseen classes have 33 times more
    whole = fit(clone(streamed), animals)
    some = animals.attributes.subset([*animals.seen, "elephant", "elk"])
    streamed.fit(animals.X, animals.y, some)
    streamed.add_classes(animals.attributes.subset(["hippopotamus"]))
    assert_array_equal(
        whole.decision_function(animals.X_test),
        streamed.decision_function(animals.X_test),
    )
    own = np.isin(animals.y_test, animals.unseen)
    if params.get("candidate_classes") != "unseen":
        own[:] = True
    assert streamed.score(animals.X_test[own], animals.y_test[own]) > at_least
    few = np.flatnonzero(animals.y_test == "elk")[:2]
    streamed.partial_fit(animals.X_test[few], animals.y_test[few])
    assert streamed.score(animals.X_test[own], animals.y_test[own]) > at_least


@pytest.mark.parametrize("k", [1, 6])
def test_first_rows_move_the_synthetic_ones(streamed, animals, k):
    vectors = animals.vectors.copy()
    vectors[9] = 0.9 * vectors[3]  # elks, described as cats nearly are
    streamed.set_params(classifier=Recorder(), n_synthetic=2000)
    streamed.fit(animals.X, animals.y, ClassAttributes(animals.labels, vectors))
    elks = animals.X_test[animals.y_test == "elk"][:k]
    means = []
    for limit in (SMALL, None):
        if limit is None:
            streamed.set_params(classifier=AtOnce(), memory_limit=None)
        streamed.partial_fit(elks, np.repeat("elk", k))
        X, y = rows_and_labels(streamed.classifier_)
        means.append([X[y == c].mean(axis=0) for c in ("elk", "elephant")])
        streamed._rows, streamed._labels = streamed._rows[:-k], streamed._labels[:-k]
    assert_allclose(means[0], means[1], atol=0.02)


class AtOnce(Recorder):
    def fit(self, X, y):
        self.chunks_ = [(X, y)]
        return super().fit(X, y)


def test_balanced_classes(streamed, animals):
    balanced = clone(streamed).set_params(classifier__class_weight="balanced")
    weights = {
        str(label): 390 / (12 * (100 if label in animals.unseen else 10))
        for label in animals.labels
    }
    streamed.set_params(classifier__class_weight=weights)
    models = [fit(clf, animals).classifier_ for clf in (balanced, streamed)]
    assert_array_equal(models[0].coef_, models[1].coef_)
    assert models[0].class_weight == "balanced"


@pytest.mark.parametrize("cls", [CADAVAE, MLIS])
def test_features_of_another_length(animals, cls, streamed):
    streamed.set_params(generator=cls(**TINY[cls]), classifier=Recorder())
    X, _ = rows_and_labels(fit(streamed, animals).classifier_)
    assert X.shape == (390, {CADAVAE: 8, MLIS: 16}[cls])
    assert streamed.transform(animals.X).shape == (90, X.shape[1])
