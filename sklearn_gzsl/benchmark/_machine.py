"""The machine that figures were made on, and what they cost there."""

import platform
import sys
import time
from contextlib import suppress
from pathlib import Path

import joblib
import numpy as np
import scipy
import sklearn
import skorch
import torch

from .._version import __version__

try:
    import resource
except ImportError:  # Windows
    resource = None


def environment():
    """Versions and machine that figures and times depend on."""
    cuda = torch.cuda.is_available()
    return {
        "python": platform.python_version(),
        "sklearn_gzsl": __version__,
        "torch": torch.__version__,
        "sklearn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "skorch": skorch.__version__,
        "joblib": joblib.__version__,
        "platform": platform.platform(),
        "cpu_count": joblib.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if cuda else None,
    }


class Cost:
    """Measures a ``with`` block; ``figures`` are there when it is over.

    The peak of memory is that of the block on Linux, and elsewhere that of the
    process so far. Worker processes do not count.
    """

    def __enter__(self):
        self._reset_peaks()
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.figures = {
            "wall_s": round(time.perf_counter() - self._wall, 3),
            "cpu_s": round(time.process_time() - self._cpu, 3),
            "peak_memory_mb": _peak_memory_mb(),
        }
        if self._cuda is not None:
            peak = self._cuda.max_memory_allocated()
            self.figures["peak_gpu_memory_mb"] = round(peak / 1e6)

    def _reset_peaks(self):
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._cuda = torch.cuda if torch.cuda.is_available() else None
        if self._cuda is not None:
            self._cuda.reset_peak_memory_stats()


def _peak_memory_mb():
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) * 1024 / 1e6)
    if resource is None:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6)
