"""Couplings against FrEIA's blocks with the same weights."""

import pytest
import torch
from torch import nn

from sklearn_gzsl.nn import AdditiveCoupling, AffineCoupling

modules = pytest.importorskip("FrEIA.modules")


class Joined(nn.Module):
    """A ConditionalNet as FrEIA calls its networks: input and condition in one."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x_and_c):
        n_in = self.net.x_layer.in_features
        x, c = x_and_c[:, :n_in], x_and_c[:, n_in:]
        return self.net(x, c, torch.arange(len(x)))


def constructor(*nets):
    """A subnet constructor that hands out the given networks one after the other."""
    nets = iter(nets)
    return lambda *_: next(nets)


def randomise(module, rng):
    """Weights far from their small start, so that every term shows; float64."""
    with torch.no_grad():
        for p in module.parameters():
            p.normal_(0.0, 0.7, generator=rng)
    return module.double()


@pytest.mark.parametrize("n_features", [2, 5, 12])
@pytest.mark.parametrize("n_condition", [0, 4])
def test_affine_coupling_equals_the_glow_block(n_features, n_condition):
    rng = torch.Generator().manual_seed(0)
    ours = AffineCoupling(n_features, n_condition, 16, rng)
    randomise(ours, rng)
    block = modules.GLOWCouplingBlock(
        [(n_features,)],
        dims_c=[(n_condition,)] if n_condition else [],
        # net1 moves the first half, FrEIA's subnet1 the second.
        subnet_constructor=constructor(Joined(ours.net2), Joined(ours.net1)),
        clamp=1.0,
        split_len=(n_features + 1) // 2,
    )
    x = torch.randn(20, n_features, generator=rng).double().requires_grad_()
    condition = torch.randn(3, n_condition, generator=rng).double()
    rows = torch.randint(3, (20,), generator=rng)
    c = [condition[rows]] if n_condition else []
    (expected,), expected_log_det = block([x], c)
    y, log_det = ours(x, condition, rows)
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(log_det, expected_log_det)
    assert log_det.abs().min() > 0
    (back,), _ = block([y.detach()], c, rev=True)
    torch.testing.assert_close(ours.inverse(y.detach(), condition, rows), back)
    # Gradients too: with respect to the rows and to a weight.
    parameters = [x, ours.net1.out.weight]
    for got, want in zip(
        torch.autograd.grad(y.sum() + log_det.sum(), parameters),
        torch.autograd.grad(expected.sum() + expected_log_det.sum(), parameters),
        strict=True,
    ):
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize("n_features", [2, 5, 12])
def test_additive_coupling_equals_half_a_nice_block(n_features):
    rng = torch.Generator().manual_seed(0)
    ours = AdditiveCoupling(n_features, 16, rng)
    randomise(ours, rng)

    class Nothing(nn.Module):
        def forward(self, x):
            return x.new_zeros(len(x), ours.sizes[0])

    block = modules.NICECouplingBlock(
        [(n_features,)],
        subnet_constructor=constructor(Nothing(), ours.net),
        split_len=ours.sizes[0],
    )
    x = torch.randn(20, n_features, generator=rng).double()
    (expected,), _ = block([x])
    torch.testing.assert_close(ours(x)[0], expected)
    (back,), _ = block([expected], rev=True)
    torch.testing.assert_close(ours.inverse(expected), back)
