"""GaussianGenerator against independent computations."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import cosine_similarity

from sklearn_gzsl import ClassAttributes, GaussianGenerator


@pytest.fixture(scope="module")
def data():
    """Rows of 12 classes with a common covariance, and 3 more descriptions."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(15, 4))
    A /= np.linalg.norm(A, axis=1, keepdims=True)
    y = np.repeat(np.arange(12), 40)
    mixing = rng.normal(size=(3, 3))
    X = (A @ rng.normal(size=(4, 3)))[y] + 0.3 * rng.normal(size=(480, 3)) @ mixing
    return X.astype(np.float32), y, A.astype(np.float32)


def fit(data, **params):
    X, y, A = data
    return GaussianGenerator(random_state=0, **params).fit(
        X, y, class_attributes=ClassAttributes(np.arange(15), A)
    )


def kernel(A, B, degree):
    return ((1 + cosine_similarity(A, B)) / 2) ** degree


def predicted_means(data, rows, degree, alpha):
    """scikit-learn's kernel ridge on the means of the classes ``rows``."""
    X, y, A = data
    means = np.array([X[y == c].mean(axis=0, dtype=float) for c in range(12)])
    centre = means[rows].mean(axis=0)
    ridge = KernelRidge(alpha=alpha, kernel="precomputed")
    ridge.fit(kernel(A[rows], A[rows], degree), means[rows] - centre)
    return lambda B: ridge.predict(kernel(B, A[rows], degree)) + centre, means


def test_means_are_those_of_kernel_ridge(data):
    generator = fit(data, degree=2, alpha=0.1, temperature=0.0)
    predict, means = predicted_means(data, np.arange(12), 2, 0.1)
    unseen = ClassAttributes([12, 13, 14], data[2][12:])
    assert_allclose(
        generator.sample(unseen)[0], predict(data[2][12:]), rtol=1e-3, atol=1e-4
    )
    seen = ClassAttributes(np.arange(12), data[2][:12])
    assert_allclose(generator.sample(seen)[0], means, rtol=1e-4, atol=1e-5)


def test_degree_and_ridge_predict_left_out_classes_best(data):
    generator = fit(data)

    def error(degree, alpha):
        total = 0.0
        for left_out in range(12):
            rows = np.delete(np.arange(12), left_out)
            predict, means = predicted_means(data, rows, degree, alpha)
            total += np.square(predict(data[2][[left_out]]) - means[left_out]).sum()
        return total

    chosen = error(generator.degree_, generator.alpha_)
    for degree in (1, 2, 4, 8, 16):
        for alpha in 10.0 ** np.arange(-4, 1.25, 0.5):
            assert chosen <= error(degree, alpha) * (1 + 1e-6)


def test_few_classes_are_told_apart_by_their_descriptions():
    """The mean of all is no good prediction, though a class is a part of it."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(12, 20))
    A /= np.linalg.norm(A, axis=1, keepdims=True)
    means = A @ rng.normal(size=(20, 30)) + 0.5 * rng.normal(size=(12, 30))
    y = np.repeat(np.arange(8), 5)
    X = means[y] + 0.3 * rng.normal(size=(40, 30))
    attributes = ClassAttributes(np.arange(12), A)
    generator = GaussianGenerator(temperature=0.0).fit(X, y, attributes)
    unseen = attributes.subset(np.arange(8, 12))
    error = np.square(generator.sample(unseen)[0] - means[8:]).mean()
    assert error < 0.9 * np.square(generator.location_ - means[8:]).mean()


@pytest.mark.parametrize("shrinkage", [0.0, 0.4, 1.0])
def test_density_is_that_of_a_gaussian_with_the_shrunk_covariance(data, shrinkage):
    X, y, A = data
    generator = fit(data, shrinkage=shrinkage, temperature=0.0)
    attributes = ClassAttributes(np.arange(15), A)
    means = generator.sample(attributes)[0]
    centred = X - np.array([X[y == c].mean(axis=0) for c in range(12)])[y]
    within = centred.T @ centred / (len(X) - 12)
    expected = (1 - shrinkage) * within + shrinkage * np.trace(within) / 3 * np.eye(3)
    assert_allclose(generator.covariance_, expected, rtol=1e-4, atol=1e-6)
    log_p = [multivariate_normal(m, expected).logpdf(X[:7]) for m in means]
    assert_allclose(
        generator.score_samples(X[:7], attributes),
        np.transpose(log_p),
        rtol=1e-3,
        atol=1e-3,
    )


def test_samples_have_the_model_s_moments(data):
    generator = fit(data, shrinkage=0.2)
    unseen = ClassAttributes([13], data[2][[13]])
    draws = generator.sample(unseen, 50_000)[0]
    mean = generator.set_params(temperature=0.0).sample(unseen)[0][0]
    assert_allclose(draws.mean(axis=0), mean, atol=0.02)
    assert_allclose(np.cov(draws.T), generator.covariance_, atol=0.02)
    wide = generator.set_params(temperature=2.0).sample(unseen, 50_000)[0]
    assert_allclose(wide.std(axis=0), 2 * draws.std(axis=0), rtol=1e-3)


def test_constant_features_keep_a_finite_density(data):
    X, y, A = data
    X = np.column_stack([X, np.full(len(X), 0.5)])
    for shrinkage in (0.0, "auto"):
        generator = fit((X, y, A), shrinkage=shrinkage)
        assert np.isfinite(generator.score_samples(X)).all()
        draws = generator.sample(ClassAttributes([12], A[[12]]), 100)[0]
        assert np.abs(draws[:, 3] - 0.5).max() < 1.5


def test_without_descriptions_each_class_is_its_own_gaussian(data):
    X, y, _ = data
    generator = GaussianGenerator(temperature=0.0).fit(X, y)
    assert_array_equal(generator.classes_, np.arange(12))
    draws, labels = generator.sample(ClassAttributes(np.arange(12), np.eye(12)))
    assert_allclose(draws, [X[y == c].mean(axis=0) for c in labels], rtol=1e-4)


@pytest.mark.filterwarnings("ignore:class_attributes")
def test_classes_with_one_description_share_their_mean(data):
    X, y, A = data
    A = A.copy()
    A[1] = A[0]
    generator = fit((X, y, A), temperature=0.0)
    draw = generator.sample(ClassAttributes([0], A[[0]]))[0][0]
    expected = (X[y == 0].mean(axis=0) + X[y == 1].mean(axis=0)) / 2
    assert_allclose(draw, expected, rtol=1e-4, atol=1e-5)
