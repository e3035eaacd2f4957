"""Matrices of classes by classes, the seen ones first: what their pictures share."""

from typing import Any

import numpy as np

from ..metrics._accuracy import check_labels
from ..utils import few
from ._drawing import Axes, Display

# Classes up to which the default size of a figure has room for values and for names.
MOST_VALUES = 12
_MOST_NAMES = 40
# Inches of a row, so that names at matplotlib's size do not touch, and of what is
# around the matrix: names, titles, scale of colours.
_ROW, _AROUND = 0.22, 2.2
_VALUE_ROW = 0.42
# Width of a digit relative to its height.
_DIGIT = 0.6


class MatrixDisplay(Display):
    """Base class of displays of a matrix with a row and a column for each class.

    Attributes
    ----------
    shown_classes_ : ndarray
        The classes in the picture.
    im_ : matplotlib AxesImage
        The matrix.
    text_ : ndarray of matplotlib Text, or None
        The values in the cells, if they are drawn; None in cells without.
    dividers_ : list of matplotlib Line2D
        The horizontal and the vertical line between seen and unseen classes; empty if
        only one of the sides is shown.
    """

    classes: np.ndarray
    shown_classes_: np.ndarray
    im_: Any
    text_: np.ndarray | None
    dividers_: list

    def _positions(self, classes: Any, absent: str) -> np.ndarray:
        """Where the given classes stand; ``absent`` says what those that do not do."""
        chosen = check_labels(classes, "classes", like=self.classes)
        unknown = np.setdiff1d(chosen, self.classes)
        if unknown.size:
            raise ValueError(
                f"classes holds {few(unknown)}, which {absent}; leave them out."
            )
        return np.flatnonzero(np.isin(self.classes, chosen))

    def _show(
        self,
        ax: Axes | None,
        matrix: np.ndarray,
        n_seen: int,
        *,
        axis_names: tuple[str, str],
        include_values: bool | None,
        written: np.ndarray,
        rotation: str | float,
        scale: str | None,
        im_kwargs: dict[str, Any],
    ) -> None:
        """Draw a matrix of ``shown_classes_``, of which ``n_seen`` come first.

        ``written`` are the cells that may get their value, and ``scale`` is what the
        scale of colours is called, if there is to be one.
        """
        n = len(matrix)
        if include_values is None:
            include_values = n <= MOST_VALUES
        row = _VALUE_ROW if include_values else _ROW
        # Matrices too large for names are pictures of a usual size.
        side = min(max(n, 12) * row, _MOST_NAMES * _ROW) + _AROUND
        ax = self._take(ax, (side + 1.0, side))
        self.im_ = ax.imshow(matrix, **{"interpolation": "nearest", **im_kwargs})
        if scale is not None:
            self.figure_.colorbar(self.im_, ax=ax, label=scale)
        self.text_ = self._write(matrix, written) if include_values else None
        self.dividers_ = self._divide(n_seen, n)
        self._name(n_seen, n, axis_names, rotation)

    def _write(self, matrix, written):
        """Values in the cells, in the colour of the scale's other end."""
        text = np.full(matrix.shape, None, dtype=object)
        low, high = self.im_.cmap(0.0), self.im_.cmap(1.0)
        scale: Any = self.im_.norm
        # Four characters and a gap: values of two cells do not touch.
        size = self._font_size(len(matrix), 5 * _DIGIT)
        for i, j in np.argwhere(written):
            color = high if scale(matrix[i, j]) < 0.5 else low
            text[i, j] = self.ax_.text(
                *(j, i, f"{matrix[i, j]:.2f}"),
                ha="center",
                va="center",
                color=color,
                fontsize=size,
            )
        return text

    def _font_size(self, n, heights):
        """Points of a font of which so many heights fit into a cell, ten at most."""
        box = self.ax_.get_window_extent()
        points = min(box.width, box.height) / n * 72 / self.figure_.dpi
        return min(10.0, points / heights)

    def _divide(self, n_seen, n_shown):
        # With one side alone there is nothing to part.
        if not 0 < n_seen < n_shown:
            return []
        line = {"color": "red", "linewidth": 1}
        edge = n_seen - 0.5
        return [self.ax_.axhline(edge, **line), self.ax_.axvline(edge, **line)]

    def _name(self, n_seen, n_shown, axis_names, rotation):
        """Labels of the classes, or only of the sides where they are too many."""
        ticks, names = np.arange(n_shown), self.shown_classes_
        if n_shown > _MOST_NAMES:
            centres = {"seen": (n_seen - 1) / 2, "unseen": (n_seen + n_shown - 1) / 2}
            both = 0 < n_seen < n_shown
            names = list(centres) if both else ["seen" if n_seen else "unseen"]
            ticks = [centres[side] for side in names] if both else [(n_shown - 1) / 2]
            rotation = "horizontal"
        size = self._font_size(len(ticks), 1.2)
        self.ax_.set_xticks(ticks, names, rotation=rotation, fontsize=size)
        self.ax_.set_yticks(ticks, names, fontsize=size)
        sides = "seen | unseen classes" if self.dividers_ else "class"
        x, y = (f"{name} {sides}".strip().capitalize() for name in axis_names)
        self.ax_.set(xlabel=x, ylabel=y)
