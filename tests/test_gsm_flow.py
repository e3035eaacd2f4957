"""GSMFlow: losses and density against the equations, positioning, ablations."""

import numpy as np
import pytest
import torch
from sklearn.utils import Bunch

from sklearn_gzsl import ClassAttributes, GSMFlow
from sklearn_gzsl.nn import squared_mmd

TINY = {
    "hidden_dim": 16,
    "n_layers": 2,
    "positioning_dim": 8,
    "max_iter": 20,
    "lr": 3e-3,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(0)
    vectors = np.array(
        [[1, 0, 0.1], [0, 1, 0.3], [1, 1, 0.2], [0.2, 0, 1], [1, 0.1, 1]]
    )
    means = vectors @ rng.normal(size=(3, 5)) * 2
    codes = np.repeat(np.arange(5), 60)
    X = (means[codes] + 0.3 * rng.normal(size=(300, 5))).astype(np.float32)
    seen = codes < 4
    return Bunch(
        X=X[seen], y=codes[seen], X_new=X[~seen], A=ClassAttributes(range(5), vectors)
    )


def fit(data, **params):
    return GSMFlow(**TINY | params).fit(data.X, data.y, data.A)


VARIANTS = {
    "whole": {},
    "anchors all": {"anchors": "all"},
    "no positioning": {"positioning_dim": None},
    "implicit": {"conditioning": "implicit"},
    "implicit, no positioning": {"conditioning": "implicit", "positioning_dim": None},
}


@pytest.mark.parametrize("params", VARIANTS.values(), ids=VARIANTS)
@torch.no_grad()
def test_samples_map_back_to_the_base_distribution(blobs, params):
    generator = fit(blobs, **params)
    module = generator.net_.module_
    X, y = generator.sample(blobs.A, 400)
    A = torch.tensor(blobs.A.values / np.float32(generator.attribute_scale_))
    u, _ = module.encode(torch.tensor(X), module.semantic(A), torch.tensor(y))
    assert u.mean(dim=0).abs().max() < 0.1
    torch.testing.assert_close(u.std(dim=0), torch.ones(5), atol=0.1, rtol=0)


@pytest.mark.parametrize("conditioning", ["explicit", "implicit"])
def test_losses_equal_the_equations_in_numpy(blobs, conditioning):
    generator = fit(
        blobs, conditioning=conditioning, perturbation=0.0, proto_weight=2.5
    )
    module = generator.net_.module_
    rows = slice(0, 240, 7)
    X, y = blobs.X[rows], blobs.y[rows]
    rng = torch.Generator().manual_seed(3)
    losses = module(torch.tensor(X), torch.tensor(y), rng)
    own = generator.score_samples(X)[np.arange(len(X)), y]
    # Eq. 4 as the authors scale it: per dimension, without the constant.
    flow = (-own - 2.5 * np.log(2 * np.pi)).mean() / 5
    centres, _ = generator.set_params(temperature=0).sample(blobs.A, 1)
    centroids = [blobs.X[blobs.y == c].mean(axis=0) for c in range(4)]
    proto = np.square(centres[:4] - centroids).mean()
    expected = {"flow": flow, "proto": proto, "loss": flow + 2.5 * proto}
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-3), name


def test_perturbation_and_its_mask(blobs):
    """Eq. 9 and 10: one mask for the whole batch, and noise in the unit of X."""
    moved = {}
    for dropout in (0.0, 0.6):
        generator = fit(
            blobs, perturbation=0.5, perturbation_dropout=dropout, max_iter=1
        )
        module = generator.net_.module_
        seen = []

        def encode(x, *_, seen=seen):
            seen.append(x)
            return x, torch.zeros(len(x))

        module.encode = encode
        x = torch.tensor(blobs.X)
        module(x, torch.tensor(blobs.y), torch.Generator().manual_seed(0))
        moved[dropout] = (seen[0] - x).std(dim=0)
    torch.testing.assert_close(moved[0.0], torch.full((5,), 0.5), atol=0.06, rtol=0)
    kept = moved[0.6] > 0
    assert 0 < kept.sum() < 5
    torch.testing.assert_close(
        moved[0.6][kept], torch.full((int(kept.sum()),), 0.5), atol=0.06, rtol=0
    )


def test_positioning_equals_the_equations(blobs):
    """Eq. 14 and 15 in numpy: anchors by summed cosines, then three ReLU layers."""
    for anchors, n in {"seen": 4, "all": 5}.items():
        generator = fit(blobs, anchors=anchors)
        module = generator.net_.module_
        a = blobs.A.values / np.float32(generator.attribute_scale_)
        unit = a[:n] / np.linalg.norm(a[:n], axis=1, keepdims=True)
        d = (unit @ unit.T).sum(axis=1)
        chosen = a[[d.argmax(), d.argmin(), np.argsort(d)[n // 2]]]
        positioning = module.positioning
        np.testing.assert_allclose(positioning.anchors, chosen, rtol=1e-5)
        spread = np.sqrt(np.square(a[:4] - a[:4].mean(axis=0)).sum(axis=1).mean()) / 5
        expected = sum(
            np.maximum(
                (a - anchor) / spread @ layer.weight.detach().numpy().T
                + layer.bias.detach().numpy(),
                0,
            )
            for anchor, layer in zip(chosen, positioning.layers, strict=True)
        )
        got = module.semantic(torch.tensor(a)).detach().numpy()
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


def test_prototype_loss_does_not_move_the_positioning(blobs):
    module = fit(blobs, max_iter=5).net_.module_
    batch = torch.tensor(blobs.X), torch.tensor(blobs.y), torch.Generator()
    module.zero_grad()
    module(*batch)["proto"].backward()
    assert all(p.grad is None for p in module.positioning.parameters())
    assert sum(p.grad.abs().sum() for p in module.flow.parameters()) > 0


def test_ablations_leave_parts_out(blobs):
    terms = {
        weight: fit(blobs, proto_weight=weight).history_[-1].keys() - {"epoch", "iter"}
        for weight in (0, 1)
    }
    assert terms == {0: {"loss", "flow"}, 1: {"loss", "flow", "proto"}}
    with_positioning = fit(blobs).net_.module_.state_dict().keys()
    without = fit(blobs, positioning_dim=None).net_.module_.state_dict().keys()
    assert {k.split(".")[0] for k in with_positioning - without} == {"positioning"}


def test_unseen_descriptions_matter_for_anchors_of_all_classes_alone(blobs):
    other = ClassAttributes(range(5), np.vstack([blobs.A.values[:4], [5, -3, 2]]))

    def draws(attributes, anchors):
        generator = GSMFlow(**TINY | {"anchors": anchors})
        generator.fit(blobs.X, blobs.y, attributes)
        return generator.sample(blobs.A, 2)[0].tobytes()

    assert draws(other, "seen") == draws(blobs.A, "seen")
    assert draws(other, "all") != draws(blobs.A, "all")


def test_step_schedule_decays_every_fifteen_passes(blobs):
    generator = GSMFlow(
        **TINY | {"batch_size": 60, "max_iter": 150},
        lr_schedule="step",
        lr_decay=0.5,
    )
    factor = generator._training_options(len(blobs.X))["lr_schedule"]
    # 4 batches in a pass, so 60 steps between two decays.
    assert [factor(step / 150) for step in (0, 59, 60, 119, 120, 149)] == [
        *(1.0, 1.0),
        *(0.5, 0.5),
        *(0.25, 0.25),
    ]
    generator.fit(blobs.X, blobs.y, blobs.A)
    assert generator.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(
        0.25 * TINY["lr"]
    )


def test_weight_decay_shrinks_the_weights(blobs):
    norms = [
        sum(
            p.square().sum()
            for p in fit(blobs, weight_decay=w, max_iter=60).net_.module_.parameters()
        )
        for w in (0.0, 100.0)
    ]
    assert norms[1] < 0.5 * norms[0]


def test_implicit_conditioning_needs_room_in_the_latent(blobs):
    X = blobs.X[:, :2]
    generator = GSMFlow(**TINY | VARIANTS["implicit, no positioning"])
    with pytest.raises(ValueError, match="positioning_dim"):
        generator.fit(X, blobs.y, blobs.A)


def test_learns_the_means_of_the_classes(blobs):
    generator = fit(blobs, max_iter=400, perturbation=0.1)
    X, y = generator.sample(blobs.A, 200)
    for c in range(4):
        gap = X[y == c].mean(axis=0) - blobs.X[blobs.y == c].mean(axis=0)
        assert np.abs(gap).max() < 0.3, c


def test_predicts_the_means_of_numbers_it_never_saw(small_numbers):
    data = small_numbers
    X, y = data.data, data.target
    generator = GSMFlow(
        hidden_dim=128, positioning_dim=64, max_iter=150, random_state=0
    )
    generator.fit(X[data.train], y[data.train], data.class_attributes)
    generator.set_params(temperature=0)
    means, labels = generator.sample(data.class_attributes.subset(data.unseen_classes))
    gaps = np.square(X[data.test_unseen][:, None] - means).sum(axis=2)
    nearest = labels[gaps.argmin(axis=1)]
    assert (nearest == y[data.test_unseen]).mean() > 0.55


@pytest.mark.parametrize("conditioning", ["explicit", "implicit"])
def test_losses_of_izf_equal_their_definitions(blobs, conditioning):
    generator = fit(
        blobs,
        conditioning=conditioning,
        positioning_dim=None,
        perturbation=0.0,
        proto_weight=0.0,
        centralising_weight=2.0,
        repulsion_weight=0.3,
    )
    module = generator.net_.module_
    x, y = torch.tensor(blobs.X[::7]), torch.tensor(blobs.y[::7])
    with torch.no_grad():
        losses = module(x, y, torch.Generator().manual_seed(3))
        u, _ = module.encode(x, module.semantic(module.A), y)
    if conditioning == "implicit":
        u = u[:, :3]  # the semantic part: three attributes
    central = sum(
        u[y == c].mean(dim=0).square().mean() * (y == c).sum() for c in y.unique()
    )
    assert losses["central"].item() == pytest.approx(central.item() / len(y), rel=1e-4)
    # Rows of the unseen class, from the same draws.
    rng = torch.Generator().manual_seed(3)
    torch.randint(1, (len(x),), generator=rng)
    noise = torch.randn(x.shape, generator=rng)
    with torch.no_grad():
        g = module.semantic(module.unseen)
        drawn = module.decode(noise, g, torch.zeros(len(x), dtype=torch.long))
    standard = [(v - module.x_mean) / module.x_spread for v in (drawn, x)]
    repulsion = -squared_mmd(*standard).item()
    assert losses["repulsion"].item() == pytest.approx(repulsion, abs=1e-5)
    total = losses["flow"] + 2 * losses["central"] + 0.3 * losses["repulsion"]
    assert losses["loss"].item() == pytest.approx(total.item(), rel=1e-5)


def test_gradients_of_all_losses_are_those_of_their_sum(blobs):
    weights = {"centralising_weight": 2.0, "repulsion_weight": 0.3}
    module = fit(blobs, **weights).net_.module_
    x, y = torch.tensor(blobs.X[::7]), torch.tensor(blobs.y[::7])

    def gradients(backward):
        module.zero_grad()
        backward(module(x, y, torch.Generator().manual_seed(3)))
        return [p.grad.clone() for p in module.parameters() if p.grad is not None]

    parts = gradients(module.backward)
    whole = gradients(lambda losses: losses["loss"].backward())
    for part, of_sum in zip(parts, whole, strict=True):
        torch.testing.assert_close(part, of_sum, rtol=1e-4, atol=1e-6)


def test_repulsion_drives_synthetic_rows_of_unseen_classes_away(blobs):
    distances = []
    for weight in (0.0, 20.0):
        generator = fit(
            blobs, repulsion_weight=weight, max_iter=100, positioning_dim=None
        )
        drawn, _ = generator.sample(blobs.A.subset([4]), 200)
        nearest = torch.cdist(torch.tensor(drawn), torch.tensor(blobs.X)).amin(dim=1)
        distances.append(nearest.mean().item())
    assert distances[1] > distances[0]


def test_repulsion_without_unseen_classes(blobs):
    generator = GSMFlow(**TINY, repulsion_weight=0.1)
    generator.fit(blobs.X, blobs.y, blobs.A.subset(range(4)))
    assert "repulsion" not in generator.history_[-1]
