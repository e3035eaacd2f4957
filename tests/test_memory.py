"""GZSLClassifier(memory=...) trains a generator once for all that comes after it."""

import numpy as np
import pytest
from joblib import Memory
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

SOFTMAX = SoftmaxClassifier(max_iter=100)


class Counted(GaussianGenerator):
    """Counts how often it is trained."""

    n_fits = 0

    def _fit(self, X, y, A, unseen):
        Counted.n_fits += 1
        return super()._fit(X, y, A, unseen)


@pytest.fixture
def remembering(tmp_path):
    Counted.n_fits = 0
    return GZSLClassifier(
        Counted(),
        SOFTMAX,
        n_synthetic=20,
        memory=str(tmp_path),
        random_state=0,
        seen_penalty=0.0,
    )


def grid(clf, param_grid, animals, n_splits=3, **options):
    cv = GZSLShuffleSplit(n_splits, unseen_size=3, random_state=0)
    search = GridSearchCV(
        clf,
        param_grid,
        cv=cv,
        scoring=GZSLScorer("AUSUC"),
        error_score="raise",
        **options,
    )
    return search.fit(animals.X, animals.y, class_attributes=animals.attributes)


TWELVE_POINTS = [
    {"n_synthetic": [5, 20], "seen_penalty": [0.0, 1.0, 2.0]},
    {"generator__temperature": [0.8, 1.2], "classifier": [LogisticRegression()]},
    {"candidate_classes": ["all"], "classifier__max_iter": [10, 100]},
    {"n_real": [5], "synthesize": ["unseen", "all"]},
]


def test_a_grid_of_twelve_points_trains_one_generator_per_fold(remembering, animals):
    search = grid(remembering, TWELVE_POINTS, animals)
    assert len(search.cv_results_["params"]) == 12
    # Three folds, and the refit on all rows.
    assert Counted.n_fits == 4
    cached = search.cv_results_["mean_test_score"]
    Counted.n_fits = 0
    plain = grid(remembering.set_params(memory=None), TWELVE_POINTS, animals)
    assert Counted.n_fits == 3 * 12 + 1
    np.testing.assert_array_equal(plain.cv_results_["mean_test_score"], cached)
    assert len(np.unique(cached.round(6))) > 4, "the points should differ"


def test_what_changes_the_fit_is_trained_anew(remembering, animals):
    def fits_of(**params):
        before = Counted.n_fits
        fresh = clone(remembering).set_params(**params)
        fresh.fit(animals.X, animals.y, class_attributes=animals.attributes)
        return Counted.n_fits - before

    assert fits_of() == 1
    assert fits_of() == 0
    assert fits_of(generator__shrinkage=0.7) == 1
    assert fits_of(preprocessor="passthrough") == 1
    assert fits_of(random_state=1) == 1
    half = animals.attributes.subset([*animals.seen, "elk"])
    before = Counted.n_fits
    clone(remembering).fit(animals.X, animals.y, class_attributes=half)
    assert Counted.n_fits == before + 1
    before = Counted.n_fits
    clone(remembering).fit(
        animals.X[1:], animals.y[1:], class_attributes=animals.attributes
    )
    assert Counted.n_fits == before + 1


def test_the_fitted_generator_has_the_parameters_asked_for(remembering, animals):
    known = {"class_attributes": animals.attributes}
    remembering.fit(animals.X, animals.y, **known)
    hot = clone(remembering).set_params(generator__temperature=3.0)
    hot.fit(animals.X, animals.y, **known)
    assert Counted.n_fits == 1
    assert hot.generator_.get_params()["temperature"] == 3.0
    assert remembering.generator_.get_params()["temperature"] == 1.0
    spread = [
        model.generator_.sample({"elk": [0.0] * 7}, 50, random_state=0)[0].std(axis=0)
        for model in (remembering, hot)
    ]
    np.testing.assert_allclose(spread[1], 3 * spread[0], rtol=1e-4)


def test_neural_generators_come_back_equal(tmp_path, tiny_flow, animals):
    clf = GZSLClassifier(
        VAECFlow(**tiny_flow), SOFTMAX, n_synthetic=5, random_state=0, seen_penalty=0.0
    )
    known = {"class_attributes": animals.attributes}
    expected = clf.fit(animals.X, animals.y, **known).predict_proba(animals.X_test)
    for memory in (tmp_path, Memory(tmp_path, verbose=0)):
        for _ in range(2):
            again = clone(clf).set_params(memory=memory)
            again.fit(animals.X, animals.y, **known)
            np.testing.assert_array_equal(again.predict_proba(animals.X_test), expected)


def test_a_remembered_generator_is_not_shared(remembering, animals):
    known = {"class_attributes": animals.attributes.subset([*animals.seen, "elk"])}
    first, second = (
        clone(remembering).fit(animals.X, animals.y, **known) for _ in range(2)
    )
    assert first.generator_ is not second.generator_
    before = second.predict_proba(animals.X_test)
    first.generator_.coef_ = None
    first.generator_.set_params(temperature=9.0)
    np.testing.assert_array_equal(second.predict_proba(animals.X_test), before)


def test_calibration_in_a_search_trains_each_inner_generator_once(remembering, animals):
    calibrated = CalibratedStackingCV(remembering, cv=2, random_state=0)
    grid(calibrated, {"estimator__n_synthetic": [5, 10, 20]}, animals, n_splits=2)
    # Two outer folds and the refit, each with two inner folds and the whole.
    assert Counted.n_fits == 3 * 3


def test_a_temperature_that_validation_draws_with_is_part_of_the_fit(
    tmp_path, tiny_flow, animals
):
    known = {"class_attributes": animals.attributes}
    flow = VAECFlow(**tiny_flow, early_stopping=True, validation_interval=5)
    clf = GZSLClassifier(flow, SOFTMAX, n_synthetic=5, random_state=0, seen_penalty=0.0)
    for temperature in (0.0, 5.0):
        clf.set_params(generator__temperature=temperature, memory=None)
        plain = clone(clf).fit(animals.X, animals.y, **known)
        cached = clf.set_params(memory=tmp_path).fit(animals.X, animals.y, **known)
        np.testing.assert_array_equal(
            cached.generator_.validation_scores_, plain.generator_.validation_scores_
        )
