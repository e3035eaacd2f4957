"""What a fitted estimator says about classes: which are seen, and its scores."""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._messages import few
from ._accuracy import check_labels


def score_fold(estimator, X, y, candidates="present"):
    """Labels, scores, classes of the columns and seen classes of a fold to score.

    With ``candidates="present"`` there are columns for the classes that the model has
    seen and for those in ``y``, else for all that it knows.
    """
    model = find_model(estimator)
    classes = check_labels(model.classes_, "classes_")
    seen_classes = check_labels(model.seen_classes_, "seen_classes_")
    y = _check_fold(y, classes, seen_classes)
    scores = class_scores(estimator, X, len(classes))
    if candidates == "present":
        kept = np.isin(classes, np.union1d(seen_classes, y))
        classes, scores = classes[kept], scores[:, kept]
    return y, scores, classes, seen_classes


def find_model(estimator):
    """The part of a fitted estimator that knows its seen classes."""
    model = estimator
    while not hasattr(model, "seen_classes_"):
        if isinstance(model, Pipeline):
            model = model.steps[-1][1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "estimator_"):
            model = model.estimator_
        else:
            check_is_fitted(model)
            raise TypeError(
                f"Found no seen_classes_ in {estimator!r}; use a fitted "
                "GZSLClassifier, or a pipeline or search (with refit) around one."
            )
    return model


def _check_fold(y, classes, seen_classes):
    y = check_labels(y, "y", like=classes)
    unknown = np.setdiff1d(y, classes)
    if unknown.size:
        raise ValueError(
            f"y holds {few(unknown)}, which the estimator does not know; its "
            "class_attributes in fit must cover every class that is scored."
        )
    seen = np.isin(y, seen_classes)
    if seen.all() or not seen.any():
        side = "unseen" if seen.all() else "seen"
        raise ValueError(
            f"The scored rows hold no {side} class, so U, S and H are not defined. Use "
            "GZSLShuffleSplit as cv: it keeps whole classes out of training, and rows "
            "of the others. (Training rows never hold an unseen class: set "
            "return_train_score=False.)"
        )
    return y


def class_scores(estimator, X, n_classes):
    """Score every class in a column, by the first method the estimator has."""
    for method in ("predict_log_proba", "predict_proba", "decision_function"):
        if hasattr(estimator, method):
            scores = np.asarray(getattr(estimator, method)(X), dtype=np.float64)
            break
    else:
        raise TypeError(
            f"{estimator!r} has none of predict_log_proba, predict_proba and "
            "decision_function; classes are ranked by one of them."
        )
    if method == "predict_proba":
        with np.errstate(divide="ignore"):
            scores = np.log(scores)
    if scores.ndim == 1 and n_classes == 2:
        scores = np.column_stack([np.zeros_like(scores), scores])
    if scores.ndim != 2 or scores.shape[1] != n_classes:
        raise ValueError(
            f"{method} returned shape {scores.shape}, expected one column for each of "
            f"the {n_classes} classes in classes_."
        )
    if np.isnan(scores).any() or np.isposinf(scores).any():
        raise ValueError(
            f"{method} returned NaN or +inf; the model has diverged, or its input has."
        )
    return scores
