"""First rows of unseen classes: what partial_fit learns from few, and refuses."""

import numpy as np
import pandas as pd
import pytest
from few_shots import assert_same, make_shots, some
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
)
from sklearn_gzsl.synthesis._moves import shift

shots = pytest.fixture(make_shots)


@pytest.fixture
def misled(clf, animals):
    """A classifier to which elks are described as cats nearly are."""
    vectors = animals.vectors.copy()
    vectors[9] = 0.9 * vectors[3]
    return clf.fit(animals.X, animals.y, ClassAttributes(animals.labels, vectors))


def test_few_rows_correct_a_misleading_description(misled, animals, shots):
    X, y, X_test, y_test = shots
    elks, before = y_test == "elk", vars(misled).copy()
    scores = []
    for k in range(3):
        if k:
            row = np.flatnonzero(y == "elk")[k - 1 : k]
            assert misled.partial_fit(X[row], y[row]) is misled
        scores.append(misled.score(X_test[elks], y_test[elks]))
    assert scores[0] < 0.2
    assert scores[2] > 0.9
    assert misled.score(X_test[~elks], y_test[~elks]) > 0.9
    for part in ("generator_", "preprocessor_", "n_synthetic_", "seen_classes_"):
        assert getattr(misled, part) is before[part]
    assert_array_equal(misled.unseen_classes_, animals.unseen)


class Recorder(KNeighborsClassifier):
    """Keeps the rows that it is trained on."""

    def fit(self, X, y):
        self.rows_, self.labels_ = X, y
        return super().fit(X, y)


@pytest.mark.parametrize("candidates", ["all", "unseen"])
@pytest.mark.parametrize("k", [1, 6])
def test_rows_that_the_classifier_sees(animals, candidates, k):
    clf = GZSLClassifier(
        GaussianGenerator(),
        Recorder(),
        n_synthetic=20,
        candidate_classes=candidates,
        random_state=0,
        seen_penalty=0.0,
    ).fit(animals.X, animals.y, animals.attributes)

    def rows(label):
        return clf.classifier_.rows_[clf.classifier_.labels_ == label]

    elks, cats = (animals.X_test[animals.y_test == c][:k] for c in ("elk", "cat"))
    drawn, others = rows("elk"), rows("elephant")
    clf.partial_fit(np.vstack([cats, elks]), np.repeat(["cat", "elk"], k))
    real, moved = np.split(rows("elk"), [k])
    assert_array_equal(real, clf.transform(elks))
    gap = real.mean(axis=0) - drawn.mean(axis=0)
    noise = drawn.var(axis=0).sum() / k
    error = max(gap @ gap - noise, 0)
    goal = drawn.mean(axis=0) + error / (error + 3 * noise) * gap
    assert_allclose(moved.mean(axis=0), goal, atol=1e-5)
    assert_allclose(moved - moved[0], drawn - drawn[0], atol=1e-5)
    assert_array_equal(rows("elephant"), others)
    assert len(rows("cat")) == (10 + k if candidates == "all" else 0)


def test_one_shot_each_in_conventional_zero_shot_learning(misled, animals, shots):
    misled.set_params(candidate_classes="unseen").partial_fit(*shots[:2])
    y_pred = misled.predict(animals.X_test)
    assert_array_equal(np.unique(y_pred), animals.unseen)
    unseen = np.isin(animals.y_test, animals.unseen)
    assert np.mean((y_pred == animals.y_test)[unseen]) > 0.95


def test_seen_penalty_is_for_classes_without_rows_in_fit(fitted, animals, shots):
    fitted.partial_fit(*shots[:2])
    before = fitted.predict_log_proba(animals.X_test)
    fitted.set_params(seen_penalty=2.0)
    change = before - fitted.decision_function(animals.X_test)
    seen = np.isin(fitted.classes_, animals.seen)
    assert_allclose(change, 2.0 * np.tile(seen, (len(change), 1)), atol=1e-4)


def test_the_worse_the_description_the_farther_rows_move():
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(500, 30))
    for k in (1, 2, 5):
        paths = []
        for error in (0, 1, 5):
            real = rng.normal(size=(k, 30)) + error
            gap = real.mean(axis=0) - drawn.mean(axis=0)
            paths.append((shift(real, drawn) @ gap) / (gap @ gap))
        assert paths[0] < 0.2
        assert paths[0] < paths[1] < paths[2]
        assert 0.85 < paths[2] < 1
    assert not shift(drawn[:1], drawn[:1]).any()


class Latents(TransformerMixin, BaseEstimator):
    """A generator that is none of ours: it has fit, sample and transform alone."""

    def fit(self, X, y, class_attributes):
        self.inner_ = GaussianGenerator().fit(X, y, class_attributes)
        return self

    def sample(self, class_attributes, n_samples=1, random_state=None):
        return self.inner_.sample(
            class_attributes, n_samples, random_state=random_state
        )

    def transform(self, X):
        return self.inner_.transform(X)


class NoisyLatents(Latents):
    """Its classifier is to learn from draws."""

    def training_features(self, X, random_state):
        noise = np.random.default_rng(random_state).normal(size=X.shape)
        return self.transform(X) + 0.01 * noise.astype(np.float32)


@pytest.mark.parametrize("cls", [Latents, NoisyLatents])
def test_generators_of_others(animals, shots, cls):
    clf = GZSLClassifier(
        cls(), Recorder(), n_real=20, n_synthetic=20, random_state=0, seen_penalty=0.0
    )
    clf.fit(animals.X, animals.y, some(animals, "elk"))
    assert clf.score(animals.X, animals.y) > 0.95
    ants = clf.classifier_.rows_[clf.classifier_.labels_ == "ant"]
    # Each of the two copies of a row has noise of its own.
    assert len(np.unique(ants, axis=0)) == (10 if cls is Latents else 20)
    clf.add_classes(animals.attributes.subset(["elephant", "hippopotamus"]))
    clf.partial_fit(*shots[:2])
    assert clf.score(*shots[2:]) > 0.95
    assert_array_equal(
        clone(clf)
        .fit(animals.X, animals.y, animals.attributes)
        .partial_fit(*shots[:2])
        .classifier_.rows_,
        clf.classifier_.rows_,
    )


def test_partial_fit_before_fit_is_fit(clf, animals):
    other = clone(clf).fit(animals.X, animals.y, animals.attributes)
    clf.partial_fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert_same(clf, other, animals.X_test)
    with pytest.raises(ValueError, match=r"fitted already; describe .* add_classes"):
        clf.partial_fit(animals.X, animals.y, class_attributes=animals.attributes)
    # The constructor's descriptions serve the first call, and are no obstacle later.
    late = clone(clf).set_params(class_attributes=animals.attributes)
    late.partial_fit(animals.X, animals.y, classes=animals.labels)
    assert_same(late, other, animals.X_test)
    late.partial_fit(animals.X_test, animals.y_test)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda X, y: (X, np.full(len(y), "emu")),
            r"y holds \['emu'\], .* add_classes f",
        ),
        (lambda X, y: (X, np.arange(len(y))), r"y holds \[0, 1, .* no description"),
        (lambda X, y: (X[:, :3], y), "X has 3 features, but GZSLClassifier is exp"),
        (lambda X, y: (X, y[1:]), "inconsistent numbers of samples"),
        (lambda X, y: (X * np.nan, y), "contains NaN"),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
        (lambda X, _: (X, None), "requires y"),
    ],
)
def test_rows_that_cannot_be_added(fitted, animals, change, message):
    before = dict(vars(fitted))
    with pytest.raises(ValueError, match=message):
        fitted.partial_fit(*change(animals.X_test, animals.y_test))
    assert vars(fitted) == before


def test_frames_and_preprocessor(clf, animals, shots):
    def frame(X):
        return pd.DataFrame(X, columns=list("abcde"))

    X, y, X_test, y_test = shots
    clf.set_params(preprocessor=make_pipeline(StandardScaler()))
    plain = clone(clf).fit(animals.X, animals.y, animals.attributes).partial_fit(X, y)
    clf.fit(frame(animals.X), animals.y, animals.attributes)
    with pytest.raises(ValueError, match="feature names should match"):
        clf.partial_fit(frame(X)[list("edcba")], y)
    clf.partial_fit(frame(X), pd.Series(y))
    assert_array_equal(clf.predict(frame(X_test)), plain.predict(X_test))
    assert clf.score(frame(X_test), y_test) > 0.95


def test_rows_are_kept_apart_from_the_users(clf, animals, shots):
    X = animals.X.astype(np.float32)
    clf.set_params(preprocessor="passthrough")
    whole = clone(clf).fit(X, animals.y, animals.attributes)
    clf.fit(X, animals.y, some(animals))
    X[:] = 0
    clf.add_classes(animals.attributes.subset(animals.unseen))
    assert_same(clf, whole, animals.X_test)


def test_kept_rows_are_not_the_users(animals):
    X = animals.X.astype(np.float32)
    clf = GZSLClassifier(
        GaussianGenerator(),
        preprocessor=FunctionTransformer(),
        n_synthetic=5,
        seen_penalty=0.0,
    )
    clf.fit(X, animals.y, animals.attributes)
    assert not np.shares_memory(clf._rows, X)
