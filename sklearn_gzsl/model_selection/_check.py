"""A check that a split of one's own does not leak."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import Bunch, check_consistent_length

from ..metrics._accuracy import check_labels
from ..utils import few, warn
from ._labels import check_groups

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike


def check_gzsl_split(
    y: ArrayLike,
    train: ArrayLike,
    test: ArrayLike,
    *,
    unseen: ArrayLike | None = None,
    X: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Bunch:
    """Check that a split into training and test rows does not leak.

    Meant for splits that come from elsewhere, such as the row numbers that a data set
    is published with. Those of :class:`GZSLKFold` and :class:`GZSLShuffleSplit` pass.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Class labels of all rows, strings or integers.

    train : array-like of shape (n_train,) or mask of shape (n_samples,)
        Row numbers of the training set, from 0; or a boolean for each row.

    test : array-like of shape (n_test,) or mask of shape (n_samples,)
        The same of the test set.

    unseen : array-like of shape (n_unseen_classes,), default=None
        Classes that must have no training row. ``None`` is whichever classes are in
        test and not in training.

    X : array-like or sparse matrix of shape (n_samples, n_features), default=None
        Features. If given, rows of the test set that are equal to a training row in
        every feature give a warning.

    groups : array-like of shape (n_samples,), default=None
        What must not be in training and in test at once, such as the subject of each
        row.

    Returns
    -------
    summary : Bunch
        What the split consists of: ``seen_classes``, those of the training rows;
        ``unseen_classes``, those of the other test rows; ``n_train``, ``n_test_seen``
        and ``n_test_unseen``, numbers of rows.

    Raises
    ------
    ValueError
        If row numbers are out of range or repeated, or ``train`` is empty. If the
        split leaks: rows or groups are shared, classes of ``unseen`` are in training,
        or a test class is neither in training nor in ``unseen``. If no test row is of
        an unseen class. The message names all rows, classes and groups concerned, ten
        of each kind.

    Warns
    -----
    GZSLWarning
        If rows of the test set have the features of a training row, with the numbers
        of both.

    See Also
    --------
    GZSLKFold : Folds that pass.
    GZSLShuffleSplit : Random splits that pass.

    Notes
    -----
    A test set without seen classes passes: it is one for conventional zero-shot
    learning, and ``n_test_seen`` is 0.

    Examples
    --------
    >>> from sklearn_gzsl.model_selection import check_gzsl_split
    >>> y = ["cat", "cat", "dog", "dog", "zebra", "zebra"]
    >>> summary = check_gzsl_split(y, train=[0, 2], test=[1, 3, 4, 5])
    >>> summary.unseen_classes, summary.n_test_seen
    (array(['zebra'], dtype='<U5'), 2)
    >>> check_gzsl_split(y, train=[0, 2, 4], test=[1, 3, 4, 5], unseen=["zebra"])
    Traceback (most recent call last):
        ...
    ValueError: The split leaks. train and test share rows [4]. train holds rows [4] ...
    """
    y = check_labels(y, "y")
    train, test = _check_rows(train, "train", len(y)), _check_rows(test, "test", len(y))
    if not train.size:
        raise ValueError("train is empty; give the rows to learn from.")
    seen = np.unique(y[train])
    if unseen is None:
        unseen = np.setdiff1d(y[test], seen)
    elif np.size(unseen):
        unseen = check_labels(unseen, "unseen", like=y)
    # All that leaks is told at once: who mends a split wants to mend it once.
    problems = list(_leaking_rows(y, train, test, unseen))
    if groups is not None:
        groups = check_groups(groups)
        check_consistent_length(y, groups)
        problems += _leaking_groups(groups, train, test)
    if problems:
        raise ValueError(" ".join(["The split leaks.", *problems]))

    of_unseen = np.isin(y[test], unseen)
    if not of_unseen.any():
        raise ValueError(
            "test holds no row of an unseen class (its classes are "
            f"{few(y[test])}), so there is nothing zero-shot to score; leave all rows "
            "of some classes out of train, and put them into test."
        )
    if X is not None:
        check_consistent_length(y, X)
        warn_of_duplicates(X, X, train, test, ("train", "test"))
    return Bunch(
        seen_classes=seen,
        unseen_classes=np.unique(y[test][of_unseen]),
        n_train=len(train),
        n_test_seen=int(np.sum(~of_unseen)),
        n_test_unseen=int(np.sum(of_unseen)),
    )


def warn_of_duplicates(
    X: Any,
    X_test: Any,
    train: Iterable[int],
    test: Iterable[int],
    names: tuple[str, str],
) -> None:
    """Warn of rows ``test`` of X_test that equal a row of ``train`` in X."""
    # A dict of short digests: comparing all pairs of rows would take their product in
    # time, and a dict of the rows themselves a second copy of X.
    digest, digest_test = _digests(X), _digests(X_test)
    first = {}
    for row in train:
        first.setdefault(digest(row), row)
    pairs = [(row, first.get(digest_test(row))) for row in test]
    pairs = [f"{row} (= {same})" for row, same in pairs if same is not None]
    if pairs:
        shown = ", ".join(pairs[:10]) + (", ..." if len(pairs) > 10 else "")
        warn(
            f"{len(pairs)} rows of {names[1]} equal a row of {names[0]} in every "
            f"feature, so the model has seen them: rows {shown}. Drop them, unless "
            "different things may well look the same.",
        )


def _digests(X):
    """A function from row numbers to what equal rows have in common."""
    if issparse(X):
        # Equal rows may be stored in unequal ways, with zeros written out or entries in
        # parts. The copy is changed in place, the user's X must not be.
        X = X.tocsr(copy=True)
        X.sum_duplicates()
        X.eliminate_zeros()
        # A list of one row, as sparse arrays have no rows of one dimension everywhere.
        return lambda row: _digest(X[[row]].indices) + _digest(X[[row]].data)
    X = np.asarray(X)
    return lambda row: _digest(X[row])


def _digest(values):
    if values.dtype.kind in "biuf":
        # Numbers are equal whatever their type, and so are 0 and -0.
        values = np.ascontiguousarray(values, dtype=np.float64) + 0.0
        return blake2b(values.data, digest_size=16).digest()
    # Objects such as strings have no bytes of their own, but they have a text.
    return blake2b(repr(values.tolist()).encode(), digest_size=16).digest()


def _check_rows(rows, name, n_samples):
    """Row numbers from row numbers or a mask; each once, and none out of range."""
    rows = np.asarray(rows)
    if rows.ndim != 1:
        raise ValueError(
            f"{name} has shape {rows.shape}; give row numbers, or a mask, in one "
            "dimension."
        )
    if rows.dtype == bool:
        if len(rows) != n_samples:
            raise ValueError(
                f"{name} is a mask of {len(rows)} rows, but y has {n_samples}; give "
                "one boolean for each row of y."
            )
        return np.flatnonzero(rows)
    # An empty list is an array of floats to numpy, and says nothing wrong.
    if rows.size and rows.dtype.kind not in "iu":
        raise ValueError(
            f"{name} holds {few(rows)}; rows are chosen by whole numbers or by a mask "
            "of booleans."
        )
    beyond = (rows < 0) | (rows >= n_samples)
    if beyond.any():
        raise ValueError(
            f"{name} holds the row numbers {few(rows[beyond])}, but y has {n_samples} "
            f"rows, numbered from 0 to {n_samples - 1}. (Numbers from Matlab start "
            "at 1: subtract 1.)"
        )
    distinct, times = np.unique(rows, return_counts=True)
    if (times > 1).any():
        raise ValueError(
            f"{name} holds rows {few(distinct[times > 1])} more than once; give each "
            "row once."
        )
    return rows.astype(int)


def _leaking_rows(y, train, test, unseen):
    shared = np.intersect1d(train, test)
    if shared.size:
        yield f"train and test share rows {few(shared)}."
    in_train = train[np.isin(y[train], unseen)]
    if in_train.size:
        yield (
            f"train holds rows {few(in_train)} of the classes {few(y[in_train])}, "
            "which are to be unseen."
        )
    neither = test[~np.isin(y[test], np.append(y[train], unseen))]
    if neither.size:
        yield (
            f"test holds rows {few(neither)} of the classes {few(y[neither])}, which "
            "have no row in train and are not among unseen."
        )


def _leaking_groups(groups, train, test):
    shared = np.intersect1d(groups[train], groups[test])
    if shared.size:
        rows = train[np.isin(groups[train], shared)]
        test_rows = test[np.isin(groups[test], shared)]
        yield (
            f"train and test share the groups {few(shared)}: rows {few(rows)} of train "
            f"and rows {few(test_rows)} of test."
        )
