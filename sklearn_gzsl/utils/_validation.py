"""Rows and labels as scikit-learn checks them, and what it does not say of them."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import validation
from sklearn.utils.multiclass import check_classification_targets

from ._labels import check_target

_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")


def validate_rows(
    estimator: Any, X: Any, y: Any, **options: Any
) -> tuple[Any, np.ndarray]:
    """Rows and their labels as arrays, checked by scikit-learn and by us."""
    check_target(y)
    X, y = validate_data(estimator, X, y, **options)
    check_classification_targets(y)
    return X, y


def validate_data(estimator: Any, X: Any, *args: Any, **options: Any) -> Any:
    """scikit-learn's function, whose error does not say where in X there is text."""
    try:
        return validation.validate_data(estimator, X, *args, **options)
    except ValueError as error:
        if (found := next(_texts(X), None)) is None:
            raise
        where, text = found
        raise ValueError(
            f"X holds text{where}, such as {text!r}; {_remedy(text)}."
        ) from error


def _texts(X) -> Iterator[tuple[str, str]]:
    """The first text of each column that is no number, and which column that is."""
    if hasattr(X, "__dataframe__"):
        # pyarrow has the columns themselves under the name that others use.
        for name in getattr(X, "column_names", None) or X.columns:
            yield from _texts_of(np.asarray(X[name]), f" in its column {name!r}")
        return
    if not hasattr(X, "ndim"):
        try:
            X = np.asarray(X, dtype=object)
        except ValueError:  # rows of several lengths
            return
    if X.ndim == 1:
        yield from _texts_of(X, "")
    elif X.ndim == 2 and X.dtype.kind in "OSU":
        for i in range(X.shape[1]):
            yield from _texts_of(X[:, i], f" in its column {i}")


def _texts_of(column, where):
    texts = (item for item in column.tolist() if isinstance(item, str))
    found = next((text for text in texts if not _is_number(text)), None)
    if found is not None:
        yield where, found


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _remedy(text):
    if _COMMA.fullmatch(text):
        return "numbers need a point, as pandas.read_csv(..., decimal=',') gives them"
    return (
        "turn it into numbers or leave it out, and if these are the labels, they are y"
    )
