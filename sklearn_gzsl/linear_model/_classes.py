"""Which classes there are, what they weigh in a loss, and how frequent they are."""

import numpy as np

from .._sklearn_compat import _check_partial_fit_first_call
from ..utils import check_complete


def is_first_call(estimator, classes):
    """Whether a call of ``partial_fit`` is the first; sets ``classes_`` then."""
    if classes is not None:
        check_complete(classes, "classes")
    return _check_partial_fit_first_call(estimator, classes)


def codes_of(y, classes):
    """Positions of the labels among the sorted classes, of which all must be."""
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"y has the labels {unknown.tolist()}, which are not among classes; "
            "pass all of them as classes in the first call of partial_fit."
        )
    return np.searchsorted(classes, y)


def class_factors(class_weight, classes, totals):
    """Factor of each class, up to one common factor.

    ``totals`` is the weight of the rows of each class; a class without any keeps 1.
    """
    if class_weight == "balanced":
        factors = np.ones(len(classes))
        return np.divide(1.0, totals, out=factors, where=totals > 0)
    if class_weight is None:
        return np.ones(len(classes))
    labels = classes.tolist()
    known = set(labels)
    unknown = [label for label in class_weight if label not in known]
    # Keys for classes that are not there are harmless, unless others have no key: then
    # "1" was written for 1, and all weights would silently be 1.
    if unknown and not known <= class_weight.keys():
        raise ValueError(
            f"class_weight has the labels {unknown}, which are not among the "
            "classes; its keys must be labels of the same type as in y."
        )
    return np.array([class_weight.get(label, 1.0) for label in labels])


def log_priors(counts):
    """Logarithm of the classes' shares of the rows that have come.

    A class without rows so far counts as the rarest of the others.
    """
    counts = np.maximum(counts, counts[counts > 0].min())
    return np.log(counts / counts.sum())
