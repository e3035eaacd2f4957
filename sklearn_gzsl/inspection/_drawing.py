"""What all displays need of matplotlib, which is optional."""

from importlib import import_module

from .._sklearn_compat import check_matplotlib_support


def load_pyplot(caller):
    """The module ``matplotlib.pyplot``; an error that names the caller without it."""
    check_matplotlib_support(caller)
    return import_module("matplotlib.pyplot")


def style(defaults, given, artist):
    """Drawing options of the user's over the defaults, also where they use an alias."""
    options = import_module("matplotlib.cbook").normalize_kwargs(given or {}, artist)
    return {**defaults, **options}
