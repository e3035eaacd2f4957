"""A warning after the fit where seen or unseen classes are never predicted."""

import numpy as np
from sklearn.frozen import FrozenEstimator

from ..utils import is_on_trial, warn

# Rows of each side that are looked at, about: a hundredth of a fit at most.
_N_ROWS = 100
# Synthetic rows of a class, for each real one, below which a classifier that goes by
# how frequent classes are neglects the unseen ones, and how much of their rows then.
_FEW, _NEGLECTED = 0.2, 0.1


def warn_of_lost_side(clf):
    """Warn where a fitted GZSLClassifier has lost the seen or the unseen classes.

    That is told by rows that it should know well: of the training rows, and others that
    the generator draws.
    """
    frozen = isinstance(clf.classifier_, FrozenEstimator)
    if frozen or is_on_trial() or not len(clf.unseen_classes_):
        return
    penalty, other = f"seen_penalty={clf.seen_penalty_:.4g}", "seen_penalty='auto' or a"
    if clf.seen_penalty == "auto":  # that was of no use
        penalty, other = f"seen_penalty_={clf.seen_penalty_:.4g}", "as seen_penalty a"
    unseen = clf.unseen_classes_
    some = unseen[np.linspace(0, len(unseen) - 1, min(len(unseen), _N_ROWS), dtype=int)]
    described = clf.class_attributes_.subset(some)
    n_each = -(-_N_ROWS // len(some))
    # With a seed of its own: no other draw depends on it.
    X, y = clf.generator_.sample(described, n_each, random_state=0)
    recall = _recall(clf, X, y)
    few = clf.n_synthetic_ < _FEW * len(clf._labels) / len(clf.seen_classes_)
    if recall <= (_NEGLECTED if few else 0):
        warn(
            f"Of rows drawn for unseen classes {recall:.0%} get their class, so that "
            f"unseen classes are hardly ever predicted. With {penalty} and "
            f"n_synthetic_={clf.n_synthetic_}, try {other} larger number, more "
            "synthetic rows, a longer training of the classifier, or "
            "descriptions in one unit."
        )
    if clf.candidate_classes == "unseen":
        return
    rows = np.linspace(0, len(clf._rows) - 1, _N_ROWS, dtype=int)
    X = np.asarray(clf.generator_.transform(clf._rows[rows]))
    if not _recall(clf, X, clf._labels[rows]):
        warn(
            "No training row gets its class, so that seen classes are hardly ever "
            f"predicted. With {penalty} and n_synthetic_={clf.n_synthetic_}, try "
            f"{other} smaller number, fewer synthetic rows, or a longer training of "
            "the classifier."
        )


def _recall(clf, features, y):
    best = clf._feature_scores(features).argmax(axis=1)
    return np.mean(clf.classes_[best] == y)
