"""What ClassAttributes is made of: labels, and named sources of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..utils import few, warn
from ._tables import (
    check_order,
    column_names,
    is_table,
    label_array,
    numbers,
    split_table,
)

_DEFAULT_SOURCE = "attributes"
_MOST_GROUPS = 5  # in a warning


class Sources(NamedTuple):
    """Labels; the table of each source, with a row for each; names of its columns."""

    labels: np.ndarray
    tables: dict[str, np.ndarray]
    names: list | None = None  # of a single source


def read(labels: Any, values: Any) -> Sources:
    """Read the arguments of ClassAttributes, in each form that it documents."""
    if isinstance(labels, str):
        found = _with_labels(values, labels)
    elif values is None:
        found = _with_labels(labels)
    else:
        found = _apart(labels, values)
    described = np.any([~np.isnan(t[:, 0]) for t in found.tables.values()], axis=0)
    if not described.all():
        raise ValueError(
            "values: no source describes the classes "
            f"{few(found.labels[~described])}; give each a row in one source."
        )
    return found


def _apart(labels, values):
    """Labels and tables, or a table, that go by position."""
    labels = label_array(labels)
    several = isinstance(values, Mapping)
    if several and not values:
        raise ValueError("values holds no source: pass at least one table.")
    tables = {}
    for name, table in (values if several else {_DEFAULT_SOURCE: values}).items():
        check_order(table, labels)
        tables[str(name)] = _source(table, name, labels, may_miss_rows=several)
    return Sources(labels, tables, column_names(values) if is_table(values) else None)


def _with_labels(values, label_column=None):
    """A table, tables or vectors that bring their labels along."""
    if isinstance(values, Mapping):
        if values and all(map(is_table, values.values())):
            return _aligned(values, label_column)
        if label_column is None:
            return _vectors(values)
    if not is_table(values):
        raise ValueError(
            f"A {type(values).__name__} has no index and no columns to take the "
            "labels from; give labels and rows, as in ClassAttributes(labels, values)."
        )
    labels, rows, names = _labelled(values, label_column)
    rows = _source(rows, _DEFAULT_SOURCE, labels, may_miss_rows=False)
    return Sources(labels, {_DEFAULT_SOURCE: rows}, names)


def _labelled(table, label_column):
    labels, rows, names = split_table(table, label_column)
    if labels is None:
        raise ValueError(
            "The table has no labels: no index but row numbers, and no column of "
            "text. Give them, as in ClassAttributes(labels, table), or name the "
            "column that holds them, as in ClassAttributes('name', table)."
        )
    return label_array(labels), rows, names


def _aligned(values, label_column):
    """Tables that may have their rows in other orders, and lack classes."""
    parts = {
        str(name): _labelled(table, label_column) for name, table in values.items()
    }
    # In the order in which they come up first.
    where = {}
    for labels, _, _ in parts.values():
        for label in labels.tolist():
            where.setdefault(label, len(where))
    tables = {}
    for name, (labels, rows, _) in parts.items():
        tables[name] = np.full((len(where), rows.shape[1]), np.nan, np.float32)
        places = [where[label] for label in labels.tolist()]
        tables[name][places] = _source(rows, name, labels, may_miss_rows=True)
    return Sources(label_array(list(where)), tables)


def _vectors(values):
    if values and all(isinstance(value, str) for value in values.values()):
        raise ValueError(
            "class_attributes maps labels to texts; embed them first, with the encoder "
            "of the rows if these are texts, too, and give the vectors."
        )
    if values and all(isinstance(value, Mapping) for value in values.values()):
        raise ValueError(
            "class_attributes maps labels to mappings; give a table of them, "
            "pandas.DataFrame.from_dict(class_attributes, orient='index')."
        )
    shapes = [np.shape(vector) for vector in values.values()]
    if len(set(shapes)) > 1 or any(len(shape) != 1 for shape in shapes):
        usual = max(shapes, key=shapes.count)
        others = [k for k, s in zip(values, shapes, strict=True) if s != usual]
        one = ", as in {label: [number]}" if set(shapes) == {()} else ""
        raise ValueError(
            "class_attributes maps labels to values of the shapes "
            f"{sorted(set(shapes))}; all must be vectors of one length{one}. See "
            f"{few(others or list(values))}."
        )
    return _apart(list(values), np.array(list(values.values())))


def _source(table, name, labels, *, may_miss_rows):
    """Rows of numbers, one for each label."""
    try:
        table = numbers(table)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"values[{name!r}] is not a table of numbers: {error}"
        ) from error
    if table.ndim != 2 or len(table) != len(labels) or not table.shape[1]:
        on_side = table.ndim == 2 and table.shape[1] == len(labels)
        further = " It has a column for each: pass values.T." if on_side else ""
        raise ValueError(
            f"values[{name!r}] has shape {table.shape}, expected ({len(labels)}, "
            f"n_attributes): one row for each label.{further}"
        )
    bad = ~np.isfinite(table)
    if may_miss_rows:
        bad &= ~np.isnan(table).all(axis=1, keepdims=True)
    if bad.any():
        raise ValueError(
            f"values[{name!r}] has NaN or infinity in the rows of "
            f"{few(labels[bad.any(axis=1)])}; fill them in or leave the classes out. "
            "Only whole rows may be missing, and only with named sources."
        )
    return table


def warn_of_doubtful(labels: np.ndarray, tables: Mapping[str, np.ndarray]) -> None:
    """Warn of descriptions that say nothing, and of those that say the same."""
    for name, table in tables.items():
        zero = ~table.any(axis=1)
        # A single column has no direction anyway: there, 0 is as good as any number.
        if table.shape[1] > 1 and zero.any():
            warn(
                f"class_attributes: {name!r} is zero in all columns for "
                f"{few(labels[zero])}. Such a row has no direction, and is often a "
                "description that was not found; leave these classes out, or "
                "describe them.",
            )
    rows = np.concatenate(list(tables.values()), axis=1) + 0.0  # makes -0.0 to 0.0
    alike = {}
    for label, row in zip(labels.tolist(), rows, strict=True):
        alike.setdefault(row.tobytes(), []).append(label)
    groups = [few(group) for group in alike.values() if len(group) > 1]
    if groups:
        more = f" and {len(groups) - _MOST_GROUPS} more" * (len(groups) > _MOST_GROUPS)
        warn(
            "class_attributes: the same description is given to each of "
            f"{', '.join(groups[:_MOST_GROUPS])}{more}. Where one of them is unseen, "
            "they cannot be told apart; give them descriptions that differ, or one "
            "label.",
        )
