"""Labels and tables as ClassAttributes holds them."""

from collections.abc import Mapping

import numpy as np

from ..utils import few


def check_index(values, labels):
    """A table indexed by labels must have them in the order of ``labels``."""
    tables = values.values() if isinstance(values, Mapping) else [values]
    for table in tables:
        index = getattr(table, "index", None)
        if not hasattr(table, "columns") or len(index) != len(labels):
            continue
        index = index.tolist()
        if index not in (labels.tolist(), list(range(len(labels)))):
            raise ValueError(
                f"values is a DataFrame with the index {few(index)}, but labels "
                f"is {few(labels)}; bring them into one order, for example with "
                "values.loc[labels]."
            )


def label_array(labels):
    labels = np.array(labels)
    if labels.ndim != 1 or not len(labels):
        raise ValueError(
            f"labels has shape {labels.shape}; give one label per class, at least one."
        )
    unique, counts = np.unique(labels, return_counts=True)
    if len(unique) != len(labels):
        raise ValueError(
            f"labels has the repeated labels {few(unique[counts > 1])}; give each "
            "class one row."
        )
    return labels


def source_table(table, name, n_classes, may_miss_rows):
    try:
        table = np.array(table, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"values[{name!r}] is not a table of numbers: {error}"
        ) from error
    if table.ndim != 2 or len(table) != n_classes or not table.shape[1]:
        raise ValueError(
            f"values[{name!r}] has shape {table.shape}, expected ({n_classes}, "
            "n_attributes): one row for each label."
        )
    bad = ~np.isfinite(table)
    if may_miss_rows:
        bad &= ~np.isnan(table).all(axis=1, keepdims=True)
    if bad.any():
        raise ValueError(
            f"values[{name!r}] has NaN or infinity in the rows "
            f"{few(np.flatnonzero(bad.any(axis=1)))}; fill them in or leave the "
            "classes out. Only whole rows may be missing, and only with named sources."
        )
    return table
