"""Fits to random rows: predictions that hold, or an error that says why not."""

import random
import warnings

import numpy as np
import pytest
import torch
from fuzzing import share
from hypothesis import given
from hypothesis import strategies as st
from instances import ESTIMATORS
from sklearn.base import clone, is_classifier
from sklearn.utils.validation import has_fit_parameter

from sklearn_gzsl import ClassAttributes

CLASSIFIERS = [
    est
    for est in ESTIMATORS
    if is_classifier(est) and has_fit_parameter(est, "class_attributes")
]
# Beside usual numbers those that are as large, as small or as equal as float32 allows.
SCALES = [1.0, 1.0, 1.0, 0.0, 1e-30, 1e-6, 1e6, 1e18, 1e30]
LABELS = [
    np.arange,
    lambda n: 7 - 3 * np.arange(n),
    lambda n: np.array([f"class {i}" for i in range(n)]),
    lambda n: np.array(["é" * (i + 1) for i in range(n)], dtype=object),
    lambda n: np.arange(n) / 1,
]


@st.composite
def problems(draw):
    """Rows of seen classes, their labels, and descriptions of these and others."""
    n_seen, n_unseen = draw(st.integers(1, 7)), draw(st.integers(0, 4))
    n_features, n_attributes = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    if draw(st.integers(0, 3)) == 0:  # rows are few beside it, or just enough
        n_features *= 30
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    A = rng.normal(size=(n_seen + n_unseen, n_attributes))
    A *= draw(st.sampled_from(SCALES))
    A += draw(st.sampled_from([0.0, 0.0, 1.0, 1e6]))
    sizes = draw(st.lists(st.integers(1, 12), min_size=n_seen, max_size=n_seen))
    codes = rng.permutation(np.repeat(np.arange(n_seen), sizes))
    X = A[codes] @ rng.normal(size=(n_attributes, n_features))
    X += rng.normal(size=X.shape) * draw(st.sampled_from([0.0, 0.3, 1.0]))
    X *= draw(st.sampled_from(SCALES))
    if draw(st.integers(0, 9)) == 0:
        X[0, 0] = draw(st.sampled_from([np.nan, np.inf, 1e300]))
    labels = draw(st.sampled_from(LABELS))(n_seen + n_unseen)
    if draw(st.integers(0, 9)) == 0:
        labels[-1] = labels[0]  # described twice, or an unseen class that is seen
    return X, labels[codes], labels, A


def states():
    """What must not depend on a fit, as it is not the estimator's own."""
    legacy = np.random.get_state()  # noqa: NPY002
    return random.getstate(), legacy[1].tolist(), legacy[2], torch.get_rng_state()


@given(data=st.data())
@share(8)
def test_predictions_hold_or_an_error_says_why_not(data):
    estimator = clone(data.draw(st.sampled_from(CLASSIFIERS)))
    X, y, labels, A = data.draw(problems())
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=data.draw(st.integers(0, 2**32 - 1)))
    before = str(states())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator.fit(X, y, class_attributes=ClassAttributes(labels, A))
            predicted = estimator.predict(X)
        except ValueError as error:
            assert len(str(error)) > 20, error  # noqa: PT017 - most fits raise nothing
            assert "broadcast" not in str(error)  # noqa: PT017 - numpy's, of our arrays
            return
        finally:
            assert str(states()) == before
        again = clone(estimator).fit(X, y, class_attributes=ClassAttributes(labels, A))
        np.testing.assert_array_equal(again.predict(X), predicted)
        has_proba = hasattr(estimator, "predict_proba")
        probabilities = estimator.predict_proba(X) if has_proba else np.ones((1, 1))
    rejected = {getattr(estimator, "reject_label_", None)}
    assert set(predicted.tolist()) - rejected <= set(labels)
    assert set(estimator.classes_) == set(labels)
    assert set(estimator.seen_classes_) == set(y)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-3)
    assert not (probabilities < 0).any()


def test_all_of_the_family_is_tried():
    assert len({type(estimator) for estimator in CLASSIFIERS}) >= 8
    with pytest.raises(ValueError, match="class_attributes"):
        CLASSIFIERS[0].fit(np.eye(3), [0, 1, 2], class_attributes=np.eye(2))
