"""GZSLScorer in every tool of scikit-learn that takes ``scoring=``."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from zoo import NearestDescription

from sklearn_gzsl.metrics import GZSLScorer, ausuc_score, gzsl_scores
from sklearn_gzsl.model_selection import GZSLKFold, GZSLShuffleSplit

METRICS = ["U", "S", "H", "AUSUC"]


@pytest.fixture(
    params=[
        GZSLShuffleSplit(n_splits=3, unseen_size=3, random_state=0),
        GZSLKFold(3, shuffle=True, random_state=0),
    ],
    ids=["shuffle split", "k-fold"],
)
def cv(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["routing off", "routing on"])
def routing(request):
    with config_context(enable_metadata_routing=request.param):
        yield request.param


def fit_parameter(estimator, descriptions, routing):
    """Name the fit argument as a user must, for a pipeline without routing."""
    inner = getattr(estimator, "estimator", estimator)
    prefix = (
        "" if routing or not isinstance(inner, Pipeline) else f"{inner.steps[-1][0]}__"
    )
    return {f"{prefix}class_attributes": descriptions}


def expected_scores(model, X, y, classes):
    """Score by the functions, with the classes of the columns named."""
    scores = model.predict_log_proba(X)
    last = model[-1] if isinstance(model, Pipeline) else model
    columns = np.isin(last.classes_, classes)
    y_pred = last.classes_[columns][scores[:, columns].argmax(axis=1)]
    result = gzsl_scores(y, y_pred, seen_classes=last.seen_classes_)
    result["AUSUC"] = ausuc_score(
        y,
        scores[:, columns],
        seen_classes=last.seen_classes_,
        labels=last.classes_[columns],
    )
    return result


@pytest.mark.parametrize("candidates", ["present", "all"])
@pytest.mark.parametrize("scaled", [False, True])
def test_fold_by_fold_equal_to_the_functions(zoo, cv, candidates, scaled):
    X, y, descriptions = zoo
    model = NearestDescription()
    if scaled:
        model = make_pipeline(make_pipeline(StandardScaler()), model)
    parameters = fit_parameter(model, descriptions, routing=False)
    scores = cross_validate(
        model,
        X,
        y,
        cv=cv,
        scoring=GZSLScorer(candidates=candidates),
        params=parameters,
        error_score="raise",
    )
    for fold, (train, test) in enumerate(cv.split(X, y)):
        classes = np.unique(y) if candidates == "present" else descriptions.labels
        model.fit(X[train], y[train], **parameters)
        expected = expected_scores(model, X[test], y[test], classes)
        for metric in METRICS:
            assert scores[f"test_{metric}"][fold] == pytest.approx(expected[metric])


def test_candidates_matter_and_each_metric_can_be_had_alone(zoo):
    X, y, descriptions = zoo
    seen = np.isin(y, descriptions.labels[:6])
    model = NearestDescription().fit(X[seen], y[seen], descriptions)
    present, everything = (
        GZSLScorer(candidates=c)(model, X, y) for c in ("present", "all")
    )
    assert list(present) == METRICS
    assert present["U"] > everything["U"]
    for metric in METRICS:
        assert GZSLScorer(metric)(model, X, y) == present[metric]
    accuracy = gzsl_scores(y, model.predict(X), seen_classes=model.seen_classes_)
    assert accuracy == {metric: everything[metric] for metric in "USH"}


@pytest.mark.parametrize("scaled", [False, True], ids=["alone", "pipeline"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search(zoo, cv, routing, scaled, n_jobs):
    X, y, descriptions = zoo
    model, grid = NearestDescription(), {"seen_penalty": [-5, 0.5, 50]}
    if scaled:
        model = make_pipeline(StandardScaler(), model)
        grid = {f"nearestdescription__{k}": v for k, v in grid.items()}
    search = GridSearchCV(
        model,
        grid,
        cv=cv,
        scoring=GZSLScorer(),
        refit="H",
        n_jobs=n_jobs,
        error_score="raise",
    )
    with parallel_config("threading"):
        search.fit(X, y, **fit_parameter(model, descriptions, routing))
    results = search.cv_results_
    assert list(search.best_params_.values()) == [0.5]
    assert search.best_score_ == results["mean_test_H"].max()
    assert results["mean_test_U"].argmax() == 2
    assert results["mean_test_S"].argmax() == 0
    # The area does not depend on the penalty, H does.
    assert np.ptp(results["mean_test_AUSUC"]) == pytest.approx(0)
    assert np.ptp(results["mean_test_H"]) > 0.1


def test_nested_cross_validation_scores_the_search(zoo, cv, routing):
    X, y, descriptions = zoo
    pipeline = make_pipeline(StandardScaler(), NearestDescription())
    search = GridSearchCV(
        pipeline,
        {"nearestdescription__seen_penalty": [0, 0.5]},
        cv=cv,
        scoring=GZSLScorer("H"),
        error_score="raise",
    )
    options = {
        "cv": GZSLShuffleSplit(n_splits=2, unseen_size=2, random_state=1),
        "scoring": GZSLScorer(),
        "return_estimator": True,
        "return_indices": True,
        "error_score": "raise",
    }
    parameters = fit_parameter(search, descriptions, routing)
    result = cross_validate(search, X, y, params=parameters, **options)
    for fold, fitted in enumerate(result["estimator"]):
        test = result["indices"]["test"][fold]
        model = fitted.best_estimator_
        assert len(model[-1].seen_classes_) == 8
        expected = expected_scores(model, X[test], y[test], np.unique(y))
        assert result["test_H"][fold] == pytest.approx(expected["H"])
        assert result["test_AUSUC"][fold] == pytest.approx(expected["AUSUC"])


def test_successive_halving(zoo, cv, routing):
    X, y, descriptions = zoo
    search = HalvingGridSearchCV(
        NearestDescription(),
        {"seen_penalty": [-50, 0.5, 50]},
        cv=cv,
        scoring=GZSLScorer("H"),
        min_resources=60,
        factor=2,
        return_train_score=False,
        error_score="raise",
        random_state=0,
    )
    search.fit(X, y, class_attributes=descriptions)
    assert search.best_params_ == {"seen_penalty": 0.5}
    assert set(search.cv_results_["n_resources"]) == {60, 120}


@pytest.mark.parametrize("scaled", [False, True], ids=["alone", "pipeline"])
@pytest.mark.parametrize(
    ("search", "options"),
    [
        (RandomizedSearchCV, {"n_iter": 3}),
        (
            HalvingRandomSearchCV,
            {
                "n_candidates": 3,
                "min_resources": 60,
                "factor": 2,
                "return_train_score": False,
            },
        ),
    ],
    ids=["randomized", "halving"],
)
def test_random_searches(zoo, cv, routing, scaled, search, options):
    X, y, descriptions = zoo
    model, name = NearestDescription(), "seen_penalty"
    if scaled:
        model = make_pipeline(StandardScaler(), model)
        name = f"nearestdescription__{name}"
    search = search(
        model,
        {name: [-50, 0.5, 50]},
        cv=cv,
        scoring=GZSLScorer("H"),
        error_score="raise",
        random_state=0,
        **options,
    )
    parameters = fit_parameter(model, descriptions, routing)
    search.fit(X, y, **parameters)
    assert search.best_params_ == {name: 0.5}
    by_hand = []
    for train, test in cv.split(X, y):
        best = clone(model).set_params(**search.best_params_)
        best.fit(X[train], y[train], **parameters)
        by_hand.append(GZSLScorer("H")(best, X[test], y[test]))
    # Halving's last round has all rows, in an order of its own.
    assert search.best_score_ == pytest.approx(np.mean(by_hand))


def test_validation_curve(zoo, cv, routing):
    X, y, descriptions = zoo
    with pytest.warns(UserWarning, match="U became NaN"):
        _, scores = validation_curve(
            NearestDescription(),
            X,
            y,
            param_name="seen_penalty",
            param_range=[-50, 0.5, 50],
            cv=cv,
            scoring=GZSLScorer("U"),
            params={"class_attributes": descriptions},
        )
    assert (scores[0] < scores[1]).all()
    assert (scores[1] <= scores[2]).all()


def test_other_ways_in(zoo, cv, routing):
    X, y, descriptions = zoo
    options = {"cv": cv, "params": {"class_attributes": descriptions}}
    model = NearestDescription()
    H = cross_val_score(model, X, y, scoring=GZSLScorer("H"), **options)
    both = cross_validate(
        model,
        X,
        y,
        scoring={"H": GZSLScorer("H"), "U": GZSLScorer("U")},
        error_score="raise",
        **options,
    )
    assert both["test_H"].tolist() == H.tolist()
    assert H.min() > 0


def test_learning_curve_improves_on_test_rows(zoo, cv, routing):
    X, y, descriptions = zoo
    with pytest.warns(UserWarning, match="AUSUC became NaN"):
        _, _, test_scores = learning_curve(
            NearestDescription(),
            X,
            y,
            cv=cv,
            scoring=GZSLScorer("AUSUC"),
            train_sizes=[0.1, 1.0],
            params={"class_attributes": descriptions},
        )
    assert test_scores[0].mean() < test_scores[1].mean()


def test_score_of_a_fitted_search_is_the_refit_metric(zoo, cv):
    X, y, descriptions = zoo
    known = np.isin(y, np.unique(y)[:8])
    search = GridSearchCV(
        NearestDescription(), {}, cv=cv, scoring=GZSLScorer(), refit="H"
    )
    search.fit(X[known], y[known], class_attributes=descriptions)
    scores = GZSLScorer()(search, X, y)
    assert scores == GZSLScorer()(search.best_estimator_, X, y)
    assert search.score(X, y) == scores["H"]


SEARCHES = {
    "grid": (GridSearchCV, {"return_train_score": True}),
    "halving": (HalvingGridSearchCV, {"min_resources": 60}),  # scores them by default
}


def scored(model, X, y, descriptions, tool, scoring, cv):
    """Test and training scores by a tool of scikit-learn; errors are raised."""
    given = {"scoring": scoring, "cv": cv, "error_score": "raise"}
    if tool in SEARCHES:
        cls, options = SEARCHES[tool]
        refit = "H" if scoring.metric is None else True
        search = cls(model, {"seen_penalty": [0, 1]}, refit=refit, **given, **options)
        results = search.fit(X, y, class_attributes=descriptions).cv_results_
        results = {k.removeprefix("mean_"): v for k, v in results.items()}
    else:
        given |= {"params": {"class_attributes": descriptions}}
        if tool == "cross_validate":
            return cross_validate(model, X, y, return_train_score=True, **given)
        if tool == "learning_curve":
            results = learning_curve(model, X, y, train_sizes=[0.5, 1.0], **given)[1:]
        else:
            points = {"param_name": "seen_penalty", "param_range": [0, 1]}
            results = validation_curve(model, X, y, **points, **given)
        results = dict(zip(("train_score", "test_score"), results, strict=True))
    return results


TOOLS = [*SEARCHES, "cross_validate", "learning_curve", "validation_curve"]


@pytest.mark.parametrize("tool", TOOLS)
def test_training_scores_are_nan_with_one_warning(zoo, cv, tool):
    with pytest.warns(UserWarning, match=r"no unseen class: H became NaN") as caught:
        results = scored(NearestDescription(), *zoo, tool, GZSLScorer("H"), cv)
    assert len([w for w in caught if "became NaN" in str(w.message)]) == 1
    assert np.isnan(results["train_score"]).all()
    assert (results["test_score"] > 0).all()


@pytest.mark.parametrize("tool", ["grid", "cross_validate"])  # take several metrics
def test_training_scores_of_all_metrics(zoo, cv, tool):
    with pytest.warns(UserWarning, match="U, H, AUSUC became NaN") as caught:
        results = scored(NearestDescription(), *zoo, tool, GZSLScorer(), cv)
    assert len([w for w in caught if "became NaN" in str(w.message)]) == 1
    assert all(np.isnan(results[f"train_{name}"]).all() for name in ("U", "H", "AUSUC"))
    assert (results["train_S"] > 0.5).all()
    assert all((results[f"test_{name}"] > 0).all() for name in METRICS)


def test_accuracy_on_training_rows_needs_no_warning(zoo, cv, recwarn):
    scored(NearestDescription(), *zoo, "learning_curve", GZSLScorer("S"), cv)
    assert not recwarn


def test_pandas_in_pandas_out(zoo, cv):
    X, y, descriptions = zoo
    options = {"cv": cv, "params": {"class_attributes": descriptions}}
    options |= {"scoring": GZSLScorer("AUSUC"), "estimator": NearestDescription()}
    frame, series = pd.DataFrame(X, index=range(7, 127)), pd.Series(y, index=range(120))
    scores = cross_val_score(X=frame, y=series, **options)
    assert scores.tolist() == cross_val_score(X=X, y=y, **options).tolist()


def test_scorers_in_a_dict_stand_beside_sample_weight(zoo, cv):
    """Searches ask such scorers whether they take sample_weight."""
    X, y, descriptions = zoo

    class Weighted(NearestDescription):
        def fit(self, X, y, class_attributes=None, sample_weight=None):
            return super().fit(X, y, class_attributes)

    search = GridSearchCV(
        Weighted(), {}, cv=cv, scoring={"H": GZSLScorer("H")}, refit="H"
    )
    with pytest.warns(UserWarning, match="does not support sample_weight"):
        search.fit(X, y, class_attributes=descriptions, sample_weight=np.ones(120))
    assert search.best_score_ > 0
