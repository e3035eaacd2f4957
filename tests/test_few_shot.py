"""few_shot_curve: which rows are given, what is scored, and what stays as it was."""

import warnings
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sklearn_gzsl import ClassAttributes
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import few_shot_curve


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers the rows it is given; its score is how many."""

    calls = []  # shared, so that copies report to the test

    def fit(self, X, y):
        self.classes_, self.seen_classes_ = np.unique(y), np.array(["ape", "bat"])
        self.given_ = 0
        return self

    def partial_fit(self, X, y):
        assert self.given_ == 0, "each number of shots starts from the fitted estimator"
        self.given_ = len(X)
        Recorder.calls.append((np.asarray(X)[:, 0].astype(int), np.asarray(y)))
        return self


@pytest.fixture
def recorder():
    Recorder.calls = []
    return Recorder().fit(None, ["ape", "bat", "cat", "dog"])


Y_FEW = np.array(["cat", "ape", "dog"] * 8)
X_FEW = np.arange(24.0)[:, None]
X_TEST, Y_TEST = 100 + np.arange(4.0)[:, None], np.array(["ape", "bat", "cat", "dog"])


def given(estimator, X, y):
    assert_array_equal(X, X_TEST)
    return estimator.given_


def test_rows_are_nested_drawn_class_by_class_and_anew_in_each_repeat(recorder):
    curve = few_shot_curve(
        recorder,
        X_FEW,
        Y_FEW,
        X_TEST,
        Y_TEST,
        shots=[5, 0, 1, 8],
        n_repeats=3,
        random_state=0,
        scoring=given,
    )
    assert curve.shots.tolist() == [5, 0, 1, 8]
    assert curve.score.tolist() == [[10] * 3, [0] * 3, [2] * 3, [16] * 3]
    assert recorder.given_ == 0
    draws = []
    for repeat in range(3):
        five, one, eight = Recorder.calls[3 * repeat : 3 * repeat + 3]
        for k, (rows, labels) in zip((5, 1, 8), (five, one, eight), strict=True):
            assert len(np.unique(rows)) == 2 * k
            assert_array_equal(labels, Y_FEW[rows])
            assert sorted(labels) == ["cat"] * k + ["dog"] * k
        assert set(one[0]) < set(five[0]) < set(eight[0])
        draws.append(tuple(sorted(five[0])))
    assert len(set(draws)) == 3


def test_seeds(recorder):
    def draws(seed):
        Recorder.calls = []
        few_shot_curve(
            recorder,
            X_FEW,
            Y_FEW,
            X_TEST,
            Y_TEST,
            shots=[4],
            n_repeats=3,
            random_state=seed,
            scoring=given,
        )
        return [tuple(rows) for rows, _ in Recorder.calls]

    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert draws(0) == draws(0)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert not set(draws(0)) & set(draws(1))
    assert draws(None) != draws(None)


@pytest.fixture(scope="module")
def shots(animals):
    """Rows of unseen classes to draw from, and the others to score."""
    unseen = np.flatnonzero(np.isin(animals.y_test, animals.unseen))
    few = np.concatenate(
        [unseen[animals.y_test[unseen] == c][:4] for c in animals.unseen]
    )
    rest = np.setdiff1d(np.arange(len(animals.y_test)), few)
    X, y = animals.X_test, animals.y_test
    return X[few], y[few], X[rest], y[rest]


@pytest.fixture
def misled(clf, animals):
    """A classifier to which elks are described as cats nearly are."""
    vectors = animals.vectors.copy()
    vectors[animals.labels == "elk"] = 0.9 * vectors[animals.labels == "cat"]
    return clf.fit(animals.X, animals.y, ClassAttributes(animals.labels, vectors))


def test_each_point_is_partial_fit_and_score(misled, shots):
    X_few, y_few, X_test, y_test = shots
    before = deepcopy(misled)
    curve = few_shot_curve(misled, *shots, shots=[0, 1, 4], random_state=0)
    assert set(curve) == {"shots", "U", "S", "H", "AUSUC"}
    assert curve.H.shape == (3, 1)
    zero = GZSLScorer()(before, X_test, y_test)
    # Four shots are all rows, in another order, which a linear model hardly notices.
    four = GZSLScorer()(before.partial_fit(X_few, y_few), X_test, y_test)
    for name in ("U", "S", "H", "AUSUC"):
        assert curve[name][0, 0] == zero[name]
        assert curve[name][2, 0] == pytest.approx(four[name], abs=0.02)
    assert curve.U[0, 0] < 0.8
    assert curve.U[1, 0] > curve.U[0, 0]
    assert curve.U[2, 0] > 0.95


def test_the_given_estimator_is_untouched(fitted, animals, shots):
    before = dict(vars(fitted))
    scores = fitted.decision_function(animals.X_test)
    few_shot_curve(fitted, *shots, shots=[2], n_repeats=2)
    assert vars(fitted).keys() == before.keys()
    assert all(vars(fitted)[name] is before[name] for name in before)
    assert_array_equal(fitted.decision_function(animals.X_test), scores)


def test_frames_lists_and_single_metrics(fitted, shots):
    X_few, y_few, X_test, y_test = shots
    options = {"shots": (0, 2), "n_repeats": 2, "random_state": 3}
    plain = few_shot_curve(fitted, X_few, y_few, X_test, y_test, **options)
    for X, y in [
        (X_few.tolist(), y_few.tolist()),
        (pd.DataFrame(X_few, index=range(50, 62)), pd.Series(y_few, index=range(12))),
    ]:
        curve = few_shot_curve(
            fitted, X, y, X_test, y_test, **options, scoring=GZSLScorer("H")
        )
        assert set(curve) == {"shots", "score"}
        assert_array_equal(curve.score, plain.H)


def test_rows_that_are_tested_too_give_a_warning(fitted, shots):
    X_few, y_few, X_test, y_test = shots
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        few_shot_curve(fitted, *shots, shots=[0])
    X_test = np.vstack([X_test, X_few[3:5]])
    y_test = np.append(y_test, y_few[3:5])
    n = len(y_test)
    message = (
        rf"2 rows of X_test equal a row of X_few .* {n - 2} \(= 3\), {n - 1} \(= 4"
    )
    with pytest.warns(UserWarning, match=message) as record:
        few_shot_curve(fitted, X_few, y_few, X_test, y_test, shots=[0])
    assert record[0].filename == __file__


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"shots": [0, 9]},
            r"asks for 9 .* has 8 of one; \['cat', 'dog'\] have too few",
        ),
        ({"shots": []}, r"shots=\[\] are no numbers of rows"),
        ({"shots": [0.5]}, r"shots=\[0.5\] are no numbers"),
        ({"shots": [1, -1]}, r"shots=\[1, -1\] are no numbers"),
        ({"shots": 3}, "'shots' parameter of few_shot_curve must be"),
        ({"n_repeats": 0}, "'n_repeats' parameter"),
        ({"random_state": "a"}, "'random_state' parameter"),
        ({"scoring": "accuracy"}, "'scoring' parameter"),
        ({"estimator": LogisticRegression()}, "LogisticRegression has no partial_fit"),
        ({"y_few": Y_FEW[1:]}, "inconsistent numbers of samples"),
        ({"y_test": Y_TEST[1:]}, "inconsistent numbers of samples"),
        ({"y_few": ["ape", "bat"] * 12}, "y_few holds no unseen class, but only"),
        (
            {"y_few": np.arange(24)},
            r"seen_classes_ holds \['ape', 'bat'\], but the lab",
        ),
        ({"y_few": [None] * 24}, "y_few has missing labels"),
    ],
)
def test_errors_name_the_argument(recorder, change, message):
    arguments = {
        "estimator": recorder,
        "X_few": X_FEW,
        "y_few": Y_FEW,
        "X_test": X_TEST,
        "y_test": Y_TEST,
        "scoring": given,
        "shots": [0],
    }
    few_shot_curve(**arguments)
    with pytest.raises((TypeError, ValueError), match=message):
        few_shot_curve(**(arguments | change))


def test_estimators_that_are_not_fitted():
    with pytest.raises(NotFittedError, match="Recorder"):
        few_shot_curve(Recorder(), X_FEW, Y_FEW, X_TEST, Y_TEST)
