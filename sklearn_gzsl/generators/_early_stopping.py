"""When to stop: classes of the training set that play the unseen ones tell."""

import numpy as np
from scipy import linalg

from ..metrics import seen_unseen_curve
from ..metrics._accuracy import harmonic_mean
from ..model_selection import GZSLShuffleSplit
from ..utils import mean_rows, ranked

# Two to be seen: one description says nothing about another.
_MIN_CLASSES = 3
# Rows drawn for each held-out class: fewer make the score noisy, more make it slow.
_N_DRAWN = 100
# Most real rows, about, that the rule learns from, and as many that it is validated on.
_MAX_ROWS = 5000
# Near the nearest mean. Fisher's discriminant, without shrinkage, did worse on held-out
# classes, and its score depended more on the rows drawn.
_SHRINKAGE = 0.9
_MAX_SPLITS = 100


class HeldOutClasses:
    """A training set, split for a trial training in which some classes are unseen.

    All rows of the unseen classes are for validation, and a share of the rows of each
    other class.

    Parameters
    ----------
    X, y, A : ndarray
        Rows, their classes numbered from 0, and the descriptions of these.
    fraction : float
        Share of the classes that are unseen, and of the others' rows to validate on.
    seed : int
        Seed of the split and of the draws for validation.

    Attributes
    ----------
    classes : ndarray of int
        The classes that are unseen in the trial.
    trial : tuple of ndarray
        What the trial trains on: rows, their classes numbered from 0, the descriptions
        of these, and those of the unseen classes.
    """

    def __init__(self, X, y, A, fraction, seed):
        counts = np.bincount(y)
        if len(counts) < _MIN_CLASSES or counts.max() < 2:
            raise ValueError(
                f"early_stopping=True holds classes and rows out, for which y needs "
                f"{_MIN_CLASSES} classes, and 2 rows of one of them; it has "
                f"n_classes={len(counts)}, with n_samples={counts.max()} at most. Set "
                "early_stopping=False."
            )
        split_seed, self._seed = np.random.SeedSequence(seed).generate_state(2) // 2
        splits = GZSLShuffleSplit(
            _MAX_SPLITS,
            unseen_size=fraction,
            test_size=fraction,
            random_state=int(split_seed),
        )
        for split in splits.split(X, y):
            train, judged = split
            kept, codes = np.unique(y[train], return_inverse=True)
            # Each source of descriptions must describe one of the classes kept.
            if np.isfinite(A[kept]).any(axis=0).all():
                break
        else:
            raise ValueError(
                "early_stopping=True found no classes to hold out after which each "
                "source of class_attributes describes one of the others; lower "
                f"validation_fraction={fraction}, or set early_stopping=False."
            )
        self.classes = np.setdiff1d(np.arange(len(counts)), kept)
        self.trial = X[train], codes, A[kept], A[self.classes]
        # Columns of the scores: the classes kept, then those held out.
        self._labels = np.append(kept, self.classes)
        self._n_kept = len(kept)
        some = _some_rows(codes)
        self._real, self._codes = X[train[some]], codes[some]
        some = judged[_some_rows(y[judged])]
        self._judged, self._truth = X[some], y[some]

    def score(self, generator):
        """Best harmonic mean, at any seen penalty, with the generator as it is now.

        A linear discriminant learns from real rows of the kept classes and from
        synthetic rows of the others. Every call draws with the same random numbers.
        """
        seed = int(self._seed)
        real = generator._training_features(self._real, seed)
        drawn = generator._sample(self.trial[3], _N_DRAWN, seed)
        judged = generator._features(self._judged)
        if not all(np.isfinite(rows).all() for rows in (real, drawn, judged)):
            return 0.0
        held_out = np.arange(self._n_kept, len(self._labels))
        seen, unseen, _ = seen_unseen_curve(
            self._truth,
            _linear_discriminant(
                np.concatenate([real, drawn]),
                np.append(self._codes, np.repeat(held_out, _N_DRAWN)),
                judged,
            ),
            seen_classes=self._labels[: self._n_kept],
            labels=self._labels,
        )
        return float(harmonic_mean(unseen, seen).max())


def _some_rows(y):
    """Indices of the first rows of each class: of all rows, or of a manageable part."""
    order, rank, counts = ranked(y)
    return order[rank < max(2, _MAX_ROWS // np.count_nonzero(counts))]


def _linear_discriminant(X, y, rows):
    """Scores of rows: Gaussian classes with one covariance, equally likely a priori."""
    X, rows = X.astype(np.float64), rows.astype(np.float64)
    # A common origin near the data, as the scores are differences of products.
    centre = X.mean(axis=0)
    X, rows = X - centre, rows - centre
    means = mean_rows(X, y, y.max() + 1)
    X -= means[y]
    covariance = X.T @ X / len(X)
    typical = covariance.trace() / len(covariance) or 1.0
    covariance *= 1 - _SHRINKAGE
    covariance.flat[:: len(covariance) + 1] += _SHRINKAGE * typical
    weights = linalg.solve(covariance, means.T, assume_a="pos")
    return rows @ weights - 0.5 * np.sum(means * weights.T, axis=1)
