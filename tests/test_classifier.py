"""GZSLClassifier as its user meets it."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.svm import LinearSVC

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.metrics import gzsl_scores


class Recorder(LogisticRegression):
    """Keeps the rows that it is trained on."""

    def fit(self, X, y):
        self.rows_, self.labels_ = X, y
        return super().fit(X, y)


def test_five_lines(animals, tiny_flow):
    clf = GZSLClassifier(
        generator=VAECFlow(**tiny_flow), random_state=0, seen_penalty=0.0
    )
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    y_pred = clf.predict(animals.X_test)
    assert y_pred.dtype.kind == animals.y.dtype.kind
    assert set(y_pred) <= set(animals.labels)
    X_new, y_new = clf.generator_.sample(animals.attributes, 5)
    assert X_new.shape == (60, 5)
    assert_array_equal(y_new, np.repeat(animals.labels, 5))
    assert isinstance(clf.classifier_, PrototypeClassifier)


def test_numbers_never_seen_are_recognised(small_numbers):
    numbers = small_numbers
    X, y, train, test = numbers.data, numbers.target, numbers.train, numbers.test
    clf = GZSLClassifier(
        GaussianGenerator(),
        LogisticRegression(C=10),
        n_synthetic=30,
        synthesize="all",
        random_state=0,
        seen_penalty=0.0,
    ).fit(X[train], y[train], class_attributes=numbers.class_attributes)
    y_pred = clf.predict(X[test])
    assert gzsl_scores(y[test], y_pred, seen_classes=numbers.seen_classes)["H"] > 0.7


def test_what_is_learned_has_the_usual_names(fitted, animals):
    assert_array_equal(fitted.classes_, np.sort(animals.labels))
    assert_array_equal(fitted.seen_classes_, animals.seen)
    assert_array_equal(fitted.unseen_classes_, animals.unseen)
    assert_array_equal(fitted.class_attributes_.labels, fitted.classes_)
    assert_array_equal(fitted.class_attributes_["elk"], animals.attributes["elk"])
    assert fitted.n_features_in_ == 5
    assert fitted.n_synthetic_ == 20
    assert fitted.score(animals.X_test, animals.y_test) > 0.95
    assert fitted.generator.get_params() == GaussianGenerator().get_params()
    assert not hasattr(fitted.classifier, "coef_")


@pytest.mark.parametrize("table", ["holder", "mapping", "frame"])
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (str, np.asarray),
        (str, list),
        (str, pd.Series),
        (str, lambda y: y.astype(object)),
        (str, lambda y: pd.Series(y, dtype="category")),
        (int, np.asarray),
        (int, pd.Series),
        (int, lambda y: y.astype(np.uint8)),
        (float, lambda y: y.astype(float)),
    ],
)
def test_labels_come_back_as_they_went_in(clf, animals, table, kind, form):
    """The longest names, and numbers above 255, are those of unseen classes."""
    labels = animals.labels if kind is str else 25 * np.arange(12)
    attributes = {
        "holder": ClassAttributes(labels, animals.vectors),
        "mapping": dict(zip(labels.tolist(), animals.vectors, strict=True)),
        "frame": pd.DataFrame(animals.vectors, index=labels),
    }[table]
    seen = labels[:9].astype("U3") if kind is str else labels
    clf.fit(animals.X, form(seen[animals.codes]), class_attributes=attributes)
    assert clf.classes_.tolist() == sorted(labels.tolist())
    y_pred = clf.predict(animals.X_test)
    assert np.mean(y_pred == labels[animals.test_codes]) > 0.95
    assert {type(label) for label in y_pred.tolist()} == {kind}


def test_frames(clf, animals):
    columns = list("abcde")
    X, X_test = (pd.DataFrame(X, columns=columns) for X in (animals.X, animals.X_test))
    clf.fit(X, animals.y, class_attributes=animals.attributes)
    assert clf.feature_names_in_.tolist() == columns
    plain = clone(clf).fit(animals.X, animals.y, animals.attributes)
    assert_array_equal(clf.predict(X_test), plain.predict(animals.X_test))
    with pytest.raises(ValueError, match="feature names should match"):
        clf.predict(X_test[columns[::-1]])


def test_conventional_zero_shot_learning(clf, animals):
    clf.set_params(candidate_classes="unseen")
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    unseen = np.isin(animals.y_test, animals.unseen)
    assert clf.score(animals.X_test[unseen], animals.y_test[unseen]) > 0.95
    assert_array_equal(np.unique(clf.predict(animals.X_test)), animals.unseen)
    probability = clf.predict_proba(animals.X_test)
    assert_allclose(probability.sum(axis=1), 1, rtol=1e-5)
    seen = np.isin(clf.classes_, animals.seen)
    assert (probability[:, seen] == 0).all()
    assert (clf.decision_function(animals.X_test)[:, seen] == -np.inf).all()
    with pytest.raises(ValueError, match="candidate_classes='unseen', but every class"):
        clf.fit(animals.X, animals.y)


def test_seen_penalty_trades_seen_for_unseen(fitted, animals):
    X, seen = animals.X_test, np.isin(fitted.classes_, animals.seen)
    before = fitted.predict_log_proba(X)
    curve = []
    for penalty in (-1000, -8, 0, 8, 1000):
        fitted.set_params(seen_penalty=penalty)
        y_pred = fitted.predict(X)
        curve.append(gzsl_scores(animals.y_test, y_pred, seen_classes=animals.seen))
        scores, probability = fitted.decision_function(X), fitted.predict_proba(X)
        assert_allclose(scores, before - penalty * seen, rtol=1e-4)
        best = fitted.classes_[scores.argmax(axis=1)]
        assert_array_equal(best, y_pred)
        assert_array_equal(scores.argmax(axis=1), probability.argmax(axis=1))
        assert_allclose(probability.sum(axis=1), 1, rtol=1e-5)
        assert_array_equal(np.exp(fitted.predict_log_proba(X)), probability)
    U, S = ([scores[name] for scores in curve] for name in "US")
    assert sorted(U) == U
    assert sorted(S)[::-1] == S
    assert (U[0], S[-1]) == (0, 0)
    assert min(U[2], S[2]) > 0.9


@pytest.mark.parametrize(
    ("params", "per_seen", "per_unseen"),
    [
        ({}, 10, 120),
        ({"n_synthetic": 7}, 10, 7),
        ({"n_synthetic": 7, "synthesize": "all"}, 17, 7),
        ({"n_synthetic": 7, "n_real": 4}, 4, 7),
        ({"n_synthetic": 7, "n_real": 25}, 25, 7),
        ({"n_synthetic": 7, "n_real": 3, "synthesize": "all"}, 10, 7),
        ({"candidate_classes": "unseen", "synthesize": "all"}, 0, 120),
    ],
)
def test_rows_that_the_classifier_sees(animals, params, per_seen, per_unseen):
    clf = GZSLClassifier(
        GaussianGenerator(), Recorder(), random_state=0, **params, seen_penalty=0.0
    )
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    labels, rows = clf.classifier_.labels_, clf.classifier_.rows_
    assert clf.n_synthetic_ == per_unseen
    for classes, n in [(animals.seen, per_seen), (animals.unseen, per_unseen)]:
        assert [np.sum(labels == c) for c in classes] == [n] * len(classes)
    real = (rows[:, None] == clf.transform(animals.X)).all(axis=2)
    per_class = min(params.get("n_real", 10), 10) if per_seen else 0
    assert real.any(axis=0).sum() == 9 * per_class
    own_label = animals.y[real.argmax(axis=1)] == labels
    assert own_label[real.any(axis=1)].all()


@pytest.mark.parametrize(
    ("preprocessor", "expected"),
    [
        (None, MinMaxScaler()),
        ("passthrough", FunctionTransformer()),
        (StandardScaler(), StandardScaler()),
        (FunctionTransformer(np.tanh), FunctionTransformer(np.tanh)),
    ],
)
def test_preprocessor(clf, animals, preprocessor, expected):
    clf.set_params(preprocessor=preprocessor)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    features = clf.transform(animals.X_test)
    expected.fit(animals.X)
    assert features.dtype == np.float32
    assert_allclose(features, expected.transform(animals.X_test), rtol=1e-4, atol=1e-5)
    assert clf.score(animals.X_test, animals.y_test) > 0.9


@pytest.mark.parametrize("kind", ["columns", "function"])
def test_strings_and_missing_values(clf, animals, kind):
    def frame(X):
        X = pd.DataFrame(X, columns=list("abcde"))
        X["colour"] = np.where(X["a"] > 0, "red", "blue")
        return X.mask(np.random.default_rng(0).random(X.shape) < 0.02)

    if kind == "columns":
        preprocessor = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), list("abcde")),
            (OneHotEncoder(sparse_output=False), ["colour"]),
        )
    else:
        preprocessor = FunctionTransformer(lambda X: X[list("abcde")].fillna(0.0))
    clf.set_params(preprocessor=preprocessor)
    clf.fit(frame(animals.X), animals.y, class_attributes=animals.attributes)
    assert clf.feature_names_in_.tolist() == [*"abcde", "colour"]
    assert clf.score(frame(animals.X_test), animals.y_test) > 0.8


@pytest.mark.parametrize(
    "classifier",
    [
        KNeighborsClassifier(),
        RandomForestClassifier(n_estimators=20),
        make_pipeline(StandardScaler(), SoftmaxClassifier(lr=0.05, max_iter=300)),
        VotingClassifier([("lr", LogisticRegression(C=100))], voting="soft"),
        VotingClassifier([("lr", LogisticRegression(C=100))], voting="hard"),
        LinearSVC(C=100),
    ],
    ids=lambda c: type(c).__name__,
)
def test_any_classifier(clf, animals, classifier):
    clf.set_params(classifier=classifier)
    with_probabilities = hasattr(classifier, "predict_proba")
    for _ in range(2):  # before and after fit
        assert hasattr(clf, "predict_proba") == with_probabilities
        assert hasattr(clf, "predict_log_proba") == with_probabilities
        clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert clf.score(animals.X_test, animals.y_test) > 0.9
    scores = clf.decision_function(animals.X_test)
    assert scores.shape == (120, 12)
    best = clf.classes_[scores.argmax(axis=1)]
    assert_array_equal(best, clf.predict(animals.X_test))


@pytest.mark.parametrize("classifier", [SoftmaxClassifier(max_iter=100), LinearSVC()])
def test_one_seen_and_one_unseen_class(clf, animals, classifier):
    rows, test = animals.y == "cat", np.isin(animals.y_test, ["cat", "elephant"])
    attributes = animals.attributes.subset(["elephant", "cat"])
    clf.set_params(classifier=classifier, preprocessor="passthrough", n_synthetic=10)
    # From one description nothing is learned about the other; the spread is.
    clf.fit(animals.X[rows], animals.y[rows], class_attributes=attributes)
    scores = clf.decision_function(animals.X_test[test])
    assert scores.shape == (20,)
    y_pred = clf.predict(animals.X_test[test])
    assert_array_equal(y_pred, np.where(scores > 0, "elephant", "cat"))


def test_without_unseen_classes_it_is_an_ordinary_classifier(clf, animals):
    for attributes in (None, animals.attributes.subset(animals.seen)):
        clf.fit(animals.X, animals.y, class_attributes=attributes)
        assert clf.unseen_classes_.tolist() == []
        assert_array_equal(clf.classes_, animals.seen)
        assert clf.score(animals.X, animals.y) > 0.95
