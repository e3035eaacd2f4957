"""Linear layers: explicit randomness, precision and memory of their products."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

_LOCKS = WeakKeyDictionary()  # one for each module whose precision was set
# Bytes from which the C library gives each new tensor fresh memory.
_LARGE = 2**25


def multiply(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    """Product of two matrices; that of bfloat16 ones in float32."""
    if a.dtype != torch.bfloat16:
        return torch.mm(a, b, out=out)
    product = torch.mm(a, b)
    return product.float() if out is None else out.copy_(product)


def weight_gradient(weight: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Product of a and b, in the memory ``weight.spare`` of a former gradient, if any.

    The system hands out the memory of large tensors page by page, which takes as long
    as half the product. Who drops a gradient may offer it so; it is taken once.
    """
    return multiply(a, b, out=vars(weight).pop("spare", None))


class _Affine(torch.autograd.Function):
    """x W^T + b with products in another dtype, and W's gradient in spare memory."""

    @staticmethod
    def forward(ctx, x, weight, bias, dtype):
        ctx.weight = weight
        low, weight = x.to(dtype), weight.to(dtype)
        ctx.save_for_backward(low, weight)
        if low is x:
            return F.linear(x, weight, None if bias is None else bias.to(dtype))
        y = F.linear(low, weight).to(x.dtype)
        return y if bias is None else y.add_(bias)

    # A second derivative would miss the weights, whose casts are no part of a graph,
    # and so be wrong without a word.
    @staticmethod
    @once_differentiable
    def backward(ctx, g):  # pyright: ignore[reportIncompatibleMethodOverride] (one y)
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias, _ = ctx.needs_input_grad
        low = g.to(x.dtype)
        return (
            multiply(low, weight) if of_x else None,
            weight_gradient(ctx.weight, low.T, x) if of_weight else None,
            g.sum(dim=0) if of_bias else None,
            None,
        )


class Linear(nn.Linear):
    """Linear layer whose matrix products may be of a lower precision than the rest.

    Weights, inputs, results and gradients keep theirs; see ``products_in``. A layer
    whose gradient is itself to be differentiated is told so by
    ``differentiable_twice``.
    """

    products: torch.dtype | None = None
    differentiable_twice = False

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] (torch has input)
        self, x: Tensor
    ) -> Tensor:
        dtype, twice = self.products or x.dtype, self.differentiable_twice
        if torch.compiler.is_compiling() or (twice and dtype != x.dtype):
            y = F.linear(x.to(dtype), self.weight.to(dtype)).to(x.dtype)
            return y if self.bias is None else y + self.bias
        small = self.weight.nbytes < _LARGE
        if twice or (dtype == x.dtype == self.weight.dtype and small):
            return super().forward(x)
        return _Affine.apply(x, self.weight, self.bias, dtype)


class _Blank(Linear):
    """Linear layer without weights yet: the global generator is not asked for any."""

    def reset_parameters(self) -> None:
        # Not nn.utils.skip_init, which takes five times as long as all the rest.
        pass


@contextmanager
def products_in(module: nn.Module, dtype: torch.dtype) -> Iterator[None]:
    """Let the linear layers of a module multiply in ``dtype``, for a while.

    Other threads that want this of the same module wait until it is over.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, Linear)]
    with _LOCKS.setdefault(module, RLock()):
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
    layer = _Blank(n_in, n_out, bias=bias, device=rng.device, dtype=torch.float32)
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
