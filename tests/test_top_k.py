"""Flat hit@k per class against brute force and against scikit-learn."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import top_k_accuracy_score

from sklearn_gzsl.metrics import per_class_accuracy, top_k_per_class_accuracy

LABELS = np.array(["emu", "cat", "yak", "dog", "ant"])  # columns in no order


def make_scores(seed, counts, *, ties=False):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(5), counts))
    scores = rng.normal(size=(len(codes), 5)) + np.eye(5)[codes]
    return LABELS[codes], scores.round() if ties else scores


def brute_force(y_true, scores, labels, k, classes):
    """Break ties in all orders of the columns, and count hits class by class."""
    accuracies = []
    orders = list(permutations(range(len(labels))))
    for c in classes:
        hits = []
        for row in scores[y_true == c]:
            for order in orders:
                ranked = sorted(order, key=lambda column: -row[column])
                best = [i for i in ranked[:k] if row[i] > -np.inf]
                hits.append(c in labels[best])
        accuracies.append(np.mean(hits))
    return np.mean(accuracies)


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("kind", ["distinct", "ties", "ruled out"])
@pytest.mark.parametrize("classes", [None, ["yak", "cat"]])
def test_as_by_brute_force(k, kind, classes):
    y_true, scores = make_scores(k, [12, 1, 5, 2, 4], ties=kind != "distinct")
    if kind == "ruled out":
        scores[:4] = -np.inf
        scores[4:, 1] = -np.inf
        scores[8:12, 2:] = -np.inf
    expected = brute_force(
        y_true, scores, LABELS, k, np.unique(y_true) if classes is None else classes
    )
    found = top_k_per_class_accuracy(
        y_true, scores, k=k, labels=LABELS, classes=classes
    )
    assert found == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_classes_of_equal_size_as_scikit_learn(k):
    y_true, scores = make_scores(k, [8] * 5)
    order = np.argsort(LABELS)
    expected = top_k_accuracy_score(y_true, scores[:, order], k=k)
    found = top_k_per_class_accuracy(y_true, scores, k=k, labels=LABELS)
    assert found == pytest.approx(expected)
    # Without labels, columns are in the order of the sorted classes.
    assert found == top_k_per_class_accuracy(y_true, scores[:, order], k=k)
    # Class by class, scikit-learn's weights do the same for any sizes.
    y_true, scores = make_scores(k, [40, 1, 9, 5, 7])
    _, codes, counts = np.unique(y_true, return_inverse=True, return_counts=True)
    weights = 1 / counts[codes]
    expected = top_k_accuracy_score(
        y_true, scores[:, order], k=k, sample_weight=weights
    )
    found = top_k_per_class_accuracy(y_true, scores, k=k, labels=LABELS)
    assert found == pytest.approx(expected)
    assert found != pytest.approx(top_k_accuracy_score(y_true, scores[:, order], k=k))


def test_one_guess_is_accuracy_per_class():
    y_true, scores = make_scores(0, [12, 1, 5, 2, 4])
    y_pred = LABELS[scores.argmax(axis=1)]
    found = top_k_per_class_accuracy(y_true, scores, k=1, labels=LABELS)
    assert found == pytest.approx(per_class_accuracy(y_true, y_pred))


def test_more_guesses_never_hit_less_and_columns_have_no_order():
    y_true, scores = make_scores(1, [12, 1, 5, 2, 4], ties=True)
    found = [
        top_k_per_class_accuracy(y_true, scores, k=k, labels=LABELS)
        for k in range(1, 5)
    ]
    assert found == sorted(found)
    assert found == [
        top_k_per_class_accuracy(y_true, scores[:, ::-1], k=k, labels=LABELS[::-1])
        for k in range(1, 5)
    ]


def test_classes_without_rows_are_candidates_all_the_same():
    y_true, scores = ["cat", "cat"], [[0.1, 0.5, 0.4], [0.5, 0.1, 0.4]]
    labels = ["ant", "cat", "dog"]
    assert top_k_per_class_accuracy(y_true, scores, k=1, labels=labels) == 0.5
    assert top_k_per_class_accuracy(y_true, scores, k=2, labels=labels) == 0.5
    codes, frame = pd.Series([1, 1], index=[7, 8]), pd.DataFrame(scores)
    assert top_k_per_class_accuracy(codes, frame, k=2, labels=[0, 1, 2]) == 0.5


@pytest.mark.parametrize("k", [5, 6])
def test_k_that_is_too_large_to_say_anything(k):
    y_true, scores = make_scores(0, [2] * 5)
    with pytest.warns(UndefinedMetricWarning, match=f"k={k} is no less than the 5 col"):
        assert top_k_per_class_accuracy(y_true, scores, k=k, labels=LABELS) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "'k' parameter of top_k_per_class_accuracy must be"),
        ({"k": 1.5}, "'k' parameter"),
        ({"y_score": np.full((4, 3), np.nan)}, "y_score holds NaN"),
        ({"y_score": np.eye(4)}, "y_score has 4 columns, but there are 3 labels; pass"),
        ({"y_score": np.eye(3)}, "inconsistent numbers of samples"),
        ({"labels": [0, 1, 1]}, "labels holds a class twice"),
        ({"labels": [0, 1, 5]}, r"y_true holds .2., which are not among labels"),
        ({"labels": ["a", "b", "c"]}, r"labels holds .'a'"),
        ({"classes": [0, 5]}, r"classes holds \[5\], which have no row in y_true"),
        ({"classes": ["a"]}, r"classes holds .'a'"),
    ],
)
def test_errors_name_the_argument(change, message):
    arguments = {"y_true": [0, 1, 2, 2], "y_score": np.eye(3)[[0, 1, 2, 2]], "k": 1}
    assert top_k_per_class_accuracy(**arguments) == 1
    with pytest.raises(ValueError, match=message):
        top_k_per_class_accuracy(**(arguments | change))
