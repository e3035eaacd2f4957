"""The scripts in examples/benchmarks run; what they measure is not tested."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmark_data import animal_arrays

import sklearn_gzsl

FOLDER = Path(__file__).parents[1] / "examples" / "benchmarks"
SOFTMAX = "SoftmaxClassifier LogisticRegression SGDClassifier"
RUNS = {
    "bench_generators": ("--tiny --repeat 1 --method VAECFlow", "VAECFlow"),
    "bench_classifier": ("--rows 60 --features 8 --classes 3 --passes 2", SOFTMAX),
    "bench_scale": (
        "--unseen 4 8 --seen 6 --rows 60 --features 8 --attributes 5",
        "4 8",
    ),
    "bench_imagenet21k": (
        "--unseen 5 9 --seen 12 --features 8 --attributes 6 --draws 2",
        "5 9",
    ),
    "bench_search": (
        (
            "--generator-steps 2 --classifier-steps 2 --hidden-dim 16 "
            "--backend sequential threading"
        ),
        "sequential threading",
    ),
}


def _here(function, *args, threads=None):
    return function(*args)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script with arguments, in this process; returns what it prints."""
    monkeypatch.syspath_prepend(FOLDER)
    machine = pytest.importorskip("_machine")
    monkeypatch.setattr(machine, "_SIDE", 16)
    monkeypatch.setattr(machine, "_COPIED", 16)
    monkeypatch.setattr(machine, "in_fresh_process", _here)

    def run(name, arguments):
        monkeypatch.setattr(sys, "argv", [name, *arguments.split()])
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", RUNS)
def test_it_prints_a_row_for_each(name, run):
    arguments, expected = RUNS[name]
    header, *rows = run(name, arguments).split("\n\n")[1].splitlines()
    first = [row.split()[0].strip(",") for row in rows]
    assert list(dict.fromkeys(first))[: len(expected.split())] == expected.split()
    assert any(word in header for word in ("ratio", "times faster", "run"))


def test_every_script_is_tried_and_documented():
    names = {path.stem for path in FOLDER.glob("bench_*.py")}
    assert names == set(RUNS)
    docs = (Path(sklearn_gzsl.__file__).parents[1] / "docs" / "speed.rst").read_text()
    assert all(f"{name}.py" in docs for name in names)


def test_rejections_are_counted_before_and_after(run, animals, tmp_path):
    path = tmp_path / "animals.npz"
    np.savez(path, **animal_arrays(animals))
    rows = run("reject", f"{path} --method prototypes").split("\n")[2:]
    shares = [float(word) for row in rows for word in row.split()[-2:]]
    assert len(shares) == 6
    assert 0 <= min(shares) <= max(shares) <= 1
