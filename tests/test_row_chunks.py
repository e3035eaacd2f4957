"""What is made of some rows at a time is what is made of all of them at once."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, PrototypeClassifier
from sklearn_gzsl.classifiers import _prototype_model
from sklearn_gzsl.generators import _gaussian
from sklearn_gzsl.synthesis._training import _joined
from sklearn_gzsl.utils import _rows, mean_rows, scatter_within

FIXED = {
    "power": 0.5,
    "shrinkage": 0.5,
    "degree": 2,
    "alpha": 0.1,
    "hubness_weight": 0.1,
}


@pytest.fixture
def small_chunks(monkeypatch):
    """A function after whose call all is done in chunks of a few rows."""

    def shrink():
        monkeypatch.setattr(_rows, "_CAST", 7)
        monkeypatch.setattr(_rows, "_MULTIPLIED", 5 * 23)
        monkeypatch.setattr(_gaussian, "_DRAWN", 3)
        monkeypatch.setattr(_prototype_model, "_DESCRIBED", 2)

    return shrink


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("prepare", [None, np.sqrt])
def test_sums_and_products(dtype, prepare, small_chunks):
    rng = np.random.default_rng(0)
    X, codes = rng.random((60, 5)).astype(dtype), np.arange(60) * 7 % 4
    whole = mean_rows(X, codes, 4, prepare)
    rows = X.astype(float) if prepare is None else prepare(X.astype(float))
    assert_allclose(whole, [rows[codes == c].mean(axis=0) for c in range(4)])
    small_chunks()
    assert_array_equal(mean_rows(X, codes, 4, prepare), whole)  # to the last bit
    centred = rows - whole[codes]
    found = scatter_within(X, codes, whole, prepare)
    assert_allclose(found, centred.T @ centred, rtol=1e-12)
    assert found.dtype == whole.dtype == np.float64


@pytest.mark.parametrize("n_features", [3, 5, 200])
@pytest.mark.parametrize("power", [None, 0.5])
def test_prototypes(n_features, power, animals, small_chunks):
    X = np.resize(animals.X, (len(animals.X), n_features)).astype(np.float32)
    X += np.random.default_rng(0).normal(size=X.shape).astype(np.float32)
    known = {"class_attributes": animals.attributes}
    clf = PrototypeClassifier(**FIXED | {"power": power}, seen_weight=0.0)
    whole = clf.fit(X.astype(np.float64), animals.y, **known).decision_function(X)
    adapted = clf.adapt(X[:40]).decision_function(X)
    small_chunks()
    chunked = PrototypeClassifier(**clf.get_params()).fit(X, animals.y, **known)
    assert_allclose(chunked.decision_function(X), whole, rtol=1e-9, atol=1e-9)
    assert_allclose(chunked.adapt(X[:40]).decision_function(X), adapted, atol=1e-4)


def test_generator_and_classifier(animals, small_chunks):
    # Of settings that are chosen, two may be as good but for the last digits; and an
    # axis of the covariance has either sign, so that from two fits means are drawn.
    clf = GZSLClassifier(
        GaussianGenerator(degree=1, alpha=0.1, shrinkage=0.5, temperature=0.0),
        PrototypeClassifier(**FIXED, calibration_size=0),
        n_synthetic=11,
        seen_penalty=0.0,
        random_state=0,
    )
    found = []
    for _ in range(2):
        clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
        drawn, _ = clf.generator_.sample(animals.attributes, 5, random_state=1)
        density = clf.generator_.score_samples(drawn, animals.attributes)
        scores = clf.decision_function(animals.X_test)
        found.append((clf.generator_.covariance_, drawn, density, scores))
        small_chunks()
    for chunked, whole in zip(*found, strict=True):
        assert_allclose(chunked, whole, rtol=1e-4, atol=1e-5)
    assert_allclose(found[1][0], found[0][0], rtol=1e-10, atol=1e-12)


def test_noise(animals, small_chunks):
    generator = GaussianGenerator(random_state=0)
    generator.fit(animals.X, animals.y, animals.attributes)
    whole, _ = generator.sample(animals.attributes, 5)
    small_chunks()
    drawn, _ = generator.sample(animals.attributes, 5)
    assert_allclose(drawn, whole, rtol=1e-4, atol=1e-5)
    assert np.ptp(drawn[:5], axis=0).min() > 0.01  # not means alone


def test_parts_are_joined_and_let_go():
    parts = [(np.ones((2, 3)), [0, 1]), (np.zeros((1, 3), np.float32), [2])]
    X, y = _joined(parts)
    assert_array_equal(X, np.vstack([np.ones((2, 3)), np.zeros((1, 3))]))
    assert (y.tolist(), X.dtype, parts) == ([0, 1, 2], np.float64, [])
    one = np.ones((2, 3))
    assert not np.may_share_memory(_joined([(one, [0, 1])])[0], one)


@pytest.mark.parametrize(
    ("model", "most"),
    [
        # The rows set apart and the others, and the others in float32, whitened.
        (PrototypeClassifier(**FIXED, seen_weight=0.0), 2.5),
        (GaussianGenerator(degree=1, alpha=0.1, shrinkage=0.5), 0.5),
    ],
    ids=["prototypes", "generator"],
)
def test_memory_is_that_of_a_few_copies_in_float32(model, most, monkeypatch):
    monkeypatch.setattr(_rows, "_CAST", 256)
    monkeypatch.setattr(_rows, "_MULTIPLIED", 256 * 100)
    rng = np.random.default_rng(0)
    A, codes = rng.normal(size=(25, 10)), np.arange(20_000) % 20
    X = (A[codes] @ rng.normal(size=(10, 100))).astype(np.float32)
    X += rng.normal(size=X.shape).astype(np.float32)
    tracemalloc.start()
    try:
        model.fit(X, codes, class_attributes=A)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most * X.nbytes
