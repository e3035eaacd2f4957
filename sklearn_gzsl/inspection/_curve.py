"""The seen-unseen curve, with the point at which a classifier stands on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..metrics import GZSLScorer, ausuc_score, seen_unseen_curve
from ..metrics._accuracy import check_labels, gzsl_scores, harmonic_mean
from ..metrics._response import score_fold
from ._drawing import Axes, Display, load_pyplot, style

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class SeenUnseenCurveDisplay(Display):
    """Accuracy on seen against accuracy on unseen classes, for every seen penalty.

    The curve [1]_ is exact: it has a point for each penalty at which a prediction
    changes. Make one by :meth:`from_estimator` or :meth:`from_predictions`, which draw
    it, too; their attributes are the parameters below.

    Parameters
    ----------
    seen_accuracy : ndarray of shape (n_points,)
        Accuracy on seen classes, falling.

    unseen_accuracy : ndarray of shape (n_points,)
        Accuracy on unseen classes, rising.

    penalties : ndarray of shape (n_points,)
        The smallest seen penalty of each point, as in
        :func:`~sklearn_gzsl.metrics.seen_unseen_curve`.

    ausuc : float, default=None
        Area under the curve; ``None`` leaves it out of the legend.

    operating_point : dict of str to float, default=None
        ``"U"``, ``"S"`` and ``"H"`` of the classifier's own predictions, that is,
        without any further penalty. ``None`` marks no such point.

    name : str, default=None
        What the legend calls the curve.

    Attributes
    ----------
    oracle_point : dict of str to float
        ``"U"``, ``"S"``, ``"H"`` and ``"penalty"`` of the highest H on the curve. It
        is found with the labels of the rows shown: an upper bound, not a result.
    line_ : matplotlib Line2D
        The curve.
    operating_point_ : matplotlib Line2D or None
        The mark of the operating point.
    oracle_point_ : matplotlib Line2D or None
        The mark of the oracle point.
    iso_lines_ : list of matplotlib Line2D
        The lines of constant H.

    See Also
    --------
    sklearn_gzsl.metrics.seen_unseen_curve : The numbers alone.
    sklearn_gzsl.metrics.ausuc_score : The area.

    References
    ----------
    .. [1] Chao, Changpinyo, Gong and Sha. An empirical study and analysis of
       generalized zero-shot learning for object recognition in the wild. ECCV 2016.

    Examples
    --------
    >>> from sklearn_gzsl.inspection import SeenUnseenCurveDisplay
    >>> y_true = ["cat", "dog", "zebra", "zebra"]
    >>> y_score = [[5, 1, 2], [1, 3, 1], [2, 1, 4], [3, 1, 2]]  # cat, dog, zebra
    >>> display = SeenUnseenCurveDisplay.from_predictions(
    ...     y_true, y_score, seen_classes=["cat", "dog"], plot_oracle=True
    ... )
    >>> display.ausuc
    1.0
    >>> display.operating_point
    {'U': 0.5, 'S': 1.0, 'H': 0.666...}
    """

    def __init__(
        self,
        *,
        seen_accuracy: np.ndarray,
        unseen_accuracy: np.ndarray,
        penalties: np.ndarray,
        ausuc: float | None = None,
        operating_point: dict[str, float] | None = None,
        name: str | None = None,
    ):
        self.seen_accuracy = seen_accuracy
        self.unseen_accuracy = unseen_accuracy
        self.penalties = penalties
        self.ausuc = ausuc
        self.operating_point = operating_point
        self.name = name

    @property
    def oracle_point(self) -> dict[str, float]:
        """The highest H on the curve, found with the labels of the rows shown."""
        S, U = np.asarray(self.seen_accuracy), np.asarray(self.unseen_accuracy)
        H = harmonic_mean(U, S)
        best = int(H.argmax())
        # Of several best ones the smallest penalty, as argmax takes the first.
        values = {"U": U, "S": S, "H": H, "penalty": self.penalties}
        return {key: float(value[best]) for key, value in values.items()}

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        candidates: Literal["present", "all"] = "present",
        average: Literal["macro", "micro"] = "macro",
        name: str | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> SeenUnseenCurveDisplay:
        """Draw the curve of a fitted estimator.

        Parameters
        ----------
        estimator : object
            A fitted classifier with ``classes_`` and ``seen_classes_``, or a
            pipeline, search or meta-estimator that ends in one.

        X : array-like of shape (n_samples, n_features)
            Rows as the estimator takes them, of seen and of unseen classes.

        y : array-like of shape (n_samples,)
            True labels.

        candidates : {"present", "all"}, default="present"
            The classes a row may be given, as for
            :class:`~sklearn_gzsl.metrics.GZSLScorer`: the seen classes and those in
            ``y``, or all that the model knows.

        average : {"macro", "micro"}, default="macro"
            Accuracy as mean over classes of the accuracy per class, or over rows.

        name : str, default=None
            What the legend calls the curve; the estimator's class by default.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : SeenUnseenCurveDisplay

        Raises
        ------
        ValueError
            If ``y`` holds no seen or no unseen class, or labels that the model does
            not know, or if its scores are NaN or +inf.
        TypeError
            If no part of the estimator has ``seen_classes_``.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        GZSLScorer(candidates=candidates)  # which knows its values
        # The scores that GZSLScorer ranks by, so that picture and figures agree.
        y, scores, classes, seen_classes = score_fold(estimator, X, y, candidates)
        return cls.from_predictions(
            y,
            scores,
            seen_classes=seen_classes,
            labels=classes,
            average=average,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
            **options,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike,
        *,
        seen_classes: ArrayLike,
        labels: ArrayLike | None = None,
        average: Literal["macro", "micro"] = "macro",
        name: str | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> SeenUnseenCurveDisplay:
        """Draw the curve of scores.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            True labels, of seen and of unseen classes.

        y_score : array-like of shape (n_samples, n_classes)
            Score of each class for each row, higher is better; -inf rules a class
            out.

        seen_classes : array-like of shape (n_seen_classes,)
            The classes that had rows in training; the others are unseen.

        labels : array-like of shape (n_classes,), default=None
            The class of each column of ``y_score``. ``None`` is the sorted union of
            ``y_true`` and ``seen_classes``.

        average : {"macro", "micro"}, default="macro"
            Accuracy as mean over classes of the accuracy per class, or over rows.

        name : str, default=None
            What the legend calls the curve.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : SeenUnseenCurveDisplay

        Raises
        ------
        ValueError
            As for :func:`~sklearn_gzsl.metrics.seen_unseen_curve`.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_predictions")
        sides = {"seen_classes": seen_classes, "labels": labels, "average": average}
        seen, unseen, penalties = seen_unseen_curve(y_true, y_score, **sides)
        display = cls(
            seen_accuracy=seen,
            unseen_accuracy=unseen,
            penalties=penalties,
            ausuc=ausuc_score(y_true, y_score, **sides),
            operating_point=_operating_point(y_true, y_score, **sides),
            name=name,
        )
        return display.plot(ax=ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        name: str | None = None,
        plot_operating_point: bool = True,
        plot_oracle: bool = False,
        iso_h: bool | ArrayLike = False,
        curve_kwargs: dict[str, Any] | None = None,
    ) -> SeenUnseenCurveDisplay:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default. Several curves in the same axes
            are a comparison.

        name : str, default=None
            What the legend calls the curve, if not ``self.name``.

        plot_operating_point : bool, default=True
            Whether to mark what the classifier's own predictions score.

        plot_oracle : bool, default=False
            Whether to mark the highest H on the curve. It is labelled "oracle", since
            its penalty was chosen with the labels of the rows shown.

        iso_h : bool or array-like of float, default=False
            Lines on which H is constant: at 0.1, 0.2, ..., 0.9, or at these values.

        curve_kwargs : dict, default=None
            Options of the curve for matplotlib's ``plot``.

        Returns
        -------
        display : SeenUnseenCurveDisplay
            Itself.

        Raises
        ------
        ValueError
            If ``iso_h`` holds a value that is not between 0 and 1.
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot(f"{type(self).__name__}.plot")
        levels = _levels(iso_h)
        ax = self._take(ax)
        self.iso_lines_ = [_draw_iso_line(ax, level) for level in levels]

        text = _label(self.name if name is None else name, self.ausuc)
        defaults: dict[str, Any] = {"label": text}
        # A good curve runs along the frame, which would cut its line in half.
        defaults.update(clip_on=False, zorder=2)
        (self.line_,) = ax.plot(
            self.unseen_accuracy,
            self.seen_accuracy,
            **style(defaults, curve_kwargs, plt.Line2D),
        )
        self.operating_point_ = self.oracle_point_ = None
        if plot_operating_point and self.operating_point is not None:
            point, name = self.operating_point, "operating point"
            self.operating_point_ = self._mark(point, name, "o", 7, "full")
        if plot_oracle:
            point, name = self.oracle_point, "oracle, chosen on these rows"
            self.oracle_point_ = self._mark(point, name, "*", 13, "none")
        ax.set(
            xlabel="Accuracy on unseen classes U",
            ylabel="Accuracy on seen classes S",
            xlim=(0, 1),
            ylim=(0, 1),
            aspect="equal",
        )
        # matplotlib warns of a legend without entries.
        if ax.get_legend_handles_labels()[1]:
            ax.legend(loc="lower left")
        return self

    def _mark(self, point, text, marker, size, fillstyle):
        # In the curve's colour, which matplotlib may have chosen: several curves and
        # their points stay together.
        (mark,) = self.ax_.plot(
            point["U"],
            point["S"],
            marker=marker,
            markersize=size,
            fillstyle=fillstyle,
            color=self.line_.get_color(),
            linestyle="none",
            clip_on=False,
            zorder=3,
            label=f"{text} (H = {point['H']:.2f})",
        )
        return mark


def _operating_point(y_true, y_score, *, seen_classes, labels, average):
    """U, S and H without a further penalty: those of the best class of each row.

    Not read off the curve: where seen and unseen scores tie, as votes do, predictions
    take the first class, and the curve the unseen one.
    """
    y_true = check_labels(y_true, "y_true")
    if labels is None:
        labels = np.union1d(y_true, check_labels(seen_classes, "seen_classes"))
    labels = check_labels(labels, "labels")
    y_pred = labels[np.asarray(y_score).argmax(axis=1)]
    if average == "macro":
        return gzsl_scores(y_true, y_pred, seen_classes=seen_classes)
    seen = np.isin(y_true, seen_classes)
    U, S = (float((y_pred == y_true)[side].mean()) for side in (~seen, seen))
    return {"U": U, "S": S, "H": float(harmonic_mean(U, S))}


def _levels(iso_h):
    # Before the array: numpy makes a level of 1.0 of True.
    if isinstance(iso_h, bool | np.bool_):
        return np.arange(1, 10) / 10 if iso_h else np.array([])
    levels = np.asarray(iso_h, dtype=float).ravel()
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError(
            f"iso_h holds {levels.tolist()}; give values of H between 0 and 1, or True."
        )
    return levels


def _draw_iso_line(ax, level):
    # H = 2US / (U + S), solved for S; S reaches 1 at the first U and falls from there.
    U = np.linspace(level / (2 - level), 1, 100)
    S = level * U / (2 * U - level)
    (line,) = ax.plot(U, S, color="0.8", linewidth=0.8, zorder=1)
    ax.annotate(
        f"H = {level:.2g}",
        (U[-1], S[-1]),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        color="0.5",
        fontsize="x-small",
    )
    return line


def _label(name, ausuc):
    area = None if ausuc is None else f"AUSUC = {ausuc:.2f}"
    if name is None or area is None:
        return name or area
    return f"{name} ({area})"
