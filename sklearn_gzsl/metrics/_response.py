"""What a fitted estimator says about classes: which are seen, and its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..utils import few, is_unlabelled, meant, path_inside, row_chunks
from ._accuracy import check_labels
from ._curve import best_by_side

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# What to do about rows of one side alone.
BOTH_SIDES = (
    "use GZSLShuffleSplit or GZSLKFold as cv: they keep whole classes out of training, "
    "and rows of the others. Training rows never hold an unseen class."
)


def score_fold(
    estimator: Any, X: Any, y: ArrayLike, candidates: str = "present"
) -> tuple[np.ndarray, ...]:
    """Labels, scores, classes of the columns and seen classes of a fold to score.

    With ``candidates="present"`` there are columns for the classes that the model has
    seen and for those in ``y``, else for all that it knows.
    """
    y, classes, kept, seen_classes = _fold(estimator, y, candidates)
    _check_both_sides(y, seen_classes)
    scores = class_scores(estimator, X, len(classes))
    return y, scores[:, kept], classes[kept], seen_classes


def best_of_fold(
    estimator: Any, X: Any, y: ArrayLike, candidates: str = "present"
) -> tuple[np.ndarray, ...]:
    """As ``score_fold``, but of the scores only the best of each side.

    All rows may be of seen classes, or all of unseen ones.

    Returns
    -------
    y : ndarray of shape (n_samples,)
    best : ndarray of shape (n_samples, 2)
        Best score of a seen and of an unseen class.
    winners : ndarray of shape (n_samples, 2)
        Labels of these classes.
    y_pred : ndarray of shape (n_samples,)
        The winner of both.
    seen_classes : ndarray of shape (n_seen_classes,)
    """
    y, classes, kept, seen_classes = _fold(estimator, y, candidates)
    seen = np.isin(classes[kept], seen_classes)
    # Scores of all rows and thousands of classes might not fit in memory; what is kept
    # of them are two numbers a row.
    parts = []
    for _, rows in row_chunks(X, len(classes))[1]:
        scores = class_scores(estimator, rows, len(classes))
        parts.append(best_by_side(scores[:, kept], seen))
    best, columns = map(np.concatenate, zip(*parts, strict=True))
    check_consistent_length(y, best)
    # Of equal scores, the first in the order of classes, as argmax does.
    first = (best[:, 0] > best[:, 1]) | (
        (best[:, 0] == best[:, 1]) & (columns[:, 0] < columns[:, 1])
    )
    winners = classes[kept][columns]
    y_pred = np.where(first, winners[:, 0], winners[:, 1])
    return y, best, winners, y_pred, seen_classes


def _fold(estimator, y, candidates):
    """Labels, all classes, which of them are candidates, and seen classes."""
    model = find_model(estimator)
    classes = check_labels(model.classes_, "classes_")
    seen_classes = check_labels(model.seen_classes_, "seen_classes_")
    y = check_known(y, classes)
    # In cross-validation the model knows classes of the final test as well: they have
    # a description, but no row in any fold, and would only be in the way.
    kept = np.full(len(classes), True)
    if candidates == "present":
        kept = np.isin(classes, np.union1d(seen_classes, y))
    return y, classes, kept, seen_classes


def path_to(estimator: Any, attribute: str) -> list[Any]:
    """A fitted estimator, what it wraps, and so on to the part with the attribute."""
    path = path_inside(estimator, attribute)
    if not hasattr(path[-1], attribute):
        check_is_fitted(path[-1])
        raise TypeError(
            f"Found no {attribute} in {estimator!r}; use a fitted "
            "GZSLClassifier, or a pipeline or search (with refit) around one."
        )
    return path


def find_model(estimator: Any) -> Any:
    """The part of a fitted estimator that knows its seen classes."""
    return path_to(estimator, "seen_classes_")[-1]


def check_known(y: Any, classes: np.ndarray) -> np.ndarray:
    """Labels as the type of the classes, all of which they must be among."""
    if is_unlabelled(y).any() and not is_unlabelled(classes).any():
        raise ValueError(
            "y holds -1, which stands for a row without a label; such rows can be "
            "adapted to, but not scored. Leave them out."
        )
    y = check_labels(y, "y", like=classes)
    unknown = np.setdiff1d(y, classes)
    if unknown.size:
        raise ValueError(
            f"y holds {few(unknown)}, which the estimator does not know; its "
            "class_attributes in fit must cover every class that is scored."
            + meant(unknown.tolist(), classes.tolist())
        )
    return y


def _check_both_sides(y, seen_classes):
    side = missing_side(y, seen_classes)
    if side is not None:
        raise ValueError(
            f"The scored rows hold no {side} class, so U, S and H are not defined; "
            f"{BOTH_SIDES}"
        )


def missing_side(
    y: np.ndarray, seen_classes: ArrayLike
) -> Literal["seen", "unseen"] | None:
    """Which of "seen" and "unseen" classes has no row; None if both have some."""
    seen = np.isin(y, seen_classes)
    if seen.all():
        return "unseen"
    return None if seen.any() else "seen"


def class_scores(estimator: Any, X: Any, n_classes: int) -> np.ndarray:
    """Score every class in a column, by the first method the estimator has."""
    # Logarithms first: probabilities of thousands of classes are often 0, and tie.
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
        # A penalty is then in the same unit as with the other methods.
        with np.errstate(divide="ignore"):
            scores = np.log(scores)
    # scikit-learn's decision function of two classes is one column, the second's score
    # against 0.
    if scores.ndim == 1 and n_classes == 2:
        scores = np.column_stack([np.zeros_like(scores), scores])
    if scores.ndim != 2 or scores.shape[1] != n_classes:
        raise ValueError(
            f"{method} returned shape {scores.shape}, expected one column for each of "
            f"the {n_classes} classes in classes_."
        )
    # -inf is a class of probability 0, and can be ranked.
    if np.isnan(scores).any() or np.isposinf(scores).any():
        raise ValueError(
            f"{method} returned NaN or +inf; the model has diverged, or its input has."
        )
    return scores
