"""Two-digit numbers of which some are undescribed, and a classifier that rejects."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from sklearn_gzsl import (
    PrototypeClassifier,
    RejectingClassifier,
)

FAST = PrototypeClassifier(
    power=None,
    shrinkage=0.5,
    degree=2,
    alpha=0.1,
    description_weight=0,
    calibration_size=0,
    seen_classifier=LogisticRegression(C=10, tol=1e-2),
)


def make_rows(small_numbers):
    """Rows of seen, of unseen and of undescribed numbers, which begin with a 4."""
    numbers, X, y = small_numbers, small_numbers.data, small_numbers.target
    none = np.char.startswith(y, "4")
    known = numbers.class_attributes.labels
    known = known[~np.char.startswith(known.astype(str), "4")]
    train, test = numbers.train[~none[numbers.train]], numbers.test
    return {
        "fit": (X[train], y[train]),
        "attributes": numbers.class_attributes.subset(known),
        "X": X[test],
        "y": np.where(none[test], "rejected", y[test]),
        "others": none[test],
    }


def make_clf(rows):
    clf = RejectingClassifier(FAST, false_alarm=0.1)
    return clf.fit(*rows["fit"], class_attributes=rows["attributes"])
