"""Run the quickstart, and save its picture: what ``make demo`` does."""

import runpy
import warnings
from pathlib import Path
from time import perf_counter

import matplotlib as mpl

PICTURE = "two_digit_numbers.png"

start = perf_counter()
mpl.use("agg")
warnings.filterwarnings("ignore", message=".*is non-interactive")
quickstart = Path(__file__).parent / "first_steps" / "plot_quickstart.py"
story = runpy.run_path(str(quickstart))
story["figure"].savefig(PICTURE, dpi=150)
print(f"\nPicture: {PICTURE} ({perf_counter() - start:.0f} s in all)")
