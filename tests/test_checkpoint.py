"""Trainings that are cut off go on, and end as if nothing had happened."""

import numpy as np
import pytest
from conftest import fit
from cut_off_fits import ALWAYS, LONG, CutOff, make_undisturbed
from instances import NEURAL, VARIANTS
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from skorch.callbacks import EarlyStopping, EpochScoring

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
from sklearn_gzsl.training import EACH_FIT
from sklearn_gzsl.training._checkpoint import Checkpoint
from sklearn_gzsl.utils import locked, read_arrays

undisturbed = pytest.fixture(make_undisturbed, autouse=True)


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
