"""Invertible maps in a row."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


class Permutation(nn.Module):
    """A fixed shuffle of the channels, stored with the weights."""

    order: Tensor
    undo: Tensor

    def __init__(self, n_features: int, rng: torch.Generator):
        super().__init__()
        order = torch.randperm(n_features, generator=rng, device=rng.device)
        # Buffers: a stored flow without its shuffles would be another map.
        self.register_buffer("order", order)
        self.register_buffer("undo", order.argsort())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x[:, self.order], x.new_zeros(())

    def inverse(self, y: Tensor) -> Tensor:
        return y[:, self.undo]


class Flow(nn.Module):
    """Composition of layers that each have ``forward`` and ``inverse``.

    ``forward(x)`` returns ``(z, log_det)`` with the log-determinant of dz/dx,
    either one number or one per row. Further arguments go to every layer.

    Examples
    --------
    >>> import torch
    >>> from sklearn_gzsl.nn import ActNorm, AdditiveCoupling, Flow, Permutation
    >>> rng = torch.Generator().manual_seed(0)
    >>> flow = Flow([ActNorm(3), Permutation(3, rng), AdditiveCoupling(3, 8, rng)])
    >>> x = torch.randn(5, 3, generator=rng)
    >>> z, log_det = flow(x)
    >>> z.shape, torch.allclose(flow.inverse(z), x, atol=1e-6)
    (torch.Size([5, 3]), True)
    """

    layers: Any

    def __init__(self, layers: Iterable[nn.Module]):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def initialize(self, x: Tensor) -> None:
        """Set the data-dependent parameters from rows of x, layer by layer."""
        for layer in self.layers:
            x = layer.initialize(x) if hasattr(layer, "initialize") else layer(x)[0]

    def forward(self, x: Tensor, *context: Tensor) -> tuple[Tensor, Tensor]:
        # One number until a layer has one for each row: sums broadcast.
        log_det = x.new_zeros(())
        for layer in self.layers:
            x, term = layer(x, *context)
            log_det = log_det + term
        return x, log_det

    def inverse(self, z: Tensor, *context: Tensor) -> Tensor:
        for layer in reversed(self.layers):
            z = layer.inverse(z, *context)
        return z
