"""Random splits in which some classes have no training row at all."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import BaseShuffleSplit
from sklearn.utils import check_random_state

from .._sklearn_compat import Interval
from ._groups import GroupedRows, draw_test_groups
from ._labels import check_groups, check_parameters, encode_labels, splits_labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from ..utils._typing import RandomState

# Draws of classes, and of groups to test, before giving up.
_MOST_DRAWS = 100


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
        class to be seen, if every class has a single row, or if the groups cannot be
        split.

    See Also
    --------
    GZSLKFold : Each class is unseen in exactly one fold.
    check_gzsl_split : Checks any split for leaks.
    sklearn_gzsl.metrics.GZSLScorer : Scores the folds.
    sklearn.model_selection.StratifiedShuffleSplit : Splits without unseen classes.

    Notes
    -----
    A draw after which every seen class has a single row, so that no seen row could
    be tested, is drawn again. This is how the field picks its settings [1]_: whole
    classes of the training set play the unseen ones, and no test class takes part.

    With ``groups``, no group has rows in training and in test. Groups without a row of
    a seen class are tested, and so are randomly drawn others: enough that each unseen
    class has a test row and that ``test_size`` is met for the seen classes as nearly as
    the sizes of the groups allow, but never one with all the rows that training has
    left of a seen class. Rows of unseen classes in groups that are not tested take no
    part in a split: where each photographer has pictures of many classes, an unseen
    class is tested on the pictures by the photographers drawn.

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

    # With metadata routing, searches pass groups on without being asked to.
    __metadata_request__split = {"groups": True}

    _parameter_constraints: dict = {
        "n_splits": [Interval(Integral, 1, None, closed="left")],
        "unseen_size": [
            Interval(Real, 0, 1, closed="neither"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "test_size": [
            Interval(Real, 0, 1, closed="neither"),
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
        random_state: RandomState = None,
    ):
        super().__init__(
            n_splits=n_splits, test_size=test_size, random_state=random_state
        )
        self.unseen_size = unseen_size

    # y is no option here, as it is with splitters that do not look at classes.
    @splits_labelled
    def split(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Generate row numbers to split data into training and test set.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Only its length is looked at.

        y : array-like of shape (n_samples,)
            Class labels, strings or integers. Rows of -1 have none: they are in every
            training set.

        groups : array-like of shape (n_samples,), default=None
            What must not be in training and in test at once, such as the subject of
            each row; strings or numbers.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Row numbers of the training set, shuffled.

        test : ndarray of shape (n_test,)
            Row numbers of the test set, shuffled.
        """
        return super().split(X, y, groups)

    def _iter_indices(self, X, y=None, groups=None):
        check_parameters(self)
        _, codes, counts = encode_labels(y, self.__class__.__name__)
        n_unseen = self._n_unseen_classes(len(counts))
        n_held_out = self._n_test_rows(counts)
        rows = None
        if groups is not None:
            rows = GroupedRows(check_groups(groups), codes, counts)
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            if rows is None:
                train, test = _draw_rows(rng, codes, counts, n_unseen, n_held_out)
            else:
                train, test = _draw_groups(rng, rows, n_unseen, n_held_out)
            # So far rows come class by class, and learners that take them in order
            # would see one class after another.
            yield rng.permutation(train), rng.permutation(test)

    def _n_unseen_classes(self, n_classes):
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
            return np.minimum(int(self.test_size), counts - 1)
        return np.clip(
            _rounded(self.test_size * counts), np.minimum(1, counts - 1), counts - 1
        )


def _draw_rows(rng, codes, counts, n_unseen, n_held_out):
    n_test = n_held_out.copy()
    unseen = _draw_unseen(rng, n_unseen, n_held_out)
    n_test[unseen] = counts[unseen]
    # The rows of each class in random order, class after class: the first few of each
    # are the test rows, without a loop over classes.
    place_in_class = np.concatenate([np.arange(n) for n in counts])
    shuffled = rng.permutation(len(codes))
    by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
    to_test = place_in_class < np.repeat(n_test, counts)
    return by_class[~to_test], by_class[to_test]


def _draw_groups(rng, rows, n_unseen, n_held_out):
    for _ in range(_MOST_DRAWS):
        unseen = np.zeros(len(rows.counts), dtype=bool)
        unseen[_draw_unseen(rng, n_unseen, n_held_out)] = True
        tested = draw_test_groups(rows, unseen, n_held_out, rng)
        if tested is not None:
            return map(np.flatnonzero, rows.sides(tested, unseen))
    raise ValueError(
        f"In {_MOST_DRAWS} draws, no choice among the {rows.n_groups} groups left test "
        "rows to the unseen and to the seen classes, and training rows to each seen "
        "one; give more groups, or draw fewer unseen classes."
    )


def _draw_unseen(rng, n_unseen, n_held_out):
    # Again while no seen class has a row to spare, so that S would be undefined. It
    # ends: some class has two rows, and one draw in n_classes at least has it seen.
    while True:
        classes = rng.permutation(len(n_held_out))
        if n_held_out[classes[n_unseen:]].any():
            return classes[:n_unseen]


def _rounded(size):
    # Half up: numpy rounds 0.5 and 2.5 down, to the even number.
    return np.floor(np.asarray(size) + 0.5).astype(int)
