"""Labels of classes."""

from math import isnan
from numbers import Number
from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from ._messages import few

# What an error says more where -1 is among the labels.
NOT_LABELLED = (
    " If -1 stands for rows without a label, leave them out: only what has a method "
    "adapt, such as PrototypeClassifier, can learn from them."
)


def like(labels: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Labels as the type of y, so that predictions come in y's own type."""
    if y.dtype.kind in "US":
        return labels.astype(y.dtype.kind)  # without a length: long names stay whole
    cast = labels.astype(y.dtype)
    return cast if np.array_equal(cast, labels) else labels


def check_complete(labels: Any, name: str) -> None:
    """Refuse labels that are missing, or text beside numbers, and name them.

    Without it numpy writes both out as text where they come in a list, "nan" among
    them, and fails in its sort with a word on "<" where they come in an array.
    """
    listed = isinstance(labels, list | tuple)
    labels = np.asarray(labels, dtype=object if listed else None)
    if labels.dtype.kind not in "Of":
        return
    items = labels.ravel().tolist()
    missing = [i for i, item in enumerate(items) if is_missing(item)]
    if missing:
        hint = ", or mark rows for adapt by -1" if name == "y" else ""
        raise ValueError(
            f"{name} has missing labels (None, NaN or NA) at the positions "
            f"{few(missing)}; fill them in or leave them out{hint}."
        )
    text = [item for item in items if isinstance(item, str)]
    if 0 < len(text) < len(items):
        others = [item for item in items if not isinstance(item, str)]
        raise ValueError(
            f"{name} mixes text, {few([*map(str, text)], most=3)}, and other labels, "
            f"{few(others, most=3)}; give all of them one type."
            + NOT_LABELLED
            * (set(others) == {-1})
        )


def check_target(y: Any) -> Any:
    """Labels of rows, of one dimension if they are a column.

    Refused are those that scikit-learn would refuse in words of its sort.
    """
    if y is None:  # of which scikit-learn says it well
        return y
    check_complete(y, "y")
    labels = np.asarray(y)
    if labels.dtype == object and labels.size and isinstance(labels.flat[0], Number):
        raise ValueError(
            # The words that scikit-learn's checks look for come first.
            "Unknown label type: y is an array of objects that holds numbers, so they "
            "are not taken for labels; give it a type, as in y.astype(int)."
        )
    return column_or_1d(y, warn=True) if labels.ndim == 2 else y


def is_missing(label):
    if isinstance(label, float):
        return isnan(label)
    # By name, as pandas need not be installed; its NA cannot be compared.
    return label is None or type(label).__name__ in {"NAType", "NaTType"}
