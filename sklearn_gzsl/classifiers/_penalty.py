"""The steps of CalibratedStackingCV: check a fold, score it, choose between points."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from ..attributes import check_class_attributes
from ..metrics._curve import curve_of_best
from ..metrics._response import best_of_fold
from ..model_selection import check_gzsl_split


def checked_folds(folds, y):
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
        name: check_class_attributes(params[name], y) for name in _descriptions(params)
    }


def _descriptions(params):
    return [
        name
        for name, value in params.items()
        if name.rsplit("__")[-1] == "class_attributes" and value is not None
    ]


def fit_and_score(estimator, X, y, fit_params, train, test, keep):
    """Fit a clone on the training rows of a fold; it, if kept, and its curve.

    Unless it is kept, it knows of the fold's classes only.
    """
    estimator = clone(estimator)
    params = _check_method_params(X, fit_params, indices=train)
    if not keep:
        present = np.unique(_safe_indexing(y, np.concatenate([train, test])))
        estimator.set_params(**_narrowed(estimator.get_params(), present))
        params = params | _narrowed(params, present)
    fitted = estimator.fit(_safe_indexing(X, train), _safe_indexing(y, train), **params)
    curve = penalty_curve(fitted, _safe_indexing(X, test), _safe_indexing(y, test))
    return (fitted if keep else None), curve


def _narrowed(params, classes):
    """Those of the parameters that describe classes, cut to the given classes."""
    return {
        name: check_class_attributes(params[name]).subset(classes)
        for name in _descriptions(params)
    }


def penalty_curve(fitted, X, y):
    y, best, winners, _, seen_classes = best_of_fold(fitted, X, y)
    return curve_of_best(y, np.isin(y, seen_classes), best, winners)


def best_point(scores, penalties):
    """Of the intervals [penalty, next) with the highest score the one nearest to 0.

    At +inf begins what no finite penalty reaches: rows without an unseen candidate.
    """
    within = np.flatnonzero(penalties < np.inf)
    best = within[scores[within] == scores[within].max()]
    upper = np.append(penalties, np.inf)[best + 1]
    distance = np.maximum(np.maximum(penalties[best], -upper), 0)
    return best[distance.argmin()]


def between(penalties, i):
    """A finite penalty well inside of the interval from point i to the next."""
    lower, upper = penalties[i], np.append(penalties, np.inf)[i + 1]
    if np.isinf(lower):
        return 0.0 if np.isinf(upper) else float(upper - 1)
    return float(lower + 1) if np.isinf(upper) else float((lower + upper) / 2)
