"""Progress of what takes long: bars in terminals and notebooks, elsewhere lines.

Who is asked to report, by ``verbose``, lets all parts inside report, too: these need
not be told, and say what they do wherever they are. Nothing is said otherwise.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Seconds between two lines of the same work, which come at each tenth of it at most.
_INTERVAL = 10.0
# Figures beside a bar.
_MOST_FIGURES = 3


class _Work(NamedTuple):
    """Who is at work, from the outermost to the innermost; and their open bars."""

    names: tuple[str, ...]
    owner: Any
    bars: tuple[_Bar, ...] = ()


# Of the thread: those of a pool, and other processes, are silent.
_WORK: ContextVar[_Work | None] = ContextVar("work", default=None)


@contextmanager
def heard(owner: Any, verbose: Any, name: str | None = None) -> Iterator[None]:
    """Let all that runs inside report, if ``verbose`` or if who called it is heard."""
    work = _WORK.get()
    # A method that calls another one of the same estimator is no new part.
    if not verbose if work is None else work.owner is owner:
        yield
        return
    outer, bars = (work.names, work.bars) if work else ((), ())
    name = type(owner).__name__ if name is None else name
    token = _WORK.set(_Work((*outer, name), owner, bars))
    try:
        yield
    finally:
        _WORK.reset(token)


def say(text: str) -> None:
    """Say what is being done: in a line, or for a part beside the bar of the whole."""
    work = _WORK.get()
    if work is None:
        return
    if work.bars and len(work.names) > 1:
        work.bars[-1].note(text)
    else:
        _write(work, text)


@contextmanager
def progress(
    total: int | None, unit: str, what: str = ""
) -> Iterator[Callable[..., None]]:
    """Show how much of something is done.

    Parameters
    ----------
    total : int or None
        How much there is; None if nobody knows, or not yet.
    unit : str
        Of what: "steps", "folds", or "B" for bytes.
    what : str, optional
        What is done; by default the name of who is at work.

    Yields
    ------
    callable
        Called with how much is done, as often as it likes; with ``total`` where that is
        known by now; and with figures by name.
    """
    work = _WORK.get()
    if work is None:
        yield _unheard
        return
    bar = _kind()(work, total, unit, what)
    token = _WORK.set(work._replace(bars=(*work.bars, bar)))
    try:
        yield bar
    except BaseException:  # of KeyboardInterrupt, too
        bar.failed = True
        raise
    finally:
        _WORK.reset(token)
        bar.close()


def counted(tasks: Iterable[Any], unit: str, *, n_jobs: int | None) -> list[Any]:
    """Run joblib's delayed calls, and show how many are done."""
    tasks = list(tasks)
    with progress(len(tasks), unit) as done:
        several = getattr(get_active_backend()[0], "supports_return_generator", False)
        form = "generator" if several and done is not _unheard else "list"
        results = []
        for result in Parallel(n_jobs=n_jobs, return_as=form)(tasks):
            results.append(result)
            done(len(results))
    return results


def _unheard(done: int, total: int | None = None, **figures: float) -> None:
    """Stand in for a bar that nobody wants."""


def _tqdm():
    # Here and not above: in a notebook without widgets, its import is a warning.
    from tqdm.auto import tqdm  # noqa: PLC0415

    return tqdm


def _kind():
    return _Widget if _has_widgets() else _Meter if _is_terminal() else _Lines


def _has_widgets():
    """Whether tqdm draws widgets, which it does in notebooks that can show them."""
    # By name, as the import of that module warns where there are no widgets; and among
    # the bases, as that of tqdm.auto is a class of its own.
    return any(kind.__module__ == "tqdm.notebook" for kind in _tqdm().__mro__)


def _is_terminal():
    return getattr(sys.stderr, "isatty", bool)()


def _write(work, text):
    line = f"[{time.strftime('%H:%M:%S')}] {' > '.join(work.names)}: {text}"
    if _kind() is _Lines:
        print(line, file=sys.stderr, flush=True)
    else:
        _tqdm().write(line, file=sys.stderr)  # above the bars


class _Bar:
    """How much is done of some work."""

    failed = False

    def __init__(self, work, total, unit, what):
        self._work, self._total, self._unit = work, total, unit
        self._what = what

    def note(self, text):
        """Show what a part of the work is at."""


class _Meter(_Bar):
    """A bar of tqdm, below those of the work that it is a part of."""

    def __init__(self, work, total, unit, what, **options):
        super().__init__(work, total, unit, what)
        self._bar = _tqdm()(
            total=total,
            desc=what or work.names[-1],
            unit=unit if unit == "B" else f" {unit}",
            unit_scale=unit == "B",
            leave=not work.bars,
            dynamic_ncols=True,
            **options,
        )

    def __call__(self, done, total=None, **figures):
        if total is not None:
            self._set_total(total)
        if figures:  # as many as leave room for the bar
            shown = islice(figures.items(), _MOST_FIGURES)
            self._bar.set_postfix({n: f"{x:.4g}" for n, x in shown}, refresh=False)
        self._bar.update(done - self._bar.n)

    def note(self, text):
        self._bar.set_postfix_str(text)

    def _set_total(self, total):
        self._bar.total = total

    def close(self):
        self._bar.close()


class _Widget(_Meter):
    """A bar in a notebook; those of its parts are in the same output, below it.

    By itself each bar would have an output of its own, which stays behind when the bar
    is gone: hundreds, in a search.
    """

    def __init__(self, work, total, unit, what):
        super().__init__(work, total, unit, what, display=False)
        self._row = self._bar.container
        if work.bars:
            self._box = work.bars[0]._box
            self._box.children = (*self._box.children, self._row)
        else:
            from IPython.display import display  # noqa: PLC0415
            from ipywidgets import VBox  # noqa: PLC0415

            self._box = VBox([self._row])
            display(self._box)

    def _set_total(self, total):
        super()._set_total(total)
        meter = self._row.children[1]
        meter.max, meter.bar_style = total, ""

    def close(self):
        super().close()
        if self.failed:  # stays, to tell how far it came
            return
        if self._bar.leave:
            # tqdm takes for an error what ends early, and is that of early stopping.
            self._row.children[1].bar_style = "success"
            return
        self._box.children = tuple(x for x in self._box.children if x is not self._row)
        for widget in (*self._row.children, self._row):
            widget.close()


class _Lines(_Bar):
    """A line now and then, and one at the end; none of a part that is soon over."""

    def __init__(self, work, total, unit, what):
        super().__init__(work, total, unit, what)
        self._began = self._told_at = time.monotonic()
        self._done = self._told = 0
        self._figures = {}

    def __call__(self, done, total=None, **figures):
        self._done, self._figures = done, figures
        self._total = self._total if total is None else total
        now = time.monotonic()
        if now - self._told_at < _INTERVAL:
            return
        if self._total and done - self._told < self._total / 10:
            return
        self._tell(now)

    def _tell(self, now):
        self._told, self._told_at = self._done, now
        seconds = now - self._began
        parts = [self._amount(), f"{seconds:.0f} s"]
        if self._total and 0 < self._done < self._total:
            left = seconds * (self._total / self._done - 1)
            parts.append(f"{left:.0f} s left")
        parts += [f"{name} {value:.4g}" for name, value in self._figures.items()]
        what = f"{self._what}: " if self._what else ""
        _write(self._work, what + ", ".join(parts))

    def _amount(self):
        done, total, unit = self._done, self._total, self._unit
        if unit == "B":
            done, unit = f"{done / 1e6:.1f}", "MB"
            total = total and f"{total / 1e6:.1f}"
        return f"{done} of {total} {unit}" if total else f"{done} {unit}"

    def close(self):
        now = time.monotonic()
        is_part = bool(self._work.bars)
        if self._done != self._told and not (is_part and now - self._began < _INTERVAL):
            self._tell(now)
