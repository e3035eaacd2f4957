"""How alike the descriptions of classes are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

from ..attributes import ClassAttributes, check_class_attributes
from ..metrics._accuracy import check_labels
from ..metrics._response import path_to
from ..utils import path_inside, unit_rows
from ._drawing import Axes, load_pyplot
from ._matrix import MatrixDisplay
from ._members import members_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class DescriptionDisplay(MatrixDisplay):
    """Similarity of the descriptions of all classes, the seen ones first.

    An unseen class can be recognised by what it has in common with seen ones, and told
    from those that its description differs from. So look for unseen classes that are
    like no seen one, and for two classes that are all but the same. Make one by
    :meth:`from_estimator` or :meth:`from_attributes`, which draw it, too.

    Parameters
    ----------
    similarity : ndarray of shape (n_classes, n_classes)
        Cosines between the descriptions.

    Attributes
    ----------
    nearest_seen : dict of label to (label, float)
        For each unseen class the seen class most like it, and how much.

    See Also
    --------
    sklearn_gzsl.ClassAttributes : Holds descriptions.
    ClassConfusionDisplay : Which classes are taken for which in the end.

    Notes
    -----
    Cosines are taken from the mean of the seen classes' descriptions, unless
    ``centred=False``. What all classes have in common would make them all alike:
    attributes that are never negative, and embeddings, of which most point to one side.

    .. versionadded:: 0.1

    Examples
    --------
    >>> from sklearn_gzsl import ClassAttributes
    >>> from sklearn_gzsl.inspection import DescriptionDisplay
    >>> animals = ClassAttributes(  # hooves, stripes, paws
    ...     ["horse", "tiger", "cat", "zebra"],
    ...     [[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 1, 0]],
    ... )
    >>> display = DescriptionDisplay.from_attributes(
    ...     animals, seen_classes=["horse", "tiger", "cat"], centred=False
    ... )
    >>> nearest, cosine = display.nearest_seen["zebra"]
    >>> nearest, round(cosine, 2)
    ('horse', 0.71)
    """

    def __init__(self, similarity: np.ndarray, *, classes: np.ndarray, n_seen: int):
        self.similarity = similarity
        self.classes = classes
        self.n_seen = n_seen

    @property
    def nearest_seen(self) -> dict[Any, tuple[Any, float]]:
        """For each unseen class the seen class most like it, and how much."""
        if not self.n_seen:
            return {}
        across = self.similarity[self.n_seen :, : self.n_seen]
        labels = np.asarray(self.classes).tolist()
        return {
            label: (labels[row.argmax()], float(row.max()))
            for label, row in zip(labels[self.n_seen :], across, strict=True)
        }

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        source: str | None = None,
        centred: bool = True,
        ax: Axes | None = None,
        **options: Any,
    ) -> DescriptionDisplay:
        """Draw the descriptions that an estimator was fitted with.

        Parameters
        ----------
        estimator : object
            A fitted classifier with ``class_attributes_`` and ``seen_classes_``, or a
            pipeline, search or meta-estimator that ends in one; or a vote, whose
            members have the same descriptions.

        source : str, default=None
            Which description, where classes have several.

        centred : bool, default=True
            Whether cosines are taken from the mean of the seen classes.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : DescriptionDisplay

        Raises
        ------
        TypeError
            If no part of the estimator has ``class_attributes_``.
        ValueError
            If there are several sources and ``source`` names none of them, or if the
            members of a vote have different descriptions.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        if isinstance(estimator, ClassAttributes):
            raise TypeError(
                "estimator is a ClassAttributes; DescriptionDisplay.from_attributes "
                "draws it."
            )
        model = _described(estimator)
        return cls.from_attributes(
            model.class_attributes_,
            seen_classes=model.seen_classes_,
            source=source,
            centred=centred,
            ax=ax,
            **options,
        )

    @classmethod
    def from_attributes(
        cls,
        class_attributes: Any,
        *,
        seen_classes: ArrayLike,
        source: str | None = None,
        centred: bool = True,
        ax: Axes | None = None,
        **options: Any,
    ) -> DescriptionDisplay:
        """Draw descriptions, before anything is fitted.

        Parameters
        ----------
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions, as for ``GZSLClassifier.fit``.

        seen_classes : array-like of shape (n_seen_classes,)
            The classes that have rows; the others are unseen. Those without a
            description are left out.

        source : str, default=None
            Which description, where classes have several; classes that it does not
            describe are left out.

        centred : bool, default=True
            Whether cosines are taken from the mean of the seen classes.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : DescriptionDisplay

        Raises
        ------
        ValueError
            If the descriptions are not valid, or if there are several sources and
            ``source`` names none of them.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_attributes")
        described = check_class_attributes(class_attributes)
        if source is not None:
            described = described.select(source)
        labels = check_labels(described.labels, "class_attributes")
        seen = np.isin(labels, check_labels(seen_classes, "seen_classes", like=labels))
        order = np.concatenate([np.flatnonzero(seen), np.flatnonzero(~seen)])
        A, n_seen = described.values[order].astype(float), int(seen.sum())
        if centred and n_seen:
            A = A - A[:n_seen].mean(axis=0)
        A = unit_rows(A)
        display = cls(A @ A.T, classes=labels[order], n_seen=n_seen)
        return display.plot(ax=ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        classes: ArrayLike | None = None,
        sort: bool = True,
        include_values: bool | None = None,
        cmap: Any = "viridis",
        xticks_rotation: str | float = "vertical",
        colorbar: bool = True,
        im_kwargs: dict[str, Any] | None = None,
    ) -> DescriptionDisplay:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        classes : array-like, default=None
            Show only these classes.

        sort : bool, default=True
            Whether classes of a side that are alike stand beside each other, by
            average linkage, and not in the order of ``classes``.

        include_values : bool, default=None
            Whether to write the cosines into the cells; by default up to twelve
            classes.

        cmap : str or matplotlib Colormap, default="viridis"
            Colours, from the smallest cosine shown to 1.

        xticks_rotation : {"vertical", "horizontal"} or float, default="vertical"
            Rotation of the labels of columns. Above forty classes, only the sides are
            labelled.

        colorbar : bool, default=True
            Whether to draw the scale of colours.

        im_kwargs : dict, default=None
            Options of the picture for matplotlib's ``imshow``.

        Returns
        -------
        display : DescriptionDisplay
            Itself.

        Raises
        ------
        ValueError
            If ``classes`` holds one without a description.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{type(self).__name__}.plot")
        kept = np.arange(len(self.classes))
        if classes is not None:
            kept = self._positions(classes, "have no description here")
        sides = kept[kept < self.n_seen], kept[kept >= self.n_seen]
        if sort:
            sides = tuple(side[_alike(self.similarity, side)] for side in sides)
        shown = np.concatenate(sides)
        self.shown_classes_ = np.asarray(self.classes)[shown]
        matrix = self.similarity[np.ix_(shown, shown)]
        self._show(
            ax,
            matrix,
            len(sides[0]),
            axis_names=("", ""),
            include_values=include_values,
            # One half says it all, but for the diagonal of ones.
            written=np.tril(np.full(matrix.shape, True), -1),
            rotation=xticks_rotation,
            scale="cosine of descriptions" if colorbar else None,
            im_kwargs={"cmap": cmap, "vmax": 1, **(im_kwargs or {})},
        )
        return self


def _described(estimator):
    """The part that knows the descriptions; of a vote, the first of its members."""
    inside = path_inside(estimator, "class_attributes_")[-1]
    members = {} if hasattr(inside, "class_attributes_") else members_of(inside)
    if not members:
        return path_to(estimator, "class_attributes_")[-1]
    models = {name: _described(member) for name, member in members.items()}
    first, *others = models
    for name in others:
        if models[name].class_attributes_ != models[first].class_attributes_:
            raise ValueError(
                f"The members {first!r} and {name!r} of the vote have different "
                f"descriptions; draw those of one, named_estimators_[{first!r}], or "
                "DescriptionDisplay.from_attributes of a table."
            )
    return models[first]


def _alike(similarity, positions):
    """An order in which classes that are alike stand beside each other."""
    if len(positions) < 3:
        return np.arange(len(positions))
    distance = 1 - similarity[np.ix_(positions, positions)]
    pairs = distance[np.triu_indices(len(positions), 1)]
    tree = linkage(np.maximum(pairs, 0), "average", optimal_ordering=len(pairs) < 2e4)
    return leaves_list(tree)
