"""What users may pass as class_attributes, made into a holder, or refused."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
from scipy.sparse import issparse

from ..utils import few, meant, no_table, warn
from ._class_attributes import ClassAttributes
from ._tables import is_table, split_table


def check_class_attributes(
    class_attributes: Any, y: np.ndarray | None = None
) -> ClassAttributes:
    """Turn what a user may pass into a holder that covers every label in y.

    ``None`` becomes one-hot rows of the classes in ``y``. A raw table or mapping
    as long as ``y`` is refused: it may be one that cross-validation has cut.
    """
    if class_attributes is None:
        if y is None:
            raise ValueError("class_attributes is None; pass one row for each class.")
        labels = np.unique(y)
        return ClassAttributes(labels, np.eye(len(labels), dtype=np.float32))
    if not isinstance(class_attributes, ClassAttributes):
        class_attributes = _from_table(class_attributes, y)
    if y is not None:
        class_attributes.positions(np.unique(y))
    return class_attributes


def extend_class_attributes(
    known: ClassAttributes, new: ClassAttributes
) -> ClassAttributes:
    """Put together known classes and new ones, described by the same columns."""
    before = set(known.labels.tolist())
    repeated = [label for label in new.labels.tolist() if label in before]
    if repeated:
        raise ValueError(
            f"class_attributes holds {few(repeated)}, which are known already; leave "
            "them out, and name the new classes by a mapping, DataFrame or "
            "ClassAttributes."
        )
    if _is_text(known.labels) != _is_text(new.labels):
        raise ValueError(
            f"class_attributes holds {few(new.labels)}, but the labels known so far "
            f"are {few(known.labels)}; use labels of the same type."
        )
    if len(known.sources) == len(new.sources) == 1:
        # One source needs no name.
        name = next(iter(known.sources))
        new = ClassAttributes._of(new.labels, {name: new.values}, new.feature_names)
    widths, new_widths = (
        {name: table.shape[1] for name, table in holder.sources.items()}
        for holder in (known, new)
    )
    if not new_widths.items() <= widths.items():
        raise ValueError(
            f"class_attributes has the sources and widths {new_widths}, but that of "
            f"the classes known so far has {widths}; describe new classes by "
            "some of these, as in ClassAttributes(labels, {source: table})."
        )
    names, new_names = known.feature_names, new.feature_names
    if (
        names is not None
        and new_names is not None
        and not np.array_equal(names, new_names)
    ):
        raise ValueError(
            f"class_attributes has the columns {few(new_names)}, but that of the "
            f"classes known so far has {few(names)}; bring them into the same order."
        )
    sources = {}
    for name, table in known.sources.items():
        missing = np.full((len(new.labels), widths[name]), np.nan)
        sources[name] = np.concatenate([table, new.sources.get(name, missing)])
    if twins := meant(new.labels.tolist(), known.labels.tolist()):
        warn(
            "class_attributes: some of the new classes differ from known ones in "
            f"spelling alone, and are classes of their own.{twins}"
        )
    labels = np.concatenate([known.labels, new.labels])
    return ClassAttributes(labels, sources, feature_names=names)


def _from_table(table: Any, y: np.ndarray | None) -> ClassAttributes:
    if not isinstance(table, Mapping) and not is_table(table):
        table = _array(table)
    n_rows = table.shape[0] if issparse(table) else len(table)
    if y is not None and n_rows == len(y):
        raise ValueError(
            f"class_attributes has as many rows as X ({len(y)}), so cross-validation "
            "would cut it like X, or already has; wrap it in "
            "ClassAttributes(labels, values)."
        )
    if isinstance(table, Mapping):
        return ClassAttributes(table)
    if is_table(table):
        labels, table, names = split_table(table)
        if labels is not None:
            return ClassAttributes(labels, table, feature_names=names)
    else:
        names = None
    if y is not None:
        _check_count(n_rows, y)
    return ClassAttributes(np.arange(n_rows), table, feature_names=names)


def _array(table: Any) -> Any:
    """Rows as they are, if they are an array of two dimensions."""
    if isinstance(table, str | PathLike):
        raise TypeError(no_table("class_attributes", table, ", index_col=0"))
    try:
        rows = table if issparse(table) else np.asarray(table)
        if rows.ndim == 2:
            return rows
        form = f"an array of {rows.ndim} dimension(s)"
        if hasattr(table, "to_frame"):
            form = (
                "a Series; if it is one class, its row as a table is "
                "table.loc[[label]]; if it is one attribute of many, to_frame() is one"
            )
    except ValueError:
        form = "no array, as its rows differ in length"
    raise ValueError(
        f"class_attributes is {form}; pass a 2-d array (row i describes the integer "
        "label i), a DataFrame indexed by label, a mapping of label to vector, or "
        "ClassAttributes(labels, values)."
    )


def _check_count(n_rows: int, y: np.ndarray) -> None:
    """Labels that count from 1 do not go with rows that are counted from 0."""
    labels = np.unique(y)
    if labels.dtype.kind not in "iuf" or labels[0] != 1:
        return
    says = (
        "Row i of class_attributes describes the label i, counted from 0, but the "
        "labels in y count from 1"
    )
    wrapped = f"ClassAttributes(np.arange(1, {n_rows + 1}), table)"
    if labels[-1] == n_rows:
        raise ValueError(
            f"{says} to {n_rows}, the number of rows. If the first row describes the "
            f"label 1, pass {wrapped}."
        )
    if labels[-1] < n_rows:
        # Not an error: class 0 may be one of the unseen classes.
        warn(
            f"{says}, and none is 0. If the first row describes the label 1, pass "
            f"{wrapped}; if 0 is an unseen class, ClassAttributes(np.arange({n_rows}), "
            "table), which silences this warning.",
        )


def _is_text(labels):
    return all(isinstance(label, str) for label in labels.tolist())
