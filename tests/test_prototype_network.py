"""PrototypeNetwork: its forward pass written out, its start, and its episodes."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from test_compatibility import normalised

from sklearn_gzsl import PrototypeNetwork
from sklearn_gzsl.compatibility._prototype_network import network
from sklearn_gzsl.utils import unit_rows

QUICK = {"hidden_dim": 16, "max_iter": 30, "lr": 0.01, "random_state": 0}


@pytest.mark.parametrize("class_normalisation", [True, False])
@pytest.mark.parametrize("output", ["linear", "relu"])
def test_scores_are_cosines_with_the_nets_prototypes(
    animals, class_normalisation, output
):
    options = {"class_normalisation": class_normalisation, "output_activation": output}
    clf = PrototypeNetwork(**options, scale=7.0, normalisation="unit", **QUICK)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    _, Z, seen, every = normalised(clf, animals)
    W1, b1, W2, b2, W3, b3 = clf.layers_

    def standardised(units, of_seen):
        if not class_normalisation:
            return units, of_seen
        centre, spread = of_seen.mean(axis=0), np.sqrt(of_seen.var(axis=0) + 1e-5)
        return (units - centre) / spread, (of_seen - centre) / spread

    units, of_seen = (
        np.maximum(np.sqrt(7) * A @ W1 + b1, 0) @ W2 + b2 for A in (every, seen)
    )
    units, of_seen = standardised(units, of_seen)
    units, _ = standardised(np.maximum(units, 0), np.maximum(of_seen, 0))
    prototypes = units @ W3 + b3
    if output == "relu":
        prototypes = np.maximum(prototypes, 0)
    scores = 7 * Z @ unit_rows(prototypes).T
    assert_allclose(clf.decision_function(animals.X_test), scores, atol=1e-9)
    assert_allclose(clf.prototypes_, unit_rows(prototypes), atol=1e-9)


def test_prototypes_begin_with_the_variance_of_unit_rows():
    rng = torch.Generator().manual_seed(0)
    A = torch.nn.functional.normalize(torch.randn(200, 300, generator=rng))
    module = PrototypeNetwork(hidden_dim=512)._module(64, A, rng)
    prototypes = network(A, list(module.layers), **module.options)
    assert prototypes.var().item() * 64 == pytest.approx(1, rel=0.1)


def test_episodes_hold_classes_out(animals):
    clf = PrototypeNetwork(episodic=True, hidden_dim=4)
    rng = torch.Generator().manual_seed(0)
    module = clf._module(5, torch.randn(20, 7, generator=rng), rng)
    masks = torch.stack([module.present(rng) for _ in range(120)])
    for episode in (masks[:60], masks[60:]):
        assert (episode[:50] == episode[0]).all()
        assert (episode[50:] == ~episode[0]).all()
        assert episode[0].sum() == 16  # a fifth is held out
    assert (masks[0] != masks[60]).any()
    # Nothing but the rows and classes of the phase counts.
    x, y = torch.randn(40, 5, generator=rng), torch.arange(20).repeat(2)
    module.forward(x, y, rng)["loss"].backward()
    module.zero_grad()
    held_out = module.present(rng).logical_not()
    assert held_out.sum() == 4
    x_held, y_held = x[held_out[y]], y[held_out[y]]
    loss = module(x_held, y_held, rng)["loss"]
    assert loss == 0
    loss.backward()


def test_too_few_classes_for_episodes(animals):
    few = np.isin(animals.y, ["ant", "ape", "bat"])
    known = animals.attributes.subset(["ant", "ape", "bat"])
    X, y = animals.X[few], animals.y[few]
    options = {**QUICK, "class_normalisation": False}
    plain, episodic = (
        PrototypeNetwork(episodic=e, **options).fit(X, y, known) for e in (False, True)
    )
    assert_allclose(plain.decision_function(X), episodic.decision_function(X))
