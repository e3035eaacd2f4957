"""Checkpoints that go with something else, damaged files, and fits that are killed."""

import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import fit
from cut_off_fits import ALWAYS, LONG, CutOff, make_undisturbed
from sklearn.base import clone
from skorch.callbacks import Callback, EarlyStopping

from sklearn_gzsl import (
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.utils import locked, read_arrays, replacing, write_arrays

undisturbed = pytest.fixture(make_undisturbed, autouse=True)


@pytest.fixture
def cut_off(animals, tmp_path):
    """A generator whose training has not come to its end."""
    generator = VAECFlow(
        **LONG[VAECFlow],
        callbacks=[CutOff()],
        random_state=0,
        checkpoint=tmp_path / "kept",
        **ALWAYS,
    )
    CutOff.at = {9}
    with pytest.raises(KeyboardInterrupt):
        fit(generator, animals)
    return generator


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"lr": 0.01}, "lr is 0.001 there and 0.01 here"),
        ({"max_iter": 21}, "max_iter is 20 there and 21 here"),
        ({"random_state": 1}, "An int as random_state, also of what is around it"),
        ({"callbacks": None}, r"callbacks is \[\['CutOff', \{\}\]\] there and None"),
    ],
)
def test_other_parameters_are_refused_by_name(cut_off, params, words, animals):
    with pytest.raises(ValueError, match=words) as error:
        fit(clone(cut_off).set_params(**params), animals)
    assert "kept' has a training that is not over" in str(error.value)
    fit(cut_off, animals)  # which is still there
    assert CutOff.n_steps == 21


def test_other_data_are_refused_by_name(cut_off, animals):
    X, y, attributes = animals.X, animals.y, animals.attributes
    longer = dict(zip(animals.labels, 2 * animals.vectors[:, ::-1], strict=True))
    for data, name in [
        ((X + 1e-6, y, attributes), "X"),
        ((X, y[::-1], attributes), "y"),
        ((X, y, longer), "class_attributes"),
    ]:
        with pytest.raises(ValueError, match=f": {name} is other data[.]"):
            clone(cut_off).fit(*data)
    with pytest.raises(ValueError, match="estimator is 'VAECFlow' there and 'Soft"):
        SoftmaxClassifier(checkpoint=cut_off.checkpoint).fit(X, y)


def test_a_training_that_is_over_makes_room(cut_off, animals):
    fit(cut_off, animals)
    fit(clone(cut_off).set_params(lr=0.01), animals)
    steps = CutOff.n_steps
    fit(cut_off, animals)
    assert CutOff.n_steps == steps + 20


def test_one_folder_is_for_one_fit_at_a_time(cut_off, animals):
    with (
        locked(Path(cut_off.checkpoint, "lock")),
        pytest.raises(ValueError, match=r"in use by another fit .*kept/\{fit\}"),
    ):
        fit(cut_off, animals)
    fit(cut_off, animals)


def test_files_are_read_without_running_anything(cut_off, animals):
    path = Path(cut_off.checkpoint, "training.npz")
    whole = path.read_bytes()
    header, arrays = read_arrays(path)
    damaged = [whole[:1000], whole[:-1000], b"", b"{}"]
    # A bit in the midst of the weights, where no length or name would tell.
    at = whole.index(max(arrays.values(), key=np.size).tobytes()) + 100
    damaged.append(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    code = io.BytesIO()
    np.savez(code, header=np.array([print], dtype=object))
    damaged.append(code.getvalue())
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(path) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file,
    ):
        for name in old.namelist():
            file.writestr(name, old.read(name))
    damaged.append(packed.getvalue())
    for contents in damaged:
        path.write_bytes(contents)
        with pytest.raises(ValueError, match=r"training.npz' is damaged .*delete it"):
            fit(cut_off, animals)
    write_arrays(path, header, arrays)
    fit(cut_off, animals)


def test_a_file_is_the_old_or_the_new_one(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def interrupted():
        with replacing(path) as file:
            file.write(b"half of the n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "nothing is left lying about"
    with replacing(path) as file:
        file.write(b"new")
    assert path.read_text() == "new"


def test_a_file_is_no_folder(tmp_path, animals):
    path = tmp_path / "file"
    path.write_text("mine")
    for name in (path, path / "in it"):
        with pytest.raises(OSError, match=r"^checkpoint=.*file.*; name a folder\.$"):
            fit(VAECFlow(max_iter=1, checkpoint=name), animals)


class Report(Callback):
    """What a user's callback does at the end of an interval, and a Ctrl-C in it."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 3:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt, also in jobs that a shell runs behind others."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("others", [[], [EarlyStopping("iter", patience=3, sink=str)]])
def test_ctrl_c_in_a_callback_is_a_ctrl_c(others, animals, ctrl_c):
    generator = VAECFlow(**LONG[VAECFlow], callbacks=[*others, Report()])
    with pytest.raises(KeyboardInterrupt):
        fit(generator, animals)
    assert not hasattr(generator, "net_")


def kills(tmp_path, n_kills, seed):
    here = Path(__file__).parent
    command = [sys.executable, here / "killed_fits.py", tmp_path, n_kills, seed]
    paths = [str(here.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    command = [str(part) for part in command]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks no processes")
def test_kills_change_nothing(tmp_path):
    n_kills = int(os.environ.get("KILLS", "3"))  # `make soak` has more
    assert kills(tmp_path, n_kills, seed=n_kills) == n_kills
