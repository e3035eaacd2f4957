"""SoftmaxClassifier: weights of rows and classes, chunks, and logit adjustment."""

import numpy as np
import pytest
import torch
from irises import assert_same_fit, make_clf, make_iris
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_gzsl import SoftmaxClassifier
from sklearn_gzsl.linear_model._softmax_steps import SoftmaxSteps

iris = pytest.fixture(make_iris, scope="module")
clf = pytest.fixture(make_clf)


def test_weights_of_rows_are_repetitions(iris):
    X, y = iris
    counts = np.random.default_rng(0).integers(0, 4, len(X))
    clf = SoftmaxClassifier(lr=0.05, batch_size=1000, max_iter=100)
    weighted = clone(clf).fit(X, y, sample_weight=counts)
    repeated = clone(clf).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-4, atol=1e-6)
    # The unit of the weights does not matter, also beside weight_decay.
    clf.set_params(weight_decay=0.1)
    halves = clone(clf).fit(X, y, sample_weight=np.full(len(X), 0.5))
    assert_allclose(halves.coef_, clf.fit(X, y).coef_, rtol=1e-6)


@pytest.mark.parametrize("given", ["balanced", "dict"])
@pytest.mark.parametrize("also_rows", [False, True])
def test_class_weights_are_weights_of_rows(clf, iris, given, also_rows):
    X, y = iris[0][:100], iris[1][:100]
    rare = (y != 2) | (np.cumsum(y == 2) < 6)
    X, y = X[rare], np.array(["a", "b", "c"])[y[rare]]
    rows = np.linspace(1, 2, len(y)) if also_rows else np.ones(len(y))
    if given == "balanced":
        totals = {c: rows[y == c].sum() for c in "abc"}
        per_row = np.array([1 / totals[c] for c in y])
        clf.set_params(class_weight="balanced")
    else:
        clf.set_params(class_weight={"b": 5.0, "c": 0.5})
        per_row = np.array([{"a": 1, "b": 5, "c": 0.5}[c] for c in y])
    expected = clone(clf).set_params(class_weight=None)
    expected.fit(X, y, sample_weight=per_row * rows)
    clf.fit(X, y, sample_weight=rows if also_rows else None)
    assert_allclose(clf.coef_, expected.coef_, rtol=1e-6)
    assert not np.allclose(clf.coef_, expected.fit(X, y).coef_, rtol=0.01)


def test_balanced_weights_without_weight_on_a_class(clf, iris):
    X, y = iris
    clf.set_params(class_weight="balanced").fit(X, y, sample_weight=1.0 * (y > 0))
    assert np.isfinite(clf.coef_).all()
    assert set(clf.predict(X)) == {1, 2}


def test_chunks_learn_as_much_as_the_whole(iris):
    X, y = iris
    clf = SoftmaxClassifier(lr=0.05, batch_size=10, random_state=0)
    for rows in np.split(np.arange(150), 5) * 10:
        clf.partial_fit(X[rows], y[rows], classes=[2, 0, 1])
    assert clf.n_iter_ == 150
    assert len(clf.loss_curve_) == 50
    assert clf.classes_.tolist() == [0, 1, 2]
    whole = clone(clf).set_params(max_iter=150).fit(X, y)
    assert clf.score(X, y) > 0.94
    assert_allclose(clf.loss_curve_[-1], whole.loss_curve_[-1], atol=0.05)


def test_a_stored_classifier_goes_on_as_if_nothing_had_happened(iris, round_trip):
    """Adam's moments and the order of the rows are part of what is stored."""
    X, y = iris
    clf = SoftmaxClassifier(lr=0.02, random_state=0)
    clf.partial_fit(X, y, classes=[0, 1, 2])
    loaded = round_trip(clf)
    assert_same_fit(loaded, clf)
    assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    assert_same_fit(loaded.partial_fit(X, y), clf.partial_fit(X, y))
    assert loaded.loss_curve_[1] < loaded.loss_curve_[0]


def test_one_step_after_the_other_is_one_fit(iris):
    clf = SoftmaxClassifier(lr=0.02, batch_size=150, max_iter=20)
    whole = clone(clf).fit(*iris)
    for _ in range(20):
        clf.partial_fit(*iris, classes=[0, 1, 2])
    assert_allclose(clf.coef_, whole.coef_, rtol=1e-6)
    assert_allclose(clf.fit(*iris).coef_, whole.coef_, rtol=1e-6)  # fit forgets
    assert clf.n_iter_ == 20


def test_weights_count_across_chunks(iris):
    """Not only within: a chunk may hold the rows of one class alone."""
    X, y = iris
    order = np.argsort(y, kind="stable")
    curves = []
    for weights in ({0: 1, 1: 1, 2: 1}, {0: 1, 1: 1, 2: 100}):
        clf = SoftmaxClassifier(class_weight=weights, batch_size=50, random_state=0)
        for rows in np.split(order, 3):
            clf.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        curves.append(clf.loss_curve_)
    assert_allclose(curves[0][:2], curves[1][:2])
    assert curves[1][2] == pytest.approx(100 * curves[0][2])


def test_rules_of_the_first_chunk(clf, iris):
    X, y = iris
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        clf.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"labels \[2\], which are not among classes"):
        clf.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(NotFittedError):
        clf.predict(X)
    clf.partial_fit(X[:10], y[:10], classes=[0, 1, 2, 3])
    assert clf.coef_.shape == (4, 4)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        clf.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="needs all rows at once"):
        clone(clf).set_params(class_weight="balanced").partial_fit(X, y, [0, 1, 2])


@pytest.mark.parametrize("trouble", ["label", "features", "nan", "lr", "interrupt"])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_failing_chunk_changes_nothing(clf, iris, monkeypatch, trouble):
    X, y = iris
    clf.partial_fit(X, y, classes=[0, 1, 2])
    before = clone(clf).partial_fit(X, y, classes=[0, 1, 2])
    bad_X, bad_y, error = 5 * X, y.copy(), ValueError
    if trouble == "label":
        bad_y[-1] = 7
    elif trouble == "features":
        bad_X = X[:, :3]
    elif trouble == "nan":
        bad_X[-1, -1] = np.nan
    elif trouble == "lr":
        clf.set_params(lr=1e308)
    else:
        error, step, steps = KeyboardInterrupt, SoftmaxSteps.step, []

        def interrupted_step(self, *args):
            steps.append(step(self, *args))
            if len(steps) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(SoftmaxSteps, "step", interrupted_step)
    with pytest.raises(error):
        clf.partial_fit(bad_X, bad_y)
    monkeypatch.undo()
    clf.set_params(lr=before.lr)
    assert_same_fit(clf, before)
    assert_same_fit(clf.partial_fit(X, y), before.partial_fit(X, y))


def test_logit_adjustment_is_that_of_autograd(iris):
    X, y = iris[0][20:], iris[1][20:]
    clf = SoftmaxClassifier(
        lr=0.05,
        batch_size=len(X),
        max_iter=20,
        weight_decay=0.1,
        logit_adjustment=1.5,
        class_weight={0: 3.0},
    ).fit(X, y)
    weight = torch.tensor(np.where(y == 0, 3.0, 1.0))
    shares = torch.bincount(torch.tensor(y), weights=weight) / weight.sum()
    layer = torch.nn.Linear(4, 3, dtype=torch.float64)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    adam = torch.optim.Adam(
        layer.parameters(), lr=0.05, betas=(0.5, 0.999), weight_decay=0.1
    )
    for _ in range(20):
        adam.zero_grad()
        logits = layer(torch.tensor(X)) + 1.5 * torch.log(shares)
        loss = torch.nn.functional.cross_entropy(
            logits, torch.tensor(y), reduction="none"
        )
        (weight * loss).mean().div(weight.mean()).backward()
        adam.step()
    assert_allclose(clf.coef_, layer.weight.detach(), rtol=1e-6, atol=1e-9)
    assert_allclose(clf.intercept_, layer.bias.detach(), rtol=1e-6, atol=1e-9)


def test_logit_adjustment_undoes_imbalance():
    """Where classes are Gaussian, the optimum for equal priors is known."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [3800, 200])
    X = rng.standard_normal((4000, 2)) + 2 * y[:, None]
    test = rng.standard_normal((4000, 2)) + np.repeat([[0], [2]], 2000, axis=0)
    truth = np.repeat([0, 1], 2000)
    scores = {}
    for tau in (0.0, 1.0, 2.0):
        clf = SoftmaxClassifier(
            lr=0.02, max_iter=3000, logit_adjustment=tau, random_state=0
        ).fit(X, y)
        scores[tau] = clf.score(test, truth)
        shares = np.log([0.95, 0.05])
        # Logits are 2 (x1 + x2) - 4 and the logarithm of what is left of the shares.
        expected = -4 + (1 - tau) * (shares[1] - shares[0])
        assert clf.decision_function([[0, 0]])[0] == pytest.approx(expected, abs=0.7)
    assert scores[1.0] > max(scores[0.0], scores[2.0]) + 0.02


def test_logit_adjustment_counts_across_chunks(iris):
    X, y = iris
    clf = SoftmaxClassifier(batch_size=150, lr=0.02, logit_adjustment=1.0)
    some = np.flatnonzero((y < 2) & (np.arange(150) % 5 > y))
    clf.partial_fit(X[some], y[some], classes=[0, 1, 2])
    assert clf.class_count_.tolist() == [*np.bincount(y[some]), 0]
    # One step for each chunk: with the same shares, two chunks are a fit of two steps.
    present = SoftmaxClassifier(
        batch_size=150, lr=0.02, max_iter=2, logit_adjustment=1.0
    ).fit(X[some], y[some])
    two = SoftmaxClassifier(batch_size=150, lr=0.02, logit_adjustment=1.0)
    for _ in range(2):
        two.partial_fit(X[some], y[some], classes=[0, 1])
    assert_allclose(two.coef_, present.coef_, rtol=1e-6)
    # The rest brings the third class, and now all have equal shares.
    rest = np.setdiff1d(np.arange(150), some)
    clf.partial_fit(X[rest], y[rest])
    assert clf.class_count_.tolist() == [50, 50, 50]
