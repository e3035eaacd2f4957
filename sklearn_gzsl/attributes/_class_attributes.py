"""Descriptions of classes: the side information that makes zero-shot possible."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from ..utils import few
from ._tables import check_index, label_array, source_table

_DEFAULT_SOURCE = "attributes"


class ClassAttributes:
    """Descriptions of classes, safe to pass through cross-validation.

    scikit-learn cuts every fit argument as long as ``X`` into the rows of the
    fold, and cannot know that a table has one row per *class*. This holder has no
    length, no shape and no array interface, so it always travels whole. It never
    changes after construction, and copying it returns the same object.

    Parameters
    ----------
    labels : array-like of shape (n_classes,)
        Class labels, each once, seen and unseen classes in any order, of the
        same type as the labels in ``y``.

    values : array-like of shape (n_classes, n_attributes), or mapping of str to it
        Row ``i`` describes class ``labels[i]``: attributes, or an embedding of the
        name. A mapping holds several named sources, for example
        ``{"attributes": A, "sentences": S}``; there, a class that a source does not
        describe has a row of NaN in it, and each class needs one source at least.

    feature_names : sequence of str of length n_attributes, optional
        Names of the columns of ``values``; taken from a DataFrame's columns by
        default. Only for a single source.

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
    values : ndarray of shape (n_classes, n_attributes), float32
        The single source's rows; read only.
    sources : mapping of str to ndarray
        All sources by name; a single one is called ``"attributes"``.
    feature_names : ndarray of str or None

    Raises
    ------
    ValueError
        If labels repeat, lengths differ, or values are missing or not finite.

    See Also
    --------
    GZSLClassifier : Takes it as ``fit(X, y, class_attributes=...)``.

    Examples
    --------
    >>> from sklearn_gzsl import ClassAttributes
    >>> animals = ClassAttributes(
    ...     ["horse", "zebra"], [[1, 0], [1, 1]], feature_names=["hooves", "stripes"]
    ... )
    >>> animals
    ClassAttributes(n_classes=2, n_attributes=2)
    >>> animals["zebra"]
    array([1., 1.], dtype=float32)
    """

    def __init__(
        self,
        labels: ArrayLike,
        values: ArrayLike | Mapping[str, ArrayLike],
        *,
        feature_names: ArrayLike | None = None,
    ):
        labels = label_array(labels)
        check_index(values, labels)
        if feature_names is None and hasattr(values, "columns"):
            feature_names = list(values.columns)
        several = isinstance(values, Mapping)
        if several and not values:
            raise ValueError("values holds no source: pass at least one table.")
        named = values if several else {_DEFAULT_SOURCE: values}
        sources = {
            str(name): source_table(table, name, len(labels), several)
            for name, table in named.items()
        }
        described = np.any([~np.isnan(v[:, 0]) for v in sources.values()], axis=0)
        if not described.all():
            raise ValueError(
                "values: no source describes the classes "
                f"{few(labels[~described])}; give each a row in one source."
            )
        if feature_names is not None:
            width = next(iter(sources.values())).shape[1]
            if len(sources) > 1 or len(feature_names) != width:
                raise ValueError(
                    f"feature_names has {len(feature_names)} names, but values has "
                    f"{len(sources)} source(s), the first with {width} columns; "
                    "give one name per column of a single source."
                )
            feature_names = np.array([str(f) for f in feature_names])
        self.__setstate__(
            {"labels": labels, "sources": sources, "feature_names": feature_names}
        )

    @property
    def values(self) -> np.ndarray:
        """The rows of the single source, (n_classes, n_attributes) float32."""
        if len(self.sources) > 1:
            raise ValueError(
                f"class_attributes has the sources {sorted(self.sources)}, where one "
                "is needed; choose one with class_attributes.select(name)."
            )
        return next(iter(self.sources.values()))

    def select(self, source: str) -> "ClassAttributes":
        """Keep one source, and the classes that it describes.

        Parameters
        ----------
        source : str
            Name of the source.

        Returns
        -------
        ClassAttributes
        """
        if source not in self.sources:
            raise ValueError(f"source {source!r} is not one of {sorted(self.sources)}.")
        rows = ~np.isnan(self.sources[source][:, 0])
        return ClassAttributes(
            self.labels[rows],
            {source: self.sources[source][rows]},
            feature_names=self.feature_names,
        )

    def take(self, labels: ArrayLike) -> np.ndarray:
        """Rows of the given classes, in the given order.

        Parameters
        ----------
        labels : array-like of shape (n,)
            Labels to look up; may repeat.

        Returns
        -------
        ndarray of shape (n, n_attributes)

        Raises
        ------
        ValueError
            If a label has no row; the message lists them.
        """
        return self.values[self.positions(labels)]

    def subset(self, labels: ArrayLike) -> "ClassAttributes":
        """The given classes only, in the given order, with all sources.

        Parameters
        ----------
        labels : array-like of shape (n,)
            Labels to keep.

        Returns
        -------
        ClassAttributes
        """
        rows = self.positions(labels)
        values = {name: table[rows] for name, table in self.sources.items()}
        if len(values) == 1:
            values = values.popitem()[1] if _DEFAULT_SOURCE in values else values
        return ClassAttributes(
            self.labels[rows], values, feature_names=self.feature_names
        )

    def positions(self, labels: ArrayLike) -> np.ndarray:
        """Row numbers of the given classes.

        Parameters
        ----------
        labels : array-like of shape (n,)
            Labels to look up; may repeat.

        Returns
        -------
        ndarray of shape (n,), int

        Raises
        ------
        ValueError
            If a label has no row; the message lists them.
        """
        labels = np.asarray(labels)
        where = {label: i for i, label in enumerate(self.labels.tolist())}
        missing = sorted({c for c in labels.tolist() if c not in where}, key=repr)
        if missing:
            raise ValueError(
                f"class_attributes has no row for the labels {few(missing)} "
                f"(its labels are {few(self.labels)}); add a row for each, with "
                "labels of the same type as in y."
            )
        return np.array([where[c] for c in labels.tolist()], dtype=np.intp)

    def __getitem__(self, label):
        return self.take([label])[0]

    def __contains__(self, label):
        return label in self.labels.tolist()

    # Without it, __getitem__ would make the holder iterable and so "array-like".
    __iter__ = None

    def __eq__(self, other):
        return (
            isinstance(other, ClassAttributes)
            and np.array_equal(self.labels, other.labels)
            and self.sources.keys() == other.sources.keys()
            and all(
                np.array_equal(table, other.sources[name], equal_nan=True)
                for name, table in self.sources.items()
            )
        )

    def __hash__(self):
        return hash(tuple(self.labels.tolist()))

    def __repr__(self):
        widths = {name: table.shape[1] for name, table in self.sources.items()}
        shape = widths.popitem()[1] if len(widths) == 1 else widths
        return f"ClassAttributes(n_classes={len(self.labels)}, n_attributes={shape})"

    def __setattr__(self, name, value):
        raise AttributeError(
            f"ClassAttributes never changes; cannot set {name!r}. Make a new one."
        )

    def __delattr__(self, name):
        raise AttributeError("ClassAttributes never changes. Make a new one.")

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __getstate__(self):
        return {**vars(self), "sources": dict(self.sources)}

    def __setstate__(self, state):
        # Unpickled arrays are writeable again: freeze on both ways in.
        for array in (state["labels"], *state["sources"].values()):
            array.setflags(write=False)
        if state["feature_names"] is not None:
            state["feature_names"].setflags(write=False)
        vars(self).update(state, sources=MappingProxyType(state["sources"]))
