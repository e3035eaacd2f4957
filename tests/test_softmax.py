"""SoftmaxClassifier: against other implementations, in chunks, and when it fails."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle

from sklearn_gzsl import IncrementalLDA, SoftmaxClassifier
from sklearn_gzsl.linear_model import _linear_scores
from sklearn_gzsl.linear_model._softmax_steps import SoftmaxSteps


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return shuffle(StandardScaler().fit_transform(X), y, random_state=0)


@pytest.fixture
def clf():
    return SoftmaxClassifier(lr=0.02, max_iter=200, random_state=0)


def assert_same_fit(clf, other):
    assert_array_equal(clf.coef_, other.coef_)
    assert_array_equal(clf.intercept_, other.intercept_)
    assert clf.loss_curve_ == other.loss_curve_


def test_default_settings_learn_real_images():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    clf = SoftmaxClassifier(random_state=0).fit(X_train, y_train)
    assert clf.score(X_test, y_test) > 0.94
    assert clf.loss_curve_[-1] < 0.1 * clf.loss_curve_[0]


def test_long_training_ends_where_a_batch_solver_does(iris):
    """The only minimum of the same penalised loss."""
    X, y = iris
    decay = 0.02
    clf = SoftmaxClassifier(
        lr=0.01, batch_size=len(X), max_iter=2000, weight_decay=decay, random_state=0
    ).fit(X, y)
    # Decay acts on the biases, too: give LogisticRegression a bias that it penalises.
    rows = np.column_stack([X, np.ones(len(X))])
    solved = LogisticRegression(
        C=1 / (decay * len(X)), fit_intercept=False, tol=1e-8, max_iter=1000
    ).fit(rows, y)
    assert_allclose(clf.coef_, solved.coef_[:, :-1], atol=1e-3)
    assert_allclose(clf.intercept_, solved.coef_[:, -1], atol=1e-3)
    assert_allclose(clf.predict_proba(X), solved.predict_proba(rows), atol=1e-3)
    assert clf.score(X, y) == solved.score(rows, y)


def test_steps_are_those_of_autograd(iris):
    """Torch's own layer, loss, gradient and optimiser."""
    X, y = iris
    weight = np.random.default_rng(0).uniform(0.1, 2, len(X))
    clf = SoftmaxClassifier(
        lr=0.05, batch_size=len(X), max_iter=20, weight_decay=0.1, random_state=0
    ).fit(X, y, sample_weight=weight)

    layer = torch.nn.Linear(4, 3, dtype=torch.float64)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    adam = torch.optim.Adam(
        layer.parameters(), lr=0.05, betas=(0.5, 0.999), weight_decay=0.1
    )
    weight = torch.tensor(weight / weight.mean())
    losses = []
    for _ in range(20):
        adam.zero_grad()
        loss = torch.nn.functional.cross_entropy(
            layer(torch.tensor(X)), torch.tensor(y), reduction="none"
        )
        loss = (weight * loss).mean()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert_allclose(clf.coef_, layer.weight.detach(), rtol=1e-6, atol=1e-9)
    assert_allclose(clf.intercept_, layer.bias.detach(), rtol=1e-6, atol=1e-9)
    assert_allclose(clf.loss_curve_, losses)


def test_methods_agree(clf, iris):
    X = iris[0]
    probability = clf.fit(*iris).predict_proba(X)
    assert_allclose(probability.sum(axis=1), 1)
    assert_allclose(np.log(probability), clf.predict_log_proba(X))
    scores = np.exp(clf.decision_function(X))
    assert_allclose(scores / scores.sum(axis=1, keepdims=True), probability)
    assert_array_equal(clf.classes_[scores.argmax(axis=1)], clf.predict(X))


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


@pytest.mark.parametrize(
    ("params", "fit_params", "message"),
    [
        ({"class_weight": {"a": 2}}, {}, r"class_weight has the labels \['a'\]"),
        ({"lr": 1e308}, {}, "NaN or infinite by iteration 2; lower lr"),
        ({"lr": 1e308, "max_iter": 1}, {}, "lower lr"),
        ({}, {"sample_weight": np.zeros(150)}, "zero"),
        ({}, {"sample_weight": np.full(150, -1.0)}, "Negative"),
        ({}, {"sample_weight": np.ones(3)}, "sample_weight.shape"),
        ({"max_iter": 0}, {}, "max_iter"),
        ({"device": "tpu"}, {}, "device"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_failed_fit_leaves_the_old_one(clf, iris, params, fit_params, message):
    before = clone(clf).fit(*iris)
    clf.fit(*iris).set_params(**params)
    with pytest.raises(ValueError, match=message):
        clf.fit(10 * iris[0], iris[1], **fit_params)
    assert_same_fit(clf, before)


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_precision_is_that_of_the_rows(clf, iris, dtype):
    X, y = (10 * iris[0]).astype(dtype), iris[1]
    expected = np.float64 if dtype is np.int64 else dtype
    for fitted in (clf.fit(X, y), clone(clf).partial_fit(X, y, classes=[0, 1, 2])):
        assert fitted.coef_.dtype == fitted.intercept_.dtype == expected
        for method in ("decision_function", "predict_proba", "predict_log_proba"):
            assert getattr(fitted, method)(X).dtype == expected


def test_two_classes(clf, iris):
    X, y = iris[0][iris[1] > 0], np.array(["no", "yes", "maybe"])[iris[1][iris[1] > 0]]
    clf.fit(X, y)
    assert clf.classes_.tolist() == ["maybe", "yes"]
    assert clf.coef_.shape == (2, 4)
    scores, probability = clf.decision_function(X), clf.predict_proba(X)
    assert scores.shape == (100,)
    assert_allclose(1 / (1 + np.exp(-scores)), probability[:, 1])
    assert_array_equal(np.where(scores > 0, "yes", "maybe"), clf.predict(X))


def test_one_class(clf, iris):
    clf.fit(iris[0], np.full(150, "only"))
    assert set(clf.predict(iris[0])) == {"only"}
    assert_array_equal(clf.predict_proba(iris[0]), np.ones((150, 1)))


def test_seeds(clf, iris):
    first = clone(clf).fit(*iris)
    assert_same_fit(clone(clf).fit(*iris), first)
    for seed in (1, None):
        other = clone(clf).set_params(random_state=seed).fit(*iris)
        assert not np.array_equal(first.coef_, other.coef_)


def test_verbose_shows_the_loss(clf, iris, capsys):
    clf.set_params(max_iter=5, batch_size=75).fit(*iris)
    assert capsys.readouterr() == ("", "")
    clf.set_params(verbose=1).fit(*iris).partial_fit(*iris)
    fitted, passed = capsys.readouterr().err.splitlines()
    assert "SoftmaxClassifier: 5 of 5 steps, 0 s, loss " in fitted
    assert float(fitted.split()[-1]) == pytest.approx(clf.loss_curve_[-2], rel=1e-3)
    assert f"SoftmaxClassifier: 2 steps, loss {clf.loss_curve_[-1]:.4g}" in passed


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


def test_closed_form_start(iris):
    """The first loss is that of the linear discriminant, and falls from there."""
    X, y = iris
    lda = IncrementalLDA(priors="empirical").fit(X, y)
    loss = -lda.predict_log_proba(X)[np.arange(len(y)), y].mean()
    for tau in (0.0, 1.0):
        clf = SoftmaxClassifier(
            batch_size=150, max_iter=100, init="lda", logit_adjustment=tau
        )
        assert clf.fit(X, y).loss_curve_[0] == pytest.approx(loss)
        assert clf.loss_curve_[-1] < loss
        chunk = clone(clf).partial_fit(X, y, classes=[0, 1, 2])
        assert chunk.loss_curve_ == pytest.approx([loss])
        # Only the first chunk decides where to start.
        assert chunk.partial_fit(X, y).loss_curve_[1] < loss


def test_unit_of_the_weights_does_not_move_the_closed_form_start(iris):
    X, y = iris
    clf = SoftmaxClassifier(lr=1e-9, max_iter=1, init="lda", random_state=0)
    plain = clone(clf).fit(X, y).coef_
    np.testing.assert_allclose(clone(clf).fit(X, y, np.full(150, 1e-3)).coef_, plain)
    balanced = clone(clf).set_params(class_weight="balanced").fit(X, y)
    np.testing.assert_allclose(balanced.coef_, plain, rtol=1e-6)


def test_closed_form_start_without_rows_of_a_class(iris):
    X, y = iris[0][iris[1] < 2], iris[1][iris[1] < 2]
    clf = SoftmaxClassifier(lr=0.1, init="lda", random_state=0)
    clf.partial_fit(X, y, classes=[0, 1, 2])
    assert clf.score(X, y) == 1
    for _ in range(150):
        clf.partial_fit(*iris)
    assert np.isfinite(clf.intercept_).all()
    assert clf.score(*iris) > 0.9


@pytest.mark.parametrize("head", [SoftmaxClassifier(max_iter=50), IncrementalLDA()])
def test_predictions_come_in_chunks(iris, monkeypatch, head):
    X, y = iris
    names = ("predict", "predict_proba", "predict_log_proba", "decision_function")
    head = clone(head).fit(X, y)
    at_once = {name: getattr(head, name)(X) for name in names}
    sizes = []
    logits = type(head)._logits

    def counted(self, X):
        sizes.append(len(X))
        return logits(self, X)

    monkeypatch.setattr(_linear_scores, "chunk_size", lambda n, d: 21 // max(n, d))
    monkeypatch.setattr(type(head), "_logits", counted)
    for name in names:
        in_chunks = getattr(head, name)(X)
        assert in_chunks.dtype == at_once[name].dtype
        assert_allclose(in_chunks, at_once[name], rtol=1e-10, atol=1e-12)
    assert max(sizes) == 5  # of 4 numbers of X each, which are more than 3 scores
    assert sum(sizes) == 4 * len(X)


def test_double_precision_rows_for_single_precision_weights(clf, iris):
    X, y = iris
    clf.fit(X.astype(np.float32), y)
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        assert getattr(clf, method)(X).dtype == np.float32
    assert_array_equal(clf.predict(X), clf.predict(X.astype(np.float32)))


def test_rows_that_must_not_be_written_to(clf, iris, recwarn):
    """As joblib gives them to its workers."""
    X, y = (a.copy() for a in iris)
    expected = clone(clf).fit(X, y)
    X.flags.writeable = y.flags.writeable = False
    assert_same_fit(clf.fit(X, y), expected)
    assert not recwarn.list
