"""Small things that more than one estimator needs."""

from functools import wraps

import numpy as np
from sklearn.base import clone


def all_or_nothing(method):
    """Make a fit leave the estimator as it was when it fails or is interrupted.

    Works for methods that set attributes and do not change fitted ones in place.
    """

    @wraps(method)
    def safe(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return safe


def seeded(estimator, seeds):
    """A clone whose empty ``random_state`` parameters, nested ones too, are filled."""
    estimator = clone(estimator)
    # Sorted, so that the same parameter gets the same seed in every run.
    empty = {
        key: int(seeds.integers(2**31))
        for key, value in sorted(estimator.get_params(deep=True).items())
        if key.rsplit("__")[-1] == "random_state" and value is None
    }
    return estimator.set_params(**empty)


def like(labels, y):
    """Labels as the type of y, so that predictions come in y's own type."""
    if y.dtype.kind in "US":
        return labels.astype(y.dtype.kind)  # without a length: long names stay whole
    cast = labels.astype(y.dtype)
    return cast if np.array_equal(cast, labels) else labels


def score_difference(scores):
    """Scores of two classes as scikit-learn wants them: the second's minus the first's.

    Not a plain difference: both may be infinite.
    """
    return np.where(scores[:, 1] == scores[:, 0], 0.0, scores[:, 1] - scores[:, 0])


def mean_rows(X, codes, n_classes):
    """Mean of the rows of each class, (n_classes, d) float64."""
    sums = np.zeros((n_classes, X.shape[1]))
    np.add.at(sums, codes, X)
    return sums / np.bincount(codes, minlength=n_classes)[:, None]
