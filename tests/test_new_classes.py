"""Classes and rows that come after fit: add_classes and partial_fit."""

import numpy as np
import pandas as pd
import pytest
from numpy.random import RandomState
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.synthesis._moves import shift


@pytest.fixture
def shots(animals):
    """Two rows of each unseen class, and the other test rows."""
    few = [np.flatnonzero(animals.y_test == c)[:2] for c in animals.unseen]
    few = np.concatenate(few)
    rest = np.setdiff1d(np.arange(len(animals.y_test)), few)
    X, y = animals.X_test, animals.y_test
    return X[few], y[few], X[rest], y[rest]


@pytest.fixture
def misled(clf, animals):
    """A classifier to which elks are described as cats nearly are."""
    vectors = animals.vectors.copy()
    vectors[9] = 0.9 * vectors[3]
    return clf.fit(animals.X, animals.y, ClassAttributes(animals.labels, vectors))


def some(animals, *unseen):
    return animals.attributes.subset([*animals.seen, *unseen])


def assert_same(clf, other, X):
    assert_array_equal(clf.classes_, other.classes_)
    assert_array_equal(clf.unseen_classes_, other.unseen_classes_)
    assert clf.class_attributes_ == other.class_attributes_
    assert_array_equal(clf.decision_function(X), other.decision_function(X))
    assert_array_equal(clf.predict(X), other.predict(X))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"n_synthetic": "auto", "n_real": 3},
        {"synthesize": "all", "classifier": SoftmaxClassifier(max_iter=50)},
        {"candidate_classes": "unseen"},
        {"classifier": RandomForestClassifier(3, random_state=RandomState(0))},
        {"preprocessor": make_pipeline(StandardScaler()), "seen_penalty": 1.0},
        {"generator": "flow"},
    ],
    ids=lambda params: ", ".join(params) or "defaults",
)
@pytest.mark.parametrize("first", [["elephant", "elk"], []], ids=["two", "none"])
def test_as_if_they_had_been_there_from_the_start(
    clf, animals, tiny_flow, params, first
):
    if params.get("candidate_classes") == "unseen" and not first:
        pytest.skip("no candidate to begin with")
    if "generator" in params:
        params = {"generator": VAECFlow(**tiny_flow)}
    clf.set_params(**params)
    whole = clone(clf).fit(animals.X, animals.y, animals.attributes)
    at_once, one_by_one = (
        clone(clf).fit(animals.X, animals.y, some(animals, *first)) for _ in range(2)
    )
    generator = at_once.generator_
    later = [c for c in animals.unseen if c not in first]
    assert at_once.add_classes(animals.attributes.subset(later)) is at_once
    for label in later[::-1]:
        one_by_one.add_classes(animals.attributes.subset([label]))
    assert at_once.generator_ is generator
    assert_same(at_once, whole, animals.X_test)
    assert_same(one_by_one, whole, animals.X_test)


def test_rows_and_classes_in_any_order(clf, animals, shots):
    X, y, X_test, _ = shots
    attributes = animals.attributes
    whole = clone(clf).fit(animals.X, animals.y, attributes).partial_fit(X, y)
    elks = y == "elk"
    clf.fit(animals.X, animals.y, some(animals, "elephant", "elk"))
    clf.partial_fit(X[y != "hippopotamus"], y[y != "hippopotamus"])
    clf.add_classes(attributes.subset(["hippopotamus"]))
    clf.partial_fit(X[y == "hippopotamus"], y[y == "hippopotamus"])
    assert_same(clf, whole, X_test)
    again = clone(clf).fit(animals.X, animals.y, attributes)
    again.partial_fit(X[elks], y[elks]).partial_fit(X[~elks], y[~elks])
    assert again.score(*shots[2:]) == pytest.approx(whole.score(*shots[2:]), abs=0.02)


@pytest.mark.parametrize("form", ["holder", "mapping", "frame"])
@pytest.mark.parametrize("kind", ["U3", object, np.uint8, float])
def test_labels_and_descriptions_in_their_usual_forms(clf, animals, form, kind):
    numeric = kind in (np.uint8, float)
    labels = 25 * np.arange(12) if numeric else animals.labels
    seen, unseen, A = labels[:9].astype(kind), labels[9:], animals.vectors
    clf.fit(animals.X, seen[animals.codes], ClassAttributes(labels[:9], A[:9]))
    new = {
        "holder": ClassAttributes(unseen, A[9:]),
        "mapping": dict(zip(unseen.tolist(), A[9:], strict=True)),
        "frame": pd.DataFrame(A[9:], index=unseen),
    }[form]
    clf.add_classes(new)
    assert clf.classes_.tolist() == sorted(labels.tolist())
    clf.partial_fit(animals.X_test[:30], labels[animals.test_codes[:30]])
    y_pred = clf.predict(animals.X_test)
    assert np.mean(y_pred == labels[animals.test_codes]) > 0.95
    expected = {np.uint8: int, float: float}.get(kind, str)
    assert {type(label) for label in y_pred.tolist()} == {expected}


def test_several_sources(clf, animals):
    vectors, labels = animals.vectors, animals.labels
    tables = {"attributes": vectors, "sentences": 2 * vectors}
    whole = ClassAttributes(labels, tables)
    clf.set_params(generator=FirstSource())
    clf.fit(animals.X, animals.y, whole.subset(labels[:9]))
    clf.add_classes(ClassAttributes(labels[9:10], vectors[9:10]))
    clf.add_classes(whole.subset(labels[10:]))
    sentences = clf.class_attributes_.sources["sentences"]
    undescribed = clf.class_attributes_.labels[np.isnan(sentences[:, 0])]
    assert undescribed.tolist() == ["elk"]
    assert clf.score(animals.X_test, animals.y_test) > 0.95


class FirstSource(GaussianGenerator):
    def _table(self, attributes, *, reset=False):
        return attributes.sources["attributes"]


NEW = [1.0] * 7


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"elk": NEW, "cat": [2] * 7, "emu": [3] * 7},
            r"\['elk', 'cat'\], which are known al",
        ),
        ({"emu": NEW[:5]}, r"widths {'attributes': 5}, but .* has {'attributes': 7}"),
        ({5: NEW}, r"holds \[5\], but the labels known so far are \['ant'"),
        ([NEW], r"holds \[0\], but the labels known"),
        (None, "class_attributes is None; pass one row for each class"),
        (
            ClassAttributes(["emu"], {"sounds": [NEW], "smells": [NEW]}),
            "widths {'sounds': 7, 'smells': 7}",
        ),
        ({"emu": [np.nan] * 7}, "NaN or infinity"),
        (pd.DataFrame([NEW], ["emu"], list("gfedcba")), r"columns \['g'.*same order"),
    ],
    ids=str,
)
def test_descriptions_that_cannot_be_added(clf, animals, wrong, message):
    with pytest.raises(NotFittedError):
        clf.add_classes(wrong)
    A = ClassAttributes(animals.labels, animals.vectors, feature_names=list("abcdefg"))
    clf.fit(animals.X, animals.y, A)
    with pytest.raises(ValueError, match=message):
        clf.add_classes(wrong)


def test_a_table_without_names_says_how_to_name_classes(clf, animals):
    clf.fit(animals.X, animals.codes, animals.vectors)
    with pytest.raises(ValueError, match="name the new classes by a mapping"):
        clf.add_classes(animals.vectors[:1])
    with pytest.raises(ValueError, match=r"\['elk'\], but the labels known so far are"):
        clf.add_classes({"elk": animals.vectors[0]})


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


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("method", ["add_classes", "partial_fit"])
def test_interrupted(clf, animals, shots, monkeypatch, method, error):
    def fail(*args, **kwargs):
        raise error

    def call():
        if method == "add_classes":
            clf.add_classes(animals.attributes.subset(["hippopotamus"]))
        else:
            clf.partial_fit(*(part[:4] for part in shots[:2]))

    clf.fit(animals.X, animals.y, some(animals, "elk", "elephant"))
    scores = clf.decision_function(animals.X_test)
    before = dict(vars(clf))
    with monkeypatch.context() as patch:
        patch.setattr(LogisticRegression, "fit", fail)
        with pytest.raises(error):
            call()
    assert vars(clf) == before
    assert_array_equal(clf.decision_function(animals.X_test), scores)
    call()
    assert not np.array_equal(clf.decision_function(animals.X_test), scores)


def test_after_storing(animals, shots, tiny_flow, round_trip):
    clf = GZSLClassifier(
        VAECFlow(**tiny_flow),
        SoftmaxClassifier(max_iter=50),
        n_real=4,
        n_synthetic=10,
        random_state=0,
        seen_penalty=0.0,
    ).fit(animals.X, animals.y, some(animals, "elk"))
    loaded = round_trip(clf)
    for _ in range(2):
        for each in (clf, loaded):
            if "elephant" not in each.classes_:
                each.add_classes(
                    animals.attributes.subset(["elephant", "hippopotamus"])
                )
            each.partial_fit(*shots[:2])
        assert_same(clf, loaded, animals.X_test)
        loaded = round_trip(loaded)


def test_verbose_says_what_is_being_done(clf, animals, shots, capsys):
    clf.fit(animals.X, animals.y, some(animals, "elk", "elephant"))
    clf.set_params(verbose=1).add_classes(animals.attributes.subset(["hippopotamus"]))
    clf.partial_fit(*shots[:2])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == ["adding", "drawing", "fitting"] * 2
    assert "adding 1 classes" in lines[0]
    assert "adding 6 rows" in lines[3]
    assert "156 rows" in lines[5]


def test_one_source_needs_no_name(clf, animals):
    named = ClassAttributes(animals.labels, {"looks": animals.vectors})
    clf.fit(animals.X, animals.y, named).add_classes({"emu": NEW})
    assert "emu" in clf.unseen_classes_
    assert list(clf.class_attributes_.sources) == ["looks"]


def test_parameters_are_checked_before_new_rows_and_classes(fitted, animals):
    for change in ({"synthesize": "some"}, {"n_real": -3}, {"seen_penalty": "x"}):
        good = {name: fitted.get_params()[name] for name in change}
        fitted.set_params(**change)
        with pytest.raises(ValueError, match=next(iter(change))):
            fitted.add_classes({"emu": NEW})
        with pytest.raises(ValueError, match=next(iter(change))):
            fitted.partial_fit(animals.X[:1], animals.y[:1])
        fitted.set_params(**good)


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
