"""Threads of the linear algebra, where one is faster than several."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from threadpoolctl import ThreadpoolController

_lock = Lock()
_inside, _limit = 0, None


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS and LAPACK to one thread.

    For many small products and for decompositions: several threads gain a third of the
    time at best, and where another process has the other core they wait for each other
    ten times as long as the work takes.

    The limit is the whole process's. Of several Python threads in here, the first sets
    it and the last takes it back; otherwise one would restore what another has set.
    """
    global _inside, _limit  # noqa: PLW0603 - a state of the whole process
    with _lock:
        if not _inside:
            _limit = _controller().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limit.restore_original_limits()


_controllers: list[ThreadpoolController] = []


def _controller():
    # Looks through all loaded libraries, which takes milliseconds.
    if not _controllers:
        _controllers.append(ThreadpoolController())
    return _controllers[0]
