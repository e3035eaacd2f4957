"""What holds for everything with a density: bijections, and generators made of them."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from conftest import blobs
from instances import DENSITIES
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal
from sklearn.base import clone

from sklearn_gzsl.nn import (
    ActNorm,
    AdditiveCoupling,
    AffineCoupling,
    Flow,
    Permutation,
)
from sklearn_gzsl.training import torch_generator

# Name -> how a bijection of n features is built.
PLAIN = {
    "ActNorm": lambda n, _: ActNorm(n),
    "Permutation": Permutation,
    "AdditiveCoupling": lambda n, rng: AdditiveCoupling(n, 16, rng),
    "Flow": lambda n, rng: Flow(
        layer
        for _ in range(3)
        for layer in (ActNorm(n), Permutation(n, rng), AdditiveCoupling(n, 16, rng))
    ),
}
# The same, of those that a condition of four numbers steers.
CONDITIONAL = {
    "AffineCoupling": lambda n, rng: AffineCoupling(n, 4, 16, rng),
    "conditional Flow": lambda n, rng: Flow(
        AffineCoupling(n, 4, 16, rng) for _ in range(3)
    ),
}
SIZES = [
    (name, n)
    for name in PLAIN | CONDITIONAL
    for n in (1, 2, 3, 9, 33)
    if n > 1 or name not in ("AdditiveCoupling", "Flow")  # which need two halves
]


def build(name, n_features, seed=0):
    """A bijection in float64 whose every parameter is away from its start."""
    rng = torch_generator(seed)
    bijection = (PLAIN | CONDITIONAL)[name](n_features, rng).double()
    with torch.no_grad():
        for p in bijection.parameters():
            p.normal_(0.0, 0.3, generator=rng)
    return bijection


def rows(n_features, name, n=6, seed=1):
    """Rows, and after them the conditions and whose they are, if there are any."""
    rng = torch_generator(seed)
    x = torch.randn(n, n_features, generator=rng, dtype=torch.float64)
    if name in PLAIN:
        return x, ()
    conditions = torch.randn(2, 4, generator=rng, dtype=torch.float64)
    return x, (conditions, torch.arange(n) % 2)


@pytest.mark.parametrize(("name", "n_features"), SIZES)
def test_bijection_inverse(name, n_features):
    bijection = build(name, n_features)
    x, context = rows(n_features, name, n=50)
    z, _ = bijection(x, *context)
    if name != "Permutation":
        assert (z - x).abs().max() > 0.1  # it does something
    torch.testing.assert_close(bijection.inverse(z, *context), x)
    back = bijection.inverse(x, *context)
    torch.testing.assert_close(bijection(back, *context)[0], x)


@pytest.mark.parametrize(("name", "n_features"), SIZES)
def test_bijection_log_det_equals_autograd(name, n_features):
    bijection = build(name, n_features)
    x, context = rows(n_features, name)
    log_det = bijection(x, *context)[1].expand(len(x))
    for i in range(len(x)):
        of_row = [context[0], context[1][i : i + 1]] if context else []
        jacobian = torch.autograd.functional.jacobian(
            lambda t, of_row=of_row: bijection(t[None], *of_row)[0][0], x[i]
        )
        expected = torch.linalg.slogdet(jacobian).logabsdet
        torch.testing.assert_close(log_det[i], expected)
        if name not in ("Permutation", "AdditiveCoupling"):
            assert expected.abs() > 1e-3


@pytest.mark.parametrize(("name", "n_features"), SIZES)
def test_every_parameter_of_a_bijection_gets_a_gradient(name, n_features):
    bijection = build(name, n_features)
    x, context = rows(n_features, name)
    z, log_det = bijection(x, *context)
    if any(p.numel() for p in bijection.parameters()):
        (z.square().sum() + log_det.sum()).backward()
    assert_all_have_gradients(bijection)


@pytest.mark.parametrize(("name", "n_features"), SIZES)
@torch.no_grad()
def test_bijection_is_stored_with_its_weights(name, n_features):
    first, second = (build(name, n_features, seed) for seed in (0, 1))
    x, context = rows(n_features, name)
    expected = first(x, *context)
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(second(x, *context), expected, atol=0, rtol=0)
    loaded = pickle.loads(pickle.dumps(first))
    torch.testing.assert_close(loaded(x, *context), expected, atol=0, rtol=0)


def assert_all_have_gradients(module):
    for name, p in module.named_parameters():
        if p.numel():  # half a coupling of one feature has no input
            assert p.grad is not None, name
            assert p.grad.abs().sum() > 0, name


NEURAL = {k: g for k, g in DENSITIES.items() if hasattr(g, "max_iter")}


def only(generators):
    return pytest.mark.parametrize("model", generators, indirect=True)


@pytest.fixture(scope="module")
def data():
    return blobs(n_unseen=1)


@pytest.fixture(scope="module")
def fitted(data):
    """Each generator, fitted when a test first asks for it; not to be changed."""
    models = {}

    def get(name):
        if name not in models:
            generator = clone(DENSITIES[name]).set_params(random_state=0)
            models[name] = generator.fit(*data)
        return models[name]

    return get


@pytest.fixture
def model(request, fitted):
    return fitted(request.param)


@only(DENSITIES)
def test_scores_are_one_for_each_row_and_class(model, data):
    X, _, attributes = data
    scores = model.score_samples(X, attributes)
    assert scores.shape == (len(X), 5)
    assert np.isfinite(scores).all()
    # By default, the seen classes in the order of classes_.
    assert_allclose(model.score_samples(X), scores[:, :4], rtol=1e-5, atol=1e-4)
    # Of one row alone, and of the classes in another order.
    backwards = attributes.subset(attributes.labels[::-1])
    one = model.score_samples(X[:1], backwards)
    assert_allclose(one[0, ::-1], scores[0], rtol=1e-5, atol=1e-4)


@only(NEURAL)
def test_density_is_that_of_the_noise_times_the_jacobian(model, data, monkeypatch):
    """log p(x) = log N(e) - log |dx / de| where x is drawn from the noise e."""
    _, _, attributes = data
    exact = deepcopy(model)
    module = exact.net_.module_.double()
    A = attributes.values / model.attribute_scale_
    noise = torch.randn(3, 5, generator=torch_generator(0), dtype=torch.float64)
    for c, a in enumerate(torch.tensor(A)):
        for e in noise:

            def draw(e, a=a):
                monkeypatch.setattr(torch, "randn", lambda *_, **__: e[None])
                return module.sample(a[None], 1, None, 1.0)[0]

            jacobian = torch.autograd.functional.jacobian(draw, e)
            log_det = torch.linalg.slogdet(jacobian).logabsdet.item()
            expected = multivariate_normal(np.zeros(5)).logpdf(e) - log_det
            x = draw(e).detach().numpy()[None]
            got = exact._log_density(x, A)[0, c]
            assert got == pytest.approx(expected, rel=1e-6)
            score = model.score_samples(x, attributes)[0, c]
            assert score == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("n_features", [1, 2])
@pytest.mark.parametrize("name", [name for name in DENSITIES if "=" not in name])
def test_density_integrates_to_one_and_agrees_with_samples(name, n_features):
    X, y, attributes = blobs(n_features=n_features)
    generator = clone(DENSITIES[name]).set_params(random_state=0)
    generator.fit(X, y, attributes)
    axis = np.linspace(-12, 12, 401)
    grid = np.stack(np.meshgrid(*[axis] * n_features), axis=-1)
    grid = grid.reshape(-1, n_features)
    densities = np.exp(generator.score_samples(grid, attributes))
    cell = (axis[1] - axis[0]) ** n_features
    assert_allclose(densities.sum(axis=0) * cell, 1.0, atol=1e-3)

    # The share of samples in a region is the density's integral over it.
    draws, labels = generator.sample(attributes, 4000)
    inside = grid[:, 0] < np.median(X[:, 0])
    expected = (densities * inside[:, None]).sum(axis=0) * cell
    share = [(draws[labels == c, 0] < np.median(X[:, 0])).mean() for c in range(4)]
    assert_allclose(share, expected, atol=0.05)


@only(NEURAL)
def test_every_parameter_gets_a_gradient(model, data):
    X, y, _ = data
    module = deepcopy(model.net_.module_)
    module(torch.tensor(X), torch.tensor(y), torch_generator(0))["loss"].backward()
    assert_all_have_gradients(module)


@only(DENSITIES)
def test_density_survives_storing(model, data):
    X, _, attributes = data
    loaded = pickle.loads(pickle.dumps(model))
    scores = model.score_samples(X, attributes)
    assert_array_equal(loaded.score_samples(X, attributes), scores)
