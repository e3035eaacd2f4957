"""Members of a vote: parameters, later rows, storage, and those that do not fit."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from votes import Told, make_voting, two_gauss

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLVotingClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

voting = pytest.fixture(make_voting)


class Forgetful(Told):
    """Trained without the rows of the first class."""

    def fit(self, X, y, class_attributes=None):
        super().fit(X, y, class_attributes)
        self.seen_classes_ = self.seen_classes_[1:]
        return self


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
