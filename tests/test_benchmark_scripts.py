"""The scripts in examples/benchmarks run; what they measure is not tested."""

import json
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


def test_shares_of_two_sources_are_left_out_where_nothing_tells_of_one(
    run, animals, tmp_path
):
    path, out = tmp_path / "animals.npz", tmp_path / "out.json"
    arrays = animal_arrays(animals)
    np.savez(path, **arrays, att_words=2 * arrays["att"][:, ::-1])
    steps = "--generator-steps 2 --classifier-steps 2"
    printed = run(
        "mixed_sources", f"{path} --seeds 2 --shares 0 50 100 {steps} --out {out}"
    )
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["sources"] == ["att", "att_words"]
    cells = [(c["seed"], c["seen"], c["unseen"]) for c in record["cells"]]
    shares = [(0, 0), (50, 0), (50, 50), (50, 100), (100, 100)]
    assert cells == [(seed, *pair) for seed in (0, 1) for pair in shares]
    lines = [line.split() for line in printed.splitlines()[1:]]
    assert [float(line[5]) for line in lines] == [
        round(100 * cell["H"], 1) for cell in record["cells"]
    ]


def test_a_class_is_described_by_one_source_alone():
    script = runpy.run_path(str(FOLDER / "mixed_sources.py"))
    tables = {"att": np.eye(4), "att_words": np.ones((4, 2))}
    both = sklearn_gzsl.ClassAttributes(["a", "b", "c", "d"], tables)
    half = script["described"](both, script["part"](["d", "b", "a", "c"], 50))
    assert half.select("att").labels.tolist() == ["a", "c"]
    assert half.select("att_words").labels.tolist() == ["b", "d"]
    assert [*script["described"](both, []).sources] == ["att"]
    assert [*script["described"](both, ["a", "b", "c", "d"]).sources] == ["att_words"]
