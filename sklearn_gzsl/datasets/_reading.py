"""What a file may ask for, and the one kind of error that damaged files lead to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..utils import MALFORMED

# A file of features shrinks to a third, of zeros and ones to a twentieth. What unpacks
# to a hundred times its size is a trap, or so small that it does no harm.
_RATIO = 100
_HARMLESS = 2**26


class BadFileError(ValueError):
    """A file is not what it should be, or asks for what it may not have."""


def memory_limit(path: Path, max_bytes: int | None = None) -> int:
    """Bytes that a variable of the file may take; None goes by the file's own size."""
    if max_bytes is not None:
        return int(max_bytes)
    return max(_RATIO * path.stat().st_size, _HARMLESS)


def check_memory(n_bytes: int, limit: int, path: Path, what: str) -> None:
    """Refuse what would take more than the limit, before memory is taken."""
    if n_bytes > limit:
        raise BadFileError(
            f"{path}: {what} would take {n_bytes:,} bytes or more, and the limit is "
            f"{limit:,}, as the file itself has {path.stat().st_size:,}. If you trust "
            "the file, raise the limit (max_bytes) or store it uncompressed."
        )


@contextmanager
def reading(path: Path, key: str | None = None) -> Iterator[None]:
    """Turn what the libraries raise on damaged files into one kind of error."""
    from scipy.io.matlab import MatReadError  # noqa: PLC0415 - few read such files

    try:
        yield
    except BadFileError:
        raise
    except (*MALFORMED, OSError, MatReadError) as error:
        what = "the file" if key is None else f"its variable {key!r}"
        raise ValueError(
            f"{path}: {what} cannot be read ({error or type(error).__name__}). Either "
            "it is not what it should be, a MATLAB file and dense arrays of real "
            "numbers in it, or it is damaged, for example by a download that was cut "
            "short."
        ) from error


def text_of(cell: Any) -> str:
    """Unwrap a cell: text as it is, a whole number without decimals."""
    # Cells come as arrays of one element, in arrays of one element ...
    while isinstance(cell, np.ndarray):
        if cell.size == 0:
            return ""
        cell = cell.ravel()[0]
    is_whole = isinstance(cell, np.floating) and float(cell).is_integer()
    return str(int(cell) if is_whole else cell)
