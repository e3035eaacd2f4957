"""IncrementalLDA: against scikit-learn, in chunks, and where rows are few."""

from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.covariance import oas
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils import shuffle

from sklearn_gzsl import IncrementalLDA
from sklearn_gzsl.linear_model import _lda


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return shuffle(X, np.array(list("jihgfedcba"))[y], random_state=0)


def scikit(shrinkage, **params):
    return LinearDiscriminantAnalysis(
        solver="lsqr", shrinkage=shrinkage, store_covariance=True, **params
    )


def assert_same(clf, other, **tolerance):
    assert_array_equal(clf.classes_, other.classes_)
    for name in ("coef_", "intercept_", "means_", "covariance_", "shrinkage_"):
        assert_allclose(getattr(clf, name), getattr(other, name), **tolerance)


@pytest.mark.parametrize("shrinkage", [0, 0.1, 1.0])
def test_it_is_linear_discriminant_analysis(digits, shrinkage):
    """Up to what is added to the scores of all classes alike."""
    X, y = digits
    clf = IncrementalLDA(shrinkage=shrinkage, priors="empirical").fit(X, y)
    other = scikit(shrinkage or None).fit(X, y)
    assert_allclose(clf.means_, other.means_)
    assert_allclose(clf.priors_, other.priors_)
    assert_allclose(clf.coef_, other.coef_ - other.coef_.mean(axis=0), atol=1e-8)
    ours, theirs = clf.decision_function(X), other.decision_function(X)
    theirs -= theirs.mean(axis=1, keepdims=True)
    assert_allclose(ours - ours.mean(axis=1, keepdims=True), theirs, atol=1e-8)
    assert_allclose(clf.predict_log_proba(X), other.predict_log_proba(X), atol=1e-8)
    assert_array_equal(clf.predict(X), other.predict(X))


def test_priors(digits):
    X, y = digits
    balanced = np.concatenate([np.flatnonzero(y == c)[:150] for c in np.unique(y)])
    equal = scikit(0.1, priors=np.full(10, 0.1)).fit(X[balanced], y[balanced])
    clf = IncrementalLDA(shrinkage=0.1).fit(X[balanced], y[balanced])
    assert_allclose(clf.predict_proba(X), equal.predict_proba(X), atol=1e-10)
    # In scikit-learn other priors change the covariance, too.
    priors = np.arange(10) / 45
    given = IncrementalLDA(shrinkage=0.1, priors=7 * priors)
    given.fit(X[balanced], y[balanced])
    with np.errstate(divide="ignore"):
        expected = clf.decision_function(X) + np.log(priors / 0.1)
    assert_allclose(given.decision_function(X), expected, atol=1e-10)
    assert_allclose(given.priors_, priors)
    assert not given.predict_proba(X)[:, 0].any()


def test_automatic_shrinkage_is_oas_of_what_is_left_of_the_means(digits):
    X, y = digits
    clf = IncrementalLDA().fit(X, y)
    within = X.copy()
    for label in clf.classes_:
        within[y == label] -= within[y == label].mean(axis=0)
    assert clf.shrinkage_ == pytest.approx(oas(within, assume_centered=True)[1])
    assert_allclose(clf.covariance_, within.T @ within / len(X))


@pytest.mark.parametrize("n_chunks", [2, 7, 300])
@pytest.mark.parametrize("offset", [0, 1e6])
def test_chunks_and_the_whole_are_the_same(digits, n_chunks, offset):
    X, y = digits[0] + offset, digits[1]
    weight = np.random.default_rng(0).uniform(0.1, 2, len(X))
    clf = IncrementalLDA(shrinkage=0.1)
    for rows in np.array_split(np.arange(len(X)), n_chunks):
        clf.partial_fit(X[rows], y[rows], list("abcdefghij"), weight[rows])
    whole = IncrementalLDA(shrinkage=0.1).fit(X, y, weight)
    assert_allclose(clf.coef_, whole.coef_, atol=1e-8)
    assert_allclose(clf.class_count_, whole.class_count_)
    assert_allclose(clf.covariance_, whole.covariance_, atol=1e-7)
    # Far from the origin, too, it is the covariance: about 20 in these images.
    assert_allclose(
        clf.covariance_,
        IncrementalLDA().fit(digits[0], y, weight).covariance_,
        atol=1e-7,
    )


def test_work_in_pieces_does_not_show(digits, monkeypatch):
    whole = IncrementalLDA().fit(*digits)
    monkeypatch.setattr(_lda, "_CHUNK", 7)
    assert_same(IncrementalLDA().fit(*digits), whole, atol=1e-10)


def test_weights_are_repetitions(digits):
    X, y = digits
    counts = np.random.default_rng(0).integers(0, 4, len(X))
    weighted = IncrementalLDA(priors="empirical").fit(X, y, counts)
    repeated = IncrementalLDA(priors="empirical").fit(
        np.repeat(X, counts, axis=0), np.repeat(y, counts)
    )
    assert_same(weighted, repeated, atol=1e-10)


def test_few_rows_of_many_classes():
    """What it is for: synthetic rows, a few of each class, in float32."""
    rng = np.random.default_rng(0)
    means = rng.standard_normal((500, 20), dtype=np.float32)
    mixing = rng.standard_normal((20, 20), dtype=np.float32) / 6
    codes = np.repeat(np.arange(500), 20)
    X = means[codes] + rng.standard_normal((len(codes), 20), np.float32) @ mixing
    test = means[codes] + rng.standard_normal((len(codes), 20), np.float32) @ mixing
    clf = IncrementalLDA()
    for rows in np.split(rng.permutation(len(codes)), 10):
        clf.partial_fit(X[rows], codes[rows], classes=range(500))
    assert clf.coef_.dtype == clf.intercept_.dtype == np.float32
    assert clf.predict_proba(test).dtype == np.float32
    assert_allclose(clf.covariance_, mixing.T @ mixing, atol=0.15)
    nearest = np.argmin(
        np.square(test).sum(axis=1)[:, None]
        + np.square(clf.means_).sum(axis=1)
        - 2 * test @ clf.means_.T,
        axis=1,
    )
    assert clf.score(test, codes) > (nearest == codes).mean() + 0.05
    assert clf.score(test, codes) > 0.99


def test_classes_that_have_not_come_are_not_predicted(digits):
    X, y = digits
    clf = IncrementalLDA().partial_fit(X, y, classes=[*"abcdefghij", "z"])
    assert_array_equal(clf.predict_proba(X)[:, -1], 0)
    assert np.isneginf(clf.intercept_[-1])
    without = IncrementalLDA().fit(X, y)
    assert_allclose(clf.predict_proba(X)[:, :-1], without.predict_proba(X), atol=1e-12)
    # Its first rows may come later.
    clf.partial_fit(X[:9] + 50, ["z"] * 9)
    assert clf.predict(X[:1] + 50) == ["z"]


def test_one_row_of_each_class_is_the_nearest_mean():
    X = np.array([[0.0, 0], [4, 0], [0, 3]])
    clf = IncrementalLDA().fit(X, ["a", "b", "c"])
    assert clf.predict([[1.9, 1], [2.1, 1], [1, 1.6]]).tolist() == ["a", "b", "c"]


def test_constant_and_repeated_features(digits):
    X, y = digits
    clf = IncrementalLDA(shrinkage=0).fit(X, y)
    assert (X[:, 0] == 0).all()
    assert_allclose(clf.coef_[:, 0], 0, atol=1e-10)
    doubled = IncrementalLDA(shrinkage=0).fit(np.hstack([X, X]), y)
    assert_allclose(
        doubled.predict_log_proba(np.hstack([X, X])),
        clf.predict_log_proba(X),
        atol=1e-6,
    )


def test_two_classes(digits):
    X, y = digits[0][np.isin(digits[1], ["a", "b"])], digits[1]
    clf = IncrementalLDA().fit(X, y[np.isin(y, ["a", "b"])])
    assert clf.coef_.shape == (2, 64)
    scores = clf.decision_function(X)
    assert_allclose(1 / (1 + np.exp(-scores)), clf.predict_proba(X)[:, 1])


@pytest.mark.parametrize(
    ("params", "fit_params", "message"),
    [
        ({"shrinkage": 1.5}, {}, "shrinkage"),
        ({"priors": "even"}, {}, "priors"),
        ({"priors": [0.5, 0.5]}, {}, r"priors has the shape \(2,\), but .* 10 classes"),
        ({"priors": [-1.0] + [1.0] * 9}, {}, "none negative"),
        ({"priors": [0.0] * 10}, {}, "one of them positive"),
        ({}, {"sample_weight": np.zeros(1797)}, "zero"),
        ({}, {"sample_weight": np.full(1797, -1.0)}, "Negative"),
    ],
)
def test_failed_fits_leave_the_old_one(digits, params, fit_params, message):
    X, y = digits
    clf = IncrementalLDA().fit(X, y)
    before = deepcopy(clf)
    clf.set_params(**params)
    with pytest.raises(ValueError, match=message):
        clf.fit(2 * X, y, **fit_params)
    assert_same(clf, before, rtol=0)


def test_a_failing_chunk_changes_nothing(digits):
    X, y = digits
    clf = IncrementalLDA().fit(X, y)
    before = deepcopy(clf)
    for bad in (
        {"X": X[:, :3], "y": y},
        {"X": X, "y": np.full(len(X), "z")},
        {"X": X, "y": y, "sample_weight": np.zeros(len(X))},
        {"X": X * 1e200, "y": y},
    ):
        with pytest.raises(ValueError), np.errstate(all="ignore"):  # noqa: PT011
            clf.partial_fit(**bad)
        assert_same(clf, before, rtol=0)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid:RuntimeWarning")
def test_overflow(digits):
    X = digits[0].astype(np.float32) * 1e30
    with pytest.raises(ValueError, match="overflowed; scale X"):
        IncrementalLDA().fit(X, digits[1])


def test_rules_of_the_first_chunk(digits):
    X, y = digits
    clf = IncrementalLDA()
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        clf.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"labels \['j'\], which are not among"):
        clf.partial_fit(X, y, classes=list("abcdefghi"))
    assert not hasattr(clf, "coef_")


def test_a_stored_one_goes_on(digits, round_trip):
    X, y = digits
    clf = IncrementalLDA().partial_fit(X[:900], y[:900], classes=np.unique(y))
    loaded = round_trip(clf)
    assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    assert_same(
        loaded.partial_fit(X[900:], y[900:]), IncrementalLDA().fit(X, y), atol=1e-10
    )
