"""Rows that stay on disk, and are read a block at a time."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ._reading import BadFileError

_HEADER = np.dtype([("n_rows", "<i4"), ("n_features", "<i4")])


class StoredRows:
    """Rows of several classes, of which a block at a time is in memory.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels of the classes that have rows.
    counts : ndarray of shape (n_classes,)
        How many.
    n_features : int
        Columns of every row.
    """

    classes: np.ndarray
    counts: np.ndarray
    n_features: int

    def __len__(self) -> int:
        return int(self.counts.sum())

    def blocks(self, n_rows: int = 4096) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield features, (n, n_features) float32, and labels of at most n_rows rows.

        Raises
        ------
        ValueError
            If a row holds NaN or infinity; the message names the file.
        """
        # Files of few rows come together: a block of scores takes a pass over all
        # weights, however many rows it has.
        held = np.empty((0, self.n_features), np.float32), self.classes[:0]
        for path, *part in self._pieces(n_rows):
            if not np.isfinite(part[0]).all():
                raise BadFileError(f"{path} holds NaN or infinite features.")
            held = tuple(map(np.concatenate, zip(held, part, strict=True)))
            if len(held[0]) >= n_rows:
                yield tuple(array[:n_rows] for array in held)
                held = tuple(array[n_rows:] for array in held)
        if len(held[0]):
            yield held

    def _pieces(self, n_rows):
        """Yield a path, features and labels of at most n_rows rows."""
        raise NotImplementedError


class MatrixRows(StoredRows):
    """Rows of a matrix in a MATLAB file, with a label each."""

    def __init__(self, mat: Any, key: str, labels: np.ndarray, n_features: int):
        self._mat, self._key, self._labels = mat, key, labels
        self.classes, self.counts = np.unique(labels, return_counts=True)
        self.n_features = n_features

    def _pieces(self, n_rows):
        n_all = len(self._labels)
        for start in range(0, n_all, n_rows):
            rows = np.arange(start, min(start + n_rows, n_all))
            X = self._mat.rows(self._key, rows, n_all)
            yield self._mat.path, X, self._labels[rows]


class BinaryRows(StoredRows):
    """A file for each class: numbers of rows and columns in int32, rows in float64.

    Parameters
    ----------
    paths : list of Path
    labels : ndarray of shape (n_files,)
        The class of each file.

    Raises
    ------
    ValueError
        If a file is shorter or longer than it states, or has other columns than the
        others; it is named.
    """

    def __init__(self, paths: list[Path], labels: np.ndarray):
        sizes = [_size(path) for path in paths]
        widths = {width: path for path, (_, width) in zip(paths, sizes, strict=True)}
        if len(widths) > 1:
            said = ", ".join(f"{width} in {path}" for width, path in widths.items())
            raise BadFileError(f"The files have different numbers of features: {said}.")
        # Files without rows are of classes that can be mistaken for others, no more.
        self._files = [
            (path, n, label)
            for path, (n, _), label in zip(paths, sizes, labels, strict=True)
            if n
        ]
        self.classes = np.array([label for *_, label in self._files], labels.dtype)
        self.counts = np.array([n for _, n, _ in self._files], dtype=int)
        self.n_features = next(iter(widths))

    def _pieces(self, n_rows):
        for path, n_all, label in self._files:
            for start in range(0, n_all, n_rows):
                n = min(n_rows, n_all - start)
                offset = _HEADER.itemsize + 8 * start * self.n_features
                with path.open("rb") as file:
                    file.seek(offset)
                    X = np.fromfile(file, dtype="<f8", count=n * self.n_features)
                if len(X) != n * self.n_features:
                    raise BadFileError(f"{path} has become shorter.")
                X = X.reshape(n, -1).astype(np.float32)
                yield path, X, np.full(n, label)


def _size(path):
    """Rows and columns as a file states them, if it is as long as that."""
    n_bytes = os.path.getsize(path)  # noqa: PTH202 - 20,000 times
    with path.open("rb") as file:
        head = np.fromfile(file, dtype=_HEADER, count=1)
    if not len(head):
        raise BadFileError(
            f"{path} has {n_bytes} bytes, not even the header; get it again."
        )
    n_rows, n_features = head[0].tolist()
    due = _HEADER.itemsize + 8 * n_rows * n_features
    if n_rows < 0 or n_features < 1 or n_bytes != due:
        raise BadFileError(
            f"{path} states {n_rows} rows of {n_features} features, which take {due:,} "
            f"bytes, but it has {n_bytes:,}; it was cut short, or is in another format."
        )
    return n_rows, n_features
