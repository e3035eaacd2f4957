"""Linear scores of rows by L-BFGS: no seed, and no learning rate."""

from itertools import count
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy.optimize import minimize

from .._sklearn_compat import Interval
from ..utils import progress
from ._base import CompatibilityClassifier


class DescentClassifier(CompatibilityClassifier):
    """Base class of those whose rows have linear scores, learned by L-BFGS.

    Parameters
    ----------
    alpha : float, default=1e-4
        Strength of the ridge on the weights: half of it times the sum of their squares
        is added to the mean loss of the rows.

    max_iter : int, default=100
        Most iterations of L-BFGS.

    verbose : int, default=0
        Show on stderr the iterations that are done, and the loss.

    Attributes
    ----------
    n_iter_ : int
        Iterations of L-BFGS, where none is for a choice.
    """

    alpha: float = 1e-4
    max_iter: int = 100
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
    }

    def _descend(self, loss, Z, n_out, what=""):
        """Weights, (n_features, n_out), biases, and how many iterations they took.

        ``loss(F)`` is the loss of scores F, (n_rows, n_out), and its gradient there.
        ``what`` is what its progress is called.
        """
        # All the time goes into two products, which float32 halves; the steps of the
        # search itself are taken in float64.
        rows = np.hstack([Z, np.ones((len(Z), 1))]).astype(np.float32)
        shape = rows.shape[1], n_out

        last = np.inf

        def objective(flat):
            nonlocal last
            W = flat.reshape(shape)
            value, slope = loss(rows @ W.astype(np.float32))
            gradient = (rows.T @ slope.astype(np.float32)).astype(np.float64)
            gradient[:-1] += self.alpha * W[:-1]
            last = value + 0.5 * self.alpha * np.square(W[:-1]).sum()
            return last, gradient.ravel()

        with progress(self.max_iter, "iterations", what) as done:
            numbers = count(1)

            def told(_):  # the weights alone, before scipy 1.11
                done(next(numbers), loss=last)

            found = minimize(
                objective,
                np.zeros(shape[0] * n_out),
                jac=True,
                method="L-BFGS-B",
                callback=told,
                options={"maxiter": self.max_iter, "ftol": 1e-6},
            )
        W = found.x.reshape(shape)
        return W[:-1], W[-1], found.nit
