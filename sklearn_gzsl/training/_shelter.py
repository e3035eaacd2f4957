"""Work that the caller's torch contexts do not reach."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

_DEVICE_TYPES = ("cpu", "cuda", "mps")


@contextmanager
def sheltered() -> Iterator[None]:
    """Put torch's usual settings in force for a while; also a decorator.

    A notebook or a service may call an estimator with gradients off, in inference
    mode, under autocast, or with another default device: what is fitted and drawn must
    be the same. All of these belong to the thread, so that other threads keep theirs.
    The default dtype does not, and is not touched: every tensor states its own.
    """
    with ExitStack() as stack:
        # Gradients are on in it, also where the caller turned only these off.
        stack.enter_context(torch.inference_mode(False))
        for kind in _DEVICE_TYPES:
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        # Asked in this way, as torch.get_default_device() does not see
        # `with torch.device(...)` in older releases. Not entered without need: with a
        # default device every call of torch goes through Python.
        if torch.empty(0).device.type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield
