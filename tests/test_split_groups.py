"""Splitters with groups: no group, and no unseen class, on both sides."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from sklearn_gzsl.model_selection import (
    GZSLKFold,
    GZSLShuffleSplit,
    check_gzsl_split,
)

N_CLASSES = 10


def make_groups(kind):
    """Labels of 10 classes, and the group of each row."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(N_CLASSES), rng.integers(20, 60, 10)))
    groups = {
        # Each row for itself; clips of videos of one class; everyone does everything;
        # photographers with some classes each; the same, with a few very large groups.
        "rows": np.arange(len(y)),
        "nested": 20 * y + rng.integers(8, size=len(y)),
        "crossed": rng.integers(12, size=len(y)),
        "mixed": (3 * y + rng.integers(10, size=len(y))) % 37,
        "skewed": np.minimum(rng.geometric(0.15, size=len(y)), 15),
    }[kind]
    return y, groups


KINDS = ["rows", "nested", "crossed", "mixed", "skewed"]
SPLITTERS = [
    GZSLShuffleSplit(20, random_state=0),
    GZSLShuffleSplit(20, unseen_size=5, test_size=0.4, random_state=0),
    GZSLShuffleSplit(20, unseen_size=8, test_size=3, random_state=0),
    GZSLKFold(2),
    GZSLKFold(5),
    GZSLKFold(5, shuffle=True, random_state=1),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cv", SPLITTERS, ids=str)
def test_what_every_split_keeps(cv, kind):
    y, groups = make_groups(kind)
    for train, test in cv.split(y, y, groups):
        assert not np.intersect1d(groups[train], groups[test]).size
        assert not np.intersect1d(train, test).size
        seen = np.unique(y[train])
        unseen = np.setdiff1d(y, seen)
        # All classes are tested or trained, and left out are unseen rows alone.
        assert np.isin(unseen, y[test]).all()
        assert np.isin(y[test], seen).any()
        out = np.setdiff1d(np.arange(len(y)), [*train, *test])
        assert np.isin(y[out], unseen).all()
        assert not np.isin(groups[out], groups[test]).any()
        if kind in ("rows", "nested"):
            assert not out.size
        summary = check_gzsl_split(y, train, test, groups=groups, unseen=unseen)
        if isinstance(cv, GZSLShuffleSplit):
            expected = {0.2: 2}.get(cv.unseen_size, cv.unseen_size)
            assert len(summary.unseen_classes) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cv", SPLITTERS[3:], ids=str)
def test_in_folds_each_class_is_unseen_once_and_no_row_seen_test_twice(cv, kind):
    y, groups = make_groups(kind)
    times, unseen = np.zeros(len(y)), []
    for train, test in cv.split(y, y, groups):
        times[test[np.isin(y[test], y[train])]] += 1
        unseen.extend(np.setdiff1d(y, y[train]))
    assert times.max() == 1
    assert sorted(unseen) == list(range(N_CLASSES))


@pytest.mark.parametrize("test_size", [0.2, 0.5, 4])
@pytest.mark.parametrize("kind", ["rows", "nested", "crossed", "mixed"])
def test_share_of_seen_rows_is_near_test_size(kind, test_size):
    y, groups = make_groups(kind)
    counts = np.bincount(y)
    goal = test_size / counts if test_size == 4 else np.full(N_CLASSES, test_size)
    cv = GZSLShuffleSplit(20, test_size=test_size, random_state=0)
    for train, test in cv.split(y, y, groups):
        seen = np.unique(y[train])
        share = np.bincount(y[test], minlength=10)[seen] / counts[seen]
        # Groups of a class have up to an eighth of it, crossed ones a twelfth.
        assert abs(share.mean() - goal[seen].mean()) < 0.12
        if kind == "rows":
            np.testing.assert_allclose(share, goal[seen], atol=0.5 / 20 + 1e-9)


@pytest.mark.parametrize("kind", ["nested", "crossed", "mixed"])
def test_folds_test_about_a_kth_of_the_seen_rows(kind):
    y, groups = make_groups(kind)
    for train, test in GZSLKFold(4, shuffle=True, random_state=0).split(y, y, groups):
        n_seen = np.isin(y, y[train]).sum()
        assert 0.15 < np.isin(y[test], y[train]).sum() / n_seen < 0.35


def test_folds_of_single_row_groups_are_as_large_as_those_without_groups():
    y, groups = make_groups("rows")
    plain, grouped = (GZSLKFold(5).split(y, y, g) for g in (None, groups))
    for (train, test), (train_grouped, test_grouped) in zip(
        plain, grouped, strict=True
    ):
        assert set(y[train]) == set(y[train_grouped])
        difference = np.bincount(y[test]) - np.bincount(y[test_grouped])
        assert abs(difference).max() <= 1


def test_everyone_does_everything():
    """Six subjects, each with all classes: new subjects and new classes at once."""
    y, subject = map(np.ravel, np.indices((8, 6)))
    for train, test in GZSLKFold(4).split(y, y, subject):
        assert len(np.unique(y[train])) == 6
        assert set(y[test]) == set(y)
        assert len(set(subject[train])) + len(set(subject[test])) == 6
    tested = [set(subject[test]) for _, test in GZSLKFold(4).split(y, y, subject)]
    assert sorted(len(group) for group in tested) == [1, 1, 2, 2]
    assert set().union(*tested) == set(range(6))


def test_folds_are_found_though_classes_compete_for_groups():
    """The group that comes first to mind for class 0 is the only one for class 1."""
    y, groups = np.array([[0, 1, 2, 0, 2, 2, 1], [2, 2, 3, 3, 3, 1, 1]])
    for train, test in GZSLKFold(3).split(y, y, groups):
        summary = check_gzsl_split(y, train, test, groups=groups)
        assert len(summary.seen_classes) == 2
        assert len(summary.unseen_classes) == 1


def test_few_groups_of_a_class_are_tested_where_it_is_seen():
    """Ten classes with two groups of four rows each, in five folds."""
    y, groups = np.repeat(np.arange(10), 8), np.arange(80) // 4
    times, sizes = np.zeros(80), []
    for train, test in GZSLKFold(5).split(y, y, groups):
        seen_test = test[np.isin(y[test], y[train])]
        times[seen_test] += 1
        sizes.append(len(seen_test))
    assert (times == 1).all()
    assert max(sizes) - min(sizes) <= 8


def test_groups_larger_than_the_share_to_test():
    """Half a class is the least that can be tested, so one half is, of one class."""
    y, groups = np.repeat(np.arange(5), 10), np.arange(50) // 5
    cv = GZSLShuffleSplit(20, unseen_size=1, test_size=0.1, random_state=0)
    for train, test in cv.split(y, y, groups):
        assert np.isin(y[test], y[train]).sum() == 5


def test_an_unseen_class_is_tested_though_its_group_is_large():
    """Class 0 is in one group, with three quarters of the rows of class 1."""
    y = np.repeat([0, 1, 2], [2, 20, 20])
    groups = np.r_[np.zeros(17), np.arange(1, 26)]
    cv = GZSLShuffleSplit(60, unseen_size=1, random_state=0)
    unseen = [np.setdiff1d(y, y[train]).item() for train, _ in cv.split(y, y, groups)]
    assert set(unseen) == {0, 1, 2}


@pytest.mark.parametrize("cv", [GZSLKFold(2), GZSLShuffleSplit(20, random_state=0)])
def test_a_class_with_one_group_trains_whenever_it_is_seen(cv):
    y, groups = make_groups("nested")
    groups[y == 3] = 999
    for train, test in cv.split(y, y, groups):
        assert np.isin(999, groups[train]) != np.isin(999, groups[test])


@pytest.mark.parametrize("cv", [GZSLKFold(3), GZSLShuffleSplit(5, random_state=0)])
def test_names_of_groups_do_not_matter(cv):
    y, groups = make_groups("mixed")
    names = np.array([f"subject {g:02d}" for g in groups])
    forms = [names, names.astype(object), pd.Series(names), list(names), groups / 4]
    expected = [test.tolist() for _, test in cv.split(y, y, groups)]
    for form in forms:
        assert [test.tolist() for _, test in cv.split(y, y, form)] == expected
    labels = np.array([f"class {c}" for c in y])
    assert [test.tolist() for _, test in cv.split(y, labels, groups)] == expected


@pytest.mark.parametrize("cv", [GZSLKFold(2), GZSLShuffleSplit(random_state=0)])
@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([0, 1, 2], "inconsistent numbers of samples"),
        (np.zeros((8, 2)), r"groups has shape \(8, 2\)"),
        ([0, 1, 2, 3, 4, 5, 6, np.nan], "groups contains NaN"),
        ([0, 1, 2, 3, 4, 5, 6, None], "groups holds values of mixed kinds"),
    ],
)
def test_groups_that_are_none(cv, groups, message):
    y = np.repeat([0, 1, 2, 3], 2)
    with pytest.raises(ValueError, match=message):
        next(cv.split(y, y, groups))


@pytest.mark.parametrize(
    ("cv", "groups", "message"),
    [
        (GZSLShuffleSplit(), np.zeros(8), "In 100 draws, no choice among the 1 groups"),
        # Each class has a single group.
        (GZSLShuffleSplit(), np.repeat(range(4), 2), "no choice among the 4 groups"),
        (GZSLKFold(2), np.repeat(range(4), 2), "Fold 0 would test no seen class.* sev"),
        (
            GZSLKFold(4),
            np.tile([0, 1], 4),
            r"Class \[\d\] is unseen in fold \d, but none of its",
        ),
        (
            GZSLKFold(2),
            np.zeros(8),
            r"Class \[\d\] is unseen in fold \d, but none of its",
        ),
    ],
)
def test_groups_that_cannot_be_split(cv, groups, message):
    y = np.repeat([0, 1, 2, 3], 2)
    with pytest.raises(ValueError, match=message):
        next(cv.split(y, y, groups))


class Watcher(KNeighborsClassifier):
    """Keeps the rows that it learns from."""

    def fit(self, X, y):
        self.rows_ = X[:, 0].astype(int)
        return super().fit(X, y)


def share_nothing(estimator, X, y):
    groups = X[:, 1]
    return float(not np.isin(groups, estimator._fit_X[:, 1]).any())


@pytest.mark.parametrize("routing", [False, True], ids=["routing off", "routing on"])
@pytest.mark.parametrize("cv", [GZSLKFold(3), GZSLShuffleSplit(3, random_state=0)])
def test_searches_hand_groups_on(cv, routing):
    y, groups = make_groups("mixed")
    X = np.column_stack([np.arange(len(y)), groups]).astype(float)
    with config_context(enable_metadata_routing=routing):
        search = GridSearchCV(
            Watcher(n_neighbors=1), {}, cv=cv, scoring=share_nothing, refit=False
        )
        search.fit(X, y, groups=groups)
        assert search.cv_results_["mean_test_score"] == [1.0]
        options = {"cv": cv, "scoring": share_nothing}
        grouped = {"params": {"groups": groups}} if routing else {"groups": groups}
        assert cross_val_score(Watcher(1), X, y, **options, **grouped).all()
        assert not cross_val_score(Watcher(1), X, y, **options).any()
