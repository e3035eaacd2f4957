"""How generators are trained: one skorch net, counted in gradient steps."""

from ._batches import IndexBatches, intervals
from ._callbacks import StopOnNaN, Validation
from ._checkpoint import EACH_FIT, Checkpointed, checkpoints
from ._compile import compile_networks
from ._net import LR_SCHEDULES, AdversarialNet, StepNet
from ._precision import resolve_precision
from ._seeding import draw_seed, resolve_device, torch_generator
from ._shelter import sheltered

__all__ = [
    "EACH_FIT",
    "LR_SCHEDULES",
    "AdversarialNet",
    "Checkpointed",
    "IndexBatches",
    "StepNet",
    "StopOnNaN",
    "Validation",
    "checkpoints",
    "compile_networks",
    "draw_seed",
    "intervals",
    "resolve_device",
    "resolve_precision",
    "sheltered",
    "torch_generator",
]
