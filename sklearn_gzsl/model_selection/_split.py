"""Random splits in which some classes have no training row at all."""

import warnings
from collections.abc import Iterator
from numbers import Integral

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseShuffleSplit
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import (
    Interval,
    RealNotInt,
    validate_parameter_constraints,
)

from ..metrics._accuracy import check_labels


class GZSLShuffleSplit(BaseShuffleSplit):
    """Random splits for generalized zero-shot learning.

    Each split draws some classes to be unseen: all of their rows are test rows. Of
    every other class, the seen ones, some rows are test rows and the rest is for
    training. So every test fold has seen and unseen classes, and a training fold
    has no row of an unseen class; an ordinary stratified split has no unseen class
    at all.

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits.

    unseen_size : float or int, default=0.2
        Classes to draw as unseen: a fraction between 0 and 1, rounded, at least one
        class and never all of them; or a number of classes.

    test_size : float or int, default=0.2
        Rows of each seen class to test on: a fraction between 0 and 1, rounded, at
        least one row and never all of them; or a number of rows, for smaller
        classes all but one. A class with a single row trains whenever it is seen.

    random_state : int, RandomState instance or None, default=None
        Draws the classes and rows. Pass an int for the same splits in every call,
        which successive halving needs.

    Raises
    ------
    ValueError
        From ``split``, as in scikit-learn: if a parameter is out of range, if ``y``
        is missing, continuous, or has a single class, if ``unseen_size`` leaves no
        class to be seen, or if every class has a single row.

    See Also
    --------
    sklearn_gzsl.metrics.GZSLScorer : Scores the folds.
    sklearn.model_selection.StratifiedShuffleSplit : Splits without unseen classes.

    Notes
    -----
    A draw after which every seen class has a single row, so that no seen row could
    be tested, is drawn again. This is how the field picks its settings [1]_: whole
    classes of the training set play the unseen ones, and no test class takes part.

    References
    ----------
    .. [1] Xian, Lampert, Schiele and Akata. Zero-shot learning: a comprehensive
       evaluation of the good, the bad and the ugly. TPAMI, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gzsl.model_selection import GZSLShuffleSplit
    >>> y = np.repeat(["cat", "dog", "horse", "zebra"], 5)
    >>> X = np.zeros((20, 1))
    >>> cv = GZSLShuffleSplit(n_splits=2, unseen_size=1, random_state=0)
    >>> for train, test in cv.split(X, y):
    ...     print(len(train), len(test), np.setdiff1d(y[test], y[train]))
    12 8 ['horse']
    12 8 ['cat']
    """

    _parameter_constraints: dict = {
        "n_splits": [Interval(Integral, 1, None, closed="left")],
        "unseen_size": [
            Interval(RealNotInt, 0, 1, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "test_size": [
            Interval(RealNotInt, 0, 1, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_splits: int = 10,
        *,
        unseen_size: float | int = 0.2,
        test_size: float | int = 0.2,
        random_state: int | RandomState | None = None,
    ):
        super().__init__(
            n_splits=n_splits, test_size=test_size, random_state=random_state
        )
        self.unseen_size = unseen_size

    def split(
        self, X: ArrayLike, y: ArrayLike, groups: None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Generate row numbers to split data into training and test set.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Only its length is looked at.

        y : array-like of shape (n_samples,)
            Class labels, strings or integers.

        groups : object
            Always ignored, exists for API compatibility.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Row numbers of the training set, shuffled.

        test : ndarray of shape (n_test,)
            Row numbers of the test set, shuffled.
        """
        if groups is not None:
            warnings.warn(
                f"The groups parameter is ignored by {self.__class__.__name__}",
                UserWarning,
                stacklevel=2,
            )
        return super().split(X, y)

    def _iter_indices(self, X, y=None, groups=None):
        validate_parameter_constraints(
            self._parameter_constraints,
            {name: getattr(self, name) for name in self._parameter_constraints},
            caller_name=self.__class__.__name__,
        )
        if y is None:
            raise ValueError(
                "y is None, but GZSLShuffleSplit splits by class; pass the labels."
            )
        _, codes, counts = np.unique(
            check_labels(y, "y"), return_inverse=True, return_counts=True
        )
        n_unseen = self._n_unseen_classes(counts)
        n_held_out = self._n_test_rows(counts)
        place_in_class = np.concatenate([np.arange(n) for n in counts])
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            n_test = n_held_out.copy()
            unseen = _draw_unseen(rng, n_unseen, n_held_out)
            n_test[unseen] = counts[unseen]
            shuffled = rng.permutation(len(codes))
            by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
            to_test = place_in_class < np.repeat(n_test, counts)
            yield (
                rng.permutation(by_class[~to_test]),
                rng.permutation(by_class[to_test]),
            )

    def _n_unseen_classes(self, counts):
        n_classes = len(counts)
        if n_classes < 2:
            raise ValueError(
                "y holds a single class; a split needs one class to be seen and one "
                "to be unseen."
            )
        if isinstance(self.unseen_size, Integral):
            if self.unseen_size >= n_classes:
                raise ValueError(
                    f"unseen_size={self.unseen_size} leaves none of the {n_classes} "
                    "classes in y to be seen; make it smaller."
                )
            return self.unseen_size
        return np.clip(_rounded(self.unseen_size * n_classes), 1, n_classes - 1)

    def _n_test_rows(self, counts):
        """Count the rows to hold out of each class if it is seen: 0 of a single row."""
        if counts.max() == 1:
            raise ValueError(
                "Every class in y has a single row, so that no row of a seen class is "
                f"left for test_size={self.test_size}; give some classes more rows."
            )
        if isinstance(self.test_size, Integral):
            return np.minimum(self.test_size, counts - 1)
        return np.clip(
            _rounded(self.test_size * counts), np.minimum(1, counts - 1), counts - 1
        )


def _draw_unseen(rng, n_unseen, n_held_out):
    while True:
        classes = rng.permutation(len(n_held_out))
        if n_held_out[classes[n_unseen:]].any():
            return classes[:n_unseen]


def _rounded(size):
    return np.floor(np.asarray(size) + 0.5).astype(int)
