"""GZSLScorer: what it opens, how it ranks, and what it cannot score."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from zoo import NearestDescription

from sklearn_gzsl.metrics import GZSLScorer

METRICS = ["U", "S", "H", "AUSUC"]


class FixedScores:
    """Says what it is told, by one method."""

    def __init__(self, classes, seen_classes, method, scores):
        self.classes_ = np.asarray(classes)
        self.seen_classes_ = np.asarray(seen_classes)
        setattr(self, method, lambda X: np.asarray(scores, dtype=float)[X])


def test_folds_without_unseen_classes_are_named(zoo):
    search = GridSearchCV(
        NearestDescription(),
        {"seen_penalty": [0, 1]},
        cv=StratifiedKFold(),
        scoring=GZSLScorer("H"),
    )
    X, y, descriptions = zoo
    with pytest.warns(UserWarning, match=r"no unseen class.*use GZSLShuffleSplit"):
        search.fit(X, y, class_attributes=descriptions)
    assert np.isnan(search.best_score_)


@pytest.mark.parametrize("candidates", ["present", "all"])
def test_rows_of_one_side_alone(zoo, candidates):
    X, y, descriptions = zoo
    seen = np.isin(y, np.unique(y)[:6])
    model = NearestDescription().fit(X[seen], y[seen], descriptions)
    both = GZSLScorer(candidates="all")(model, X, y)
    for side, rows in (("S", seen), ("U", ~seen)):
        with pytest.warns(UserWarning, match="became NaN"):
            scores = GZSLScorer(candidates=candidates)(model, X[rows], y[rows])
        if candidates == "all":  # else there are fewer to choose from
            assert scores[side] == both[side]
        assert np.isfinite([scores[name] for name in METRICS]).sum() == 1


def test_unknown_labels_are_named(zoo):
    X, y, descriptions = zoo
    seen = np.isin(y, np.unique(y)[:6])
    model = NearestDescription().fit(X[seen], y[seen], descriptions)
    unknown = np.where(seen, y, "unicorn")
    with pytest.raises(ValueError, match=r"y holds \['unicorn'\], which the estimator"):
        GZSLScorer()(model, X, unknown)
    with pytest.raises(ValueError, match=r"y holds \[0, 1, 2"):
        GZSLScorer()(model, X, np.arange(120) % 10)


@pytest.mark.parametrize("metric", ["h", "accuracy", "", 1, ["H", "U"]])
def test_unknown_metric_or_candidates(metric):
    with pytest.raises(ValueError, match=r"metric=.* is unknown; choose one of"):
        GZSLScorer(metric)
    with pytest.raises(ValueError, match=r"candidates=.* is unknown; choose one of"):
        GZSLScorer(candidates=metric)


def test_estimators_that_cannot_be_scored(zoo):
    X, y, _ = zoo
    with pytest.raises(TypeError, match="no seen_classes_ in LogisticRegression"):
        GZSLScorer()(LogisticRegression().fit(X, y), X, y)
    with pytest.raises(NotFittedError, match="NearestDescription"):
        GZSLScorer()(make_pipeline(StandardScaler(), NearestDescription()), X, y)
    silent = FixedScores([0, 1], [0], "predict", [0])
    with pytest.raises(TypeError, match="has none of predict_log_proba"):
        GZSLScorer()(silent, [0, 0], [0, 1])
    with pytest.raises(TypeError, match=r"no metadata, but got \['sample_weight'\]"):
        GZSLScorer()(silent, [0, 0], [0, 1], sample_weight=[1, 1])


def test_meta_estimators_with_estimator_are_opened(zoo):
    X, y, descriptions = zoo
    seen = np.isin(y, np.unique(y)[:6])

    class Wrapper(BaseEstimator):
        def fit(self, X, y, class_attributes):
            self.estimator_ = NearestDescription().fit(2 * X, y, class_attributes)
            return self

        def predict_log_proba(self, X):
            return self.estimator_.predict_log_proba(2 * X)

    wrapped = make_pipeline(FunctionTransformer(), Wrapper())
    wrapped.fit(X[seen], y[seen], wrapper__class_attributes=descriptions)
    direct = NearestDescription().fit(2 * X[seen], y[seen], descriptions)
    assert GZSLScorer()(wrapped, X, y) == GZSLScorer()(direct, 2 * X, y)


ROWS, LABELS = np.arange(4), np.array([0, 0, 1, 1])
PROBABILITY = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])


@pytest.mark.parametrize(
    ("method", "scores"),
    [
        ("predict_log_proba", np.log(PROBABILITY)),
        ("predict_proba", PROBABILITY),
        ("decision_function", np.log(PROBABILITY)),
        ("decision_function", np.log(PROBABILITY[:, 1] / PROBABILITY[:, 0])),
    ],
    ids=["log_proba", "proba", "decision", "decision 1-d"],
)
def test_every_scoring_method_ranks_alike(method, scores):
    model = FixedScores([0, 1], [0], method, scores)
    expected = {"U": 1, "S": 0.5, "H": 2 / 3, "AUSUC": 1}
    assert GZSLScorer()(model, ROWS, LABELS) == pytest.approx(expected)


def test_area_from_probabilities_is_that_from_their_logarithms():
    """Differences and ratios of probabilities order these two rows differently."""
    probability = np.array([[0.5, 0.05, 0.4, 0.05], [0.34, 0.33, 0.27, 0.06]])
    for method, scores in [
        ("predict_proba", probability),
        ("predict_log_proba", np.log(probability)),
    ]:
        model = FixedScores(list("abcd"), ["a", "b"], method, scores)
        assert GZSLScorer("AUSUC", candidates="all")(model, [0, 1], ["a", "c"]) == 0


def test_log_probabilities_come_first_then_probabilities():
    model = FixedScores([0, 1], [0], "decision_function", PROBABILITY[:, ::-1])
    assert GZSLScorer("S")(model, ROWS, LABELS) == 0.5
    assert GZSLScorer("U")(model, ROWS, LABELS) == 0
    model.predict_proba = lambda X: PROBABILITY[X]
    assert GZSLScorer("U")(model, ROWS, LABELS) == 1
    model.predict_log_proba = lambda X: np.log(PROBABILITY[X, ::-1])
    assert GZSLScorer("U")(model, ROWS, LABELS) == 0


@pytest.mark.parametrize("candidates", ["present", "all"])
@pytest.mark.parametrize("method", ["predict_log_proba", "predict_proba"])
def test_classes_of_probability_zero(method, candidates):
    """Conventional zero-shot learning: seen classes are ruled out."""
    scores = np.column_stack([np.zeros((4, 1)), PROBABILITY])
    if method == "predict_log_proba":
        with np.errstate(divide="ignore"):
            scores = np.log(scores)
    model = FixedScores(["a", "b", "c"], ["a"], method, scores)
    result = GZSLScorer(candidates=candidates)(model, ROWS, ["a", "b", "b", "c"])
    assert result == {"U": 0.5, "S": 0, "H": 0, "AUSUC": 0}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_not_numbers(value):
    scores = PROBABILITY.copy()
    scores[1, 0] = value
    model = FixedScores([0, 1], [0], "predict_log_proba", scores)
    with pytest.raises(ValueError, match="predict_log_proba returned NaN"):
        GZSLScorer("H")(model, ROWS, LABELS)
    model = FixedScores([0, 1, 2], [0], "predict_log_proba", PROBABILITY)
    with pytest.raises(ValueError, match=r"shape \(4, 2\).* of the 3 classes"):
        GZSLScorer("H")(model, ROWS, LABELS)


@pytest.mark.parametrize("metric", [None, "H"])
def test_scorer_survives_copies_and_shows_itself(metric):
    scorer = GZSLScorer(metric, candidates="all")
    shown = f"metric={metric!r}, candidates='all', transductive=False"
    assert repr(scorer) == f"GZSLScorer({shown})"
    for same in (copy.deepcopy(scorer), pickle.loads(pickle.dumps(scorer))):
        assert same == scorer
    search = clone(GridSearchCV(NearestDescription(), {}, scoring=scorer))
    assert search.scoring == scorer
    assert scorer != GZSLScorer(metric)
