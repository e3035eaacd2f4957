"""CalibratedStackingCV around others and in them, and what it refuses."""

import numpy as np
import pytest
from calibrations import make_calibrated
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    PrototypeClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLKFold, GZSLShuffleSplit

calibrated = pytest.fixture(make_calibrated)


@pytest.mark.parametrize("routing", [False, True])
def test_inside_a_search_and_around_a_pipeline(clf, animals, routing):
    with config_context(enable_metadata_routing=routing):
        pipeline = make_pipeline(StandardScaler(), clf)
        calibrated = CalibratedStackingCV(pipeline, cv=2, random_state=0)
        name = "class_attributes"
        search = GridSearchCV(
            calibrated,
            {"estimator__gzslclassifier__n_synthetic": [5, 20]},
            cv=GZSLShuffleSplit(2, unseen_size=2, random_state=0),
            scoring=GZSLScorer("H"),
            error_score="raise",
        )
        search.fit(animals.X, animals.y, **{name: animals.attributes})
        scores = cross_validate(
            calibrated,
            animals.X,
            animals.y,
            params={name: animals.attributes},
            cv=GZSLShuffleSplit(2, unseen_size=2, random_state=0),
            scoring=GZSLScorer(),
            error_score="raise",
        )
        assert search.best_score_ >= scores["test_H"].mean() - 1e-9
        assert search.predict(animals.X_test).shape == animals.y_test.shape


def test_the_constructor_form_of_descriptions_is_held_out_too(clf, animals):
    fit_form = CalibratedStackingCV(clf, cv=3, random_state=0)
    fit_form.fit(animals.X, animals.y, class_attributes=animals.attributes)
    clf.set_params(class_attributes=animals.attributes)
    other = CalibratedStackingCV(clf, cv=3, random_state=0).fit(animals.X, animals.y)
    assert other.seen_penalty_ == fit_form.seen_penalty_


def test_groups_reach_the_splitter(clf, animals):
    groups = np.arange(len(animals.X)) % 3
    calibrated = CalibratedStackingCV(clf, cv=3, random_state=0)
    calibrated.fit(
        animals.X, animals.y, class_attributes=animals.attributes, groups=groups
    )
    cv = GZSLKFold(3)
    folds = list(cv.split(animals.X, animals.y, groups))
    same = CalibratedStackingCV(clf, cv=folds)
    same.fit(animals.X, animals.y, class_attributes=animals.attributes)
    calibrated.set_params(cv=cv)
    calibrated.fit(
        animals.X, animals.y, class_attributes=animals.attributes, groups=groups
    )
    assert calibrated.seen_penalty_ == same.seen_penalty_


def test_new_classes_and_rows_go_to_the_fitted_estimator(calibrated, animals):
    known = animals.attributes.subset([*animals.seen, "elk"])
    calibrated.fit(animals.X, animals.y, class_attributes=known)
    penalty = calibrated.seen_penalty_
    calibrated.add_classes(animals.attributes.subset(["elephant", "hippopotamus"]))
    assert calibrated.unseen_classes_.tolist() == animals.unseen.tolist()
    few = animals.y_test == "elk"
    before = calibrated.predict_proba(animals.X_test)
    calibrated.partial_fit(animals.X_test[few], animals.y_test[few])
    assert calibrated.seen_penalty_ == penalty
    assert not np.array_equal(calibrated.predict_proba(animals.X_test), before)


def test_a_failed_fit_leaves_the_old_one(calibrated, animals):
    calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    before = calibrated.predict_proba(animals.X_test)
    calibrated.set_params(cv=KFold(2))
    with pytest.raises(ValueError, match=r"cv: fold 0: "):
        calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    np.testing.assert_array_equal(calibrated.predict_proba(animals.X_test), before)


def test_survives_storage(calibrated, animals, round_trip):
    calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    again = round_trip(calibrated)
    np.testing.assert_array_equal(
        again.predict_proba(animals.X_test), calibrated.predict_proba(animals.X_test)
    )


def test_wrong_input_is_explained(clf, fitted, animals):
    known = {"class_attributes": animals.attributes}
    X, y = animals.X, animals.y

    def fit(estimator=clf, **params):
        return CalibratedStackingCV(estimator, **params).fit(X, y, **known)

    with pytest.raises(ValueError, match=r"refit=False, but cv has 3 folds"):
        fit(cv=3, refit=False)
    with pytest.raises(ValueError, match=r"pass refit=False with it"):
        fit(fitted, cv="prefit")
    with pytest.raises(NotFittedError, match=r"estimator is not fitted"):
        CalibratedStackingCV(clone(clf), cv="prefit", refit=False).fit(X, y)
    with pytest.raises(ValueError, match=r"no unseen class"):
        CalibratedStackingCV(fitted, cv="prefit", refit=False).fit(X, y)
    rows = np.arange(len(X))
    with pytest.raises(ValueError, match=r"cv: fold 0: "):
        fit(cv=[(rows, rows[:5])])
    for cv in ([rows], [(rows,)], [1, 2]):
        with pytest.raises(ValueError, match=r"cv: fold 0 is no pair of row numbers"):
            fit(cv=cv)
    with pytest.raises(ValueError, match=r"no test row of a seen class"):
        fit(cv=[(rows[y == "ant"], rows[y != "ant"])])
    with pytest.raises(TypeError, match=r"seen_classes_"):
        CalibratedStackingCV(LogisticRegression(), cv=3).fit(X, y)
    with pytest.raises(ValueError, match=r"'scoring' parameter"):
        fit(scoring="accuracy")
    with pytest.raises(NotFittedError):
        CalibratedStackingCV(clf).predict(X)


def test_few_seen_classes(animals):
    kept = np.isin(animals.y, ["ant", "ape", "bat"])
    known = animals.attributes.subset(["ant", "ape", "bat", "elk"])
    calibrated = CalibratedStackingCV(PrototypeClassifier(), store_cv_results=True)
    calibrated.fit(animals.X[kept], animals.y[kept], class_attributes=known)
    assert "split2_test_score" in calibrated.cv_results_
    assert "split3_test_score" not in calibrated.cv_results_


def test_descriptions_find_their_way_without_routing(clf, animals):
    known = {"class_attributes": animals.attributes}
    pipeline = make_pipeline(StandardScaler(), clf)
    search = GridSearchCV(
        pipeline,
        {"gzslclassifier__n_synthetic": [20]},
        cv=GZSLShuffleSplit(1, unseen_size=2, random_state=0),
        scoring=GZSLScorer("H"),
        error_score="raise",
    )
    for estimator in (pipeline, make_pipeline(StandardScaler(), search)):
        calibrated = CalibratedStackingCV(estimator, cv=2)
        calibrated.fit(animals.X, animals.y, **known)
        assert calibrated.unseen_classes_.tolist() == animals.unseen.tolist()


def test_folds_are_checked_before_anything_is_trained(animals):
    def fit(cv, **params):
        known = {"class_attributes": animals.attributes}
        CalibratedStackingCV(Untrainable(), cv=cv, **params).fit(
            animals.X, animals.y, **known
        )

    rows = np.arange(len(animals.y))
    with pytest.raises(ValueError, match=r"cv: fold 0: .*-"):
        fit([(rows[animals.y != "ant"], rows - len(rows))])
    with pytest.raises(ValueError, match="cv has no folds"):
        fit([])
    mask = rows % 2 == 0
    with pytest.raises(ValueError, match=r"cv: fold 0: a mask has the shape \(89,\)"):
        fit([(mask[:-1], ~mask[:-1])])
    with pytest.raises(ValueError, match="is not called as"):
        fit(2, scoring=GZSLScorer("H"))
    with pytest.raises(ValueError, match=r"the shape \(\)"):
        fit(2, scoring=lambda _U, _S: 1.0)
    for_training = (animals.y != "ant") & (rows % 2 == 0)
    masks = (for_training, ~for_training)
    with pytest.raises(AssertionError, match="was trained"):
        fit([masks])


class Untrainable(ClassifierMixin, BaseEstimator):
    def fit(self, X, y, class_attributes=None):
        raise AssertionError("was trained")

    def predict(self, X):
        return X


def test_scoring_that_is_no_number(clf, animals):
    calibrated = CalibratedStackingCV(clf, cv=2, scoring=lambda U, _: U * np.nan)
    with pytest.raises(ValueError, match="returned NaN"):
        calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)


def test_a_single_seen_class_is_not_enough(animals):
    kept = animals.y == "ant"
    known = animals.attributes.subset(["ant", "elk"])
    with pytest.raises(ValueError, match="single class"):
        CalibratedStackingCV(PrototypeClassifier()).fit(
            animals.X[kept], animals.y[kept], class_attributes=known
        )


def test_prefit_takes_no_fit_arguments(fitted, animals):
    calibrated = CalibratedStackingCV(fitted, cv="prefit", refit=False)
    with pytest.raises(ValueError, match=r"fit got \['class_attributes'\]"):
        calibrated.fit(
            animals.X_test, animals.y_test, class_attributes=animals.attributes
        )
