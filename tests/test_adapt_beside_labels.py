"""Rows of -1 beside labels, and adaptation in splitters, searches and scorers."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from unlabelled_numbers import (
    blurred_numbers,
    prototypes,
    training_rows,
)

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLKFold, GZSLShuffleSplit

numbers = pytest.fixture(blurred_numbers, scope="module")


data = pytest.fixture(training_rows, scope="module")


@pytest.mark.parametrize(
    "make",
    [
        prototypes,
        lambda: GZSLClassifier(
            GaussianGenerator(), prototypes(), seen_penalty=0.0, random_state=0
        ),
        lambda: CalibratedStackingCV(
            make_pipeline(PCA(20, random_state=0), prototypes()), cv=2
        ),
        lambda: GZSLVotingClassifier(
            [("a", prototypes()), ("b", prototypes(own_weight=0.9))]
        ),
    ],
    ids=["prototypes", "gzsl", "calibrated pipeline", "vote"],
)
@pytest.mark.parametrize("names", [False, True], ids=["numbers", "strings"])
def test_labels_of_minus_one(make, names, data, numbers):
    X, y, attributes = data
    if names:
        y = np.array([f"n{label}" for label in y], dtype=object)
        labels = [f"n{label}" for label in attributes.labels]
        attributes = type(attributes)(labels, attributes.values)
    new = numbers.data[numbers.test]
    labels = np.concatenate([y, np.full(len(new), -1)])
    one = make().fit(np.concatenate([X, new]), labels, class_attributes=attributes)
    two = make().fit(X, y if not names else y.astype(str), class_attributes=attributes)
    two.adapt(new)
    np.testing.assert_array_equal(one.predict(new), two.predict(new))
    assert one.n_unlabelled_ == len(new)


def test_labels_that_are_floats(data, numbers):
    X, y, attributes = data
    new = numbers.data[numbers.test]
    # As pandas reads integers of which some are missing.
    labels = pd.Series([*y, *[None] * len(new)], dtype=float).fillna(-1)
    clf = prototypes()
    clf.fit(np.concatenate([X, new]), labels, class_attributes=attributes)
    assert clf.n_unlabelled_ == len(new)


def test_rows_of_minus_one_beside_first_rows(data, numbers):
    X, y, attributes = data
    clf = GZSLClassifier(
        GaussianGenerator(), prototypes(), seen_penalty=0.0, random_state=0
    ).fit(X, y, class_attributes=attributes)
    new = numbers.data[numbers.test]
    first = numbers.test_unseen[:1]
    clf.partial_fit(
        np.concatenate([numbers.data[first], new]),
        np.concatenate([numbers.target[first], np.full(len(new), -1)]),
    )
    assert clf.n_unlabelled_ == len(new)


def test_a_classifier_trained_anew_remembers(data, numbers):
    X, y, attributes = data
    late = np.setdiff1d(attributes.labels, y)[:3]
    early = attributes.subset(np.setdiff1d(attributes.labels, late))
    clf = GZSLClassifier(
        GaussianGenerator(), prototypes(), seen_penalty=0.0, random_state=0
    ).fit(X, y, class_attributes=early)
    new = numbers.data[numbers.test]
    clf.adapt(new)
    before = clf.adaptation_[np.isin(clf.classes_, clf.unseen_classes_)]
    clf.add_classes(attributes.subset(late))
    assert clf.n_unlabelled_ == len(new)
    others = np.setdiff1d(clf.unseen_classes_, late)
    np.testing.assert_allclose(clf.adaptation_[np.isin(clf.classes_, others)], before)
    first = numbers.test_unseen[:1]
    clf.partial_fit(numbers.data[first], numbers.target[first])
    assert clf.n_unlabelled_ == len(new)
    with pytest.warns(UserWarning, match="forgotten the rows without labels"):
        clf.partial_fit(X[:1], y[:1])
    assert clf.n_unlabelled_ == 0


def test_without_descriptions_minus_one_is_a_class():
    X = np.repeat(np.eye(3), 4, axis=0)
    y = np.repeat([-1, 0, 1], 4)
    for clf in (prototypes(), GZSLClassifier(GaussianGenerator(), prototypes())):
        assert clone(clf).fit(X, y).classes_.tolist() == [-1, 0, 1]
    described = {-1: [0.0, 1.0], 0: [1.0, 0.0], 1: [1.0, 1.0], 2: [0.5, 0.0]}
    clf = prototypes().fit(X, y, class_attributes=described)
    assert clf.seen_classes_.tolist() == [-1, 0, 1]


@pytest.mark.parametrize(
    "splitter", [GZSLKFold(3), GZSLShuffleSplit(3, random_state=0)]
)
def test_splitters_keep_them_for_training(splitter):
    y = np.array(["a", "b", "c", "d", "e", "f"] * 4 + [-1] * 5, dtype=object)
    same = np.array(["a", "b", "c", "d", "e", "f"] * 4)
    folds = list(splitter.split(np.zeros((29, 1)), y))
    plain = list(splitter.split(np.zeros((24, 1)), same))
    assert len(folds) == 3
    for (train, test), (plain_train, plain_test) in zip(folds, plain, strict=True):
        np.testing.assert_array_equal(test, plain_test)
        assert sorted(train) == sorted([*plain_train, *range(24, 29)])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_searches_adapt_to_the_rows_of_a_fold(data, numbers, n_jobs):
    X, y, attributes = data
    new = numbers.data[numbers.test][::4]
    X = np.concatenate([X, new])
    y = np.concatenate([y, np.full(len(new), -1)])
    scoring = {
        "plain": GZSLScorer("U"),
        "transductive": GZSLScorer("U", transductive=True),
    }
    search = GridSearchCV(
        prototypes(),
        {"adaptation_prior": [2.0, 1e9]},
        scoring=scoring,
        refit="transductive",
        cv=GZSLKFold(4),
        n_jobs=n_jobs,
        error_score="raise",
    )
    with parallel_config("threading"):
        search.fit(X, y, class_attributes=attributes)
    plain, adapted = (search.cv_results_[f"mean_test_{name}"] for name in scoring)
    # With the first prior, the rows of -1 have moved the plain models, too.
    assert adapted[0] > plain[0] > plain[1]
    assert adapted[1] == pytest.approx(plain[1], abs=0.01)
    assert search.best_estimator_.n_unlabelled_ == len(new)


def test_a_scorer_leaves_the_model_alone(data, numbers):
    X, y, attributes = data
    clf = prototypes().fit(X, y, class_attributes=attributes)
    before = clf.prototypes_.copy()
    rows = numbers.test
    GZSLScorer(transductive=True)(clf, numbers.data[rows], numbers.target[rows])
    np.testing.assert_array_equal(clf.prototypes_, before)
    scores = cross_validate(
        clone(clf),
        X,
        y,
        cv=GZSLKFold(3),
        scoring=GZSLScorer("U", transductive=True),
        params={"class_attributes": attributes},
    )
    assert np.isfinite(scores["test_score"]).all()
