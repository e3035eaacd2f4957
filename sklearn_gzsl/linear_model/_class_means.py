"""Means of classes, predicted from their descriptions in closed form."""

import numpy as np
from scipy import linalg

from ..persistence import Stored
from ..utils import one_thread, unit_rows

# What "auto" chooses from.
_DEGREES = (1, 2, 4, 8, 16)
_ALPHAS = 10.0 ** np.arange(-4, 1.25, 0.25)


class ClassMeansRegression(Stored):
    r"""Kernel ridge regression from descriptions to class means.

    Of a description only the direction counts: the kernel is
    :math:`k(a, b) = ((1 + \cos(a, b)) / 2)^p`, 1 for equal directions. It is linear in
    the directions for p = 1, and the larger p, the fewer classes have a say in the mean
    of another.

    Parameters
    ----------
    A : ndarray of shape (n_seen, n_attributes)
        Descriptions of the classes whose means are known.
    degree : int
        Exponent p.
    """

    def __init__(self, A, degree):
        self.A, self.degree = A, degree
        # Once for all ridges and all targets.
        kernel = description_kernel(A, A, degree)
        with one_thread():
            self._values, self._vectors = linalg.eigh(kernel)

    def solve(self, targets, alphas):
        """Weights of the classes for each of some ridges, and what is left out.

        Yields
        ------
        dual : ndarray of shape (n_seen, n_features)
            ``(K + alpha I)^-1 targets``.
        residuals : ndarray of shape (n_seen, n_features)
            Of each class's target from what all others predict for it.
        """
        rotated = self._vectors.T @ targets
        for alpha in alphas:
            inverse = self._vectors / (np.maximum(self._values, 0.0) + alpha)
            dual = inverse @ rotated
            # Leave-one-out residuals of a linear smoother: (G^-1 y)_i / (G^-1)_ii.
            yield dual, dual / np.sum(inverse * self._vectors, axis=1)[:, None]

    def predict(self, B, dual):
        """Means of classes with the descriptions B, (len(B), n_features)."""
        return description_kernel(B, self.A, self.degree) @ dual


def best_prediction(A, targets, degree="auto", alpha="auto"):
    """The degree and the ridge that best predict each class from all others.

    Parameters
    ----------
    A : ndarray of shape (n_seen, n_attributes)
        Descriptions of the classes.
    targets : ndarray of shape (n_seen, n_features)
        Their means, less the mean of these.
    degree, alpha : int, float, or "auto"
        What is given is not chosen.

    Returns
    -------
    degree, alpha : int, float
        The first of the best.
    dual : ndarray of shape (n_seen, n_features)
        The weights of the classes with these.
    residuals : ndarray of shape (n_seen, n_features)
        Of each class's target from what all others predict for it.
    """
    alphas = _ALPHAS if alpha == "auto" else (alpha,)
    # A constant with them, for the mean.
    both = np.hstack([targets, np.ones((len(A), 1))])
    best, chosen = np.inf, None
    for p in _DEGREES if degree == "auto" else (degree,):
        solutions = ClassMeansRegression(A, p).solve(both, alphas)
        for ridge, (dual, left) in zip(alphas, solutions, strict=True):
            # From the mean of the others: in that of all is the class left out, and of
            # few classes it would seem the best prediction there is.
            residuals = left[:, :-1] + targets * left[:, -1:] / max(len(A) - 1, 1)
            error = np.square(residuals).mean()
            if error < best:
                best, chosen = error, (p, float(ridge), dual, residuals)
    p, ridge, dual, residuals = chosen
    return p, ridge, dual[:, :-1].copy(), residuals


def description_kernel(A, B, degree):
    """Similarities of descriptions, (len(A), len(B)), from 0 to 1."""
    A, B = (unit_rows(T.astype(np.float64)) for T in (A, B))
    return ((1 + A @ B.T) / 2) ** degree
