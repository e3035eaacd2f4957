"""What PrototypeClassifier leaves at "auto": against the criterion written out."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from sklearn_gzsl import ClassAttributes, PrototypeClassifier
from sklearn_gzsl.classifiers import _prototype_choice
from sklearn_gzsl.classifiers._held_out import parted, some_classes
from sklearn_gzsl.classifiers._prototype_choice import GRID, _Judge, choose_settings
from sklearn_gzsl.datasets import load_two_digit_numbers, make_gzsl_classification
from sklearn_gzsl.metrics import per_class_accuracy, seen_unseen_curve

CHOSEN = tuple(GRID)


def unit(M):
    return M / np.linalg.norm(M, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    A = rng.normal(size=(9, 6))
    codes = np.repeat(np.arange(9), 14)
    X = A[codes] @ rng.normal(size=(6, 6)) + 2 * rng.normal(size=(len(codes), 6))
    return X, codes, A


def criterion(X, codes, A, groups, fitted, judged, *, own_weight, settings):
    """Z of the held-out classes plus the best H, means over groups; no shortcuts."""
    power, shrinkage, degree, alpha, towards, hubness = settings.values()
    if power is not None:
        X = unit(np.sign(X) * np.abs(X) ** power)
    n, d = len(A), X.shape[1]
    means = np.array([X[fitted][codes[fitted] == c].mean(axis=0) for c in range(n)])
    within = X[fitted] - means[codes[fitted]]
    S = within.T @ within / len(fitted)
    S = (1 - shrinkage) * S + shrinkage * np.trace(S) / d * np.eye(d)
    W = np.linalg.inv(np.real(sqrtm(S)))
    Z = unit((X - means.mean(axis=0)) @ W)
    own = np.array([Z[fitted][codes[fitted] == c].mean(axis=0) for c in range(n)])
    length = towards * np.linalg.norm(own, axis=1).mean()
    guess = length * unit((A - A.mean(axis=0)) @ W) if towards else np.zeros((n, d))
    K = ((1 + unit(A) @ unit(A).T) / 2) ** degree
    found = []
    for held_out in groups:
        known = np.flatnonzero(~held_out)
        R = own[known] - guess[known]
        dual = np.linalg.solve(
            K[np.ix_(known, known)] + alpha * np.eye(len(known)), R - R.mean(axis=0)
        )
        P = unit(guess + R.mean(axis=0) + K[:, known] @ dual)
        P[known] = unit(own_weight * unit(own[known]) + (1 - own_weight) * P[known])
        scores, y = Z[judged] @ P.T, codes[judged]
        near = np.sort(P @ P[known].T, axis=1)[:, -3:].mean(axis=1)
        less = hubness * (near - near[held_out].mean())
        scores = scores - np.where(held_out, less, 0)
        S_curve, U_curve, _ = seen_unseen_curve(y, scores, seen_classes=known)
        out = np.flatnonzero(held_out)
        mine = np.isin(y, out)
        among = per_class_accuracy(y[mine], out[scores[mine][:, out].argmax(axis=1)])
        with np.errstate(invalid="ignore"):
            H = np.nan_to_num(2 * S_curve * U_curve / (S_curve + U_curve))
        found.append(among + H.max())
    return np.mean(found)


@pytest.mark.parametrize(
    "values",
    [
        (None, 0.3, 1, 0.1, 0.0, 0.0),
        (0.5, 0.8, 4, 0.01, 0.0, 0.2),
        (None, 0.5, 2, 0.3, 0.8, 0.1),
    ],
)
def test_settings_are_judged_by_the_criterion(rows, values):
    X, codes, A = rows
    fitted, judged = parted(codes)
    judge = _Judge(X, codes, A, A, fitted, judged, 0.6)
    settings = dict(zip(CHOSEN, values, strict=True))
    expected = criterion(
        X, codes, A, judge._groups, fitted, judged, own_weight=0.6, settings=settings
    )
    assert judge(**settings) == pytest.approx(expected, abs=1e-6)


def test_each_class_is_held_out_and_judged_by_rows_that_were_not_learned_from(rows):
    X, codes, A = rows
    fitted, judged = parted(codes)
    assert not np.intersect1d(fitted, judged).size
    assert np.unique(codes[judged]).tolist() == np.unique(codes[fitted]).tolist()
    groups = np.array(_Judge(X, codes, A, A, fitted, judged, 0.7)._groups)
    assert (groups.sum(axis=0) == 2).all()  # once in each of two partitions


def test_a_class_of_one_row_is_learned_from():
    codes = np.array([0, 1, 1, 1, 2, 3])
    fitted, judged = parted(codes)
    assert np.unique(codes[fitted]).tolist() == [0, 1, 2, 3]
    assert judged.tolist() == [3]


def test_with_three_classes_there_is_nothing_to_judge_by():
    assert not len(parted(np.repeat([0, 1, 2], 9))[1])


def test_the_choice_is_the_best_of_its_neighbours(rows):
    """No change of a single setting would have been judged better."""
    X, codes, A = rows
    clf = PrototypeClassifier().fit(X, codes, class_attributes=A)
    judge = _Judge(X, codes, A, A, *parted(codes), clf.own_weight)
    predicts = clf.settings_ | {"hubness_weight": 0.0}  # which is chosen last
    for chosen, names in (
        (predicts, set(GRID) - {"hubness_weight"}),
        (clf.settings_, {"hubness_weight"}),
    ):
        best = judge(**chosen)
        for name in names:
            for value in GRID[name]:
                assert judge(**chosen | {name: value}) <= best


def choose(X, codes, A):
    auto = dict.fromkeys(GRID, "auto")
    return choose_settings(auto, X, codes, A, compared=A, own_weight=0.7)


def test_of_many_classes_some_decide(rows, monkeypatch):
    X, codes, A = rows
    whole = choose(X, codes, A)
    monkeypatch.setattr(_prototype_choice, "_MOST_CLASSES", len(A))
    assert choose(X, codes, A) == whole
    monkeypatch.setattr(_prototype_choice, "_MOST_CLASSES", 6)
    some = some_classes(codes, 6)
    assert len(np.unique(some)) == 6
    mine = np.isin(codes, some)
    alone = choose(X[mine], np.searchsorted(some, codes[mine]), A[some])
    assert choose(X, codes, A) == alone
    # Of classes with two rows none is judged: they wait until the others are in.
    few = np.concatenate([np.repeat(np.arange(30), 2), np.repeat([3, 7, 8, 20, 29], 4)])
    assert np.isin([3, 7, 8, 20, 29], some_classes(few, 6)).all()


def test_thousands_of_classes_are_not_all_judged(monkeypatch):
    judged = []

    class Spy(_Judge):
        def __call__(self, **settings):
            judged.append(len(self._A))
            return super().__call__(**settings)

    monkeypatch.setattr(_prototype_choice, "_Judge", Spy)
    rng = np.random.default_rng(0)
    A = rng.normal(size=(3000, 4))
    codes = np.repeat(np.arange(3000), 3)
    X = A[codes] + rng.normal(size=(len(codes), 4))
    fixed = dict.fromkeys(GRID, 0.0) | {"power": None, "shrinkage": 0.5, "alpha": 0.1}
    choose_settings(fixed | {"degree": "auto"}, X, codes, A, compared=A, own_weight=0.7)
    assert set(judged) == {200}


def test_names_in_the_space_of_the_rows_are_used():
    data = make_gzsl_classification(random_state=0)
    X, y = data.data[data.train], data.target[data.train]
    # Descriptions that say where the class is: the mean of its rows, with some noise.
    rng, labels = np.random.default_rng(0), np.unique(data.target)
    means = np.array([data.data[data.target == c].mean(axis=0) for c in labels])
    noisy = means + 0.5 * means.std() * rng.normal(size=means.shape)
    clf = PrototypeClassifier().fit(
        X, y, class_attributes=ClassAttributes(labels, noisy)
    )
    assert clf.settings_["description_weight"] > 0


def test_what_is_given_is_not_chosen():
    numbers = load_two_digit_numbers(n_train=6, n_test=1)
    X, y = numbers.data[numbers.train], numbers.target[numbers.train]
    clf = PrototypeClassifier(power=None, shrinkage=0.3, alpha=0.05)
    clf.fit(X, y, class_attributes=numbers.class_attributes)
    given = {"power": None, "shrinkage": 0.3, "alpha": 0.05}
    # Descriptions live elsewhere.
    assert clf.settings_.items() >= {**given, "description_weight": 0.0}.items()
    assert clf.settings_["degree"] in GRID["degree"]


def test_with_few_classes_nothing_is_searched():
    X = np.random.default_rng(0).normal(size=(12, 4))
    clf = PrototypeClassifier().fit(X, np.repeat([0, 1, 2], 4))
    first = {name: values[0] for name, values in GRID.items()}
    assert clf.settings_ == first | {"power": None}
    clf = PrototypeClassifier(power=0.3).fit(X, np.repeat([0, 1, 2], 4))
    assert clf.settings_ == first | {"power": 0.3}
