"""The skorch net that every neural generator trains with."""

import math

import torch
from skorch import NeuralNet
from skorch.callbacks import EpochTimer

from ._batches import IndexBatches, intervals
from ._callbacks import StopOnNaN, TrainingLog


def _cosine(done):
    """Warm up over the first twentieth, then decay to 0."""
    return min(1.0, 0.01 + 20 * done) * math.cos(math.pi / 2 * done) ** 2


# Factor of the learning rate at a fraction of the steps.
LR_SCHEDULES = {"constant": lambda _: 1.0, "cosine": _cosine}


class StepNet(NeuralNet):
    """skorch net that counts gradient steps and keeps its data on the device.

    The module's ``forward(*batch, rng)`` returns a dict of loss terms whose entry
    ``"loss"`` is minimised; the others are only reported. Training takes
    ``max_iter`` steps in at most 100 intervals, skorch's "epochs": after each one
    the callbacks run, and the history gets the mean of every term.

    Parameters
    ----------
    module : torch.nn.Module
        Initialised module; moved to ``device``.
    max_iter : int
        Number of gradient steps.
    lr_schedule : {"constant", "cosine"}
        "cosine" warms up over the first 5 % of the steps and decays to 0.
    rng : torch.Generator
        Source of the batch order and of the module's noise, on ``device``.
    lr, batch_size, device, callbacks, verbose, optimizer__*
        As in skorch.
    """

    def __init__(
        self, module, *, max_iter=1, rng=None, lr_schedule="constant", **kwargs
    ):
        kwargs.setdefault("optimizer", torch.optim.Adam)
        super().__init__(
            module,
            criterion=torch.nn.Identity,
            train_split=None,
            max_epochs=1,
            **kwargs,
        )
        self.max_iter = max_iter
        self.rng = rng
        self.lr_schedule = lr_schedule

    @property
    def _default_callbacks(self):
        return [
            ("timer", EpochTimer()),
            ("stop_on_nan", StopOnNaN()),
            ("log", TrainingLog()),
        ]

    def train_steps(self, *tensors):
        """Take ``max_iter`` gradient steps on batches of the tensors' rows.

        A callback may end training early by raising KeyboardInterrupt when an
        interval ends, as skorch's EarlyStopping does. A user's Ctrl-C is passed on,
        unless it comes in the instant in which these callbacks run.
        """
        self.initialize()
        self.n_steps_ = 0
        lengths = intervals(self.max_iter)
        batches = IndexBatches(tensors, self.batch_size, self.rng, lengths)
        self._set_training(True)
        self.notify("on_train_begin", X=None, y=None)
        for _ in lengths:
            self.notify("on_epoch_begin", dataset_train=batches)
            self.run_single_epoch(batches, True, "train", self.train_step)
            self.history.record("iter", self.n_steps_)
            try:
                self.notify("on_epoch_end", dataset_train=batches)
            except KeyboardInterrupt:
                break
        self.notify("on_train_end", X=None, y=None)
        self._set_training(False)
        return self

    def train_step_single(self, batch, **fit_params):
        terms = self.module_(*batch, rng=self.rng)
        terms["loss"].backward()
        return terms

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        # The losses stay on the device until the interval ends: reading each one
        # would make a GPU wait for the host at every step.
        steps = []
        for batch in iterator:
            factor = LR_SCHEDULES[self.lr_schedule](self.n_steps_ / self.max_iter)
            for group in self.optimizer_.param_groups:
                group["lr"] = self.lr * factor
            self.n_steps_ += 1
            self.notify("on_batch_begin", batch=batch, training=training)
            terms = step_fn(batch, **fit_params)
            steps.append(torch.stack([t.detach() for t in terms.values()]))
            self.notify("on_batch_end", batch=batch, training=training, **terms)
        self.loss_names_ = list(terms)
        self.step_losses_ = torch.stack(steps).cpu().numpy()
        means = self.step_losses_.mean(axis=0, dtype=float)
        for name, value in zip(self.loss_names_, means, strict=True):
            self.history.record(name, float(value))
