"""The number of steps that held-out classes choose."""

import numpy as np
import pytest
from instances import NEURAL, TINY
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import Callback

from sklearn_gzsl import (
    CADAVAE,
    MLIS,
    WGANGP,
    ClassAttributes,
    GSMFlow,
    GZSLClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.generators import _early_stopping
from sklearn_gzsl.generators._early_stopping import (
    HeldOutClasses,
    _linear_discriminant,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

STOPPED = {
    "early_stopping": True,
    "validation_interval": 2,
    "max_iter": 20,
    "random_state": 0,
}
GENERATORS = [cls(**TINY[cls] | STOPPED) for cls in NEURAL]


def each(*classes):
    """Decorate a test of generators of these classes, or of all."""
    chosen = [g for g in GENERATORS if isinstance(g, classes or object)]
    return pytest.mark.parametrize(
        "generator", chosen, ids=lambda g: type(g).__name__, indirect=True
    )


every = each()
# A density, latents, two adversarial ones of which one has nets of its own beside.
of_each_kind = each(VAECFlow, CADAVAE, WGANGP, MLIS)


@pytest.fixture
def generator(request):
    return clone(getattr(request, "param", GENERATORS[0]))


@pytest.fixture
def scripted(monkeypatch):
    """Let validation scores be those of a list, and remember what was validated."""

    def script(scores):
        looks, scores = [], iter(scores)

        def score(self, generator):
            weights = generator.net_.module_.state_dict()
            looks.append((self, {k: v.clone() for k, v in weights.items()}))
            return next(scores)

        monkeypatch.setattr(HeldOutClasses, "score", score)
        return looks

    return script


def fit(generator, data):
    return generator.fit(data.X, data.y, data.attributes)


def samples(generator, data):
    return generator.sample(data.attributes, 3)[0]


def assert_same_weights(some, others):
    for (_, weights), (_, other_weights) in zip(some, others, strict=True):
        for name, value in weights.items():
            assert value.equal(other_weights[name]), name


class StopAfter(Callback):
    """End training after some steps."""

    def __init__(self, n_steps):
        self.n_steps = n_steps

    def on_epoch_end(self, net, **kwargs):
        net.stop_training = net.n_steps_ >= self.n_steps


@every
def test_training_on_all_classes_ends_at_the_best_step_of_the_trial(
    generator, animals, scripted
):
    looks = scripted([0.1, 0.2, 0.3, 0.25, 0.3, 0.2, 0.9])
    fit(generator.set_params(n_iter_no_change=3), animals)
    assert_array_equal(generator.validation_steps_, [2, 4, 6, 8, 10, 12])
    assert_array_equal(generator.validation_scores_, [0.1, 0.2, 0.3, 0.25, 0.3, 0.2])
    assert len(looks) == 6
    assert generator.n_iter_ == generator.history_[-1]["iter"] == 6
    assert len(generator.validation_classes_) == 2
    assert set(generator.validation_classes_) < set(animals.seen)
    # To the bit what 6 of 20 steps on all rows and classes give.
    plain = clone(generator).set_params(early_stopping=False, callbacks=[StopAfter(6)])
    assert_array_equal(
        samples(generator, animals), samples(fit(plain, animals), animals)
    )
    assert_array_equal(generator.classes_, animals.seen)


@of_each_kind
def test_a_trial_that_never_stops_changes_nothing(generator, animals, scripted):
    scripted(np.arange(10) / 10)
    fit(generator, animals)
    assert generator.n_iter_ == generator.validation_steps_[-1] == 20
    plain = fit(clone(generator).set_params(early_stopping=False), animals)
    assert_array_equal(samples(generator, animals), samples(plain, animals))
    assert plain.validation_steps_ is None
    assert plain.validation_scores_ is None
    assert plain.validation_classes_ is None


@every
def test_validations_do_not_disturb_the_trial(generator, animals, monkeypatch):
    weights = []
    score = HeldOutClasses.score

    def spy(self, generator):
        state = generator.net_.module_.state_dict()
        weights.append((None, {k: v.clone() for k, v in state.items()}))
        assert not generator.net_.module_.training
        return score(self, generator)

    monkeypatch.setattr(HeldOutClasses, "score", spy)
    generator.set_params(n_iter_no_change=100)
    fit(generator.set_params(validation_interval=1), animals)
    often, weights[:] = weights[:], []
    fit(generator.set_params(validation_interval=10), animals)
    assert len(often) == 20
    assert_same_weights([often[9], often[19]], weights)


@of_each_kind
def test_the_trial_knows_no_row_that_validates_it(generator, animals, scripted):
    before = scripted(range(10))
    fit(generator, animals)
    data = before[0][0]
    rows, held_out = data.trial[0], generator.validation_classes_
    known = (animals.X.astype(np.float32)[:, None] == rows).all(axis=2).any(axis=1)
    assert not known[np.isin(animals.y, held_out)].any()
    for label in np.setdiff1d(animals.seen, held_out):
        assert known[animals.y == label].sum() == 8
    after = scripted(range(10))
    X = np.where(known[:, None], animals.X, 100 * animals.X[::-1] - 7)
    generator.fit(X, animals.y, animals.attributes)
    assert_same_weights(before, after)


@of_each_kind
def test_seeds(generator, animals, global_states_unchanged):
    first, again = fit(generator, animals), fit(clone(generator), animals)
    assert_array_equal(first.validation_scores_, again.validation_scores_)
    assert_array_equal(first.validation_classes_, again.validation_classes_)
    assert_array_equal(samples(first, animals), samples(again, animals))
    drawn = {tuple(first.validation_classes_)}
    for seed in (1, None):
        fit(again.set_params(random_state=seed), animals)
        drawn.add(tuple(again.validation_classes_))
    assert len(drawn) > 1


@of_each_kind
def test_round_trips(generator, animals, round_trip):
    loaded = round_trip(fit(generator, animals))
    assert_array_equal(samples(loaded, animals), samples(generator, animals))
    assert_array_equal(loaded.validation_scores_, generator.validation_scores_)
    assert_array_equal(loaded.validation_classes_, generator.validation_classes_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_checks(generator, monkeypatch):
    # Their y often has two classes.
    monkeypatch.setattr(_early_stopping, "_MIN_CLASSES", 2)
    check_estimator(generator.set_params(random_state=None, max_iter=3))


@pytest.mark.parametrize("flow", [VAECFlow(encoder_dims=(64,)), GSMFlow()])
def test_learning_shows_in_the_score(flow, small_numbers):
    flow.set_params(hidden_dim=32, n_layers=2, max_iter=100, random_state=0)
    flow.set_params(early_stopping=True, validation_interval=25, n_iter_no_change=4)
    flow.fit(
        small_numbers.data[small_numbers.train],
        small_numbers.target[small_numbers.train],
        small_numbers.class_attributes,
    )
    first, *_, last = flow.validation_scores_
    assert 0 < first < last - 0.1 < 0.9
    assert len(flow.validation_classes_) == 16


def test_score_is_that_of_a_perfect_generator(generator, animals, monkeypatch):
    """With real rows for synthetic ones, every animal is told from the others."""
    codes = animals.codes
    data = HeldOutClasses(animals.X, codes, animals.vectors[:9], 0.3, seed=3)
    assert len(data.classes) == 3

    class Oracle:
        def _features(self, X):
            return X

        def _training_features(self, X, seed):
            return X

        def _sample(self, A, n_samples, seed):
            rows = [np.resize(animals.X[codes == c], (n_samples, 5)) for c in order]
            return np.concatenate(rows)

    order = data.classes
    assert data.score(Oracle()) > 0.95
    order = np.roll(data.classes, 1)
    assert data.score(Oracle()) < 0.1
    monkeypatch.setattr(Oracle, "_sample", lambda *_: np.full((300, 5), np.nan))
    assert data.score(Oracle()) == 0


def test_discriminant_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(4), 25)
    X = rng.normal(size=(4, 6))[y] + rng.normal(size=(100, 6)) @ rng.normal(size=(6, 6))
    rows = rng.normal(size=(20, 6))
    expected = LinearDiscriminantAnalysis(
        solver="lsqr", shrinkage=_early_stopping._SHRINKAGE
    )
    expected = expected.fit(X, y).decision_function(rows)
    actual = _linear_discriminant(X, y, rows)
    np.testing.assert_allclose(
        actual - actual[:, :1], expected - expected[:, :1], rtol=1e-6
    )


def test_a_huge_training_set_is_scored_on_some_rows_of_each_class(monkeypatch):
    monkeypatch.setattr(_early_stopping, "_MAX_ROWS", 40)
    y = np.repeat(np.arange(10), np.arange(1, 11) * 5)
    data = HeldOutClasses(np.zeros((len(y), 2)), y, np.eye(10), 0.2, seed=0)
    assert np.bincount(data._codes).tolist() == [
        min(5, n) for n in np.bincount(data.trial[1])
    ]
    assert len(data._real) == len(data._codes) == 5 * 8 - 1 * (0 not in data.classes)
    assert set(data._truth) == set(range(10))


def test_default_interval_is_a_twentieth_and_the_last_step_counts(
    generator, animals, scripted
):
    scripted(range(100))
    fit(generator.set_params(validation_interval=None, max_iter=45), animals)
    assert_array_equal(generator.validation_steps_, [*range(2, 45, 2), 45])
    scripted([1])
    fit(generator.set_params(validation_interval=1000), animals)
    assert_array_equal(generator.validation_steps_, [45])


def test_another_callback_may_end_the_trial_before_the_first_validation(
    generator, animals
):
    generator.set_params(validation_interval=10, callbacks=[StopAfter(3)])
    assert_array_equal(fit(generator, animals).validation_steps_, [3])
    assert generator.n_iter_ == 3


def test_a_step_has_the_same_learning_rate_in_trial_and_training(animals, scripted):
    rates = []

    class Rates(Callback):
        def on_batch_end(self, net, **kwargs):
            rates.append(net.optimizer_.param_groups[0]["lr"])

    scripted(range(10))
    generator = GSMFlow(**TINY[GSMFlow] | STOPPED, lr_schedule="step", batch_size=16)
    generator.set_params(max_iter=100, validation_interval=50, callbacks=[Rates()])
    fit(generator, animals)
    assert rates[:100] == rates[100:]
    assert rates[0] > rates[-1]


@pytest.mark.parametrize("seed", range(5))
def test_a_source_always_describes_a_class_of_the_trial(animals, seed):
    shapes = np.where(
        np.isin(animals.labels, ["ant", "elk"])[:, None], np.eye(12), np.nan
    )
    attributes = ClassAttributes(
        animals.labels, {"all": animals.vectors, "rare": shapes}
    )
    generator = CADAVAE(**TINY[CADAVAE] | STOPPED, validation_fraction=0.7)
    generator.set_params(random_state=seed).fit(animals.X, animals.y, attributes)
    assert len(generator.validation_classes_) == 6
    assert "ant" not in generator.validation_classes_


def test_verbose_prints_scores(generator, animals, capsys):
    fit(generator, animals)
    assert capsys.readouterr() == ("", "")
    fit(generator.set_params(verbose=1), animals)
    lines = capsys.readouterr().err.splitlines()
    scores = [line for line in lines if "validation at step" in line]
    assert len(scores) == len(generator.validation_scores_)
    assert scores[0].endswith(
        f"validation at step 2: H {generator.validation_scores_[0]:.4f}"
    )
    assert ["trial" in line for line in lines if " steps, " in line] == [True, False]


def test_an_interrupted_trial_leaves_the_estimator_as_it_was(
    generator, animals, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = samples(fit(generator, animals), animals)
    steps = generator.validation_steps_
    monkeypatch.setattr(HeldOutClasses, "score", interrupt)
    with pytest.raises(KeyboardInterrupt):
        generator.fit(animals.X[:, :2], animals.codes, animals.vectors)
    assert_array_equal(samples(generator, animals), before)
    assert generator.validation_steps_ is steps
    fresh = clone(generator)
    with pytest.raises(KeyboardInterrupt):
        fit(fresh, animals)
    with pytest.raises(NotFittedError):
        check_is_fitted(fresh)


def test_what_cannot_be_held_out(generator, animals):
    pair, codes = animals.codes < 2, animals.codes
    with pytest.raises(ValueError, match=r"needs 3 classes, .* has n_classes=2, with"):
        generator.fit(animals.X[pair], codes[pair], animals.vectors)
    with pytest.raises(ValueError, match=r"2 rows of one of them; .*n_samples=1 at"):
        generator.fit(animals.X[:9], np.arange(9), animals.vectors)
    nowhere = np.ones((9, 2)) * [1, np.nan]
    with pytest.raises(ValueError, match=r"source .* lower validation_fraction=0.5"):
        HeldOutClasses(animals.X, codes, nowhere, 0.5, seed=0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"early_stopping": "yes"},
        {"validation_fraction": 1.0},
        {"validation_fraction": 0},
        {"validation_interval": 0},
        {"n_iter_no_change": 0},
    ],
)
def test_wrong_parameters(generator, animals, wrong):
    with pytest.raises(ValueError, match=f"The '{next(iter(wrong))}' parameter"):
        fit(generator.set_params(**wrong), animals)


def test_in_a_grid(generator, animals):
    search = GridSearchCV(
        GZSLClassifier(
            generator, SoftmaxClassifier(max_iter=20), n_synthetic=5, seen_penalty=0.0
        ),
        {"generator__early_stopping": [False, True]},
        cv=GZSLShuffleSplit(2, random_state=0),
        scoring=GZSLScorer(),
        refit="H",
        error_score="raise",
    )
    search.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert len(search.cv_results_["mean_test_H"]) == 2
