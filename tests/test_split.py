"""GZSLShuffleSplit: what every split keeps, whatever the labels look like."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, check_cv

from sklearn_gzsl.model_selection import GZSLShuffleSplit

COUNTS = [40, 25, 11, 7, 3, 2, 1, 1, 10, 10]  # rows of each class


def make_labels(kind):
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(10), COUNTS))
    return {
        "integers": y,
        "floats": y.astype(float),
        "strings": np.array([f"class {c}" for c in y]),
        "objects": np.array([f"class {c}" for c in y], dtype=object),
        "object integers": y.astype(object),
        "series": pd.Series([f"class {c}" for c in y], index=-np.arange(len(y))),
        "list": y.tolist(),
    }[kind]


KINDS = [
    "integers",
    "floats",
    "strings",
    "objects",
    "object integers",
    "series",
    "list",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"unseen_size": 1, "test_size": 1},
        {"unseen_size": 8, "test_size": 5},
        {"unseen_size": 9, "test_size": 0.01},
        {"unseen_size": 0.99, "test_size": 0.99},
        {"unseen_size": 0.01, "test_size": 1000},
    ],
    ids=str,
)
def test_what_every_split_keeps(kind, sizes):
    y = make_labels(kind)
    X, labels = np.zeros((len(y), 1)), np.asarray(y)
    cv = GZSLShuffleSplit(n_splits=20, random_state=0, **sizes)
    for train, test in cv.split(X, y):
        assert sorted([*train, *test]) == list(range(len(y)))
        seen = np.isin(labels[test], labels[train])
        assert seen.any()
        assert not seen.all()
        for c in np.unique(labels[train]):  # a seen class, a single row stays
            rows, tested = np.sum(labels == c), np.sum(labels[test] == c)
            assert (tested == 0) if rows == 1 else (0 < tested < rows)


@pytest.mark.parametrize(
    ("test_size", "tested"),
    [
        (0.2, [8, 5, 2, 1, 1, 1, 0, 0, 2, 2]),
        (0.5, [20, 13, 6, 4, 2, 1, 0, 0, 5, 5]),
        (0.9, [36, 23, 10, 6, 2, 1, 0, 0, 9, 9]),
        (1, [1, 1, 1, 1, 1, 1, 0, 0, 1, 1]),
        (10, [10, 10, 10, 6, 2, 1, 0, 0, 9, 9]),
    ],
)
def test_rows_of_each_class(test_size, tested):
    y = make_labels("integers")
    cv = GZSLShuffleSplit(unseen_size=2, test_size=test_size, random_state=0)
    for train, test in cv.split(y, y):
        seen = np.unique(y[train])
        sizes = np.bincount(y[test], minlength=10)
        assert sizes[seen].tolist() == np.array(tested)[seen].tolist()
        unseen = np.setdiff1d(range(10), seen)
        assert sizes[unseen].tolist() == np.array(COUNTS)[unseen].tolist()


@pytest.mark.parametrize(
    ("unseen_size", "n_unseen"),
    [(0.2, 2), (0.26, 3), (0.04, 1), (0.99, 9), (1, 1), (9, 9), (np.int64(3), 3)],
)
def test_number_of_unseen_classes(unseen_size, n_unseen):
    y = make_labels("strings")
    cv = GZSLShuffleSplit(n_splits=4, unseen_size=unseen_size, random_state=0)
    for train, test in cv.split(y, y):
        assert len(np.setdiff1d(y[test], y[train])) == n_unseen


def test_same_seed_same_splits_and_each_split_another():
    y = make_labels("strings")
    X = np.zeros((len(y), 1))

    def tests(seed):
        cv = GZSLShuffleSplit(n_splits=8, random_state=seed)
        return [tuple(np.sort(test)) for _, test in cv.split(X, y)]

    assert tests(0) == tests(0)
    assert len(set(tests(0) + tests(1))) == 16
    assert tests(None) != tests(None)
    cv = GZSLShuffleSplit(n_splits=1, random_state=np.random.RandomState(0))
    assert next(cv.split(X, y))[0].tolist() != next(cv.split(X, y))[0].tolist()


def test_the_global_random_state_is_left_alone():
    y = make_labels("integers")
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    list(GZSLShuffleSplit(random_state=0).split(y, y))
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_every_class_is_unseen_now_and_then_and_rows_vary():
    y = make_labels("integers")
    times = np.zeros(len(y))
    unseen = np.zeros(10)
    for train, test in GZSLShuffleSplit(400, random_state=0).split(y, y):
        times[test] += 1
        unseen[np.setdiff1d(y[test], y[train])] += 1
    assert (abs(unseen / 400 - 0.2) < 0.08).all()
    # A row of class 0 is tested if its class is unseen (0.2) or it is drawn (0.2).
    assert (abs(times[y == 0] / 400 - 0.36) < 0.12).all()


def test_prefixes_of_train_hold_all_classes_as_learning_curves_need():
    y = np.repeat(np.arange(4), 100)
    for train, test in GZSLShuffleSplit(5, unseen_size=1, random_state=0).split(y, y):
        for rows in (train, test):
            first = np.bincount(y[rows][: len(rows) // 4], minlength=4)
            share = np.bincount(y[rows], minlength=4) / 4
            assert (abs(first - share) < 15).all()


def test_rare_classes_are_drawn_again_rather_than_fail():
    y = np.array([0, 1, 2, 3, 4, 4, 4, 4])
    for train, test in GZSLShuffleSplit(50, unseen_size=4, random_state=0).split(y, y):
        assert set(y[train]) == {4}
        assert {0, 1, 2, 3, 4} == set(y[test])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "y is None, but GZSLShuffleSplit splits by class"),
        (np.linspace(0, 1, 6), "y holds values that are no class labels"),
        ([1, 1, 2, 2, None, 3], "y has missing labels"),
        (np.eye(6), r"y has shape \(6, 6\)"),
        (np.zeros(6), "y holds a single class"),
        (np.arange(6), "Every class in y has a single row"),
        (np.arange(5), "inconsistent numbers of samples"),
    ],
)
def test_labels_that_cannot_be_split(y, message):
    with pytest.raises(ValueError, match=message):
        next(GZSLShuffleSplit().split(np.zeros((6, 2)), y))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"unseen_size": 0}, "'unseen_size' parameter of GZSLShuffleSplit must be"),
        ({"unseen_size": 1.0}, "'unseen_size' parameter"),
        ({"unseen_size": None}, "'unseen_size' parameter"),
        ({"unseen_size": 3}, "unseen_size=3 leaves none of the 3 classes"),
        ({"test_size": 0}, "'test_size' parameter of GZSLShuffleSplit must be"),
        ({"test_size": 1.0}, "'test_size' parameter"),
        ({"test_size": "half"}, "'test_size' parameter"),
        ({"n_splits": 0}, "'n_splits' parameter"),
        ({"n_splits": 2.0}, "'n_splits' parameter"),
        ({"random_state": "seed"}, "'random_state' parameter"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    y = np.repeat([0, 1, 2], 4)
    with pytest.raises(ValueError, match=message):
        next(GZSLShuffleSplit(**parameters).split(y, y))


def test_it_is_a_splitter_like_the_others():
    cv = GZSLShuffleSplit(n_splits=3, unseen_size=2, random_state=7)
    assert cv.get_n_splits() == 3
    assert check_cv(cv) is cv
    text = "GZSLShuffleSplit(n_splits=3, random_state=7, test_size=0.2, unseen_size=2)"
    assert repr(cv) == text
    assert repr(clone(GridSearchCV(None, {}, cv=cv)).cv) == text
