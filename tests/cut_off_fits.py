"""Fits that are cut off at given steps."""

from instances import NEURAL, TINY
from skorch.callbacks import Callback

from sklearn_gzsl.training import _batches

ALWAYS = {"checkpoint_interval": 0.0}
# Long enough for several intervals, and to be cut off more than once.
LONG = {cls: TINY[cls] | {"max_iter": 20} for cls in NEURAL}


class CutOff(Callback):
    """Ctrl-C at some of all steps that are taken, whatever the fit."""

    at: set = set()
    n_steps = 0

    def on_batch_begin(self, net, **kwargs):
        CutOff.n_steps += 1
        if CutOff.n_steps in CutOff.at:
            raise KeyboardInterrupt


def make_undisturbed(monkeypatch):
    CutOff.at, CutOff.n_steps = set(), 0
    # Intervals of several steps, though there are few of them.
    monkeypatch.setattr(_batches, "_N_REPORTS", 7)
