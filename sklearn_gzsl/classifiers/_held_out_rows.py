"""What folds tell of scores: how high the best is, how surprising the true class."""

import numpy as np
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from .._sklearn_compat import _safe_indexing
from ..metrics._accuracy import check_labels
from ..metrics._response import check_known, class_scores, find_model
from ..utils import adapt, as_last_step_sees, on_trial, row_chunks, warn
from ._adapting import can_adapt
from ._calibrated_stacking import CalibratedStackingCV
from ._folds import fit_on_fold, narrowed, went, with_own_checkpoints
from ._gzsl_classifier import GZSLClassifier
from ._parts import settled, with_last_step
from ._voting import GZSLVotingClassifier

# What is known of each row, with the types of an empty set of them.
_NOTHING = {
    "best": np.empty(0),
    "taken_for_seen": np.empty(0, dtype=bool),
    "surprise": np.empty(0),
    "seen": np.empty(0, dtype=bool),
    "unit": np.empty(0, dtype=int),
}


class _Penalised(CalibratedStackingCV):
    """One whose penalty is given."""

    cv = None

    def __init__(self, estimator, *, penalty):
        self.estimator = estimator
        self.penalty = penalty

    def fit(self, X, y, class_attributes=None, **params):
        if class_attributes is not None:
            params["class_attributes"] = class_attributes
        self.estimator_ = clone(self.estimator).fit(X, y, **self._route(params)[0])
        self.seen_penalty_, self._adapted = self.penalty, None
        return self


def as_chosen(fitted):
    """What to fit on folds: alike, and with all that the fitted one has chosen.

    Scores with other penalties do not compare, and choosing takes longer than fitting.
    """
    if isinstance(fitted, Pipeline):
        return with_last_step(fitted, as_chosen)
    if isinstance(fitted, GZSLVotingClassifier):
        members = zip(fitted._fitted, fitted.estimators_, strict=True)
        return clone(fitted).set_params(**{name: as_chosen(m) for name, m in members})
    if isinstance(fitted, CalibratedStackingCV) and not isinstance(fitted.cv, str):
        return _Penalised(as_chosen(fitted.estimator_), penalty=fitted.seen_penalty_)
    alike = settled(fitted)
    if "seen_penalty" in alike.get_params(deep=False):
        alike.set_params(seen_penalty=fitted.seen_penalty_)
    return alike


def raw_scores(estimator, X, n_classes):
    """The decision function, which tells how far a row is from all classes."""
    if isinstance(estimator, Pipeline):
        return raw_scores(estimator[-1], as_last_step_sees(estimator, X), n_classes)
    # Of two classes it is their difference.
    if n_classes > 2 and isinstance(estimator, CalibratedStackingCV):
        scores = class_scores(estimator.estimator_, X, n_classes)
        return estimator._penalised(scores) + _level(estimator.estimator_, X, scores)
    if n_classes > 2 and isinstance(estimator, GZSLClassifier):
        features, last = estimator._transform(X), estimator.classifier_
        rows = features.astype(np.float64)
        own = class_scores(last, rows, len(last.classes_))  # without a seen penalty
        return estimator._feature_scores(features) + _level(last, rows, own)
    if n_classes > 2 and hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X), dtype=np.float64)
    return class_scores(estimator, X, n_classes)


def _level(estimator, X, scores):
    """How high all scores of a row are, which log-probabilities have lost."""
    raw = raw_scores(estimator, X, len(estimator.classes_))
    return (logsumexp(raw, axis=1) - logsumexp(scores, axis=1))[:, None]


def nothing_held_out(unseen):
    """No fold at all; a warning where the estimator is no ordinary classifier."""
    if len(unseen):
        warn(
            "RejectingClassifier rejects nothing: what it holds was fitted before, and "
            "no class can be held out. Give it as RejectingClassifier(FrozenEstimator("
            "estimator)), and fit on rows that the estimator has not met."
        )
    return []


def chosen_after(fitted):
    """Attributes in which a GZSLClassifier keeps penalties, for what folds fitted."""
    names = "seen_penalty", "_penalty", "_adapted"
    known = vars(fitted)
    return {name: known[name] for name in names} if set(names) <= set(known) else {}


def seen_on_fold(estimator, X, y, fit_params, unseen, chosen, train, test):
    """What a clone, fitted to the training rows of a fold, makes of its test rows.

    By ``before_and_after``; ``chosen`` are attributes that it has from then on.

    It knows as many classes without rows as the estimator of all rows does: those held
    out, and some of the ``unseen`` ones where these are more. With all of them, sets of
    classes held the true one more often than was asked for, on two real data sets.
    """
    met, tested = (np.unique(_safe_indexing(y, rows)) for rows in (train, test))
    n_more = max(len(unseen) - len(np.setdiff1d(tested, met)), 0)
    more = unseen[np.linspace(0, len(unseen) - 1, n_more, dtype=int)]
    known = np.concatenate([met, np.setdiff1d(tested, met), more])
    estimator = with_own_checkpoints(clone(estimator))
    estimator.set_params(**narrowed(estimator.get_params(), known))
    fit_params = fit_params | narrowed(fit_params, known)
    fitted = fit_on_fold(estimator, X, y, fit_params, train, test)
    vars(fitted).update(chosen)
    return before_and_after(fitted, _safe_indexing(X, test), _safe_indexing(y, test))


def before_and_after(fitted, X, y):
    """``seen_by`` before and after it has adapted to the rows, and how far that went.

    Twice the same where it can not. The estimator is changed.
    """
    before = seen_by(fitted, X, y)
    if not can_adapt(fitted):
        return before, before, 0.0
    with on_trial():  # few rows, as folds are
        adapt(fitted, X)
    return before, seen_by(fitted, X, y), went(fitted).mean()


def seen_by(fitted, X, y):
    """What a fitted estimator makes of rows that it has not met."""
    model = find_model(fitted)
    classes = model.classes_
    y = check_known(y, check_labels(classes, "classes_"))
    is_seen = np.isin(classes, model.seen_classes_)
    own = np.searchsorted(classes, y)
    best, columns, surprise = np.empty(len(y)), np.empty(len(y), int), np.empty(len(y))
    for rows, chunk in row_chunks(X, len(classes))[1]:
        scores = raw_scores(fitted, chunk, len(classes))
        best[rows], columns[rows] = best_of(scores)
        true = np.take_along_axis(scores, own[rows, None], axis=1)[:, 0]
        surprise[rows] = best[rows] - true
    return {
        "best": best,
        "taken_for_seen": is_seen[columns],
        "surprise": surprise,
        "seen": is_seen[own],
        "unit": np.unique(y, return_inverse=True)[1],
    }


def best_of(scores):
    """The largest score of each row, and its column."""
    columns = scores.argmax(axis=1)
    return np.take_along_axis(scores, columns[:, None], axis=1)[:, 0], columns


def together(parts, n_seen, n_unseen):
    """The same of several folds, whose classes are units of their own, and weights.

    Classes count the same, and sides by their classes.
    """
    n_before = 0
    numbered = [_NOTHING]
    for part in parts:
        numbered.append(part | {"unit": part["unit"] + n_before})
        n_before += part["unit"].max() + 1
    known = {name: np.concatenate([p[name] for p in numbered]) for name in _NOTHING}
    counts = np.bincount(known["unit"])
    weight = 1 / counts[known["unit"]]
    for side, n_classes in ((known["seen"], n_seen), (~known["seen"], n_unseen)):
        weight[side] *= n_classes / max(weight[side].sum(), 1e-9)
    return known | {"weight": weight}


def least_best(known, false_alarm):
    """The best scores below which such a share is, of rows taken for seen or not."""
    seen = known["taken_for_seen"]
    best, weight = known["best"], known["weight"]
    return -np.array(
        [quantile(-best[side], weight[side], 1 - false_alarm) for side in (seen, ~seen)]
    )


def most_surprising(known, coverage, false_alarm):
    """Up to where such a share of true classes is, of seen and of unseen ones."""
    # As far as a row is rejected, its best class is a surprise, too.
    limits = np.where(known["taken_for_seen"], *least_best(known, false_alarm))
    surprise = known["surprise"] + np.maximum(limits - known["best"], 0)
    seen, unseen = known["seen"], ~known["seen"]
    # New rows of seen classes are the next of many rows; those of an unseen class the
    # rows of the next of few classes.
    n_units = len(np.unique(known["unit"][unseen]))
    return np.array(
        [
            quantile(surprise[side], known["weight"][side], coverage, 1 / n)
            for side, n in ((seen, seen.sum() + 1), (unseen, n_units + 1))
        ]
    )


def quantile(values, weight, level, unknown=0.0):
    """The least value below which, or at which, there is such a share of the weight.

    A share ``unknown`` of it lies at infinity, in addition: inf where that matters.
    """
    order = np.argsort(values)
    shares = np.cumsum(weight[order])
    if not len(shares) or not shares[-1] > 0:
        return np.inf
    shares *= (1 - unknown) / shares[-1]
    # Sums of many weights are not exact.
    at = np.searchsorted(shares, level - 1e-9)
    return values[order[at]] if at < len(values) else np.inf
