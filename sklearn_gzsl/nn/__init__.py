"""Building blocks in plain torch: layers, ActNorm, couplings, flows, losses.

Everything random takes an explicit ``torch.Generator``; torch's global state is
neither read nor changed.
"""

from ._actnorm import ActNorm
from ._adversarial import ConditionalGenerator, ConditionalWGAN
from ._budget import Budget
from ._coupling import AdditiveCoupling, AffineCoupling
from ._critic import AutogradComparison, ConditionalCritic
from ._discrepancy import squared_mmd
from ._flow import Flow, Permutation
from ._layers import (
    ConditionalNet,
    LearnedScale,
    ReLUNet,
    distinct,
    in_pieces,
    typical_norm,
)
from ._linear import Linear, linear, products_in, weight_gradient
from ._metric_losses import (
    adaptive_margin_loss,
    circle_loss,
    contrastive_loss,
    multi_similarity_loss,
    supervised_contrastive_loss,
)

__all__ = [
    "ActNorm",
    "AdditiveCoupling",
    "AffineCoupling",
    "AutogradComparison",
    "Budget",
    "ConditionalCritic",
    "ConditionalGenerator",
    "ConditionalNet",
    "ConditionalWGAN",
    "Flow",
    "LearnedScale",
    "Linear",
    "Permutation",
    "ReLUNet",
    "adaptive_margin_loss",
    "circle_loss",
    "contrastive_loss",
    "distinct",
    "in_pieces",
    "linear",
    "multi_similarity_loss",
    "products_in",
    "squared_mmd",
    "supervised_contrastive_loss",
    "typical_norm",
    "weight_gradient",
]
