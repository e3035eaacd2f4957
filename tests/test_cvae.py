"""CVAE: losses against plain numpy, who learns from what, options, accuracy."""

import numpy as np
import pytest
import torch
from conftest import blobs

from sklearn_gzsl import CVAE
from sklearn_gzsl.training import torch_generator

TINY = {
    "hidden_dim": 16,
    "latent_dim": 4,
    "max_iter": 30,
    "device": "cpu",
    "random_state": 0,
}


def fit(**params):
    return CVAE(**TINY | params).fit(*blobs())


def batch():
    X, y, _ = blobs()
    return torch.tensor(X[::3]), torch.tensor(y[::3])


def relu_net(net, h, last_relu):
    """The layers of a ReLUNet, by numpy."""
    for i, layer in enumerate(net.layers):
        h = h @ layer.weight.numpy().T + layer.bias.numpy()
        if i < len(net.layers) - 1 or last_relu:
            h = np.maximum(h, 0)
    return h


def affine(layer, h):
    return h @ layer.weight.numpy().T + layer.bias.numpy()


@pytest.mark.parametrize("dropout", [0.0, 0.7])
@pytest.mark.parametrize("standardize", [True, False])
@torch.no_grad()
def test_losses_are_those_of_the_equations(standardize, dropout):
    weights = {"kl_weight": 0.3, "noise_scale": 0.5, "regressor_weight": 2.0}
    generator = fit(**weights, standardize=standardize, dropout=dropout)
    module = generator.net_.module_
    got = module(*batch(), torch_generator(5))

    X, _, attributes = blobs()
    x, y = (t.numpy() for t in batch())
    A = attributes.values / generator.attribute_scale_
    if standardize:
        x = (x - X.mean(axis=0)) / np.sqrt(X.var(axis=0).mean())
        A = A - A.mean(axis=0)
        A /= np.sqrt(np.square(A).sum(axis=1).mean())
    a = A[y]
    rng = torch_generator(5)
    h = relu_net(module.reader, np.hstack([x, a]), last_relu=True)
    if dropout:
        h *= (torch.rand(h.shape, generator=rng).numpy() >= dropout) / (1 - dropout)
    h = relu_net(module.encoder, h, last_relu=True)
    mean, log_var = affine(module.mean, h), affine(module.log_var, h)
    noise, prior = (torch.randn(len(x), 4, generator=rng).numpy() for _ in range(2))
    z = mean + 0.5 * np.exp(log_var / 2) * noise

    def decode(z):
        return relu_net(module.decoder, np.hstack([z, a]), last_relu=False)

    def error(rows, expected):
        return np.square(rows - expected).sum(axis=1)

    fake = decode(prior)
    read = [affine(module.regressor, rows) for rows in (x, fake)]
    expected = {
        "rec": error(decode(z), x).mean(),
        "kl": 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean(),
        "regression": np.concatenate([error(r, a) for r in read]).mean(),
        "cycle": error(read[1], a).mean(),
    }
    expected["loss"] = (
        expected["rec"]
        + 0.3 * expected["kl"]
        + expected["regression"]
        + 2.0 * expected["cycle"]
    )
    assert got.keys() == expected.keys()
    for name in got:
        assert float(got[name]) == pytest.approx(expected[name], rel=1e-4), name


def test_regressor_and_decoder_each_learn_from_their_own_error():
    module = fit(regressor_weight=1.0).net_.module_
    moved = {}
    for name in ("regression", "cycle"):
        module.zero_grad()
        module(*batch(), torch_generator(0))[name].backward()
        moved[name] = {
            part.split(".")[0]
            for part, p in module.named_parameters()
            if p.grad is not None and p.grad.any()
        }
    assert moved == {"regression": {"regressor"}, "cycle": {"decoder"}}


@pytest.mark.parametrize(
    ("params", "terms"),
    [({}, set()), ({"regressor_weight": 0.1}, {"regression", "cycle"})],
)
def test_history_and_parts(params, terms):
    generator = fit(**params)
    assert generator.history_[-1].keys() == {
        *("epoch", "iter", "loss", "rec", "kl"),
        *terms,
    }
    assert hasattr(generator.net_.module_, "regressor") == bool(terms)


def test_latents_are_as_long_as_descriptions_where_no_length_is_given():
    assert fit(latent_dim=None).net_.module_.mean.out_features == 3


def test_samples_are_decoded_draws_from_the_standard_gaussian():
    generator, attributes = fit(), blobs()[2]
    module = generator.net_.module_
    a = torch.tensor(attributes.values / np.float32(generator.attribute_scale_))
    with torch.no_grad():
        got = module.sample(a, 5, torch_generator(3), 0.5)
        z = 0.5 * torch.randn(20, 4, generator=torch_generator(3))
        a = module.standardized(a).repeat_interleave(5, dim=0)
        expected = module.decode(z, a) * module.x_spread + module.x_mean
    torch.testing.assert_close(got, expected)


def test_unit_and_origin_of_features_do_not_matter():
    X, y, attributes = blobs()
    draws = [
        CVAE(**TINY).fit(64 * X + offset, y, attributes).sample(attributes, 5)[0]
        for offset in (0, 1024)
    ]
    np.testing.assert_allclose(draws[0] + 1024, draws[1], atol=0.5)


@pytest.mark.parametrize("params", [{}, {"regressor_weight": 0.1}])
def test_one_seen_class_is_learned(params):
    X, y, attributes = blobs()
    one = y == 0
    draws, _ = CVAE(**TINY | params).fit(X[one], y[one], attributes).sample(attributes)
    assert np.isfinite(draws).all()
