"""The seen-unseen accuracy curve and the area under it, without a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.utils import check_array, check_consistent_length

from .._sklearn_compat import StrOptions, validate_params
from ..utils import few
from ._accuracy import check_labels, check_sides

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_constraints = {
    "y_true": ["array-like"],
    "y_score": ["array-like"],
    "seen_classes": ["array-like"],
    "labels": ["array-like", None],
    "average": [StrOptions({"macro", "micro"})],
}


@validate_params(_constraints, prefer_skip_nested_validation=True)
def seen_unseen_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    seen_classes: ArrayLike,
    labels: ArrayLike | None = None,
    average: Literal["macro", "micro"] = "macro",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Accuracy on seen and on unseen classes for every seen penalty.

    A penalty is subtracted from the scores of all seen classes before the best
    class is taken (calibrated stacking [1]_). As it grows, rows move from the seen
    side to the unseen side, each at its own gap: its best seen score minus its best
    unseen score. So the whole curve has one step per distinct gap, and sorting the
    gaps gives all of it; no penalties are tried out.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, strings or integers, of seen and of unseen classes.

    y_score : array-like of shape (n_samples, n_classes)
        Score of each class for each row, higher is better: log-probabilities or
        any other scores. A score of -inf rules a class out at every penalty.

    seen_classes : array-like of shape (n_seen_classes,)
        The classes that had rows in training; the others are unseen.

    labels : array-like of shape (n_classes,), default=None
        The class of each column of ``y_score``, ``classifier.classes_``. ``None`` is
        the sorted union of ``y_true`` and ``seen_classes``.

    average : {"macro", "micro"}, default="macro"
        Accuracy as mean over classes of the accuracy per class, or over rows.

    Returns
    -------
    seen_accuracy : ndarray of shape (n_points,)
        Falls from the accuracy among seen classes alone to 0.

    unseen_accuracy : ndarray of shape (n_points,)
        Rises from 0 to the accuracy among unseen classes alone.

    penalties : ndarray of shape (n_points,)
        Point ``i`` holds for every penalty from ``penalties[i]`` up to the next
        one; a row whose gap equals the penalty counts as predicted unseen. The
        first is -inf: seen classes only.

    Raises
    ------
    ValueError
        If ``y_true`` has no row of a seen or none of an unseen class, has labels
        without a column, if columns and labels differ in number, or if a score is
        NaN or +inf.

    See Also
    --------
    ausuc_score : The area under this curve.

    References
    ----------
    .. [1] Chao, Changpinyo, Gong and Sha. An empirical study and analysis of
       generalized zero-shot learning for object recognition in the wild. ECCV,
       2016.

    Examples
    --------
    >>> from sklearn_gzsl.metrics import seen_unseen_curve
    >>> y_true = ["cat", "dog", "zebra", "zebra"]
    >>> y_score = [[5, 1, 2], [1, 3, 1], [2, 1, 4], [3, 1, 2]]  # cat, dog, zebra
    >>> seen, unseen, penalties = seen_unseen_curve(
    ...     y_true, y_score, seen_classes=["cat", "dog"]
    ... )
    >>> seen
    array([1. , 1. , 1. , 0.5, 0. ])
    >>> unseen
    array([0. , 0.5, 1. , 1. , 1. ])
    >>> penalties
    array([-inf,  -2.,   1.,   2.,   3.])
    """
    y_true = check_labels(y_true, "y_true")
    seen_classes = check_labels(seen_classes, "seen_classes", like=y_true)
    seen_row = check_sides(y_true, seen_classes)
    y_score, labels = check_scores(y_true, y_score, labels, seen_classes)
    best, columns = best_by_side(y_score, np.isin(labels, seen_classes))
    return curve_of_best(y_true, seen_row, best, labels[columns], average)


def ausuc_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    seen_classes: ArrayLike,
    labels: ArrayLike | None = None,
    average: Literal["macro", "micro"] = "macro",
) -> float:
    """Area under the seen-unseen accuracy curve, exact.

    The area [1]_ does not depend on a choice of penalty, so it compares the scores
    of two models whatever their bias towards seen classes.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, strings or integers, of seen and of unseen classes.

    y_score : array-like of shape (n_samples, n_classes)
        Score of each class for each row, higher is better; -inf rules a class out.

    seen_classes : array-like of shape (n_seen_classes,)
        The classes that had rows in training; the others are unseen.

    labels : array-like of shape (n_classes,), default=None
        The class of each column of ``y_score``. ``None`` is the sorted union of
        ``y_true`` and ``seen_classes``.

    average : {"macro", "micro"}, default="macro"
        Accuracy as mean over classes of the accuracy per class, or over rows.

    Returns
    -------
    score : float
        Between 0 and the product of the accuracies among seen classes alone and
        among unseen classes alone, so at most 1.

    Raises
    ------
    ValueError
        As for :func:`seen_unseen_curve`.

    See Also
    --------
    seen_unseen_curve : The curve itself.

    Notes
    -----
    The curve is a staircase: between two gaps nothing changes, and at the gap of
    one row one accuracy alone changes, where steps and trapezoids agree. They differ
    only if rows of both sides share a gap and so change sides together. The
    trapezoid is the exact value there: its diagonal is the mean over both orders in
    which the tie could be broken, so the area does not depend on the order of rows
    or columns. In other words, the score is the chance that a random seen row and a
    random unseen row, drawn class by class, are each right among the classes of
    their own side and have their gaps in the right order, a tie counting one half.

    References
    ----------
    .. [1] Chao, Changpinyo, Gong and Sha. An empirical study and analysis of
       generalized zero-shot learning for object recognition in the wild. ECCV,
       2016.

    Examples
    --------
    >>> from sklearn_gzsl.metrics import ausuc_score
    >>> y_true = ["cat", "dog", "zebra", "zebra"]
    >>> y_score = [[5, 1, 2], [1, 3, 1], [2, 1, 4], [3, 0, 0]]  # cat, dog, zebra
    >>> ausuc_score(y_true, y_score, seen_classes=["cat", "dog"])
    0.625
    """
    seen, unseen, _ = seen_unseen_curve(
        y_true, y_score, seen_classes=seen_classes, labels=labels, average=average
    )
    return area_under(seen, unseen)


def best_by_side(
    y_score: np.ndarray, seen_column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Best seen and best unseen score of each row, (n_samples, 2), and their columns.

    Little of all the scores, and enough for the curve and for the best class.
    """
    best = np.full((len(y_score), 2), -np.inf)
    columns = np.zeros((len(y_score), 2), dtype=int)
    for i, side in enumerate((seen_column, ~seen_column)):
        own = np.flatnonzero(side)
        # Where training rows are scored, no column may belong to an unseen class.
        if own.size:
            columns[:, i] = own[y_score[:, own].argmax(axis=1)]
            best[:, i] = y_score[np.arange(len(y_score)), columns[:, i]]
    return best, columns


def curve_of_best(
    y_true: np.ndarray,
    seen_row: np.ndarray,
    best: np.ndarray,
    winners: np.ndarray,
    average: str = "macro",
    weight: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The curve from the scores and labels of the best class of each side.

    ``weight`` is what :func:`row_weights` says, where that is known already.
    """
    if weight is None:
        weight = row_weights(y_true, seen_row, average)
    # A row matters only if it is right once its own side wins; then its best score
    # is finite, so that no gap is NaN.
    own_score = np.where(seen_row, best[:, 0], best[:, 1])
    own_label = np.where(seen_row, winners[:, 0], winners[:, 1])
    right = (own_label == y_true) & (own_score > -np.inf)
    # The penalty at which the row changes sides: below it a seen row is right, from it
    # on an unseen one.
    gap = best[right, 0] - best[right, 1]
    weight, seen_row = weight[right], seen_row[right]

    # One step of the stairs for each distinct gap, however many rows share it.
    penalties, step = np.unique(gap, return_inverse=True)
    fall = np.bincount(step, weights=weight * seen_row, minlength=len(penalties))
    rise = np.bincount(step, weights=weight * ~seen_row, minlength=len(penalties))
    # Before a step the seen rows with this gap or a larger one are right, after it the
    # unseen rows with this gap or a smaller one.
    seen = np.append(np.cumsum(fall[::-1])[::-1], 0.0)
    unseen = np.append(0.0, np.cumsum(rise))
    # Shares that add up to 1 may pass it by a rounding.
    return seen.clip(max=1), unseen.clip(max=1), np.append(-np.inf, penalties)


def area_under(seen: np.ndarray, unseen: np.ndarray) -> float:
    # Trapezoids, which are exact here: see the Notes of ausuc_score.
    return float(np.sum((seen[:-1] - seen[1:]) * (unseen[:-1] + unseen[1:])) / 2)


def check_scores(
    y_true: np.ndarray,
    y_score: ArrayLike,
    labels: ArrayLike | None,
    more_classes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Check scores and the classes of their columns.

    Without ``labels`` the columns are those of ``y_true`` and ``more_classes``.
    """
    scores: np.ndarray = check_array(
        y_score,
        dtype=np.float64,  # pyright: ignore[reportArgumentType] (no str, as it infers)
        ensure_all_finite=False,
        input_name="y_score",
    )
    check_consistent_length(y_true, scores)
    if np.isnan(scores).any() or np.isposinf(scores).any():
        raise ValueError(
            "y_score holds NaN or +inf; scores are finite, or -inf for a class that is "
            "ruled out. Look for a model that has diverged."
        )
    if labels is None:
        columns = np.union1d(y_true, more_classes)
        hint = "pass labels, the classes of the columns (classifier.classes_)."
    else:
        columns = check_labels(labels, "labels", like=y_true)
        hint = "give one label per column."
    if len(columns) != scores.shape[1]:
        raise ValueError(
            f"y_score has {scores.shape[1]} columns, but there are {len(columns)} "
            f"labels; {hint}"
        )
    if len(np.unique(columns)) != len(columns):
        raise ValueError("labels holds a class twice; give one label per column.")
    unknown = np.setdiff1d(y_true, columns)
    if unknown.size:
        raise ValueError(
            f"y_true holds {few(unknown)}, which are not among labels; y_score needs a "
            "column for each."
        )
    return scores, columns


def row_weights(
    y_true: np.ndarray, seen_row: np.ndarray, average: str = "macro"
) -> np.ndarray:
    """Give each row its share in the accuracy of its side."""
    if average == "micro":
        return np.where(seen_row, 1 / seen_row.sum(), 1 / (~seen_row).sum())
    # Per class and then over the classes of a side: a row's share is that of its class
    # in the side, divided among the class's rows.
    classes, first, codes, counts = np.unique(
        y_true, return_index=True, return_inverse=True, return_counts=True
    )
    n_seen = seen_row[first].sum()
    side_size = np.where(seen_row, n_seen, len(classes) - n_seen)
    return 1 / (counts[codes] * side_size)
