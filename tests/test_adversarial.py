"""What holds for every adversarial method, and for the parts that they share.

Seeds, files and odd data are those of every generator: test_common.
"""

from copy import deepcopy

import pytest
import torch
from conftest import blobs
from instances import ADVERSARIAL
from sklearn.base import clone
from skorch.callbacks import Callback

from sklearn_gzsl.nn import (
    ConditionalCritic,
    ConditionalGenerator,
    linear,
    products_in,
)
from sklearn_gzsl.training import AdversarialNet, torch_generator


@pytest.fixture(scope="module", params=[0, 2], ids=lambda n: f"{n} unseen")
def data(request):
    return blobs(n_unseen=request.param)


def fit(name, data, **params):
    generator = clone(ADVERSARIAL[name]).set_params(random_state=0, **params)
    return generator.fit(*data)


@pytest.fixture(scope="module")
def trained(data):
    """Modules that were trained for a moment, each when a test first asks for it."""
    modules = {}

    def get(name):
        if name not in modules:
            modules[name] = fit(name, data).net_.module_
        return deepcopy(modules[name])

    return get


@pytest.fixture(params=ADVERSARIAL)
def module(request, trained):
    return trained(request.param)


def batch(data, n_rows=40):
    X, y, _ = data
    return torch.tensor(X[::3][:n_rows]), torch.tensor(y[::3][:n_rows])


def critic_losses(module, x, y):
    (prepared,) = module.critic_batches([(x, y)], torch_generator(0))
    return module.critic_losses(*prepared)


def by_autograd(critic, real, fake, described, alpha):
    """The oracle of ``compare``: Gulrajani et al. 2017, Eq. 3, by double backward."""
    x = (alpha * real + (1 - alpha) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x, described).sum(), x, create_graph=True)
    difference = critic(fake, described).mean() - critic(real, described).mean()
    return difference, (slope.square().sum(dim=1).sqrt() - 1).square().mean()


def gradients(loss, parameters):
    return torch.autograd.grad(
        loss, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
    )


def test_gradients_of_the_critic_s_side_are_autograd_s(module, data, monkeypatch):
    (prepared,) = module.critic_batches([batch(data)], torch_generator(0))
    prepared = [t.double() if t.is_floating_point() else t for t in prepared]
    module.double().A = module.A.double()
    losses, grads = [], []
    for oracle in (None, by_autograd):
        if oracle is not None:
            monkeypatch.setattr(ConditionalCritic, "compare", oracle)
        losses.append(module.critic_losses(*prepared))
        grads.append(gradients(losses[-1]["critic"], module.critic_parameters()))
    assert losses[0]["penalty"] > 0.1
    torch.testing.assert_close(losses[0], losses[1])
    torch.testing.assert_close(grads[0], grads[1])


def critic_and_rows(**options):
    rng = torch_generator(0)
    critic = ConditionalCritic(5, 3, 16, rng, **options).double()
    for p in critic.parameters():
        p.data.normal_(generator=rng)
    real, fake, a = (
        torch.randn(7, d, generator=rng, dtype=torch.float64) for d in (5, 5, 3)
    )
    return critic, real, fake, a


TWINS = [
    {"gradients": "closed-form"},
    {"gradients": "autograd"},
    {"gradients": "autograd", "n_layers": 3},
]
each_twin = pytest.mark.parametrize("twin", TWINS, ids=lambda t: str([*t.values()]))


@each_twin
def test_losses_of_the_critic_equal_double_backward(twin):
    critic, real, fake, a = critic_and_rows(**twin)
    alpha = torch.rand(7, 1, generator=torch_generator(1), dtype=torch.float64)
    expected = by_autograd(critic, real, fake, critic.describe(a), alpha)
    got = critic.compare(real, fake, critic.describe(a), alpha)
    exactly = {"rtol": 1e-10, "atol": 1e-10}
    torch.testing.assert_close(got, expected, **exactly)
    assert got[1] > 0.1
    parameters = [p for p in critic.parameters() if p is not critic.output.bias]
    for weights in ([1.0, 0.0], [0.0, 1.0], [-0.3, 7.0]):
        got_grads, expected_grads = (
            gradients(weights[0] * losses[0] + weights[1] * losses[1], parameters)
            for losses in (got, expected)
        )
        torch.testing.assert_close(got_grads, expected_grads, **exactly)
        assert any(g.abs().sum() > 0 for g in got_grads)


def test_twins_agree_with_products_in_bfloat16():
    grads = []
    for twin in TWINS[:2]:
        critic, *rows = critic_and_rows(**twin)
        real, fake, a = (t.float() for t in rows)
        alpha = torch.rand(7, 1, generator=torch_generator(1))
        with products_in(critic.float(), torch.bfloat16):
            _, penalty = critic.compare(real, fake, critic.describe(a), alpha)
            grads.append(gradients(penalty, [critic.features.weight])[0])
    assert (grads[0] - grads[1]).norm() / grads[1].norm() < 0.02


def test_a_second_derivative_is_refused_where_it_would_be_wrong():
    layer = linear(3, 1, torch_generator(0))
    x = torch.ones(2, 3, requires_grad=True)
    with products_in(layer, torch.bfloat16):
        (slope,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            slope.sum().backward()


@pytest.mark.parametrize("name", ["WGANGP", "MLIS"])
def test_the_closed_form_trains_as_its_twin_by_autograd(name, data):
    twins = [
        fit(name, data, critic_gradients=gradients, max_iter=3)
        for gradients in ("closed-form", "autograd")
    ]
    ours, theirs = (twin.net_.module_.state_dict() for twin in twins)
    assert ours.keys() == theirs.keys()
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=2e-5)
    losses = [[row["critic"] for row in twin.history_] for twin in twins]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_more_layers_need_autograd(data):
    with pytest.raises(ValueError, match=r"critic_layers=2 needs critic_gradients='a"):
        fit("WGANGP", data, critic_layers=2)


@each_twin
def test_losses_of_a_flat_critic_have_finite_gradients(twin):
    critic, real, fake, a = critic_and_rows(**twin)
    for p in critic.parameters():
        p.data.zero_()
    alpha = torch.full((7, 1), 0.5, dtype=torch.float64)
    wasserstein, penalty = critic.compare(real, fake, critic.describe(a), alpha)
    (wasserstein + penalty).backward()
    assert wasserstein == 0
    assert penalty == 1
    grads = [p.grad for p in critic.parameters() if p.grad is not None]
    assert all(torch.isfinite(g).all() for g in grads)


def test_every_parameter_learns_from_its_own_loss(module, data):
    x, y = batch(data)
    critic, generator = module.critic_parameters(), module.generator_parameters()
    learned = [id(p) for p in module.parameters() if p.requires_grad]
    assert sorted(map(id, [*critic, *generator])) == sorted(learned)

    critic_losses(module, x, y)["critic"].backward()
    for p in critic:
        # Differences of scores do not depend on the critic's last bias.
        if p is not module.critic.output.bias:
            assert p.grad is not None
            assert p.grad.abs().sum() > 0
    assert all(p.grad is None for p in generator)

    module.generator_losses(x, y, rng=torch_generator(0))["generator"].backward()
    for p in generator:
        assert p.grad is not None
        assert p.grad.abs().sum() > 0


class Freeze(Callback):
    """Stop one side from learning, and note the weights before the first step."""

    kept: list = []

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def on_batch_begin(self, net, **kwargs):
        for group in getattr(net, self.optimizer).param_groups:
            group["lr"] = 0.0
        self.before = {k: v.clone() for k, v in net.module_.named_parameters()}

    def on_train_end(self, net, **kwargs):
        module = net.module_
        self.kept.append(
            {
                id(p)
                for name, p in module.named_parameters()
                if p.requires_grad and torch.equal(p, self.before[name])
            }
        )


@pytest.mark.parametrize("frozen", ["critic", "generator"])
@pytest.mark.parametrize("name", ADVERSARIAL)
def test_each_side_moves_its_own_parameters(name, frozen, data, monkeypatch):
    monkeypatch.setattr(Freeze, "kept", [])
    optimizer = "optimizer_" if frozen == "critic" else "generator_optimizer_"
    module = fit(
        name, data, max_iter=1, lr_schedule="constant", callbacks=[Freeze(optimizer)]
    ).net_.module_
    # Differences of scores do not depend on the critic's last bias.
    never = {id(module.critic.output.bias)}
    still = {id(p) for p in getattr(module, f"{frozen}_parameters")()}
    assert Freeze.kept[0] | never == still | never


class Spy(Callback):
    """Notes the batches of every step."""

    seen: list = []

    def on_batch_begin(self, net, batch, **kwargs):
        self.seen.append(batch)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_every_critic_step_has_a_fresh_batch(name, data, monkeypatch):
    monkeypatch.setattr(Spy, "seen", [])
    fit(name, data, n_critic=3, batch_size=10, max_iter=4, callbacks=[Spy()])
    assert [len(batches) for batches in Spy.seen] == [3] * 4
    one_pass = [x for batches in Spy.seen for x, _ in batches]
    assert {len(x) for x in one_pass} == {10}
    assert len(torch.cat(one_pass).unique(dim=0)) == 120


def test_synthetic_rows_of_several_batches_are_those_of_one_after_another(module, data):
    X, y, _ = data
    rows = torch.randperm(120, generator=torch_generator(0)).split(20)
    batches = [(torch.tensor(X)[r], torch.tensor(y)[r]) for r in rows[:3]]
    got = list(module.critic_batches(batches, torch_generator(3)))
    rng = torch_generator(3)
    for batch, together in zip(batches, got, strict=True):
        (alone,) = module.critic_batches([batch], rng)
        assert len(alone[1]) == len(module.synthetic_labels(batch[1]))
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


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_too_high_learning_rate_is_a_clear_error(name, data):
    for max_iter, lr in ((1, 1e39), (50, 1e30)):
        with pytest.raises(ValueError, match="lower lr"):
            fit(name, data, max_iter=max_iter, lr=lr, lr_schedule="constant")
