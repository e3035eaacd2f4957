"""U, S, H, and the seen-unseen curve against a brute-force sweep of penalties."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import recall_score

from sklearn_gzsl.metrics import (
    ausuc_score,
    gzsl_scores,
    harmonic_mean_score,
    per_class_accuracy,
    seen_unseen_curve,
)

Y_TRUE = np.array(["cat", "cat", "cat", "dog", "yak", "yak", "zebra", "zebra"])
Y_PRED = np.array(["cat", "cat", "dog", "dog", "yak", "cat", "yak", "yak"])
SEEN = ["cat", "dog"]
FORMS = {
    "list": list,
    "array": np.asarray,
    "object": lambda y: np.asarray(y, dtype=object),
    "series": lambda y: pd.Series(y, index=range(5, 5 + len(y))),
    "categorical": lambda y: pd.Series(pd.Categorical(y)),
    "column": lambda y: np.asarray(y)[:, None],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("number", [False, True], ids=["strings", "integers"])
def test_scores_by_hand_whatever_holds_the_labels(form, number):
    y_true, y_pred, seen = Y_TRUE, Y_PRED, SEEN
    if number:
        names = np.unique(Y_TRUE)
        y_true, y_pred, seen = (
            np.searchsorted(names, y) for y in (Y_TRUE, Y_PRED, SEEN)
        )
    y_true, y_pred, seen = form(y_true), form(y_pred), form(seen)
    U, S = 1 / 4, (2 / 3 + 1) / 2
    expected = {"U": U, "S": S, "H": 2 * U * S / (U + S)}
    assert gzsl_scores(y_true, y_pred, seen_classes=seen) == pytest.approx(expected)
    balance = harmonic_mean_score(y_true, y_pred, seen_classes=seen)
    assert balance == pytest.approx(expected["H"])
    assert per_class_accuracy(y_true, y_pred) == pytest.approx((U + S) / 2)


def test_per_class_accuracy_is_macro_recall_of_the_true_classes():
    rng = np.random.default_rng(0)
    y_true = rng.choice(5, size=200, p=[0.5, 0.3, 0.1, 0.06, 0.04])
    y_pred = rng.choice(7, size=200)
    recall = recall_score(y_true, y_pred, labels=range(5), average="macro")
    assert per_class_accuracy(y_true, y_pred) == pytest.approx(recall)
    recall = recall_score(y_true, y_pred, labels=[1, 3], average="macro")
    assert per_class_accuracy(y_true, y_pred, labels=[3, 1]) == pytest.approx(recall)


def test_nothing_right_has_harmonic_mean_zero():
    scores = gzsl_scores([0, 1], [1, 0], seen_classes=[0])
    assert scores == {"U": 0.0, "S": 0.0, "H": 0.0}


def test_seen_classes_without_rows_do_not_count():
    scores = gzsl_scores(Y_TRUE, Y_PRED, seen_classes=[*SEEN, "emu"])
    assert scores == gzsl_scores(Y_TRUE, Y_PRED, seen_classes=SEEN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seen_classes": np.unique(Y_TRUE)}, "y_true has no row of any unseen class"),
        ({"seen_classes": ["emu"]}, "y_true has no row of any seen class"),
        ({"seen_classes": []}, "seen_classes has shape"),
        (
            {"seen_classes": [0, 1]},
            r"seen_classes holds .0, 1., but the labels in",
        ),
        ({"y_pred": Y_PRED[1:]}, "inconsistent numbers of samples"),
        ({"y_pred": np.arange(8)}, r"y_pred holds \[0, 1, 2, 3, .*\], but the labels"),
        ({"y_true": np.linspace(0, 1, 8)}, "y_true holds values that are no class"),
        ({"y_true": [*Y_TRUE[1:], None]}, "y_true has missing labels"),
        ({"y_true": [*Y_TRUE[1:], np.nan]}, "y_true has missing labels"),
        ({"y_true": [*Y_TRUE[1:], 5]}, r"y_true mixes text, .* and other labels, "),
        ({"y_true": np.eye(8)}, r"y_true has shape \(8, 8\)"),
        ({"y_true": None}, "'y_true' parameter"),
    ],
)
def test_errors_name_the_argument(change, message):
    arguments = {"y_true": Y_TRUE, "y_pred": Y_PRED, "seen_classes": SEEN} | change
    with pytest.raises(ValueError, match=message):
        gzsl_scores(**arguments)


def test_labels_without_rows_have_no_accuracy():
    with pytest.raises(ValueError, match=r"labels holds \['emu'\], which have no row"):
        per_class_accuracy(Y_TRUE, Y_PRED, labels=["cat", "emu"])


def random_scores(seed, kind="distinct"):
    """Rows of 3 seen and 4 unseen classes of uneven size, and scores with signal."""
    rng = np.random.default_rng(seed)
    labels = np.array(["a", "b", "c", "s", "t", "u", "v"])
    codes = np.append(np.arange(7), rng.choice(7, size=33, p=[0.4, *[0.1] * 6]))
    scores = rng.normal(size=(40, 7)) + 1.5 * np.eye(7)[codes]
    scores[:, :3] += 0.5
    if "ties" in kind:
        scores = scores.round()
    if "ruled out" in kind:
        rows = rng.permutation(np.flatnonzero(codes))  # not "a", argmax of all -inf
        scores[rows[:5], :3] = -np.inf
        scores[rows[5:10], 3:] = -np.inf
        scores[rows[10:13]] = -np.inf
    return labels[codes], scores, labels


def brute_force_curve(y_true, scores, labels, seen_classes, average):
    """Predict under one penalty inside every interval between two finite gaps."""
    is_seen = np.isin(labels, seen_classes)
    best = np.array([scores[:, side].max(axis=1) for side in (is_seen, ~is_seen)])
    best = best[:, np.isfinite(best).all(axis=0)]
    gaps = np.unique(best[0] - best[1])
    penalties = np.r_[gaps[0] - 1, (gaps[:-1] + gaps[1:]) / 2, gaps[-1] + 1]
    points = []
    for penalty in penalties:
        y_pred = labels[np.argmax(scores - penalty * is_seen, axis=1)]
        row_seen = np.isin(y_true, seen_classes)
        if average == "macro":
            result = gzsl_scores(y_true, y_pred, seen_classes=seen_classes)
            points.append([result["S"], result["U"]])
        else:
            right = y_true == y_pred
            points.append([right[row_seen].mean(), right[~row_seen].mean()])
    return np.array(points), penalties


KINDS = ["distinct", "ties", "ruled out", "ties, ruled out"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("average", ["macro", "micro"])
@pytest.mark.parametrize("seed", range(5))
def test_curve_has_every_point_of_a_sweep_over_penalties(seed, average, kind):
    y_true, scores, labels = random_scores(seed, kind)
    options = {"seen_classes": ["c", "a", "b"], "average": average}
    swept, at = brute_force_curve(y_true, scores, labels, **options)
    seen, unseen, penalties = seen_unseen_curve(
        y_true, scores, labels=labels, **options
    )
    where = np.searchsorted(penalties, at, side="right") - 1
    assert_allclose(np.column_stack([seen, unseen])[where], swept, atol=1e-12)
    # Beside the first and the last point, none is one that no penalty reaches.
    assert {0, len(seen) - 1, *where} == set(range(len(seen)))
    S, U = np.vstack([[swept[0, 0], 0], swept, [0, swept[-1, 1]]]).T
    area = np.sum((S[:-1] - S[1:]) * (U[:-1] + U[1:])) / 2
    found = ausuc_score(y_true, scores, labels=labels, **options)
    assert found == pytest.approx(area, rel=0, abs=1e-12)


def brute_force_area(y_true, scores, labels, seen_classes, average):
    """Chance that a seen and an unseen row are right and in order, pair by pair."""
    is_seen = np.isin(labels, seen_classes)
    rows = {True: [], False: []}
    for label, row in zip(y_true, scores, strict=True):
        side = label in seen_classes
        own = row[is_seen == side]
        right = labels[is_seen == side][own.argmax()] == label and own.max() > -np.inf
        gap = row[is_seen].max() - row[~is_seen].max() if right else None
        n_classes = len({c for c in y_true if (c in seen_classes) == side})
        weight = 1 / np.sum(y_true == label) / n_classes
        if average == "micro":
            weight = 1 / np.sum(np.isin(y_true, seen_classes) == side)
        if right:
            rows[side].append((gap, weight))
    return sum(
        w_seen * w_unseen * ((g_seen > g_unseen) + 0.5 * (g_seen == g_unseen))
        for g_seen, w_seen in rows[True]
        for g_unseen, w_unseen in rows[False]
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("average", ["macro", "micro"])
@pytest.mark.parametrize("seed", range(5))
def test_area_is_the_chance_of_a_pair_in_order(seed, average, kind):
    y_true, scores, labels = random_scores(seed, kind)
    options = {"seen_classes": ["c", "a", "b"], "average": average}
    area = brute_force_area(y_true, scores, labels, **options)
    found = ausuc_score(y_true, scores, labels=labels, **options)
    assert found == pytest.approx(area, rel=0, abs=1e-12)
    assert 0.05 < area < 0.95


@pytest.mark.parametrize("kind", ["ties", "ties, ruled out"])
@pytest.mark.parametrize("average", ["macro", "micro"])
def test_at_a_gap_itself_the_unseen_side_wins(average, kind):
    """As the definition of ``penalties`` says; whole scores make this exact."""
    y_true, scores, labels = random_scores(2, kind)
    seen_classes = labels[:3]
    seen, unseen, penalties = seen_unseen_curve(
        y_true, scores, seen_classes=seen_classes, labels=labels, average=average
    )
    finite = np.flatnonzero(np.isfinite(penalties))
    assert len(finite) > 4
    for i in finite:
        penalised = np.column_stack([scores[:, 3:], scores[:, :3] - penalties[i]])
        best = penalised.argmax(axis=1)  # the first of equals, and unseen come first
        right = np.roll(labels, -3)[best] == y_true
        right &= penalised.max(axis=1) > -np.inf
        row_seen = np.isin(y_true, seen_classes)
        for side, found in ((row_seen, seen[i]), (~row_seen, unseen[i])):
            classes = np.unique(y_true[side])
            expected = np.mean([right[y_true == c].mean() for c in classes])
            expected = expected if average == "macro" else right[side].mean()
            assert found == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("average", ["macro", "micro"])
def test_area_is_exact_where_a_grid_is_not(average):
    """Many rows, uneven classes: a sweep over all midpoints, to 1e-9."""
    rng = np.random.default_rng(0)
    y_true = np.append(np.arange(20), rng.zipf(1.3, size=600) % 20)
    scores = rng.normal(size=(len(y_true), 20)) + 2 * np.eye(20)[y_true]
    options = {"seen_classes": np.arange(0, 20, 2), "average": average}
    points, _ = brute_force_curve(y_true, scores, np.arange(20), **options)
    S, U = points.T  # its first and last points are the ends, all rows on one side
    area = np.sum((S[:-1] - S[1:]) * (U[:-1] + U[1:])) / 2
    found = ausuc_score(y_true, scores, **options)
    assert found == pytest.approx(area, rel=0, abs=1e-9)


def test_curve_runs_from_seen_alone_to_unseen_alone():
    y_true, scores, labels = random_scores(0)
    seen, unseen, penalties = seen_unseen_curve(y_true, scores, seen_classes=labels[:3])
    among = {}
    for side, columns in (("seen", slice(3)), ("unseen", slice(3, 7))):
        rows = np.isin(y_true, labels[columns])
        y_pred = labels[columns][scores[rows, columns].argmax(axis=1)]
        among[side] = per_class_accuracy(y_true[rows], y_pred)
    assert (seen[0], unseen[0]) == pytest.approx((among["seen"], 0))
    assert (seen[-1], unseen[-1]) == pytest.approx((0, among["unseen"]))
    assert penalties[0] == -np.inf
    assert np.all(np.diff(seen) <= 0)
    assert np.all(np.diff(unseen) >= 0)
    assert np.all(np.diff(penalties) > 0)


def test_tie_between_sides_counts_half_in_any_order():
    scores = np.array([[1.0, 1.0], [1.0, 1.0]])
    assert ausuc_score([0, 1], scores, seen_classes=[0]) == 0.5
    assert ausuc_score([1, 0], scores, seen_classes=[0]) == 0.5
    assert ausuc_score([0, 1], scores, seen_classes=[1]) == 0.5


def test_area_ignores_bias_towards_seen_classes_and_column_order():
    y_true, scores, labels = random_scores(1)
    area = ausuc_score(y_true, scores, seen_classes=labels[:3], labels=labels)
    biased = scores + 100 * np.isin(labels, labels[:3])
    order = np.random.default_rng(0).permutation(7)
    same = ausuc_score(
        y_true, biased[:, order], seen_classes=labels[:3], labels=labels[order]
    )
    assert same == pytest.approx(area, abs=1e-12)
    assert 0 < area < 1


@pytest.mark.parametrize("ruled_out", [[0, 1], [2, 3]], ids=["seen", "unseen"])
def test_area_is_zero_where_one_side_is_ruled_out(ruled_out):
    scores = np.eye(4)
    scores[:, ruled_out] = -np.inf
    seen, unseen, _ = seen_unseen_curve(range(4), scores, seen_classes=[0, 1])
    assert (max(seen), max(unseen)) == ((0, 1) if ruled_out == [0, 1] else (1, 0))
    assert ausuc_score(range(4), scores, seen_classes=[0, 1]) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_score": np.full((4, 3), np.nan)}, "y_score holds NaN"),
        ({"y_score": np.full((4, 3), np.inf)}, r"y_score holds NaN or \+inf"),
        ({"y_score": np.eye(4)}, "y_score has 4 columns, but there are 3 labels"),
        ({"y_score": np.eye(3)}, "inconsistent numbers of samples"),
        ({"labels": [0, 1, 1]}, "labels holds a class twice"),
        ({"labels": [0, 1, 5]}, r"y_true holds .2., which are not among labels"),
        ({"labels": ["a", "b", "c"]}, r"labels holds .'a'"),
        ({"seen_classes": [0, 1, 2]}, "no row of any unseen class"),
        ({"seen_classes": ["a"]}, r"seen_classes holds .'a'"),
        ({"average": "weighted"}, "'average' parameter"),
    ],
)
@pytest.mark.parametrize("function", [seen_unseen_curve, ausuc_score])
def test_curve_errors_name_the_argument(function, change, message):
    arguments = {"y_true": [0, 1, 2, 2], "y_score": np.eye(3)[[0, 1, 2, 2]]}
    arguments |= {"seen_classes": [0, 1]}
    function(**arguments)
    with pytest.raises(ValueError, match=message):
        function(**(arguments | change))
