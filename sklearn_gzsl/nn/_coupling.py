"""Coupling layers: half of the channels moves the other half, invertibly."""

import torch
from torch import Tensor, nn

from ._actnorm import ActNorm
from ._layers import LearnedScale, linear


class _ShiftNet(nn.Module):
    """t of VAE-cFlow's couplings: two layers with ActNorm, then one that starts at 0.

    The first two layers have no bias (their ActNorms shift); the last starts at
    zero, so that every coupling starts as the identity.
    """

    def __init__(self, n_in, n_out, hidden_dim, rng):
        super().__init__()
        sizes = ((n_in, hidden_dim), (hidden_dim, hidden_dim))
        self.hidden = nn.ModuleList(
            linear(a, b, rng, init="normal", gain=0.05, bias=False) for a, b in sizes
        )
        self.norms = nn.ModuleList(ActNorm(hidden_dim) for _ in sizes)
        self.out = linear(hidden_dim, n_out, rng, init="zeros")
        self.scale = LearnedScale(n_out)

    def forward(self, x: Tensor) -> Tensor:
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            x = torch.relu(norm(layer(x))[0])
        return self.scale(self.out(x))

    @torch.no_grad()
    def initialize(self, x: Tensor) -> None:
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            x = torch.relu(norm.initialize(layer(x)))


class AdditiveCoupling(nn.Module):
    """z1 stays, z2 moves by t(z1) (NICE, Dinh et al. 2015); log-determinant 0.

    With an odd number of channels the half that stays is the larger one.
    """

    def __init__(self, n_features: int, hidden_dim: int, rng: torch.Generator):
        super().__init__()
        self.sizes = ((n_features + 1) // 2, n_features // 2)
        self.net = _ShiftNet(*self.sizes, hidden_dim, rng)

    def initialize(self, x: Tensor) -> Tensor:
        self.net.initialize(x.split(self.sizes, dim=1)[0])
        return self(x)[0]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x1, x2 = x.split(self.sizes, dim=1)
        return torch.cat([x1, x2 + self.net(x1)], dim=1), x.new_zeros(())

    def inverse(self, y: Tensor) -> Tensor:
        y1, y2 = y.split(self.sizes, dim=1)
        return torch.cat([y1, y2 - self.net(y1)], dim=1)
