"""What users may pass as class_attributes, made into a holder, or refused."""

from collections.abc import Mapping

import numpy as np

from ..utils import few
from ._class_attributes import ClassAttributes


def check_class_attributes(class_attributes, y=None) -> ClassAttributes:
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


def extend_class_attributes(known, new) -> ClassAttributes:
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
        new = ClassAttributes(
            new.labels,
            {next(iter(known.sources)): new.values},
            feature_names=new.feature_names,
        )
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
    names = known.feature_names, new.feature_names
    if all(n is not None for n in names) and not np.array_equal(*names):
        raise ValueError(
            f"class_attributes has the columns {few(names[1])}, but that of the "
            f"classes known so far has {few(names[0])}; bring them into the same order."
        )
    sources = {}
    for name, table in known.sources.items():
        missing = np.full((len(new.labels), widths[name]), np.nan)
        sources[name] = np.concatenate([table, new.sources.get(name, missing)])
    labels = np.concatenate([known.labels, new.labels])
    return ClassAttributes(labels, sources, feature_names=names[0])


def _from_table(table, y):
    is_frame = hasattr(table, "index") and hasattr(table, "columns")
    if not isinstance(table, Mapping) and not is_frame:
        table = np.asarray(table)
        if table.ndim != 2:
            raise ValueError(
                f"class_attributes is an array of {table.ndim} dimension(s); pass a "
                "2-d array (row i describes the integer label i), a DataFrame indexed "
                "by label, a mapping of label to vector, or ClassAttributes."
            )
    if y is not None and len(table) == len(y):
        raise ValueError(
            f"class_attributes has as many rows as X ({len(y)}), so cross-validation "
            "would cut it like X, or already has; wrap it in "
            "ClassAttributes(labels, values)."
        )
    if isinstance(table, Mapping):
        lengths = {np.shape(v) for v in table.values()}
        if len(lengths) > 1 or any(len(shape) != 1 for shape in lengths):
            raise ValueError(
                "class_attributes maps labels to values of the shapes "
                f"{sorted(lengths)}; all must be vectors of one length."
            )
        return ClassAttributes(list(table), np.array(list(table.values())))
    if is_frame:
        return ClassAttributes(table.index.to_numpy(), table)
    return ClassAttributes(np.arange(len(table)), table)


def _is_text(labels):
    return all(isinstance(label, str) for label in labels.tolist())
