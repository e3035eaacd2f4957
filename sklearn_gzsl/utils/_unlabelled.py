"""Rows without labels: how they are marked, and the part that learns from them."""

from numbers import Real
from typing import Any

import numpy as np

from ._fitting import as_last_step_sees, path_inside


def is_unlabelled(y: Any) -> np.ndarray:
    """Which labels are the number -1, among numbers or beside text."""
    # A list of text and numbers would become text.
    y = np.asarray(y, dtype=object if isinstance(y, list | tuple) else None)
    if y.dtype.kind in "if":  # pandas makes floats of labels of which some were missing
        return y == -1
    if y.dtype.kind != "O" or y.ndim != 1:
        return np.zeros(y.shape, dtype=bool)
    return np.array([isinstance(item, Real) and item == -1 for item in y], bool)


def labels_of(y: Any, rows: np.ndarray) -> np.ndarray:
    """Labels of some rows, as an array of strings where -1 stood beside strings."""
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y[rows]
    return np.array(np.asarray(y, dtype=object)[rows].tolist())


def adapt(estimator: Any, X: Any, reset: bool = False) -> None:
    """Adapt the model inside a fitted estimator, such as a pipeline, in place."""
    *around, last = path_inside(estimator, "adapt")
    if not hasattr(last, "adapt"):
        raise ValueError(
            f"{last!r} cannot learn from rows without labels; PrototypeClassifier can, "
            "which GZSLClassifier has by default."
        )
    for part in around if X is not None else ():
        X = as_last_step_sees(part, X)
    last.adapt(X, reset=reset)
