"""The steps of CalibratedStackingCV: check a fold, score it, choose between points."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from ._attributes import check_class_attributes
from ._messages import few
from .metrics import seen_unseen_curve
from .metrics._response import score_fold


def check_split(fold, y, train, test):
    """A held-out class's rows must not touch the model that scores it."""
    common = np.intersect1d(train, test)
    if common.size:
        raise ValueError(
            f"cv: fold {fold} trains and tests on the rows {few(common)}; each row may "
            "be in one part only."
        )
    unseen = np.setdiff1d(y[test], y[train])
    if not unseen.size or not np.isin(y[test], y[train]).any():
        raise ValueError(
            f"cv: fold {fold} has no test rows of classes "
            f"{'with' if unseen.size else 'without'} training rows, so there is "
            "nothing to balance; use GZSLKFold or GZSLShuffleSplit."
        )


def fit_and_score(estimator, X, y, fit_params, train, test, keep):
    """Fit a clone on the training rows of a fold; it, if kept, and its curve."""
    present = np.unique(_safe_indexing(y, np.concatenate([train, test])))
    estimator = clone(estimator)
    estimator.set_params(**_narrowed(estimator.get_params(), present))
    params = _check_method_params(X, fit_params, indices=train)
    fitted = estimator.fit(
        _safe_indexing(X, train),
        _safe_indexing(y, train),
        **params | _narrowed(params, present),
    )
    curve = penalty_curve(fitted, _safe_indexing(X, test), _safe_indexing(y, test))
    return (fitted if keep else None), curve


def _narrowed(params, classes):
    """Those of the parameters that describe classes, cut to the given classes."""
    return {
        name: check_class_attributes(value, classes).subset(classes)
        for name, value in params.items()
        if name.rsplit("__")[-1] == "class_attributes" and value is not None
    }


def penalty_curve(fitted, X, y):
    y, scores, classes, seen = score_fold(fitted, X, y)
    return seen_unseen_curve(y, scores, seen_classes=seen, labels=classes)


def nearest_to_zero(candidates, penalties):
    """Of equally good intervals [penalty, next) the one that asks for least."""
    upper = np.append(penalties, np.inf)[candidates + 1]
    distance = np.maximum(np.maximum(penalties[candidates], -upper), 0)
    return candidates[distance.argmin()]


def between(penalties, i):
    """A penalty well inside of the interval from point i to the next."""
    if i == 0:  # below all gaps
        return float(penalties[1] - 1)
    if i == len(penalties) - 1:
        return float(penalties[i] + 1)
    return float((penalties[i] + penalties[i + 1]) / 2)
