"""Flat hit@k, class by class."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import check_consistent_length

from .._sklearn_compat import Interval, validate_params
from ..exceptions import UndefinedScoreWarning
from ..utils import warn
from ._accuracy import check_labels, class_means
from ._curve import check_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


@validate_params(
    {
        "y_true": ["array-like"],
        "y_score": ["array-like"],
        "k": [Interval(Integral, 1, None, closed="left")],
        "labels": ["array-like", None],
        "classes": ["array-like", None],
        "ranked": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def top_k_per_class_accuracy(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int = 5,
    labels: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    ranked: bool = False,
) -> float:
    """Mean over classes of the fraction of rows with the true class among the k best.

    The flat hit@k of [1]_, "flat" because it takes no notice of how classes are
    related; averaged over classes rather than rows as in [2]_, so that every class
    counts the same.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, strings or integers.

    y_score : array-like of shape (n_samples, n_classes)
        Score of each class for each row, higher is better: log-probabilities or any
        other scores. A class with -inf is ruled out and never hit. With ``ranked``,
        labels of shape (n_samples, k) or more columns.

    k : int, default=5
        How many classes a row may be given.

    labels : array-like of shape (n_classes,), default=None
        The class of each column of ``y_score``, ``classifier.classes_``. ``None`` is
        the sorted classes of ``y_true``.

    classes : array-like of shape (n_averaged,), default=None
        The classes to average over, such as ``classifier.unseen_classes_``; rows of
        other classes are left out. ``None`` is every class of ``y_true``.

    ranked : bool, default=False
        Whether ``y_score`` has, instead of scores, the best classes of each row, the
        best one first, as ``GZSLClassifier.predict_top_k`` gives them: scores of all
        rows and thousands of classes may not fit in memory. Every class named is a
        hit, in a tie and ruled out, too.

    Returns
    -------
    accuracy : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If lengths differ, if ``y_true`` has labels without a column or one of
        ``classes`` has no row, if columns and labels differ in number, or if a score
        is NaN or +inf. With ``ranked``, if there are fewer than ``k`` columns, or
        ``labels``.

    Warns
    -----
    UndefinedScoreWarning
        If ``k`` is at least the number of columns, so that nearly every row is right.

    See Also
    --------
    per_class_accuracy : The same for k = 1, from predictions.
    sklearn.metrics.top_k_accuracy_score : The mean over rows.

    Notes
    -----
    Where the true class is tied with others at the k-th place, the row counts by the
    chance that it is among the k best when the tie is broken at random. So the order
    of columns has no influence; scikit-learn's function favours later columns.

    References
    ----------
    .. [1] Frome, Corrado, Shlens, Bengio, Dean, Ranzato and Mikolov. DeViSE: a deep
       visual-semantic embedding model. NIPS, 2013.

    .. [2] Xian, Lampert, Schiele and Akata. Zero-shot learning: a comprehensive
       evaluation of the good, the bad and the ugly. TPAMI, 2018.

    Examples
    --------
    >>> from sklearn_gzsl.metrics import top_k_per_class_accuracy
    >>> y_true = ["cat", "cat", "dog", "zebra"]
    >>> y_score = [[5, 1, 2], [1, 3, 2], [3, 2, 1], [3, 1, 2]]  # cat, dog, zebra
    >>> top_k_per_class_accuracy(y_true, y_score, k=1)
    0.166...
    >>> top_k_per_class_accuracy(y_true, y_score, k=2)
    0.833...
    >>> top_k_per_class_accuracy(y_true, y_score, k=2, classes=["zebra"])
    1.0

    From labels, the two best ones of each row:

    >>> best = [
    ...     ["cat", "zebra"],
    ...     ["dog", "zebra"],
    ...     ["cat", "dog"],
    ...     ["cat", "zebra"],
    ... ]
    >>> top_k_per_class_accuracy(y_true, best, k=2, ranked=True)
    0.833...
    """
    y_true = check_labels(y_true, "y_true")
    if ranked:
        hits = _ranked_hits(y_true, y_score, k, labels)
        return class_means(y_true, hits, classes, "classes")
    scores, columns = check_scores(y_true, y_score, labels, y_true)
    if k >= len(columns):
        warn(
            f"k={k} is no less than the {len(columns)} columns of y_score, so that "
            "every class with a finite score is a hit; choose a smaller k.",
            UndefinedScoreWarning,
        )
    # Columns come in any order, but can be looked up only in sorted ones.
    order = np.argsort(columns)
    column = order[np.searchsorted(columns, y_true, sorter=order)]
    hits = expected_hits(scores, column, [k])[:, 0]
    return class_means(y_true, hits, classes, "classes")


def expected_hits(
    scores: np.ndarray, column: np.ndarray, ks: Sequence[int]
) -> np.ndarray:
    """Chance that each row's own column is among the k best, for each k, (n, n_ks)."""
    own = scores[np.arange(len(scores)), column][:, None]
    n_better = np.sum(scores > own, axis=1, keepdims=True)
    n_tied = np.sum(scores == own, axis=1, keepdims=True)
    # Of the places that better classes leave, those in the tie get an equal share. A
    # class that is ruled out is tied with all others that are, and must not win.
    return np.clip((np.asarray(ks) - n_better) / n_tied, 0, 1) * (own > -np.inf)


def _ranked_hits(y_true, ranking, k, labels):
    if labels is not None:
        raise ValueError(
            "labels was given with ranked=True, where y_score holds labels itself; "
            "leave it out."
        )
    ranking = np.asarray(ranking)
    if ranking.ndim != 2 or ranking.shape[1] < k:
        raise ValueError(
            f"y_score has shape {ranking.shape}, but with ranked=True it holds the k "
            f"best labels of each row, here (n_samples, {k}) at least; pass "
            "predict_top_k(X, k)."
        )
    check_consistent_length(y_true, ranking)
    # The check is for labels in one dimension.
    best = check_labels(ranking[:, :k].ravel(), "y_score", like=y_true)
    return np.any(best.reshape(-1, k) == y_true[:, None], axis=1)
