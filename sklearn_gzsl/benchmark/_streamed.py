"""Scores of test rows that stay on disk, a block at a time."""

import numpy as np

from ..metrics._accuracy import harmonic_mean
from ..metrics._response import class_scores
from ..metrics._top_k import expected_hits
from ._hits import KS, MEANS, hit_name

_BLOCK = 2**26  # bytes that the scores of a block of rows may take


def streamed_scores(estimator, model, data):
    """Hits of the k best classes, and U, S, H and Z, which are those of the best one.

    ``model`` is the part of the estimator that knows its classes. No more than the
    scores of a block of rows is held, however many there are.
    """
    classes, unseen = model.classes_, ~np.isin(model.classes_, model.seen_classes_)
    hits = {"ZSL": _Hits(classes[unseen]), "unseen": _Hits(classes)}
    hits["seen"] = _Hits(classes)
    n_rows = max(_BLOCK // (8 * len(classes)), 64)
    for X, y in data.test_seen.blocks(n_rows):
        hits["seen"].add(class_scores(estimator, X, len(classes)), y)
    for X, y in data.test_unseen.blocks(n_rows):
        scores = class_scores(estimator, X, len(classes))
        hits["unseen"].add(scores, y)
        # The same scores without the seen columns: no second look.
        hits["ZSL"].add(scores[:, unseen], y)
    all_hits = {
        hit_name(setting, mean, k): float(value)
        for setting, part in hits.items()
        for mean, values in zip(MEANS, part.means(), strict=True)
        for k, value in zip(KS, values, strict=True)
    }
    figures = {}
    for mean in MEANS:
        Z, U, S = (all_hits[hit_name(setting, mean, 1)] for setting in hits)
        H = float(harmonic_mean(U, S))
        figures |= {
            f"{mean}{name}": value
            for name, value in zip("USHZ", (U, S, H, Z), strict=True)
        }
    return figures | all_hits


class _Hits:
    """Sums of hits, class by class."""

    def __init__(self, classes):
        self._classes = classes
        self._sums = np.zeros((len(classes), len(KS)))
        self._counts = np.zeros(len(classes))

    def add(self, scores, y):
        """Count the rows of a block."""
        codes = np.searchsorted(self._classes, y)
        np.add.at(self._sums, codes, expected_hits(scores, codes, KS))
        np.add.at(self._counts, codes, 1)

    def means(self):
        """Of the classes that have rows; and of the rows."""
        there = self._counts > 0
        per_class = self._sums[there] / self._counts[there, None]
        return per_class.mean(axis=0), self._sums.sum(axis=0) / self._counts.sum()
