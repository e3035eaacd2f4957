"""Settings of closed forms, chosen on held-out classes."""

import numpy as np

from ..classifiers._held_out import Judged, groups, parted


def choose(settings, Z, codes, A, tried):
    """Take the one of some settings that serves held-out classes best.

    Parameters
    ----------
    settings : list
        The first one is taken where there is nothing to choose on.
    Z, codes, A : ndarray
        Rows, their classes as numbers, and the descriptions of these.
    tried : callable
        ``tried(settings, Z, codes, A, known, judged)`` yields, for each of the
        settings, scores of the rows ``judged`` for all classes, learned from the rows
        ``Z`` of the classes ``known``, which ``codes`` counts.

    Returns
    -------
    object
        One of the settings.
    """
    fitted, judged = parted(codes)
    if len(settings) == 1 or not len(judged):
        return settings[0]
    totals = np.zeros(len(settings))
    for held_out in groups(len(A)):
        known = np.flatnonzero(~held_out)
        rows = fitted[~held_out[codes[fitted]]]
        own = np.searchsorted(known, codes[rows])
        scores = tried(settings, Z[rows], own, A, known, Z[judged])
        totals += list(map(Judged(codes[judged], held_out).by, scores))
    return settings[int(totals.argmax())]
