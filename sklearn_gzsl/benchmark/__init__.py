"""Methods on data sets, with figures that nothing was chosen on."""

from ._run import run_benchmark
from ._table import format_results

__all__ = ["format_results", "run_benchmark"]
