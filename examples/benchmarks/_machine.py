"""The yardstick of the benchmarks: what this machine can do, and who used how much."""

import os
import platform
import resource
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_SIDE, _COPIED = 2048, 2**26


@dataclass(frozen=True)
class Machine:
    """Measured limits: FLOP/s of matrix products, bytes/s of copies."""

    device: torch.device
    flops: dict[str, float]
    bandwidth: float

    def roofline(self, flops, n_bytes=0, precision="float32"):
        """Seconds that the arithmetic and the memory traffic take at the least."""
        return flops / self.flops[precision] + n_bytes / self.bandwidth


def add_arguments(parser):
    """Options that all benchmarks have."""
    parser.add_argument("--threads", type=int, help="of torch; its default: all cores")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")


def measure(args, precisions=("float32",), rows=()):
    """Measure the machine, print what it can do, and return it."""
    if args.threads:
        torch.set_num_threads(args.threads)
    device = torch.device(args.device)
    flops = {p: _matmul_rate(_SIDE, p, device) for p in precisions}
    copied = torch.ones(_COPIED, device=device)
    target = torch.empty_like(copied)
    seconds = fastest(lambda: target.copy_(copied), device)
    bandwidth = 2 * copied.nbytes / seconds
    name = platform.processor() or platform.machine()
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    for precision, rate in flops.items():
        few = (
            f"{_matmul_rate(n, precision, device) / 1e9:.0f} at {n} rows" for n in rows
        )
        print(f"{precision} matrix products: {rate / 1e9:.0f} GFLOP/s", *few, sep=", ")
    print(f"copy: {bandwidth / 1e9:.0f} GB/s\n", flush=True)
    return Machine(device, flops, bandwidth)


def _matmul_rate(n_rows, precision, device):
    a = torch.randn(n_rows, _SIDE, device=device, dtype=DTYPES[precision])
    b = torch.randn(_SIDE, _SIDE, device=device, dtype=DTYPES[precision])
    return 2 * n_rows * _SIDE**2 / fastest(lambda: a @ b, device)


def fastest(function, device, n_times=10):
    """Seconds of the fastest of some calls."""
    return min(timings(function, device, n_times))


def timings(function, device=None, n_times=10):
    """Seconds of each of some calls, after two to warm up."""
    seconds = []
    for _ in range(n_times + 2):
        start = now(device)
        function()
        seconds.append(now(device) - start)
    return seconds[2:]


def now(device=None):
    """Time, when all that was started on the device is done."""
    if device is not None and device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def spread(seconds):
    """Median and minimum in words."""
    return f"{in_words(statistics.median(seconds))} ({in_words(min(seconds))})"


def in_words(seconds):
    """A time in a unit that suits it."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


_STATUS, _REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_memory():
    """Largest memory that this process has held so far, in bytes."""
    if _STATUS.exists():
        # Not getrusage, whose peak a process inherits from the one that started it.
        line = next(s for s in _STATUS.read_text().splitlines() if "VmHWM" in s)
        return 1024 * int(line.split()[1])
    unit = 1 if platform.system() == "Darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_peak_memory():
    """Let the peak begin anew from what is held now, and return that, in bytes."""
    if _REFERENCES.exists():
        _REFERENCES.write_text("5")
    return peak_memory()


def in_fresh_process(function, *args, threads=None):
    """What the function returns in a process that has done nothing before."""
    if threads:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def print_table(header, rows):
    """Columns as wide as their longest entry; the first to the left."""
    rows = [tuple(map(str, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        first, *others = zip(row, widths)
        print(
            first[0].ljust(first[1]),
            *(text.rjust(width) for text, width in others),
            sep="  ",
            flush=True,
        )
