"""The file of the results: one writer, checked at first, and no fit is lost."""

import json
import os
import sys

import pytest
from benchmark_data import animal_arrays, quick_benchmark, writer
from instances import TINY
from skorch.callbacks import Callback

from sklearn_gzsl import WGANGP, GaussianGenerator
from sklearn_gzsl.benchmark import _cli
from sklearn_gzsl.utils import locked


@pytest.fixture(scope="module")
def path(animals, tmp_path_factory):
    return writer(animal_arrays(animals), tmp_path_factory)()


@pytest.fixture
def run(path):
    return quick_benchmark(path)


@pytest.fixture
def fitted(monkeypatch):
    """Which generators are fitted."""
    fit, fitted = GaussianGenerator._fit, []

    def counting(self, *data):
        fitted.append(self)
        return fit(self, *data)

    monkeypatch.setattr(GaussianGenerator, "_fit", counting)
    return fitted


def seeds_in(file, method="gaussian"):
    results = json.loads(file.read_text())
    return [fit["seed"] for fit in results["methods"][method]["fits"]]


def test_a_second_run_on_the_same_file_is_refused(run, tmp_path, fitted):
    out = tmp_path / "results.json"
    with (
        locked(tmp_path / "results.json.lock"),
        pytest.raises(ValueError, match="is being written by another run; wait until"),
    ):
        run(out=out)
    assert not fitted
    run(seeds=[0], out=out)
    run(seeds=[1], out=out, resume=True)
    assert seeds_in(out) == [0, 1]
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="of names and folders of POSIX")
@pytest.mark.parametrize("name", ["a" * 260 + ".json", "read_only.json", "circle.json"])
def test_a_file_that_cannot_be_written_is_told_before_the_first_fit(
    name, run, tmp_path, fitted, monkeypatch
):
    (tmp_path / "circle.json").symlink_to("circle.json")
    (tmp_path / "read_only.json").write_text("{}")
    # The superuser may write everywhere.
    monkeypatch.setattr(os, "access", lambda file, _: file.name != "read_only.json")
    with pytest.raises(OSError, match=r"out='.* (cannot be written|is read-only)"):
        run(out=tmp_path / name)
    assert not fitted


def test_the_command_says_so_in_one_line(path, tmp_path, capsys):
    out = str(tmp_path / ("a" * 260))
    argv = ["benchmark", str(path), "--method", "gaussian", "--out", out]
    assert _cli.main(argv) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written" in line


def test_a_link_stays_one(run, tmp_path):
    file, link = tmp_path / "results.json", tmp_path / "link.json"
    run(seeds=[0], out=file)
    link.symlink_to(file)
    run(seeds=[1], out=link, resume=True)
    assert link.is_symlink()
    assert seeds_in(file) == [0, 1]


class CutOff(Callback):
    """Ctrl-C at one of all steps that are taken."""

    at = n_steps = 0

    def on_batch_begin(self, net, **kwargs):
        CutOff.n_steps += 1
        if CutOff.n_steps == CutOff.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("calibrate", [False, True])
def test_a_fit_that_was_cut_off_goes_on(run, calibrate, tmp_path, monkeypatch):
    own = TINY[WGANGP] | {
        "max_iter": 20,
        "callbacks": [CutOff()],
        "checkpoint_interval": 0.0,
    }
    params = {f"generator__{name}": value for name, value in own.items()}
    options = {
        "methods": "wgan-gp",
        "params": params | {"n_synthetic": 5, "classifier__max_iter": 60},
        "seeds": [4, 5],
        "calibrate": calibrate,
        "folds": 2 if calibrate else None,
    }
    monkeypatch.setattr(CutOff, "at", 0)
    expected = run(**options)
    per_fit = 60 if calibrate else 20
    monkeypatch.setattr(CutOff, "n_steps", 0)
    # In the second fit; with calibration, in its second fold.
    monkeypatch.setattr(CutOff, "at", 2 * per_fit - 5)
    out = tmp_path / "results.json"
    with pytest.raises(KeyboardInterrupt):
        run(**options, out=out)
    assert seeds_in(out, "wgan-gp") == [4]
    results = run(**options, out=out, resume=True)
    assert CutOff.n_steps == 2 * per_fit + 1
    fits, others = (r["methods"]["wgan-gp"]["fits"] for r in (results, expected))
    assert [fit["scores"] for fit in fits] == [fit["scores"] for fit in others]
    assert [fit["cost"].get("resumed", False) for fit in fits] == [False, True]
    # What the whole ones took.
    minutes = results["methods"]["wgan-gp"]["summary"]["minutes"]["mean"]
    assert minutes == pytest.approx(fits[0]["cost"]["wall_s"] / 60)
    assert "checkpoint" not in str(fits[1]["params"])
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]
