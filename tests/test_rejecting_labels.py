"""RejectingClassifier: marks of rejected rows, and how they count."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from rejections import FAST, make_clf, make_rows

import sklearn_gzsl
from sklearn_gzsl import RejectingClassifier
from sklearn_gzsl.classifiers._held_out_rows import quantile
from sklearn_gzsl.metrics import gzsl_scores, per_class_accuracy

rows = pytest.fixture(make_rows, scope="module")
clf = pytest.fixture(make_clf, scope="module")


def test_coverage_of_exchangeable_classes():
    """In the mean over many draws of classes, 90 % of the next class's rows."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(400):
        shifts = rng.normal(size=20)  # classes differ more than rows do
        sizes = rng.integers(2, 30, size=19)
        values = np.repeat(shifts[:-1], sizes) + 0.3 * rng.normal(size=sizes.sum())
        weight = np.repeat(1 / sizes, sizes)
        limit = quantile(values, weight, 0.9, 1 / 20)
        held.append(np.mean(shifts[-1] + 0.3 * rng.normal(size=50) <= limit))
    assert 0.88 < np.mean(held) < 0.96


def test_quantiles():
    values, weight = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])
    assert [quantile(values, weight, q) for q in (0.1, 0.25, 0.3, 0.75, 0.8)] == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert quantile(values, weight, 0.9, unknown=0.25) == np.inf
    assert quantile(values[:0], weight[:0], 0.1) == np.inf


@pytest.mark.parametrize(
    ("numbers", "given", "label", "kind"),
    [
        (False, "auto", "rejected", "U"),
        (False, "a long word", "a long word", "U"),
        (False, None, None, "O"),
        (False, -1, -1, "O"),
        (True, "auto", -1, "i"),
        (True, 999, 999, "i"),
        (True, None, None, "O"),
        (True, "none", "none", "O"),
    ],
)
def test_labels_of_rejected_rows(animals, numbers, given, label, kind):
    y = animals.codes if numbers else animals.y
    described = animals.vectors if numbers else animals.attributes
    clf = RejectingClassifier(FAST, reject_label=given, cv=2)
    clf.fit(animals.X, y, class_attributes=described)
    X = np.concatenate([animals.X, 100 * animals.X[:5, ::-1]])
    clf.set_params(false_alarm=0.4)
    y_pred, rejected = clf.predict(X), clf.novelty_score(X) > 0
    assert rejected.any()
    assert y_pred.dtype.kind == kind
    assert [item == label for item in y_pred.tolist()] == rejected.tolist()
    assert y_pred[~rejected].tolist() == clf.estimator_.predict(X)[~rejected].tolist()
    right = [a == b for a, b in zip(y_pred[: len(y)].tolist(), y.tolist(), strict=True)]
    assert clf.score(animals.X, y) == np.mean(right)
    assert clf.score(X[rejected], [label] * rejected.sum()) == 1


@pytest.mark.parametrize(("label", "dtype"), [("auto", "u1"), (-1000, "i1")])
def test_labels_of_a_type_that_does_not_hold_the_mark(animals, label, dtype):
    clf = RejectingClassifier(FAST, reject_label=label, cv=2, false_alarm=0.4)
    y = animals.codes.astype(dtype)
    clf.fit(animals.X, y, class_attributes=animals.vectors)
    y_pred = clf.predict(np.concatenate([animals.X, 100 * animals.X[:5, ::-1]]))
    assert clf.reject_label_ < 0
    assert set(y_pred.tolist()) - {clf.reject_label_} <= set(clf.classes_.tolist())
    assert clf.reject_label_ in y_pred


def test_labels_that_a_class_has(animals):
    clf = RejectingClassifier(FAST, reject_label="cat", cv=2)
    with pytest.raises(ValueError, match="reject_label='cat' is the label of a class"):
        clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    clf.set_params(reject_label="emu")
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    clf.add_classes({"emu": np.ones(7)})
    with pytest.raises(ValueError, match="reject_label='emu'"):
        clf.predict(animals.X)
    clf = RejectingClassifier(FAST, cv=2)
    minus = animals.codes - 1
    described = sklearn_gzsl.ClassAttributes(np.arange(12) - 1, animals.vectors)
    clf.fit(animals.X, minus, class_attributes=described)
    assert clf.reject_label_ == -2


@pytest.mark.parametrize("mark", [None, -1])
def test_metrics_count_rejected_rows_as_errors(mark):
    y = np.array(["cat", "cat", "dog", "zebra"])
    y_pred = np.array(["cat", mark, "dog", mark], dtype=object)
    assert per_class_accuracy(y, y_pred) == pytest.approx(0.5)
    scores = gzsl_scores(y, y_pred.tolist(), seen_classes=["cat", "dog"])
    assert scores == {"U": 0.0, "S": 0.75, "H": 0.0}
    y_pred[1] = 7
    with pytest.raises(ValueError, match="y_pred holds values that are no class"):
        per_class_accuracy(y, y_pred)
    assert per_class_accuracy([0, 1], [0, None]) == 0.5


def test_without_descriptions_nothing_is_rejected(animals):
    clf = RejectingClassifier(FAST).fit(animals.X, animals.y)
    assert (clf.thresholds_ == -np.inf).all()
    assert_array_equal(clf.predict(animals.X), clf.estimator_.predict(animals.X))
