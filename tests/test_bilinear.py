"""BilinearClassifier: its steps against the rules of the papers, and its options."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from test_compatibility import normalised

from sklearn_gzsl import BilinearClassifier
from sklearn_gzsl.presets import paper_settings

RANKING = ("warp", "first_violator", "max_violator")


def step(W, x, y, A, *, loss, lr, margin, rng):
    """The rule of the paper for one row: W after it, and the draws that it took."""
    F = np.array([x @ W @ a for a in A])
    violators = [c for c in range(len(A)) if c != y and margin + F[c] - F[y] > 0]
    order = torch.rand(1, len(A), generator=rng)[0] if loss != "max_violator" else None
    if not violators:
        return W
    if loss == "max_violator":  # SJE
        c, beta = max(violators, key=lambda c: F[c]), 1.0
    else:
        wrong = sorted((c for c in range(len(A)) if c != y), key=lambda c: order[c])
        n_draws = next(n for n, c in enumerate(wrong, start=1) if c in violators)
        c = wrong[n_draws - 1]
        # DeViSE; and ALE, whose rank is that which so many draws let expect.
        rank = (len(A) - 1) // n_draws if loss == "warp" else 1
        beta = sum(1 / k for k in range(1, rank + 1))
    return W + lr * beta * np.outer(x, A[y] - A[c])


@pytest.mark.parametrize("loss", RANKING)
@pytest.mark.parametrize("margin", [0.1, 1.0])
def test_steps_are_those_of_the_papers(animals, loss, margin):
    rule = {"loss": loss, "lr": 0.7, "margin": margin}
    clf = BilinearClassifier(
        **rule,
        optimizer="sgd",
        lr_schedule="constant",
        batch_size=1,
        max_iter=60,
        random_state=0,
        device="cpu",
    )
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    Z, _, A, _ = normalised(clf, animals)
    # The same draws in the same order: the first W, the rows, and the classes of each.
    seed = np.random.RandomState(0).randint(2**31 - 1)
    rng = torch.Generator().manual_seed(int(seed))
    W = (torch.rand(1, 5, 7, generator=rng) * 2 - 1)[0].numpy().astype(float)
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    changed = 0
    for i in torch.randperm(90, generator=rng)[:60].tolist():
        after = step(W, Z[i], animals.codes[i], A, **rule, rng=rng)
        changed += not np.array_equal(after, W)
        W = after
    assert 0 < changed
    assert_allclose(clf.weights_[0], W, rtol=1e-4, atol=1e-5)


def test_of_several_maps_the_best_one_counts(animals):
    clf = BilinearClassifier(loss="warp", n_maps=3, max_iter=50, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    _, Z, _, every = normalised(clf, animals)
    assert clf.weights_.shape == (3, 5, 7)
    expected = np.max([Z @ W @ every.T for W in clf.weights_], axis=0)
    assert_allclose(clf.decision_function(animals.X_test), expected, atol=1e-9)


@pytest.mark.parametrize("loss", [*RANKING, "softmax"])
def test_the_loss_falls(animals, loss):
    clf = BilinearClassifier(loss=loss, random_state=0, max_iter=300)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert [*clf.history_[-1]] == ["iter", "loss"]
    assert clf.history_[-1]["iter"] == 300
    assert clf.history_[-1]["loss"] < 0.7 * clf.history_[0]["loss"]


def test_progress_is_shown(animals, capsys):
    clf = BilinearClassifier(max_iter=10, verbose=1, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    (line,) = capsys.readouterr().err.splitlines()
    assert "BilinearClassifier: 10 of 10 steps, " in line
    assert line.endswith(f"loss {clf.history_[-1]['loss']:.4g}")


def test_a_training_that_diverges_says_so(animals):
    clf = BilinearClassifier(optimizer="sgd", lr=1e30, normalisation=None)
    with pytest.raises(ValueError, match="lower lr"):
        clf.fit(1e6 * animals.X, animals.y, class_attributes=animals.attributes)


@pytest.mark.parametrize("method", ["ALE", "DeViSE", "SJE"])
@pytest.mark.parametrize("dataset", ["AWA1", "AWA2", "CUB", "SUN", "aPY"])
def test_published_settings_fit(method, dataset, animals):
    clf = paper_settings(method.lower(), dataset)
    assert isinstance(clf, BilinearClassifier)
    assert (clf.optimizer, clf.batch_size) == ("sgd", 1)
    clf.set_params(max_iter=20)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert np.isfinite(clf.decision_function(animals.X_test)).all()


def test_published_values():
    """From the tables of the repository, not from the code."""
    ale, devise, sje = (paper_settings(m, "CUB") for m in ("ALE", "DeViSE", "SJE"))
    assert (ale.loss, ale.lr, ale.normalisation) == ("warp", 0.3, "unit")
    assert (devise.loss, devise.lr, devise.margin) == ("first_violator", 1.0, 1.0)
    assert (sje.loss, sje.lr, sje.margin) == ("max_violator", 0.1, 4.0)
    assert sje.normalisation == "standard"
    assert sje.max_iter == 20 * 7057
    assert paper_settings("DeViSE", "AWA1").margin == 200.0
    with pytest.raises(ValueError, match=r"ALE: AWA1, .*DeViSE: AWA1, .*SJE: AWA1,"):
        paper_settings("LATEM", "CUB")
