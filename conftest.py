"""Settings of all that runs as tests; in the root, so that no wheel carries them."""

import gc
import os
from importlib.util import find_spec

import pytest

# No test opens a window.
os.environ.setdefault("MPLBACKEND", "agg")

collect_ignore = []
if find_spec("matplotlib") is None:
    # It is optional, and these examples draw.
    names = ("_confusion", "_curve", "_synthetic")
    collect_ignore += [f"sklearn_gzsl/inspection/{name}.py" for name in names]


def pytest_collection_finish():
    """What is imported by now is no garbage: to look for some took a tenth of all."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)


@pytest.fixture
def quick_softmax(monkeypatch):
    """By default a softmax takes a tenth of its steps: enough for what pages print."""
    monkeypatch.setattr("sklearn_gzsl.linear_model._softmax._AUTO_STEPS", 3000)


@pytest.fixture(autouse=True)
def quick_docstrings(request):
    """For what docstrings print, too."""
    if isinstance(request.node, pytest.DoctestItem):
        request.getfixturevalue("quick_softmax")
