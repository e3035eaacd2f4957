"""ABP: the Langevin steps and the loss against plain numpy, what is kept, accuracy."""

import numpy as np
import pytest
import torch
from conftest import blobs

from sklearn_gzsl import ABP
from sklearn_gzsl.training import torch_generator

TINY = {
    "hidden_dim": 16,
    "latent_dim": 4,
    "max_iter": 30,
    "device": "cpu",
    "random_state": 0,
}


def fit(**params):
    return ABP(**TINY | params).fit(*blobs())


def written_out(module, x, z, a, params, noise):
    """Latents after the steps, and the loss, with the gradients written out."""
    net = module.generator
    V, W, U = (
        layer.weight.detach().numpy() for layer in (net.noise, net.describe, net.output)
    )
    bias, out = net.noise.bias.detach().numpy(), net.output.bias.detach().numpy()
    relu = params["output_activation"] == "relu"

    def generate(z):
        h = z @ V.T + bias + a @ W.T
        slopes = np.where(h > 0, 1, 0.2)
        y = (slopes * h) @ U.T + out
        on = y > 0 if relu else np.ones_like(y)
        return y * on, slopes, on

    s, limit = params["step_size"], params["max_grad_norm"]
    for eps in noise:
        y, slopes, on = generate(z)
        slope = (((y - x) * on) @ U * slopes) @ V / params["sigma"] ** 2 + z
        move = 0.5 * s * slope
        if limit is not None:
            length = np.linalg.norm(move, axis=1, keepdims=True)
            move *= np.minimum(1, limit / length)
        z = z - s * move + s * eps
    y, _, _ = generate(z)
    return z, np.square(x - y).sum(axis=1).mean() / (2 * params["sigma"] ** 2)


@pytest.mark.parametrize("progress", [0.0, 0.9])
@pytest.mark.parametrize(
    "params",
    [
        {"output_activation": "relu", "max_grad_norm": None},
        {"output_activation": "linear", "max_grad_norm": None},
        {"output_activation": "relu", "max_grad_norm": 0.05},
    ],
)
def test_a_step_is_that_of_the_equations(params, progress):
    params = {"sigma": 0.7, "step_size": 0.2, "n_langevin": 3} | params
    generator = fit(**params)
    module, (X, y, attributes) = generator.net_.module_, blobs()
    module.progress = progress
    rows = torch.arange(0, len(X), 3)
    before = module.latents.clone()
    got = module(torch.tensor(X)[rows], rows, torch_generator(5))
    rng = torch_generator(5)
    noise = [torch.randn(len(rows), 4, generator=rng).numpy() for _ in range(3)]
    x = (X - X.min(axis=0)) / np.sqrt(X.var(axis=0).mean())
    a = attributes.values[y] / generator.attribute_scale_
    z, loss = written_out(
        module,
        x[rows],
        before[rows].numpy(),
        a[rows],
        params,
        # None in the last two thirds.
        noise if progress == 0 else [np.zeros_like(noise[0])] * 3,
    )
    np.testing.assert_allclose(module.latents[rows], z, rtol=1e-3, atol=1e-4)
    assert got["loss"].item() == pytest.approx(loss, rel=1e-3)
    assert got["norm"].item() == pytest.approx(np.square(z).mean(), rel=1e-3)
    # Rows that are not in the batch keep theirs.
    others = np.setdiff1d(np.arange(len(X)), rows)
    torch.testing.assert_close(module.latents[others], before[others])


def test_the_loss_moves_all_weights_and_no_latent():
    module, X = fit().net_.module_, torch.tensor(blobs()[0])
    module.zero_grad()
    module(X, torch.arange(len(X)), torch_generator(0))["loss"].backward()
    assert all(p.grad.any() for p in module.parameters())
    assert not module.latents.requires_grad


def test_latents_explain_their_rows_better_than_random_ones():
    params = {"sigma": 0.3, "max_iter": 300, "lr": 5e-3}
    inferred = fit(**params).history_[-1]["loss"]
    random = fit(**params, n_langevin=0).history_[-1]["loss"]
    assert inferred < 0.7 * random


def test_samples_are_of_random_latents():
    generator, attributes = fit(), blobs()[2]
    module = generator.net_.module_
    a = torch.tensor(attributes.values / np.float32(generator.attribute_scale_))
    with torch.no_grad():
        got = module.sample(a, 5, torch_generator(3), 0.5)
        z = 0.5 * torch.randn(20, 4, generator=torch_generator(3))
        described = module.generator.describe(a).repeat_interleave(5, dim=0)
        expected = module.generator(z, described) * module.x_spread + module.x_min
    torch.testing.assert_close(got, expected)


def test_one_seen_class_is_learned():
    X, y, attributes = blobs()
    one = y == 0
    draws, _ = ABP(**TINY).fit(X[one], y[one], attributes).sample(attributes)
    assert np.isfinite(draws).all()
