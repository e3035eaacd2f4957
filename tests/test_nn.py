"""How layers of flows start and what bounds them; linear layers."""

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


def rows(n, n_features, seed=1):
    return torch.randn(n, n_features, generator=torch.Generator().manual_seed(seed))


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


def test_soft_clamp_bounds_the_log_scales():
    rng = torch.Generator().manual_seed(0)
    coupling = AffineCoupling(6, 2, 8, rng, clamp=0.5)
    with torch.no_grad():
        for p in coupling.parameters():
            p.mul_(1e6)
    _, log_det = coupling(rows(10, 6), rows(1, 2), torch.zeros(10, dtype=int))
    assert 1.0 < log_det.abs().max() <= 6 * 0.5
