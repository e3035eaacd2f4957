"""Flows: inverse, log-determinant and gradients against autograd."""

import pytest
import torch

from sklearn_gzsl.nn import (
    ActNorm,
    AdditiveCoupling,
    AffineCoupling,
    Flow,
    Permutation,
    linear,
)


def make_flow(n_features, seed=0, n_steps=3):
    """A flow trained for a moment, so that every parameter is away from its start."""
    rng = torch.Generator().manual_seed(seed)
    layers = []
    for _ in range(n_steps):
        layers += [
            ActNorm(n_features),
            Permutation(n_features, rng),
            AdditiveCoupling(n_features, 16, rng),
        ]
    flow = Flow(layers)
    x = rows(256, n_features) ** 3
    flow.initialize(x)
    adam = torch.optim.Adam(flow.parameters(), lr=1e-2)
    for _ in range(50):
        z, log_det = flow(x)
        loss = (0.5 * z.square().sum(dim=1) - log_det).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return flow


def rows(n, n_features, seed=1):
    return torch.randn(n, n_features, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n_features", [2, 3, 8, 33])
def test_flow_inverse(n_features):
    flow, x = make_flow(n_features), rows(50, n_features)
    z, _ = flow(x)
    assert (z - x).abs().max() > 0.1  # it does something
    torch.testing.assert_close(flow.inverse(z), x, atol=1e-4, rtol=0)
    torch.testing.assert_close(flow(flow.inverse(x))[0], x, atol=1e-4, rtol=0)


@pytest.mark.parametrize("n_features", [2, 3, 8])
def test_flow_log_det_equals_autograd(n_features):
    flow = make_flow(n_features).double()
    for x in rows(3, n_features).double():
        jacobian = torch.autograd.functional.jacobian(
            lambda t: flow(t[None])[0][0],
            x,
        )
        expected = torch.linalg.slogdet(jacobian).logabsdet
        torch.testing.assert_close(flow(x[None])[1], expected)
        assert expected.abs() > 1e-3


def test_every_parameter_of_a_flow_gets_a_gradient():
    flow = make_flow(5)
    z, log_det = flow(rows(20, 5))
    (z.square().sum() + log_det.sum()).backward()
    for name, p in flow.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


def test_additive_coupling_starts_as_the_identity_and_keeps_the_first_half():
    coupling = AdditiveCoupling(5, 8, torch.Generator().manual_seed(0))
    x = rows(10, 5)
    torch.testing.assert_close(coupling.initialize(x), x)
    with torch.no_grad():
        coupling.net.out.weight += 1.0
    y, log_det = coupling(x)
    assert torch.equal(y[:, :3], x[:, :3])
    assert (y[:, 3:] - x[:, 3:]).abs().min() > 0
    assert log_det == 0


def test_actnorm_normalises_the_rows_it_starts_from():
    x = 3.0 + 2.0 * rows(500, 4)
    norm = ActNorm(4)
    y = norm.initialize(x)
    torch.testing.assert_close(y.mean(dim=0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.std(dim=0, correction=0), torch.ones(4))


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_actnorm_does_not_blow_up_nearly_constant_channels(unit):
    x = rows(500, 6) * unit
    x[:, 0] = 0.5 * unit
    x[:, 1] = 0.0
    x[0, 1] = 0.1 * unit  # one row differs
    flow = Flow(ActNorm(6) for _ in range(4))
    flow.initialize(x)
    other = rows(500, 6, seed=2) * unit
    assert flow(other)[0].abs().max() < 10.0
    # Channels that vary are normalised whatever their unit.
    torch.testing.assert_close(
        flow(x)[0][:, 2:].std(dim=0, correction=0), torch.ones(4)
    )


def test_actnorm_of_one_repeated_row_is_finite():
    norm = ActNorm(3)
    assert norm.initialize(torch.full((4, 3), 7.0)).abs().max() == 0


def test_permutation_is_stored_with_the_weights():
    first = Permutation(20, torch.Generator().manual_seed(0))
    second = Permutation(20, torch.Generator().manual_seed(1))
    x = rows(2, 20)
    assert not torch.equal(first(x)[0], second(x)[0])
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(x)[0], second(x)[0])
    assert torch.equal(second.inverse(second(x)[0]), x)


@pytest.mark.parametrize("init", ["xavier", "normal", "zeros"])
def test_linear_draws_from_its_generator_alone(init):
    before = torch.random.get_rng_state()
    layers = [
        linear(4, 3, torch.Generator().manual_seed(seed), init=init)
        for seed in (0, 0, 1)
    ]
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [layer.weight for layer in layers]
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2]) == (init == "zeros")
    assert all(torch.all(layer.bias == 0) for layer in layers)


@pytest.mark.parametrize("n_features", [1, 2, 3, 9])
def test_affine_coupling_inverse_and_log_det(n_features):
    rng = torch.Generator().manual_seed(0)
    flow = Flow(AffineCoupling(n_features, 4, 16, rng) for _ in range(3)).double()
    with torch.no_grad():
        for p in flow.parameters():
            p.normal_(0.0, 0.5, generator=rng)
    x, condition = rows(6, n_features).double(), rows(2, 4, seed=2).double()
    which = torch.tensor([0, 1, 1, 0, 1, 0])
    z, log_det = flow(x, condition, which)
    assert (z - x).abs().max() > 0.1
    torch.testing.assert_close(flow.inverse(z, condition, which), x)
    for i in range(6):
        jacobian = torch.autograd.functional.jacobian(
            lambda t, i=i: flow(t[None], condition, which[i : i + 1])[0][0],
            x[i],
        )
        expected = torch.linalg.slogdet(jacobian).logabsdet
        torch.testing.assert_close(log_det[i], expected)


def test_soft_clamp_bounds_the_log_scales():
    rng = torch.Generator().manual_seed(0)
    coupling = AffineCoupling(6, 2, 8, rng, clamp=0.5)
    with torch.no_grad():
        for p in coupling.parameters():
            p.mul_(1e6)
    _, log_det = coupling(rows(10, 6), rows(1, 2), torch.zeros(10, dtype=int))
    assert 1.0 < log_det.abs().max() <= 6 * 0.5
