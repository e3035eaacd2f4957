"""Trainings that are cut off go on, and end as if nothing had happened."""

import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from instances import NEURAL, TINY, VARIANTS
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from skorch.callbacks import Callback, EarlyStopping, EpochScoring

from sklearn_gzsl import (
    CMT,
    CVAE,
    MLIS,
    WGANGP,
    AttributeSoftmaxClassifier,
    BilinearClassifier,
    GZSLClassifier,
    PrototypeNetwork,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.benchmark._looks import LookingSoftmax
from sklearn_gzsl.generators._early_stopping import HeldOutClasses
from sklearn_gzsl.linear_model._softmax_steps import SoftmaxSteps
from sklearn_gzsl.training import EACH_FIT, _batches
from sklearn_gzsl.training._checkpoint import Checkpoint
from sklearn_gzsl.utils import locked, read_arrays, replacing, write_arrays

ALWAYS = {"checkpoint_interval": 0.0}


# Long enough for several intervals, and to be cut off more than once.
LONG = {cls: TINY[cls] | {"max_iter": 20} for cls in NEURAL}


class CutOff(Callback):
    """Ctrl-C at some of all steps that are taken, whatever the fit."""

    at: set = set()
    n_steps = 0

    def on_batch_begin(self, net, **kwargs):
        CutOff.n_steps += 1
        if CutOff.n_steps in CutOff.at:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch):
    CutOff.at, CutOff.n_steps = set(), 0
    # Intervals of several steps, though there are few of them.
    monkeypatch.setattr(_batches, "_N_REPORTS", 7)


def fit(model, animals):
    return model.fit(animals.X, animals.y, animals.attributes)


def fit_until_it_ends(model, animals, *at):
    """Fit, cut off at these of all steps, and again; how many steps it took."""
    CutOff.at, CutOff.n_steps = set(at), 0
    for _ in at:
        with pytest.raises(KeyboardInterrupt):
            fit(model, animals)
    fit(model, animals)
    return CutOff.n_steps


def assert_same(model, other, animals):
    draws = [m.sample(animals.attributes, 3)[0] for m in (model, other)]
    assert_array_equal(*draws)
    assert model.history_ == other.history_
    assert model.n_iter_ == other.n_iter_


@pytest.mark.parametrize(
    "generator",
    [
        cls(**LONG[cls] | variant, random_state=0)
        for cls in NEURAL
        for variant in [{}, *(VARIANTS[cls][:1] if cls in (CVAE, MLIS) else [])]
    ],
    ids=lambda g: type(g).__name__,
)
def test_a_training_that_was_cut_off_ends_as_if_it_had_not_been(
    generator, animals, tmp_path
):
    # Batches of which one of three begins a pass, and cuts also where intervals begin.
    generator = clone(generator).set_params(batch_size=28, callbacks=[CutOff()])
    expected = clone(generator).fit(animals.X, animals.y, animals.attributes)
    generator.set_params(checkpoint=tmp_path, **ALWAYS)
    assert fit_until_it_ends(generator, animals, 6, 8, 18) == 23
    assert_same(generator, expected, animals)
    # It is over: the same fit takes no further steps.
    CutOff.n_steps = 0
    again = fit(clone(generator), animals)
    assert CutOff.n_steps == 0
    assert_same(again, expected, animals)


@pytest.mark.parametrize("cls", [CVAE, MLIS])
def test_a_trial_goes_on_as_well_as_the_training(cls, animals, tmp_path, monkeypatch):
    # Better and better, so that there is a training that can be cut off.
    monkeypatch.setattr(HeldOutClasses, "score", lambda _, g: g.net_.n_steps_ / 20)
    params = LONG[cls] | {"early_stopping": True}
    generator = cls(**params, random_state=0, callbacks=[CutOff()])
    expected = fit(clone(generator), animals)
    generator.set_params(checkpoint=tmp_path, **ALWAYS)
    assert fit_until_it_ends(generator, animals, 13, 33) == 42
    assert_same(generator, expected, animals)
    assert_array_equal(generator.validation_steps_, expected.validation_steps_)
    assert_array_equal(generator.validation_scores_, expected.validation_scores_)
    assert_array_equal(generator.validation_classes_, expected.validation_classes_)


@pytest.mark.parametrize(
    "clf",
    [
        BilinearClassifier(loss="warp", n_maps=2),
        PrototypeNetwork(hidden_dim=8, episodic=True),
        AttributeSoftmaxClassifier(hidden_dim=8),
        CMT(hidden_dim=8),
    ],
    ids=lambda clf: type(clf).__name__,
)
def test_scores_that_are_learned_by_steps_go_on_too(
    clf, animals, tmp_path, monkeypatch
):
    clf = clone(clf).set_params(max_iter=30, batch_size=28, random_state=0)
    expected = fit(clone(clf), animals)
    clf.set_params(checkpoint=tmp_path, **ALWAYS)
    write, n_written = Checkpoint.write, [0]

    def write_and_stop(self, *args, **kwargs):
        write(self, *args, **kwargs)
        n_written[0] += 1
        if n_written[0] in (3, 17, 18):
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "write", write_and_stop)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            fit(clf, animals)
    fit(clf, animals)
    assert n_written[0] == 31  # after each step, and at the end
    assert_array_equal(*(m.decision_function(animals.X) for m in (clf, expected)))
    assert clf.history_ == expected.history_


def n_intervals(net, _batches=None, _y=None):
    return float(len(net.history))


def test_callbacks_remember_what_they_have_seen(animals, tmp_path):
    score = EpochScoring(n_intervals, on_train=True, name="score")
    stopper = EarlyStopping("score", patience=3, load_best=True, sink=str)
    callbacks = [score, stopper, CutOff()]
    generator = VAECFlow(**LONG[VAECFlow], callbacks=callbacks, random_state=0)
    expected = fit(clone(generator), animals)
    assert len(expected.history_) == 4
    generator.set_params(checkpoint=tmp_path, **ALWAYS)
    fit_until_it_ends(generator, animals, 6)
    assert_same(generator, expected, animals)


def interrupted_softmax(monkeypatch, *at):
    """Ctrl-C at some of all steps of softmax classifiers; how many there were."""
    step, n_steps = SoftmaxSteps.step, [0]

    def interrupt(self, *batch):
        n_steps[0] += 1
        if n_steps[0] in at:
            raise KeyboardInterrupt
        return step(self, *batch)

    monkeypatch.setattr(SoftmaxSteps, "step", interrupt)
    return n_steps


SOFTMAX = {"max_iter": 333, "random_state": 0}
SOFTMAXES = [
    SoftmaxClassifier(**SOFTMAX),
    SoftmaxClassifier(**SOFTMAX, init="lda", logit_adjustment=1.0),
    SoftmaxClassifier(**SOFTMAX, class_weight="balanced", batch_size=17),
    SoftmaxClassifier(**SOFTMAX, batch_size=1000),
    LookingSoftmax(**SOFTMAX),
]


def assert_same_softmax(softmax, expected):
    assert_array_equal(softmax.coef_, expected.coef_)
    assert_array_equal(softmax.intercept_, expected.intercept_)
    assert softmax.loss_curve_ == expected.loss_curve_
    assert softmax.n_iter_ == expected.n_iter_ == 333
    for moment, other in zip(softmax._moments, expected._moments, strict=True):
        assert_array_equal(moment, other)
    looks, others = (getattr(s, "looks_", []) for s in (softmax, expected))
    for look, other in zip(looks, others, strict=True):
        assert_array_equal(look[0], other[0])


@pytest.mark.parametrize("softmax", SOFTMAXES)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_softmax_goes_on(softmax, streamed, animals, tmp_path, monkeypatch):
    softmax = clone(softmax)
    if streamed:
        model = GZSLClassifier(
            classifier=softmax,
            n_synthetic=30,
            memory_limit=1 << 12,
            random_state=0,
            seen_penalty=0.0,
        )
        softmax.set_params(random_state=None)
        data = animals.X, animals.y, animals.attributes
    else:
        model, data = softmax, (animals.X, animals.y)
    expected = clone(model).fit(*data)
    softmax.set_params(checkpoint=tmp_path, **ALWAYS)
    n_steps = interrupted_softmax(monkeypatch, 50, 120, 250)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            model.fit(*data)
    model.fit(*data)
    assert n_steps[0] < 333 + 3 * 50  # no step is taken more than twice
    pair = [getattr(m, "classifier_", m) for m in (model, expected)]
    assert_same_softmax(*pair)
    n_steps[0] = 1000
    assert_same_softmax(getattr(model.fit(*data), "classifier_", model), pair[1])
    assert n_steps[0] == 1000


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


def test_what_has_no_seed_goes_on_with_that_of_its_beginning(animals, tmp_path):
    generator = VAECFlow(
        **LONG[VAECFlow], callbacks=[CutOff()], checkpoint=tmp_path, **ALWAYS
    )
    assert fit_until_it_ends(generator, animals, 9) == 21
    header, _ = read_arrays(tmp_path / "training.npz")
    seeded = clone(generator).set_params(checkpoint=None)

    class Drawn(np.random.RandomState):
        def randint(self, _):
            return header["seed"]

    fit(seeded.set_params(random_state=Drawn()), animals)
    assert seeded.history_ == generator.history_


def test_a_classifier_without_seed_goes_on_with_its_generator(animals, tmp_path):
    generator = VAECFlow(
        **LONG[VAECFlow], checkpoint=tmp_path, callbacks=[CutOff()], **ALWAYS
    )
    clf = GZSLClassifier(generator, n_synthetic=10, seen_penalty=0.0)
    # No step twice, though the second fit draws seeds of its own.
    assert fit_until_it_ends(clf, animals, 16) == 16 + 5
    fit(clone(clf).set_params(generator=FrozenEstimator(clf.generator_)), animals)
    softmax = SoftmaxClassifier(checkpoint=tmp_path / "softmax", max_iter=5)
    with pytest.raises(ValueError, match=r"checkpoint=.*Give .* an int as random_st"):
        fit(clf.set_params(classifier=softmax), animals)
    softmax.fit(animals.X_test, animals.y_test)
    fit(clf.set_params(classifier=FrozenEstimator(softmax)), animals)


def test_one_folder_is_for_one_fit_at_a_time(cut_off, animals):
    with (
        locked(Path(cut_off.checkpoint, "lock")),
        pytest.raises(ValueError, match=r"in use by another fit .*kept/\{fit\}"),
    ):
        fit(cut_off, animals)
    fit(cut_off, animals)


def test_each_fit_may_have_its_own(animals, tmp_path):
    generator = VAECFlow(
        **LONG[VAECFlow], random_state=0, checkpoint=tmp_path / EACH_FIT
    )
    for lr in (0.001, 0.01):
        fit(generator.set_params(lr=lr), animals)
    folders = list(tmp_path.iterdir())
    assert len(folders) == 2
    # The same at the same time does without.
    with locked(folders[0] / "lock"), locked(folders[1] / "lock"):
        fit(generator, animals)


def test_the_fit_that_chooses_a_penalty_has_its_own(animals, tmp_path):
    generator = WGANGP(**LONG[WGANGP], callbacks=[CutOff()])
    clf = GZSLClassifier(generator, n_synthetic=10, random_state=0)
    expected = fit(clone(clf), animals)
    generator.set_params(checkpoint=str(tmp_path), **ALWAYS)
    assert fit_until_it_ends(clf, animals, 15, 35) == 42
    assert clf.seen_penalty_ == expected.seen_penalty_
    assert_array_equal(clf.decision_function(animals.X), expected._scores(animals.X))
    assert clf.generator_.checkpoint == str(tmp_path)


def test_memory_keeps_a_fit_that_is_not_over(animals, tmp_path):
    generator = VAECFlow(**LONG[VAECFlow], callbacks=[CutOff()], **ALWAYS)
    clf = GZSLClassifier(
        generator, n_synthetic=10, random_state=0, seen_penalty=0.0, memory=tmp_path
    )
    expected = fit(clone(clf).set_params(memory=None), animals)
    assert fit_until_it_ends(clf, animals, 9) == 21
    assert_same(clf.generator_, expected.generator_, animals)
    assert clf.generator_.checkpoint is None
    assert not list(tmp_path.glob("*/unfinished/*"))
    CutOff.n_steps = 0
    fit(clf.set_params(generator__checkpoint_interval=5.0), animals)
    assert CutOff.n_steps == 0  # it is in memory


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
