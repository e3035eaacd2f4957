"""GZSLVotingClassifier scores as its definition says, and is one estimator of many."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.classifiers._pooling import evenly_per_class
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit


class Told(ClassifierMixin, BaseEstimator):
    """Scores every row by the logarithms of given numbers, whatever its features.

    Columns of X beyond the first are added, times ``slope``.
    """

    def __init__(self, odds, slope=0.0):
        self.odds = odds
        self.slope = slope

    def fit(self, X, y, class_attributes=None):
        self.seen_classes_ = np.unique(y)
        self.classes_ = np.unique(class_attributes.labels)
        return self

    def decision_function(self, X):
        with np.errstate(divide="ignore"):
            scores = np.log(np.asarray(self.odds, dtype=float))
        return scores + self.slope * np.resize(X, (len(X), len(scores)))

    def predict(self, X):
        return self.classes_[self.decision_function(X).argmax(axis=1)]


class Forgetful(Told):
    """Trained without the rows of the first class."""

    def fit(self, X, y, class_attributes=None):
        super().fit(X, y, class_attributes)
        self.seen_classes_ = self.seen_classes_[1:]
        return self


@pytest.fixture
def voting(clf):
    return GZSLVotingClassifier([("gauss", clf), ("proto", PrototypeClassifier())])


def two_gauss(clf):
    other = clone(clf).set_params(n_synthetic=5, random_state=3, seen_penalty=1.0)
    return GZSLVotingClassifier([("a", clf), ("b", other)])


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


def test_parameters_of_members_can_be_set_and_searched(voting, animals):
    assert voting.get_params()["gauss__n_synthetic"] == 20
    assert clone(voting).set_params(gauss__n_synthetic=3).estimators[0][1].n_synthetic
    search = GridSearchCV(
        voting,
        {"weights": [[1, 0], [1, 1]], "gauss__n_synthetic": [5, 20]},
        cv=GZSLShuffleSplit(2, unseen_size=2, random_state=0),
        scoring=GZSLScorer("H"),
        error_score="raise",
    )
    search.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert search.best_score_ > 0.9
    assert search.predict(animals.X_test).shape == animals.y_test.shape


def test_inside_calibrated_stacking(voting, animals, blurred):
    calibrated = CalibratedStackingCV(voting, cv=3, random_state=0)
    calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    seen = np.isin(calibrated.classes_, animals.seen)
    inner = calibrated.estimator_.predict_log_proba(blurred)
    best = (inner - calibrated.seen_penalty_ * seen).argmax(axis=1)
    assert_array_equal(calibrated.predict(blurred), calibrated.classes_[best])
    # Members told of their classes in the constructor are narrowed in the folds too.
    voting.set_params(
        gauss__class_attributes=animals.attributes, proto=clone(voting.estimators[0][1])
    )
    voting.set_params(proto__class_attributes=animals.attributes)
    CalibratedStackingCV(voting, cv=3).fit(animals.X, animals.y)


@pytest.mark.parametrize("routing", [False, True])
def test_descriptions_reach_pipelines(voting, clf, animals, routing):
    pipeline = make_pipeline(StandardScaler(), clf)
    voting.set_params(estimators=[*voting.estimators, ("p", pipeline)])
    with config_context(enable_metadata_routing=routing):
        voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert len(voting.estimators_) == 3
    assert voting.score(animals.X_test, animals.y_test) > 0.9


def test_without_routing_names_address_members(voting, clf, animals):
    calibrated = CalibratedStackingCV(make_pipeline(StandardScaler(), clf), cv=2)
    voting.set_params(gauss=calibrated)
    own = {
        "gauss__gzslclassifier__class_attributes": animals.attributes,
        "proto__class_attributes": animals.attributes,
    }
    voting.fit(animals.X, animals.y, **own)
    assert voting.score(animals.X_test, animals.y_test) > 0.9


def test_new_classes_and_rows_go_to_all_members(clf, animals, blurred):
    voting = two_gauss(clf)
    known = animals.attributes.subset([*animals.seen, "elk"])
    voting.fit(animals.X, animals.y, class_attributes=known)
    before, scales = voting.predict_proba(blurred), voting.scales_
    with pytest.raises(ValueError, match="ant"):
        voting.add_classes(animals.attributes.subset(["ant", "elephant"]))
    assert_array_equal(voting.predict_proba(blurred), before)
    voting.add_classes(animals.attributes.subset(["elephant", "hippopotamus"]))
    assert voting.unseen_classes_.tolist() == animals.unseen.tolist()
    assert voting.named_estimators_["b"] is voting.estimators_[1]
    before = voting.predict_proba(blurred)
    few = animals.y_test == "elk"
    voting.partial_fit(animals.X_test[few], animals.y_test[few])
    assert (voting.predict_proba(blurred) != before).any()
    assert_array_equal(voting.scales_, scales)
    first = clone(voting).partial_fit(
        animals.X, animals.y, class_attributes=animals.attributes
    )
    assert_array_equal(first.classes_, voting.classes_)


def test_a_member_that_fails_later_leaves_the_others_as_they_were(
    clf, animals, blurred
):
    voting = two_gauss(clf)
    known = animals.attributes.subset([*animals.seen, "elk"])
    voting.fit(animals.X, animals.y, class_attributes=known)
    before = voting.predict_proba(blurred)
    voting.estimators_[1].set_params(n_real=-1)  # what its own check refuses
    with pytest.raises(ValueError, match="n_real"):
        voting.add_classes(animals.attributes.subset(["elephant"]))
    assert len(voting.estimators_[0].classes_) == 10
    assert_array_equal(voting.predict_proba(blurred), before)


def test_methods_that_a_member_lacks_are_not_there(voting, clf):
    assert hasattr(voting, "add_classes")
    assert not hasattr(voting, "partial_fit"), "prototypes do not have it"
    assert hasattr(two_gauss(clf), "partial_fit")
    assert hasattr(voting.set_params(proto="drop"), "partial_fit")


def test_survives_storage(voting, animals, round_trip):
    voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
    again = round_trip(voting)
    assert_array_equal(
        again.predict_proba(animals.X_test), voting.predict_proba(animals.X_test)
    )


def test_progress_is_printed_on_demand(voting, animals, capsys):
    voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert capsys.readouterr() == ("", "")
    voting.set_params(verbose=1)
    voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert "GZSLVotingClassifier: 2 of 2 members, " in capsys.readouterr().err


def test_a_failed_fit_leaves_the_old_one(voting, animals):
    voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
    before = voting.predict_proba(animals.X_test)
    for wrong in ({"weights": [1, 2, 3]}, {"weights": None, "proto__alpha": -1}):
        voting.set_params(**wrong)
        with pytest.raises(ValueError, match=r"weights has shape|'alpha' parameter"):
            voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
        assert_array_equal(voting.predict_proba(animals.X_test), before)


def test_members_must_know_the_same_classes(voting, clf, animals):
    other = animals.attributes.subset([*animals.seen, "elk"])
    fewer = clone(clf).set_params(class_attributes=other)
    voting.set_params(gauss__class_attributes=animals.attributes, proto=fewer)
    message = (
        r"'proto' knows other classes than 'gauss': \[\] are additional and "
        r"\['elephant', 'hippopotamus'\] are missing"
    )
    with pytest.raises(ValueError, match=message):
        voting.fit(animals.X, animals.y)
    clf.set_params(class_attributes=None)
    voting = GZSLVotingClassifier([("whole", clf), ("part", Forgetful(np.ones(12)))])
    message = (
        r"'part' has seen other classes than 'whole': \[\] are additional and "
        r"\['ant'\] are missing"
    )
    with pytest.raises(ValueError, match=message):
        voting.fit(animals.X, animals.y, class_attributes=animals.attributes)


def test_wrong_input_is_explained(clf, animals):
    def fit(estimators=(("a", clf), ("b", clf)), **params):
        model = GZSLVotingClassifier(list(estimators), **params)
        return model.fit(animals.X, animals.y, animals.attributes)

    for weights, message in (
        ([1], r"shape \(1,\), but there are 2 estimators"),
        ([1, -1], "none may be negative or NaN"),
        ([1, np.nan], "none may be negative or NaN"),
        ([0, 0], "needs a positive weight"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(weights=weights)
    with pytest.raises(ValueError, match="not dropped needs a positive weight"):
        fit([("a", clf), ("b", "drop")], weights=[0, 1])
    for estimators, message in (
        ([], "non-empty list"),
        ([("a", clf), ("a", clf)], "not unique"),
        ([("weights", clf)], "conflict with constructor arguments"),
        ([("a__b", clf)], "must not contain __"),
        ([("a", "drop")], "All estimators are dropped"),
        ([("a", GaussianGenerator())], "should be a classifier"),
    ):
        with pytest.raises(ValueError, match=message):
            fit(estimators)
    with pytest.raises(TypeError, match="seen_classes_"):
        GZSLVotingClassifier([("a", LogisticRegression())]).fit(animals.X, animals.y)
    unfitted = GZSLVotingClassifier([("a", clf)])
    assert not hasattr(unfitted, "classes_")
    for method in (unfitted.predict, unfitted.add_classes):
        with pytest.raises(NotFittedError):
            method(animals.X)
