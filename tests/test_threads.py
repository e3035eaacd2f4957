"""Linear algebra on one thread, and as many as before afterwards."""

import os
import subprocess
import sys

# In a process of its own: the tests run on one thread each.
CODE = """
from threading import Barrier, Thread
from threadpoolctl import threadpool_info
from sklearn_gzsl.utils import one_thread

def blas():
    return {x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"}

first_is_in, second_is_in, first_is_out = (Barrier(2) for _ in range(3))

def first():
    with one_thread():
        first_is_in.wait()
        second_is_in.wait()
    first_is_out.wait()

def second():
    first_is_in.wait()
    with one_thread():
        second_is_in.wait()
        first_is_out.wait()
        print(blas())

print(blas())
threads = [Thread(target=target) for target in (first, second)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(blas())
"""


def test_threads_that_overlap_leave_the_limit_as_it_was():
    two = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=os.environ | two,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    before, inside, after = done.stdout.split()
    assert inside == "{1}"
    assert after == before
