"""What notebooks show of descriptions."""

from collections.abc import Mapping
from html import escape

import numpy as np

from ..utils import few

_MOST_CLASSES, _MOST_VALUES = 5, 4


def html_of(
    labels: np.ndarray,
    sources: Mapping[str, np.ndarray],
    feature_names: np.ndarray | None,
) -> str:
    """Tables of the sources, and of the first values of the first classes."""
    rows = []
    for name, table in sources.items():
        missing = labels[np.isnan(table[:, 0])]
        described = len(labels) - len(missing)
        rows.append(
            [name, table.shape[1], described, few(missing) if len(missing) else "none"]
        )
    head = ["Source", "Columns", "Classes", "Classes without a row"]
    values = [_first_values(labels, *item, feature_names) for item in sources.items()]
    summary = f"<b>ClassAttributes</b> of {len(labels)} classes"
    return "\n".join(["<div>", summary, _table(head, rows), *values, "</div>"])


def _first_values(labels, name, table, feature_names):
    shown = table[:_MOST_CLASSES, :_MOST_VALUES]
    columns = range(shown.shape[1]) if feature_names is None else feature_names
    more_columns = ["…"] if table.shape[1] > _MOST_VALUES else []
    head = [name, *list(columns)[:_MOST_VALUES], *more_columns]
    rows = [
        [label, *("" if np.isnan(x) else f"{x:.4g}" for x in row), *more_columns]
        for label, row in zip(labels[:_MOST_CLASSES].tolist(), shown, strict=True)
    ]
    if len(labels) > _MOST_CLASSES:
        rows.append(["…"] * len(head))
    return _table(head, rows)


def _table(head, rows):
    """A table, of which no cell is read as HTML."""
    lines = [_row("th", head), *(_row("td", row) for row in rows)]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _row(tag, cells):
    return f"<tr>{''.join(f'<{tag}>{escape(str(c))}</{tag}>' for c in cells)}</tr>"
