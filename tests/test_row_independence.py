"""What is said of a row does not depend on the rows beside it.

A matrix product is rounded in another way for one row than for many, and in another way
by each machine: in float32 this would show. Rows are float32 here, as features often
are.
"""

import warnings

import numpy as np
import pytest
from instances import CLASSIFIER, ESTIMATORS, SOFTMAX, hurried
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from sklearn_gzsl import (
    CADAVAE,
    CalibratedStackingCV,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.datasets import make_gzsl_classification

METHODS = [
    "decision_function",
    "predict_proba",
    "predict_log_proba",
    "score_samples",
    "transform",
]
# What may stand inside of a GZSLClassifier, and multiplies matrices.
HEADS = [
    SGDClassifier(random_state=0),
    MLPClassifier((32,), max_iter=5, random_state=0),
    LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5),
    LinearSVC(),
    GaussianNB(),
    IncrementalLDA(),
]
LATENT = clone(CLASSIFIER).set_params(generator=CADAVAE(latent_dim=8, max_iter=5))
EXTRA = [
    *(clone(CLASSIFIER).set_params(classifier=head) for head in HEADS),
    clone(CLASSIFIER).set_params(preprocessor=PCA(20)),
    CalibratedStackingCV(clone(CLASSIFIER).set_params(classifier=SOFTMAX)),
    GZSLVotingClassifier([("latent", LATENT), ("prototypes", PrototypeClassifier())]),
]


@pytest.fixture(scope="module")
def data():
    return make_gzsl_classification(540, 80, n_seen=6, n_unseen=3, random_state=0)


def name_of(estimator):
    """Short, with what it consists of."""
    parts = [estimator, *vars(estimator).values()]
    return "-".join(type(p).__name__ for p in parts if hasattr(p, "fit"))


@pytest.fixture(scope="module", params=[*ESTIMATORS, *EXTRA], ids=name_of)
def fitted(request, data):
    estimator = hurried(request.param)
    known = {"class_attributes": data.class_attributes}
    if isinstance(estimator, (SoftmaxClassifier, IncrementalLDA)):
        known = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(data.data[data.train], data.target[data.train], **known)


def in_batches(method, X, size):
    return np.concatenate([method(X[i : i + size]) for i in range(0, len(X), size)])


# The rows that are looked at are more for larger batches: one by one takes time.
@pytest.mark.parametrize(("size", "n_rows"), [(1, 8), (7, 56), (64, 192)])
def test_batches_of_any_size_say_the_same(fitted, data, size, n_rows):
    X = data.data
    assert X.dtype == np.float32
    if hasattr(fitted, "predict"):
        batches = in_batches(fitted.predict, X[:n_rows], size)
        assert_array_equal(batches, fitted.predict(X)[:n_rows])
    for name in METHODS:
        if not hasattr(fitted, name):
            continue
        method = getattr(fitted, name)
        together = method(X)[:n_rows]
        # A number may lie between two of float32, and be rounded to either.
        rtol = np.finfo(np.float32).eps if together.dtype == np.float32 else 1e-7
        assert_allclose(
            in_batches(method, X[:n_rows], size),
            together,
            rtol=rtol,
            atol=1e-9,
            err_msg=f"{name} in batches of {size}",
        )
