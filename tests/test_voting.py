"""GZSLVotingClassifier scores as its definition says, and is one estimator of many."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from votes import Told, make_voting, two_gauss

from sklearn_gzsl import (
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.classifiers._pooling import evenly_per_class
from sklearn_gzsl.metrics import GZSLScorer

voting = pytest.fixture(make_voting)


def log_softmax(scores):
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def expected(members, weights, X_train, X):
    """Pooled scores as the Notes define them, one row and one number at a time."""
    scales = []
    for member in members:
        rows = [s - s.mean() for s in member.predict_log_proba(X_train)]
        scales.append(np.sqrt(np.mean([v**2 for row in rows for v in row])))
    total = []
    for i in range(len(X)):
        rows = [member.predict_log_proba(X[i : i + 1])[0] for member in members]
        parts = [(r - r.mean()) / s for r, s in zip(rows, scales, strict=True)]
        total.append(np.average(parts, axis=0, weights=weights))
    return np.array(total) * np.average(scales, weights=weights)


@pytest.mark.parametrize("weights", [None, [3, 1]])
def test_scores_are_those_of_the_definition(voting, animals, blurred, weights):
    voting.set_params(weights=weights)
    voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
    scores = expected(voting.estimators_, weights, animals.X, blurred)
    assert_allclose(voting.decision_function(blurred), scores, rtol=1e-5, atol=1e-4)
    proba = np.exp(log_softmax(scores))
    assert_allclose(voting.predict_proba(blurred), proba, rtol=1e-4, atol=1e-8)
    best = np.sort(animals.labels)[scores.argmax(axis=1)]
    assert_array_equal(voting.predict(blurred), best)
    assert set(voting.predict(animals.X_test)) >= set(animals.unseen)
    assert voting.seen_classes_.tolist() == animals.seen.tolist()
    assert voting.unseen_classes_.tolist() == animals.unseen.tolist()
    assert voting.n_features_in_ == 5


def test_alone_a_member_keeps_its_probabilities(clf, animals, blurred):
    data = animals.X, animals.y, animals.attributes
    alone = GZSLVotingClassifier([("only", clf)]).fit(*data)
    assert_allclose(
        alone.predict_log_proba(blurred),
        clf.fit(*data).predict_log_proba(blurred),
        rtol=1e-5,
        atol=1e-5,
    )


def test_members_of_unlike_scale_count_alike(animals):
    """Scores of one member times 30 change the ensemble's temperature, nothing else."""
    odds = np.arange(1, 13.0)
    first, second = ("a", Told(odds[::-1], slope=0.5)), ("b", Told(odds, slope=-1.0))
    data = animals.X, animals.y, animals.attributes
    plain = GZSLVotingClassifier([first, second]).fit(*data)
    loud = GZSLVotingClassifier([first, ("b", Told(odds**30, slope=-30.0))]).fit(*data)
    assert loud.scales_[1] == pytest.approx(30 * plain.scales_[1])
    before, after = (m.decision_function(animals.X_test) for m in (plain, loud))
    assert_allclose(after / loud.scales_.mean(), before / plain.scales_.mean())


def test_two_unlike_members_beat_the_worse_one(small_numbers):
    numbers = small_numbers
    X, y = numbers.data, numbers.target
    softmax = SoftmaxClassifier(lr=0.05, max_iter=100)
    gauss = GZSLClassifier(
        GaussianGenerator(), softmax, n_synthetic=5, random_state=0, seen_penalty=0.0
    )
    voting = GZSLVotingClassifier(
        [("gauss", gauss), ("proto", PrototypeClassifier(alpha=0.01))]
    )
    voting.fit(X[numbers.train], y[numbers.train], numbers.class_attributes)
    together, *alone = (
        GZSLScorer("AUSUC")(model, X[numbers.test], y[numbers.test])
        for model in (voting, *voting.estimators_)
    )
    assert together > min(alone) + 0.01


def test_the_order_of_members_does_not_matter(voting, animals, blurred):
    data = animals.X, animals.y, animals.attributes
    voting.set_params(weights=[2, 1])
    turned = GZSLVotingClassifier(voting.estimators[::-1], weights=[1, 2]).fit(*data)
    assert_allclose(
        turned.decision_function(blurred),
        voting.fit(*data).decision_function(blurred),
        rtol=1e-10,
    )


def test_weight_zero_is_the_same_as_dropped(voting, animals, blurred):
    data = animals.X, animals.y, animals.attributes
    voting.set_params(weights=[2, 0]).fit(*data)
    dropped = clone(voting).set_params(weights=[2, 7], proto="drop").fit(*data)
    assert len(voting.estimators_) == 2
    assert len(dropped.estimators_) == 1
    assert dropped.named_estimators_["proto"] == "drop"
    assert dropped.named_estimators_["gauss"] is dropped.estimators_[0]
    assert dropped.weights_.tolist() == [1.0]
    assert_allclose(voting.predict_proba(blurred), dropped.predict_proba(blurred))


def told(animals, *members, weights=None):
    """Scores of an ensemble of members with the given odds for classes 0, 1, 2, ..."""
    members = [(f"m{i}", Told(odds)) for i, odds in enumerate(members)]
    labels = np.sort(animals.labels)[: len(members[0][1].odds)]
    rows = np.isin(animals.y, labels)
    model = GZSLVotingClassifier(members, weights=weights)
    model.fit(animals.X[rows], animals.y[rows], animals.attributes.subset(labels))
    return model._scores(animals.X_test[:1])[0]


def test_a_class_that_one_member_rules_out_is_ruled_out(animals):
    scores = told(animals, [0, 8, 1, 1], [9, 1, 1, 0])
    assert np.isneginf(scores).tolist() == [True, False, False, True]
    assert scores[1] > scores[2]
    # With the smallest weight too; but not without any.
    assert np.isneginf(told(animals, [0, 8, 1], [9, 1, 1], weights=[1e-15, 1]))[0]
    assert np.isfinite(told(animals, [0, 8, 1], [9, 1, 1], weights=[0, 1])).all()


def test_where_no_class_is_left_the_least_weight_is_overruled(animals):
    only_0, only_1, any_ = [1, 0, 0], [0, 1, 0], [1, 2, 4]
    scores = told(animals, only_0, only_1, any_, weights=[2, 1, 1])
    assert np.isneginf(scores).tolist() == [False, True, True]
    scores = told(animals, only_0, only_1, any_)
    assert np.isneginf(scores).tolist() == [False, False, True]
    assert scores[1] > scores[0], "as the third says"


def test_members_that_are_sure_of_every_row(animals):
    """A nearest neighbour rules out all classes but one, also where two disagree."""
    sure = GZSLClassifier(
        GaussianGenerator(), KNeighborsClassifier(1), random_state=0, seen_penalty=0.0
    )
    other = clone(sure).set_params(random_state=1, n_synthetic=3)
    pair = GZSLVotingClassifier([("a", sure), ("b", other)])
    pair.fit(animals.X, animals.y, animals.attributes)
    noise = np.random.default_rng(0).normal(size=animals.X_test.shape)
    a, b = (m.predict(animals.X_test + 3 * noise) for m in pair.estimators_)
    assert (a != b).any()
    proba = pair.predict_proba(animals.X_test + 3 * noise)
    assert_allclose(proba.sum(axis=1), 1)
    y_pred = pair.predict(animals.X_test + 3 * noise)
    assert ((y_pred == a) | (y_pred == b)).all()


def test_conventional_zero_shot_members_leave_unseen_classes_only(clf, animals):
    clf.set_params(candidate_classes="unseen")
    members = [("a", clf), ("b", PrototypeClassifier())]
    voting = GZSLVotingClassifier(members)
    voting.fit(animals.X, animals.y, animals.attributes)
    assert set(voting.predict(animals.X_test)) <= set(animals.unseen)
    unseen = np.isin(animals.y_test, animals.unseen)
    assert voting.score(animals.X_test[unseen], animals.y_test[unseen]) > 0.9


def test_a_member_without_preferences_adds_no_noise(animals):
    scores = told(animals, [0.1, 0.1, 0.1], [1, 2, 4])
    centred = np.log([1, 2, 4]) - np.log(2)
    assert_allclose(scores / scores[2], centred / centred[2], atol=1e-12)


def test_without_probabilities_there_are_scores_only(animals):
    margin = GZSLClassifier(
        GaussianGenerator(), LinearSVC(), random_state=0, seen_penalty=0.0
    )
    voting = GZSLVotingClassifier([("svm", margin), ("proto", PrototypeClassifier())])
    assert not hasattr(voting, "predict_proba")
    voting.fit(animals.X, animals.y, animals.attributes)
    assert not hasattr(voting, "predict_log_proba")
    assert voting.decision_function(animals.X_test).shape == (120, 12)
    assert voting.score(animals.X_test, animals.y_test) > 0.9


def test_two_classes_have_one_score(clf, animals):
    rows = np.isin(animals.y, ["ant", "cat"])
    voting = two_gauss(clf).fit(animals.X[rows], animals.y[rows])
    decision = voting.decision_function(animals.X)
    assert decision.shape == (90,)
    assert_array_equal(voting.predict(animals.X) == "cat", decision > 0)
    log_proba = voting.predict_log_proba(animals.X)
    assert_allclose(log_proba[:, 1] - log_proba[:, 0], decision, rtol=1e-6)


def test_rows_for_the_scale_are_of_all_classes_and_stages():
    y = np.array(["rare"] * 3 + ["common"] * 50_000 + ["third"] * 4_000)
    rows = evenly_per_class(y)
    labels, counts = np.unique(y[rows], return_counts=True)
    assert dict(zip(labels.tolist(), counts.tolist(), strict=True)) == {
        "common": 666,
        "rare": 3,
        "third": 666,
    }
    common = rows[y[rows] == "common"]
    assert common.min() == 3
    assert common.max() == 50_002
    assert np.ptp(np.diff(common)) <= 1
    assert len(evenly_per_class(np.arange(5000))) == 5000
