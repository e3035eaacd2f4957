"""SYNC: its losses and their minimum, and the mixtures of phantom classifiers."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from test_compatibility import normalised

from sklearn_gzsl import SYNC

LOSSES = ["one_versus_other", "structured"]


def written_out(W, b, Z, codes, A, *, loss, alpha):
    """What is minimised, row by row."""
    F = Z @ W + b
    ridge = 0.5 * alpha * (W**2).sum()
    if loss == "one_versus_other":
        signs = 2 * torch.nn.functional.one_hot(codes, len(A)) - 1
        return ridge + (1 - signs * F).clamp(min=0).square().mean()
    margins = torch.stack([(A - a).norm(dim=1) for a in A[codes]])
    behind = margins + F - F.gather(1, codes[:, None])
    return ridge + behind.max(dim=1).values.clamp(min=0).square().mean()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_classifiers_of_seen_classes_are_at_the_minimum(animals, loss):
    clf = SYNC(loss=loss, alpha=0.01, bandwidth=1.0, max_iter=500)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    Z, _, A, _ = map(torch.tensor, normalised(clf, animals))
    data = Z, torch.tensor(animals.codes), A
    W, b = (torch.tensor(v) for v in (clf.weights_, clf.biases_))

    def objective(W, b):
        return written_out(W, b, *data, loss=loss, alpha=0.01)

    least = objective(W, b).item()
    start = torch.zeros_like(W), torch.zeros_like(b)
    parts = [p.requires_grad_() for p in start]
    descent = torch.optim.LBFGS(parts, max_iter=1000, line_search_fn="strong_wolfe")

    def closure():
        descent.zero_grad()
        value = objective(*parts)
        value.backward()
        return value

    descent.step(closure)
    assert least < 0.9 * objective(torch.zeros_like(W), torch.zeros_like(b)).item()
    assert least == pytest.approx(objective(*parts).item(), rel=5e-3)


def test_all_classes_are_mixtures_of_the_phantom_classifiers(animals):
    clf = SYNC(bandwidth=0.7).fit(animals.X, animals.y, animals.attributes)
    _, Z, seen, every = normalised(clf, animals)

    def similarities(A):
        s = np.exp([[-np.square(a - b).sum() / 0.7**2 for b in seen] for a in A])
        return s / s.sum(axis=1, keepdims=True)

    phantoms = np.linalg.solve(similarities(seen), clf.weights_.T)
    biases = np.linalg.solve(similarities(seen), clf.biases_)
    W, b = similarities(every) @ phantoms, similarities(every) @ biases
    assert_allclose(clf.decision_function(animals.X_test), Z @ W.T + b, atol=1e-7)
    # Of the seen classes these are the classifiers that were learned.
    own = [sorted(animals.labels).index(c) for c in animals.seen]
    assert_allclose(W[own], clf.weights_.T, atol=1e-7)


def test_the_bandwidth_is_chosen_on_held_out_classes(animals):
    chosen = SYNC().fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert chosen.bandwidth_ in (0.5, 1.0, 2.0, 4.0)
    given = SYNC(bandwidth=chosen.bandwidth_).fit(
        animals.X, animals.y, class_attributes=animals.attributes
    )
    assert_allclose(*(c.decision_function(animals.X_test) for c in (chosen, given)))


def test_progress_is_shown(animals, capsys):
    clf = SYNC(verbose=1, max_iter=20, alpha=1e-6)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    *choice, line = capsys.readouterr().err.splitlines()
    assert all("SYNC: bandwidth: " in tried for tried in choice)
    assert f"SYNC: {clf.n_iter_} of 20 iterations, " in line


def test_margins_that_tie_are_no_dead_end(small_numbers):
    """Of two-digit numbers, most differ in both digits: they are all as far apart."""
    rows = small_numbers.train
    clf = SYNC(loss="structured", bandwidth=2.0, alpha=1e-3, max_iter=30)
    clf.fit(
        small_numbers.data[rows],
        small_numbers.target[rows],
        class_attributes=small_numbers.class_attributes,
    )
    seen = np.isin(small_numbers.target, clf.seen_classes_)
    assert clf.score(small_numbers.data[seen], small_numbers.target[seen]) > 0.8
