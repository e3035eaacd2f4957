"""The skorch net that every neural generator trains with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping, EpochTimer
from skorch.utils import TeeGenerator

from ..utils import progress
from ._batches import IndexBatches, intervals
from ._callbacks import StopOnNaN, check_callbacks, check_kinds, name_monitors
from ._state import go_on, net_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor
    from typing_extensions import Self

    from ._checkpoint import Checkpoint


def _cosine(done):
    """Warm up over the first twentieth, then decay to 0."""
    return min(1.0, 0.01 + 20 * done) * math.cos(math.pi / 2 * done) ** 2


# Factor of the learning rate at a fraction of the steps.
LR_SCHEDULES = {"constant": lambda _: 1.0, "cosine": _cosine}


def _has_stopped(callback):
    """Whether this is a callback of skorch that has just ended training."""
    return isinstance(callback, EarlyStopping) and callback.misses_ == callback.patience


def _drop_gradients(parameters):
    """Set gradients to None; their memory is ``spare`` for the next ones."""
    for p in parameters:
        p.spare, p.grad = p.grad, None


class StepNet(NeuralNet):
    """skorch net that counts gradient steps and keeps its data on the device.

    The module's ``forward(*batch, rng)`` returns a dict of loss terms whose entry
    ``"loss"`` is minimised; the others are only reported. It may have a method
    ``backward(losses)`` of its own to leave gradients in the weights. The module's
    ``progress`` is set to the fraction of the steps taken before each. Training takes
    ``max_iter`` steps in at most 100 intervals, skorch's "epochs": after each one
    the callbacks run, and the history gets the mean of every term.

    Parameters
    ----------
    module : torch.nn.Module
        Initialised module; moved to ``device``.
    max_iter : int
        Number of gradient steps.
    stop_at : int, optional
        Step after which to stop, as if training had been ended then: the learning
        rate and ``progress`` stay those of ``max_iter`` steps.
    lr_schedule : {"constant", "cosine"} or callable
        "cosine" warms up over the first 5 % of the steps and decays to 0. A callable
        gives the factor of the learning rate at a fraction of the steps.
    rng : torch.Generator
        Source of the batch order and of the module's noise, on ``device``.
    rows_per_class : int
        Rows of a class that come together in a batch; the last tensor has the classes.
    lr, batch_size, device, callbacks, optimizer__*
        As in skorch.
    """

    # Of these skorch knows more than its hints say.
    module_: Any
    optimizer: Any
    optimizer_: Any
    history: Any

    def __init__(
        self,
        module: torch.nn.Module,
        *,
        max_iter: int = 1,
        stop_at: int | None = None,
        rng: Any = None,
        rows_per_class: int = 1,
        lr_schedule: str | Callable[[float], float] = "constant",
        **kwargs: Any,
    ):
        kwargs.setdefault("optimizer", torch.optim.Adam)
        # The criterion is for form's sake, as the module knows its losses. All rows are
        # training rows, and there are no predictions that callbacks could score.
        fixed: dict[str, Any] = {
            "criterion": torch.nn.Identity,
            "train_split": None,
            "max_epochs": 1,
            "use_caching": False,
            "verbose": 0,  # what is said, is said by ``progress``
        }
        super().__init__(module, **fixed, **kwargs)
        self.max_iter = max_iter
        self.stop_at = stop_at
        self.rng = rng
        self.rows_per_class = rows_per_class
        self.lr_schedule = lr_schedule

    # Length of the list of batches that one step takes; None: one batch, no list.
    _batches_per_step = None
    # Where the state of a training is kept while it runs.
    _checkpoint = None

    @property
    def _all_optimizers(self):
        return [self.optimizer_]

    @property
    def _default_callbacks(self):
        return [("timer", EpochTimer()), ("stop_on_nan", StopOnNaN())]

    @torch.enable_grad()
    def train_steps(
        self, *tensors: Tensor, checkpoint: Checkpoint | None = None, what: str = ""
    ) -> Self:
        """Take ``max_iter`` gradient steps on batches of the tensors' rows.

        A callback may end training early by setting the net's ``stop_training`` to
        True at any step; skorch's EarlyStopping does so in a way of its own. Any other
        KeyboardInterrupt is a user's Ctrl-C, and passed on. With a ``checkpoint``,
        training goes on from what it has, and keeps its state there. Its progress is
        called ``what``.
        """
        check_kinds(self.callbacks or ())
        self.initialize()
        check_callbacks(self.callbacks_)
        self.n_steps_ = self.n_intervals_ = 0
        self.loss_names_, self.interval_ = [], []
        self.stop_training = False
        lengths = intervals(self.stop_at or self.max_iter)
        batches = IndexBatches(
            tensors,
            self.batch_size,
            self.rng,
            lengths,
            per_step=self._batches_per_step,
            rows_per_class=self.rows_per_class,
        )
        self._set_training(True)
        # Not skorch's fit_loop, which counts passes over the data and makes a loader of
        # it: a copy of each batch from the host.
        self.notify("on_train_begin", X=None, y=None)
        state = checkpoint.read() if checkpoint else None
        if state:
            go_on(self, batches, lengths, state)
        if not state or not state["over"]:
            self._checkpoint = checkpoint
            with progress(sum(lengths), "steps", what) as done:
                self._take_intervals(len(lengths), batches, done)
            self._checkpoint = None
            self.notify("on_train_end", X=None, y=None)
            if checkpoint:
                checkpoint.write(net_state(self, batches, over=True), over=True)
        self._set_training(False)
        for p in self.module_.parameters():  # nobody needs their gradients' memory
            p.grad = p.spare = None
        return self

    def _take_intervals(self, n_intervals, batches, done):
        data = {"dataset_train": batches, "dataset_valid": None}
        while self.n_intervals_ < n_intervals and not self.stop_training:
            self.notify("on_epoch_begin", **data)
            self.run_single_epoch(batches, True, "train", self.train_step)
            self.history.record("iter", self.n_steps_)
            self.n_intervals_ += 1
            try:
                with name_monitors(self):
                    self.notify("on_epoch_end", **data)
            except KeyboardInterrupt:
                # What skorch's EarlyStopping raises when it has decided; a Ctrl-C comes
                # without such a decision.
                if not any(_has_stopped(callback) for _, callback in self.callbacks_):
                    raise
                self.stop_training = True
            done(self.n_steps_, **{n: self.history[-1, n] for n in self.loss_names_})

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Tensor]:
        parameters = list(self.module_.parameters())
        _drop_gradients(parameters)
        terms = self.module_(*batch, rng=self.rng)
        if hasattr(self.module_, "backward"):
            self.module_.backward(terms)
        else:
            terms["loss"].backward()
        self._notify_gradients(parameters, batch)
        self.optimizer_.step()
        return terms

    def _notify_gradients(self, parameters, batch):
        """Show callbacks the gradients that the next step takes."""
        own = {id(p) for p in parameters}
        named = self.module_.named_parameters()
        named = TeeGenerator((name, p) for name, p in named if id(p) in own)
        self.notify(
            "on_grad_computed", named_parameters=named, batch=batch, training=True
        )

    def run_single_epoch(
        self,
        iterator: Any,
        training: bool,
        prefix: str,
        step_fn: Callable[..., dict[str, Tensor]],
        **fit_params: Any,
    ) -> None:
        # The losses stay on the device until the interval ends: reading each one
        # would make a GPU wait for the host at every step.
        schedule = self.lr_schedule
        factor_at = schedule if callable(schedule) else LR_SCHEDULES[schedule]
        for batch in iterator:
            self.module_.progress = self.n_steps_ / self.max_iter
            # Set before each step, from its number alone: a scheduler would have a
            # state of its own, and a training that stops earlier other rates.
            factor = factor_at(self.module_.progress)
            for optimizer in self._all_optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = self.lr * factor
            self.n_steps_ += 1
            self.notify("on_batch_begin", batch=batch, training=training)
            terms = step_fn(batch, **fit_params)
            self.loss_names_ = list(terms)
            losses = torch.stack([t.detach() for t in terms.values()])
            self.interval_.append(losses)
            self.notify(
                "on_batch_end", batch=batch, training=training, y_pred=None, **terms
            )
            if self.stop_training:
                break
            # Within an interval, too: that of a long training takes long.
            if self._checkpoint and self._checkpoint.due():
                self._checkpoint.write(net_state(self, iterator))
        self.step_losses_ = torch.stack(self.interval_).cpu().numpy()
        self.interval_ = []
        means = self.step_losses_.mean(axis=0, dtype=float)
        for name, value in zip(self.loss_names_, means, strict=True):
            self.history.record(name, float(value))


class AdversarialNet(StepNet):
    """Net in which two sides of the module learn in turns, each with its own Adam.

    The module gives ``critic_losses(*prepared)`` and ``generator_losses(*batch, rng)``,
    dicts of loss terms of which those called ``"critic"`` and ``"generator"`` are
    minimised, and ``critic_parameters()`` and ``generator_parameters()``, lists that do
    not overlap. Its ``critic_batches(batches, rng)`` prepares the batches of all the
    critic's turns in a step, in which the generator stays the same. One step is
    ``n_critic`` steps of the critic's side, each on a fresh batch, and one of the
    generator's side on the last of these batches; then the module's ``after_step()`` is
    called.

    Parameters
    ----------
    module, max_iter, stop_at, rng, lr_schedule, **kwargs
        As in StepNet.
    n_critic : int
        Steps of the critic for each step of the generator.
    """

    def __init__(self, module: torch.nn.Module, *, n_critic: int = 5, **kwargs: Any):
        super().__init__(module, **kwargs)
        self.n_critic = n_critic

    @property
    def _batches_per_step(self):
        return self.n_critic

    @property
    def _all_optimizers(self):
        return [self.optimizer_, self.generator_optimizer_]

    def initialize_optimizer(self, *_: Any, **__: Any) -> Self:
        # The critic's has the name that skorch's callbacks and checkpoints know.
        options = self.get_params_for("optimizer") | {"lr": self.lr}
        module = self.module_
        self.optimizer_ = self.optimizer(module.critic_parameters(), **options)
        self.generator_optimizer_ = self.optimizer(
            module.generator_parameters(), **options
        )
        return self

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Tensor]:
        # A list: one for each of the critic's steps, the last for the generator's, too.
        module, optimizers = self.module_, self._all_optimizers
        sides = module.critic_parameters(), module.generator_parameters()
        critic = {}
        for part in module.critic_batches(batch, self.rng):
            critic = module.critic_losses(*part)
            self._descend(critic["critic"], sides[0], optimizers[0], part)
        # The critic only passes its gradient on here: its weights need none. Those that
        # a callback has frozen stay so.
        learning = [p for p in sides[0] if p.requires_grad]
        for p in learning:
            p.requires_grad_(False)
        last = batch[-1]
        generator = module.generator_losses(*last, rng=self.rng)
        self._descend(generator["generator"], sides[1], optimizers[1], last)
        module.after_step()
        for p in learning:
            p.requires_grad_(True)
        return critic | generator

    def _descend(self, loss, parameters, optimizer, batch):
        """Take a side's step; none if all of its parameters are frozen."""
        _drop_gradients(parameters)
        if not any(p.requires_grad for p in parameters):
            return
        loss.backward()
        self._notify_gradients(parameters, batch)
        optimizer.step()
