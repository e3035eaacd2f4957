"""Accuracy of each class, seen and unseen."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_scalar

from ..metrics import per_class_accuracy
from ..metrics._accuracy import check_labels
from ..metrics._response import check_known, find_model
from ._drawing import SIDES, Axes, Display, legend_beside, load_pyplot

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Classes up to which the default size of a figure has room for names.
_MOST_NAMES = 60
_BAR, _AROUND = 0.2, 1.2  # inches of a bar, and of what is below and above


class PerClassAccuracyDisplay(Display):
    """A bar for the accuracy of each class, those of seen and unseen classes apart.

    U and S are means over classes: here is what they are means of, and whether a few
    classes fail or all are middling. Make one, and draw it, by :meth:`from_estimator`
    or :meth:`from_predictions`.

    Parameters
    ----------
    accuracy : ndarray of shape (n_classes,)
        Share of a class's rows that are right.

    Attributes
    ----------
    shown_classes_ : ndarray of shape (n_shown,)
        The classes in the picture, from top to bottom.
    bars_ : dict of str to matplotlib BarContainer
        Bars of the ``"seen"`` and of the ``"unseen"`` classes, where there are some.
    means_ : dict of str to matplotlib LineCollection
        The line at the mean over all classes of a side: S and U.

    See Also
    --------
    sklearn_gzsl.metrics.per_class_accuracy : The numbers, with ``average=None``.
    ClassConfusionDisplay : What a class is taken for.

    Notes
    -----
    .. versionadded:: 0.1

    Examples
    --------
    >>> from sklearn_gzsl.inspection import PerClassAccuracyDisplay
    >>> display = PerClassAccuracyDisplay.from_predictions(
    ...     ["cat", "cat", "dog", "zebra", "zebra", "okapi"],
    ...     ["cat", "dog", "dog", "zebra", "dog", "zebra"],
    ...     seen_classes=["cat", "dog"],
    ... )
    >>> display.classes.tolist(), display.accuracy.tolist()
    (['cat', 'dog', 'okapi', 'zebra'], [0.5, 1.0, 0.0, 0.5])
    """

    def __init__(self, accuracy: np.ndarray, *, classes: np.ndarray, n_seen: int):
        self.accuracy = accuracy
        self.classes = classes
        self.n_seen = n_seen

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        ax: Axes | None = None,
        **options: Any,
    ) -> PerClassAccuracyDisplay:
        """Draw the accuracies of a fitted estimator's predictions.

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
        display : PerClassAccuracyDisplay

        Raises
        ------
        TypeError
            If no part of the estimator has ``seen_classes_``.
        ValueError
            If y holds labels that the estimator does not know.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        model = find_model(estimator)
        y = check_known(y, check_labels(model.classes_, "classes_"))
        return cls.from_predictions(
            y, estimator.predict(X), seen_classes=model.seen_classes_, ax=ax, **options
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        seen_classes: ArrayLike,
        ax: Axes | None = None,
        **options: Any,
    ) -> PerClassAccuracyDisplay:
        """Draw the accuracies of predictions.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels, perhaps of one side only.

        y_pred : array-like of shape (n_samples,)
            Predicted labels.

        seen_classes : array-like of shape (n_seen_classes,)
            The classes that had rows in training; the others are unseen.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : PerClassAccuracyDisplay

        Raises
        ------
        ValueError
            If lengths differ, or labels are of mixed kinds.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_predictions")
        y_true = check_labels(y_true, "y_true")
        seen_classes = check_labels(seen_classes, "seen_classes", like=y_true)
        classes = np.unique(y_true)
        seen = np.isin(classes, seen_classes)
        classes = np.concatenate([classes[seen], classes[~seen]])
        accuracy = per_class_accuracy(y_true, y_pred, labels=classes, average=None)
        display = cls(accuracy, classes=classes, n_seen=int(seen.sum()))
        return display.plot(ax=ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        top_n: int | None = None,
        sort: bool = True,
        bar_kwargs: dict[str, Any] | None = None,
    ) -> PerClassAccuracyDisplay:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default, higher for more classes.

        top_n : int, default=None
            Show only the classes of the lowest accuracy, at most so many of each side.

        sort : bool, default=True
            Whether the best class of a side comes first, and not the first label.

        bar_kwargs : dict, default=None
            Options of the bars for matplotlib's ``barh``.

        Returns
        -------
        display : PerClassAccuracyDisplay
            Itself.

        Raises
        ------
        ValueError
            If ``top_n`` is less than 1.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{type(self).__name__}.plot")
        if top_n is not None:
            check_scalar(top_n, "top_n", Integral, min_val=1)
        sides = {
            "seen": np.arange(self.n_seen),
            "unseen": np.arange(self.n_seen, len(self.classes)),
        }
        shown = {side: self._choose(of, top_n, sort) for side, of in sides.items()}
        n_shown = sum(map(len, shown.values()))
        height = min(n_shown, _MOST_NAMES) * _BAR + _AROUND
        ax = self._take(ax, (7.0, max(height, 2.5)))
        self.shown_classes_ = np.asarray(self.classes)[
            np.concatenate([*shown.values()])
        ]
        self.bars_, self.means_, top = {}, {}, 0
        for (side, chosen), letter in zip(shown.items(), "SU", strict=True):
            if not len(chosen):
                continue
            places = top + np.arange(len(chosen))
            # Of all of its classes, also those that are not shown.
            mean = self.accuracy[sides[side]].mean()
            label = f"{side}, mean {letter} = {mean:.2f}"
            style = {"color": SIDES[side], "alpha": 0.6, "label": label}
            self.bars_[side] = ax.barh(
                places, self.accuracy[chosen], **{**style, **(bar_kwargs or {})}
            )
            ends = places[0] - 0.5, places[-1] + 0.5
            line = {"colors": SIDES[side], "linewidth": 2}
            self.means_[side] = ax.vlines(mean, *ends, **line)
            top += len(chosen)
        self._name({side: len(chosen) for side, chosen in shown.items()})
        ax.set(xlim=(0, 1), ylim=(n_shown - 0.5, -0.5), xlabel="accuracy")
        legend_beside(ax)
        return self

    def _choose(self, positions, top_n, sort):
        """Positions of the classes of one side to show, in the order to show them."""
        by_accuracy = positions[np.argsort(-self.accuracy[positions], kind="stable")]
        chosen = by_accuracy if top_n is None else by_accuracy[-top_n:]
        return chosen if sort else np.sort(chosen)

    def _name(self, counts):
        """Labels of the classes, or only of the sides where they are too many."""
        ax, n = self.ax_, len(self.shown_classes_)
        if n <= _MOST_NAMES:
            points = ax.get_window_extent().height / n * 72 / self.figure_.dpi
            ax.set_yticks(range(n), self.shown_classes_, fontsize=min(10, points / 1.2))
            return
        middles = {
            "seen": (counts["seen"] - 1) / 2,
            "unseen": (n + counts["seen"] - 1) / 2,
        }
        middles = {side: at for side, at in middles.items() if counts[side]}
        ax.set_yticks([*middles.values()], [*middles])
