"""PrototypeClassifier: against its equations written out, and in use."""

import warnings

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GZSLClassifier,
    PrototypeClassifier,
)
from sklearn_gzsl.classifiers._prototype_space import WhitenedSpace
from sklearn_gzsl.metrics import GZSLScorer, per_class_accuracy


def unit(v):
    return v / np.linalg.norm(v)


def cosines(
    X,
    y,
    seen,
    A,
    rows,
    *,
    power,
    shrinkage,
    degree,
    alpha,
    own_weight,
    towards,
    hubness_weight,
):
    """Scores by the equations, one row and one class at a time.

    Any square root of the precision gives the same cosines; here the symmetric one.
    """
    if power is not None:
        X, rows = (
            np.array([unit(np.sign(x) * np.abs(x) ** power) for x in part])
            for part in (X, rows)
        )
    means = np.array([X[y == c].mean(axis=0) for c in seen])
    centre = means.mean(axis=0)
    within = sum(
        np.outer(x - m, x - m)
        for c, m in zip(seen, means, strict=True)
        for x in X[y == c]
    )
    S = within / len(X)
    d = len(centre)
    S = (1 - shrinkage) * S + shrinkage * np.trace(S) / d * np.eye(d)
    W = np.linalg.inv(np.real(sqrtm(S)))
    Z = np.array([unit(W @ (x - centre)) for x in X])
    own = np.array([Z[y == c].mean(axis=0) for c in seen])

    a_centre = np.mean([A[c] for c in seen], axis=0)
    length = towards * np.mean([np.linalg.norm(m) for m in own])

    def guess(c):
        return length * unit(W @ (A[c] - a_centre)) if towards else np.zeros(d)

    def kernel(c):
        return np.array([((1 + unit(A[c]) @ unit(A[b])) / 2) ** degree for b in seen])

    R = own - np.array([guess(c) for c in seen])
    K = np.array([kernel(c) for c in seen])
    dual = np.linalg.inv(K + alpha * np.eye(len(K))) @ (R - R.mean(axis=0))
    prototypes = {}
    for c in A:
        p = unit(guess(c) + R.mean(axis=0) + dual.T @ kernel(c))
        if c in seen:
            m = unit(own[list(seen).index(c)])
            p = unit(own_weight * m + (1 - own_weight) * p)
        prototypes[c] = p

    near = {
        c: np.mean(sorted(prototypes[c] @ prototypes[b] for b in seen)[-3:])
        for c in set(A) - set(seen)
    }
    usual = np.mean(list(near.values()))
    hubness = {c: near.get(c, usual) - usual for c in A}
    return np.array(
        [
            [
                20 * unit(W @ (x - centre)) @ prototypes[c]
                - 20 * hubness_weight * hubness[c]
                for c in sorted(A)
            ]
            for x in rows
        ]
    )


@pytest.mark.filterwarnings("ignore:class_attributes")
@pytest.mark.parametrize("power", [None, 0.5])
@pytest.mark.parametrize("towards", [0.0, 0.8])
@pytest.mark.parametrize("degree", [1, 4])
def test_scores_are_those_of_the_equations(animals, power, towards, degree):
    A = dict(zip(animals.labels.tolist(), animals.vectors, strict=True))
    if towards:  # descriptions in the space of the features
        A = {c: a @ np.arange(35).reshape(7, 5) % 7 for c, a in A.items()}
    options = {"power": power, "shrinkage": 0.3, "alpha": 0.2, "own_weight": 0.6}
    options |= {"degree": degree, "hubness_weight": 0.2 * (degree > 1)}
    clf = PrototypeClassifier(**options, description_weight=towards, seen_weight=0.0)
    clf.fit(animals.X, animals.y, class_attributes=A)
    expected = cosines(
        animals.X,
        animals.y,
        animals.seen,
        A,
        animals.X_test,
        towards=towards,
        **options,
    )
    scores = clf.decision_function(animals.X_test)
    np.testing.assert_allclose(scores, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(
        clf.predict(animals.X_test), np.array(sorted(A))[expected.argmax(axis=1)]
    )


def test_the_classifier_of_seen_classes_adds_its_log_probabilities(animals):
    known = {"class_attributes": animals.attributes}
    plain, both = (
        PrototypeClassifier(seen_weight=weight).fit(animals.X, animals.y, **known)
        for weight in (0.0, 0.7)
    )
    assert plain.seen_classifier_ is None
    gain = both.decision_function(animals.X_test) - plain.decision_function(
        animals.X_test
    )
    seen = np.isin(both.classes_, both.seen_classes_)
    np.testing.assert_array_equal(gain[:, ~seen], 0)
    probabilities = np.exp(gain[:, seen] / 0.7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    own = np.isin(animals.y_test, animals.seen)
    y_pred = both.seen_classes_[probabilities.argmax(axis=1)]
    assert per_class_accuracy(animals.y_test[own], y_pred[own]) > 0.95


def test_any_classifier_of_seen_classes(animals):
    known = {"class_attributes": animals.attributes}
    clf = PrototypeClassifier(seen_classifier=DummyClassifier(strategy="uniform"))
    plain = PrototypeClassifier(seen_weight=0.0)
    clf.fit(animals.X, animals.y, **known)
    plain.fit(animals.X, animals.y, **known)
    gain = clf.decision_function(animals.X) - plain.decision_function(animals.X)
    seen = np.isin(clf.classes_, clf.seen_classes_)
    np.testing.assert_allclose(gain[:, seen], -np.log(9))


def test_unseen_animals_are_recognised(animals):
    clf = CalibratedStackingCV(PrototypeClassifier(alpha=0.01), cv=3, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert GZSLScorer("H")(clf, animals.X_test, animals.y_test) > 0.8
    np.testing.assert_allclose(clf.predict_proba(animals.X_test).sum(axis=1), 1)


def test_the_whitening_of_features_has_no_unit(animals):
    known = {"class_attributes": animals.attributes}
    clf = PrototypeClassifier(shrinkage=0.01).fit(animals.X, animals.y, **known)
    other = clone(clf).fit(1000 * animals.X + 5, animals.y, **known)
    np.testing.assert_allclose(
        other.decision_function(1000 * animals.X_test + 5),
        clf.decision_function(animals.X_test),
        rtol=1e-6,
        atol=1e-6,
    )


def test_added_classes_are_as_if_known_from_the_start(animals):
    known = animals.attributes.subset([*animals.seen, "elk"])
    clf = PrototypeClassifier().fit(animals.X, animals.y, class_attributes=known)
    clf.add_classes(animals.attributes.subset(["elephant", "hippopotamus"]))
    whole = PrototypeClassifier()
    whole.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert clf.classes_.tolist() == whole.classes_.tolist()
    np.testing.assert_allclose(
        clf.predict_proba(animals.X_test), whole.predict_proba(animals.X_test)
    )


def test_one_row_per_class_and_constant_features(animals):
    first = [np.flatnonzero(animals.y == c)[0] for c in animals.seen]
    X = np.column_stack([animals.X, np.full(len(animals.X), 3.0)])[first]
    clf = PrototypeClassifier().fit(
        X, animals.y[first], class_attributes=animals.attributes
    )
    assert (clf.predict(X) == animals.y[first]).all()
    assert np.isfinite(clf.decision_function(X)).all()


def test_survives_storage(animals, round_trip):
    clf = PrototypeClassifier()
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    np.testing.assert_array_equal(
        round_trip(clf).predict_proba(animals.X_test), clf.predict_proba(animals.X_test)
    )


def test_wrong_input_is_explained(animals):
    X, y, known = animals.X, animals.y, {"class_attributes": animals.attributes}
    with pytest.raises(ValueError, match=r"description_weight=0.8 .* 7 and 5 columns"):
        PrototypeClassifier(description_weight=0.8).fit(X, y, **known)
    some = animals.attributes.subset(animals.seen[:-1])
    with pytest.raises(ValueError, match=r"no row for the labels \['owl'\]"):
        PrototypeClassifier().fit(X, y, class_attributes=some)
    with pytest.raises(ValueError, match="'shrinkage' parameter"):
        PrototypeClassifier(shrinkage=0.0).fit(X, y, **known)
    clf = PrototypeClassifier(seen_classifier=LogisticRegression(C=3)).fit(
        X, y, **known
    )
    before = clf.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        clf.fit(np.full_like(X, np.nan), y, **known)
    np.testing.assert_array_equal(clf.predict_proba(X), before)
    tables = {"a": animals.vectors, "b": animals.vectors}
    several = ClassAttributes(animals.labels, tables)
    with pytest.raises(ValueError, match="sources"):
        PrototypeClassifier().fit(X, y, class_attributes=several)


def constant(X):
    return np.full_like(X, 3.0)


DEGENERATE = {
    "constant": constant,
    "zero": np.zeros_like,
    "a constant column": lambda X: np.hstack([X, constant(X[:, :1])]),
    "a large constant": lambda X: np.hstack([X, 1e6 + 0 * X[:, :1]]),
    "mostly constant": lambda X: np.hstack([X[:, :1], constant(X), 0 * X]),
    "duplicated": lambda X: np.hstack([X, X, X[:, :1]]),
    "one row again and again": lambda X: np.repeat(X[:1], len(X), axis=0),
    "sparse": lambda X: np.maximum(X - 2, 0),
    "rows of zeros": lambda X: X * (np.arange(len(X)) % 5 > 0)[:, None],
}


@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize(
    "clf",
    [PrototypeClassifier(), GZSLClassifier(random_state=0)],
    ids=["alone", "with synthetic rows"],
)
def test_features_that_say_little_are_no_reason_to_warn(animals, case, clf):
    X = DEGENERATE[case](animals.X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Some of them tell no class from another.
        warnings.filterwarnings("ignore", "No training row gets its class")
        warnings.filterwarnings("ignore", ".* hardly better than by guesses")
        clf.fit(X, animals.y, class_attributes=animals.attributes)
        scores = clf.decision_function(X)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("n_features", [10, 70, 300])
def test_cosines_are_those_of_rows_whitened_by_the_shrunken_covariance(n_features):
    """Also where rows are too few to vary along every axis."""
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(60, n_features)), np.arange(60) % 5
    means = np.stack([X[codes == c].mean(axis=0) for c in range(5)])
    within = X - means[codes]
    S = within.T @ within / 60
    S = 0.7 * S + 0.3 * np.trace(S) / n_features * np.eye(n_features)
    new = rng.normal(size=(7, n_features)) - means.mean(axis=0)
    products = new @ np.linalg.solve(S, new.T)
    lengths = np.sqrt(np.diag(products))
    space = WhitenedSpace(X, codes, 5, power=None)
    found = space.whiten(new + means.mean(axis=0), 0.3)
    np.testing.assert_allclose(
        found @ found.T, products / np.outer(lengths, lengths), atol=1e-10
    )
