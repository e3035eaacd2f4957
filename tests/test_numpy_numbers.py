"""Numbers from numpy, as searches and grids bring them, do as Python's own do."""

import numpy as np
import pytest
from instances import ESTIMATORS
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.datasets import load_two_digit_numbers, make_gzsl_classification
from sklearn_gzsl.inspection import (
    ClassConfusionDisplay,
    SeenUnseenCurveDisplay,
    SyntheticFeaturesDisplay,
)
from sklearn_gzsl.metrics import top_k_per_class_accuracy
from sklearn_gzsl.model_selection import GZSLKFold, GZSLShuffleSplit, few_shot_curve

# The last one holds no number over 32,767: products overflow that int64 would hold.
KINDS = [
    (np.int64, np.float64),
    (np.int32, np.float32),
    (np.int16, np.float16),
]
kinds = pytest.mark.parametrize(
    ("integer", "floating"), KINDS, ids=lambda kind: kind.__name__
)
# Numbers for parameters that are something else by default.
NUMBERS = {
    "cv": 0.3,
    "max_iter": 10,
    "memory_limit": 2**14,
    "n_jobs": 1,
    "n_real": 7,
    "n_synthetic": 50,
    "random_state": 0,
    "validation_interval": 5,
}


def in_numpy(value, integer, floating):
    """The same number, or the same numbers, in a type of numpy; None of all else."""
    if type(value) is int:
        return integer(value)
    if type(value) is float:
        return floating(value)
    if type(value) is tuple and value:
        return tuple(in_numpy(item, integer, floating) for item in value)
    return None


def with_numbers(estimator):
    """Numbers in its own parameters that take some, and all code that uses them."""
    estimator = clone(estimator)
    for name, value in estimator.get_params(deep=False).items():
        if name == "memory_limit" or (name in NUMBERS and type(value) is not int):
            estimator.set_params(**{name: NUMBERS[name]})
        elif name == "early_stopping":
            estimator.set_params(early_stopping=True)
    return estimator


def outcome(estimator, data):
    if hasattr(estimator, "predict"):
        estimator.fit(data.X, data.y, **describes(estimator, data))
        return estimator.decision_function(data.X)
    estimator.fit(data.X, data.y, class_attributes=data.attributes)
    return estimator.sample(data.attributes, 3)[0]


def describes(estimator, data):
    zero_shot = hasattr(estimator, "add_classes")
    return {"class_attributes": data.attributes} if zero_shot else {}


# One of each class: parameters of the parts are not its own.
ONE_EACH = {type(estimator).__name__: estimator for estimator in ESTIMATORS}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", ONE_EACH)
def test_parameters_of_estimators(name, animals):
    estimator = with_numbers(ONE_EACH[name])
    expected = outcome(clone(estimator), animals)
    plain = estimator.get_params(deep=False)
    for integer, floating in KINDS:
        given = {k: in_numpy(v, integer, floating) for k, v in plain.items()}
        given = {k: v for k, v in given.items() if v is not None}
        found = outcome(clone(estimator).set_params(**given), animals)
        if floating is np.float64:
            assert_array_equal(found, expected)
        assert np.isfinite(found).all()


@kinds
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("streamed", [False, True])
def test_products_do_not_overflow(animals, integer, floating, streamed):
    """600,000 bytes of synthetic rows are more than 32,767."""
    clf = GZSLClassifier(
        GaussianGenerator(),
        SoftmaxClassifier(batch_size=400, max_iter=150),
        n_synthetic=10_000,
        n_real=10,
        memory_limit=30_000 if streamed else None,
        random_state=0,
        seen_penalty=0.0,
    )
    expected = outcome(clone(clf), animals)
    numbers = clf.get_params()
    for name in (
        "n_synthetic",
        "n_real",
        "memory_limit",
        "classifier__batch_size",
        "classifier__max_iter",
    ):
        if numbers[name] is not None:
            clf.set_params(**{name: integer(numbers[name])})
    assert_array_equal(outcome(clf, animals), expected)


def split(cv, data):
    return list(cv.split(data.X, data.y))


@kinds
def test_splitters(animals, integer, floating):
    for shuffled in (
        {"n_splits": 2, "unseen_size": 0.25, "test_size": 0.25, "random_state": 3},
        {"n_splits": 2, "unseen_size": 3, "test_size": 2, "random_state": 3},
    ):
        given = {k: in_numpy(v, integer, floating) for k, v in shuffled.items()}
        for one, other in zip(
            split(GZSLShuffleSplit(**given), animals),
            split(GZSLShuffleSplit(**shuffled), animals),
            strict=True,
        ):
            assert_array_equal(one[0], other[0])
    for one, other in zip(
        split(GZSLKFold(integer(3), shuffle=True, random_state=integer(1)), animals),
        split(GZSLKFold(3, shuffle=True, random_state=1), animals),
        strict=True,
    ):
        assert_array_equal(one[0], other[0])


@kinds
def test_draws_and_scores(fitted, animals, integer, floating):
    data = animals.attributes, animals.X_test, animals.y_test
    sample = fitted.generator_.sample
    found = sample(data[0], integer(3), random_state=integer(5))[0]
    assert_array_equal(found, sample(data[0], 3, random_state=5)[0])
    best = fitted.predict_top_k(animals.X_test, k=integer(2))
    assert_array_equal(best, fitted.predict_top_k(animals.X_test, k=2))
    top = top_k_per_class_accuracy(animals.y_test, best, k=integer(2), ranked=True)
    assert 0 < top <= 1
    few, test = slice(0, None, 2), slice(1, None, 2)
    curve = few_shot_curve(
        fitted,
        *(of_all[few] for of_all in data[1:]),
        *(of_all[test] for of_all in data[1:]),
        shots=np.array([0, 2], dtype=integer),
        n_repeats=integer(1),
        random_state=integer(0),
    )
    assert curve.H.shape == (2, 1)


@kinds
def test_displays(fitted, animals, integer, floating, close_figures):
    data = fitted, animals.X_test, animals.y_test
    SeenUnseenCurveDisplay.from_estimator(*data)
    ClassConfusionDisplay.from_estimator(*data, top_n=integer(3))
    SyntheticFeaturesDisplay.from_estimator(
        *data, n_samples=integer(20), random_state=integer(0)
    )


@kinds
def test_data_sets(integer, floating):
    numbers = {"n_samples": 200, "n_features": 4, "n_seen": 6, "n_unseen": 2}
    numbers |= {"n_attributes": 5, "attribute_noise": 0.25, "random_state": 0}
    numbers |= {"class_sep": 2.0, "nonlinearity": 0.5, "test_size": 0.25}
    given = {k: in_numpy(v, integer, floating) for k, v in numbers.items()}
    found = make_gzsl_classification(**given)
    # As near as a number of two bytes can be to a class mean.
    np.testing.assert_allclose(
        found.data, make_gzsl_classification(**numbers).data, atol=0.01
    )
    few = load_two_digit_numbers(n_train=integer(3), n_test=integer(2))
    assert_array_equal(few.data, load_two_digit_numbers(n_train=3, n_test=2).data)
