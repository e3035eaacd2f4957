"""Animals that come later: rows, fewer classes, and whether two classifiers agree."""

import numpy as np
from numpy.testing import assert_array_equal


def make_shots(animals):
    """Two rows of each unseen class, and the other test rows."""
    few = [np.flatnonzero(animals.y_test == c)[:2] for c in animals.unseen]
    few = np.concatenate(few)
    rest = np.setdiff1d(np.arange(len(animals.y_test)), few)
    X, y = animals.X_test, animals.y_test
    return X[few], y[few], X[rest], y[rest]


def some(animals, *unseen):
    return animals.attributes.subset([*animals.seen, *unseen])


def assert_same(clf, other, X):
    assert_array_equal(clf.classes_, other.classes_)
    assert_array_equal(clf.unseen_classes_, other.unseen_classes_)
    assert clf.class_attributes_ == other.class_attributes_
    assert_array_equal(clf.decision_function(X), other.decision_function(X))
    assert_array_equal(clf.predict(X), other.predict(X))
