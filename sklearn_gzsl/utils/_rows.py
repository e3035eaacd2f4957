"""Rows of samples: in chunks, their sums and means, and at length 1."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from .._sklearn_compat import _safe_indexing

# Scores of a chunk, and numbers of its rows: 8 MiB in float64, of which there are some
# copies at a time; ...
_N_SCORES = 2**20
# ... but no fewer rows than this, up to 64 MiB: products of few rows take longer.
_FEW_ROWS, _MOST_SCORES = 512, 2**23


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


def mean_rows(X: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean of the rows of each class, (n_classes, d) float64."""
    counts = np.bincount(codes, minlength=n_classes)
    return sum_rows(X, codes, n_classes) / counts[:, None]


def sum_rows(X: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Sum of the rows of each class, (n_classes, d) float64."""
    # Ten times as fast as numpy's add.at.
    ones = np.ones(len(codes))
    members = csr_array(
        (ones, (codes, np.arange(len(codes)))), shape=(n_classes, len(codes))
    )
    return members @ X


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
