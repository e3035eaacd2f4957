"""The seen penalty that GZSLClassifier chooses by itself."""

import numpy as np
from sklearn.frozen import FrozenEstimator

from ..metrics._accuracy import harmonic_mean
from ..utils import progress, say, warn
from ._folds import fit_and_score, like_unseen, list_folds, n_held_out
from ._parts import settled
from ._penalty import (
    FEW_CLASSES,
    choose_adapted,
    choose_penalty,
    wanted_by_few,
    warn_if_guessed,
)

# Of the penalties that were looked at, so many are kept with their scores, for a
# picture: there is one for each row of the folds.
_MOST_KEPT = 1000


def choose_own_penalty(clf, X, y, attributes, seeds):
    """The penalty with the best H on held-out classes, for a fitted GZSLClassifier.

    Parameters
    ----------
    clf : GZSLClassifier
        Fitted but for its penalty.
    X, y : array-like
        What it was fitted to.
    attributes : ClassAttributes
        Descriptions of all classes.
    seeds : numpy.random.Generator
        For the folds and the fits on them.

    Returns
    -------
    penalty : float
        0 where there is nothing to choose it on.
    adapted : AdaptedPenalty or None
        What takes its place after ``adapt``.
    scores : ndarray of shape (n_folds,) or None
        H on the held-out classes of each fold at the penalty.
    results : dict of str to ndarray, or None
        What it was chosen from, as ``cv_results_`` of ``CalibratedStackingCV``.
    """
    n_seen, n_unseen = len(clf.seen_classes_), len(clf.unseen_classes_)
    if clf.candidate_classes == "unseen":
        return 0.0, None, None, None
    frozen = [
        name
        for name in ("generator", "classifier")
        if isinstance(getattr(clf, name), FrozenEstimator)
    ]
    if frozen:
        return _none(
            f"the {frozen[0]} is frozen, and has met the classes that would be held out"
        )
    seed = int(seeds.integers(2**31))
    try:
        folds = list_folds(like_unseen(n_seen, n_unseen, seed), X, y, {})
    except ValueError as error:
        reason = str(error).removesuffix(".")
        return _none(f"no classes can be held out ({reason})")
    held_out = n_held_out(folds, y)
    if hasattr(clf.generator_, "max_iter"):
        folds = folds[:1]
    if clf._moves_rows:
        clf.adapter_ = clf._fitted_adapter()
    alike = settled(clf).set_params(class_attributes=None, random_state=seed)
    params = {"class_attributes": attributes}
    curves, adapted = [], []
    say("choosing the seen penalty on held-out classes")
    with progress(len(folds), "folds", "seen penalty") as done:
        for i, fold in enumerate(folds):
            _, curve, after = fit_and_score(
                *(alike, X, y, params, *fold),
                keep=False,
                failed=f"seen_penalty='auto' failed in fold {i + 1} of {len(folds)}",
                instead="Give a number as seen_penalty, or parts that can be fitted to "
                "so few rows.",
            )
            curves.append(curve)
            adapted.append(after)
            done(i + 1)
    choice = choose_penalty(curves, "H")
    penalty, scores = choice.penalty, choice.fold_scores
    if n_seen < FEW_CLASSES:
        # The mean H over the folds jumps about. The median of what each wants was three
        # points of H better with three classes, and as good with four.
        penalty = float(np.median(wanted_by_few(curves, "H", n_seen)))
        scores = np.array([_h_at(curve, penalty) for curve in curves])
    say(f"seen_penalty_={penalty:.4g}: H {scores.mean():.4f} on held-out classes")
    warn_if_guessed(scores.mean(), n_seen, held_out)
    adapted_penalty = choose_adapted(choice, adapted, "H")
    return penalty, adapted_penalty, scores, choice.cv_results(_MOST_KEPT)


def _h_at(curve, penalty):
    seen, unseen, penalties = curve
    at = np.searchsorted(penalties, penalty, side="right") - 1
    return harmonic_mean(unseen[at], seen[at])


def _none(reason):
    warn(
        f"seen_penalty='auto' is 0 here, as {reason}; give a number, or use "
        "CalibratedStackingCV with rows of its own.",
    )
    return 0.0, None, None, None
