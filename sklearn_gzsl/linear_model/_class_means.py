"""Means of classes, predicted from their descriptions in closed form."""

import numpy as np
from scipy import linalg

from ..persistence import Stored
from ..utils import unit_rows


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
        self._values, self._vectors = linalg.eigh(kernel)

    def solve(self, targets, alpha):
        """Weights of the classes for a ridge ``alpha``, and what is left out.

        Returns
        -------
        dual : ndarray of shape (n_seen, n_features)
            ``(K + alpha I)^-1 targets``.
        residuals : ndarray of shape (n_seen, n_features)
            Of each class's target from what all others predict for it.
        """
        inverse = self._vectors / (np.maximum(self._values, 0.0) + alpha)
        dual = inverse @ (self._vectors.T @ targets)
        # Leave-one-out residuals of a linear smoother: (G^-1 y)_i / (G^-1)_ii.
        return dual, dual / np.sum(inverse * self._vectors, axis=1)[:, None]

    def predict(self, B, dual):
        """Means of classes with the descriptions B, (len(B), n_features)."""
        return description_kernel(B, self.A, self.degree) @ dual


def description_kernel(A, B, degree):
    """Similarities of descriptions, (len(A), len(B)), from 0 to 1."""
    A, B = (unit_rows(T.astype(np.float64)) for T in (A, B))
    return ((1 + A @ B.T) / 2) ** degree
