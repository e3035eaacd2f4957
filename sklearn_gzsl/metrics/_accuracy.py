"""Accuracy per class, on seen classes, on unseen classes, and their balance."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from sklearn.utils import check_consistent_length

from .._sklearn_compat import StrOptions, validate_params
from ..utils import check_complete, few, meant
from ._rejection import rejections_alike

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@overload
def per_class_accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    average: Literal["macro"] = "macro",
) -> float: ...


@overload
def per_class_accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    average: None,
) -> np.ndarray: ...


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "labels": ["array-like", None],
        "average": [StrOptions({"macro"}), None],
    },
    prefer_skip_nested_validation=True,
)
def per_class_accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    average: Literal["macro"] | None = "macro",
) -> float | np.ndarray:
    """Mean over classes of the fraction of a class's rows that are right.

    Every class counts the same, however many rows it has [1]_. Predictions of
    classes that ``y_true`` does not hold are plain errors, and so are rejected rows.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, strings or integers.

    y_pred : array-like of shape (n_samples,)
        Predicted labels of the same kind; None, or -1 beside text, for rejected rows.

    labels : array-like of shape (n_classes,), default=None
        The classes to average over; rows of other classes are left out. ``None``
        is every class of ``y_true``.

    average : "macro" or None, default="macro"
        The mean over the classes, or with ``None`` the accuracy of each of them.

        .. versionadded:: 0.1

    Returns
    -------
    accuracy : float, or ndarray of shape (n_classes,)
        Between 0 and 1. With ``average=None`` in the order of ``labels``, which by
        default are sorted.

    Raises
    ------
    ValueError
        If lengths differ, labels are of mixed kinds or not labels at all, or one
        of ``labels`` has no row in ``y_true``.

    References
    ----------
    .. [1] Xian, Lampert, Schiele and Akata. Zero-shot learning: a comprehensive
       evaluation of the good, the bad and the ugly. TPAMI, 2018.

    Examples
    --------
    >>> from sklearn_gzsl.metrics import per_class_accuracy
    >>> y_true = ["cat", "cat", "cat", "dog"]
    >>> y_pred = ["cat", "cat", "cat", "cat"]
    >>> per_class_accuracy(y_true, y_pred)
    0.5
    >>> per_class_accuracy(y_true, y_pred, labels=["cat"])
    1.0
    >>> per_class_accuracy(y_true, y_pred, average=None)
    array([1., 0.])
    """
    y_true, y_pred = _check_targets(y_true, y_pred)
    hits = y_true == y_pred
    if average is None:
        return means_by_class(y_true, hits, labels, "labels")
    return class_means(y_true, hits, labels, "labels")


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "seen_classes": ["array-like"],
    },
    prefer_skip_nested_validation=True,
)
def gzsl_scores(
    y_true: ArrayLike, y_pred: ArrayLike, *, seen_classes: ArrayLike
) -> dict[str, float]:
    """Per-class accuracy on unseen and on seen classes, and their harmonic mean.

    The protocol of [1]_: predictions choose among seen and unseen classes alike,
    and U, S and H = 2US / (U + S) are reported together.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, strings or integers, of seen and of unseen classes.

    y_pred : array-like of shape (n_samples,)
        Predicted labels of the same kind; None, or -1 beside text, for rejected rows.

    seen_classes : array-like of shape (n_seen_classes,)
        The classes that had rows in training, ``classifier.seen_classes_``; every
        other label in ``y_true`` is unseen. Classes without a row in ``y_true``
        do not count.

    Returns
    -------
    scores : dict of str to float
        ``"U"``, ``"S"`` and ``"H"``, each between 0 and 1. H is 0 when both U and
        S are.

    Raises
    ------
    ValueError
        If ``y_true`` has no row of a seen class or none of an unseen class, if
        lengths differ, or if labels are of mixed kinds.

    See Also
    --------
    GZSLScorer : The same for cross-validation, which sees each fold's own model.
    ausuc_score : The balance over all seen penalties, not only at the chosen one.

    References
    ----------
    .. [1] Xian, Lampert, Schiele and Akata. Zero-shot learning: a comprehensive
       evaluation of the good, the bad and the ugly. TPAMI, 2018.

    Examples
    --------
    >>> from sklearn_gzsl.metrics import gzsl_scores
    >>> y_true = ["cat", "cat", "dog", "zebra", "zebra"]
    >>> y_pred = ["cat", "dog", "dog", "horse", "zebra"]
    >>> gzsl_scores(y_true, y_pred, seen_classes=["cat", "dog", "horse"])
    {'U': 0.5, 'S': 0.75, 'H': 0.6}
    """
    y_true, y_pred = _check_targets(y_true, y_pred)
    seen = check_sides(y_true, seen_classes)
    # Rows are parted by their true class, but predictions are not: a row of an unseen
    # class that is taken for a seen one counts against U.
    U = per_class_accuracy(y_true[~seen], y_pred[~seen])
    S = per_class_accuracy(y_true[seen], y_pred[seen])
    return {"U": U, "S": S, "H": float(harmonic_mean(U, S))}


def harmonic_mean_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, seen_classes: ArrayLike
) -> float:
    """Harmonic mean H of the accuracies on unseen and on seen classes.

    H = 2US / (U + S) [1]_ is high only if both accuracies are.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, strings or integers, of seen and of unseen classes.

    y_pred : array-like of shape (n_samples,)
        Predicted labels of the same kind; None, or -1 beside text, for rejected rows.

    seen_classes : array-like of shape (n_seen_classes,)
        The classes that had rows in training; the others are unseen.

    Returns
    -------
    score : float
        Between 0 and 1; 0 when both accuracies are 0.

    Raises
    ------
    ValueError
        As for :func:`gzsl_scores`.

    See Also
    --------
    gzsl_scores : U and S as well.

    References
    ----------
    .. [1] Xian, Lampert, Schiele and Akata. Zero-shot learning: a comprehensive
       evaluation of the good, the bad and the ugly. TPAMI, 2018.

    Examples
    --------
    >>> from sklearn_gzsl.metrics import harmonic_mean_score
    >>> harmonic_mean_score([0, 0, 1, 1], [0, 0, 1, 0], seen_classes=[0])
    0.666...
    """
    return gzsl_scores(y_true, y_pred, seen_classes=seen_classes)["H"]


def harmonic_mean(U: float | np.ndarray, S: float | np.ndarray) -> np.ndarray:
    """2US / (U + S) of numbers or arrays, 0 where both are."""
    # Where both are 0, so is the product: any divisor gives the 0 that is meant.
    total = np.add(U, S)
    return 2 * np.multiply(U, S) / np.where(total > 0, total, 1)


def check_labels(
    y: ArrayLike, name: str, *, like: np.ndarray | None = None
) -> np.ndarray:
    """Check labels: one dimension of strings or of integers, in a native dtype.

    Object arrays, as pandas has them, become string or integer arrays, so that
    sorting and comparing is well defined. ``like`` is an array that must hold
    labels of the same kind.
    """
    if isinstance(y, list | tuple):  # of which numpy makes text, if there is some in it
        check_complete(y, name)
    y = np.asarray(y)
    # A table with one column is a common way to store labels.
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1 or not y.size:
        raise ValueError(
            f"{name} has shape {y.shape}; give one label each in one dimension, at "
            "least one."
        )
    if y.dtype == object:
        if all(isinstance(label, str) for label in y):
            y = y.astype(str)
        elif all(isinstance(label, Integral) for label in y):
            y = y.astype(int)
    # Integers with a missing value among them are floats in pandas, and stay so when
    # that row is gone.
    whole = y.dtype.kind == "f" and np.isfinite(y).all() and (y == np.floor(y)).all()
    if y.dtype.kind not in "Ubiu" and not whole:
        raise ValueError(
            f"{name} holds values that are no class labels ({few(y)}); labels are "
            "all strings or all integers, without missing values."
        )
    # numpy finds 1 and "1" unequal without a word, and every score would be 0.
    if like is not None and (y.dtype.kind == "U") != (like.dtype.kind == "U"):
        raise ValueError(
            f"{name} holds {few(y)}, but the labels in y_true are like {few(like)}; "
            "labels are all strings or all integers."
        )
    return y


def class_means(
    y_true: np.ndarray, hits: np.ndarray, classes: ArrayLike | None, name: str
) -> float:
    """Mean over classes of the mean of ``hits`` over a class's rows.

    ``classes`` are those to average over, every one of ``y_true`` if None, each once,
    and ``name`` is what the caller calls them.
    """
    if classes is not None:
        classes = np.unique(check_labels(classes, name, like=y_true))
    return float(means_by_class(y_true, hits, classes, name).mean())


def means_by_class(
    y_true: np.ndarray, hits: np.ndarray, classes: ArrayLike | None, name: str
) -> np.ndarray:
    """Mean of ``hits`` over the rows of each class, in the order of ``classes``."""
    # As weights, the hits of each class are added up in one pass over the rows.
    found, codes, counts = np.unique(y_true, return_inverse=True, return_counts=True)
    means = np.bincount(codes, weights=hits) / counts
    if classes is None:
        return means
    classes = check_labels(classes, name, like=y_true)
    missing = np.setdiff1d(classes, found)
    if missing.size:
        raise ValueError(
            f"{name} holds {few(missing)}, which have no row in y_true and so no "
            "accuracy; leave them out." + meant(missing.tolist(), found.tolist())
        )
    return means[np.searchsorted(found, classes)]


def check_sides(y_true: np.ndarray, seen_classes: ArrayLike) -> np.ndarray:
    """Mark the rows of seen classes; an error unless both sides have rows."""
    seen_classes = check_labels(seen_classes, "seen_classes", like=y_true)
    seen = np.isin(y_true, seen_classes)
    for side, rows in (("seen", seen), ("unseen", ~seen)):
        if not rows.any():
            raise ValueError(
                f"y_true has no row of any {side} class (y_true holds {few(y_true)}, "
                f"seen_classes {few(seen_classes)}), so its accuracy on {side} classes "
                "is not defined; score rows of seen and of unseen classes together."
                + meant(seen_classes.tolist(), y_true.tolist())
            )
    return seen


def _check_targets(y_true, y_pred):
    y_true = check_labels(y_true, "y_true")
    (y_pred,), _ = rejections_alike([y_pred], y_true)
    y_pred = check_labels(y_pred, "y_pred", like=y_true)
    check_consistent_length(y_true, y_pred)
    return y_true, y_pred
