"""Activation normalisation (Kingma and Dhariwal 2018, section 3.1)."""

import torch
from torch import Tensor, nn


class ActNorm(nn.Module):
    """Per-channel shift and scale, y = (x + b) exp(l).

    ``initialize`` sets b and l from data so that y has mean 0 and deviation 1;
    afterwards both are trained. A channel that is nearly constant there (deviation
    below ``tol`` times the root mean square over channels) is divided by that
    typical deviation instead of its own: its own would turn rounding noise, or the
    next row that differs, into values that grow with every step of a flow.
    """

    def __init__(self, n_features: int, tol: float = 0.1):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))
        # The logarithm, so that no step of training can make the map singular.
        self.log_scale = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))
        self.tol = tol

    @torch.no_grad()
    def initialize(self, x: Tensor) -> Tensor:
        """Normalise the rows of x, and return them normalised."""
        std = x.std(dim=0, correction=0)
        typical = std.square().mean().sqrt()
        std = torch.where(std < self.tol * typical, typical, std)
        self.shift.copy_(-x.mean(dim=0))
        self.log_scale.copy_(-torch.where(std > 0, std, 1.0).log())
        return self(x)[0]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        # The determinant of a diagonal map is the same for every row.
        return (x + self.shift) * self.log_scale.exp(), self.log_scale.sum()

    def inverse(self, y: Tensor) -> Tensor:
        return y * (-self.log_scale).exp() - self.shift
