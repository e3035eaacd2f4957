"""GZSLKFold: each class unseen once, each row tested as seen at most once."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, check_cv

from sklearn_gzsl.model_selection import GZSLKFold, check_gzsl_split

COUNTS = [40, 25, 11, 7, 3, 2, 1, 1, 10, 10, 1, 6]  # rows of each class
Y = np.random.default_rng(0).permutation(np.repeat(np.arange(12), COUNTS))
KINDS = {
    "integers": Y,
    "floats": Y.astype(float),
    "strings": np.array([f"class {c:02d}" for c in Y]),
    "objects": np.array([f"class {c:02d}" for c in Y], dtype=object),
    "series": pd.Series([f"class {c:02d}" for c in Y], index=-np.arange(len(Y))),
    "categorical": pd.Series(pd.Categorical([f"class {c:02d}" for c in Y])),
    "list": Y.tolist(),
}


def folds_of(cv, y, groups=None):
    return list(cv.split(np.zeros((len(y), 1)), y, groups))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("k", [2, 3, 5, 12])
def test_what_every_set_of_folds_keeps(kind, k, shuffle):
    y, labels = KINDS[kind], np.asarray(KINDS[kind])
    cv = GZSLKFold(k, shuffle=shuffle, random_state=0 if shuffle else None)
    times_unseen, times_seen_test = {}, np.zeros(len(Y), dtype=int)
    folds = folds_of(cv, y)
    assert len(folds) == cv.get_n_splits() == k
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(Y)))
        summary = check_gzsl_split(labels, train, test)
        assert len(summary.unseen_classes) in (12 // k, -(-12 // k))
        for c in summary.unseen_classes:
            times_unseen[c] = times_unseen.get(c, 0) + 1
        seen_test = test[np.isin(labels[test], labels[train])]
        assert len(seen_test)
        times_seen_test[seen_test] += 1
    assert times_unseen == dict.fromkeys(np.unique(labels), 1)
    assert times_seen_test.max() == 1
    # Of 1 row none is ever spared, and else one part in k is left out at most.
    tested = np.bincount(Y, weights=times_seen_test)
    expected = [0 if n == 1 else n - n // k for n in COUNTS]
    assert tested.tolist() == expected


@pytest.mark.parametrize("shuffle", [False, True])
def test_parts_of_a_class_are_equal_but_for_one_row(shuffle):
    cv = GZSLKFold(4, shuffle=shuffle, random_state=3 if shuffle else None)
    seen_rows = []
    for train, test in folds_of(cv, Y):
        seen = np.unique(Y[train])
        tested = np.bincount(Y[test], minlength=12)[seen]
        n = np.array(COUNTS)[seen]
        several = n > 1
        assert np.isin((tested - n // 4)[several], [0, 1]).all()
        seen_rows.append(tested.sum())
    assert max(seen_rows) - min(seen_rows) < 15  # the largest class has parts of 10


def test_leftover_rows_are_spread_over_the_folds():
    y = np.repeat(np.arange(10), 6)  # one row in each of 5 folds, and one more
    for train, test in folds_of(GZSLKFold(5), y):
        assert len(train) == 48 - 10
        assert len(test) == 12 + 10


@pytest.mark.parametrize(
    ("counts", "k", "n_seen_test"),
    [
        # Classes 0 and 3, unseen together, have a row left over each.
        ([7, 5, 5, 7, 5, 5], 3, [8, 9, 9]),
        # Six rows that can be tested, for five folds.
        ([2, 2, 2, 1, 1], 5, [1, 1, 1, 2, 1]),
    ],
)
def test_leftover_rows_go_where_the_fewest_are(counts, k, n_seen_test):
    y = np.repeat(np.arange(len(counts)), counts)
    folds = folds_of(GZSLKFold(k), y)
    found = [np.isin(y[test], y[train]).sum() for train, test in folds]
    assert found == n_seen_test


def test_shuffling_draws_classes_and_rows():
    y = np.repeat(np.arange(12), 10)
    unseen_with_0, tested_rows = set(), set()
    for seed in range(5):
        for train, test in folds_of(GZSLKFold(3, shuffle=True, random_state=seed), y):
            if 0 not in y[train]:
                unseen_with_0.add(tuple(np.setdiff1d(y, y[train])))
            else:
                tested_rows.add(tuple(test[y[test] == 0]))
    assert len(unseen_with_0) > 2
    assert any(np.ptp(rows) >= len(rows) for rows in tested_rows)


def test_without_shuffling_classes_take_turns_and_rows_stay_neighbours():
    y = np.repeat(list("abcdefg"), 6)
    tests = [test for _, test in folds_of(GZSLKFold(3), y)]
    unseen = ["adg", "be", "cf"]
    for fold, test in enumerate(tests):
        letters, counts = np.unique(y[test], return_counts=True)
        assert "".join(letters[counts == 6]) == unseen[fold]
    place = [tests[fold][y[tests[fold]] == "b"] - 6 for fold in (0, 2)]
    assert [rows.tolist() for rows in place] == [[0, 1], [4, 5]]


def test_seeds():
    def tests(**parameters):
        return [tuple(test) for _, test in folds_of(GZSLKFold(4, **parameters), Y)]

    def seeded(seed):
        return tests(shuffle=True, random_state=seed)

    assert seeded(0) == seeded(0)
    assert len(set(seeded(0) + seeded(1) + tests())) == 12
    assert tests() == tests()
    assert tests(shuffle=True) != tests(shuffle=True)


@pytest.mark.parametrize("k", [2, 3])
def test_few_rows_are_enough_if_each_fold_has_one(k):
    y = np.repeat(np.arange(3), 2)
    for train, test in folds_of(GZSLKFold(k), y):
        summary = check_gzsl_split(y, train, test)
        assert summary.n_test_seen > 0
        assert len(summary.seen_classes) + len(summary.unseen_classes) == 3


@pytest.mark.parametrize(
    ("cv", "y", "message"),
    [
        (GZSLKFold(), None, "y is None, but GZSLKFold splits by class"),
        (GZSLKFold(), np.linspace(0, 1, 6), "y holds values that are no class labels"),
        (GZSLKFold(), np.zeros(6), "y holds a single class"),
        (GZSLKFold(), [0, 0, 1, 1, 2, 2], "n_splits=5 is more than the 3 classes in y"),
        (GZSLKFold(3), np.arange(6), "Fold 0 would test no seen class: too few"),
        (GZSLKFold(2), [0, 0, 0, 0, 0, 1], "Fold 0 would test no seen class: too few"),
        (GZSLKFold(2), np.arange(5) % 2, "inconsistent numbers of samples"),
        (GZSLKFold(1), Y[:6], "'n_splits' parameter of GZSLKFold must be"),
        (GZSLKFold(2.0), Y[:6], "'n_splits' parameter"),
        (GZSLKFold(2, shuffle="yes"), Y[:6], "'shuffle' parameter"),
        (GZSLKFold(2, shuffle=True, random_state="a"), Y[:6], "'random_state' param"),
        (GZSLKFold(2, random_state=0), Y[:6], "random_state=0 has no effect without"),
    ],
)
def test_what_cannot_be_split(cv, y, message):
    with pytest.raises(ValueError, match=message):
        next(cv.split(np.zeros((6, 2)), y))


def test_it_is_a_splitter_like_the_others():
    cv = GZSLKFold(3, shuffle=True, random_state=7)
    assert cv.get_n_splits(Y, Y, Y) == 3
    assert check_cv(cv) is cv
    text = "GZSLKFold(n_splits=3, random_state=7, shuffle=True)"
    assert repr(cv) == text
    assert repr(clone(GridSearchCV(None, {}, cv=cv)).cv) == text
    assert (
        repr(GZSLKFold()) == "GZSLKFold(n_splits=5, random_state=None, shuffle=False)"
    )
