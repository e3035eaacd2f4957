"""Metric losses: against pytorch-metric-learning, written-out sums, extremes."""

import math

import pytest
import torch
from torch.nn import functional as F

from sklearn_gzsl.nn import (
    adaptive_margin_loss,
    circle_loss,
    contrastive_loss,
    multi_similarity_loss,
    squared_mmd,
    supervised_contrastive_loss,
)

LOSSES = [
    circle_loss,
    contrastive_loss,
    multi_similarity_loss,
    supervised_contrastive_loss,
]


def batch(n=40, n_classes=6, seed=0, spread=1.0):
    """Rows around the means of their classes, of all lengths."""
    rng = torch.Generator().manual_seed(seed)
    y = torch.randint(n_classes, (n,), generator=rng)
    means = torch.randn(n_classes, 5, generator=rng)
    x = means[y] + spread * torch.randn(n, 5, generator=rng)
    return x * torch.rand(n, 1, generator=rng).exp(), y


def value_and_gradient(loss, x, y):
    x = x.clone().requires_grad_()
    value = loss(x, y)
    value.backward()
    return value.detach(), x.grad


@pytest.mark.parametrize("spread", [0.01, 0.3, 1.0, 5.0])
@pytest.mark.parametrize(
    ("own", "name", "options", "library_options"),
    [
        (circle_loss, "CircleLoss", {}, {}),
        (circle_loss, "CircleLoss", {"margin": 0.25}, {"m": 0.25}),
        (circle_loss, "CircleLoss", {"gamma": 256.0}, {"gamma": 256}),
        (contrastive_loss, "ContrastiveLoss", {}, {}),
        (
            contrastive_loss,
            "ContrastiveLoss",
            {"positive_margin": 0.2, "negative_margin": 0.7},
            {"pos_margin": 0.2, "neg_margin": 0.7},
        ),
        (multi_similarity_loss, "MultiSimilarityLoss", {}, {}),
        (
            multi_similarity_loss,
            "MultiSimilarityLoss",
            {"alpha": 3.0, "beta": 20.0, "base": 0.8},
            {"alpha": 3, "beta": 20, "base": 0.8},
        ),
        (supervised_contrastive_loss, "SupConLoss", {}, {}),
        (
            supervised_contrastive_loss,
            "SupConLoss",
            {"temperature": 0.5},
            {"temperature": 0.5},
        ),
    ],
)
def test_equals_pytorch_metric_learning(own, name, options, library_options, spread):
    losses = pytest.importorskip("pytorch_metric_learning.losses")
    library = getattr(losses, name)(**library_options)
    for seed, n_classes in [(0, 6), (1, 2), (2, 30), (3, 1)]:
        x, y = batch(n_classes=n_classes, seed=seed, spread=spread)
        got = value_and_gradient(lambda *b: own(*b, **options), x.double(), y)
        expected = value_and_gradient(library, x.double(), y)
        torch.testing.assert_close(got, expected)


def test_circle_loss_written_out():
    x, y = batch(n=12, n_classes=4)
    x, m, gamma = x.double(), 0.25, 8.0
    s = F.cosine_similarity(x[:, None], x[None], dim=2)
    losses, unified = [], []
    for i in range(12):
        positive = [s[i, j] for j in range(12) if y[j] == y[i] and j != i]
        negative = [s[i, j] for j in range(12) if y[j] != y[i]]
        if not (positive and negative):
            continue
        p, n = torch.stack(positive), torch.stack(negative)
        pull = torch.exp(-gamma * (1 + m - p).clamp(min=0) * (p - 1 + m)).sum()
        push = torch.exp(gamma * (n + m).clamp(min=0) * (n - m)).sum()
        losses.append(torch.log(1 + push * pull))
        pairs = torch.exp(gamma * (n[:, None] - p + m))
        unified.append(torch.log(1 + pairs.sum()))
    got = circle_loss(x, y, margin=m, gamma=gamma)
    torch.testing.assert_close(got, torch.stack(losses).mean())
    got = circle_loss(x, y, margin=m, gamma=gamma, self_paced=False)
    torch.testing.assert_close(got, torch.stack(unified).mean())


def test_unified_loss_is_flat_where_all_pairs_are_far_apart():
    x, y = torch.eye(3)[[0, 0, 1, 1, 2, 2]], torch.tensor([0, 0, 1, 1, 2, 2])
    value, gradient = value_and_gradient(
        lambda *b: circle_loss(*b, margin=0.25, self_paced=False), x, y
    )
    assert value < 1e-20
    assert gradient.abs().max() < 1e-20


@pytest.mark.parametrize("self_paced", [True, False])
@pytest.mark.parametrize("labels", [range(8), [0] * 8, [0]])
def test_circle_loss_without_pairs_is_zero(labels, self_paced):
    y = torch.tensor(list(labels))
    x = batch(n=len(y))[0]
    value, gradient = value_and_gradient(
        lambda *b: circle_loss(*b, self_paced=self_paced), x, y
    )
    assert value == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_pairs_of_one_kind_only(loss):
    """A batch of strangers is only pushed apart, one of a single class only pulled."""
    x = batch(n=8)[0]
    for y in (torch.arange(8), torch.zeros(8, dtype=int), torch.arange(1)):
        value, gradient = value_and_gradient(loss, x[: len(y)], y)
        assert torch.isfinite(value)
        assert torch.isfinite(gradient).all()
    assert value == 0  # a single row has no pairs
    assert (gradient == 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_extreme_embeddings_have_finite_losses_and_gradients(loss):
    x, y = batch()
    opposite = x[0] * torch.where(y % 2 == 0, 1.0, -1.0)[:, None]
    mixed_up = x[0] * torch.where(torch.arange(len(y)) % 2 == 0, 1.0, -1.0)[:, None]
    for rows in (1e8 * x, 1e-8 * x, x[:1].expand_as(x), opposite, mixed_up):
        value, gradient = value_and_gradient(loss, rows, y)
        assert torch.isfinite(value)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_only_directions_matter(loss):
    x, y = batch()
    lengths = torch.linspace(0.1, 10, len(x))[:, None]
    torch.testing.assert_close(loss(x, y), loss(lengths * x, y))


@pytest.mark.parametrize("loss", LOSSES)
def test_descent_gathers_classes(loss):
    x, y = batch(n_classes=4, spread=2.0)
    x.requires_grad_()
    adam = torch.optim.Adam([x], lr=0.05)
    for _ in range(200):
        adam.zero_grad()
        loss(x, y).backward()
        adam.step()
    s = F.cosine_similarity(x[:, None], x[None], dim=2)
    same = y[:, None] == y
    assert s[same].mean() > s[~same].mean() + 0.8


def test_contrastive_gradient_of_near_duplicates():
    """Distances by matrix products lose them; training leads there."""
    rng = torch.Generator().manual_seed(0)
    centres = torch.randn(4, 16, generator=rng, dtype=torch.float64)
    labels = torch.arange(4).repeat(16)
    noise = torch.randn(64, 16, generator=rng, dtype=torch.float64)
    x = centres[labels] + 1e-3 * noise
    grads = []
    for dtype in (torch.float32, torch.float64):
        t = x.to(dtype).requires_grad_()
        grads.append(torch.autograd.grad(contrastive_loss(t, labels), t)[0].double())
    assert (grads[0] - grads[1]).norm() < 1e-2 * grads[1].norm()


def test_adaptive_margin_loss_equals_the_written_out_sum():
    x, y = batch()
    centres = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    rows = []
    for row, own in zip(x, y.tolist(), strict=True):
        far = [(row - c).square().sum().item() for c in centres]
        wrong = min(d for k, d in enumerate(far) if k != own)
        rows.append(max(0.0, 1.5 + 0.7 * far[own] - 0.3 * wrong))
    assert 0 < sum(r > 0 for r in rows) <= len(rows)
    loss = adaptive_margin_loss(x, y, centres, margin=1.5, balance=0.7)
    assert loss.item() == pytest.approx(sum(rows) / len(rows), rel=1e-5)


def test_adaptive_margin_loss_of_one_class_alone():
    x = torch.ones(4, 3, requires_grad=True)
    loss = adaptive_margin_loss(x, torch.zeros(4, dtype=torch.long), torch.zeros(1, 3))
    loss.backward()
    assert loss.item() == 0
    assert (x.grad == 0).all()


def test_squared_mmd_equals_the_sums_of_kernels():
    x, y = batch(20)[0], batch(30, seed=1)[0] + 0.5
    both = [*x, *y]
    unit = sum((a - b).square().sum().item() for a in both for b in both) / 50**2

    def mean(rows, columns):
        pairs = [(a - b).square().sum().item() for a in rows for b in columns]
        kernels = [
            math.exp(-d / (s * unit)) for d in pairs for s in (1 / 4, 1 / 2, 1, 2, 4)
        ]
        return sum(kernels) / len(kernels)

    expected = mean(x, x) + mean(y, y) - 2 * mean(x, y)
    assert squared_mmd(x, y).item() == pytest.approx(expected, abs=1e-5)
    assert squared_mmd(x, x).item() == pytest.approx(0, abs=1e-6)
    assert squared_mmd(x, x + 100).item() > 0.5


def test_squared_mmd_of_rows_that_are_all_the_same():
    x = torch.ones(4, 3, requires_grad=True)
    squared_mmd(x, torch.ones(5, 3)).backward()
    assert (x.grad == 0).all()
