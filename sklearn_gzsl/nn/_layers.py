"""Linear layers with explicit randomness, and the small networks made of them."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _LowPrecision(torch.autograd.Function):
    """x W^T, with all three matrix products of a step in another dtype."""

    @staticmethod
    def forward(ctx, x, weight, dtype):
        x, weight = x.to(dtype), weight.to(dtype)
        ctx.save_for_backward(x, weight)
        return F.linear(x, weight).float()

    @staticmethod
    def backward(ctx, slope):
        x, weight = ctx.saved_tensors
        slope = slope.to(x.dtype)
        of_x, of_weight, _ = ctx.needs_input_grad
        return (
            (slope @ weight).float() if of_x else None,
            (slope.T @ x).float() if of_weight else None,
            None,
        )


class Linear(nn.Linear):
    """Linear layer whose matrix products may be of a lower precision than the rest.

    Weights, inputs, results and gradients are float32; see ``products_in``.
    """

    products = torch.float32

    def forward(self, x: Tensor) -> Tensor:
        if self.products == torch.float32:
            return super().forward(x)
        y = _LowPrecision.apply(x, self.weight, self.products)
        return y if self.bias is None else y + self.bias


@contextmanager
def products_in(module: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """Let the linear layers of a module multiply in ``dtype``, for a while."""
    layers = [layer for layer in module.modules() if isinstance(layer, Linear)]
    before = [layer.products for layer in layers]
    try:
        for layer in layers:
            layer.products = dtype
        yield
    finally:
        for layer, old in zip(layers, before, strict=True):
            layer.products = old


def linear(
    n_in: int,
    n_out: int,
    rng: torch.Generator,
    *,
    init: str = "xavier",
    gain: float = 0.5,
    bias: bool = True,
) -> Linear:
    """Linear layer with zero bias and weights from an explicit generator.

    ``init`` is ``"xavier"`` (uniform, times ``gain``), ``"normal"`` (standard
    deviation ``gain``) or ``"zeros"``.
    """
    # skip_init: nn.Linear would draw its own weights from the global generator.
    with warnings.catch_warnings():
        # One feature leaves half of a coupling without input: an empty layer is meant.
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        layer = nn.utils.skip_init(Linear, n_in, n_out, bias=bias)
    with torch.no_grad():
        if init == "zeros" or layer.weight.numel() == 0:
            layer.weight.zero_()
        elif init == "xavier":
            nn.init.xavier_uniform_(layer.weight, gain=gain, generator=rng)
        else:
            layer.weight.normal_(0.0, gain, generator=rng)
        if bias:
            layer.bias.zero_()
    return layer


def in_pieces(f: Callable[..., Tensor], *tensors: Tensor, size: int = 1024) -> Tensor:
    """Apply f to some rows at a time: intermediate results then stay in a CPU's cache."""
    pieces = zip(*(t.split(size) for t in tensors), strict=True)
    return torch.cat([f(*piece) for piece in pieces])


def typical_norm(centred: Tensor, n: int = 1) -> Tensor:
    """Root mean square of the rows' norms, per sqrt(n); 1 if all rows are 0."""
    norm = (centred.square().sum(dim=1).mean() / n).sqrt()
    return torch.where(norm > 0, norm, 1.0)


class ReLUNet(nn.Module):
    """Linear layers with ReLU between them and, optionally, after the last."""

    def __init__(self, sizes: Sequence[int], rng: torch.Generator, *, last_relu=False):
        super().__init__()
        self.layers = nn.ModuleList(
            linear(n_in, n_out, rng) for n_in, n_out in pairwise(sizes)
        )
        self.last_relu = last_relu

    def forward(self, x: Tensor) -> Tensor:
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
        self.gain = nn.Parameter(torch.zeros(n_features))

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
        with torch.no_grad():
            for layer in (self.x_layer, self.out):
                layer.bias.normal_(0.0, gain, generator=rng)

    def forward(self, x: Tensor, condition: Tensor, rows: Tensor) -> Tensor:
        """Row ``i`` of x has the condition ``condition[rows[i]]``."""
        # Not [rows]: threads would add its gradient up in another order each time.
        h = self.x_layer(x) + self.c_layer(condition).index_select(0, rows)
        return self.out(F.leaky_relu(h, 0.2))
