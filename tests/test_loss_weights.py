"""A weight of 0 takes its own loss away, and no other."""

from functools import cache

import pytest
from conftest import blobs
from instances import NEURAL, TINY

# Losses that have no meaning without the one that is taken away: nothing else trains
# what they go through.
WITH_IT = {
    "regressor_weight": {"regression", "cycle"},
    "instance_weight": {"instance", "contrast"},
    "ce_weight": {"ce", "cls"},
    "centralising_weight": {"central"},
}
# Losses that stay, as numbers to look at.
SHOWN = {"gp_weight", "kl_weight", "rec_weight", "reg_weight", "semantic_weight"}
SHOWN |= {"vae_weight"}


def weights(cls):
    params = cls(**TINY[cls]).get_params()
    # Losses that are left out by default take part, too.
    return {k: v or 1.0 for k, v in params.items() if k.endswith("_weight")}


@cache
def fitted(cls, **params):
    """Names of the losses that were not 0 all the time, and what it draws."""
    params = TINY[cls] | weights(cls) | params | {"random_state": 0}
    data = blobs(n_unseen=2)
    generator = cls(**params).fit(*data)
    history = generator.history_
    found = {name for row in history for name, value in row.items() if value}
    return found - {"epoch", "iter", "loss"}, generator.sample(data[-1], 2)[0]


@pytest.mark.parametrize(
    ("cls", "weight"),
    [(cls, weight) for cls in NEURAL for weight in weights(cls)],
    ids=lambda p: getattr(p, "__name__", p),
)
def test_without_it_all_others_are_there(cls, weight):
    name = weight.removesuffix("_weight")
    losses, drawn = fitted(cls)
    left, drawn_without = fitted(cls, **{weight: 0.0})
    gone = losses - left
    assert gone <= WITH_IT.get(weight, {name})
    assert gone or weight in SHOWN
    assert (drawn != drawn_without).any()  # also of what stays, the weight counted
