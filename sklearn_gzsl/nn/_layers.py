"""Small networks, and what modules do with rows."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._linear import linear


def in_pieces(f: Callable[..., Tensor], *tensors: Tensor, size: int = 1024) -> Tensor:
    """Apply f to some rows at a time: its results then stay in a CPU's cache."""
    pieces = zip(*(t.split(size) for t in tensors), strict=True)
    whole = None
    for i, piece in enumerate(pieces):
        made = f(*piece)
        if whole is None:
            # A list that is joined at the end would take it twice.
            whole = made.new_empty((len(tensors[0]), *made.shape[1:]))
        whole[i * size :][: len(made)] = made
    return whole


def typical_norm(centred: Tensor, n: int = 1) -> Tensor:
    """Root mean square of the rows' norms, per sqrt(n); 1 if all rows are 0."""
    # A divisor: 0 would make NaN of rows that are all the same.
    norm = (centred.square().sum(dim=1).mean() / n).sqrt()
    return torch.where(norm > 0, norm, 1.0)


def distinct(y: Tensor, n_classes: int) -> tuple[Tensor, Tensor]:
    """Classes of a batch and, for each row, which of them it has.

    What depends on the class alone is then computed once for each class. Where to ask
    which classes there are would make a GPU wait for the host, all are taken.
    """
    if y.device.type == "cpu":
        return y.unique(return_inverse=True)
    return torch.arange(n_classes, device=y.device), y


class ReLUNet(nn.Module):
    """Linear layers with ReLU between them and, optionally, after the last."""

    def __init__(
        self, sizes: Sequence[int], rng: torch.Generator, *, last_relu: bool = False
    ):
        super().__init__()
        self.layers = nn.ModuleList(
            linear(n_in, n_out, rng) for n_in, n_out in pairwise(sizes)
        )
        self.last_relu = last_relu

    def forward(self, x: Tensor) -> Tensor:
        # Not nn.Sequential: the names of the weights would depend on where ReLUs stand.
        last = len(self.layers) - 1
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < last or self.last_relu:
                x = torch.relu(x)
        return x


class LearnedScale(nn.Module):
    """Multiply by exp(3 g) with one learned g per feature, 1 at the start.

    Glow's way to let a zero-initialised output grow quickly.
    """

    def __init__(self, n_features: int):
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.exp(3.0 * self.gain)


class ConditionalNet(nn.Module):
    """Two layers on [x, condition], with LeakyReLU(0.2) between them.

    Many rows share few conditions: the first layer is kept as W_x x + W_c c, and the
    second term computed once for each distinct condition. Weights and biases are
    drawn from N(0, gain).
    """

    def __init__(
        self,
        n_in: int,
        n_condition: int,
        hidden_dim: int,
        n_out: int,
        rng: torch.Generator,
        *,
        gain: float,
    ):
        super().__init__()
        self.x_layer = linear(n_in, hidden_dim, rng, init="normal", gain=gain)
        self.c_layer = linear(
            n_condition, hidden_dim, rng, init="normal", gain=gain, bias=False
        )
        self.out = linear(hidden_dim, n_out, rng, init="normal", gain=gain)
        # c_layer has no bias, as the two first layers are one, taken apart.
        with torch.no_grad():
            for layer in (self.x_layer, self.out):
                layer.bias.normal_(0.0, gain, generator=rng)

    def forward(self, x: Tensor, condition: Tensor, rows: Tensor) -> Tensor:
        """Row ``i`` of x has the condition ``condition[rows[i]]``."""
        # Not [rows]: threads would add its gradient up in another order each time.
        h = self.x_layer(x) + self.c_layer(condition).index_select(0, rows)
        return self.out(F.leaky_relu(h, 0.2))
