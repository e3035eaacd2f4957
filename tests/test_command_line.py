"""The command line: its help waits for nothing, and its script is the module's twin."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from sklearn_gzsl.benchmark import _cli, _data, _options


def _heavy_modules_after(code):
    """What a fresh interpreter has imported when the code has run."""
    script = (
        f"import sys\n{code}\n"
        "print(*{'numpy', 'sklearn', 'skorch', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "argv",
    [
        ["--version"],
        ["--help"],
        ["benchmark", "--help"],
        ["benchmark", "--seds=3"],
        ["fit", "--help"],
        ["predict", "--help"],
    ],
)
def test_help_imports_nothing_heavy(argv):
    code = (
        "from sklearn_gzsl.benchmark._cli import main\n"
        f"try:\n    main({argv})\n"
        "except SystemExit:\n    pass"
    )
    assert not _heavy_modules_after(code)


def test_tables_are_made_without_torch():
    code = "from sklearn_gzsl.benchmark import _record, format_results"
    assert _heavy_modules_after(code) == {"numpy"}


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
