"""Which classes are taken for which, sorted into seen and unseen ones."""

from __future__ import annotations

from itertools import product
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_consistent_length, check_scalar

from ..metrics._accuracy import check_labels
from ..metrics._rejection import rejections_alike
from ..metrics._response import find_model
from ..utils import path_inside
from ._drawing import Axes, load_pyplot
from ._matrix import MatrixDisplay

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class ClassConfusionDisplay(MatrixDisplay):
    """Confusion matrix with the seen classes first, then the unseen ones.

    Two lines divide it into four blocks: seen rows taken for seen classes, seen for
    unseen, unseen for seen, unseen for unseen. Their sums tell how much of the error is
    bias towards one side, which a seen penalty can mend, and how much is confusion
    within a side, which it cannot. Make one by :meth:`from_estimator` or
    :meth:`from_predictions`, which draw it, too.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes), int
        Number of rows of each true class (row) that were predicted as each class
        (column).

    n_rejected : int, default=0
        1 if the last one is no class, but stands for rows that were rejected.

    Attributes
    ----------
    confusion_matrix : ndarray of shape (n_classes, n_classes)
        The counts as shares of the class's rows; NaN in the row of a class that was
        predicted but has no rows.
    blocks : dict of str to float
        ``"seen->seen"``, ``"seen->unseen"``, ``"unseen->seen"`` and
        ``"unseen->unseen"``: the shares summed over the block's columns, mean over its
        classes. Both of one side sum to 1; NaN for a side without rows. Where rows
        were rejected, ``"rejected"`` is a third side.

    See Also
    --------
    sklearn_gzsl.metrics.gzsl_scores : The means of the diagonal, as U and S.
    SeenUnseenCurveDisplay : What a seen penalty can change.

    Examples
    --------
    >>> from sklearn_gzsl.inspection import ClassConfusionDisplay
    >>> display = ClassConfusionDisplay.from_predictions(
    ...     ["cat", "cat", "dog", "zebra", "zebra", "okapi"],
    ...     ["cat", "dog", "dog", "zebra", "dog", "zebra"],
    ...     seen_classes=["cat", "dog"],
    ... )
    >>> display.classes.tolist()
    ['cat', 'dog', 'okapi', 'zebra']
    >>> display.confusion_matrix
    array([[0.5, 0.5, 0. , 0. ],
           [0. , 1. , 0. , 0. ],
           [0. , 0. , 0. , 1. ],
           [0. , 0.5, 0. , 0.5]])
    >>> display.blocks["unseen->seen"]
    0.25
    """

    def __init__(
        self,
        counts: np.ndarray,
        *,
        classes: np.ndarray,
        n_seen: int,
        n_rejected: int = 0,
    ):
        self.counts = counts
        self.classes = classes
        self.n_seen = n_seen
        self.n_rejected = n_rejected

    @property
    def confusion_matrix(self) -> np.ndarray:
        """Shares of each true class's rows; NaN for a class without rows."""
        # Shares, not counts: otherwise large classes alone would be seen. A class that
        # was predicted but has no rows has no shares, rather than shares of 0.
        totals = self.counts.sum(axis=1, keepdims=True)
        return np.where(totals > 0, self.counts / np.maximum(totals, 1), np.nan)

    @property
    def blocks(self) -> dict[str, float]:
        """Share of each side's rows that is taken for either side."""
        end = len(self.classes) - self.n_rejected
        sides = {"seen": slice(None, self.n_seen), "unseen": slice(self.n_seen, end)}
        if self.n_rejected:
            sides["rejected"] = slice(end, None)
        blocks, matrix = {}, self.confusion_matrix
        for (true, rows), (pred, columns) in product(sides.items(), repeat=2):
            # Each class counts the same, as in U and S.
            shares = matrix[rows, columns].sum(axis=1)
            shares = shares[~np.isnan(shares)]
            blocks[f"{true}->{pred}"] = float(shares.mean()) if len(shares) else np.nan
        return blocks

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        ax: Axes | None = None,
        **options: Any,
    ) -> ClassConfusionDisplay:
        """Draw the confusion of a fitted estimator's predictions.

        Parameters
        ----------
        estimator : object
            A fitted classifier with ``seen_classes_``, or a pipeline, search or
            meta-estimator that ends in one.

        X : array-like of shape (n_samples, n_features)
            Rows as the estimator takes them.

        y : array-like of shape (n_samples,)
            True labels.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : ClassConfusionDisplay

        Raises
        ------
        TypeError
            If no part of the estimator has ``seen_classes_``.
        ImportError
            If matplotlib is not installed.
        """
        # First: without matplotlib, predicting would be in vain.
        load_pyplot(f"{cls.__name__}.from_estimator")
        options["seen_classes"] = find_model(estimator).seen_classes_
        rejecting = path_inside(estimator, "reject_label_")[-1]
        if hasattr(rejecting, "reject_label_"):
            options["reject_label"] = rejecting.reject_label_
        return cls.from_predictions(y, estimator.predict(X), ax=ax, **options)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        seen_classes: ArrayLike,
        reject_label: Any = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> ClassConfusionDisplay:
        """Draw the confusion of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels. Unlike for scores, rows of one side are enough.

        y_pred : array-like of shape (n_samples,)
            Predicted labels.

        seen_classes : array-like of shape (n_seen_classes,)
            The classes that had rows in training; the others are unseen. Those that
            occur neither in ``y_true`` nor in ``y_pred`` are left out.

        reject_label : int, str or None, default=None
            What stands for rows that were rejected, and for those of no described
            class. It is the last row and column, "rejected".

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : ClassConfusionDisplay

        Raises
        ------
        ValueError
            If lengths differ, or labels are of mixed kinds.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_predictions")
        check_consistent_length(y_true, y_pred)
        seen_classes = check_labels(seen_classes, "seen_classes")
        # One label for both, of the type of the others.
        (y_true, y_pred), rejected = rejections_alike(
            (y_true, y_pred), seen_classes, reject_label
        )
        y_true = check_labels(y_true, "y_true", like=seen_classes)
        y_pred = check_labels(y_pred, "y_pred", like=seen_classes)

        present = np.union1d(y_true, y_pred)
        seen, rejected = np.isin(present, seen_classes), present == rejected
        # Where each label, in sorted order, stands in the picture.
        position = np.empty(len(present), dtype=int)
        order = np.argsort(np.where(seen, 0, 1 + rejected), kind="stable")
        position[order] = np.arange(len(present))
        rows, columns = (
            position[np.searchsorted(present, y)] for y in (y_true, y_pred)
        )
        # Each pair as one number: counted in one pass over the rows.
        counts = np.bincount(rows * len(present) + columns, minlength=len(present) ** 2)
        display = cls(
            counts.reshape(len(present), len(present)),
            classes=present[order],
            n_seen=int(seen.sum()),
            n_rejected=int(rejected.sum()),
        )
        return display.plot(ax=ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        top_n: int | None = None,
        classes: ArrayLike | None = None,
        include_values: bool | None = None,
        cmap: Any = "viridis",
        xticks_rotation: str | float = "vertical",
        colorbar: bool = True,
        im_kwargs: dict[str, Any] | None = None,
    ) -> ClassConfusionDisplay:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        top_n : int, default=None
            Show only the classes with the most confusion: the share of their rows
            taken for other classes, plus the shares of other classes taken for them.
            Shares remain those of all rows, so what is shown of a row may sum to less
            than 1.

        classes : array-like, default=None
            Show only these classes.

        include_values : bool, default=None
            Whether to write the shares above 0 into the cells; by default up to twelve
            classes.

        cmap : str or matplotlib Colormap, default="viridis"
            Colours.

        xticks_rotation : {"vertical", "horizontal"} or float, default="vertical"
            Rotation of the labels of columns. Above forty classes, only the sides are
            labelled.

        colorbar : bool, default=True
            Whether to draw the scale of colours.

        im_kwargs : dict, default=None
            Options of the picture for matplotlib's ``imshow``.

        Returns
        -------
        display : ClassConfusionDisplay
            Itself.

        Raises
        ------
        ValueError
            If ``top_n`` is less than 1, if ``classes`` holds one that occurs nowhere,
            or if both are given.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{type(self).__name__}.plot")
        shown = self._choose(top_n, classes)
        matrix = self.confusion_matrix[np.ix_(shown, shown)]
        self.shown_classes_ = np.asarray(self.classes)[shown]
        # The scale is fixed, so that two pictures can be compared.
        defaults = {"cmap": cmap, "vmin": 0, "vmax": 1}
        self._show(
            ax,
            matrix,
            int((shown < self.n_seen).sum()),
            axis_names=("Predicted", "True"),
            include_values=include_values,
            written=matrix > 0,
            rotation=xticks_rotation,
            scale="share of the true class's rows" if colorbar else None,
            im_kwargs={**defaults, **(im_kwargs or {})},
        )
        return self

    def _choose(self, top_n, classes):
        """Positions of the classes to show, in order."""
        if top_n is not None and classes is not None:
            raise ValueError("top_n and classes both choose what is shown; give one.")
        if classes is not None:
            return self._positions(
                classes, "occur neither among the true nor among the predicted labels"
            )
        if top_n is None:
            return np.arange(len(self.classes))
        check_scalar(top_n, "top_n", Integral, min_val=1)
        # Errors in both directions: a class may draw others' rows and lose none.
        errors = np.nan_to_num(self.confusion_matrix)
        np.fill_diagonal(errors, 0)
        confusion = errors.sum(axis=0) + errors.sum(axis=1)
        # The worst, but shown in the order that parts seen from unseen classes.
        return np.sort(np.argsort(-confusion, kind="stable")[:top_n])
