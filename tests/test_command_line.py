"""The command line: its help waits for nothing, and its script is the module's twin."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from sklearn_gzsl.benchmark import _cli, _data, _options


def test_what_is_offered_is_there():
    for name, loader in _options.BUILT_IN.items():
        assert callable(getattr(_data.datasets, loader)), name


def test_script_is_installed():
    scripts = entry_points(group="console_scripts", name="sklearn-gzsl")
    if not scripts:
        pytest.skip("the package is not installed")
    (script,) = scripts
    assert script.load() is _cli.main


def test_each_is_called_by_its_name(capsys):
    with pytest.raises(SystemExit):
        _cli.main(["--help"])
    assert "usage: sklearn-gzsl [-h]" in capsys.readouterr().out
    command = [sys.executable, "-m", "sklearn_gzsl", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "usage: python -m sklearn_gzsl [-h]" in done.stdout
