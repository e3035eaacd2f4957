"""AttributeSoftmaxClassifier: scores, loss and adjustment written out, and as head."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from test_compatibility import normalised

from sklearn_gzsl import (
    AttributeSoftmaxClassifier,
    GaussianGenerator,
    GZSLClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.presets import paper_settings
from sklearn_gzsl.utils import unit_rows

QUICK = {"hidden_dim": 32, "max_iter": 200, "lr": 0.01, "random_state": 0}


def fit(data, **params):
    clf = AttributeSoftmaxClassifier(**QUICK | params)
    return clf.fit(data.X, data.y, class_attributes=data.attributes)


def as_head(data, *, n_synthetic=5, **params):
    head = AttributeSoftmaxClassifier(**QUICK | params)
    clf = GZSLClassifier(
        GaussianGenerator(),
        head,
        n_synthetic=n_synthetic,
        seen_penalty=0.0,
        random_state=0,
    )
    return clf.fit(data.X, data.y, class_attributes=data.attributes)


def weights(clf, A):
    W1, b1, W2, b2 = clf.layers_
    units = A @ W1.T + b1
    return unit_rows(np.maximum(units, 0.2 * units) @ W2.T + b2)


def test_scores_are_cosines_with_the_nets_weights(animals):
    clf = fit(animals, temperature=0.1)
    _, Z, _, every = normalised(clf, animals)
    expected = Z @ weights(clf, every).T / 0.1
    assert_allclose(clf.decision_function(animals.X_test), expected, atol=1e-9)


@pytest.mark.parametrize("odds", [None, 20.0])
def test_loss_and_adjustment_equal_the_equation(animals, odds):
    head = as_head(animals, prior_odds=odds, temperature=0.1).classifier_
    # 90 rows of nine seen classes, 5 of each of three unseen ones, by label.
    seen = np.isin(sorted(animals.labels), animals.seen)
    counts = np.where(seen, 10, 5)
    share = counts / np.where(seen, 90, 15)
    of_side = odds / (1 + odds) if odds else 90 / 105
    prior = np.log(share * np.where(seen, of_side, 1 - of_side))
    assert_allclose(head.class_log_prior_, prior)

    rng = torch.Generator().manual_seed(0)
    A = unit_rows(np.random.default_rng(0).normal(size=(12, 7)))
    module = head._module(5, torch.tensor(A, dtype=torch.float32), rng)
    x, y = torch.randn(20, 5, generator=rng), torch.arange(20) % 12
    head.layers_ = [p.detach().numpy().astype(float) for p in module.parameters()]
    logits = unit_rows(x.numpy().astype(float)) @ weights(head, A).T / 0.1 + prior
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -log_p[np.arange(20), y].mean()
    assert module(x, y, rng)["loss"].item() == pytest.approx(expected, rel=1e-5)


def test_it_is_told_which_classes_are_seen(animals):
    head = as_head(animals).classifier_
    assert_array_equal(head.seen_classes_, animals.seen)
    assert_array_equal(head.unseen_classes_, animals.unseen)


def test_a_few_synthetic_rows_suffice(animals):
    scorer = GZSLScorer("H")
    scores = [
        scorer(as_head(animals, n_synthetic=n), animals.X_test, animals.y_test)
        for n in (3, 30)
    ]
    assert min(scores) > 0.7


def test_larger_odds_favour_unseen_classes(animals):
    """As if the rows of the unseen classes were rarer than they are."""
    low, high = (as_head(animals, prior_odds=odds) for odds in (0.1, 1000.0))
    unseen = np.isin(low.classes_, animals.unseen)
    gaps = [
        np.mean(s[:, unseen].max(axis=1) - s[:, ~unseen].max(axis=1))
        for s in (c.decision_function(animals.X_test) for c in (low, high))
    ]
    assert gaps[0] < gaps[1]


def test_as_many_synthetic_rows_as_real_ones_by_default(animals):
    clf = as_head(animals, n_synthetic="auto")
    assert clf.n_synthetic_ == 10


def test_seen_classes_without_rows(animals):
    with pytest.raises(ValueError, match="seen_classes has no class of y"):
        AttributeSoftmaxClassifier(**QUICK).fit(
            animals.X, animals.y, animals.attributes, seen_classes=["elk"]
        )


def test_published_settings():
    head = paper_settings("zlap", "CUB")
    assert isinstance(head, AttributeSoftmaxClassifier)
    assert (head.prior_odds, head.temperature) == (30.0, 0.04)
    # 7057 real rows and 10 of each of 50 classes, 60 passes in batches of 512.
    assert head.max_iter == 60 * 15
    assert paper_settings("ZLAP", "AWA2").prior_odds == 1000.0
