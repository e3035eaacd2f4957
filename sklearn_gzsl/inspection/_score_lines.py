"""U, S and H as lines: what pictures of scores over a number share."""

from typing import Any

import numpy as np

from ._drawing import SIDES, Axes, Display, legend_beside

_NAMES = {
    "U": ("unseen U", SIDES["unseen"], 1.2),
    "S": ("seen S", SIDES["seen"], 1.2),
    "H": ("harmonic mean H", "C2", 2.4),
}


class ScoreLinesDisplay(Display):
    """Base class of displays that draw U, S and H over a number.

    Attributes
    ----------
    lines_ : dict of str to matplotlib Line2D
        The lines of the means of ``"U"``, ``"S"`` and ``"H"``.
    bands_ : dict of str to matplotlib artist
        One standard deviation to both sides of each; empty where each mean is of one
        value.
    """

    lines_: dict[str, Any]
    bands_: dict[str, Any]

    def _draw_scores(
        self,
        ax: Axes,
        x: np.ndarray,
        scores: dict[str, np.ndarray],
        *,
        step: bool = False,
        **options: Any,
    ) -> None:
        """Draw scores of shape (n_points, n_repeats) over ``x``.

        With ``step``, a score holds from its point up to the next one.
        """
        self.lines_, self.bands_ = {}, {}
        if step:
            options = {"drawstyle": "steps-post", **options}
        for name, (label, color, width) in _NAMES.items():
            values = np.asarray(scores[name], dtype=float)
            mean = values.mean(axis=1)
            style = {"color": color, "linewidth": width, "label": label, **options}
            (self.lines_[name],) = ax.plot(x, mean, **style)
            if values.shape[1] > 1:
                spread = values.std(axis=1, ddof=1)
                band = {"color": color, "alpha": 0.15, "linewidth": 0}
                self.bands_[name] = ax.fill_between(
                    *(x, mean - spread, mean + spread),
                    step="post" if step else None,
                    **band,
                )
        ax.set(ylabel="accuracy, mean over classes", ylim=(0, 1))

    def _mark(self, ax: Axes, x: float, text: str) -> Any:
        """A line at what was chosen, or would be; then the legend, which names it."""
        line = {"color": "0.5", "linewidth": 1, "linestyle": "--"}
        mark = ax.axvline(x, label=text, **line)
        legend_beside(ax)
        return mark
