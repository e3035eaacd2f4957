"""Building blocks in plain torch: layers, ActNorm, couplings, flows.

Everything random takes an explicit ``torch.Generator``; torch's global state is
neither read nor changed.
"""

from ._actnorm import ActNorm
from ._coupling import AdditiveCoupling, AffineCoupling
from ._flow import Flow, Permutation
from ._layers import ConditionalNet, LearnedScale, ReLUNet, linear

__all__ = [
    "ActNorm",
    "AdditiveCoupling",
    "AffineCoupling",
    "ConditionalNet",
    "Flow",
    "LearnedScale",
    "Permutation",
    "ReLUNet",
    "linear",
]
