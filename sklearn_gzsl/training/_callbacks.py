"""Callbacks of the training net."""

import numpy as np
import torch
from skorch.callbacks import Callback, PrintLog


class NonFiniteLossError(ValueError):
    """Training met a loss that is NaN or infinite."""


class StopOnNaN(Callback):
    """Stop with an error as soon as an interval had a non-finite loss."""

    def on_epoch_end(self, net, **kwargs):
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

    def on_train_end(self, net, **kwargs):
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
    verbose : int
        Whether to print the scores.

    Attributes
    ----------
    steps_, scores_ : list
        Steps taken when the scores were computed, and the scores.
    best_step_ : int
        The step with the best score, the first of these.
    """

    def __init__(self, score, interval, patience, verbose=0):
        self.score = score
        self.interval = interval
        self.patience = patience
        self.verbose = verbose

    def initialize(self):
        self.steps_, self.scores_ = [], []
        return self

    @property
    def best_step_(self):
        return self.steps_[int(np.argmax(self.scores_))]

    def on_batch_end(self, net, **kwargs):
        if net.n_steps_ % self.interval and net.n_steps_ < net.max_iter:
            return
        self._look(net)
        since_best = len(self.scores_) - 1 - int(np.argmax(self.scores_))
        if since_best >= self.patience:
            net.stop_training = True

    def on_train_end(self, net, **kwargs):
        # Another callback may have ended training.
        if self.steps_[-1:] != [net.n_steps_]:
            self._look(net)

    def _look(self, net):
        net.module_.eval()
        self.steps_.append(net.n_steps_)
        self.scores_.append(self.score())
        net.module_.train()
        if self.verbose:
            print(f"validation at iter {net.n_steps_}: H = {self.scores_[-1]:.4f}")


class TrainingLog(PrintLog):
    """One printed line per interval: iteration, mean of each loss term, seconds."""

    def __init__(self):
        super().__init__(keys_ignored=["epoch", "train_batch_count"])

    def on_epoch_end(self, net, **kwargs):
        if net.verbose:
            super().on_epoch_end(net, **kwargs)
