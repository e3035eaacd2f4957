"""Columns of descriptions in different units, and tables that have one unit."""

import numpy as np
import pytest
from conftest import blobs
from instances import NEURAL, TINY
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils import Bunch

from sklearn_gzsl import (
    CADAVAE,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    VAECFlow,
)
from sklearn_gzsl.attributes import learn_scaling, rescale
from sklearn_gzsl.metrics import gzsl_scores

N_SEEN = 30


def make_birds():
    """Thirty seen and eight unseen classes with binary attributes, and their weights.

    The weight is of no use for the features: a column that only gets in the way.
    """
    rng = np.random.default_rng(0)
    binary = rng.integers(0, 2, (38, 12)).astype(float)
    y = np.repeat(np.arange(38), 10)
    means = binary @ rng.normal(size=(12, 20))
    X = means[y] + 0.3 * rng.normal(size=(len(y), 20))
    train = (y < N_SEEN) & (np.arange(len(y)) % 2 == 0)
    grams = rng.uniform(10, 1000, size=(38, 1))
    return Bunch(
        X=X[train],
        y=y[train],
        X_test=X[~train],
        y_test=y[~train],
        binary=binary,
        mixed=np.hstack([binary, grams]),
    )


@pytest.fixture(scope="module")
def birds():
    return make_birds()


def by_class(A):
    return ClassAttributes(np.arange(len(A)), A)


QUICK = {"n_synthetic": 20, "seen_penalty": 0.0, "random_state": 0}
CLASSIFIERS = {
    "prototypes": PrototypeClassifier(),
    "gaussian": GZSLClassifier(GaussianGenerator(), IncrementalLDA(), **QUICK),
    "flow": GZSLClassifier(
        VAECFlow(hidden_dim=64, encoder_dims=(64,), max_iter=150),
        IncrementalLDA(),
        **QUICK,
    ),
}
# The search for settings compares no descriptions in another way.
SETTINGS = {"power": None, "shrinkage": 0.5, "degree": 2, "alpha": 0.1}
LEARNERS = [
    *(cls(**TINY[cls] | {"max_iter": 5}) for cls in NEURAL),
    GaussianGenerator(),
    PrototypeClassifier(**SETTINGS, description_weight=0.0),
]
ids = {"ids": lambda learner: type(learner).__name__}


def with_scaling(classifier, value):
    within = "" if isinstance(classifier, PrototypeClassifier) else "generator__"
    return clone(classifier).set_params(**{f"{within}attribute_scaling": value})


def h_of(name, value, birds, A):
    clf = with_scaling(CLASSIFIERS[name], value)
    clf.fit(birds.X, birds.y, class_attributes=by_class(A))
    predicted = clf.predict(birds.X_test)
    return gzsl_scores(birds.y_test, predicted, seen_classes=np.arange(N_SEEN))["H"]


@pytest.mark.parametrize("column", ["constant", "years"])
def test_a_column_far_from_0_does_no_harm(column, birds):
    """Beside it all descriptions are nearly alike, unless it is noticed."""
    far = np.full((38, 1), 1000.0)
    if column == "years":
        far = np.random.default_rng(1).integers(1990, 2005, (38, 1)).astype(float)
    both = np.hstack([birds.binary, far])
    noticed = h_of("prototypes", "auto", birds, both)
    assert noticed > h_of("prototypes", "auto", birds, birds.binary) - 0.1
    assert h_of("prototypes", None, birds, both) < noticed - 0.4


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_column_in_grams_does_no_harm(name, birds):
    plain = h_of(name, "auto", birds, birds.binary)
    drowned = h_of(name, None, birds, birds.mixed)
    assert h_of(name, "auto", birds, birds.mixed) > plain - 0.1
    assert drowned < plain - 0.15


@pytest.mark.parametrize("learner", LEARNERS, **ids)
def test_what_was_done_is_visible(learner, birds):
    seen = birds.mixed[:N_SEEN].astype(np.float32)
    fitted = clone(learner).fit(birds.X, birds.y, by_class(birds.mixed))
    assert fitted.attribute_scaling_ == "standard"
    assert_allclose(fitted.attribute_location_, seen.mean(axis=0), rtol=1e-6)
    assert_allclose(fitted.attribute_spread_, seen.std(axis=0), rtol=1e-6)
    for value, A in (("auto", birds.binary), (None, birds.mixed)):
        fitted.set_params(attribute_scaling=value)
        fitted.fit(birds.X, birds.y, by_class(A))
        assert fitted.attribute_scaling_ is None
        assert fitted.attribute_location_ is None
        assert fitted.attribute_spread_ is None


@pytest.mark.parametrize("generator", LEARNERS[:-1], **ids)
def test_it_is_what_standardising_by_hand_is(generator, birds):
    """In fit and sample, and for descriptions that were unknown in fit."""
    generator = clone(generator).set_params(random_state=0)
    seen = birds.mixed[:N_SEEN].astype(np.float32).astype(float)
    known, new = (A.astype(np.float32) for A in (birds.mixed[:34], birds.mixed[34:]))
    by_hand = [(A - seen.mean(axis=0)) / seen.std(axis=0) for A in (known, new)]
    first = clone(generator).fit(birds.X, birds.y, by_class(known))
    other = clone(generator).set_params(attribute_scaling=None)
    other.fit(birds.X, birds.y, by_class(by_hand[0]))
    assert first.attribute_scale_ == other.attribute_scale_
    for A, standardised in zip((known, new), by_hand, strict=True):
        drawn = first.sample(by_class(A), 3)[0]
        assert_array_equal(drawn, other.sample(by_class(standardised), 3)[0])
    if hasattr(first, "score_samples"):
        assert_array_equal(
            first.score_samples(birds.X_test[:9], by_class(new)),
            other.score_samples(birds.X_test[:9], by_class(by_hand[1])),
        )
        assert_array_equal(
            first.score_samples(birds.X_test[:9]),
            first.score_samples(birds.X_test[:9], by_class(known[:N_SEEN])),
        )


def seeded(learner, **params):
    seed = {} if isinstance(learner, PrototypeClassifier) else {"random_state": 0}
    return clone(learner).set_params(**seed, **params)


def said(learner, X, attributes):
    """What a fitted learner draws for descriptions, or says of rows."""
    if hasattr(learner, "sample"):
        return learner.sample(attributes, 2)[0]
    return learner.decision_function(X)


@pytest.mark.parametrize("learner", LEARNERS, **ids)
def test_one_unit_changes_nothing_to_the_bit(learner, animals):
    found = []
    for value in ("auto", None):
        fitted = seeded(learner, attribute_scaling=value)
        fitted.fit(animals.X, animals.y, animals.attributes)
        found.append(said(fitted, animals.X_test, animals.attributes))
    assert_array_equal(*found)


def test_a_seen_class_is_known_by_its_description(birds):
    """GaussianGenerator compares descriptions to the bit, also standardised ones."""
    generator = GaussianGenerator(temperature=0)
    generator.fit(birds.X, birds.y, by_class(birds.mixed))
    for part in (slice(0, N_SEEN), slice(7, 8)):
        A = ClassAttributes(np.arange(38)[part], birds.mixed[part])
        drawn = generator.sample(A)[0]
        assert_array_equal(drawn, generator.means_[part].astype(np.float32))


@pytest.mark.parametrize("name", ["prototypes", "gaussian"])
def test_classes_added_later_go_by_what_was_learned_in_fit(name, birds):
    whole = by_class(birds.mixed)
    clf, other = clone(CLASSIFIERS[name]), clone(CLASSIFIERS[name])
    clf.fit(birds.X, birds.y, class_attributes=whole)
    other.fit(birds.X, birds.y, class_attributes=whole.subset(np.arange(33)))
    other.add_classes(whole.subset(np.arange(33, 38)))
    # Added classes have other noise: not the bits.
    agree = clf.predict(birds.X_test) == other.predict(birds.X_test)
    assert agree.mean() > 0.97
    score = other.score(birds.X_test, birds.y_test)
    assert score > clf.score(birds.X_test, birds.y_test) - 0.03


@pytest.mark.parametrize("learner", LEARNERS, **ids)
def test_learners_are_stored_with_it(learner, birds, round_trip):
    learner = seeded(learner).fit(birds.X, birds.y, by_class(birds.mixed))
    loaded = round_trip(learner)
    assert loaded.attribute_scaling_ == "standard"
    assert_array_equal(loaded.attribute_spread_, learner.attribute_spread_)
    A = by_class(birds.mixed)
    assert_array_equal(said(learner, birds.X_test, A), said(loaded, birds.X_test, A))


def test_descriptions_in_the_space_of_rows_stay_there():
    """Prototypes are guessed from descriptions as given, and not standardised."""
    rng = np.random.default_rng(0)
    means = rng.normal(size=(20, 6)) * [1, 1, 1, 1, 1, 100]
    y = np.repeat(np.arange(20), 6)
    X = means[y] + rng.normal(size=(120, 6)) * [0.3, 0.3, 0.3, 0.3, 0.3, 30]
    seen, attributes = y < 14, by_class(means)
    fixed = {"power": None, "shrinkage": 0.5, "degree": 1, "alpha": 1e9}
    # So large a ridge leaves nothing to the regression, which goes by the units.
    clf = PrototypeClassifier(description_weight=1.0, **fixed)
    clf.fit(X[seen], y[seen], class_attributes=attributes)
    assert clf.attribute_scaling_ == "standard"
    unscaled = clone(clf).set_params(attribute_scaling=None)
    unscaled.fit(X[seen], y[seen], class_attributes=attributes)
    assert_allclose(clf.prototypes_[14:], unscaled.prototypes_[14:], atol=1e-6)


RNG = np.random.default_rng(0)
BINARY = RNG.integers(0, 2, (30, 20)).astype(np.float32)
RARE = np.hstack([np.eye(200), RNG.integers(0, 2, (200, 3))])
NORMAL = RNG.normal(size=(30, 50))
GRAMS = RNG.uniform(0, 1000, (30, 2))
YEARS = RNG.integers(1900, 2021, (30, 1))
ONES = np.ones((30, 1))
WIDE = RNG.normal(size=(30, 768))

ONE_UNIT = {
    "binary": BINARY,
    "all in another unit": 1000 * BINARY,
    "rare": RARE,
    "one-hot": np.eye(30),
    "normal": NORMAL,
    "of length 1": NORMAL / np.linalg.norm(NORMAL, axis=1, keepdims=True),
    "two classes": RNG.normal(size=(2, 50)),
    "one class": BINARY[:1] + GRAMS[:1, :1],
    "ReLU": np.maximum(NORMAL - 1, 0),
    "scales from 1 to 5": np.hstack([BINARY, RNG.integers(1, 6, (30, 20))]),
    "a scale from 1 to 10": np.hstack([BINARY, RNG.integers(0, 11, (30, 1))]),
    # As of BERT: most of the length, but little of what tells classes apart.
    "an outlying dimension": np.hstack([WIDE, 90 + NORMAL[:, :1]]),
    "rounding": 1000 + 1e-5 * NORMAL,
    "some hardly vary": np.hstack([BINARY, 1e-3 * NORMAL[:, :8]]),
    "one column": GRAMS[:, :1],
    "constant": np.hstack([BINARY, ONES, 0 * ONES]),
    "mostly constant": np.hstack([BINARY[:, :2], np.zeros((30, 18))]),
    "all constant": np.hstack([ONES, 1000 * ONES]),
}
MIXED = {
    "grams": np.hstack([BINARY, GRAMS[:, :1]]),
    "years": np.hstack([BINARY, YEARS]),
    "years of one decade": np.hstack([BINARY, 1990 + RNG.integers(0, 10, (30, 1))]),
    "far from 0": np.hstack([BINARY, 1000 * ONES]),
    "far below 0": np.hstack([BINARY, -1000 * ONES]),
    "far from 0 but for rounding": np.hstack([BINARY, 1000 + 1e-5 * NORMAL[:, :9]]),
    "15 times as large": np.hstack([BINARY[:, :12], 15 * BINARY[:, 12:13]]),
    "two of twenty": np.hstack([BINARY[:, :18], GRAMS]),
    "half * 100": BINARY * np.where(np.arange(20) % 2, 100, 1),
    "more than half * 100": BINARY[:, :7] * [100, 1, 100, 1, 100, 1, 100],
    "one of two": np.hstack([BINARY[:, :1], GRAMS[:, :1]]),
    "beside constant ones": np.hstack([np.zeros((30, 30)), BINARY, GRAMS, ONES]),
    "beside an embedding": np.hstack([NORMAL / 10, YEARS]),
    "few classes": np.hstack([BINARY, GRAMS])[:5],
}


@pytest.mark.parametrize("case", ONE_UNIT)
def test_tables_in_one_unit(case):
    table = ONE_UNIT[case].astype(np.float32)
    scaling = learn_scaling(table, "auto")
    assert scaling == (None, None, None)
    assert rescale(table, scaling.location, scaling.spread) is table
    # Asked for, it is done.
    scaled = rescale(table, *learn_scaling(table, "standard")[1:])
    assert scaled.dtype == np.float32
    assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    varies = np.ptp(table.astype(float), axis=0) > 1e-6 * np.abs(table).max(axis=0)
    assert_allclose(scaled.std(axis=0)[varies], 1, rtol=1e-4)
    # Not rounding made into noise of deviation 1.
    assert_allclose(scaled.std(axis=0)[~varies], 0, atol=1e-3)


@pytest.mark.parametrize("case", MIXED)
def test_tables_in_mixed_units(case):
    table = MIXED[case].astype(np.float32)
    assert learn_scaling(table, "auto").method == "standard"
    assert learn_scaling(table, None).method is None
    undescribed = np.full((3, table.shape[1]), np.nan, np.float32)
    with_gaps = np.concatenate([undescribed, table])
    for one, other in zip(
        learn_scaling(with_gaps, "auto"), learn_scaling(table, "auto"), strict=True
    ):
        assert_array_equal(one, other)
    scaled = rescale(with_gaps, *learn_scaling(with_gaps, "auto")[1:])
    assert np.isnan(scaled[:3]).all()
    assert np.isfinite(scaled[3:]).all()


def test_a_class_does_not_count_by_its_rows(birds):
    rows = np.concatenate([np.repeat(np.flatnonzero(birds.y == 0), 20), np.arange(150)])
    assert len(birds.y) == 150
    generator = GaussianGenerator()
    spread = generator.fit(birds.X, birds.y, by_class(birds.mixed)).attribute_spread_
    generator.fit(birds.X[rows], birds.y[rows], by_class(birds.mixed))
    assert_array_equal(generator.attribute_spread_, spread)


@pytest.mark.parametrize("learner", LEARNERS, **ids)
@pytest.mark.parametrize("value", ["auto", "standard"])
def test_a_single_column(learner, value):
    X, y, _ = blobs()
    A = by_class([[900.0], [1000.0], [1100.0], [3000.0]])
    learner = clone(learner).set_params(attribute_scaling=value).fit(X, y, A)
    assert learner.attribute_scaling_ == (value if value == "standard" else None)
    assert np.isfinite(said(learner, X, A)).all()


@pytest.mark.parametrize("learner", LEARNERS, **ids)
def test_standardised_rows_of_zeros(learner):
    """A class that is the mean in all columns has no direction, and no norm."""
    X, y, _ = blobs()
    A = by_class([[1.0, 4.0], [2.0, 4.0], [3.0, 4.0], [2.0, 4.0 + 2.0**-20]])
    learner = clone(learner).set_params(attribute_scaling="standard").fit(X, y, A)
    assert np.isfinite(said(learner, X, A)).all()


def test_each_source_on_its_own():
    X, y, attributes = blobs(n_seen=6)
    words = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    words[0] = np.nan
    table = attributes.values * [1, 1, 1000]
    both = ClassAttributes(np.arange(6), {"table": table, "words": words})
    generator = CADAVAE(**TINY[CADAVAE], random_state=0).fit(X, y, both)
    assert generator.attribute_scaling_ == {"table": "standard", "words": None}
    assert generator.attribute_location_["words"] is None
    table = table.astype(np.float32).astype(float)
    assert_allclose(generator.attribute_spread_["table"], table.std(axis=0))
    standardised = (table - table.mean(axis=0)) / table.std(axis=0)
    norms = {"table": standardised, "words": words[1:]}
    assert generator.attribute_scale_ == {
        name: pytest.approx(np.linalg.norm(rows, axis=1).mean(), rel=1e-5)
        for name, rows in norms.items()
    }
    other = clone(generator).set_params(attribute_scaling=None)
    by_hand = ClassAttributes(np.arange(6), {"table": standardised, "words": words})
    other.fit(X, y, by_hand)
    for names in (["table", "words"], ["table"], ["words"]):
        drawn = [
            g.sample(ClassAttributes([7], {n: a.sources[n][1:2] for n in names}), 4)[0]
            for g, a in ((generator, both), (other, by_hand))
        ]
        assert_array_equal(*drawn)
    generator.set_params(attribute_scaling="standard").fit(X, y, both)
    assert generator.attribute_scaling_ == {"table": "standard", "words": "standard"}
    assert_allclose(generator.attribute_spread_["words"], words[1:].std(axis=0))


def test_a_source_that_describes_no_seen_class_is_named():
    X, y, attributes = blobs(n_seen=3, n_unseen=1)
    words = np.array([[np.nan] * 2] * 3 + [[1.0, 1000.0]])
    both = ClassAttributes(np.arange(4), {"table": attributes.values, "words": words})
    generator = CADAVAE(**TINY[CADAVAE], attribute_scaling="standard")
    with pytest.raises(ValueError, match=r"sources \['words'\], which describe no"):
        generator.fit(X, y, both)


@pytest.mark.parametrize("learner", LEARNERS, **ids)
@pytest.mark.parametrize("value", ["minmax", True, 1.0])
def test_other_values_are_refused(learner, value, animals):
    learner = clone(learner).set_params(attribute_scaling=value)
    with pytest.raises(ValueError, match=r"'attribute_scaling' parameter .* must be"):
        learner.fit(animals.X, animals.y, animals.attributes)
