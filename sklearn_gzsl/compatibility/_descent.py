"""Linear scores of rows by L-BFGS: no seed, and no learning rate."""

import numpy as np
from scipy.optimize import minimize

# Iterations from one line of progress to the next.
_EVERY = 10


def descend(loss, Z, n_out, alpha, *, max_iter, verbose=0, what=""):
    """Weights and biases with the least loss, a ridge on the weights included.

    Parameters
    ----------
    loss : callable
        ``loss(F)`` is the loss of scores F, (n_rows, n_out), and its gradient there.
    Z : ndarray of shape (n_rows, n_features)
    n_out : int
    alpha : float
        Half of it times the sum of the squared weights is added to the loss.
    max_iter : int
    verbose : int
        Print the loss after every tenth iteration, with ``what`` in front.

    Returns
    -------
    weights : ndarray of shape (n_features, n_out)
    biases : ndarray of shape (n_out,)
    n_iter : int
        Iterations that were made.
    """
    # All the time goes into two products, which float32 halves; the few thousand steps
    # of the search itself are taken in float64.
    rows = np.hstack([Z, np.ones((len(Z), 1))]).astype(np.float32)
    shape = rows.shape[1], n_out

    def objective(flat):
        W = flat.reshape(shape)
        value, slope = loss(rows @ W.astype(np.float32))
        gradient = (rows.T @ slope.astype(np.float32)).astype(np.float64)
        gradient[:-1] += alpha * W[:-1]
        return value + 0.5 * alpha * np.square(W[:-1]).sum(), gradient.ravel()

    n_done = 0

    def told(intermediate_result):
        nonlocal n_done
        n_done += 1
        if verbose and n_done % _EVERY == 0:
            print(f"{what}iter {n_done}: loss {intermediate_result.fun:.4f}")

    found = minimize(
        objective,
        np.zeros(shape[0] * n_out),
        jac=True,
        method="L-BFGS-B",
        callback=told,
        options={"maxiter": max_iter, "ftol": 1e-6},
    )
    W = found.x.reshape(shape)
    return W[:-1], W[-1], found.nit
