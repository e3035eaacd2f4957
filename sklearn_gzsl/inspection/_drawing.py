"""What all displays need of matplotlib, which is optional."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .._sklearn_compat import check_matplotlib_support
from ..utils import InheritedDocs

# Type hints are read at run time as well, by sphinx and others, without matplotlib.
if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
else:
    Axes = Any

# Seen and unseen classes have these colours of matplotlib's cycle in every picture.
SIDES = {"seen": "C0", "unseen": "C1"}
# Entries in a column of a legend in small print, beside axes of matplotlib's height,
# and inches of such a column, with a name of usual length.
_MOST_LINES = 18
_COLUMN = 1.8


class Display(InheritedDocs):
    """Base class of displays: ``plot`` draws one, and says where.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels of the classes, the seen ones first.

    n_seen : int
        How many of them are seen.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        What that is a part of.
    """

    ax_: Axes
    figure_: "Figure | SubFigure"

    def _take(self, ax: Axes | None, size: tuple[float, float] | None = None) -> Axes:
        """Take note of where to draw, by default in a new figure of ``size`` inches."""
        plt = load_pyplot(f"{type(self).__name__}.plot")
        if ax is None:
            # Long names of classes and legends beside the axes find room by themselves.
            ax = plt.subplots(figsize=size, layout="constrained")[1]
        self.ax_ = ax
        self.figure_ = ax.figure
        return ax


def load_pyplot(caller: str) -> Any:
    """The module ``matplotlib.pyplot``; an error that names the caller without it."""
    check_matplotlib_support(caller)
    return import_module("matplotlib.pyplot")


def style(
    defaults: dict[str, Any], given: dict[str, Any] | None, artist: type
) -> dict[str, Any]:
    """Drawing options of the user's over the defaults, also where they use an alias."""
    # "lw" and "linewidth" are one option to matplotlib, and an error if both are given.
    options = import_module("matplotlib.cbook").normalize_kwargs(given or {}, artist)
    return {**defaults, **options}


def legend_beside(ax: Axes, **options: Any) -> None:
    """Put the legend to the right of the axes, where it hides nothing.

    As many columns as it takes for it to be no higher than the axes.
    """
    n_entries = len(ax.get_legend_handles_labels()[1])
    n_columns = _n_columns(n_entries)
    place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0}
    ax.legend(fontsize="small", ncols=n_columns, **place, **options)


def width_with_legend(width: float, n_entries: int) -> float:
    """Inches of a figure whose axes keep their width beside many columns of legend."""
    # One column is what axes of the usual width can spare.
    return width + _COLUMN * (_n_columns(n_entries) - 1)


def _n_columns(n_entries):
    return max(-(-n_entries // _MOST_LINES), 1)
