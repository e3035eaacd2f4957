"""A warning where a training by gradient steps ended too early."""

import numpy as np

from ..utils import warn

# Fewer steps tell no trend.
_FEWEST_STEPS = 50


def warn_if_cut_short(clf):
    """Warn where the loss of a softmax was high and fell when ``max_iter`` was over.

    High is more than three tenths of what guessing costs; what the second half of the
    steps gained is more than a tenth of all that was gained.
    """
    if clf.max_iter == "auto":
        return
    losses, n = clf.loss_curve_, len(clf.loss_curve_)
    guessing = np.log((clf.class_count_ > 0).sum())
    # Means, as the losses of single steps jump about.
    end = np.mean(losses[-(n // 10 + 1) :])
    middle = np.mean(losses[n // 2 - n // 20 : n // 2 + n // 20 + 1])
    falls = middle - end > 0.1 * (guessing - end)
    if end > 0.3 * guessing and (falls or clf.n_iter_ < _FEWEST_STEPS):
        warn(
            f"max_iter={clf.max_iter} ended the training of the softmax while its loss "
            "was high and fell, see loss_curve_. Give it more steps, a larger lr, or "
            "max_iter='auto'."
        )
