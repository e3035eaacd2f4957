"""What holds for every estimator: scikit-learn's checks, and our own for generators.

A new estimator needs one entry in the table of ``instances``.
"""

from copy import copy

import numpy as np
import pytest
import torch
from conftest import make_animals, unchanged_global_states
from instances import ESTIMATORS, FAST, GENERATORS, TINY, hurried
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

import sklearn_gzsl
from sklearn_gzsl import (
    DAP,
    ESZSL,
    IAP,
    SAE,
    SYNC,
    BaseGenerator,
    CalibratedStackingCV,
    ClassAttributes,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    RejectingClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.compatibility._base import CompatibilityClassifier
from sklearn_gzsl.generators import NeuralGenerator

# Estimator -> whose random_state there is, if not its own.
OWNER = {
    CalibratedStackingCV: "estimator__",
    GZSLVotingClassifier: "synthetic__",
    RejectingClassifier: "estimator__",
}
CLOSED_FORMS = (PrototypeClassifier, IncrementalLDA, ESZSL, SAE, SYNC, DAP, IAP)
RANDOM = [e for e in ESTIMATORS if not isinstance(e, CLOSED_FORMS)]


# A list, as pytest 9 takes no generator, which scikit-learn before 1.8 makes of them.
CHECKS = parametrize_with_checks([hurried(estimator) for estimator in ESTIMATORS])


@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def outcome(estimator, data, seed):
    """Fit on the animals; everything random shows in what is returned."""
    own = OWNER.get(type(estimator), "")
    estimator = hurried(estimator).set_params(**{f"{own}random_state": seed})
    if isinstance(estimator, CompatibilityClassifier):
        estimator.set_params(max_iter=3)
    if isinstance(estimator, SoftmaxClassifier):
        return estimator.fit(data.X, data.y).predict_proba(data.X).tobytes()
    estimator.fit(data.X, data.y, data.attributes)
    if hasattr(estimator, "decision_function"):
        return estimator.decision_function(data.X).tobytes()
    return estimator.sample(data.attributes)[0].tobytes()


@pytest.mark.parametrize("estimator", RANDOM)
def test_global_generators_are_neither_read_nor_changed(
    estimator, animals, seed_everything
):
    outcomes = []
    for global_seed, own_seed in [(0, 0), (1, 0), (2, None), (2, None)]:
        seed_everything(global_seed)
        with unchanged_global_states():
            outcomes.append(outcome(estimator, animals, own_seed))
    assert outcomes[0] == outcomes[1]
    assert len(set(outcomes)) == 3


def test_every_public_estimator_is_checked():
    public = [getattr(sklearn_gzsl, name) for name in sklearn_gzsl.__all__]
    classes = {item for item in public if isinstance(item, type)}
    estimators = {cls for cls in classes if issubclass(cls, BaseEstimator)}
    assert estimators - {BaseGenerator} == TINY.keys() | FAST.keys()


@pytest.fixture(params=GENERATORS, ids=lambda g: type(g).__name__)
def generator(request):
    return clone(request.param).set_params(random_state=0)


@pytest.fixture(scope="module", params=GENERATORS, ids=lambda g: type(g).__name__)
def fitted(request):
    """What was learned of the animals, for tests that only ask it."""
    data = make_animals()
    generator = clone(request.param).set_params(random_state=0)
    return generator.fit(data.X, data.y, data.attributes)


def only(condition):
    """Decorate a test that concerns some of the generators."""
    chosen = [g for g in GENERATORS if condition(g)]
    return pytest.mark.parametrize(
        "generator", chosen, indirect=True, ids=lambda g: type(g).__name__
    )


def assert_same_samples(generator, other, attributes):
    for part, other_part in zip(
        generator.sample(attributes, 3), other.sample(attributes, 3), strict=True
    ):
        assert_array_equal(part, other_part)


def test_samples_come_class_by_class(fitted, animals):
    assert_array_equal(fitted.classes_, animals.seen)
    shuffled = animals.attributes.subset(animals.labels[[10, 3, 11, 0]])
    X, y = fitted.sample(shuffled, 7)
    assert X.dtype == np.float32
    assert X.shape == (28, fitted.transform(animals.X[:1]).shape[1])
    assert np.isfinite(X).all()
    assert len(np.unique(X, axis=0)) == 28
    assert_array_equal(y, np.repeat(["elephant", "cat", "hippopotamus", "ant"], 7))


def test_any_description_can_be_sampled(fitted, animals):
    unicorn = animals.vectors[0] - 2 * animals.vectors[7]
    for description in ({"unicorn": unicorn}, [unicorn], np.zeros((1, 7))):
        X, y = fitted.sample(description, 4)
        assert np.isfinite(X).all()
        assert y.tolist() == (["unicorn"] if isinstance(description, dict) else [0]) * 4


@pytest.mark.parametrize("kind", [str, int, float, object])
def test_labels_keep_their_type(generator, animals, kind):
    labels = animals.labels if kind in (str, object) else np.arange(12)
    labels = labels.astype(kind)
    attributes = ClassAttributes(labels, animals.vectors)
    generator.fit(animals.X, labels[animals.codes], attributes)
    _, y = generator.sample(attributes)
    assert y.dtype == labels.dtype
    assert y.tolist() == labels.tolist()


def test_seeds(generator, animals):
    data = animals.X, animals.y, animals.attributes
    first = generator.fit(*data)
    assert_same_samples(first, clone(generator).fit(*data), animals.attributes)
    assert_same_samples(first, first, animals.attributes)
    other = clone(generator).set_params(random_state=1).fit(*data)

    def draw(generator, **seed):
        return generator.sample(animals.attributes, 2, **seed)[0].tobytes()

    draws = {draw(first), draw(other), draw(first, random_state=7)}
    assert draw(first, random_state=7) in draws
    unseeded = clone(generator).set_params(random_state=None).fit(*data)
    draws |= {draw(unseeded), draw(unseeded)}
    assert len(draws) == 5


def test_temperature_is_the_spread(fitted, animals):
    generator = copy(fitted)

    def spread(temperature):
        X, _ = generator.set_params(temperature=temperature).sample({"elk": A}, 50)
        return X.std(axis=0).mean()

    A = animals.attributes["elk"]
    assert spread(0) == pytest.approx(0, abs=1e-6)
    assert spread(0.5) < 0.75 * spread(1)


@only(lambda g: hasattr(g, "score_samples"))
def test_density_of_all_classes(generator, animals):
    generator.fit(animals.X, animals.y, animals.attributes)
    scores = generator.score_samples(animals.X, animals.attributes)
    assert scores.shape == (90, 12)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(
        generator.score_samples(animals.X), scores[:, :9], rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"elk": np.ones(5)}, "has 5 columns, but .* was fitted with 7; describe"),
        (None, "class_attributes is None; pass one row for each class"),
        (np.ones(4), "class_attributes is an array of 1 dimension"),
    ],
)
def test_descriptions_that_cannot_be_sampled(fitted, animals, wrong, message):
    with pytest.raises(NotFittedError):
        clone(fitted).sample(animals.attributes)
    with pytest.raises(ValueError, match=message):
        fitted.sample(wrong)
    with pytest.raises(ValueError, match="n_samples"):
        fitted.sample(animals.attributes, 0)


# What an estimator meets sooner or later: functions of rows and their classes.
AWKWARD = {
    "odd dimension": lambda X, c: (X[:, :3], c),
    "one feature": lambda X, c: (X[:, :1], c),
    "constant channels": lambda X, c: (X * [0, 1, 1, 0, 1] + 7, c),
    "only constants": lambda X, c: (np.ones_like(X), c),
    "a class with one row": lambda X, c: (X, np.where(np.arange(len(X)), 3 + c % 4, 0)),
    "fewer rows than a batch": lambda X, c: (X[:5], c[:5]),
    "one row": lambda X, c: (X[:1], c[:1]),
    "large values": lambda X, c: (1e4 * X + 1e5, c),
}


@pytest.mark.parametrize("change", AWKWARD.values(), ids=AWKWARD)
def test_awkward_data(generator, animals, change):
    X, y = change(animals.X, animals.codes)
    generator.fit(X, y, animals.vectors)
    drawn, _ = generator.sample(animals.vectors, 2)
    assert drawn.shape == (24, generator.transform(X).shape[1])
    assert np.isfinite(drawn).all()
    if hasattr(generator, "score_samples"):
        assert np.isfinite(generator.score_samples(X)).all()


def test_round_trips(generator, animals, round_trip):
    data = animals.X, animals.y, animals.attributes
    generator.fit(*data)
    before = generator.sample(animals.attributes, 3)[0]
    loaded = round_trip(generator)
    assert loaded.get_params() == generator.get_params()
    assert_array_equal(loaded.transform(animals.X), generator.transform(animals.X))
    assert_same_samples(loaded, generator, animals.attributes)
    # Storing has not changed what was stored, and what was loaded can be stored.
    assert_array_equal(generator.sample(animals.attributes, 3)[0], before)
    assert_same_samples(round_trip(loaded), generator, animals.attributes)
    assert_same_samples(loaded.fit(*data), generator, animals.attributes)


@only(lambda g: isinstance(g, NeuralGenerator))
def test_weights_and_sizes_are_all_of_a_module(generator, animals):
    generator.fit(animals.X, animals.y, animals.attributes)
    before = clone(generator).fit(animals.X, animals.y, animals.attributes)
    other = generator._build(torch.Generator().manual_seed(1))
    other.load_state_dict(generator.net_.module_.state_dict())
    generator.net_.module_ = other
    assert_same_samples(generator, before, animals.attributes)


@only(lambda g: isinstance(g, NeuralGenerator))
def test_sizes_set_after_fit_do_not_break_a_stored_file(generator, animals, round_trip):
    generator.fit(animals.X, animals.y, animals.attributes)
    before = clone(generator).fit(animals.X, animals.y, animals.attributes)
    for name, value in generator.get_params().items():
        if type(value) is int and name != "random_state":
            generator.set_params(**{name: value + 1})
        elif isinstance(value, tuple):
            generator.set_params(**{name: (*value, 3)})
    assert_same_samples(round_trip(generator), before, animals.attributes)


def test_failed_refit_leaves_the_old_fit(generator, animals, monkeypatch):
    generator.fit(animals.X, animals.y, animals.attributes)
    old = dict(vars(generator))
    before = generator.sample(animals.attributes)[0]
    learn = type(generator)._fit

    def fail_late(self, *args):
        learn(self, *args)
        raise RuntimeError("late")

    monkeypatch.setattr(type(generator), "_fit", fail_late)
    with pytest.raises(RuntimeError, match="late"):
        generator.fit(animals.X[:, :3] + 1, animals.codes, animals.vectors)
    assert vars(generator).keys() == old.keys()
    assert all(vars(generator)[name] is value for name, value in old.items())
    assert_array_equal(generator.sample(animals.attributes)[0], before)


class Interrupt(Callback):
    """Ctrl-C in the middle of training."""

    def initialize(self):
        self.steps_left = 7
        return self

    def on_batch_end(self, net, **kwargs):
        self.steps_left -= 1
        if not self.steps_left:
            raise KeyboardInterrupt


@only(lambda g: isinstance(g, NeuralGenerator))
def test_interrupted_training_leaves_the_estimator_as_it_was(generator, animals):
    data = animals.X, animals.y, animals.attributes
    fresh = clone(generator).set_params(callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        fresh.fit(*data)
    with pytest.raises(NotFittedError):
        check_is_fitted(fresh)
    before = clone(generator).fit(*data)
    generator.fit(*data).set_params(callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        generator.fit(animals.X[:, :2], animals.codes, animals.vectors)
    assert_same_samples(generator, before, animals.attributes)
