"""The order in which a stream goes through its rows."""

import numpy as np

from ..utils import ranked


class Passes:
    """Passes over real rows and over synthetic ones that are yet to be drawn.

    Each pass has an order of its own, in which every stretch has each class's share:
    synthetic rows go round the classes, and the real rows of a class are spread out
    evenly between those of the others. Nothing is held but numbers of real rows.

    Parameters
    ----------
    codes : ndarray of shape (n_real,)
        Classes of the real rows, as numbers.
    n_classes, n_each : int
        How many classes have synthetic rows, and how many each.
    rng : Generator
        Draws the orders.
    """

    def __init__(self, codes, n_classes, n_each, rng):
        self.codes = codes
        self.n_classes = n_classes
        self.n_rows = len(codes) + n_classes * n_each
        self.rng = rng

    def chunks(self, size):
        """Cut a new pass: numbers of real rows, and those of classes to draw.

        Yields
        ------
        real : ndarray
            Which real rows are in the chunk.
        n_each : int
            Rows that every class has in it at least.
        more : ndarray
            Classes that have one row more.
        """
        real = _spread(self.codes, self.rng)
        around = self.rng.permutation(self.n_classes)
        n_real, n_rows = len(real), self.n_rows
        for start in range(0, n_rows, size):
            stop = min(start + size, n_rows)
            # By proportion, in whole numbers: all chunks together have each real row
            # once.
            first, last = start * n_real // n_rows, stop * n_real // n_rows
            # What is left of the chunk is for synthetic rows: as many of each class as
            # go in evenly, and one more of some.
            n_each, n_more = 0, 0
            if self.n_classes:
                n_each, n_more = divmod(stop - start - (last - first), self.n_classes)
            # Synthetic rows so far: where the round of the classes goes on.
            places = (start - first + np.arange(n_more)) % max(self.n_classes, 1)
            yield real[first:last], n_each, around[places]


def _spread(codes, rng):
    """Rows in random order, each class's at about equal distances."""
    shuffled = rng.permutation(len(codes))
    order, rank, counts = ranked(codes[shuffled])
    # Row k of a class of n goes near (k + 1/2) / n of the way, whatever the other
    # classes have; the random part keeps the classes from falling into step.
    own = np.repeat(counts, counts)
    return shuffled[order[np.argsort((rank + rng.random(len(codes))) / own)]]
