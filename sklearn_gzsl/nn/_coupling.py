"""Coupling layers: half of the channels moves the other half, invertibly."""

from typing import Any

import torch
from torch import Tensor, nn

from ._actnorm import ActNorm
from ._layers import ConditionalNet, LearnedScale
from ._linear import linear


class _ShiftNet(nn.Module):
    """t of VAE-cFlow's couplings: two layers with ActNorm, then one that starts at 0.

    The first two layers have no bias (their ActNorms shift); the last starts at
    zero, so that every coupling starts as the identity.
    """

    norms: Any

    def __init__(self, n_in: int, n_out: int, hidden_dim: int, rng: torch.Generator):
        super().__init__()
        sizes = ((n_in, hidden_dim), (hidden_dim, hidden_dim))
        self.hidden = nn.ModuleList(
            linear(a, b, rng, init="normal", gain=0.05, bias=False) for a, b in sizes
        )
        self.norms = nn.ModuleList(ActNorm(hidden_dim) for _ in sizes)
        self.out = linear(hidden_dim, n_out, rng, init="zeros")
        self.scale = LearnedScale(n_out)

    def forward(self, x: Tensor) -> Tensor:
        # The determinants of these norms are of no matter: t need not be invertible.
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


class AffineCoupling(nn.Module):
    """Each half scales and shifts the other, given a condition (Glow, two-sided).

    First the first half moves, u1 exp(r(s)) + t with (s, t) computed from the second
    half and the condition; then the second half in the same way from the new first
    half. The soft clamp r(s) = 0.636 c atan(s / c) keeps every log-scale within
    (-c, c), so that no step of training can blow the map up. Of an odd number of
    channels the first half is the larger one; a single channel moves by the condition
    alone.

    Parameters
    ----------
    n_features : int
    n_condition : int
        Length of a condition; 0 for none.
    hidden_dim : int
        Width of the two networks.
    rng : torch.Generator
    clamp : float
        The bound c.
    """

    def __init__(
        self,
        n_features: int,
        n_condition: int,
        hidden_dim: int,
        rng: torch.Generator,
        clamp: float = 1.0,
    ):
        super().__init__()
        n1, n2 = self.sizes = ((n_features + 1) // 2, n_features // 2)
        self.clamp = clamp
        self.net1 = ConditionalNet(n2, n_condition, hidden_dim, 2 * n1, rng, gain=0.01)
        if n2:
            self.net2 = ConditionalNet(
                n1, n_condition, hidden_dim, 2 * n2, rng, gain=0.01
            )

    def _scale_and_shift(self, net, x, condition, rows):
        s, t = net(x, condition, rows).chunk(2, dim=1)
        # 0.636 is 2 / pi: the arc tangent goes up to pi / 2.
        return self.clamp * 0.636 * torch.atan(s / self.clamp), t

    def forward(
        self, x: Tensor, condition: Tensor, rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Map x; row ``i`` of x has the condition ``condition[rows[i]]``."""
        x1, x2 = x.split(self.sizes, dim=1)
        s1, t1 = self._scale_and_shift(self.net1, x2, condition, rows)
        # The Jacobian is triangular, with these factors on its diagonal.
        y1, log_det = x1 * s1.exp() + t1, s1.sum(dim=1)
        if not self.sizes[1]:
            return y1, log_det
        s2, t2 = self._scale_and_shift(self.net2, y1, condition, rows)
        y2 = x2 * s2.exp() + t2
        return torch.cat([y1, y2], dim=1), log_det + s2.sum(dim=1)

    def inverse(self, y: Tensor, condition: Tensor, rows: Tensor) -> Tensor:
        # Backwards: the second half was moved last, by the new first half, now y1.
        y1, x2 = y.split(self.sizes, dim=1)
        if self.sizes[1]:
            s2, t2 = self._scale_and_shift(self.net2, y1, condition, rows)
            x2 = (x2 - t2) * (-s2).exp()
        s1, t1 = self._scale_and_shift(self.net1, x2, condition, rows)
        return torch.cat([(y1 - t1) * (-s1).exp(), x2], dim=1)
