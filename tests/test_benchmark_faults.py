"""The benchmark: what it refuses, before it begins or with the name of what failed."""

import numpy as np
import pytest
from benchmark_data import (
    QUICK,
    animal_arrays,
    fits,
    quick_benchmark,
    writer,
)
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from sklearn_gzsl.benchmark import run_benchmark
from sklearn_gzsl.benchmark._cli import main

arrays = pytest.fixture(animal_arrays, scope="module")


write = pytest.fixture(writer, scope="module")


path = pytest.fixture(lambda write: write(), scope="module")


run = pytest.fixture(quick_benchmark)


def test_resuming_something_else_is_refused(run, write, arrays, tmp_path):
    out = tmp_path / "results.json"
    run(out=out)
    again = {"out": out, "resume": True}
    with pytest.raises(ValueError, match="made with other options"):
        run(params=QUICK | {"n_synthetic": 6}, **again)
    with pytest.raises(ValueError, match="made with other protocol"):
        run(protocol="published", **again)
    with pytest.raises(ValueError, match="made with other data"):
        run(write(att=arrays["att"] * 2), **again)
    out.write_text("{}")
    with pytest.raises(ValueError, match="holds no results"):
        run(**again)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": "gan"}, r"\['gan'\] is no method; methods are"),
        ({"methods": []}, "No method is named; methods are"),
        ({"methods": "vae_cflow"}, "Did you mean 'vae-cflow' for 'vae_cflow'"),
        ({"seeds": 0}, "at least one"),
        ({"protocol": "best"}, "choose from"),
        ({"tune": True, "tune_by": "U"}, "tune_by='U'"),
        ({"params": {"n_layers": 3}}, "no parameter.*begin with generator__"),
        ({"params": {"random_state": 3}}, "random_state cannot be fixed"),
        ({"params": {"n_synthetic": "ax"}}, "multiple of the median"),
        ({"tune": True, "grid": {"lr": [1]}}, "no parameter"),
    ],
)
def test_arguments_that_are_not_understood(run, options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


def test_a_failing_fit_names_method_and_seed(run):
    with pytest.raises(ValueError, match=r"gaussian, seed 0: .*n_real"):
        run(params={"n_real": -1})


def _first_changed(array, value):
    changed = array.copy()
    changed[0] = value
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: {"labels": None}, "has no array.*labels"),
        (lambda _: {"att": None}, "has no array.*att"),
        (lambda a: {"att": a["att"][:-1]}, "att describes 11 classes"),
        (
            lambda a: {"att": a["att"][:-1], "allclasses_names": None},
            r"labels holds \[11\].*row of att",
        ),
        (lambda a: {"labels": a["labels"][:-1]}, "one row of features for each label"),
        (lambda a: {"labels": _first_changed(a["labels"], 10)}, "'elephant'.*unseen"),
        (
            lambda a: {"trainval_loc": a["trainval_loc"][a["labels"][:90] > 0]},
            r"\['ant'\] of test_seen have no row in train",
        ),
        (lambda a: {"test_seen_loc": a["test_seen_loc"] - 90}, "more than once"),
        (lambda a: {"trainval_loc": a["trainval_loc"] + 200}, "MATLAB"),
        (lambda a: {"trainval_loc": a["trainval_loc"] / 2}, "type float64"),
        (lambda a: {"test_unseen_loc": a["test_unseen_loc"][:0]}, "at least one"),
        (lambda a: {"X": _first_changed(a["X"], np.nan)}, "NaN or infinity"),
    ],
)
def test_data_that_cannot_be_right(run, write, arrays, change, message):
    with pytest.raises(ValueError, match=message):
        run(write(**change(arrays)))


def test_data_that_is_not_there(run, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither a file.*two-digit-numbers"):
        run(tmp_path / "missing.npz")
    with pytest.raises(FileNotFoundError, match=r"has no \['res101.mat', 'att_spl"):
        run(tmp_path)
    text = tmp_path / "data.npz"
    text.write_text("no numbers")
    with pytest.raises(ValueError, match=r"is no whole \.npz file.*The command and"):
        run(text)
    with pytest.raises(FileNotFoundError, match="its folder does not"):
        run(out=tmp_path / "none" / "results.json")
    with pytest.raises(ValueError, match=r"data has no .*target"):
        run({"data": [[1.0]]})


def test_command_line_complains_in_one_line(path, capsys):
    assert main(["benchmark", str(path), "--method", "gan", "--quiet"]) == 2
    printed = capsys.readouterr()
    assert "benchmark: error: ['gan'] is no method" in printed.err
    assert not printed.out
    assert main(["table", "missing.json"]) == 2
    for wrong in (["--seeds", "few"], ["--set", "n_synthetic"], ["--protocol", "best"]):
        with pytest.raises(SystemExit):
            main(["benchmark", str(path), *wrong])


def test_resuming_compares_estimators_too(run, tmp_path):
    out = tmp_path / "r.json"
    params = {"n_synthetic": 5, "classifier": LogisticRegression(C=1.0)}
    run(seeds=1, params=params, out=out)
    params["classifier"] = LogisticRegression(C=1e-5)
    with pytest.raises(ValueError, match="made with other options"):
        run(seeds=2, params=params, out=out, resume=True)


def test_broken_archives(arrays, tmp_path):
    path = tmp_path / "data.npz"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="is no whole"):
        run_benchmark(path)
    np.savez(path, **arrays)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="is no whole"):
        run_benchmark(path)
    np.savez(path, **arrays | {"labels": arrays["labels"].astype(object)})
    with pytest.raises(ValueError, match="labels cannot be read"):
        run_benchmark(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory": "folder"}, "tune=True only"),
        ({"tune_by": "H"}, "tune=True only"),
        ({"resume": True}, "name as out"),
        ({"folds": 0, "calibrate": True}, "folds=0"),
        ({"folds": 2}, "with tune or calibrate only"),
        ({"tune": True, "grid": {"nonsense": [1]}}, "gaussian has no parameter"),
        ({"tune": True, "tune_iter": -2}, "tune_iter=-2"),
        ({"seeds": -1}, "seeds=-1"),
        ({"params": {"n_synthetic": "0x"}}, "must be above 0"),
    ],
)
def test_options_without_effect_or_sense(run, options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


def test_a_classifier_without_probabilities(run):
    params = {"n_synthetic": 5, "classifier": LinearSVC()}
    assert fits(run(seeds=1, params=params, calibrate=True, folds=1))
