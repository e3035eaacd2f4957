"""Settings of all that runs as tests; in the root, so that no wheel carries them."""

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


@pytest.fixture(autouse=True)
def quick_docstrings(request, monkeypatch):
    """In docstrings, the default of a softmax is a tenth of its steps."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.setattr("sklearn_gzsl.linear_model._softmax._AUTO_STEPS", 3000)
