import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.utils import Bunch

from sklearn_gzsl import GaussianGenerator
from sklearn_gzsl.datasets import make_gzsl_classification
from sklearn_gzsl.metrics import gzsl_scores


def bayes(data):
    """Predict the test rows with the true means and covariance."""
    precision = np.linalg.inv(data.covariance)
    gaps = data.data[data.test][:, None] - data.class_means
    return np.einsum("ncf,fg,ncg->nc", gaps, precision, gaps).argmin(axis=1)


def least_squares(data):
    """Predict the means by a linear map of the attributes, fitted to seen classes."""
    X, y = data.data[data.train], data.target[data.train]
    A = data.class_attributes.values
    seen_means = np.array([X[y == c].mean(axis=0) for c in data.seen_classes])
    weights = np.linalg.lstsq(A[data.seen_classes], seen_means, rcond=None)[0]
    return bayes(Bunch(**{**data, "class_means": A @ weights}))


def harmonic(data, predicted):
    truth = data.target[data.test]
    return gzsl_scores(truth, predicted, seen_classes=data.seen_classes)["H"]


def mean_of_seeds(oracle, **options):
    drawn = [make_gzsl_classification(**options, random_state=s) for s in range(5)]
    return np.mean([harmonic(data, oracle(data)) for data in drawn])


def test_layout():
    data = make_gzsl_classification(random_state=0)
    assert data.data.shape == (1000, 20)
    assert data.data.dtype == np.float32
    assert_array_equal(data.target_names, np.arange(13))
    assert_array_equal(data.seen_classes, np.arange(10))
    assert_array_equal(data.unseen_classes, [10, 11, 12])
    assert_array_equal(data.class_attributes.labels, data.target_names)
    assert data.class_attributes.values.shape == (13, 5)
    y = data.target
    assert set(np.bincount(y)) == {76, 77}
    assert_array_equal(np.sort(np.r_[data.train, data.test]), np.arange(1000))
    assert_array_equal(data.test, np.r_[data.test_seen, data.test_unseen])
    assert_array_equal(np.unique(y[data.train]), data.seen_classes)
    assert_array_equal(np.unique(y[data.test_unseen]), data.unseen_classes)
    assert_array_equal(np.bincount(y[data.test_seen]), [15] * 10)
    assert "1000 (620 to train on, 380 to test)" in data.DESCR
    # Shuffled: neither ordered by class nor by part.
    assert np.count_nonzero(np.diff(y)) > 800
    assert np.count_nonzero(np.diff(np.isin(np.arange(1000), data.train))) > 300


@pytest.mark.parametrize("test_size", [0.01, 0.3, 0.99])
def test_every_seen_class_is_trained_and_tested(test_size):
    data = make_gzsl_classification(
        23, n_seen=10, n_unseen=3, test_size=test_size, random_state=0
    )
    assert_array_equal(np.bincount(data.target[data.train]), [1] * 10)
    assert_array_equal(np.bincount(data.target[data.test]), [1] * 13)
    data = make_gzsl_classification(1300, test_size=test_size, random_state=0)
    expected = np.clip(round(100 * test_size), 1, 99)
    assert_array_equal(np.bincount(data.target[data.test_seen]), [expected] * 10)


def test_seed():
    first, again = (make_gzsl_classification(random_state=3) for _ in range(2))
    other = make_gzsl_classification(random_state=4)
    for key in ("data", "target", "train", "test", "class_attributes", "class_means"):
        assert np.array_equal(first[key], again[key]), key
        assert not np.array_equal(first[key], other[key]), key


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_gzsl_classification(random_state=0)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_parameters_change_what_they_are_about_and_nothing_else():
    plain = make_gzsl_classification(random_state=0)
    noisy = make_gzsl_classification(attribute_noise=0.3, random_state=0)
    assert_array_equal(noisy.data, plain.data)
    assert_array_equal(noisy.train, plain.train)
    noise = noisy.class_attributes.values - plain.class_attributes.values
    assert 0.2 < noise.std() < 0.4
    far = make_gzsl_classification(class_sep=3, random_state=0)
    assert_allclose(far.class_means, 3 * plain.class_means)
    bent = make_gzsl_classification(nonlinearity=0.5, random_state=0)
    for other in (far, bent):
        assert other.class_attributes == plain.class_attributes
        assert_array_equal(other.target, plain.target)
        assert_allclose(
            other.data - other.class_means[other.target],
            plain.data - plain.class_means[plain.target],
            atol=1e-5,
        )


@pytest.mark.parametrize("nonlinearity", [0, 0.5, 1])
@pytest.mark.parametrize("n_features", [3, 300])
def test_class_sep_is_a_distance(nonlinearity, n_features):
    data = make_gzsl_classification(
        2000,
        n_features,
        n_seen=900,
        n_unseen=100,
        class_sep=2,
        nonlinearity=nonlinearity,
        random_state=0,
    )
    square = 2 * np.var(data.class_means, axis=0, ddof=1).sum()
    assert np.sqrt(square) == pytest.approx(10, rel=0.35 if n_features == 3 else 0.1)


def test_rows_scatter_alike_in_all_classes():
    data = make_gzsl_classification(40_000, 6, n_seen=2, n_unseen=2, random_state=0)
    assert np.trace(data.covariance) == pytest.approx(6)
    for c in data.target_names:
        X = data.data[data.target == c]
        assert_allclose(X.mean(axis=0), data.class_means[c], atol=0.06)
        assert_allclose(np.cov(X.T), data.covariance, atol=0.1)
    assert np.abs(data.covariance - np.diag(np.diag(data.covariance))).max() > 0.2


def test_linear_map_of_exact_attributes_is_recovered():
    data = make_gzsl_classification(random_state=0)
    A, M = data.class_attributes.values.astype(float), data.class_means
    weights = np.linalg.lstsq(A[:10], M[:10], rcond=None)[0]
    assert_allclose(A[10:] @ weights, M[10:], atol=1e-5)
    best = mean_of_seeds(bayes)
    assert best > 0.75
    assert mean_of_seeds(least_squares) > best - 0.05


def test_too_few_seen_classes_do_not_determine_the_map():
    options = {"n_seen": 4, "n_attributes": 8, "n_unseen": 4}
    best = mean_of_seeds(bayes, **options)
    assert mean_of_seeds(least_squares, **options) < best - 0.15


@pytest.mark.parametrize("n_attributes", [2, 10])
@pytest.mark.parametrize("nonlinearity", [0.0, 0.3, 0.7, 1.0])
def test_nonlinearity_is_what_a_linear_map_does_not_explain(nonlinearity, n_attributes):
    data = make_gzsl_classification(
        8100,
        200,
        n_seen=4000,
        n_unseen=100,
        n_attributes=n_attributes,
        nonlinearity=nonlinearity,
        random_state=0,
    )
    A, M = data.class_attributes.values, data.class_means
    explained = LinearRegression().fit(A, M).predict(A)
    share = 1 - r2_score(M, explained, multioutput="variance_weighted")
    assert share == pytest.approx(nonlinearity, abs=0.06)


def test_nonlinear_map_is_smooth():
    """A kernel method learns it from enough classes, a linear one does not."""
    data = make_gzsl_classification(
        n_seen=200, n_unseen=50, n_attributes=3, nonlinearity=1.0, random_state=0
    )
    A, M = data.class_attributes.values, data.class_means
    kernel = KernelRidge(kernel="rbf", gamma=0.2, alpha=1e-3).fit(A[:200], M[:200])
    linear = LinearRegression().fit(A[:200], M[:200])
    assert r2_score(M[200:], kernel.predict(A[200:])) > 0.9
    assert r2_score(M[200:], linear.predict(A[200:])) < 0.2


def test_what_makes_it_harder():
    easy = {"class_sep": 2.0}
    for oracle in (least_squares, closed_form):
        best = mean_of_seeds(oracle, **easy)
        assert best > 0.8
        for harder in (
            {"class_sep": 1.0},
            {"class_sep": 2.0, "attribute_noise": 0.7},
            {"class_sep": 2.0, "nonlinearity": 0.7},
        ):
            assert mean_of_seeds(oracle, **harder) < best - 0.1
    # Neither noise nor nonlinearity changes how well classes can be told apart.
    assert mean_of_seeds(bayes, **easy, attribute_noise=0.7) > 0.95
    assert mean_of_seeds(bayes, **easy, nonlinearity=0.7) > 0.95


def closed_form(data):
    generator = GaussianGenerator()
    X, y = data.data[data.train], data.target[data.train]
    generator.fit(X, y, class_attributes=data.class_attributes)
    return generator.score_samples(data.data[data.test], data.class_attributes).argmax(
        axis=1
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_samples": 0},
        {"n_unseen": 0},
        {"n_features": 2.5},
        {"attribute_noise": -1},
        {"nonlinearity": 1.5},
        {"test_size": 1.0},
        {"class_sep": "far"},
        {"random_state": "a"},
    ],
)
def test_wrong_parameters_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_gzsl_classification(**wrong)


def test_too_few_rows():
    with pytest.raises(ValueError, match="n_samples=22 is too small for 10 seen"):
        make_gzsl_classification(22)
    assert len(make_gzsl_classification(23, random_state=0).data) == 23
