"""Which groups to test, so that no group has rows in training and in test.

A group may have rows of several classes, seen and unseen. Where it is tested, all its
rows are test rows. Where it is not, its rows of seen classes are training rows, and its
rows of unseen classes take no part: in training they would make the classes seen, and
in test the group would stand on both sides.
"""

from collections.abc import Iterable

import numpy as np

from ..utils import few

# Orders in which classes choose the groups that test them, before giving up.
_MOST_TRIES = 50


class GroupedRows:
    """Rows counted by group and class; ``groups`` and ``codes`` number them from 0."""

    def __init__(self, groups: np.ndarray, codes: np.ndarray, counts: np.ndarray):
        _, self.groups = np.unique(groups, return_inverse=True)
        self.codes, self.counts = codes, counts
        n_classes = len(counts)
        # One number for each pair of group and class that has rows: a table of all
        # pairs would be large, and almost empty.
        pairs, n_rows = np.unique(self.groups * n_classes + codes, return_counts=True)
        self.pair_group, self.pair_class = np.divmod(pairs, n_classes)
        self.n_groups = self.groups.max() + 1
        # Pairs are sorted by group, so that those of one group are neighbours.
        ends = np.searchsorted(self.pair_group, np.arange(1, self.n_groups))
        classes, n_rows = np.split(self.pair_class, ends), np.split(n_rows, ends)
        self.members = list(zip(classes, n_rows, strict=True))

    def sides(
        self, tested: np.ndarray, unseen: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Masks of training and of test rows from masks of groups and of classes."""
        test = tested[self.groups]
        return ~test & ~unseen[self.codes], test


def draw_test_groups(
    rows: GroupedRows,
    unseen: np.ndarray,
    quota: np.ndarray,
    rng: np.random.RandomState,
) -> np.ndarray | None:
    """Draw the groups to test, about ``quota`` rows of each seen class.

    Groups without a row of a seen class cost nothing and are tested, all of them. Next
    come groups with rows of unseen classes that have no test row yet, then whichever
    bring the seen classes nearer to their quota. No group is tested that has all the
    rows of a seen class which training still has.

    Returns a mask of groups, or None if an unseen class, or all the seen ones, have no
    test row.
    """
    draw = _Draw(rows, unseen, quota)
    # Three passes in one random order, the least costly for training first.
    order = rng.permutation(rows.n_groups)
    for group in order:
        classes = rows.members[group][0]
        if unseen[classes].all():
            draw.take(group)
    for group in order:
        classes = rows.members[group][0]
        if (unseen[classes] & (draw.tested[classes] == 0)).any():
            draw.take_if_spared(group)
    for group in order:
        if draw.change(group) < 0:
            draw.take_if_spared(group)
    if not draw.tested[~unseen].any():
        # All groups are larger than the quota: the one nearest to it.
        for group in sorted(order, key=draw.change):
            if draw.take_if_spared(group):
                break
    complete = draw.tested[unseen].all() and draw.tested[~unseen].any()
    return draw.chosen if complete else None


class _Draw:
    def __init__(self, rows: GroupedRows, unseen: np.ndarray, quota: np.ndarray):
        self.rows, self.unseen, self.quota = rows, unseen, quota
        self.chosen = np.zeros(rows.n_groups, dtype=bool)
        self.tested = np.zeros_like(rows.counts)

    def take(self, group: int) -> None:
        classes, n_rows = self.rows.members[group]
        self.tested[classes] += n_rows
        self.chosen[group] = True

    def take_if_spared(self, group: int) -> bool:
        """Take a group unless training needs it; whether it is a new one."""
        classes, n_rows = self.rows.members[group]
        left = self.rows.counts[classes] - self.tested[classes] - n_rows
        # A seen class without a training row would be an unseen one.
        spared = (self.unseen[classes] | (left > 0)).all()
        if self.chosen[group] or not spared:
            return False
        self.take(group)
        return True

    def change(self, group: int) -> float:
        """How much farther from the quotas the seen classes are with the group."""
        classes, n_rows = self.rows.members[group]
        seen = ~self.unseen[classes]
        classes, n_rows = classes[seen], n_rows[seen]
        before = self.tested[classes] - self.quota[classes]
        # Relative to the class, so that small ones have as much of a say, and squared,
        # so that no class is far off for the sake of the others.
        ratio = self.rows.counts[classes]
        return np.sum(((before + n_rows) / ratio) ** 2 - (before / ratio) ** 2)


def folds_of_groups(
    rows: GroupedRows,
    fold_of_class: np.ndarray,
    n_splits: int,
    order: np.ndarray,
    classes: np.ndarray,
) -> "_Folds":
    """Give each group the fold in which it is tested, -1 where training needs it.

    ``order`` says which group comes first among those of equal size, and ``classes``
    are labels for the error message.
    """
    # Large groups first: small ones fill the gaps that they leave.
    size = np.bincount(rows.groups)
    order = order[np.argsort(-size[order], kind="stable")]
    # Classes of few groups have the least choice, and so the first.
    hardest = list(np.argsort(np.bincount(rows.pair_class), kind="stable"))
    failed = hardest[0]
    for _ in range(_MOST_TRIES):
        folds = _Folds(rows, fold_of_class, n_splits)
        failed = folds.cover_unseen(order, hardest)
        if failed is None:
            break
        # A class that found its groups taken chooses before all others next time.
        hardest.remove(failed)
        hardest.insert(0, failed)
    else:
        raise ValueError(
            f"Class {few(classes[[failed]])} is unseen in fold "
            f"{fold_of_class[failed]}, but none of its groups can be tested there: "
            "other folds test them, or they hold all rows of a class that is seen "
            "there. Use fewer splits, or GZSLShuffleSplit."
        )
    for group in order:
        if folds.of_group[group] < 0:
            folds.assign(group, range(n_splits))
    return folds


class _Folds:
    """Groups in folds, so that each fold has about the same share of each class."""

    def __init__(self, rows: GroupedRows, fold_of_class: np.ndarray, n_splits: int):
        self.rows, self.fold_of_class = rows, fold_of_class
        self.of_group = np.full(rows.n_groups, -1)
        self.load = np.zeros((n_splits, len(rows.counts)), dtype=int)
        self.seen_load = np.zeros(n_splits, dtype=int)
        # Where all classes of a group are unseen at once, it is tested at no cost.
        self.home = np.array(
            [
                folds[0] if (folds == folds[0]).all() else -1
                for folds in (fold_of_class[classes] for classes, _ in rows.members)
            ]
        )

    def tested(self, fold: int) -> np.ndarray:
        """Mask of the groups tested in a fold."""
        return (self.of_group == fold) | (self.home == fold)

    def assign(self, group: int, folds: Iterable[int]) -> None:
        """Put a group in the best of the folds; none if training needs it in all."""
        classes, n_rows = self.rows.members[group]
        counts, unseen_in = self.rows.counts[classes], self.fold_of_class[classes]
        best = None
        for fold in folds:
            load = self.load[fold, classes]
            # All rows of a class would be tested, of which training needs some.
            if (load + n_rows == counts)[unseen_in != fold].any():
                continue
            cost = np.sum(((load + n_rows) / counts) ** 2 - (load / counts) ** 2)
            # Of equal costs, a fold that does not test the group anyway, then the one
            # with the fewest seen rows, then the first: no chance is left.
            key = cost, self.home[group] == fold, self.seen_load[fold], fold
            best = key if best is None else min(best, key)
        if best is not None:
            fold = best[-1]
            self.of_group[group] = fold
            self.load[fold, classes] += n_rows
            self.seen_load[fold] += n_rows[unseen_in != fold].sum()

    def cover_unseen(self, order: np.ndarray, hardest: Iterable[int]) -> int | None:
        """See to it that each class has test rows in the fold in which it is unseen.

        Takes the classes in the order of ``hardest``, and returns the first that could
        not be served, or None.
        """
        # The inverse of the order: who comes how late in it.
        place = np.argsort(order)
        by_class = np.argsort(self.rows.pair_class, kind="stable")
        ends = np.cumsum(np.bincount(self.rows.pair_class))[:-1]
        groups = np.split(self.rows.pair_group[by_class], ends)
        for code in hardest:
            fold, own = self.fold_of_class[code], groups[code]
            for group in own[np.argsort(place[own])]:
                if self.tested(fold)[own].any():
                    break
                if self.of_group[group] < 0:
                    self.assign(group, [fold])
            if not self.tested(fold)[own].any():
                return code
        return None
