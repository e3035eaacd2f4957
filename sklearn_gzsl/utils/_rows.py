"""Rows of samples: in chunks, their sums and means, and at length 1."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from .._sklearn_compat import _safe_indexing

# Scores of a chunk, and numbers of its rows: 8 MiB in float64, of which there are some
# copies at a time; ...
_N_SCORES = 2**20
# ... but no fewer rows than this, up to 64 MiB: products of few rows take longer.
_FEW_ROWS, _MOST_SCORES = 512, 2**23
# Rows that are cast to float64 at a time: of 2,048 features 32 MiB.
_CAST = 2048
# Numbers that a product is made of: 384 MiB, for as few products as go. Sums that round
# otherwise turn axes along which rows vary alike, and with them what a seed draws.
_MULTIPLIED = 48 * 2**20


def row_chunks(
    X: Any, n_classes: int
) -> tuple[int | None, Iterator[tuple[slice, Any]]]:
    """Cut rows of any kind into chunks, as few as possible.

    Returns
    -------
    n_rows : int or None
        How many there are; None if X is one chunk, be it rows or not.
    chunks : iterator
        Where a chunk is among the rows, and the chunk.
    """
    shape = getattr(X, "shape", None)
    if shape is None:
        n_rows = len(X) if hasattr(X, "__len__") else 0
    else:
        n_rows = shape[0] if shape else 0
    # Rows are scored as float64, and a chunk of them should not outweigh its scores.
    width = shape[1] if shape and len(shape) > 1 else 1
    size = chunk_size(n_classes, width)
    if n_rows <= size:
        return None, iter([(slice(None), X)])
    if issparse(X):
        X = X.tocsr()
    slices = (slice(i, i + size) for i in range(0, n_rows, size))
    return n_rows, ((rows, _safe_indexing(X, rows)) for rows in slices)


def chunk_size(n_classes: int, width: int) -> int:
    """How many rows of this width to score at a time."""
    widest = max(n_classes, width, 1)
    few = min(_FEW_ROWS, _MOST_SCORES // widest)
    return max(_N_SCORES // widest, few, 1)


def float_chunks(X: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Some rows at a time: where they are, and the rows in float64."""
    for start in range(0, len(X), _CAST):
        rows = slice(start, start + _CAST)
        yield rows, X[rows].astype(np.float64, copy=False)


def mean_rows(
    X: np.ndarray,
    codes: np.ndarray,
    n_classes: int,
    prepare: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Mean of the rows of each class, (n_classes, d) float64.

    What ``prepare`` makes of some rows in float64 takes their place: no copy of all of
    them is ever held.
    """
    sums = np.zeros((n_classes, X.shape[1]))
    for rows, part in float_chunks(X):
        add_rows(sums, part if prepare is None else prepare(part), codes[rows])
    return sums / np.bincount(codes, minlength=n_classes)[:, None]


def scatter_within(
    X: np.ndarray,
    codes: np.ndarray,
    means: np.ndarray,
    prepare: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Products of the rows about the means of their classes, summed, (d, d) float64.

    ``prepare`` is as for ``mean_rows``.
    """
    d = X.shape[1]
    scatter = np.zeros((d, d))
    size = max(_MULTIPLIED // max(d, 1), 1)
    for start in range(0, len(X), size):
        some = slice(start, start + size)
        centred = means[codes[some]]
        for rows, part in float_chunks(X[some]):
            np.subtract(
                part if prepare is None else prepare(part),
                centred[rows],
                out=centred[rows],
            )
        scatter += centred.T @ centred
    return scatter


def sum_rows(X: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Sum of the rows of each class, (n_classes, d) float64."""
    # Ten times as fast as numpy's add.at.
    ones = np.ones(len(codes))
    members = csr_array(
        (ones, (codes, np.arange(len(codes)))), shape=(n_classes, len(codes))
    )
    return members @ X


def add_rows(sums: np.ndarray, X: np.ndarray, codes: np.ndarray) -> None:
    """Add rows to the sums of their classes in place."""
    present, own = np.unique(codes, return_inverse=True)
    n = len(present)
    # The sums as first rows: in the order of a single sum, it is equal to the last bit.
    X, own = np.concatenate([sums[present], X]), np.concatenate([np.arange(n), own])
    sums[present] = sum_rows(X, own, n)


def ranked(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows in the order of classes, the rank of each in its class, and the counts."""
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order, rank, counts


def unit_rows(X: np.ndarray) -> np.ndarray:
    """Rows of length 1, but for those that are 0."""
    length = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(length > 0, length, 1.0)


def ranks_nothing(scores: np.ndarray) -> bool:
    """Whether a row of scores has NaN or +inf, or -inf for all classes.

    -inf for some is a class that is ruled out.
    """
    # One number first, which takes a fraction of the time of a maximum for each row.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(scores.sum()):
            return False
    # The largest of a row is NaN if one of them is.
    return not np.isfinite(scores.max(axis=1)).all()
