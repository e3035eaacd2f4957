"""Where the seen penalty is chosen: on the curves of folds of held-out classes."""

from dataclasses import dataclass

import numpy as np
from sklearn.base import clone

from ..metrics._accuracy import harmonic_mean
from ..metrics._curve import curve_of_best
from ..metrics._response import best_of_fold, missing_side
from ..persistence import Stored
from ..utils import few, is_on_trial, warn

# Of fewer seen classes too few can be held out to rely on what folds say.
FEW_CLASSES = 5
# So many times what guesses reach. Of descriptions that were shuffled, or had moved by
# a class, this found all where folds held four classes or more out, and many of those
# where they held two; right ones were above it unless rows were little but noise.
_HARDLY = 1.5
_FEW_TO_JUDGE = 10


def check_scoring(scoring):
    """Refuse what is no function of two accuracies, before anything is trained."""
    if scoring == "H":
        return
    accuracies = np.linspace(0, 1, 3)
    try:
        shape = np.shape(scoring(accuracies, accuracies))
    except TypeError as error:
        raise ValueError(
            f"scoring={scoring!r} is not called as (unseen_accuracy, "
            "seen_accuracy) with two arrays; give 'H' or such a function."
        ) from error
    if shape != accuracies.shape:
        raise ValueError(
            f"scoring={scoring!r} returned the shape {shape} for two arrays "
            f"of shape {accuracies.shape}; return one score for each pair."
        )


@dataclass(eq=False)
class Choice:
    """The chosen penalty, and what it was chosen from.

    ``points`` are all penalties at which anything changes; the score, U and S of each
    fold hold from each of them up to the next one, (n_folds, n_points).
    """

    penalty: float
    score: float  # mean over the folds
    fold_scores: np.ndarray
    points: np.ndarray
    by_fold: dict

    def cv_results(self, most=None):
        """Scores at all points, or at so many, evenly spread over the rows' gaps."""
        at = np.arange(len(self.points))
        if most is not None and len(at) > most:
            at = np.linspace(0, len(at) - 1, most).astype(int)
        results = {"seen_penalties": self.points[at]}
        for name, all_values in self.by_fold.items():
            values = all_values[:, at]
            results[f"mean_test_{name}"] = values.mean(axis=0)
            for i, fold in enumerate(values):
                results[f"split{i}_test_{name}"] = fold
        return results


@dataclass(eq=False)
class AdaptedPenalty(Stored):
    """The penalty for classes that went as far as usual towards rows without labels.

    ``gain`` is what folds gained by adapting, in the mean, and ``error`` the standard
    error of that.
    """

    penalty: float
    usual: float
    gain: float
    error: float

    @property
    def worthwhile(self):
        return self.gain > self.error


def choose_adapted(plain, adapted, scoring):
    """What to subtract after adapting, from adapted folds; None where there are none.

    Parameters
    ----------
    plain : Choice
        Of the same folds before.
    adapted : list of (list of curves, float) or None
        Curves of each adapted fold, and how far its unseen classes went.
    scoring : "H" or callable
    """
    if not adapted or any(fold is None for fold in adapted):
        return None
    curves, went = zip(*adapted, strict=True)
    choice = choose_penalty([curve for fold in curves for curve in fold], scoring)
    ends = np.cumsum([len(fold) for fold in curves])[:-1]
    scores = [fold.mean() for fold in np.split(choice.fold_scores, ends)]
    gains = np.array(scores) - plain.fold_scores
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else 0.0
    return AdaptedPenalty(choice.penalty, np.mean(went), gains.mean(), error)


def penalised(clf, scores, penalty, adapted):
    """Scores less the penalty, which is another one the farther a class has gone.

    A class that has adapted scores higher on its own rows, and needs less help; one
    that has found no rows stays as it was. Only the balance with the seen classes
    counts, so what changes is added to the class.
    """
    seen = np.isin(clf.classes_, clf.seen_classes_)
    scores = np.where(seen, scores - penalty, scores)
    if adapted is None:
        return scores
    adaptation = clf.adaptation_
    if adaptation.any():
        share = np.minimum(adaptation / max(adapted.usual, 1e-9), 1.0)
        scores = scores + (adapted.penalty - penalty) * share
    return scores


def without_penalty(estimator):
    """A clone in which no seen penalty is chosen, as one is chosen around it."""
    return leave_penalty(clone(estimator))


def leave_penalty(estimator):
    """Let an estimator choose no seen penalty itself; one put by hand stays."""
    auto = {
        name: 0.0
        for name, value in estimator.get_params().items()
        if name.rsplit("__")[-1] == "seen_penalty" and isinstance(value, str)
    }
    return estimator.set_params(**auto) if auto else estimator


def wanted_by_few(curves, scoring, n_seen):
    """What each fold alone would choose where classes are few, with a warning."""
    wanted = [choose_penalty([curve], scoring).penalty for curve in curves]
    warn(
        f"The seen penalty is chosen on {n_seen} classes in all, and each fold alone "
        f"would choose {few(np.round(wanted, 2))}: too few to rely on. Give a number, "
        "as seen_penalty of GZSLClassifier, or CalibratedStackingCV a model that is "
        "fitted, and rows that it has not met."
    )
    return wanted


def hardly_better(score, n_seen, n_held_out):
    """Whether H is about that of who guesses among so many held-out classes.

    Who takes a share p of all rows for these has p / n_held_out as U, and at most 1 - p
    as S, and does best where S is the root of n_held_out times U.
    """
    guessed = 2 / (1 + np.sqrt(n_held_out)) ** 2
    # Few classes can be told apart by chance, and right ones be mistaken.
    return n_seen >= _FEW_TO_JUDGE and n_held_out >= 2 and score <= _HARDLY * guessed


def warn_if_guessed(score, n_seen, n_held_out):
    """Warn where held-out classes are told apart no better than by guesses."""
    if hardly_better(score, n_seen, n_held_out) and not is_on_trial():
        warn(  # without figures: said once in a search
            "On held-out classes H is hardly better than by guesses among these. Rows "
            "or descriptions say too little, or descriptions are those of other "
            "classes, as where a column has moved by a row; see fold_scores_, and what "
            "sklearn_gzsl.inspection.check_descriptions says."
        )


def choose_penalty(curves, scoring):
    """The penalty with the best mean score over the curves of all folds."""
    # Only there can any fold's score change: the maximum over them is exact.
    points = np.unique(np.concatenate([curve[2] for curve in curves]))
    folds = []
    for seen, unseen, steps in curves:
        # Curves are steps: between two points of its own, a fold stays as it was.
        at = np.searchsorted(steps, points, side="right") - 1
        folds.append((unseen[at], seen[at]))
    score = harmonic_mean if scoring == "H" else scoring
    scores = np.array([score(U, S) for U, S in folds])
    # Of the scores, not of the accuracies: each fold has its own classes.
    mean = scores.mean(axis=0)
    if np.isnan(mean).any():
        raise ValueError(
            f"scoring={scoring!r} returned NaN; return numbers for accuracies "
            "between 0 and 1, both included."
        )
    best = _best_point(mean, points)
    U, S = np.array(folds).transpose(1, 0, 2)
    return Choice(
        penalty=_between(points, best),
        score=float(mean[best]),
        fold_scores=scores[:, best],
        points=points,
        by_fold={"score": scores, "U": U, "S": S},
    )


def penalty_curve(fitted, X, y):
    y, best, winners, _, seen_classes = best_of_fold(fitted, X, y)
    side = missing_side(y, seen_classes)
    if side is not None:
        raise ValueError(
            f"y holds no {side} class, so there is nothing to balance; an estimator "
            "that is not trained here is calibrated on rows of seen and of unseen "
            "classes, which it has not met."
        )
    return curve_of_best(y, np.isin(y, seen_classes), best, winners)


def _best_point(scores, penalties):
    """Of the intervals [penalty, next) with the highest score the one nearest to 0.

    At +inf begins what no finite penalty reaches: rows without an unseen candidate.
    """
    within = np.flatnonzero(penalties < np.inf)
    best = within[scores[within] == scores[within].max()]
    upper = np.append(penalties, np.inf)[best + 1]
    distance = np.maximum(np.maximum(penalties[best], -upper), 0)
    return best[distance.argmin()]


def _between(penalties, i):
    """A finite penalty well inside of the interval from point i to the next."""
    # The middle is farthest from where a row changes sides, so rounding moves none.
    lower, upper = penalties[i], np.append(penalties, np.inf)[i + 1]
    if np.isinf(lower):
        return 0.0 if np.isinf(upper) else float(upper - 1)
    return float(lower + 1) if np.isinf(upper) else float((lower + upper) / 2)
