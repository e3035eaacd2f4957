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


class Display(InheritedDocs):
    """Base class of displays: ``plot`` draws one, and says where.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        What that is a part of.
    """

    ax_: Axes
    figure_: "Figure | SubFigure"

    def _take(self, ax: Axes | None) -> Axes:
        """Take note of where to draw, by default in a new figure."""
        plt = load_pyplot(f"{type(self).__name__}.plot")
        self.ax_ = plt.subplots()[1] if ax is None else ax
        self.figure_ = self.ax_.figure
        return self.ax_


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
