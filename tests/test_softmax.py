"""SoftmaxClassifier: against other implementations, in chunks, and when it fails."""

import numpy as np
import pytest
import torch
from irises import assert_same_fit, make_clf, make_iris
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from sklearn_gzsl import IncrementalLDA, SoftmaxClassifier
from sklearn_gzsl.linear_model import _linear_scores

iris = pytest.fixture(make_iris, scope="module")
clf = pytest.fixture(make_clf)


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
