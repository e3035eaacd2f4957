"""The space in which prototypes live: rows whitened within classes, of length 1."""

import numpy as np
from scipy import linalg

from ..linear_model._class_means import unit_rows
from ..utils import mean_rows


class WhitenedSpace:
    """Directions and variances within classes, for every shrinkage at once.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), float64
        Rows that the variances are learned from.
    codes : ndarray of shape (n_samples,)
        Their classes, as numbers.
    n_classes : int
        How many there are.
    power : float or None
        What the rows' absolute values are raised to, if anything.
    """

    def __init__(self, X, codes, n_classes, power):
        self.power = power
        X = self._normalised(X)
        means = mean_rows(X, codes, n_classes)
        self._centre = means.mean(axis=0)
        # Within classes: directions in which rows of one class differ are made to count
        # less, those that tell classes apart more.
        X = X - means[codes]
        variances, self._axes = linalg.eigh(X.T @ X / len(X))
        # Rounding makes the smallest ones slightly negative.
        self._variances = variances.clip(min=0)
        self._typical = self._variances.mean() or 1.0  # classes of one row each

    def rotated(self, X):
        """Rows along the axes, on which a shrinkage only divides columns."""
        return (self._normalised(X) - self._centre) @ self._axes

    def rotated_descriptions(self, A):
        """Descriptions that live in the space of the rows; they have a centre."""
        return A @ self._axes

    def scale(self, shrinkage):
        """Standard deviations along the axes, a share of the variances made equal."""
        # PCA whitening, of which no rotation matters: only cosines are taken.
        return np.sqrt((1 - shrinkage) * self._variances + shrinkage * self._typical)

    def whiten(self, X, shrinkage):
        return unit_rows(self.rotated(X) / self.scale(shrinkage))

    def _normalised(self, X):
        if self.power is None:
            return X
        return unit_rows(np.sign(X) * np.abs(X) ** self.power)


class ClassSums:
    """Sums of the rows of each class, from any number of chunks."""

    def __init__(self):
        self._labels, self._sums, self._counts = None, None, None

    def add(self, Z, y):
        if not len(y):
            return
        if self._labels is not None:
            labels = np.union1d(self._labels, y)
            at = np.searchsorted(labels, self._labels)
            sums, counts = np.zeros((len(labels), Z.shape[1])), np.zeros(len(labels))
            sums[at], counts[at] = self._sums, self._counts
        else:
            labels = np.unique(y)
            sums, counts = np.zeros((len(labels), Z.shape[1])), np.zeros(len(labels))
        codes = np.searchsorted(labels, y)
        np.add.at(sums, codes, Z)
        counts += np.bincount(codes, minlength=len(labels))
        self._labels, self._sums, self._counts = labels, sums, counts

    def of(self, labels):
        """Sums and numbers of rows of these classes, (n, d) and (n, 1)."""
        if self._labels is None:
            return np.zeros((1, 1)), np.zeros((len(labels), 1))
        at = np.searchsorted(self._labels, labels).clip(max=len(self._labels) - 1)
        known = (self._labels[at] == labels)[:, None]
        return self._sums[at] * known, self._counts[at][:, None] * known
