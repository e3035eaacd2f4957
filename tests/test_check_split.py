"""check_gzsl_split: what leaks, and how the message names it."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_matrix, csr_matrix

from sklearn_gzsl.model_selection import (
    GZSLKFold,
    GZSLShuffleSplit,
    check_gzsl_split,
)

Y = np.array(["cat"] * 3 + ["dog"] * 3 + ["yak"] * 2 + ["zebra"] * 2)
TRAIN, TEST = [0, 1, 3, 4], [2, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "unseen", [None, ["zebra", "yak"], ["zebra", "yak", "unicorn"]]
)
@pytest.mark.parametrize(
    "form", [list, np.array, pd.Series, lambda rows: np.isin(np.arange(10), rows)]
)
def test_what_it_says_of_a_good_split(form, unseen):
    summary = check_gzsl_split(Y, form(TRAIN), form(TEST), unseen=unseen)
    assert summary.seen_classes.tolist() == ["cat", "dog"]
    assert summary.unseen_classes.tolist() == ["yak", "zebra"]
    assert (summary.n_train, summary.n_test_seen, summary.n_test_unseen) == (4, 2, 4)


def test_conventional_zero_shot_learning_has_no_seen_test_row():
    assert check_gzsl_split(Y, TRAIN, [6, 7]).n_test_seen == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": [0, 2, 5]}, r"leaks. train and test share rows \[2, 5\]\.$"),
        (
            {"train": [0, 8, 3, 6], "test": [1, 9, 7], "unseen": ["zebra", "yak"]},
            r"train holds rows \[8, 6\] of the classes \['zebra', 'yak'\], which",
        ),
        (
            {"train": range(9), "test": [8, 9], "unseen": ["zebra"]},
            r"share rows \[8\]. train holds rows \[8\] of the classes \['zebra'\]",
        ),
        (
            {"unseen": ["zebra"]},
            r"test holds rows \[6, 7\] of the classes \['yak'\], which have no row in",
        ),
        ({"test": [2, 5]}, r"test holds no row of an unseen class .*\['cat', 'dog'\]"),
        ({"test": []}, "test holds no row of an unseen class"),
        ({"train": []}, "train is empty"),
        ({"test": [2, 10, 11]}, r"test holds the row numbers \[10, 11\], but y has 10"),
        ({"train": [0, -1]}, r"train holds the row numbers \[-1\], but y has 10 rows"),
        ({"train": [0, 1, 0]}, r"train holds rows \[0\] more than once"),
        ({"test": [6, 8, 6, 8]}, r"test holds rows \[6, 8\] more than once"),
        ({"train": [0.0, 1.0]}, r"train holds \[0.0, 1.0\]; rows are chosen by whole"),
        ({"train": [[0], [1]]}, r"train has shape \(2, 1\)"),
        ({"test": [True, False]}, "test is a mask of 2 rows, but y has 10"),
        ({"unseen": [2, 3]}, r"unseen holds \[2, 3\], but the labels"),
        ({"unseen": []}, r"\['yak', 'zebra'\], which have no row in train and are not"),
        ({"y": np.linspace(0, 1, 10)}, "y holds values that are no class labels"),
        (
            {"groups": [0, 1, 2, 3, 1, 5, 0, 7, 7, 7]},
            r"share the groups \[0\]: rows \[0\] of train and rows \[6\] of test",
        ),
        (
            {"groups": list("abbcddefgh")},
            r"groups \['b', 'd'\]: rows \[1, 4\] of train and rows \[2, 5\] of test",
        ),
        ({"groups": [0, 1]}, "inconsistent numbers of samples"),
        ({"X": np.zeros((9, 1))}, "inconsistent numbers of samples"),
    ],
)
def test_what_leaks_is_named(change, message):
    arguments = {"y": Y, "train": TRAIN, "test": TEST} | change
    with pytest.raises(ValueError, match=message):
        check_gzsl_split(**arguments)


def test_long_lists_are_cut():
    y = np.repeat([0, 1, 2], 100)
    with pytest.raises(ValueError, match=r"rows \[100, 101, .*, 109, ... 90 more\]"):
        check_gzsl_split(y, np.arange(200), np.arange(100, 300))


def features():
    """Rows that all differ, but for those of test that equal 0 or 3 of train."""
    X = np.random.default_rng(0).integers(1, 9, size=(10, 6)).astype(float)
    X[0, :2] = 0, 4
    X[[2, 5, 9]] = X[0]
    X[2, 0] = -0.0
    X[7] = X[3]
    return X


FORMS = {
    "float64": np.asarray,
    "float32": lambda X: X.astype(np.float32),
    "integers": lambda X: X.astype(int),
    "columns": np.asfortranarray,
    "frame": lambda X: pd.DataFrame(X, index=range(90, 100)),
    "strings": lambda X: (X + 0.0).astype(str),
    "objects": lambda X: (X + 0.0).astype(object),
    "csr": csr_matrix,
    "csc": csc_matrix,
    "list": lambda X: X.tolist(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_rows_with_the_same_features_give_a_warning(form):
    message = (
        r"4 rows of test equal a row of train in every feature.*: rows "
        r"2 \(= 0\), 5 \(= 0\), 7 \(= 3\), 9 \(= 0\)\."
    )
    with pytest.warns(UserWarning, match=message) as record:
        summary = check_gzsl_split(Y, TRAIN, TEST, X=form(features()))
    assert summary.n_train == 4
    assert record[0].filename == __file__


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_different_features_give_none(form):
    X = features()
    X[[2, 5, 7, 9], 1] = [11, 11, 12, 13]  # 2 and 5 are equal, but both in test
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_gzsl_split(Y, TRAIN, TEST, X=form(X))


def test_duplicates_against_brute_force():
    rng = np.random.default_rng(1)
    X = rng.integers(2, size=(200, 6))
    y = np.repeat(np.arange(10), 20)
    train, test = next(GZSLShuffleSplit(random_state=0).split(X, y))
    equal = (X[test][:, None] == X[train]).all(axis=2).any(axis=1)
    with pytest.warns(UserWarning, match=f"^{equal.sum()} rows of test equal"):
        check_gzsl_split(y, train, test, X=X)


@pytest.mark.parametrize(
    "cv", [GZSLKFold(3), GZSLShuffleSplit(random_state=0)], ids=["kfold", "shuffle"]
)
def test_own_splits_pass(cv):
    y = np.repeat(np.arange(10), 20)
    groups = np.arange(200) // 4
    for train, test in cv.split(y, y, groups):
        summary = check_gzsl_split(y, train, test, groups=groups)
        assert summary.n_train + summary.n_test_seen + summary.n_test_unseen == 200
