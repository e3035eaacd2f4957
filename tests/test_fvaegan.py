"""FVAEGAN: losses against plain numpy, who learns from what, options, accuracy."""

import numpy as np
import pytest
import torch
from conftest import blobs

from sklearn_gzsl import FVAEGAN
from sklearn_gzsl.training import torch_generator

TINY = {
    "hidden_dim": 16,
    "latent_dim": 4,
    "max_iter": 30,
    "device": "cpu",
    "random_state": 0,
}
TF = {"cycle_weight": 0.3, "feedback": 0.5, "decoded_features": True}
SIGMOID = {"output_activation": "sigmoid", "feature_scale": None}


def fit(**params):
    return FVAEGAN(**TINY | params).fit(*blobs())


def batch():
    X, y, _ = blobs()
    return torch.tensor(X[::3]), torch.tensor(y[::3])


def normal(n, rng):
    return torch.randn(n, 4, generator=rng).numpy()


class WrittenOut:
    """The networks by numpy, on scaled rows of the classes y."""

    def __init__(self, module, generator, y):
        self.module, self.options = module, generator.get_params()
        A = blobs()[2].values / generator.attribute_scale_
        self.a = A[y]

    def affine(self, layer, h):
        bias = 0 if layer.bias is None else layer.bias.detach().numpy()
        return h @ layer.weight.detach().numpy().T + bias

    def leaky(self, h):
        return np.where(h > 0, h, 0.2 * h)

    def encode(self, x):
        net = self.module.encoder
        h = self.affine(net.x_layer, x - self.module.x_mean.numpy())
        h = self.leaky(h + self.affine(net.c_layer, self.a))
        return np.split(self.affine(net.out, h), 2, axis=1)

    def hidden(self, x):
        x = x - self.module.x_mean.numpy()
        return self.leaky(self.affine(self.module.reader, x))

    def read(self, x):
        told = self.affine(self.module.description, self.hidden(x))
        return told / np.linalg.norm(told, axis=1, keepdims=True)

    def generate(self, z):
        net = self.module.generator
        h = self.leaky(self.affine(net.noise, z) + self.affine(net.describe, self.a))

        def output(h):
            out = self.affine(net.output, h)
            if self.options["output_activation"] == "sigmoid":
                return 1 / (1 + np.exp(-out))
            return np.maximum(out, 0)

        if not self.options["feedback"]:
            return output(h)
        back = self.hidden(output(h))
        for layer in self.module.feedback:
            back = self.leaky(self.affine(layer, back))
        return output(h + self.options["feedback"] * back)

    def score(self, x):
        critic = self.module.critic
        h = self.affine(critic.features, x - self.module.x_mean.numpy())
        h = self.leaky(h + self.affine(critic.describe, self.a))
        return self.affine(critic.output, h)[:, 0]

    def reading_error(self, x):
        unit = self.a / np.linalg.norm(self.a, axis=1, keepdims=True)
        e = self.read(x) - unit
        share = e**2 / np.square(e).sum(axis=1, keepdims=True)
        return (np.abs(e) * share).sum(axis=1)


@pytest.mark.parametrize("params", [{}, TF, SIGMOID, TF | SIGMOID])
@torch.no_grad()
def test_losses_are_those_of_the_equations(params):
    weights = {"vae_weight": 0.2, "kl_weight": 3.0, "gp_weight": 7.0}
    generator = fit(**weights | params)
    module = generator.net_.module_
    x, y = batch()
    (prepared,) = module.critic_batches([(x, y)], torch_generator(0))
    got = module.critic_losses(*prepared)
    got |= module.generator_losses(x, y, torch_generator(3))

    own, n = WrittenOut(module, generator, y), len(x)
    x = module.scaled(x).numpy()
    mean, log_var = own.encode(x)

    rng = torch_generator(0)
    noise = torch.randn(2 * n, 4, generator=rng).numpy()
    fakes = [own.generate(noise[:n])]
    fakes.append(own.generate(mean + np.exp(log_var / 2) * noise[n:]))
    alpha = torch.rand(n, 1, generator=rng)
    penalties = []
    for fake in fakes:
        between = alpha * torch.tensor(x) + (1 - alpha) * torch.tensor(fake).float()
        with torch.enable_grad():
            between.requires_grad_()
            a = module.critic.describe(module.A[y])
            scores = module.critic(between - module.x_mean, a)
            (slope,) = torch.autograd.grad(scores.sum(), between)
        penalties.append(np.mean((np.linalg.norm(slope.numpy(), axis=1) - 1) ** 2))
    expected = {
        "wasserstein": np.mean([own.score(f).mean() for f in fakes])
        - own.score(x).mean(),
        "penalty": np.mean(penalties),
    }
    expected["critic"] = expected["wasserstein"] + 7.0 * expected["penalty"]

    rng = torch_generator(3)
    fake = own.generate(normal(n, rng))
    decoded = own.generate(mean + np.exp(log_var / 2) * normal(n, rng))
    if "output_activation" in params:
        rec = -(x * np.log(decoded) + (1 - x) * np.log(1 - decoded))
    else:
        X = module.scaled(torch.tensor(blobs()[0])).numpy()
        rec = np.square(decoded - x) / X.var(axis=0).mean()
    expected["rec"] = rec.sum(axis=1).mean()
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    expected["kl"] = kl.sum(axis=1).mean()
    expected["generator"] = -own.score(fake).mean() + 0.2 * (
        expected["rec"] + 3.0 * expected["kl"]
    )
    if "cycle_weight" in params:
        expected["reading"] = own.reading_error(x).mean()
        expected["critic"] += expected["reading"]
        errors = [own.reading_error(rows) for rows in (fake, decoded)]
        expected["cycle"] = np.mean(errors)
        expected["generator"] += 0.3 * expected["cycle"]
    assert got.keys() == expected.keys()
    for name in got:
        assert float(got[name]) == pytest.approx(expected[name], rel=1e-3, abs=1e-5)


def test_which_loss_moves_what():
    module = fit(**TF).net_.module_

    def moved(loss):
        module.zero_grad()
        loss.backward()
        return {
            name.split(".")[0]
            for name, p in module.named_parameters()
            if p.grad is not None and p.grad.any()
        }

    def critic(name):
        (prepared,) = module.critic_batches([batch()], torch_generator(0))
        return moved(module.critic_losses(*prepared)[name])

    reader = {"reader", "description"}
    assert critic("wasserstein") == {"critic"}
    assert critic("reading") == reader
    # As in training, where the critic's side is frozen in the generator's steps.
    for p in module.critic_parameters():
        p.requires_grad_(False)
    learns = {"encoder", "generator", "feedback"}
    for name, parts in (("rec", learns), ("kl", {"encoder"}), ("cycle", learns)):
        losses = module.generator_losses(*batch(), torch_generator(0))
        assert moved(losses[name]) == parts


@pytest.mark.parametrize(
    ("params", "parts", "terms"),
    [
        ({}, set(), set()),
        ({"cls_weight": 0.1}, set(), {"cls"}),
        ({"cycle_weight": 0.1}, {"reader", "description"}, {"reading", "cycle"}),
        ({"decoded_features": True}, {"reader", "description"}, {"reading"}),
        ({"feedback": 0.1}, {"reader", "description", "feedback"}, {"reading"}),
    ],
)
def test_options_have_their_parts(params, parts, terms):
    generator = fit(**params)
    found = {n.split(".")[0] for n, _ in generator.net_.module_.named_parameters()}
    assert found == {"generator", "average", "critic", "encoder"} | parts
    assert generator.history_[-1].keys() == {
        *("epoch", "iter", "critic", "wasserstein", "penalty"),
        *("generator", "rec", "kl"),
        *terms,
    }


@pytest.mark.parametrize("decoded", [False, True])
def test_features_are_joined_with_what_is_read_in_them(decoded):
    X, y, attributes = blobs()
    generator = fit(decoded_features=decoded)
    features = generator.transform(X)
    drawn, _ = generator.sample(attributes, 2)
    assert features.shape[1] == drawn.shape[1] == (5 + 16 + 3 if decoded else 5)
    assert len(generator.get_feature_names_out()) == features.shape[1]
    if not decoded:
        np.testing.assert_array_equal(features, X)
        return
    own = WrittenOut(generator.net_.module_, generator, y)
    x = generator.net_.module_.scaled(torch.tensor(X)).numpy()
    expected = np.hstack([x, own.hidden(x), own.read(x)])
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    generator.set_params(hidden_dim=3)
    assert len(generator.get_feature_names_out()) == features.shape[1]


def test_samples_take_both_passes():
    generator, attributes = fit(feedback=0.5, ema_decay=0.0), blobs()[2]
    own = WrittenOut(generator.net_.module_, generator, np.arange(4))
    a = generator.net_.module_.A
    with torch.no_grad():
        got = generator.net_.module_.sample(a, 1, torch_generator(3), 0.5)
    module = generator.net_.module_
    x = own.generate(0.5 * normal(4, torch_generator(3)))
    expected = x * module.x_range.numpy() + module.x_min.numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4)
    once = fit(feedback=0.0, ema_decay=0.0).sample(attributes)[0]
    assert np.abs(generator.sample(attributes)[0] - once).max() > 1e-3


def test_a_sigmoid_needs_features_in_its_range():
    with pytest.raises(ValueError, match=r"output_activation='sigmoid'; set feature_"):
        fit(output_activation="sigmoid")


@pytest.mark.parametrize("params", [{}, TF])
def test_one_seen_class_is_learned(params):
    X, y, attributes = blobs()
    one = y == 0
    generator = FVAEGAN(**TINY | params | {"cls_weight": 0.1})
    draws, _ = generator.fit(X[one], y[one], attributes).sample(attributes)
    assert np.isfinite(draws).all()


def test_the_metric_loss_is_of_real_rows_and_learned_centres():
    generator = fit(metric_weight=0.5, metric_margin=2.0, metric_balance=0.7)
    module, rng = generator.net_.module_, torch.Generator().manual_seed(0)
    x, y = batch()
    losses = module.critic_losses(*next(iter(module.critic_batches([(x, y)], rng))))
    written = WrittenOut(module, generator, y.numpy())
    read = written.affine(module.description, written.hidden(module.scaled(x).numpy()))
    centres = module.centres.detach().numpy()
    far = np.square(read[:, None] - centres).sum(axis=2)
    own = np.arange(len(y)), y.numpy()
    wrong = np.where(np.eye(len(centres))[y.numpy()] > 0, np.inf, far).min(axis=1)
    expected = np.maximum(0, 2 + 0.7 * far[own] - 0.3 * wrong).mean()
    assert losses["metric"].item() == pytest.approx(expected, rel=1e-4)
    rest = losses["wasserstein"] + module.gp_weight * losses["penalty"]
    rest = rest + losses["reading"] + 0.5 * losses["metric"]
    assert losses["critic"].item() == pytest.approx(rest.item(), rel=1e-5)
    assert any(p is module.centres for p in module.critic_parameters())
    assert "metric" in generator.history_[-1]


def test_the_metric_loss_gathers_what_is_read_around_the_centres():
    generators = [fit(metric_weight=w, max_iter=60, cycle_weight=0.1) for w in (0, 2.0)]
    X, y, _ = blobs()
    shares = []
    for generator in generators:
        module = generator.net_.module_
        with torch.no_grad():
            read = module.description(module.hidden(module.scaled(torch.tensor(X))))
        means = torch.stack([read[y == c].mean(dim=0) for c in range(4)])
        within = (read - means[y]).square().sum(dim=1).mean()
        shares.append((within / means.var(dim=0).sum()).item())
    assert shares[1] < shares[0]
