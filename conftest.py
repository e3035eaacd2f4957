"""Settings of all that runs as tests; in the root, so that no wheel carries them."""

import os
from importlib.util import find_spec

# No test opens a window.
os.environ.setdefault("MPLBACKEND", "agg")

collect_ignore = []
if find_spec("matplotlib") is None:
    # It is optional, and these examples draw.
    names = ("_confusion", "_curve", "_synthetic")
    collect_ignore += [f"sklearn_gzsl/inspection/{name}.py" for name in names]
