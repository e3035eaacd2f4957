"""WGANGP: losses against oracles, options, accuracy."""

import numpy as np
import pytest
import torch
from conftest import blobs
from scipy.special import log_softmax
from skorch.callbacks import Callback

from sklearn_gzsl import WGANGP, SoftmaxClassifier
from sklearn_gzsl.training import torch_generator

TINY = {
    "hidden_dim": 16,
    "latent_dim": None,
    "max_iter": 10,
    "n_critic": 2,
    "device": "cpu",
    "random_state": 0,
}


def fit(**params):
    X, y, attributes = blobs()
    return WGANGP(**TINY | params).fit(X, y, attributes)


def batch(n_rows=40):
    X, y, _ = blobs()
    return torch.tensor(X[::3][:n_rows]), torch.tensor(y[::3][:n_rows])


@pytest.fixture
def module():
    return fit().net_.module_


def critic_losses(module, x, y, rng):
    (batch,) = module.critic_batches([(x, y)], rng)
    return module.critic_losses(*batch)


@torch.no_grad()
def test_losses_are_those_of_the_equations(module):
    x, y = batch()
    got = critic_losses(module, x, y, torch_generator(0))
    got |= module.generator_losses(x, y, torch_generator(3))
    got = {name: float(value) for name, value in got.items()}

    a = module.A[y]

    def generate(rng):
        z = torch.randn(len(x), module.generator.latent_dim, generator=rng)
        return module.generator(z, module.generator.describe(a))

    def score(x):
        return module.critic(x - module.x_mean, module.critic.describe(a)).numpy()

    rng = torch_generator(0)
    real, fake = module.scaled(x), generate(rng)
    alpha = torch.rand(len(x), 1, generator=rng)
    with torch.enable_grad():
        between = (alpha * real + (1 - alpha) * fake).requires_grad_()
        scores = module.critic(between - module.x_mean, module.critic.describe(a))
        (slope,) = torch.autograd.grad(scores.sum(), between)
    wasserstein = score(fake).mean() - score(real).mean()
    penalty = np.mean((np.linalg.norm(slope.numpy(), axis=1) - 1) ** 2)
    fake = generate(torch_generator(3))
    logits = fake.numpy() @ module.cls_coef.numpy().T + module.cls_intercept.numpy()
    cls = -log_softmax(logits, axis=1)[np.arange(len(y)), y.numpy()].mean()
    expected = {
        "critic": wasserstein + 10 * penalty,
        "wasserstein": wasserstein,
        "penalty": penalty,
        "generator": -score(fake).mean() + 0.01 * cls,
        "cls": cls,
    }
    assert got.keys() == expected.keys()
    for name in got:
        assert got[name] == pytest.approx(expected[name], rel=1e-4, abs=1e-5), name


@torch.no_grad()
def test_further_losses_are_those_of_the_equations():
    weights = {"cycle_weight": 0.2, "mean_weight": 0.3, "soul_weight": 0.7}
    module, (x, y) = fit(**weights, n_souls=2).net_.module_, batch()
    got = module.generator_losses(x, y, torch_generator(3))
    plain = {name: got.pop(name) for name in ("generator", "cls")}

    X, labels, _ = blobs()
    z = torch.randn(len(x), module.generator.latent_dim, generator=torch_generator(3))
    fake = module.generator(z, module.generator.describe(module.A[y])).numpy()
    real, A, y = module.scaled(torch.tensor(X)).numpy(), module.A.numpy(), y.numpy()
    centred, a = real - real.mean(axis=0), A[labels] - A[labels].mean(axis=0)
    gram = centred.T @ centred + 0.01 * len(real) * np.eye(5)
    coef = np.linalg.solve(gram, centred.T @ a)
    read = (fake - real.mean(axis=0)) @ coef + A[labels].mean(axis=0)
    pivots, nearest = [], []
    for i in np.unique(y):
        mean = fake[y == i].mean(axis=0) - real[labels == i].mean(axis=0)
        pivots.append(np.square(mean).sum())
        gaps = fake[y == i][:, None] - module.souls[i].numpy()
        nearest.extend(np.square(gaps).sum(axis=2).min(axis=1))
    expected = {
        "cycle": np.square(read - A[y]).sum(axis=1).mean(),
        "mean": np.mean(pivots),
        "soul": np.mean(nearest),
    }
    assert got.keys() == expected.keys()
    for name in got:
        assert float(got[name]) == pytest.approx(expected[name], rel=1e-3), name
    a = module.critic.describe(module.A[torch.tensor(y)])
    score = module.critic(torch.tensor(fake) - module.x_mean, a).mean()
    total = sum(weights[f"{name}_weight"] * got[name] for name in got)
    expected = total + 0.01 * plain["cls"] - score
    torch.testing.assert_close(plain["generator"], expected)


def test_souls_are_centres_of_a_class_s_rows():
    X, y, attributes = blobs()
    X[y == 0] = X[y == 0][:1] + 100 * (np.arange(30) % 3)[:, None]
    X[y == 1] = X[y == 1][:1]
    generator = WGANGP(**TINY | {"soul_weight": 0.1}).fit(X, y, attributes)
    module = generator.net_.module_
    souls = module.souls * module.x_range + module.x_min
    assert souls.shape == (4, 3, 5)
    found = souls[0, souls[0, :, 0].argsort()].numpy()
    np.testing.assert_allclose(found, X[y == 0][:3], rtol=1e-3, atol=0.02)
    np.testing.assert_allclose(souls[1], X[y == 1][:3], rtol=1e-3, atol=0.02)


def test_the_mean_of_synthetic_rows_is_drawn_to_that_of_real_ones():
    X, y, attributes = blobs()
    real = np.stack([X[y == i].mean(axis=0) for i in range(4)])
    gaps = []
    for mean_weight in (0.0, 10.0):
        params = {"mean_weight": mean_weight, "rows_per_class": 8, "lr": 5e-3}
        params["max_iter"] = 60
        drawn, _ = fit(**params).sample(attributes, 100)
        means = drawn.reshape(4, 100, 5).mean(axis=1)
        gaps.append(np.abs(means - real).mean())
    assert gaps[1] < 0.5 * gaps[0]


def test_softmax_is_that_of_the_real_rows_and_frozen():
    module, (X, y, _) = fit().net_.module_, blobs()
    softmax = SoftmaxClassifier(
        max_iter=module.cls_steps, random_state=module.cls_seed, device="cpu"
    ).fit(module.scaled(torch.tensor(X)).numpy(), y)
    np.testing.assert_array_equal(module.cls_coef, softmax.coef_)
    np.testing.assert_array_equal(module.cls_intercept, softmax.intercept_)


def test_without_class_loss_no_softmax_is_trained(monkeypatch):
    monkeypatch.setattr(SoftmaxClassifier, "fit", None)
    generator = fit(cls_weight=0)
    assert "cls" not in generator.history_[-1]


def test_history_and_log(capsys):
    generator = fit(max_iter=110, verbose=1)
    assert len(generator.history_) == 100
    assert generator.history_[-1].keys() == {
        *("epoch", "iter", "critic", "wasserstein", "penalty", "generator", "cls")
    }
    assert generator.n_iter_ == 110
    *_, line = capsys.readouterr().err.splitlines()
    assert "WGANGP: 110 of 110 steps, " in line
    assert "wasserstein" in line


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_range_of_the_output(activation):
    X, y, attributes = blobs()
    X = 100 * X - 1000
    generator = WGANGP(**TINY | {"output_activation": activation, "lr": 1e-2})
    draws, _ = generator.fit(X, y, attributes).sample(attributes, 200)
    slack = 1e-4 * np.ptp(X, axis=0)
    inside = (draws >= X.min(axis=0) - slack).all()
    assert inside == (activation == "relu")


def test_feature_scale():
    X = torch.tensor(blobs()[0])
    scaled = fit(feature_scale=None).net_.module_.scaled(X)
    torch.testing.assert_close(scaled.amin(dim=0), torch.zeros(5))
    torch.testing.assert_close(scaled.amax(dim=0), torch.ones(5))
    wider = fit(feature_scale=2.0).net_.module_.scaled(X)
    assert wider.var(dim=0, correction=0).mean().item() == pytest.approx(4)
    torch.testing.assert_close(wider / wider.amax(dim=0), scaled)


def test_unit_and_origin_of_features_do_not_matter():
    X, y, attributes = blobs()
    draws = [
        WGANGP(**TINY).fit(64 * X + offset, y, attributes).sample(attributes, 5)[0]
        for offset in (0, 1024)
    ]
    np.testing.assert_allclose(draws[0] + 1024, draws[1], atol=0.5)


def test_sizes():
    module = fit(latent_dim=7).net_.module_
    assert module.generator.latent_dim == 7
    assert fit().net_.module_.generator.latent_dim == 3


def test_samples_come_from_the_averaged_weights(module):
    attributes = blobs()[2]
    assert fit(ema_decay=0).net_.module_.average.output.weight.requires_grad
    weights = {}

    class Keep(Callback):
        def on_batch_end(self, net, **kwargs):
            weights[net.n_steps_] = net.module_.generator.output.weight.clone()

    module = fit(ema_decay=0.5, max_iter=30, callbacks=[Keep()]).net_.module_
    expected = weights[1]
    for step in range(2, 31):
        decay = min(0.5, (step - 1) / (step + 9))
        expected = decay * expected + (1 - decay) * weights[step]
    torch.testing.assert_close(module.average.output.weight, expected.detach())
    z = torch.zeros(4, 3)
    a = torch.tensor(attributes.values) / fit().attribute_scale_
    x = module.average(z, module.average.describe(a))
    torch.testing.assert_close(
        module.sample(a, 1, torch_generator(0), 0.0), x * module.x_range + module.x_min
    )


def test_temperature_zero_is_one_row_per_class():
    generator = fit(temperature=0)
    draws, _ = generator.sample(blobs()[2], 3)
    assert len(np.unique(draws, axis=0)) == 4
