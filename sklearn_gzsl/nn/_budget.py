"""A limit on what a module takes that is built to what a file says."""

from math import prod
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_FACTORIES = {
    *(torch.empty, torch.full, torch.ones, torch.rand, torch.randn, torch.randperm),
    *(torch.zeros, torch.Tensor.new_empty, torch.Tensor.new_zeros),
}


class Budget(TorchFunctionMode):
    """Within it, tensors made anew have so many numbers together, or are refused.

    The error, a ValueError, comes before the memory of the one that goes beyond.

    Examples
    --------
    >>> from torch import nn
    >>> with Budget(100):
    ...     nn.Linear(10**6, 10**6)
    Traceback (most recent call last):
    ValueError: a net is to be built that is larger than its weights
    """

    def __init__(self, n_numbers: int):
        super().__init__()
        self._left = n_numbers

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if func in _FACTORIES:
            sizes = [a for a in args if not isinstance(a, torch.Tensor)]
            size = sizes[0] if sizes and not isinstance(sizes[0], int) else sizes
            self._left -= prod(size)
            if self._left < 0:
                raise ValueError("a net is to be built that is larger than its weights")
        return func(*args, **(kwargs or {}))
