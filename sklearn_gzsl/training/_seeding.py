"""Explicit randomness and devices."""

import numpy as np
import torch
from sklearn.utils import check_random_state

from ..utils._typing import RandomState


def draw_seed(random_state: RandomState) -> int:
    """Turn scikit-learn's random_state into one integer seed.

    ``None`` draws from the operating system, not from numpy's global generator, which
    fits must neither read nor change: ``np.random.seed`` makes no estimator of this
    package repeat itself. Splitters and loaders of made-up data alone go by it where
    they have no ``random_state``, as those of scikit-learn do.
    """
    # 31 bits in either case: more than enough, and a valid seed for numpy and torch.
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    return int(check_random_state(random_state).randint(2**31 - 1))


def torch_generator(seed: int, device: str | torch.device = "cpu") -> torch.Generator:
    # One of its own for each purpose: torch's global one belongs to the caller.
    return torch.Generator(device=device).manual_seed(seed)


def resolve_device(device: str) -> torch.device:
    """``"auto"`` is the GPU if there is one; a device that is missing is an error."""
    available = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        device = next(d for d in ("cuda", "mps", "cpu") if available[d])
    # "cuda:1" is the second GPU.
    if not available.get(device.split(":")[0], False):
        raise ValueError(
            f"device={device!r} is not available here; use device='auto' or 'cpu'."
        )
    return torch.device(device)
