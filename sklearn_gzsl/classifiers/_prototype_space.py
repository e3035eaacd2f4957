"""The space in which prototypes live: rows whitened within classes, of length 1."""

import numpy as np
from scipy import linalg

from ..linear_model._class_means import ClassMeansRegression
from ..persistence import Stored, projection
from ..utils import add_rows, mean_rows, one_thread, scatter_within, unit_rows

# Rows that a prediction counts as much as: no fewer, as classes that none of the rows
# belong to would be drawn away, and no more, where few classes seem to fit perfectly.
_WORTH = 5.0, 100.0
# Prototypes of seen classes that tell whether an unseen one lies among them.
_NEAREST = 3


def nearness(cosines):
    """Mean of the largest cosines in each row, those with prototypes of seen classes.

    These classes have the largest say in what is predicted: a prototype among several
    of them is predicted well, and has large cosines with rows of its own class and of
    theirs, so that it would be taken too often.
    """
    k = min(_NEAREST, cosines.shape[1])
    # Where all candidates are unseen there are none of seen classes.
    return (
        np.partition(cosines, -k)[:, -k:].mean(axis=1) if k else np.zeros(len(cosines))
    )


class WhitenedSpace(Stored):
    """Directions and variances within classes, for every shrinkage at once.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
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
        means = mean_rows(X, codes, n_classes, self._normalised)
        self._centre = means.mean(axis=0)
        # Within classes: directions in which rows of one class differ are made to count
        # less, those that tell classes apart more.
        n, d = X.shape
        # Few rows vary along few axes: to find all d of them would take most of a fit.
        self._few = 2 * n < d
        if self._few:
            centred = self._normalised(X) - means[codes]
            with one_thread():
                _, lengths, axes = linalg.svd(centred, full_matrices=False)
            self._axes = axes.T
            # Columns of the axes, and those of what lies off them.
            self._variances = np.concatenate([lengths**2 / n, np.zeros(d)])
        else:
            scatter = scatter_within(X, codes, means, self._normalised)
            with one_thread():
                variances, self._axes = linalg.eigh(scatter / n)
            # Rounding makes the smallest ones slightly negative.
            self._variances = variances.clip(min=0)
        self._typical = self._variances.sum() / d or 1.0  # classes of one row each

    @property
    def width(self):
        """Columns of whitened rows."""
        return len(self._variances)

    def equals(self, other):
        """Whether rows have the same coordinates in both."""
        return np.array_equal(self._axes, other._axes) and np.array_equal(
            self._centre, other._centre
        )

    def rotated(self, X):
        """Rows along the axes, on which a shrinkage only divides columns."""
        return self._along_axes(self._normalised(X) - self._centre)

    def scale(self, shrinkage):
        """Standard deviations along the axes, a share of the variances made equal."""
        # PCA whitening, of which no rotation matters: only cosines are taken.
        return np.sqrt((1 - shrinkage) * self._variances + shrinkage * self._typical)

    def whiten(self, X, shrinkage):
        return unit_rows(self.rotated(X) / self.scale(shrinkage))

    def whitener(self, shrinkage):
        """A transformer of scikit-learn that does it, but for the length of rows."""
        axes = self._along_axes(np.eye(len(self._centre)))
        return projection(axes, self._centre, self.scale(shrinkage))

    def directions(self, A, shrinkage):
        """Whitened descriptions that live in the space of the rows, centred."""
        return unit_rows(self._along_axes(A) / self.scale(shrinkage))

    def _along_axes(self, X):
        along = X @ self._axes
        return np.hstack([along, X - along @ self._axes.T]) if self._few else along

    def _normalised(self, X):
        X = X.astype(np.float64, copy=False)
        if self.power is None:
            return X
        rows = np.abs(X)
        np.power(rows, self.power, out=rows)
        return unit_rows(np.copysign(rows, X, out=rows))


class PredictedPrototypes(Stored):
    """Prototypes from descriptions: a first guess, and what ridge regression adds.

    Parameters
    ----------
    space : WhitenedSpace
    settings : dict
        Those of PrototypeClassifier, chosen.
    own : ndarray of shape (n_seen, n_features)
        Means of the whitened rows of the seen classes.
    counts : ndarray of shape (n_seen,)
        Of how many rows.
    A : ndarray, (n_seen, n_attributes)
        Their descriptions.
    compared : ndarray, (n_seen, n_attributes)
        The same, as the kernel compares them: with columns in one unit.

    Attributes
    ----------
    length : float
        How long means of rows are: as those of a class agree among each other.
    worth : float
        How many rows of a class have a mean that is as wrong as what is predicted.
    """

    def __init__(self, space, settings, own, counts, A, compared):
        self._space, self._settings = space, settings
        # Names' embeddings share most of their direction, which tells nothing apart.
        self._centre = A.mean(axis=0)
        self.length = np.linalg.norm(own, axis=1).mean()
        # Ridge learns what the guess leaves over, so that far from all seen classes the
        # prediction falls back to the guess and not to the mean.
        residual = own - self._guess(A)
        self._offset = residual.mean(axis=0)
        self._regression = ClassMeansRegression(compared, settings["degree"])
        targets = residual - self._offset
        self._dual, left = next(self._regression.solve(targets, [settings["alpha"]]))
        self.worth = self._worth(own, counts, left)

    def _worth(self, own, counts, left):
        """Variance of rows about their mean, by the error of a class left out."""
        error = np.square(self.length * unit_rows(own - left) - own).sum(axis=1)
        # Rows are of length 1. The mean of some is itself not where that of all is.
        error -= (1 - np.square(own).sum(axis=1)) / counts
        spread = 1 - self.length**2
        return float(np.clip(spread / max(error.mean(), 1e-9), *_WORTH))

    def of(self, A, compared):
        """Prototypes of the classes with these descriptions, rows of length 1."""
        predicted = self._regression.predict(compared, self._dual)
        return unit_rows(self._guess(A) + self._offset + predicted)

    def _guess(self, A):
        """The description itself, in the space of the whitened rows; or nothing."""
        weight = self._settings["description_weight"]
        if not weight:
            return 0.0
        shrinkage = self._settings["shrinkage"]
        guess = self._space.directions(A - self._centre, shrinkage)
        return weight * self.length * guess


class ClassSums(Stored):
    """Sums of the rows of some classes, from any number of chunks.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)
        The classes, sorted.
    """

    def __init__(self, labels):
        # Sums take as much as prototypes: there are none before the first rows.
        self._labels, self._sums = labels, None
        self._counts = np.zeros(len(labels))

    def add(self, Z, y):
        if not len(y):
            return
        if self._sums is None:
            self._sums = np.zeros((len(self._labels), Z.shape[1]))
        codes = np.searchsorted(self._labels, y)
        add_rows(self._sums, Z, codes)
        self._counts += np.bincount(codes, minlength=len(self._labels))

    def of(self, labels):
        """Sums and numbers of rows of these classes, (n, d) and (n, 1)."""
        if self._sums is None:
            return np.zeros((1, 1)), np.zeros((len(labels), 1))
        at = np.searchsorted(self._labels, labels).clip(max=len(self._labels) - 1)
        known = (self._labels[at] == labels)[:, None]
        return self._sums[at] * known, self._counts[at][:, None] * known
