"""What all displays need of matplotlib, which is optional."""

from importlib import import_module

from .._sklearn_compat import check_matplotlib_support
from ..utils import InheritedDocs


class Display(InheritedDocs):
    """Base class of displays: ``plot`` draws one, and says where.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        What that is a part of.
    """


def load_pyplot(caller):
    """The module ``matplotlib.pyplot``; an error that names the caller without it."""
    check_matplotlib_support(caller)
    return import_module("matplotlib.pyplot")


def style(defaults, given, artist):
    """Drawing options of the user's over the defaults, also where they use an alias."""
    options = import_module("matplotlib.cbook").normalize_kwargs(given or {}, artist)
    return {**defaults, **options}
