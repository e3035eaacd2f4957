"""CEGZSL: losses against plain numpy, who learns from what, batches, accuracy."""

from functools import partial

import numpy as np
import pytest
import torch
from conftest import blobs
from scipy.special import log_softmax, logsumexp

from sklearn_gzsl import CEGZSL
from sklearn_gzsl.training import torch_generator

TINY = {
    "hidden_dim": 16,
    "latent_dim": 3,
    "embedding_dim": 12,
    "projection_dim": 6,
    "comparator_dim": 7,
    "batch_size": 32,
    "max_iter": 20,
    "device": "cpu",
    "random_state": 0,
}
blobs = partial(blobs, n_seen=6, n_unseen=2, n_rows=20)


def fit(**params):
    return CEGZSL(**TINY | params).fit(*blobs())


def batch():
    """Rows of all classes but one, of another a single one."""
    X, y, _ = blobs()
    rows = np.r_[0:8, 20:29, 40:45, 60:65, 80]
    return torch.tensor(X[rows]), torch.tensor(y[rows])


def affine(layer, h):
    bias = 0 if layer.bias is None else layer.bias.detach().numpy()
    return h @ layer.weight.detach().numpy().T + bias


def contrast(module, e, y, temperature):
    """For each row, and then for each of its positives."""
    p = affine(module.projection, e)
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    s = p @ p.T / temperature
    losses = []
    for i in range(len(y)):
        others = np.arange(len(y)) != i
        positives = others & (y == y[i])
        if positives.any():
            losses.append(np.mean(logsumexp(s[i, others]) - s[i, positives]))
    return np.mean(losses)


def compared(module, e, A, temperature):
    """Scores of [E(x), a] for each class, joined as the paper has them."""
    first = (module.embedded, module.described)
    first = [layer.weight.detach().numpy() for layer in first]
    scores = []
    for a in A:
        pair = np.hstack([e, np.repeat(a[None], len(e), axis=0)])
        h = pair @ np.hstack(first).T + module.embedded.bias.detach().numpy()
        scores.append(affine(module.scores, np.where(h > 0, h, 0.2 * h))[:, 0])
    return np.stack(scores, axis=1) / temperature


def test_losses_are_those_of_the_equations():
    params = {
        "instance_weight": 0.7,
        "ce_weight": 0.3,
        "contrast_weight": 0.5,
        "cls_weight": 0.4,
        "gp_weight": 3.0,
        "instance_temperature": 0.2,
        "class_temperature": 0.5,
    }
    generator = fit(**params)
    module, (x, y) = generator.net_.module_, batch()
    (prepared,) = module.critic_batches([(x, y)], torch_generator(0))
    got = module.critic_losses(*prepared)
    got |= module.generator_losses(x, y, rng=torch_generator(3))

    A = blobs()[2].values[:6] / generator.attribute_scale_
    z = torch.randn(len(x), 3, generator=torch_generator(3)).numpy()
    net = module.generator
    h = affine(net.noise, z) + affine(net.describe, A[y])
    fake = np.maximum(affine(net.output, np.where(h > 0, h, 0.2 * h)), 0)
    mean, real = module.x_mean.numpy(), module.scaled(x).numpy()
    critic = module.critic
    h = affine(critic.features, fake - mean) + affine(critic.describe, A[y])
    score = affine(critic.output, np.where(h > 0, h, 0.2 * h))
    # Features have the deviation 0.4 inside; the encoder meets one of 1.
    e_real, e_fake = (
        np.maximum(affine(module.encoder, (t - mean) / 0.4), 0) for t in (real, fake)
    )
    rows, y = np.arange(len(x)), y.numpy()
    both = np.vstack([e_fake, e_real])
    expected = {
        "instance": contrast(module, e_real, y, 0.2),
        "ce": -log_softmax(compared(module, e_real, A, 0.5), axis=1)[rows, y].mean(),
        "contrast": contrast(module, both, np.tile(y, 2), 0.2),
        "cls": -log_softmax(compared(module, e_fake, A, 0.5), axis=1)[rows, y].mean(),
    }
    # Both are those of WGANGP, whose own test has them written out.
    for term in ("wasserstein", "penalty"):
        expected[term] = got[term].item()
    expected["critic"] = (
        expected["wasserstein"]
        + 3.0 * expected["penalty"]
        + 0.7 * expected["instance"]
        + 0.3 * expected["ce"]
    )
    expected["generator"] = (
        0.5 * expected["contrast"] + 0.4 * expected["cls"] - score.mean()
    )
    assert got.keys() == expected.keys()
    for name in got:
        assert got[name].item() == pytest.approx(expected[name], rel=1e-3), name


def test_which_loss_moves_what():
    module = fit().net_.module_

    def moved(name):
        module.zero_grad()
        (prepared,) = module.critic_batches([batch()], torch_generator(0))
        module.critic_losses(*prepared)[name].backward()
        return {
            part.split(".")[0]
            for part, p in module.named_parameters()
            if p.grad is not None and p.grad.any()
        }

    assert moved("wasserstein") == {"critic"}
    assert moved("instance") == {"encoder", "projection"}
    assert moved("ce") == {"encoder", "embedded", "described", "scores"}
    sides = module.critic_parameters(), module.generator_parameters()
    learned = {p for p in module.parameters() if p.requires_grad}
    assert {*sides[0], *sides[1]} == learned
    assert len(sides[0]) + len(sides[1]) == len(learned)


@pytest.mark.parametrize(
    ("params", "left_out"),
    [
        ({}, set()),
        ({"instance_weight": 0}, {"instance", "contrast"}),
        ({"contrast_weight": 0}, {"contrast"}),
        ({"ce_weight": 0}, {"ce", "cls"}),
        ({"cls_weight": 0}, {"cls"}),
    ],
)
def test_ablations(params, left_out):
    terms = fit(**params).history_[-1].keys() - {"epoch", "iter"}
    assert (
        terms
        == {
            *("critic", "wasserstein", "penalty", "instance", "ce"),
            *("generator", "contrast", "cls"),
        }
        - left_out
    )


def test_transform_is_the_encoder_and_samples_are_embedded():
    X, _, attributes = blobs()
    generator = fit()
    features = generator.transform(X)
    expected = generator.net_.module_.embed(torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
    drawn, _ = generator.sample(attributes, 3)
    assert drawn.shape == (24, 12)
    assert list(generator.get_feature_names_out()[:2]) == ["cegzsl0", "cegzsl1"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"batch_size": 7}, "batch_size=7 has no room .* batch_size to 8 or more"),
        ({"rows_per_class": 20}, "batch_size=32 has no room for two classes with rows"),
        ({"rows_per_class": 1}, "'rows_per_class' parameter .* range \\[2, inf\\)"),
    ],
)
def test_batches_too_small_for_a_contrast(params, message):
    with pytest.raises(ValueError, match=message):
        fit(**params)


def test_one_seen_class_is_learned():
    X, y, attributes = blobs()
    one = y == 0
    generator = CEGZSL(**TINY).fit(X[one], y[one], attributes)
    assert np.isfinite(generator.sample(attributes)[0]).all()
