"""Irises, a quick softmax of them, and whether two have learned the same."""

from numpy.testing import assert_array_equal
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle

from sklearn_gzsl import SoftmaxClassifier


def make_iris():
    X, y = load_iris(return_X_y=True)
    return shuffle(StandardScaler().fit_transform(X), y, random_state=0)


def make_clf():
    return SoftmaxClassifier(lr=0.02, max_iter=200, random_state=0)


def assert_same_fit(clf, other):
    assert_array_equal(clf.coef_, other.coef_)
    assert_array_equal(clf.intercept_, other.intercept_)
    assert clf.loss_curve_ == other.loss_curve_
