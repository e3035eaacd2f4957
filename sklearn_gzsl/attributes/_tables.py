"""Labels and numbers out of what users have: arrays, and tables of any library.

A table is what has named columns. So pandas, polars, pyarrow and narwhals are read
alike, and none of them has to be installed.
"""

from collections.abc import KeysView, Set, ValuesView
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse

from ..utils import check_complete, few, is_number, warn


class Table(NamedTuple):
    """Labels, if it has any; a row of numbers for each; names of their columns."""

    labels: np.ndarray | None
    rows: np.ndarray
    names: list


# What pandas calls a first column without a name.
UNNAMED = "Unnamed: 0"


def is_table(values: Any) -> bool:
    """Whether there are named columns."""
    # Asked of the type: a lazy table would set to work on it.
    return any(hasattr(type(values), name) for name in ("columns", "column_names"))


def column_names(table: Any) -> list:
    """Names of the columns of a table."""
    if not hasattr(table, "__len__"):
        raise ValueError(
            f"A {type(table).__name__} has no rows yet; pass what its collect() gives."
        )
    # The `columns` of a pyarrow table are the data.
    return list(getattr(table, "column_names", None) or table.columns)


def split_table(table: Any, label_column: str | None = None) -> Table:
    """Part the labels of a table from its numbers.

    Labels are in the column of the given name; otherwise they are the index of the
    table, or if it has none, its only column of text.
    """
    names, columns = column_names(table), _columns(table)
    index = _index(table) if label_column is None else None
    if label_column is None and index is None:
        text = [n for n, column in zip(names, columns, strict=True) if _is_text(column)]
        if len(text) > 1:
            raise ValueError(
                f"The table has several columns of text, {few(text)}; leave out all "
                "but the one with the labels."
            )
        label_column = text[0] if text else None
    if label_column is None:
        rows = _stack(names, columns)
        _warn_of_numbers(names, rows, labelled=index is not None)
        return Table(index, rows, names)
    if label_column not in names:
        raise ValueError(
            f"labels={label_column!r} is no column of the table, which has "
            f"{few(names)}."
        )
    i = names.index(label_column)
    names.pop(i)
    labels, rows = columns.pop(i), _stack(names, columns)
    _warn_of_numbers(names, rows, labelled=True)
    return Table(labels, rows, names)


def numbers(values: Any) -> np.ndarray:
    """Rows of numbers in any form, as a new array in float32."""
    if issparse(values):
        return values.toarray().astype(np.float32)
    if is_table(values):
        return _stack(column_names(values), _columns(values))
    return np.array(listed(values), dtype=np.float32)


def listed(values: Any) -> Any:
    """Keys or values of a mapping as a list, of which numpy makes no array itself."""
    return list(values) if isinstance(values, KeysView | ValuesView) else values


def label_array(labels: Any) -> np.ndarray:
    """Labels as an array, each of them once."""
    if isinstance(labels, Set) and not isinstance(labels, KeysView):
        raise TypeError("labels is a set, which has no order; give a list.")
    labels = listed(labels)
    check_complete(labels, "labels")
    labels = np.array(labels)
    if labels.ndim != 1 or not len(labels):
        raise ValueError(
            f"labels has shape {labels.shape}; give one label per class, at least one."
        )
    if labels.dtype == object and not isinstance(labels[0], str):
        labels = np.array(labels.tolist())  # numbers among a table's objects
    unique, counts = np.unique(labels, return_counts=True)
    if len(unique) != len(labels):
        raise ValueError(
            f"labels has the repeated labels {few(unique[counts > 1])}; give each "
            "class one row."
        )
    return labels


def check_order(table: Any, labels: np.ndarray) -> None:
    """A table indexed by labels must have them in the order of ``labels``."""
    index = getattr(table, "index", None)
    if not is_table(table) or index is None or len(index) != len(labels):
        return
    index = index.tolist()
    if index not in (labels.tolist(), list(range(len(labels)))):
        raise ValueError(
            f"values is a DataFrame with the index {few(index)}, but labels "
            f"is {few(labels)}; bring them into one order, for example with "
            "values.loc[labels]."
        )


def _warn_of_numbers(names, rows, *, labelled):
    """Warn of columns that number the rows, and would count as attributes."""
    n_rows = len(rows)
    suspects = [name for name in names if name == UNNAMED]
    if not suspects and not labelled and n_rows > 2:
        counts = [np.arange(first, first + n_rows) for first in (0, 1)]
        ordered = np.sort(rows, axis=0).T
        numbering = [any(np.array_equal(c, o) for c in counts) for o in ordered]
        suspects = [n for n, found in zip(names, numbering, strict=True) if found]
    if suspects:
        warn(
            f"The column {suspects[0]!r} of the descriptions seems to number the rows, "
            "and counts as an attribute. Leave it out, as index_col=0 of "
            "pandas.read_csv does; or if it holds the labels, say so, as in "
            f"ClassAttributes({suspects[0]!r}, table)."
        )


def _index(table):
    """Labels of the rows, unless they are only counted, as pandas does unasked."""
    index = getattr(table, "index", None)
    if index is None:
        return None
    # A later part of a counted table keeps its numbers, so these are labels.
    counted = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (
        0,
        1,
    )
    return None if counted and index.name is None else index.to_numpy()


def _columns(table):
    names = column_names(table)
    if hasattr(table, "iloc"):  # in pandas, names may repeat
        return [np.asarray(table.iloc[:, i]) for i in range(len(names))]
    return [np.asarray(table[name]) for name in names]


def _is_text(column):
    return column.dtype.kind in "UST" or (
        column.dtype == object and any(isinstance(item, str) for item in column)
    )


def strays(items: list[Any]) -> list[int]:
    """Where a column has cells without a number, if others of its cells are numbers."""
    wrong = [i for i, item in enumerate(items) if not is_number(item)]
    return wrong if len(wrong) < len(items) else []


def _check_cells(name, column):
    """Name the first cell without a number, where others are numbers."""
    items = column.tolist()
    wrong = strays(items)
    if not wrong:
        return
    raise ValueError(
        f"column {name!r}, row {wrong[0]} counted from 0: {items[wrong[0]]!r} is no "
        f"number ({len(wrong)} of {len(column)} cells are none); put numbers there, or "
        "leave the column out."
    )


def _stack(names, columns):
    rows = []
    for name, column in zip(names, columns, strict=True):
        if _is_text(column):  # numpy would take "07" for a number
            _check_cells(name, column)
            raise ValueError(
                f"column {name!r} holds text; make numbers of it, as 1 and 0 of yes "
                "and no, leave it out, or if it holds the labels, say so, as in "
                f"ClassAttributes({name!r}, table)."
            )
        try:
            rows.append(np.asarray(column, dtype=np.float32))
        except (TypeError, ValueError) as error:
            raise ValueError(f"column {name!r} holds no numbers: {error}") from error
    if not rows:
        raise ValueError("The table has no column of numbers.")
    return np.stack(rows, axis=1)
