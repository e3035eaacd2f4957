"""How error messages write out what they complain about."""

from typing import Any

import numpy as np


def few(items: Any, most: int = 10) -> str:
    """Write out the first few distinct labels or numbers, and how many more."""
    distinct = list(dict.fromkeys(np.asarray(items, dtype=object).tolist()))
    shown = ", ".join(repr(item) for item in distinct[:most])
    left = len(distinct) - most
    return f"[{shown}{f', ... {left} more' if left > 0 else ''}]"
