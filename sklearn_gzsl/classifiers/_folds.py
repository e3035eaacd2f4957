"""Folds that a seen penalty is chosen on: made, checked, a model trained on each."""

from copy import deepcopy
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import _check_method_params, _safe_indexing
from ..attributes import check_class_attributes
from ..metrics._response import find_model, missing_side
from ..model_selection import GZSLKFold, GZSLShuffleSplit, check_gzsl_split
from ..training import EACH_FIT, checkpoints, draw_seed
from ..utils import adapt, few, is_unlabelled, on_trial, ranked
from ._adapting import can_adapt
from ._penalty import penalty_curve, without_penalty
from ._wrapped import check_described

_MAX_FOLDS = 5


def make_cv(cv, random_state):
    """The splitter, or the folds themselves, that the parameter ``cv`` stands for."""
    if cv is None:
        return _k_fold(_MAX_FOLDS, random_state)
    if isinstance(cv, Integral):
        return _k_fold(cv, random_state)
    if isinstance(cv, Real):
        if random_state is None:  # of which the splitter makes numpy's global generator
            random_state = draw_seed(None)
        return GZSLShuffleSplit(
            1, unseen_size=cv, test_size=cv, random_state=random_state
        )
    return cv


def like_unseen(n_seen, n_unseen, random_state):
    """Folds in which about the share of classes is held out that is unseen.

    The more classes are held out, the larger is the penalty that suits them.
    """
    n_splits = round((n_seen + n_unseen) / n_unseen) if n_unseen else _MAX_FOLDS
    return _k_fold(max(min(n_splits, _MAX_FOLDS, n_seen), 2), random_state)


def n_held_out(folds, y):
    """How many classes the test rows of a fold have that its others have not."""
    y = np.asarray(y)
    return np.mean([len(np.setdiff1d(y[test], y[train])) for train, test in folds])


def _k_fold(n_splits, random_state):
    shuffle = random_state is not None
    return GZSLKFold(n_splits, shuffle=shuffle, random_state=random_state)


def list_folds(cv, X, y, split_params):
    """Row numbers of all folds, checked."""
    labels = y
    if is_unlabelled(y).any():
        # Rows without labels are gone by now: here -1 is a class, as it is described.
        labels = np.unique(y, return_inverse=True)[1]
    # A list: an iterable of pairs can be gone through only once.
    folds = cv.split(X, labels, **split_params) if hasattr(cv, "split") else cv
    return _checked(list(folds), y)


def _checked(folds, y):
    """Row numbers of the folds, in which no row of a held-out class is for training."""
    y = np.asarray(y)
    checked = []
    for i, fold in enumerate(folds):
        try:
            train, test = fold
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"cv: fold {i} is no pair of row numbers; give (train, test) for each."
            ) from error
        try:
            train, test = _row_numbers(train, len(y)), _row_numbers(test, len(y))
            # Otherwise a held-out class with training rows would pass for an unseen
            # one.
            check_gzsl_split(y, train, test)
        except ValueError as error:
            raise ValueError(f"cv: fold {i}: {error}") from error
        if not np.isin(y[test], y[train]).any():
            raise ValueError(
                f"cv: fold {i} has no test row of a seen class, so there is nothing to "
                "balance; use GZSLKFold or GZSLShuffleSplit."
            )
        checked.append((train, test))
    if not checked:
        raise ValueError("cv has no folds; give at least one.")
    return checked


def _row_numbers(rows, n_rows):
    rows = np.asarray(rows)
    # Boolean masks are valid indices for numpy, but not for the checks of overlap.
    if rows.dtype != bool:
        return rows
    if rows.shape != (n_rows,):
        raise ValueError(
            f"a mask has the shape {rows.shape}, but there are {n_rows} rows."
        )
    return np.flatnonzero(rows)


def held_whole(params, y):
    """The parameters, with descriptions that no fold cuts."""
    return params | {
        name: check_described(params[name], y) for name in descriptions(params)
    }


def descriptions(params):
    """Names of the parameters that describe classes."""
    return [
        name
        for name, value in params.items()
        # The argument itself, or that of a step in a pipeline:
        # <step>__class_attributes.
        if name.rsplit("__")[-1] == "class_attributes" and value is not None
    ]


def check_prefit(clf, params):
    """Refuse a CalibratedStackingCV that would train, or an estimator not fitted."""
    frozen = isinstance(clf.estimator, FrozenEstimator)
    what = "a frozen estimator" if frozen else "cv='prefit'"
    if frozen and not (clf.cv is None or isinstance(clf.cv, str)):
        raise ValueError(
            f"cv={clf.cv!r}, but no fold can train a frozen estimator; leave cv "
            "at None, and fit on rows that the estimator has not met, of seen and "
            "of unseen classes."
        )
    if not frozen and clf.refit:
        raise ValueError(
            f"{what} takes the estimator as it is; pass refit=False with it."
        )
    if not frozen and params:  # which a frozen one ignores in its fit
        raise ValueError(
            f"{what} trains nothing, but fit got {sorted(params)}; leave them out."
        )
    try:
        check_is_fitted(clf.estimator)
    except NotFittedError as error:
        raise NotFittedError(
            f"{what}, but estimator is not fitted; fit it first, on other rows."
        ) from error


def fit_and_score(estimator, X, y, fit_params, train, test, *, keep, failed, instead):
    """Fit a clone on the training rows of a fold; it, if kept, and its curves.

    Unless it is kept, it knows of the fold's classes only. After its curve come those
    of ``adapted_curves``. Its error begins with ``failed``, which names the fold, and
    ends with what to do ``instead``.
    """
    try:
        return _fit_and_score(estimator, X, y, fit_params, train, test, keep)
    except ValueError as error:
        reason = str(error).removesuffix(".")
        raise ValueError(
            f"{failed}, in which all is fitted anew to {len(train)} of the {len(y)} "
            f"rows, without the classes that are held out: {reason}. {instead}"
        ) from error


def _fit_and_score(estimator, X, y, fit_params, train, test, keep):
    estimator = without_penalty(estimator)
    if not keep:
        estimator = with_own_checkpoints(estimator)
        # The truly unseen classes must not take part: they would draw rows to
        # themselves that the fold counts as errors, and no penalty could be right.
        present = np.unique(_safe_indexing(y, np.concatenate([train, test])))
        estimator.set_params(**narrowed(estimator.get_params(), present))
        fit_params = fit_params | narrowed(fit_params, present)
    fitted = fit_on_fold(estimator, X, y, fit_params, train, test)
    X, y = _safe_indexing(X, test), _safe_indexing(y, test)
    curve = penalty_curve(fitted, X, y)
    adapted = adapted_curves(deepcopy(fitted) if keep else fitted, X, y)
    return (fitted if keep else None), curve, adapted


def with_own_checkpoints(estimator):
    """The estimator, whose checkpoints, if any, are apart for each of its fits."""
    # The rows of each fold are others.
    return estimator.set_params(
        **{
            name: str(Path(folder, EACH_FIT))
            for name, folder in checkpoints(estimator).items()
            if folder is not None and EACH_FIT not in str(folder)
        }
    )


def fit_on_fold(estimator, X, y, fit_params, train, test):
    """The estimator, fitted to the training rows of a fold, whose test rows are new."""
    params = _check_method_params(X, fit_params, indices=train)
    with on_trial():
        fitted = estimator.fit(
            _safe_indexing(X, train), _safe_indexing(y, train), **params
        )
    _check_held_out(fitted, np.asarray(y), train, test)
    return fitted


def prefit_curves(clf, X, y, params):
    """The same two of an estimator that was fitted before, which stays as it is."""
    check_prefit(clf, params)
    fitted = clf.estimator
    return [penalty_curve(fitted, X, y)], [adapted_curves(deepcopy(fitted), X, y)]


def adapted_curves(fitted, X, y):
    """Curves after adapting to rows without their labels; None if it can not.

    That of half of the rows, after adapting to the others, and that of all rows, after
    adapting to them; and how far unseen classes went by all.
    """
    if not can_adapt(fitted):
        return None
    curves = []
    # Rows that have moved a class score high for it, and want a lower penalty than
    # others: rows of both kinds will have to be predicted.
    order, rank, _ = ranked(np.unique(y, return_inverse=True)[1])
    known, new = (np.sort(order[rank % 2 == i]) for i in (0, 1))
    with on_trial():  # few rows, as folds are
        X_new, y_new = _safe_indexing(X, new), _safe_indexing(y, new)
        if missing_side(y_new, find_model(fitted).seen_classes_) is None:
            adapt(fitted, _safe_indexing(X, known))
            curves.append(penalty_curve(fitted, X_new, y_new))
        adapt(fitted, X, reset=True)
    return [*curves, penalty_curve(fitted, X, y)], went(fitted).mean()


def went(fitted):
    """How far each unseen class has adapted, from 0 to 1."""
    model = find_model(fitted)
    return model.adaptation_[~np.isin(model.classes_, model.seen_classes_)]


def _check_held_out(fitted, y, train, test):
    """Refuse an estimator with a part that has met the fold's unseen classes before."""
    held_out = np.setdiff1d(y[test], y[train])
    met = held_out[np.isin(held_out, find_model(fitted).seen_classes_)]
    if met.size:
        raise ValueError(
            f"cv: a fold holds {few(met)} out, but the estimator has seen them: it "
            "was fitted before. Give it as FrozenEstimator(estimator), and fit on rows "
            "that it has not met, of seen and of unseen classes."
        )


def narrowed(params, classes):
    """Those of the parameters that describe classes, cut to the given classes."""
    return {
        name: check_class_attributes(params[name]).subset(classes)
        for name in descriptions(params)
    }
