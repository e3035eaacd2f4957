"""WGANGP: losses against oracles, two optimisers, options, accuracy."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from skorch.callbacks import Callback

from sklearn_gzsl import (
    MLIS,
    WGANGP,
    ClassAttributes,
    GZSLClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.datasets import load_two_digit_numbers
from sklearn_gzsl.metrics import gzsl_scores
from sklearn_gzsl.nn import ConditionalCritic, ConditionalGenerator
from sklearn_gzsl.training import AdversarialNet, torch_generator

TINY = {
    "hidden_dim": 16,
    "latent_dim": None,
    "max_iter": 30,
    "device": "cpu",
    "random_state": 0,
}


def blobs(n_features=5, n_classes=4, n_rows=30, seed=0):
    """Rows of classes whose means depend linearly on 3 attributes."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n_classes, 3)).astype(np.float32)
    y = np.repeat(np.arange(n_classes), n_rows)
    X = (A @ rng.normal(size=(3, n_features)))[y] + rng.normal(
        scale=0.5, size=(len(y), n_features)
    )
    return X.astype(np.float32), y, ClassAttributes(np.arange(n_classes), A)


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


def critic_and_rows():
    rng = torch_generator(0)
    critic = ConditionalCritic(5, 3, 16, rng).double()
    for p in critic.parameters():
        p.data.normal_(generator=rng)
    real, fake, a = (
        torch.randn(7, d, generator=rng, dtype=torch.float64) for d in (5, 5, 3)
    )
    return critic, real, fake, a


def test_losses_of_the_critic_equal_double_backward():
    critic, real, fake, a = critic_and_rows()
    parameters = [*critic.features.parameters(), *critic.describe.parameters()]
    parameters.append(critic.output.weight)
    alpha = torch.rand(7, 1, generator=torch_generator(1), dtype=torch.float64)

    described = critic.describe(a)
    x = (alpha * real + (1 - alpha) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x, described).sum(), x, create_graph=True)
    expected = (
        critic(fake, described).mean() - critic(real, described).mean(),
        (slope.square().sum(dim=1).sqrt() - 1).square().mean(),
    )
    got = critic.compare(real, fake, critic.describe(a), alpha)
    torch.testing.assert_close(got, expected)
    assert got[1] > 0.1
    for weights in ([1.0, 0.0], [0.0, 1.0], [-0.3, 7.0]):
        got_grads, expected_grads = (
            torch.autograd.grad(
                sum(w * loss for w, loss in zip(weights, losses, strict=True)),
                parameters,
                retain_graph=True,
                materialize_grads=True,
            )
            for losses in (got, expected)
        )
        torch.testing.assert_close(got_grads, expected_grads)
        assert any(g.abs().sum() > 0 for g in got_grads)


def test_losses_of_a_flat_critic_have_finite_gradients():
    critic, real, fake, a = critic_and_rows()
    for p in critic.parameters():
        p.data.zero_()
    alpha = torch.full((7, 1), 0.5, dtype=torch.float64)
    wasserstein, penalty = critic.compare(real, fake, critic.describe(a), alpha)
    (wasserstein + penalty).backward()
    assert wasserstein == 0
    assert penalty == 1
    grads = [p.grad for p in critic.parameters() if p.grad is not None]
    assert all(torch.isfinite(g).all() for g in grads)


@pytest.mark.parametrize("n_unseen", [0, 2])
def test_synthetic_rows_of_several_batches_are_those_of_one_after_another(n_unseen):
    X, y, attributes = blobs(n_classes=4 + n_unseen)
    known = y < 4
    generator = MLIS(**TINY | {"embedding_dim": 8}).fit(X[known], y[known], attributes)
    module = generator.net_.module_
    rows = torch.randperm(120, generator=torch_generator(0)).split(20)
    batches = [(torch.tensor(X)[r], torch.tensor(y)[r]) for r in rows[:3]]
    got = list(module.critic_batches(batches, torch_generator(3)))
    rng = torch_generator(3)
    for batch, together in zip(batches, got, strict=True):
        (alone,) = module.critic_batches([batch], rng)
        assert len(alone[1]) == 20 + 5 * n_unseen
        torch.testing.assert_close(together, alone)


@torch.no_grad()
def test_networks_see_features_and_description_joined():
    critic, x, _, a = critic_and_rows()
    joined = torch.cat([critic.features.weight, critic.describe.weight], dim=1)
    h = torch.cat([x, a], dim=1) @ joined.T + critic.features.bias
    h = torch.where(h > 0, h, 0.2 * h)
    expected = h @ critic.output.weight[0] + critic.output.bias
    torch.testing.assert_close(critic(x, critic.describe(a)), expected)

    for activation in ("relu", "sigmoid", "linear"):
        rng = torch_generator(0)
        net = ConditionalGenerator(2, 3, 16, 5, rng, activation)
        z, a = torch.randn(7, 2, generator=rng), a.float()
        joined = torch.cat([net.noise.weight, net.describe.weight], dim=1)
        h = torch.cat([z, a], dim=1) @ joined.T
        out = torch.where(h > 0, h, 0.2 * h) @ net.output.weight.T
        if activation != "linear":
            out = (
                out.clamp(min=0) if activation == "relu" else 1 / (1 + torch.exp(-out))
            )
        torch.testing.assert_close(net(z, net.describe(a)), out)


def test_weights_start_as_in_the_paper():
    net = ConditionalGenerator(50, 40, 200, 60, torch_generator(0))
    for layer in (net.noise, net.describe, net.output):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert layer.bias is None or not layer.bias.any()


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


def test_every_parameter_learns_from_its_own_loss(module):
    sides = {
        "critic": (partial(critic_losses, module), module.critic_parameters()),
        "generator": (module.generator_losses, module.generator_parameters()),
    }
    own = [id(p) for _, parameters in sides.values() for p in parameters]
    assert sorted(own) == sorted(id(p) for p in module.parameters() if p.requires_grad)
    for name, (losses, parameters) in sides.items():
        module.zero_grad()
        losses(*batch(), rng=torch_generator(0))[name].backward()
        for p in parameters:
            # Differences of scores do not depend on the critic's last bias.
            if p is not module.critic.output.bias:
                assert p.grad is not None
                assert p.grad.abs().sum() > 0
        if name == "critic":
            assert all(p.grad is None for p in module.generator_parameters())


class Spy(Callback):
    """Notes the batches of every step."""

    seen: list = []

    def on_batch_begin(self, net, batch, **kwargs):
        self.seen.append(batch)


def test_every_critic_step_has_a_fresh_batch(monkeypatch):
    monkeypatch.setattr(Spy, "seen", [])
    fit(n_critic=3, batch_size=10, max_iter=4, callbacks=[Spy()])
    assert [len(batches) for batches in Spy.seen] == [3] * 4
    one_pass = [x for batches in Spy.seen for x, _ in batches]
    assert {len(x) for x in one_pass} == {10}
    assert len(torch.cat(one_pass).unique(dim=0)) == 120


class Turns(torch.nn.Module):
    """Notes, before each loss, which call it is and the values of both sides."""

    def __init__(self):
        super().__init__()
        self.d = torch.nn.Parameter(torch.zeros(()))
        self.g = torch.nn.Parameter(torch.zeros(()))
        self.calls = []

    def critic_parameters(self):
        return [self.d]

    def after_step(self):
        pass

    def generator_parameters(self):
        return [self.g]

    def critic_batches(self, batches, rng):
        return batches

    def critic_losses(self, x):
        self.calls.append(("critic", x, self.d.item(), self.g.item()))
        return {"critic": self.d + self.g.detach() + x.mean()}

    def generator_losses(self, x, rng):
        self.calls.append(("generator", x, self.d.item(), self.g.item()))
        assert not self.d.requires_grad
        return {"generator": self.g * 1.0, "other": self.d * self.g}


@pytest.mark.parametrize("n_critic", [1, 4])
def test_sides_learn_in_turns(n_critic):
    module, rows = Turns(), torch.arange(40.0)
    net = AdversarialNet(
        module,
        n_critic=n_critic,
        max_iter=3,
        rng=torch_generator(0),
        lr=0.5,
        batch_size=4,
        verbose=0,
    ).train_steps(rows)
    kinds, batches, d, g = zip(*module.calls, strict=True)
    assert kinds == ("critic",) * n_critic + ("generator",) + kinds[: 2 * n_critic + 2]
    for i, kind in enumerate(kinds[:-1]):
        assert (d[i + 1] != d[i]) == (kind == "critic")
        assert (g[i + 1] != g[i]) == (kind == "generator")
        if kind == "generator":
            assert torch.equal(batches[i], batches[i - 1])
    assert module.d.requires_grad
    assert net.n_steps_ == 3
    assert {"critic", "generator", "other"} <= net.history[-1].keys()


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
    generator = fit(max_iter=250, verbose=1)
    assert len(generator.history_) == 100
    assert generator.history_[-1].keys() == {
        *("epoch", "iter", "critic", "wasserstein", "penalty", "generator", "cls")
    }
    assert generator.n_iter_ == 250
    assert "wasserstein" in capsys.readouterr().out


def test_too_high_learning_rate_is_a_clear_error():
    for max_iter, lr in ((1, 1e39), (50, 1e30)):
        with pytest.raises(ValueError, match="lower lr"):
            fit(max_iter=max_iter, lr=lr, lr_schedule="constant")


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


def test_reads_numbers_with_few_rows(small_numbers):
    X, y = small_numbers.data, small_numbers.target
    train, test = small_numbers.train, small_numbers.test
    clf = GZSLClassifier(
        WGANGP(hidden_dim=256, latent_dim=20, max_iter=300, lr=2e-3),
        SoftmaxClassifier(lr=0.01, max_iter=2000),
        random_state=0,
    )
    clf.fit(X[train], y[train], class_attributes=small_numbers.class_attributes)
    scores = gzsl_scores(
        y[test], clf.predict(X[test]), seen_classes=small_numbers.seen_classes
    )
    assert scores["H"] > 0.5


def test_reference_numbers():
    """A change of these numbers is a change of the method: say so in the changelog."""
    generator = fit(lr=3e-3)
    row = generator.history_[-1]
    losses = [row[name] for name in ("wasserstein", "penalty", "generator", "cls")]
    np.testing.assert_allclose(losses, REFERENCE_LOSSES, rtol=1e-3, atol=1e-4)
    draws, _ = generator.sample(blobs()[2], 1)
    np.testing.assert_allclose(draws[:, 0], REFERENCE_DRAWS, rtol=1e-2, atol=1e-3)


REFERENCE_LOSSES = [0.82908, 0.12525, -0.73727, 1.37118]
REFERENCE_DRAWS = [-2.6808, -2.3515, -0.5591, -0.9425]


@pytest.mark.slow
def test_reads_numbers_it_never_saw():
    numbers = load_two_digit_numbers()
    X, y = numbers.data, numbers.target
    clf = GZSLClassifier(WGANGP(), random_state=0)
    clf.fit(
        X[numbers.train], y[numbers.train], class_attributes=numbers.class_attributes
    )
    scores = gzsl_scores(
        y[numbers.test],
        clf.predict(X[numbers.test]),
        seen_classes=numbers.seen_classes,
    )
    assert scores["H"] > 0.85
