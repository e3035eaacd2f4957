"""Rows and classes held out, on which closed forms choose their own settings."""

import numpy as np

from ..metrics._accuracy import harmonic_mean
from ..metrics._curve import best_by_side, curve_of_best, row_weights
from ..utils import ranked

# More rows change no choice.
_MOST_ROWS, _MOST_JUDGED = 15_000, 2_000
_N_GROUPS = 5
# Fewer classes tell nothing, and of a class with fewer rows none is judged.
_FEWEST_CLASSES, _FEWEST_ROWS = 4, 3


def parted(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows to judge by, of each class two to one.

    There are none to judge by where there is nothing to choose on: with fewer than four
    classes, or fewer than three rows of each.
    """
    order, rank, counts = ranked(codes)
    # Of each class its first rows are 0, 1, ...: a class of one row is learned from.
    kept = rank < max(_MOST_ROWS // len(counts), _FEWEST_ROWS)
    order, rank = order[kept], rank[kept]
    judged = order[rank % 3 == 2]
    if len(counts) < _FEWEST_CLASSES:
        judged = judged[:0]
    return order[rank % 3 < 2], judged[:: len(judged) // _MOST_JUDGED + 1]


def some_classes(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Some of many classes, at random; those that can be judged come first."""
    counts = np.bincount(codes)
    # Not by random_state: the choice is part of a closed form.
    drawn = np.random.default_rng(0).permutation(len(counts))
    drawn = drawn[np.argsort(counts[drawn] < _FEWEST_ROWS, kind="stable")]
    return np.sort(drawn[:n_classes])


def groups(n_classes: int, n_partitions: int = 1) -> list[np.ndarray]:
    """Masks of the classes that are held out together, each class once a partition."""
    rng = np.random.default_rng(0)
    n_groups = min(_N_GROUPS, n_classes // 2)
    return [
        part == group
        for part in (rng.permutation(n_classes) % n_groups for _ in range(n_partitions))
        for group in range(n_groups)
    ]


class Judged:
    """Rows that took no part in learning, and classes that took none either.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        The rows' classes, as numbers.
    held_out : ndarray of bool of shape (n_classes,)
        The classes that took no part.
    """

    def __init__(self, y: np.ndarray, held_out: np.ndarray):
        # Once for all settings of a search: on small data it took longer than learning.
        self._y, self._known, self._seen_row = y, ~held_out, ~held_out[y]
        self._weight = row_weights(y, self._seen_row)

    def by(self, scores: np.ndarray) -> float:
        """Accuracy on rows of held-out classes among these, and the best H, summed.

        ``scores`` are of shape (n_rows, n_classes), and the sum is between 0 and 2.
        """
        best, winners = best_by_side(scores, self._known)
        seen, unseen, _ = curve_of_best(
            self._y, self._seen_row, best, winners, weight=self._weight
        )
        # Without a penalty at all, the seen classes have no say: the last point.
        return unseen[-1] + harmonic_mean(unseen, seen).max()
