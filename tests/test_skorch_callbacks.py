"""The callbacks that skorch ships: each works in a generator, or says what to do."""

import re
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from instances import TINY
from skorch import callbacks as sk

from sklearn_gzsl import WGANGP, VAECFlow

GENERATORS = [
    VAECFlow(**TINY[VAECFlow] | {"max_iter": 6}, random_state=0),
    WGANGP(**TINY[WGANGP] | {"max_iter": 6}, random_state=0),
]
each_generator = pytest.mark.parametrize(
    "generator", GENERATORS, ids=lambda g: type(g).__name__
)


def fit(generator, animals, *callbacks):
    generator.set_params(callbacks=list(callbacks))
    return generator.fit(animals.X, animals.y, animals.attributes)


def draws(generator, animals):
    return generator.sample(animals.attributes, 2)[0]


def n_intervals(net, _batches=None, _y=None):
    """A score that is worse from interval to interval."""
    return float(len(net.history))


SPECTATORS = {
    "ProgressBar": sk.ProgressBar,
    "ProgressBar that counts": lambda: sk.ProgressBar("count"),
    "PrintLog": lambda: sk.PrintLog(sink=str),
    "EpochTimer": sk.EpochTimer,
    "EpochScoring": lambda: sk.EpochScoring(n_intervals, on_train=True),
    "EarlyStopping with patience": lambda: sk.EarlyStopping(monitor="iter"),
    "Checkpoint": lambda: sk.Checkpoint(monitor=None, f_pickle="net.pkl"),
    "TrainEndCheckpoint": sk.TrainEndCheckpoint,
    # Nothing matches.
    "ParamMapper": lambda: sk.ParamMapper("nothing.*", fn=torch.nn.init.zeros_),
    "GradientNormClipping": sk.GradientNormClipping,
    "TensorBoard": lambda: sk.TensorBoard(MagicMock()),
    "MlflowLogger": lambda: sk.MlflowLogger(MagicMock(), MagicMock()),
    "SacredLogger": lambda: sk.SacredLogger(MagicMock()),
    "WandbLogger": lambda: sk.WandbLogger(MagicMock(), save_model=False),
}


@each_generator
@pytest.mark.parametrize("name", SPECTATORS)
def test_those_that_look_on_leave_training_as_it_is(
    generator, name, animals, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    expected = draws(fit(generator, animals), animals)
    got = draws(fit(generator, animals, SPECTATORS[name]()), animals)
    np.testing.assert_array_equal(got, expected)
    if "Checkpoint" in name:
        assert len(list(tmp_path.glob("*params.pt"))) == 1


@each_generator
def test_progress_bar_knows_the_number_of_steps(generator, animals):
    totals = []

    class Bar(sk.ProgressBar):
        def on_epoch_begin(self, net, **kwargs):
            super().on_epoch_begin(net, **kwargs)
            self.pbar_.disable = True
            totals.append(self.pbar_.total)

    generator.set_params(max_iter=130)
    fit(generator, animals, Bar())
    generator.set_params(max_iter=6)
    assert len(totals) == 100
    assert sum(totals) == 130


def test_score_of_each_interval_is_in_the_history(animals):
    def mean_of_rows(net, batches, _):
        return float(batches.tensors[0].mean())

    generator = fit(
        GENERATORS[0], animals, sk.EpochScoring(mean_of_rows, on_train=True)
    )
    mean = animals.X.mean()
    assert [row["mean_of_rows"] for row in generator.history_] == pytest.approx(
        [mean] * 6, rel=1e-5
    )


class StopAfterOne(sk.Callback):
    def on_batch_end(self, net, **kwargs):
        net.stop_training = True


class Keep(sk.Callback):
    """Keeps the weights that training begins with, and those after each step."""

    weights: dict = {}

    def on_train_begin(self, net, **kwargs):
        self.weights.clear()
        self._keep(net, 0)

    def on_batch_end(self, net, **kwargs):
        self._keep(net, net.n_steps_)

    def _keep(self, net, step):
        named = net.module_.named_parameters()
        self.weights[step] = {k: v.detach().clone() for k, v in named}


@each_generator
def test_early_stopping_and_checkpoints_bring_the_best_weights_back(
    generator, animals, tmp_path
):
    score = sk.EpochScoring(n_intervals, on_train=True, name="score")
    expected = draws(fit(generator, animals, StopAfterOne()), animals)
    for best in (
        sk.Checkpoint("score_best", dirname=str(tmp_path), load_best=True),
        sk.EarlyStopping("score", patience=3, load_best=True, sink=str),
    ):
        got = draws(fit(generator, animals, score, best), animals)
        np.testing.assert_array_equal(got, expected)


@each_generator
def test_a_training_goes_on_from_a_checkpoint(generator, animals, tmp_path):
    checkpoint = sk.TrainEndCheckpoint(dirname=str(tmp_path))
    callbacks = [checkpoint, sk.LoadInitState(checkpoint), Keep()]
    fit(generator, animals, *callbacks)
    assert len(generator.history_) == 6
    end = Keep.weights[6]
    fit(generator, animals, *callbacks)
    assert len(generator.history_) == 12
    assert all(torch.equal(v, end[k]) for k, v in Keep.weights[0].items())


@pytest.mark.parametrize("pattern", ["critic.features.*", "critic.*", "generator.*"])
def test_a_frozen_part_of_a_gan_stays_as_it_was(pattern, animals):
    freezer = sk.Freezer(pattern, at=3)
    fit(GENERATORS[1], animals, freezer, Keep())
    weights = Keep.weights
    part = pattern.removesuffix("*")
    # Scores are compared: the bias of the output has no gradient.
    for name in weights[6].keys() - {"critic.output.bias"}:
        before, at, after = (weights[step][name] for step in (1, 2, 6))
        assert not torch.equal(before, at)
        if not name.startswith("average."):
            assert torch.equal(at, after) == name.startswith(part), name


@each_generator
def test_weights_can_be_set_and_gradients_clipped(generator, animals):
    plain = draws(fit(generator, animals), animals)
    halve = sk.ParamMapper("*", fn=lambda p: p.data.mul_(0.5), at=2)
    for callback in (halve, sk.GradientNormClipping(1e-9)):
        assert not np.allclose(plain, draws(fit(generator, animals, callback), animals))


REFUSED = [
    (sk.LRScheduler("StepLR", step_size=1), "use lr_schedule, or a callback"),
    (sk.EpochScoring(n_intervals), "set its on_train=True"),
    (sk.EpochScoring("accuracy", on_train=True), "a function of the net"),
    (sk.BatchScoring(n_intervals), "use EpochScoring"),
    (sk.PassthroughScoring("loss"), "the mean of every loss term"),
    (sk.InputShapeSetter(), "for the shape of X beforehand"),
    (sk.EarlyStopping(), "monitor='valid_loss'"),
    (sk.Checkpoint(), "monitor='valid_loss_best'"),
]


@each_generator
@pytest.mark.parametrize(
    ("callback", "way_out"), REFUSED, ids=[type(c).__name__ for c, _ in REFUSED]
)
def test_those_without_use_say_what_to_do(generator, callback, way_out, animals):
    with pytest.raises(ValueError, match=re.escape(way_out)) as error:
        fit(generator, animals, callback)
    assert f"callbacks has {type(callback).__name__}" in str(error.value)
