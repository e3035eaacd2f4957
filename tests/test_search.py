"""GZSLClassifier in scikit-learn's searches and cross-validation."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    VAECFlow,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLKFold, GZSLShuffleSplit

METRICS = ["U", "S", "H", "AUSUC"]
GRID = {"generator__alpha": [0.01, 1000.0], "n_synthetic": [5, 20]}


@pytest.fixture
def options():
    """Arguments of a search: folds that hold out two classes, and U, S, H, AUSUC."""
    return {
        "cv": GZSLShuffleSplit(n_splits=2, unseen_size=2, random_state=0),
        "scoring": GZSLScorer(),
        "error_score": "raise",
    }


@pytest.fixture(params=[False, True], ids=["routing off", "routing on"])
def routing(request):
    with config_context(enable_metadata_routing=request.param):
        yield request.param


@pytest.fixture(params=["alone", "pipeline"])
def searched(request, clf, animals, routing):
    """An estimator, its grid, and the attributes under the name that fit wants."""
    if request.param == "alone":
        return clf, GRID, {"class_attributes": animals.attributes}
    grid = {f"gzslclassifier__{name}": values for name, values in GRID.items()}
    prefix = "" if routing else "gzslclassifier__"
    attributes = {f"{prefix}class_attributes": animals.attributes}
    return make_pipeline(StandardScaler(), clf), grid, attributes


def fold_scores(search):
    """Scores of all candidates and folds, one row for each candidate."""
    results = search.cv_results_
    names = [f"split{i}_test_{m}" for m in METRICS for i in range(search.n_splits_)]
    return np.column_stack([results[name] for name in names])


def test_every_fold_is_as_if_done_by_hand(animals, options, searched):
    estimator, grid, attributes = searched
    X, y = animals.X, animals.y
    search = GridSearchCV(estimator, grid, refit="H", **options)
    search.fit(X, y, **attributes)
    for candidate, params in enumerate(search.cv_results_["params"]):
        for fold, (train, test) in enumerate(options["cv"].split(X, y)):
            model = clone(estimator).set_params(**params)
            model.fit(X[train], y[train], **attributes)
            expected = options["scoring"](model, X[test], y[test])
            for metric in METRICS:
                found = search.cv_results_[f"split{fold}_test_{metric}"][candidate]
                assert found == expected[metric]


def test_the_best_model_knows_all_classes(animals, options, searched):
    estimator, grid, attributes = searched
    search = GridSearchCV(estimator, grid, refit="H", **options)
    search.fit(animals.X, animals.y, **attributes)
    results = search.cv_results_
    assert search.best_index_ == results["mean_test_H"].argmax()
    # A ridge that shrinks all classes to their mean recognises no unseen class.
    alpha = next(name for name in search.best_params_ if name.endswith("alpha"))
    assert search.best_params_[alpha] == 0.01
    assert search.best_score_ > 0.9
    model = search.best_estimator_
    model = model[-1] if isinstance(model, Pipeline) else model
    assert model.unseen_classes_.tolist() == animals.unseen.tolist()
    assert np.mean(search.predict(animals.X_test) == animals.y_test) > 0.9


SPLITTERS = [GZSLShuffleSplit(2, unseen_size=2, random_state=0), GZSLKFold(3)]


@pytest.mark.parametrize("cv", SPLITTERS, ids=["shuffle split", "k-fold"])
def test_one_number_in_every_tool(animals, cv, searched):
    """Dicts of scores are not for these: each gets ``GZSLScorer("H")``."""
    estimator, grid, attributes = searched
    X, y = animals.X, animals.y

    def score(train, test, **params):
        model = clone(estimator).set_params(**params)
        model.fit(X[train], y[train], **attributes)
        return GZSLScorer("H")(model, X[test], y[test])

    folds = list(cv.split(X, y))
    by_hand = np.array([score(*fold) for fold in folds])
    options = {"cv": cv, "scoring": GZSLScorer("H"), "error_score": "raise"}

    found = cross_val_score(estimator, X, y, params=attributes, **options)
    np.testing.assert_array_equal(found, by_hand)

    random = RandomizedSearchCV(estimator, grid, n_iter=2, random_state=0, **options)
    random.fit(X, y, **attributes)
    best = random.best_params_
    expected = np.mean([score(*fold, **best) for fold in folds])
    assert random.best_score_ == pytest.approx(expected)

    with pytest.warns(UserWarning, match="H became NaN"):
        sizes, _, found = learning_curve(
            estimator,
            X,
            y,
            train_sizes=[0.6, 1.0],
            params=attributes,
            **options,
        )
    expected = [[score(train[:n], test) for train, test in folds] for n in sizes]
    np.testing.assert_array_equal(found, expected)


def test_halving_ends_with_all_rows(animals, searched):
    estimator, grid, attributes = searched
    search = HalvingGridSearchCV(
        estimator,
        grid,
        cv=SPLITTERS[0],
        scoring=GZSLScorer("H"),
        min_resources=45,
        factor=2,
        return_train_score=False,
        error_score="raise",
        random_state=0,
    )
    search.fit(animals.X, animals.y, **attributes)
    alpha = next(name for name in search.best_params_ if name.endswith("alpha"))
    assert search.best_params_[alpha] == 0.01
    assert search.best_score_ > 0.9
    assert search.n_resources_ == [45, 90]
    assert np.mean(search.predict(animals.X_test) == animals.y_test) > 0.9


def test_nested(animals, options, searched):
    """The outer folds' unseen classes take no part in the inner search."""
    estimator, grid, attributes = searched
    inner = GridSearchCV(estimator, grid, refit="H", **options)
    outer = options | {"cv": GZSLShuffleSplit(2, unseen_size=2, random_state=1)}
    result = cross_validate(
        inner, animals.X, animals.y, params=attributes, return_estimator=True, **outer
    )
    folds = outer["cv"].split(animals.X, animals.y)
    for fold, (train, test) in enumerate(folds):
        search = result["estimator"][fold]
        train_only = clone(inner).fit(animals.X[train], animals.y[train], **attributes)
        np.testing.assert_array_equal(fold_scores(search), fold_scores(train_only))
        expected = options["scoring"](train_only, animals.X[test], animals.y[test])
        for metric in METRICS:
            assert result[f"test_{metric}"][fold] == expected[metric]
    assert result["test_H"].min() > 0.8


def test_frames_in_search(animals, options, searched):
    estimator, grid, attributes = searched
    arrays = GridSearchCV(estimator, grid, refit="H", **options)
    arrays.fit(animals.X, animals.y, **attributes)
    frames = clone(arrays)
    columns = [f"pixel {i}" for i in range(5)]
    rows = np.arange(90)[::-1]  # an index that is not the position
    frames.fit(
        pd.DataFrame(animals.X, columns=columns, index=rows),
        pd.Series(animals.y, index=rows),
        **attributes,
    )
    np.testing.assert_array_equal(fold_scores(frames), fold_scores(arrays))
    assert frames.feature_names_in_.tolist() == columns
    y_pred = frames.predict(pd.DataFrame(animals.X_test, columns=columns))
    assert y_pred.tolist() == arrays.predict(animals.X_test).tolist()


def test_search_over_attribute_sources(clf, animals, options, routing):
    shuffled = ClassAttributes(animals.labels, animals.vectors[::-1])
    one_hot = ClassAttributes(animals.labels, np.eye(12))
    sources = [shuffled, animals.attributes, one_hot]
    search = GridSearchCV(clf, {"class_attributes": sources}, refit="H", **options)
    search.fit(animals.X, animals.y)
    assert search.best_params_["class_attributes"] is animals.attributes
    assert search.best_estimator_.unseen_classes_.tolist() == animals.unseen.tolist()


def test_search_over_generators_and_penalties(clf, animals, options, tiny_flow):
    grid = [
        {"generator": [GaussianGenerator()], "seen_penalty": [-100.0, 1.0, 100.0]},
        {"generator": [VAECFlow(**tiny_flow)]},
    ]
    search = GridSearchCV(clf, grid, refit="H", **options)
    search.fit(animals.X, animals.y, class_attributes=animals.attributes)
    results = search.cv_results_
    assert search.best_index_ == 1
    assert isinstance(search.best_estimator_.generator_, GaussianGenerator)
    assert results["mean_test_U"][:3].tolist() == sorted(results["mean_test_U"][:3])
    # The area under the curve of seen and unseen accuracy is for all penalties.
    assert np.ptp(results["mean_test_AUSUC"][:3]) == pytest.approx(0, abs=1e-9)
