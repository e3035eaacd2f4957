"""What PrototypeClassifier chooses by itself: on classes held out, in closed form."""

from functools import cache, partial
from itertools import product

import numpy as np

from ..linear_model._class_means import description_kernel
from ..utils import mean_rows, unit_rows
from ._held_out import Judged, groups, parted, some_classes
from ._prototype_space import WhitenedSpace, nearness

# What "auto" stands for, the first value being where the search begins.
GRID = {
    "power": (0.5, None),
    "shrinkage": (0.8, 0.2, 0.5, 0.9),
    "degree": (1, 2, 4, 8),
    "alpha": (0.03, 0.003, 0.01, 0.1, 0.3, 1.0),
    "description_weight": (0.0, 0.4, 0.8, 1.2),
    "hubness_weight": (0.0, 0.1, 0.2),
}
# Varied together, in this order: each asks for another ridge.
_TOGETHER = (
    ("degree", "alpha"),
    ("description_weight", "alpha"),
    ("power", "shrinkage"),
    ("shrinkage", "alpha"),
)
# Hardly do more classes change a choice, and with all of them a fit would take the
# cube of their number.
_MOST_CLASSES = 200
_N_PARTITIONS = 2


def choose_settings(settings, X, codes, A, *, compared, own_weight):
    """Replace "auto" in the settings by what serves held-out classes best.

    Seen classes are held out in groups, and their prototypes predicted from the
    descriptions of the others. Rows that took no part in the whitening and the means
    are classified twice: those of the group among the group's classes, and all rows
    among all classes, at the best seen penalty. The sum of that accuracy and that H is
    what is made largest, over several partitions into groups. The search goes over two
    settings at a time, the others held, until nothing changes. Of many classes, some
    drawn at random take part.

    Parameters
    ----------
    settings : dict
        Values of all that is in ``GRID``.
    X, codes : ndarray
        Rows, float64, and their classes as numbers.
    A : ndarray of shape (n_seen, n_attributes)
        Descriptions of these classes, as they may stand in for prototypes.
    compared : ndarray of shape (n_seen, n_attributes)
        The same, as the kernel compares them: with columns in one unit.
    own_weight : float
        That of the classifier.

    Returns
    -------
    dict
        The settings with "auto" replaced.
    """
    grid = {k: v if settings[k] == "auto" else (settings[k],) for k, v in GRID.items()}
    if A.shape[1] != X.shape[1] and settings["description_weight"] == "auto":
        grid["description_weight"] = (0.0,)  # descriptions live elsewhere
    best = {name: values[0] for name, values in grid.items()}
    if max(map(len, grid.values())) == 1:
        return best
    if len(A) > _MOST_CLASSES:
        classes = some_classes(codes, _MOST_CLASSES)
        rows = np.isin(codes, classes)
        X, codes = X[rows], np.searchsorted(classes, codes[rows])
        A, compared = A[classes], compared[classes]
    fitted, judged = parted(codes)
    if not len(judged):
        # Of few features, length 1 after a power keeps too little.
        return best | ({"power": None} if settings["power"] == "auto" else {})
    judge = cache(_Judge(X, codes, A, compared, fitted, judged, own_weight))

    def improved(best, names):
        # The first of the best, and what there is where none is better.
        values = product(*(grid[name] for name in names))
        tried = [best] + [best | dict(zip(names, v, strict=True)) for v in values]
        return max(tried, key=lambda settings: judge(**settings))

    while True:
        before = best
        for names in _TOGETHER:
            best = improved(best, names)
        if best == before:
            # Last, as it changes scores alone and not what is predicted.
            return improved(best, ["hubness_weight"])


class _Judge:
    """How well settings serve held-out classes; called with settings.

    Predicted prototypes are sums of the classes' own means and of their descriptions:
    with the cosines of the rows and of each other computed once, a setting costs next
    to nothing. Prototypes are here rows of weights of these vectors, the basis.
    """

    def __init__(self, X, codes, A, compared, fitted, judged, own_weight):
        self._X, self._codes, self._A = X, codes, A
        self._fitted, self._judged = fitted, judged
        self._own_weight = own_weight
        self._groups = groups(len(A), _N_PARTITIONS)
        self._judges = [Judged(codes[judged], held_out) for held_out in self._groups]
        # What a search asks for again and again. Not caches of methods, which would
        # keep all of it until the next collection of garbage.
        self._spaces, self._bases, self._mixed = {}, {}, {}
        self._kernel = cache(partial(description_kernel, compared, compared))

    def __call__(
        self, power, shrinkage, degree, alpha, description_weight, hubness_weight
    ):
        basis = power, shrinkage, description_weight > 0
        if basis not in self._bases:
            self._bases[basis] = self._basis(*basis)
        rows, gram, length = self._bases[basis]
        if (degree, alpha) not in self._mixed:
            kernel = self._kernel(degree)
            self._mixed[degree, alpha] = [
                _mixed(kernel, held_out, alpha) for held_out in self._groups
            ]
        score = 0.0
        guess = description_weight * length
        for held_out, judge, mixed in zip(
            self._groups, self._judges, self._mixed[degree, alpha], strict=True
        ):
            weights = self._prototypes(held_out, mixed, guess, gram)
            scores = rows @ weights.T.astype(np.float32)
            if hubness_weight:
                near = nearness(weights[held_out] @ gram @ weights[~held_out].T)
                offsets = hubness_weight * (near - near.mean())
                scores[:, held_out] -= offsets.astype(np.float32)
            score += judge.by(scores)
        return score / len(self._groups)

    def _space(self, power):
        """The whitened space, and its rotated rows of both kinds."""
        fitted = self._fitted
        space = WhitenedSpace(self._X[fitted], self._codes[fitted], len(self._A), power)
        return space, *map(space.rotated, (self._X[fitted], self._X[self._judged]))

    def _basis(self, power, shrinkage, described):
        """Products of the judged rows, and of the basis, with the basis."""
        if power not in self._spaces:
            self._spaces[power] = self._space(power)
        space, fitted, judged = self._spaces[power]
        scale = space.scale(shrinkage)
        own = mean_rows(
            unit_rows(fitted / scale), self._codes[self._fitted], len(self._A)
        )
        basis = own
        if described:
            centred = self._A - self._A.mean(axis=0)
            basis = np.concatenate([own, space.directions(centred, shrinkage)])
        length = np.linalg.norm(own, axis=1).mean()
        rows = unit_rows(judged / scale) @ basis.T
        # Half of the time goes into products with these.
        return rows.astype(np.float32), basis @ basis.T, length

    def _prototypes(self, held_out, mixed, guess, gram):
        """Prototypes of all classes, those held out predicted from the others."""
        n, known = len(held_out), np.flatnonzero(~held_out)
        predicted = np.zeros((n, len(gram)))
        predicted[:, known] = mixed
        if len(gram) > n:
            predicted[:, n + known] = -guess * mixed
            predicted[:, n:] += guess * np.eye(n)
        predicted = _unit(predicted, gram)
        own = (1 - self._own_weight) * predicted
        own.flat[:: len(gram) + 1] += self._own_weight / _positive(
            np.sqrt(gram.diagonal()[:n])
        )
        return _unit(np.where(held_out[:, None], predicted, own), gram)


def _mixed(kernel, held_out, alpha):
    """What each class is predicted to be, as weights of the classes not held out."""
    known = np.flatnonzero(~held_out)
    ridge = kernel[np.ix_(known, known)] + alpha * np.eye(len(known))
    mixed = np.linalg.solve(ridge, kernel[known]).T
    # Of what the mean of the known classes leaves over; the mean comes on top.
    return mixed + (1 - mixed.sum(axis=1, keepdims=True)) / len(known)


def _unit(weights, gram):
    """Weights of the same vectors at length 1."""
    squares = np.sum((weights @ gram) * weights, axis=1, keepdims=True)
    return weights / np.sqrt(_positive(squares))


def _positive(numbers):
    """Numbers to divide by: constant features leave prototypes without a length."""
    return np.where(numbers > 0, numbers, 1.0)
