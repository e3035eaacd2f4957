"""Folds in which each class is unseen once."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state, indexable

from .._sklearn_compat import Interval
from ._groups import GroupedRows, folds_of_groups
from ._labels import check_groups, check_parameters, encode_labels, splits_labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from ..utils._typing import RandomState


class GZSLKFold(BaseCrossValidator):
    """K folds over classes for generalized zero-shot learning.

    Each class is unseen in exactly one fold: there, all its rows are test rows. Each
    row is tested as a row of a seen class in at most one other fold. So nothing is
    tested twice in the same role, and the mean over folds counts every class once
    among the unseen.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2 and at most the number of classes.

    shuffle : bool, default=False
        Draw which classes are unseen together, and which rows of a class are tested
        together. If not, the classes take turns in sorted order, so that neighbours
        in it are unseen in different folds, and rows that are tested together are
        neighbours in ``y``.

    random_state : int, RandomState instance or None, default=None
        Draws classes and rows if ``shuffle`` is true. Pass an int for the same folds
        in every call, which successive halving needs.

    Raises
    ------
    ValueError
        From ``split``: if a parameter is out of range, or ``random_state`` is given
        without ``shuffle``; if ``y`` is missing, continuous, or has fewer classes than
        folds; if too few classes have two rows, so that a fold would test no seen
        class; or if the groups leave no test row to an unseen class.

    See Also
    --------
    GZSLShuffleSplit : Any number of random splits, with sizes of one's choice.
    check_gzsl_split : Checks any split for leaks.
    sklearn_gzsl.metrics.GZSLScorer : Scores the folds.
    sklearn.model_selection.StratifiedKFold : Folds without unseen classes.

    Notes
    -----
    The numbers of classes that are unseen in two folds differ by at most one. The rows
    of a class are divided into ``n_splits`` parts, whose sizes differ by at most one;
    part f is tested in fold f, together with all rows of the classes that are unseen
    there, and everything else is for training. The part that belongs to the fold in
    which the class is unseen is thus never tested as seen; it is one of the smallest.
    A class with fewer rows than folds is tested, as a seen class, in some folds only,
    and one with a single row in none: it trains whenever it is seen.

    With ``groups``, no group has rows in training and in test. Each group is tested in
    one fold, chosen so that the parts of each class are about equal, and wherever all
    its classes are unseen. A group is never tested where it holds all rows of a seen
    class. Rows of unseen classes whose group is not tested take no part in a fold:
    where each photographer has pictures of many classes, an unseen class is tested on
    the pictures by the photographers of that fold. ``GroupKFold`` keeps groups apart,
    too, but has no unseen classes.

    Row numbers are sorted, as those of ``KFold`` are.

    References
    ----------
    Xian, Lampert, Schiele and Akata (2018). Zero-shot learning: a comprehensive
    evaluation of the good, the bad and the ugly. TPAMI.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gzsl.model_selection import GZSLKFold
    >>> y = np.repeat(["cat", "dog", "horse", "zebra"], 6)
    >>> X = np.zeros((24, 1))
    >>> for train, test in GZSLKFold(n_splits=3).split(X, y):
    ...     print(len(train), len(test), np.setdiff1d(y[test], y[train]))
    8 16 ['cat' 'zebra']
    12 12 ['dog']
    12 12 ['horse']
    """

    # With metadata routing, searches pass groups on without being asked to.
    __metadata_request__split = {"groups": True}

    _parameter_constraints: dict = {
        "n_splits": [Interval(Integral, 2, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: RandomState = None,
    ):
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def get_n_splits(  # pyright: ignore[reportIncompatibleMethodOverride] (not None)
        self, X: object = None, y: object = None, groups: object = None
    ) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X : object
            Always ignored, exists for API compatibility.

        y : object
            Always ignored, exists for API compatibility.

        groups : object
            Always ignored, exists for API compatibility.

        Returns
        -------
        n_splits : int
            The parameter.
        """
        return self.n_splits

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
            Row numbers of the training set.

        test : ndarray of shape (n_test,)
            Row numbers of the test set.
        """
        _, labels, in_groups = indexable(X, y, groups)
        check_parameters(self)
        if not self.shuffle and self.random_state is not None:
            raise ValueError(
                f"random_state={self.random_state} has no effect without shuffle; set "
                "shuffle=True, or leave random_state at None."
            )
        classes, codes, counts = encode_labels(labels, self.__class__.__name__)
        if self.n_splits > len(classes):
            raise ValueError(
                f"n_splits={self.n_splits} is more than the {len(classes)} classes in "
                "y, and each fold needs an unseen class; use fewer splits."
            )
        rng = check_random_state(self.random_state) if self.shuffle else None
        # Classes take turns, so that the folds differ by one class at most; shuffled
        # afterwards, they still do.
        fold_of_class = np.arange(len(classes)) % self.n_splits
        if rng is not None:
            fold_of_class = rng.permutation(fold_of_class)
        deal = self._deal_rows if in_groups is None else self._deal_groups
        # All folds before the first is handed out: an error in the third should not
        # come after two models were trained.
        folds = list(deal(codes, counts, fold_of_class, in_groups, rng, classes))
        for fold, (_, test) in enumerate(folds):
            if not (test & (fold_of_class[codes] != fold)).any():
                raise ValueError(
                    f"Fold {fold} would test no seen class: too few classes have rows "
                    f"{'' if groups is None else 'of several groups '}to spare for "
                    f"n_splits={self.n_splits}; use fewer splits, or give more classes "
                    "two rows or more."
                )
        for train, test in folds:
            yield np.flatnonzero(train), np.flatnonzero(test)

    def _deal_rows(self, codes, counts, fold_of_class, groups, rng, classes):
        """Masks of training and test rows, fold by fold."""
        row_order = (
            np.arange(len(codes)) if rng is None else rng.permutation(len(codes))
        )
        by_class = row_order[np.argsort(codes[row_order], kind="stable")]
        fold_of_row = np.empty_like(codes)
        fold_of_row[by_class] = np.concatenate(list(self._parts(counts, fold_of_class)))
        for fold in range(self.n_splits):
            unseen = (fold_of_class == fold)[codes]
            # A class's only row is needed to train on wherever the class is seen.
            test = unseen | ((fold_of_row == fold) & (counts[codes] > 1))
            yield ~test, test

    def _parts(self, counts, fold_of_class):
        """For each class the folds of its rows, in order."""
        k = self.n_splits
        load = np.zeros(k, dtype=int)
        for count, unseen_in in zip(counts, fold_of_class, strict=True):
            sizes = np.full(k, count // k)
            # What is left over goes where the fewest rows are tested so far.
            # Not in the fold in which the class is unseen: there it is tested anyway.
            others = (unseen_in + 1 + np.arange(k - 1)) % k
            emptiest = others[np.argsort(load[others], kind="stable")]
            sizes[emptiest[: count % k]] += 1
            if count > 1:
                load[others] += sizes[others]
            yield np.repeat(np.arange(k), sizes)

    def _deal_groups(self, codes, counts, fold_of_class, groups, rng, classes):
        rows = GroupedRows(check_groups(groups), codes, counts)
        n = rows.n_groups
        order = np.arange(n) if rng is None else rng.permutation(n)
        folds = folds_of_groups(rows, fold_of_class, self.n_splits, order, classes)
        for fold in range(self.n_splits):
            yield rows.sides(folds.tested(fold), fold_of_class == fold)
