"""MLIS: losses against the equations, who trains what, ablations, accuracy."""

from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from conftest import blobs
from torch.nn import functional as F

from sklearn_gzsl import MLIS, ClassAttributes
from sklearn_gzsl.nn import (
    circle_loss,
    contrastive_loss,
    multi_similarity_loss,
)

TINY = {
    "hidden_dim": 16,
    "latent_dim": 3,
    "embedding_dim": 12,
    "batch_size": 32,
    "max_iter": 4,
    "device": "cpu",
    "random_state": 0,
}


blobs = partial(blobs, n_seen=6, n_unseen=2, n_rows=20)


def trained(**params):
    """Module trained for a moment, a batch of it, and the descriptions it knows."""
    X, y, attributes = blobs()
    generator = MLIS(**TINY | params).fit(X, y, attributes)
    module = generator.net_.module_
    rows = np.random.default_rng(0).permutation(len(X))[:32]
    A = torch.tensor(attributes.values / np.float32(generator.attribute_scale_))
    return module, torch.tensor(X[rows]), torch.tensor(y[rows]), A


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def critic_losses(module, x, y):
    (batch,) = module.critic_batches([(x, y)], rng())
    return module.critic_losses(*batch)


@pytest.fixture(scope="module")
def fitted():
    X, y, attributes = blobs()
    return MLIS(**TINY).fit(X, y, attributes), X, y, attributes


@torch.no_grad()
def written_out(module, x, y, A, noise):
    """What the losses are made of, from the weights alone."""

    def affine(layer, t):
        return t @ layer.weight.T + (0 if layer.bias is None else layer.bias)

    generator, critic = module.generator, module.critic
    X = torch.tensor(blobs()[0])
    low, unit = X.min(dim=0).values, X.max(dim=0).values - X.min(dim=0).values
    unit *= (X / unit).std(dim=0, correction=0).square().mean().sqrt() / 0.4
    mean = ((X - low) / unit).mean(dim=0)
    labels = torch.cat([y, torch.arange(6, 8).repeat_interleave(5)])[: len(noise)]
    h = affine(generator.noise, noise) + affine(generator.describe, A[labels])
    fake = affine(generator.output, F.leaky_relu(h, 0.2)).relu() - mean
    x = (x - low) / unit - mean
    e_real, e_fake = (affine(module.encoder, t / 0.4).relu() for t in (x, fake))
    hidden = [
        affine(critic.features, t) + affine(critic.describe, A[y])
        for t in (x, fake[: len(x)])
    ]
    score = [affine(critic.output, F.leaky_relu(h, 0.2)) for h in hidden]
    return {
        "score_real": score[0],
        "score_fake": score[1],
        "rows": (x, fake[: len(x)]),
        "e_real": e_real,
        "logits": affine(module.head, torch.cat([e_real, e_fake])),
        "labels": torch.cat([y, labels]),
    }


def penalty(critic, real, fake, a, generator):
    alpha = torch.rand(len(real), 1, generator=generator)
    x = (alpha * real + (1 - alpha) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x, critic.describe(a)).sum(), x)
    return (slope.norm(dim=1) - 1).square().mean()


@pytest.mark.parametrize("weight", [0.5, 0.2, None])
@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("circle", lambda e, y: circle_loss(e, y, margin=0.3, gamma=20)),
        (
            "unified",
            lambda e, y: circle_loss(e, y, margin=0.3, gamma=20, self_paced=False),
        ),
        ("contrastive", contrastive_loss),
        ("multi_similarity", multi_similarity_loss),
    ],
)
def test_losses_of_the_critic_side(name, loss, weight):
    module, x, y, A = trained(
        metric_loss=name,
        margin=0.3,
        gamma=20.0,
        semantic_weight=weight,
        metric_weight=0.7,
        ce_weight=0.3,
        gp_weight=3.0,
    )
    got = critic_losses(module, x, y)
    generator = rng()
    noise = torch.randn(32 + 10, 3, generator=generator)
    parts = written_out(module, x, y, A, noise)
    e, a = parts["e_real"], A[y]
    if weight is not None:
        e = (1 - weight) ** 0.5 * e / e.norm(dim=1, keepdim=True)
        a = weight**0.5 * a / a.norm(dim=1, keepdim=True)
    expected = {
        "wasserstein": parts["score_fake"].mean() - parts["score_real"].mean(),
        "penalty": penalty(module.critic, *parts["rows"], A[y], generator),
        "metric": loss(torch.cat([e, a], dim=1), y),
        "ce": F.cross_entropy(parts["logits"], parts["labels"]),
    }
    expected["critic"] = (
        expected["wasserstein"]
        + 3.0 * expected["penalty"]
        + 0.7 * expected["metric"]
        + 0.3 * expected["ce"]
    )
    assert got.keys() == expected.keys()
    for term, value in expected.items():
        torch.testing.assert_close(got[term], value, rtol=1e-4, atol=1e-5, msg=term)


def test_losses_of_the_generator_side():
    module, x, y, A = trained(cls_weight=0.4)
    got = module.generator_losses(x, y, rng=rng())
    noise = torch.randn(32, 3, generator=rng())
    parts = written_out(module, x, y, A, noise)
    cls = F.cross_entropy(parts["logits"][32:], y)
    torch.testing.assert_close(got["cls"], cls, rtol=1e-4, atol=1e-5)
    expected = 0.4 * cls - parts["score_fake"].mean()
    torch.testing.assert_close(got["generator"], expected, rtol=1e-4, atol=1e-5)


def test_similarities_are_weighted_means():
    module, x, y, A = trained(semantic_weight=0.25)
    h, a = module.encode(module.scaled(x)), A[y]
    joined = module.joined(h, a)
    cosines = [F.cosine_similarity(t[:, None], t[None], dim=2) for t in (joined, h, a)]
    torch.testing.assert_close(cosines[0], 0.75 * cosines[1] + 0.25 * cosines[2])


def gradients(loss, module):
    module.zero_grad()
    loss.backward()
    return {
        name.split(".")[0]
        for name, p in module.named_parameters()
        if p.grad is not None and p.grad.abs().sum() > 0
    }


def test_which_loss_moves_what():
    module, x, y, _ = trained()
    critic = critic_losses(module, x, y)
    assert gradients(critic["wasserstein"], module) == {"critic"}
    critic = critic_losses(module, x, y)
    assert gradients(critic["metric"], module) == {"encoder"}
    critic = critic_losses(module, x, y)
    assert gradients(critic["ce"], module) == {"encoder", "head"}
    sides = module.critic_parameters(), module.generator_parameters()
    learned = {p for p in module.parameters() if p.requires_grad}
    assert {*sides[0], *sides[1]} == learned
    assert len(sides[0]) + len(sides[1]) == len(learned)


ALL_TERMS = {"critic", "wasserstein", "penalty", "metric", "ce", "generator", "cls"}


@pytest.mark.parametrize(
    ("params", "left_out"),
    [
        ({}, set()),
        ({"metric_weight": 0}, {"metric"}),
        ({"ce_weight": 0}, {"ce", "cls"}),
        ({"cls_weight": 0}, {"cls"}),
        ({"implicit_semantics": False}, set()),
        ({"synthetic_refinement": False}, set()),
        ({"metric_loss": "contrastive"}, set()),
        ({"metric_loss": "multi_similarity"}, set()),
        ({"metric_loss": "unified"}, set()),
    ],
)
def test_ablations(params, left_out, fitted):
    X, y, attributes = blobs()
    generator = MLIS(**TINY | params).fit(X, y, attributes)
    terms = generator.history_[-1].keys() - {"epoch", "iter"}
    assert terms == ALL_TERMS - left_out
    parts = {n.split(".")[0] for n, _ in generator.net_.module_.named_parameters()}
    whole = {"generator", "average", "critic", "encoder", "head"}
    assert parts == whole - ({"head"} if "ce" in left_out else set())
    if params:
        draws = [g.sample(attributes)[0] for g in (generator, fitted[0])]
        assert np.abs(draws[0] - draws[1]).max() > 1e-4


def test_without_implicit_semantics_the_metric_loss_sees_the_encoder_alone():
    module, x, y, _ = trained(implicit_semantics=False)
    got = critic_losses(module, x, y)["metric"]
    expected = circle_loss(module.embed(x), y, margin=0.25)
    torch.testing.assert_close(got, expected)


def test_refinement_uses_descriptions_of_unseen_classes_and_none_without_it():
    X, y, attributes = blobs()
    seen = attributes.subset(np.arange(6))
    other = ClassAttributes(
        attributes.labels, np.vstack([seen.values, attributes.values[6:] + 1])
    )

    def draws(descriptions, **params):
        generator = MLIS(**TINY | params).fit(X, y, descriptions)
        return generator.net_.module_.encoder.weight.detach().numpy()

    assert not np.array_equal(draws(attributes), draws(other))
    np.testing.assert_array_equal(
        draws(attributes, synthetic_refinement=False),
        draws(other, synthetic_refinement=False),
    )


def test_five_synthetic_rows_of_each_unseen_class_join_a_batch():
    module, _, y, _ = trained()
    labels = module.synthetic_labels(y)
    assert torch.equal(labels[:32], y)
    assert labels[32:].tolist() == [6] * 5 + [7] * 5


def test_transform_is_the_encoder_and_needs_no_descriptions(fitted):
    generator, X, _, attributes = fitted
    features = generator.transform(X)
    assert features.shape == (len(X), 12)
    assert features.dtype == np.float32
    assert (features >= 0).all()
    module = deepcopy(generator.net_.module_).double()
    expected = module.embed(torch.tensor(X).double()).detach().numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-6, atol=1e-7)
    names = generator.get_feature_names_out()
    assert list(names[:2]) == ["mlis0", "mlis1"]
    assert len(names) == 12
    # Samples are drawn in the same space.
    draws, _ = generator.sample(attributes, 3)
    assert draws.shape == (24, 12)
    assert (draws >= 0).all()


def test_width_of_the_output_is_that_of_the_fit(fitted):
    generator, X, _, _ = fitted
    generator.set_params(embedding_dim=5)
    assert generator.transform(X).shape[1] == len(generator.get_feature_names_out())
    generator.set_params(embedding_dim=12)


def test_samples_are_embedded_draws_of_the_gan(fitted):
    generator, _, _, attributes = fitted
    module = generator.net_.module_
    a = torch.tensor(attributes.values / np.float32(generator.attribute_scale_))
    with torch.no_grad():
        z = 0.5 * torch.randn(32, 3, generator=rng(3))
        described = module.average.describe(a).repeat_interleave(4, dim=0)
        expected = module.encode(module.average(z, described))
        got = module.sample(a, 4, rng(3), 0.5)
    torch.testing.assert_close(got, expected)


def test_training_separates_classes():
    X, y, attributes = blobs(n_rows=60)
    test = np.arange(len(X)) % 4 == 0
    params = TINY | {"embedding_dim": 64, "hidden_dim": 64, "max_iter": 100}
    generator = MLIS(**params, lr=2e-2).fit(X[~test], y[~test], attributes)
    first, last = (generator.history_[i] for i in (0, -1))
    assert last["metric"] < first["metric"]
    assert last["ce"] < 0.7 * first["ce"]
    drawn, labels = generator.sample(attributes.subset(np.arange(6)), 50)
    centres = np.stack([drawn[labels == c].mean(axis=0) for c in range(6)])
    distance = np.linalg.norm(generator.transform(X[test])[:, None] - centres, axis=2)
    assert (distance.argmin(axis=1) == y[test]).mean() > 0.5
