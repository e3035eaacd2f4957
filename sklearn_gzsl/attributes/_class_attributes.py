"""Descriptions of classes: the side information that makes zero-shot possible."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils import NOT_LABELLED, few, meant
from ._html import html_of
from ._sources import read, warn_of_doubtful
from ._tables import label_array, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike


def _further(missing, labels):
    """What else labels without a row may be."""
    if -1 in missing:
        return NOT_LABELLED
    if "-1" in missing:
        return (
            " Rows without labels are -1, a number: numpy makes text of it beside "
            "text, where a list or dtype=object keeps it."
        )
    if labels.dtype.kind in "iu" and not any(isinstance(c, int) for c in missing):
        return (
            " Rows of an array are the classes 0, 1, ...; ClassAttributes(labels, "
            "array) names them."
        )
    return ""


def lies_on_its_side(
    attributes: ClassAttributes, labels: Iterable[Any], missing: Iterable[Any]
) -> bool:
    """Whether the labels that have no row are columns of the table."""
    names, (table, *others) = attributes.feature_names, attributes.sources.values()
    if names is not None:
        # Where some labels have rows, these are the classes.
        return set(labels) == set(missing) <= set(names.tolist())
    counted = np.array_equal(attributes.labels, range(len(table)))
    return counted and not others and set(missing) <= set(range(table.shape[1]))


class ClassAttributes:
    """Descriptions of classes, safe to pass through cross-validation.

    scikit-learn cuts every fit argument as long as ``X`` into the rows of the
    fold, and cannot know that a table has one row per *class*. This holder has no
    length, no shape and no array interface, so it always travels whole. It never
    changes after construction, and copying it returns the same object.

    Parameters
    ----------
    labels : array-like of shape (n_classes,), str, DataFrame, table or mapping
        Class labels, each once, seen and unseen classes in any order, of the
        same type as the labels in ``y``. Or the name of the column of ``values``
        that holds them. Or all in one, without ``values``: a table that brings its
        labels along, as the index of a DataFrame or as its only column of text; a
        mapping of label to vector; or a mapping of names to such tables, which may
        lack classes.

    values : array-like of shape (n_classes, n_attributes), or mapping of str to it
        Row ``i`` describes class ``labels[i]``: attributes, or an embedding of the
        name, as an array, a sparse matrix, or a table of pandas, polars or pyarrow.
        A mapping holds several named sources, for example
        ``{"attributes": A, "sentences": S}``; there, a class that a source does not
        describe has a row of NaN in it, and each class needs one source at least.

    feature_names : sequence of str of length n_attributes, optional
        Names of the columns of ``values``; by default those of a table. Only for a
        single source.

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
        If labels repeat, are missing or of several types, lengths differ, or values
        are missing or not finite.

    Warns
    -----
    GZSLWarning
        If a description is zero throughout, or the same for several classes.

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
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"name": ["horse", "zebra"], "hooves": [1, 1], "stripes": [0, 1]}
    ... )
    >>> ClassAttributes(frame) == ClassAttributes("name", frame) == animals
    True
    """

    labels: np.ndarray
    sources: Mapping[str, np.ndarray]
    feature_names: np.ndarray | None

    def __init__(
        self,
        # Mappings, their views and sparse matrices are iterables.
        labels: ArrayLike | Iterable[Any],
        values: ArrayLike | Iterable[Any] | None = None,
        *,
        feature_names: Iterable[str] | None = None,
    ):
        found, sources, names = read(labels, values)
        if feature_names is not None:
            names = list(feature_names)
            width = next(iter(sources.values())).shape[1]
            if len(sources) > 1 or len(names) != width:
                raise ValueError(
                    f"feature_names has {len(names)} names, but values has "
                    f"{len(sources)} source(s), the first with {width} columns; "
                    "give one name per column of a single source."
                )
        warn_of_doubtful(found, sources)
        self._set(found, sources, names and np.array([str(name) for name in names]))

    def _set(self, labels, sources, feature_names):
        self.__setstate__(
            {"labels": labels, "sources": sources, "feature_names": feature_names}
        )
        return self

    @classmethod
    def _of(cls, labels, sources, feature_names):
        """A holder of what was in another: already read, and not warned of again."""
        return cls.__new__(cls)._set(labels, sources, feature_names)

    @property
    def values(self) -> np.ndarray:
        """The rows of the single source, (n_classes, n_attributes) float32."""
        if len(self.sources) > 1:
            raise ValueError(
                f"class_attributes has the sources {sorted(self.sources)}, where one "
                "is needed; choose one with class_attributes.select(name)."
            )
        return next(iter(self.sources.values()))

    def select(self, source: str) -> ClassAttributes:
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
        table = self.sources[source]
        rows = ~np.isnan(table[:, 0])
        return self._of(self.labels[rows], {source: table[rows]}, self.feature_names)

    def take(self, labels: ArrayLike | Iterable[Any]) -> np.ndarray:
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

    def subset(self, labels: ArrayLike | Iterable[Any]) -> ClassAttributes:
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
        sources = {name: table[rows] for name, table in self.sources.items()}
        return self._of(label_array(self.labels[rows]), sources, self.feature_names)

    def positions(self, labels: ArrayLike | Iterable[Any]) -> np.ndarray:
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
        labels = np.asarray(listed(labels))
        where = {label: i for i, label in enumerate(self.labels.tolist())}
        missing = sorted({c for c in labels.tolist() if c not in where}, key=repr)
        if missing:
            further = _further(missing, self.labels)
            if not further and lies_on_its_side(self, labels.tolist(), missing):
                further = (
                    " They are columns of the table, where each class needs a row: "
                    "transpose it, as table.T does."
                )
            raise ValueError(
                f"class_attributes has no row for the labels {few(missing)} "
                f"(its labels are {few(self.labels)}); add a row for each, with "
                f"labels of the same type as in y.{meant(missing, where)}" + further
            )
        return np.array([where[c] for c in labels.tolist()], dtype=np.intp)

    def __getitem__(self, label: Any) -> np.ndarray:
        return self.take([label])[0]

    def __contains__(self, label: Any) -> bool:
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

    def _repr_html_(self):
        return html_of(self.labels, self.sources, self.feature_names)

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
