"""How errors and warnings say what they complain about, and where."""

import sys
import warnings
from typing import Any

import numpy as np


def few(items: Any, most: int = 10) -> str:
    """Write out the first few distinct labels or numbers, and how many more."""
    distinct = list(dict.fromkeys(np.asarray(items, dtype=object).tolist()))
    shown = ", ".join(repr(item) for item in distinct[:most])
    left = len(distinct) - most
    return f"[{shown}{f', ... {left} more' if left > 0 else ''}]"


# What stands between a user's line and a warning: wrappers and searches, too.
_INSIDE = {"sklearn_gzsl", "sklearn", "joblib"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and point at the line outside of the packages that led to it."""
    frame, level = sys._getframe(), 1
    while frame.f_back and _room(frame) in _INSIDE:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _room(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
