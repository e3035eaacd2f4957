"""What a check of descriptions finds, beside sums worked out one by one."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import ClassAttributes, GaussianGenerator
from sklearn_gzsl.inspection import check_descriptions

LABELS = [f"class {i}" for i in range(12)]


@pytest.fixture
def told():
    """Rows of ten classes whose means follow from the descriptions of all twelve."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((12, 4))
    y = np.repeat(np.arange(10), 30)
    X = (A @ rng.standard_normal((4, 6)))[y] + 0.1 * rng.standard_normal((300, 6))
    return A, X * [1, 1, 1, 1, 1, 1000], np.array(LABELS)[y]


def test_leave_one_out_is_that_of_refits(told):
    A, X, y = told
    report = check_descriptions(ClassAttributes(LABELS, A), X, y)
    scaled = StandardScaler().fit_transform(X)
    means = np.array([scaled[y == label].mean(axis=0) for label in LABELS[:10]])
    targets = means - means.mean(axis=0)
    # The degree and ridge of the generator, which predicts the means alike.
    chosen = GaussianGenerator().fit(scaled, y, dict(zip(LABELS, A, strict=True)))
    units = A / np.linalg.norm(A, axis=1, keepdims=True)
    kernel = ((1 + units @ units.T) / 2)[:10, :10] ** chosen.degree_
    missed = []
    for c in range(10):
        others = np.arange(10) != c
        ridge = KernelRidge(alpha=chosen.alpha_, kernel="precomputed")
        ridge.fit(kernel[np.ix_(others, others)], targets[others])
        missed.append(targets[c] - ridge.predict(kernel[[c]][:, others])[0])
    missed = np.square(missed).sum(axis=1)
    total = np.square(targets).sum(axis=1)
    assert_allclose(report.r2, 1 - missed.sum() / total.sum(), rtol=1e-4)
    assert list(report.class_r2) == LABELS[:10]
    assert_allclose([*report.class_r2.values()], 1 - missed / total, rtol=1e-3)
    assert "of the means of 10 seen classes" in str(report)


def test_good_descriptions_are_told_from_those_of_other_classes(told):
    A, X, y = told
    good = check_descriptions(ClassAttributes(LABELS, A), X, y)
    bad = check_descriptions(ClassAttributes(LABELS, np.roll(A, 1, axis=0)), X, y)
    assert good.r2 > 0.5
    assert bad.r2 < 0.3


def test_what_is_wrong_with_a_table_is_named():
    table = pd.DataFrame(
        {"alive": 1, "hooves": [1, 1, 0, 0], "grams": [5e5, 5e5, 2e5, 20.0]},
        index=["horse", "zebra", "tiger", "mouse"],
    )
    with pytest.warns(UserWarning, match="same description"):
        report = check_descriptions(table)
    assert_array_equal(report.constant_columns, ["alive"])
    assert report.equal_classes == [["horse", "zebra"]]
    assert report.attribute_scaling == "standard"
    assert_allclose(report.spread, table.to_numpy(float).std(axis=0))
    assert_array_equal(report.nearest[:2], ["zebra", "horse"])
    assert_allclose(report.distances[:2], 0, atol=1e-12)
    assert report.r2 is None
    text = str(report)
    for part in ("'alive'", "['horse', 'zebra']", "standardised in fit", "4 classes"):
        assert part in text
    assert "R2" not in text


def test_the_nearest_class_is_that_of_the_largest_cosine():
    A = np.random.default_rng(1).standard_normal((30, 5))
    report = check_descriptions(A)
    units = A / np.linalg.norm(A, axis=1, keepdims=True)
    cosines = units @ units.T - 2 * np.eye(30)
    assert_array_equal(report.nearest, cosines.argmax(axis=1))
    assert_allclose(report.distances, 1 - cosines.max(axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": None}, "Pass X and y, or neither"),
        ({"class_attributes": {"ant": [1, 2]}}, "describes 1 class; at least two"),
        ({"rows": slice(0, 60)}, "y has 2 class.*at least 3 seen"),
        ({"class_attributes": {"ant": [1, 2], "bat": [3, 4]}}, "no row for the labels"),
        (
            {
                "class_attributes": ClassAttributes(
                    LABELS, {"a": np.eye(12), "b": np.eye(12)}
                )
            },
            "select",
        ),
    ],
)
def test_what_cannot_be_checked_says_what_to_do(told, change, message):
    A, X, y = told
    rows = change.pop("rows", slice(None))
    given = {"class_attributes": ClassAttributes(LABELS, A), "X": X, "y": y}
    given = {**given, "X": X[rows], "y": y[rows], **change}
    with pytest.raises(ValueError, match=message):
        check_descriptions(**given)


@pytest.mark.parametrize("form", [ClassAttributes, pd.DataFrame, dict])
def test_the_order_of_fit_is_another(told, form):
    A, X, y = told
    given = {
        ClassAttributes: ClassAttributes(LABELS, A),
        pd.DataFrame: pd.DataFrame(A, index=LABELS),
        dict: dict(zip(LABELS, A, strict=True)),
    }[form]
    for labels in (y, y.tolist(), pd.Series(y)):
        for misplaced in ((X, labels, given), (X, labels)):
            with pytest.raises(ValueError, match="descriptions come first"):
                check_descriptions(*misplaced)


def test_constant_rows_are_no_division_by_nothing(told):
    A, X, y = told
    report = check_descriptions(ClassAttributes(LABELS, A), np.ones_like(X), y)
    assert np.isfinite(report.r2)
