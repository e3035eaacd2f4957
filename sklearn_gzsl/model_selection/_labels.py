"""Labels, groups and parameters as the splitters take them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.utils import check_array

from .._sklearn_compat import _safe_indexing, validate_parameter_constraints
from ..metrics._accuracy import check_labels
from ..utils import is_unlabelled, labels_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_Split = TypeVar("_Split", bound=Callable[..., Any])


def check_parameters(splitter: Any) -> None:
    """Check the parameters by the constraints of the splitter's class."""
    # In split, as scikit-learn's own splitters do: they have no fit that could.
    names = splitter._parameter_constraints
    validate_parameter_constraints(
        names,
        {name: getattr(splitter, name) for name in names},
        caller_name=splitter.__class__.__name__,
    )


def splits_labelled(split: _Split) -> _Split:
    """Let ``split`` keep rows whose label is -1, which have none, for training."""

    @wraps(split)
    def with_unlabelled(self, X, y, groups=None):
        rows = np.zeros(0, dtype=bool) if y is None else is_unlabelled(y)
        if not rows.any() or rows.all():
            yield from split(self, X, y, groups)
            return
        labelled, others = np.flatnonzero(~rows), np.flatnonzero(rows)
        labels = labels_of(y, labelled)
        if groups is not None:
            groups = _safe_indexing(groups, labelled)
        for train, test in split(self, labelled, labels, groups):
            yield np.concatenate([labelled[train], others]), labelled[test]

    return with_unlabelled  # type: ignore[return-value]


def encode_labels(
    y: ArrayLike | None, caller: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes, the code of each row's class, and the number of rows of each class."""
    if y is None:
        raise ValueError(f"y is None, but {caller} splits by class; pass the labels.")
    classes, codes, counts = np.unique(
        check_labels(y, "y"), return_inverse=True, return_counts=True
    )
    if len(classes) < 2:
        raise ValueError(
            "y holds a single class; a split needs one class to be seen and one to be "
            "unseen."
        )
    return classes, codes, counts


def check_groups(groups: ArrayLike) -> np.ndarray:
    """Groups as an array of one dimension that can be sorted."""
    checked: np.ndarray = check_array(
        groups,
        input_name="groups",
        ensure_2d=False,
        dtype=None,  # pyright: ignore[reportArgumentType] (no str, as it infers)
    )
    if checked.ndim != 1:
        raise ValueError(
            f"groups has shape {checked.shape}; give one group for each row, in one "
            "dimension."
        )
    # Sorting is what the splitters do; of mixed kinds numpy would say no more than
    # that "<" is not supported.
    try:
        np.sort(checked)
    except TypeError as error:
        raise ValueError(
            "groups holds values of mixed kinds; name all groups by strings, or all "
            "by numbers."
        ) from error
    return checked
