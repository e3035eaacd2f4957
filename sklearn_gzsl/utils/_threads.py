"""Threads of the linear algebra, where one is faster than several."""

import threading
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[Any]:
    """Hold BLAS and LAPACK to one thread, if this is Python's main thread.

    For many steps on short vectors, such as those of L-BFGS, and for decompositions of
    small matrices: several threads wait for each other longer than they work. Two of
    them, on two idle cores, took 2.4 times as long as one for the logistic regression
    of 5,000 rows of 1,280 features, 13 times for one of 1,600 rows of 128.

    The limit is the whole process's. Of several Python threads that set it, one would
    restore what another has set; so none but the main one does.
    """
    if threading.current_thread() is not threading.main_thread():
        return nullcontext()
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller():
    # It looks through all loaded libraries, which takes milliseconds.
    return ThreadpoolController()
