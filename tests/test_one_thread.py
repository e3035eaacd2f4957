"""Where several threads of the linear algebra only wait for each other, one works."""

from functools import partial
from threading import Thread

import numpy as np
import pytest
from conftest import blobs
from scipy import linalg
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from threadpoolctl import ThreadpoolController, threadpool_limits

from sklearn_gzsl import ESZSL, SAE, GaussianGenerator, PrototypeClassifier
from sklearn_gzsl.utils import one_thread


def threads():
    """Numbers of threads of all libraries of linear algebra."""
    blas = ThreadpoolController().select(user_api="blas")
    return [library.num_threads for library in blas.lib_controllers]


@pytest.fixture(autouse=True)
def two():
    with threadpool_limits(2, "blas"):
        if set(threads()) != {2}:
            pytest.skip("the linear algebra here has no threads that can be set")
        yield


class Counting(LogisticRegression):
    def fit(self, X, y):
        self.threads_ = threads()
        return super().fit(X, y)


def fitted_alone():
    X, y, attributes = blobs(n_unseen=1)
    clf = PrototypeClassifier(seen_classifier=Counting())
    return clf.fit(X, y, class_attributes=attributes).seen_classifier_


def test_a_fit_has_one_thread_and_gives_the_others_back():
    assert set(fitted_alone().threads_) == {1}
    assert set(threads()) == {2}


@pytest.mark.parametrize(
    ("estimator", "n_rows", "solvers"),
    [
        (PrototypeClassifier(seen_weight=0), 30, {"eigh"}),
        (PrototypeClassifier(seen_weight=0), 2, {"eigh", "svd"}),
        (GaussianGenerator(), 30, {"eigh"}),
        (ESZSL(), 30, {"cho_factor"}),
        (SAE(), 30, {"eigh", "svd"}),
    ],
)
def test_decompositions_have_one_thread(monkeypatch, estimator, n_rows, solvers):
    found = {}

    def counted(solve, *args, **kwargs):
        found.setdefault(solve.__name__, []).extend(threads())
        return solve(*args, **kwargs)

    for name in ("eigh", "svd", "cho_factor"):
        monkeypatch.setattr(linalg, name, partial(counted, getattr(linalg, name)))
    X, y, attributes = blobs(n_features=40, n_unseen=1, n_rows=n_rows)
    clone(estimator).fit(X, y, class_attributes=attributes)
    assert found.keys() == solvers
    assert {n for numbers in found.values() for n in numbers} == {1}


def test_an_error_gives_them_back():
    with pytest.raises(np.linalg.LinAlgError), one_thread(), one_thread():
        np.linalg.inv(np.zeros((2, 2)))
    assert set(threads()) == {2}


def test_beside_the_main_thread_nothing_is_set_that_another_could_undo():
    found = []
    thread = Thread(target=lambda: found.extend(fitted_alone().threads_))
    thread.start()
    thread.join()
    assert set(found) == {2}
