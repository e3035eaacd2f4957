"""Building blocks in plain torch: layers, ActNorm, couplings, flows.

Everything random takes an explicit ``torch.Generator``; torch's global state is
neither read nor changed.
"""

from ._actnorm import ActNorm
from ._adversarial import (
    ConditionalCritic,
    ConditionalGenerator,
    gradient_penalty,
)
from ._coupling import AdditiveCoupling, AffineCoupling
from ._flow import Flow, Permutation
from ._layers import ConditionalNet, LearnedScale, ReLUNet, linear

__all__ = [
    "ActNorm",
    "AdditiveCoupling",
    "AffineCoupling",
    "ConditionalCritic",
    "ConditionalGenerator",
    "ConditionalNet",
    "Flow",
    "LearnedScale",
    "Permutation",
    "ReLUNet",
    "gradient_penalty",
    "linear",
]
