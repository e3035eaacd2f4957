"""What is learned depends neither on units of features nor on where their zero is."""

import re

import numpy as np
import pandas as pd
import pytest
from instances import GENERATORS
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, load
from sklearn_gzsl.exceptions import GZSLWarning

# Farads in a file of picofarads, and seconds since 1970.
CHANGES = {
    "pico": lambda X: X * 1e-12,
    "in kilograms of electrons": lambda X: X * 9e-31,
    "half of them nano": lambda X: X * np.where(np.arange(X.shape[1]) % 2, 1e-9, 1.0),
    "float32 in nano": lambda X: (X * 1e-9).astype(np.float32),
    "giga": lambda X: X * 1e9,
    "time stamps": lambda X: X + 1.7e9,
}
FAR = r"columns \[0, 1, .*float32, in which generators learn"


def scores(animals, change):
    clf = GZSLClassifier(GaussianGenerator(), random_state=0)
    clf.fit(change(animals.X), animals.y, class_attributes=animals.attributes)
    return clf.decision_function(change(animals.X_test))


@pytest.mark.parametrize("unit", CHANGES)
def test_the_default_scales_them_all(animals, unit):
    X = animals.X.astype(np.float64)
    assert np.ptp(X, axis=0).max() < 100  # as exact in float64, so far from zero
    usual = scores(animals, np.float64)
    np.testing.assert_allclose(scores(animals, CHANGES[unit]), usual, atol=1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_that_differ_by_rounding_stay_constant(animals, dtype):
    shares = np.random.default_rng(0).uniform(size=(len(animals.X), 50)).astype(dtype)
    sums = (shares / shares.sum(axis=1, keepdims=True)).sum(axis=1)
    assert len(np.unique(sums)) > 2
    X = np.column_stack([animals.X.astype(dtype), sums])
    clf = GZSLClassifier(GaussianGenerator(), seen_penalty=0.0)
    clf.fit(X, animals.y, class_attributes=animals.attributes)
    assert np.ptp(clf.transform(X)[:, -1]) < 1e-5


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda g: type(g).__name__)
def test_far_from_zero_there_is_a_warning(animals, generator):
    far = animals.X + 1e8
    with pytest.warns(GZSLWarning, match=FAR):
        clone(generator).fit(far, animals.y, animals.attributes)


@pytest.mark.parametrize("change", [np.asarray, pd.DataFrame, np.int64])
@pytest.mark.parametrize("preprocessor", ["passthrough", FunctionTransformer()])
def test_so_there_is_around_it_once_and_what_it_says_helps(
    animals, change, preprocessor
):
    far = change(animals.X * 10 + 1e9)
    clf = GZSLClassifier(GaussianGenerator(), preprocessor=preprocessor, random_state=0)
    with pytest.warns(GZSLWarning, match=FAR) as caught:
        clf.fit(far, animals.y, class_attributes=animals.attributes)
    assert sum(bool(re.search(FAR, str(w.message))) for w in caught) == 1
    clf.set_params(preprocessor=StandardScaler())
    clf.fit(far, animals.y, class_attributes=animals.attributes)
    assert clf.score(change(animals.X_test * 10 + 1e9), animals.y_test) > 0.9


def test_a_dead_output_of_a_network_stays_dead(animals):
    dead = np.where(np.arange(len(animals.X)) % 9, np.float32(-6e-8), np.float32(0))
    X = np.column_stack([animals.X.astype(np.float32), dead])
    clf = GZSLClassifier(GaussianGenerator(), seen_penalty=0.0)
    clf.fit(X, animals.y, class_attributes=animals.attributes)
    assert np.ptp(clf.transform(X)[:, -1]) < 1e-6


def test_what_is_scaled_can_be_scaled_back_and_stored(animals, tmp_path):
    X = animals.X * 1e-19
    clf = GZSLClassifier(GaussianGenerator(), seen_penalty=0.0, random_state=0)
    clf.fit(X, animals.y, class_attributes=animals.attributes)
    back = clf.preprocessor_.inverse_transform(clf.transform(X))
    np.testing.assert_allclose(back * 1e19, animals.X, atol=1e-5)
    clf.save(tmp_path / "model")
    rows = animals.X_test * 1e-19
    expected = clf.decision_function(rows)
    np.testing.assert_array_equal(
        load(tmp_path / "model").decision_function(rows), expected
    )
