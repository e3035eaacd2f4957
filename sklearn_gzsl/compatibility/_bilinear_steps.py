"""The bilinear score in torch, and the losses it is learned by."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


class BilinearScores(nn.Module):
    """Scores x' W a, the best of several W, and their loss.

    Parameters
    ----------
    weights : Tensor of shape (n_maps, n_features, n_attributes)
        Where to start.
    A : Tensor of shape (n_classes, n_attributes)
        Descriptions of the seen classes.
    loss : str
        One of ``LOSSES``.
    margin : float
        Of the losses that rank.
    """

    def __init__(self, weights, A, loss, margin):
        super().__init__()
        self.weights = nn.Parameter(weights)
        self.register_buffer("A", A)
        self._loss, self._margin = LOSSES[loss], margin

    def scores(self, x):
        of_maps = x @ self.weights @ self.A.T
        # The gradient goes to the map that wins for the class.
        return of_maps[0] if len(of_maps) == 1 else of_maps.amax(dim=0)

    def forward(self, x, y, rng):
        return {"loss": self._loss(self.scores(x), y, self._margin, rng)}


def _softmax(scores, y, *_):
    return cross_entropy(scores, y)


def _first_violator(scores, y, margin, rng):
    """DeViSE: of wrong classes in random order, the first that violates the margin."""
    violations = _violations(scores, y, margin)
    chosen, _ = _draw(violations, y, rng)
    return _hinge(violations, chosen)


def _warp(scores, y, margin, rng):
    """ALE: the same, weighted by the rank that the number of draws lets expect."""
    violations = _violations(scores, y, margin)
    chosen, n_draws = _draw(violations, y, rng)
    n_wrong = scores.shape[1] - 1
    ranks = torch.arange(1, n_wrong + 1, device=scores.device)
    weights = torch.cumsum(1 / ranks, dim=0)
    return _hinge(violations, chosen, weights[n_wrong // n_draws - 1])


def _max_violator(scores, y, margin, _rng):
    """SJE: the wrong class that violates the margin most."""
    violations = _violations(scores, y, margin)
    return _hinge(violations, violations.argmax(dim=1, keepdim=True))


LOSSES = {
    "warp": _warp,
    "first_violator": _first_violator,
    "max_violator": _max_violator,
    "softmax": _softmax,
}


def _violations(scores, y, margin):
    """By how much each class comes too close to the right one, which never does."""
    y = y[:, None]
    violations = margin + scores - scores.gather(1, y)
    return violations.scatter(1, y, -torch.inf)


def _draw(violations, y, rng):
    """The first violator of each row in a random order, and its place among the wrong.

    Without any, it is some wrong class, whose violation is not above 0.
    """
    order = torch.rand(violations.shape, generator=rng, device=violations.device)
    order.scatter_(1, y[:, None], torch.inf)
    at, chosen = torch.where(violations > 0, order, 2 + order).min(dim=1, keepdim=True)
    return chosen, (order <= at).sum(dim=1, keepdim=True)


def _hinge(violations, chosen, weights=1.0):
    return (weights * violations.gather(1, chosen).clamp(min=0)).mean()
