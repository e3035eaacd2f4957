"""How often rows are rejected, rightly and wrongly."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_consistent_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def rejection_scores(
    y_true: ArrayLike, y_pred: ArrayLike, *, reject_label: Any = None
) -> dict[str, float]:
    """Shares of rows of described and of other classes that were rejected.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels; ``reject_label`` for rows of no described class.

    y_pred : array-like of shape (n_samples,)
        Predicted labels; ``reject_label`` for rejected rows.

    reject_label : int, str or None, default=None
        ``reject_label_`` of :class:`~sklearn_gzsl.RejectingClassifier`.

    Returns
    -------
    scores : dict of str to float
        ``"false_alarms"``, the share of the rows of described classes that were
        rejected, and ``"detected"``, that of the others; NaN where there are none.

    Raises
    ------
    ValueError
        If lengths differ.

    See Also
    --------
    gzsl_scores : Of rows of described classes alone; rejected ones are errors.
    sklearn.metrics.roc_auc_score : Of ``y_true == reject_label`` and
        ``novelty_score(X)``, for all rates of false alarms.

    Notes
    -----
    .. versionadded:: 0.1

    Examples
    --------
    >>> from sklearn_gzsl.metrics import rejection_scores
    >>> y_true = ["cat", "cat", "dog", "zebra", "rejected", "rejected"]
    >>> y_pred = ["cat", "dog", "rejected", "zebra", "rejected", "cat"]
    >>> rejection_scores(y_true, y_pred, reject_label="rejected")
    {'false_alarms': 0.25, 'detected': 0.5}
    """
    check_consistent_length(y_true, y_pred)
    other, rejected = (is_rejected(y, reject_label) for y in (y_true, y_pred))
    return {
        "false_alarms": _share(rejected[~other]),
        "detected": _share(rejected[other]),
    }


def is_rejected(y: ArrayLike, reject_label: Any) -> np.ndarray:
    """Which labels stand for no class; of any type, one beside another."""
    items = y.tolist() if isinstance(y, np.ndarray) else list(y)
    marked = [item is reject_label or item == reject_label for item in items]
    return np.array(marked, dtype=bool)


def rejections_alike(
    labels: Sequence[ArrayLike], like: np.ndarray, reject_label: Any = None
) -> tuple[list[ArrayLike], Any]:
    """Labels in which rejected rows have one of the type of others, and that label.

    They are marked by None, by -1 beside text, or by ``reject_label``. That stays if it
    is of the type of ``like``; otherwise ``like`` does not hold what takes its place.
    """
    text = like.dtype.kind == "U"
    is_label = isinstance(reject_label, str | Integral)
    if is_label and isinstance(reject_label, str) == text:
        return list(labels), reject_label
    label = free_label(like.tolist())
    marks = {None, reject_label, *([-1] if text else [])}
    return [_replaced(y, marks, label) for y in labels], label


def free_label(labels: list) -> Any:
    """A label that no class has: "rejected" beside text, -1 beside numbers, if free."""
    text = isinstance(labels[0], str)
    label: Any = "rejected" if text else -1
    while label in labels:
        label = f"{label}_" if text else label - 1
    return label


def _replaced(y, marks, label):
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y
    marked = np.any([is_rejected(y, mark) for mark in marks], axis=0)
    if not marked.any():
        return y
    items = np.array(y, dtype=object)
    items[marked] = label
    return items


def _share(rows):
    return float(rows.mean()) if len(rows) else np.nan
