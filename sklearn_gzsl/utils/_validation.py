"""Rows and labels as scikit-learn checks them, and what it does not say of them."""

import re
from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import validation
from sklearn.utils.multiclass import check_classification_targets

from ._labels import check_target
from ._messages import few, is_on_trial, warn

# Of the size of numbers in float64, what the rounding of a sum or two may amount to.
ROUNDING = 1000 * np.finfo(np.float64).eps

_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")


def validate_rows(
    estimator: Any, X: Any, y: Any, **options: Any
) -> tuple[Any, np.ndarray]:
    """Rows and their labels as arrays, checked by scikit-learn and by us."""
    y = check_target(y)
    X, y = validate_data(estimator, X, y, **options)
    check_classification_targets(y)
    return X, y


def validate_data(estimator: Any, X: Any, *args: Any, **options: Any) -> Any:
    """scikit-learn's function, whose error does not say where in X there is text."""
    try:
        return validation.validate_data(estimator, X, *args, **options)
    except (TypeError, ValueError) as error:
        if (said := _of_text(X, in_fit=options.get("reset", True))) is None:
            raise
        raise ValueError(said) from error


def exact(X: Any) -> Any:
    """For scikit-learn, types in which rows lose nothing; float32 where it is one."""
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return np.float64 if dtype.itemsize > 4 else np.result_type(dtype, np.float32)
    return [np.float64, np.float32]


def warn_of_lost_digits(X: Any) -> None:
    """Warn of columns of which float32 keeps little, as they lie far from zero."""
    if issparse(X) or is_on_trial():
        return
    X = np.asarray(X)
    if X.ndim != 2 or X.dtype.kind not in "iuf" or exact(X) == np.float32:
        return
    low, high = (ends.astype(np.float64) for ends in (X.min(axis=0), X.max(axis=0)))
    size = np.maximum(np.abs(low), np.abs(high))
    with np.errstate(over="ignore", invalid="ignore"):
        spread = high - low
        # Fewer than a hundred steps of float32 from the least to the greatest.
        lost = spread < 100 * np.finfo(np.float32).eps * size
        lost &= spread > ROUNDING * size
    if lost.any():
        warn(
            f"X: the columns {few(np.flatnonzero(lost))} (counted from 0) vary by so "
            "little, beside how far from zero they are, that float32, in which "
            "generators learn, keeps hardly any of it; take their means away first, "
            "with sklearn.preprocessing.StandardScaler for example."
        )


def _of_text(X, *, in_fit):
    """What to say of text where numbers should be; None if there is none."""
    if isinstance(X, str | PathLike):
        return no_table("X", X)
    try:
        found = next(_texts(X), None)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # of a kind unknown here: what scikit-learn says of it stands
    if found is None:
        return None
    where, text = found
    return f"X holds text{where}, such as {text!r}; {_remedy(text, in_fit=in_fit)}."


def _texts(X) -> Iterator[tuple[str, str]]:
    # pyarrow has the columns themselves under the name that others use.
    names = getattr(X, "column_names", None) or getattr(X, "columns", None)
    if names is not None:
        for name in names:
            yield from _texts_of(np.asarray(X[name]), f" in its column {name!r}")
        return
    if not hasattr(X, "ndim"):
        X = np.asarray(X, dtype=object)
    if X.ndim == 1:
        yield from _texts_of(X, "")
    elif X.ndim == 2 and X.dtype.kind in "OSU":
        for i in range(X.shape[1]):
            yield from _texts_of(X[:, i], f" in its column {i}")


def _texts_of(column, where):
    texts = (item for item in column.tolist() if isinstance(item, str))
    found = next((text for text in texts if not is_number(text)), None)
    if found is not None:
        yield where, found


def is_number(item: Any) -> bool:
    """Whether this is a number, or text that is one."""
    try:
        float(item)
    except (TypeError, ValueError):
        return False
    return True


def no_table(name: str, path: Any, options: str = "") -> str:
    """What to say of text in the place of a table."""
    path = str(path)
    return (
        f"{name}={path!r} is text; if that is a file, pass the table in it, as in "
        f"pandas.read_csv({path!r}{options})."
    )


def _remedy(text, *, in_fit):
    if _COMMA.fullmatch(text):
        comma = "numbers need a point, as pandas.read_csv(..., decimal=',') gives them"
        if len(text.strip().partition(",")[2]) == 3:
            comma += "; if it parts thousands, thousands=','"
        return comma
    labels = ", and if these are the labels, they are y" if in_fit else ""
    return f"turn it into numbers or leave it out{labels}"
