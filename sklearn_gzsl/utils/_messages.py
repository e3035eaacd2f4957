"""How errors and warnings say what they complain about, and where."""

import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..exceptions import GZSLWarning


def few(items: Any, most: int = 10) -> str:
    """Write out the first few distinct labels or numbers, and how many more."""
    distinct = list(dict.fromkeys(getattr(items, "tolist", lambda: items)()))
    shown = ", ".join(repr(item) for item in distinct[:most])
    left = len(distinct) - most
    return f"[{shown}{f', ... {left} more' if left > 0 else ''}]"


def meant(unknown: Iterable[Any], known: Iterable[Any]) -> str:
    """Ask after labels that differ from known ones in spelling or type alone.

    That is in case and, but for what parts two numbers, blanks, underscores, hyphens.
    """
    known = dict.fromkeys(known)
    by_form = {_form(label): label for label in known}
    strange = [label for label in unknown if label not in known]
    pairs = [(u, by_form[_form(u)]) for u in strange if _form(u) in by_form]
    if not pairs:
        return ""
    shown = ", ".join(f"{known!r} for {unknown!r}" for unknown, known in pairs[:5])
    return f" Did you mean {shown}{', ...' if len(pairs) > 5 else ''}?"


def _form(label):
    # Whole numbers of a column with a gap are floats in files that pandas writes.
    text = str(label)
    whole = text.removesuffix(".0")
    text = whole if whole.lstrip("+-").isdecimal() else text
    text = text.casefold().strip()
    # A first hyphen is a sign.
    sign = "-" if text.startswith("-") else ""
    text = re.sub(r"[\s_-]+", " ", text.removeprefix("-"))
    # What parts two numbers stays: "1-1" is not "11".
    return sign + re.sub(r"(?<!\d) | (?!\d)", "", text)


# What stands between a user's line and a warning: wrappers and searches, too.
_INSIDE = {"sklearn_gzsl", "sklearn", "joblib"}


def warn(message: str | Warning, category: type[Warning] = GZSLWarning) -> None:
    """Warn, and point at the line outside of the packages that led to it."""
    frame, level = sys._getframe(), 1
    while frame.f_back and _room(frame) in _INSIDE:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


# Not warnings' own filters: those of one thread would be those of all.
_ON_TRIAL = ContextVar("_ON_TRIAL", default=False)


@contextmanager
def on_trial() -> Iterator[None]:
    """Fits that something else is to be set by: no word on how they come out."""
    token = _ON_TRIAL.set(True)
    try:
        yield
    finally:
        _ON_TRIAL.reset(token)


def is_on_trial() -> bool:
    """Whether this is called within ``on_trial``."""
    return _ON_TRIAL.get()


def _room(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]


# What torch and numpy say where memory ends, or a number is too long for them.
_NO_MEMORY = ("allocate", "out of memory", "verflow", "too large to convert")


@contextmanager
def naming_sizes(sizes: Mapping[str, Any]) -> Iterator[None]:
    """Name the largest of these sizes where memory does not suffice for them.

    Others than whole numbers, and lists of these, are left out.
    """
    try:
        yield
    except (MemoryError, OverflowError, RuntimeError, TypeError) as error:
        reason = str(error).split("\n")[0]
        if not any(words in reason for words in _NO_MEMORY):
            raise
        numbers = {name: _largest(value) for name, value in sizes.items()}
        first = sorted(numbers, key=numbers.__getitem__, reverse=True)[:3]
        shown = ", ".join(f"{name}={sizes[name]}" for name in first if numbers[name])
        raise ValueError(
            f"There is not enough memory with {shown}; lower the first of these that "
            f"is yours to choose. ({reason[:200]})"
        ) from error


def _largest(value):
    if isinstance(value, tuple | list):
        return max(map(_largest, value), default=0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
