"""Methods on data sets, with figures that nothing was chosen on."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._run import run_benchmark
    from ._table import format_results

# Loaded on first use: the command line lives here, and its help needs no torch.
_HOME = {"format_results": "._table", "run_benchmark": "._run"}

__all__ = ["format_results", "run_benchmark"]


def __getattr__(name):
    if name in _HOME:
        return getattr(import_module(_HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
