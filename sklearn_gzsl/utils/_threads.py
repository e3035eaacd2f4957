"""Threads of the linear algebra, where one is faster than several."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager:
    """Hold BLAS and LAPACK to one thread.

    For many small products and for decompositions: several threads gain a third of the
    time at best, and where another process has the other core they wait for each other
    ten times as long as the work takes.
    """
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller():
    # Looks through all loaded libraries, which takes milliseconds.
    return ThreadpoolController()
