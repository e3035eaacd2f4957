"""Files with bytes in disorder are read, or refused with a ValueError that says why."""

import copy
import json
import warnings
import zipfile
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, StringIO

import numpy as np
import pytest
from benchmark_data import animal_arrays
from fuzzing import edited, mutated, share
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat
from xlsa17_files import store, toy_files, write_v5, write_v7, write_v73

from sklearn_gzsl.benchmark import format_results, run_benchmark
from sklearn_gzsl.benchmark._cli import main
from sklearn_gzsl.benchmark._data import load_data
from sklearn_gzsl.benchmark._machine import Cost
from sklearn_gzsl.benchmark._record import load_results
from sklearn_gzsl.datasets import fetch_xlsa17, load_xlsa17

SPARED = 150  # megabytes that reading a file of kilobytes may take


def write_v4(path, variables):
    matrices = {k: v for k, v in variables.items() if not isinstance(v, list)}
    savemat(path, matrices, format="4")


@contextmanager
def refusals(*kinds):
    """Memory stays small, and what is raised is of these kinds."""
    with Cost() as before:
        pass
    with Cost() as cost, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except kinds as error:
            said = str(error)
        else:
            said = "nothing"
    assert said
    peaks = [part.figures["peak_memory_mb"] for part in (before, cost)]
    assert peaks[1] < peaks[0] + SPARED


@pytest.fixture(scope="module")
def layouts(tmp_path_factory):
    """Folder of a toy set in each version, and the content of its files."""
    made = {}
    for write in (write_v4, write_v5, write_v7, write_v73):
        folder = tmp_path_factory.mktemp(write.__name__)
        store(folder, *toy_files(), write=write)
        content = {path: path.read_bytes() for path in (folder / "TOY").iterdir()}
        made[write] = folder, content
    return made


@pytest.mark.parametrize("write", [write_v4, write_v5, write_v7, write_v73])
@given(data=st.data())
@share(10)
def test_matlab_files(layouts, write, data):
    folder, content = layouts[write]
    path = data.draw(st.sampled_from(sorted(content)))
    path.write_bytes(data.draw(mutated(content[path])))
    try:
        with refusals(ValueError):
            load_xlsa17(folder, "TOY")
    finally:
        path.write_bytes(content[path])


@pytest.fixture(scope="module")
def archive():
    features, splits = toy_files()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, variables in (("res101", features), ("att_splits", splits)):
            file = BytesIO()
            write_v5(file, variables)
            opened.writestr(f"data/TOY/{name}.mat", file.getvalue())
    return packed.getvalue()


@given(data=st.data())
@share(12)
def test_downloaded_archives(archive, tmp_path_factory, data):
    home = tmp_path_factory.mktemp("toy")
    source = home / "toy.zip"
    source.write_bytes(data.draw(mutated(archive)))
    # An OSError says that the archive has no such data set.
    with refusals(ValueError, OSError):
        fetch_xlsa17(
            home, datasets=["TOY"], url=source.as_uri(), progress=False, delay=0
        )
    assert not [path for path in home.rglob("*.part") if path.stem.endswith(".mat")]


@pytest.fixture(scope="module")
def npz(animals):
    file = BytesIO()
    np.savez_compressed(file, **animal_arrays(animals))
    return file.getvalue()


@given(data=st.data())
@share(12)
def test_archives_of_arrays(npz, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("arrays") / "toy.npz"
    path.write_bytes(data.draw(mutated(npz)))
    with refusals(ValueError):
        load_data(str(path))


@pytest.fixture(scope="module")
def results(animals, tmp_path_factory):
    """A file of results with two fits of a method, and where it is."""
    folder = tmp_path_factory.mktemp("results")
    np.savez(folder / "toy.npz", **animal_arrays(animals))
    options = {"seeds": 2, "verbose": 0, "calibrate": True, "oracle": True}
    made = run_benchmark(folder / "toy.npz", "prototypes", **options)
    return folder, json.loads(json.dumps(made))


@given(data=st.data())
@share(15)
def test_results_that_were_changed_by_hand(results, data):
    folder, content = results
    changed = data.draw(edited(copy.deepcopy(content)))
    path = folder / "results.json"
    path.write_text(json.dumps(changed))
    check_one_line(["table", str(path)])
    with refusals(ValueError):
        format_results(changed)


@pytest.mark.parametrize("wrong", [{}, [1], 10**400, None, True, "1"])
@pytest.mark.parametrize("key", ["scores", "scores_without_penalty"])
def test_scores_of_any_name_are_numbers(results, key, wrong):
    """Also of a name that both kinds of scores have."""
    folder, content = results
    changed = copy.deepcopy(content)
    for fit in changed["methods"]["prototypes"]["fits"]:
        fit["scores"]["mine"] = fit["scores_without_penalty"]["mine"] = 0.5
        fit[key]["mine"] = wrong
    path = folder / "mine.json"
    path.write_text(json.dumps(changed))
    check_one_line(["table", str(path)])
    with pytest.raises(ValueError, match=rf"fits.{key}.mine is .* a number should be"):
        load_results(path)


@given(data=st.data())
@share(5)
def test_results_that_are_resumed(results, data):
    folder, content = results
    path = folder / "resumed.json"
    path.write_text(json.dumps(data.draw(edited(copy.deepcopy(content)))))
    options = ["--calibrate", "--oracle", "--seeds", "2", "--method", "prototypes"]
    command = ["benchmark", str(folder / "toy.npz"), *options, "--quiet"]
    check_one_line([*command, "--out", str(path), "--resume"])


@given(data=st.data())
@share(8)
def test_results_that_a_bad_disk_changed(results, data):
    folder, content = results
    path = folder / "flipped.json"
    path.write_bytes(data.draw(mutated(json.dumps(content).encode())))
    check_one_line(["table", str(path)])


def check_one_line(command):
    """The command works, or says in one line why not, with status 2."""
    errors = StringIO()
    with redirect_stderr(errors), redirect_stdout(StringIO()):
        status = main(command)
    lines = errors.getvalue().splitlines()
    assert (status, len(lines)) in ((0, 0), (2, 1)), errors.getvalue()
