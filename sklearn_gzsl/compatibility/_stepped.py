"""What is shared by those that are learned by gradient steps."""

from abc import abstractmethod
from numbers import Integral, Real
from typing import ClassVar

import torch

from .._sklearn_compat import Interval, StrOptions
from ..training import (
    LR_SCHEDULES,
    Checkpointed,
    StepNet,
    draw_seed,
    resolve_device,
    sheltered,
    torch_generator,
)
from ..utils import naming_sizes
from ..utils._typing import RandomState
from ._base import CompatibilityClassifier


class SteppedClassifier(Checkpointed, CompatibilityClassifier):
    """Base class of those that are learned by gradient steps of a torch module.

    A subclass writes ``_module`` and ``_learned``. The module's ``forward(x, y, rng)``
    returns a dict with the ``"loss"``.

    Parameters
    ----------
    lr : float, default=0.01
        Learning rate.

    lr_schedule : {"cosine", "constant"}, default="cosine"
        What becomes of it, as in :class:`~sklearn_gzsl.generators.NeuralGenerator`.

    batch_size : int, default=64
        Rows in a step, which goes by the mean of their losses.

    max_iter : positive int, default=1000
        Number of steps.

    weight_decay : float, default=0.0
        L2 penalty that each step pays.

    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where to learn.

    random_state : int, RandomState instance or None, default=None
        Seed of the first weights, of the order of the rows, and of all draws.

    verbose : int, default=0
        Show on stderr how far it is, and the loss.

    Attributes
    ----------
    n_iter_, history_ : int and list of dict
        Steps taken; and of each hundredth of them, the last step and the mean loss.
    """

    lr: float = 0.01
    lr_schedule: str = "cosine"
    batch_size: int = 64
    max_iter: int = 1000
    weight_decay: float = 0.0
    device: str = "auto"
    random_state: RandomState = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [StrOptions(set(LR_SCHEDULES))],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "device": [StrOptions({"auto", "cpu", "cuda", "mps"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @abstractmethod
    def _module(self, n_features, A, rng):
        """Build the module for descriptions A, with weights drawn from ``rng``."""

    @abstractmethod
    def _learned(self, module, A):
        """Keep what was learned, as numpy arrays; A is that of ``_learn``."""

    def _optimizer(self):
        """Arguments of the net that say what takes the steps."""
        return {}

    @sheltered()
    def _learn(self, Z, codes, A):
        seed, device = draw_seed(self.random_state), resolve_device(self.device)
        data = {"X": Z, "y": codes, "class_attributes": A, "seen": self._is_seen}
        with self._checkpoints(seed, device, **data) as (checkpoint, seed):
            self._train(Z, codes, A, seed, device, checkpoint("training"))

    def _train(self, Z, codes, A, seed, device, checkpoint):
        # Drawn on the CPU, so that every device starts from the same weights.
        rng = torch_generator(seed)
        described = torch.tensor(A, dtype=torch.float32)
        with naming_sizes(self.get_params(deep=False)):
            module = self._module(Z.shape[1], described, rng).to(device)
        net = StepNet(
            module,
            max_iter=self.max_iter,
            lr_schedule=self.lr_schedule,
            rng=rng if device.type == "cpu" else torch_generator(seed, device),
            lr=self.lr,
            batch_size=int(self.batch_size),
            device=device.type,
            optimizer__weight_decay=self.weight_decay,
            **self._optimizer(),
        )
        rows = torch.tensor(Z, dtype=torch.float32, device=device)
        codes = torch.tensor(codes, device=device)
        net.train_steps(rows, codes, checkpoint=checkpoint)
        self.n_iter_ = net.n_steps_
        self.history_ = [{k: row[k] for k in ("iter", "loss")} for row in net.history]
        with torch.no_grad():
            self._learned(module.cpu(), A)
