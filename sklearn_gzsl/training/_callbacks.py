"""Callbacks of the training net."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    EpochScoring,
    InputShapeSetter,
    LRScheduler,
    PassthroughScoring,
)
from skorch.exceptions import SkorchException

from ..utils import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from typing_extensions import Self

_USELESS = {
    BatchScoring: "generators predict nothing for a batch; use EpochScoring",
    InputShapeSetter: "the module is built for the shape of X beforehand",
    LRScheduler: "the learning rate is set before every step; use lr_schedule, or a "
    "callback of your own that sets net.lr",
    PassthroughScoring: "the history has no scores of batches, but the mean of every "
    "loss term in an interval, by its name",
}


def check_kinds(callbacks: Iterable[Any]) -> None:
    """Refuse what is no callback, where skorch would ask it for a parameter."""
    for given in callbacks:
        named = isinstance(given, tuple) and len(given) == 2
        callback = given[1] if named else given
        if not hasattr(callback, "on_train_begin"):
            raise TypeError(
                f"callbacks holds {callback!r}, which is no callback of skorch; give "
                "objects such as skorch.callbacks.EpochScoring(...), or leave it out."
            )


def check_callbacks(callbacks: Iterable[tuple[str, Callback]]) -> None:
    """Refuse callbacks of skorch that would do nothing, or fail later on."""
    for _, callback in callbacks:
        if why := _useless(callback):
            name = type(callback).__name__
            raise ValueError(f"callbacks has {name}, which has no use here: {why}.")


def _useless(callback):
    """Why a callback has no use here, and what has; None for one that has."""
    if isinstance(callback, EpochScoring) and not callback.on_train:
        return "there are no validation rows; set its on_train=True"
    if isinstance(callback, EpochScoring) and not callable(callback.scoring):
        return (
            "generators predict nothing; let its scoring be a function of the net, and "
            "of two arguments that it may ignore, the batches and None"
        )
    return next((w for c, w in _USELESS.items() if isinstance(callback, c)), None)


@contextmanager
def name_monitors(net: Any) -> Iterator[None]:
    """Tell what can be monitored, if a callback asks for something else."""
    try:
        yield
    except (KeyError, ValueError, SkorchException) as error:
        known = [key for key in net.history[-1] if key != "batches"]
        for _, callback in net.callbacks_:
            monitor = getattr(callback, "monitor", None)
            if f"'{monitor}'" in str(error) and monitor not in known:
                raise ValueError(
                    f"callbacks has {type(callback).__name__} with monitor="
                    f"{monitor!r}, but the history has only {known}; set it to one of "
                    "these, or to a key that an EpochScoring before it records."
                ) from error
        raise


class NonFiniteLossError(ValueError):
    """Training met a loss that is NaN or infinite."""


class StopOnNaN(Callback):
    """Stop with an error as soon as an interval had a non-finite loss."""

    # Once in an interval: reading the loss of each step would make a GPU wait.
    def on_epoch_end(self, net: Any, *args: Any, **kwargs: Any) -> None:
        bad = ~np.isfinite(net.step_losses_).all(axis=1)
        if bad.any():
            first = int(bad.argmax())
            iteration = net.history[-1, "iter"] - len(bad) + first + 1
            terms = [
                name
                for name, value in zip(
                    net.loss_names_, net.step_losses_[first], strict=True
                )
                if not np.isfinite(value)
            ]
            raise NonFiniteLossError(
                f"The loss became NaN or infinite at iteration {iteration} (terms: "
                f"{', '.join(terms)}). The likely cause is a learning rate too high "
                f"for these features: lower lr (now {net.lr:g}), or scale X, for "
                "example with MinMaxScaler."
            )

    def on_train_end(self, net: Any, *args: Any, **kwargs: Any) -> None:
        # The last step has no loss after it that would show what it did.
        if not all(torch.isfinite(p).all() for p in net.module_.parameters()):
            raise NonFiniteLossError(
                "The last step of training made weights NaN or infinite; lower lr (now "
                f"{net.lr:g})."
            )


class Validation(Callback):
    """Score the net every so many steps; end training when that no longer helps.

    The last step is scored in any case. Scoring must draw no random numbers from the
    net's generator, so that it leaves the training as it is.

    Parameters
    ----------
    score : callable
        Called without arguments, with the module in evaluation mode; higher is better.
    interval : int
        Steps from one score to the next.
    patience : int
        Scores in a row without a new best one that end training.

    Attributes
    ----------
    steps_, scores_ : list
        Steps taken when the scores were computed, and the scores.
    best_step_ : int
        The step with the best score, the first of these.
    """

    def __init__(
        self,
        score: Callable[[], float],
        interval: int,
        patience: int,
    ):
        self.score = score
        self.interval = interval
        self.patience = patience

    def initialize(self) -> Self:
        self.steps_, self.scores_ = [], []
        return self

    @property
    def best_step_(self) -> int:
        return self.steps_[int(np.argmax(self.scores_))]

    def on_batch_end(self, net: Any, *args: Any, **kwargs: Any) -> None:
        # The last step, too, which may be the best and need not fall on the interval.
        if net.n_steps_ % self.interval and net.n_steps_ < net.max_iter:
            return
        self._look(net)
        since_best = len(self.scores_) - 1 - int(np.argmax(self.scores_))
        if since_best >= self.patience:
            net.stop_training = True

    def on_train_end(self, net: Any, *args: Any, **kwargs: Any) -> None:
        # Another callback may have ended training.
        if self.steps_[-1:] != [net.n_steps_]:
            self._look(net)

    def _look(self, net):
        # Evaluation mode is for modules of users that have dropout and the like.
        net.module_.eval()
        self.steps_.append(net.n_steps_)
        self.scores_.append(self.score())
        net.module_.train()
        say(f"validation at step {net.n_steps_}: H {self.scores_[-1]:.4f}")
