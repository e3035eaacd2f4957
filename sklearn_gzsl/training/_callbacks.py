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


class TrainingLog(PrintLog):
    """One printed line per interval: iteration, mean of each loss term, seconds."""

    def __init__(self):
        super().__init__(keys_ignored=["epoch", "train_batch_count"])

    def on_epoch_end(self, net, **kwargs):
        if net.verbose:
            super().on_epoch_end(net, **kwargs)
