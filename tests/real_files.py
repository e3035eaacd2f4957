"""Real data, where they are at hand: a folder beside the project, or $GZSL_DATA."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("GZSL_DATA", Path(__file__).parents[1] / "../shared/data"))


def real_file(name):
    """Path of a file in the folder; skips the test where there is none."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no {path.name} in {path.parent}")
    return path
