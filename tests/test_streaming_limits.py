"""Past memory_limit: what is refused, interrupted, told, and bounded."""

import tracemalloc

import numpy as np
import pytest
from chunks import make_streamed
from conftest import fit
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    SoftmaxClassifier,
)

streamed = pytest.fixture(make_streamed)


class Counted(GaussianGenerator):
    """Knows how often it was trained, and the most rows that it had to draw."""

    n_fits = most = 0

    def _fit(self, X, y, A, unseen):
        Counted.n_fits += 1
        return super()._fit(X, y, A, unseen)

    def _sample(self, A, n_samples, seed):
        Counted.most = max(Counted.most, len(A) * n_samples)
        return super()._sample(A, n_samples, seed)


class Looking(SoftmaxClassifier):
    """Looks at the weights after each chunk, and changes them."""

    rebinds = False

    def partial_fit(self, X, y, classes=None):
        super().partial_fit(X, y, classes)
        self.sums_ = [*getattr(self, "sums_", []), float(np.abs(self.coef_).sum())]
        if self.rebinds:
            self.coef_ = self.coef_ / 2
        else:
            self.coef_ /= 2
        return self


def test_a_subclass_sees_and_changes_the_weights_after_each_chunk(streamed, animals):
    looking = Looking(lr=0.05, max_iter=50)
    first = fit(streamed.set_params(classifier=looking), animals).classifier_
    assert len(set(first.sums_)) == len(first.sums_) > 5
    assert np.abs(first.coef_).sum() == pytest.approx(first.sums_[-1] / 2)
    Looking.rebinds = True
    again = fit(streamed, animals).classifier_
    Looking.rebinds = False
    assert_array_equal(first.coef_, again.coef_)


class Streamed(GaussianNB):
    """Learns from a stream in its own way: from two passes, in batches of 8 rows."""

    partial_fit = None

    def fit_stream(self, stream):
        learned = GaussianNB()
        self.n_rows_ = [0, 0]
        for i in range(2):
            for X, y in stream.chunks(8):
                learned.partial_fit(X, y, stream.classes)
                self.n_rows_[i] += len(X)
        vars(self).update(vars(learned))
        self.counts_ = stream.counts
        return self


def test_a_classifier_with_fit_stream_of_its_own(streamed, animals):
    own = fit(streamed.set_params(classifier=Streamed()), animals).classifier_
    assert own.n_rows_ == [390, 390]
    assert own.class_count_.tolist() == (2 * own.counts_).tolist()


def test_balanced_classes_of_any_classifier_and_any_labels(streamed, animals):
    codes = dict(zip(animals.labels, [f"{i:02}" for i in range(12)], strict=True))
    y = [codes[label] for label in animals.y]
    attributes = ClassAttributes(list(codes.values()), animals.vectors)
    sgd = SGDClassifier(class_weight="balanced", max_iter=5, tol=None)
    streamed.set_params(classifier=sgd).fit(animals.X, y, attributes)
    y_test = [codes[label] for label in animals.y_test]
    assert streamed.score(animals.X_test, y_test) > 0.7


def test_refused_before_the_generator_trains(streamed, animals):
    Counted.n_fits = 0
    streamed.set_params(generator=Counted(), classifier=RandomForestClassifier(3))
    with pytest.raises(
        ValueError, match=r"100 synthetic rows of 3 classes take 6000 b"
    ):
        fit(streamed, animals)
    with pytest.raises(ValueError, match="early_stopping needs all of them"):
        fit(streamed.set_params(classifier=SGDClassifier(early_stopping=True)), animals)
    assert not Counted.n_fits
    streamed.set_params(classifier=RandomForestClassifier(3), memory_limit=6000)
    few = animals.attributes.subset([*animals.seen, "elk", "elephant"])
    streamed.fit(animals.X, animals.y, few)
    before = dict(vars(streamed))
    streamed.add_classes(animals.attributes.subset(["hippopotamus"]))
    vars(streamed).update(before, memory_limit=4000)
    with pytest.raises(ValueError, match="Raise memory_limit"):
        streamed.add_classes(animals.attributes.subset(["hippopotamus"]))
    assert vars(streamed) == before | {"memory_limit": 4000}


@pytest.mark.parametrize("limit", [0, 1.5, "1 GB"])
def test_limits_that_are_none(streamed, animals, limit):
    with pytest.raises(ValueError, match="memory_limit"):
        fit(streamed.set_params(memory_limit=limit), animals)


def test_interrupted(streamed, animals, monkeypatch):
    fit(streamed, animals)
    before = dict(vars(streamed))
    calls = []

    def interrupt(self, X, y, classes=None):
        calls.append(len(y))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return self

    monkeypatch.setattr(SoftmaxClassifier, "partial_fit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        streamed.partial_fit(animals.X_test[:5], animals.y_test[:5])
    assert vars(streamed) == before


def test_says_how_far_it_is(streamed, animals, capsys):
    fit(streamed.set_params(verbose=1), animals)
    lines = capsys.readouterr().err.splitlines()
    assert "390 rows, 64 at a time" in lines[1]
    assert ": 100 of 100 batches, " in lines[-1]


def test_draws_are_bounded(streamed, animals, monkeypatch):
    monkeypatch.setattr("sklearn_gzsl.synthesis._training_rows.DRAW_ROWS", 40)
    monkeypatch.setattr("sklearn_gzsl.classifiers._lost_side._N_ROWS", 10)
    for n_unseen in (20, 200):
        Counted.most = 0
        labels = [f"new {i:03}" for i in range(n_unseen)]
        new = np.random.default_rng(0).random((n_unseen, 7))
        streamed.set_params(
            generator=Counted(), classifier=GaussianNB(), n_synthetic=10
        )
        fit(streamed, animals).add_classes(ClassAttributes(labels, new))
        assert 20 < Counted.most <= 40


def test_memory_does_not_grow_with_the_rows(streamed, animals):
    peaks = []
    for n_synthetic in (1000, 10_000):
        streamed.set_params(
            classifier=GaussianNB(), n_synthetic=n_synthetic, memory_limit=40_000
        )
        fit(streamed, animals)
        tracemalloc.start()
        streamed._fit_classifier()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 4 * 3 * 10_000 * 5  # the synthetic rows


def test_probabilities_keep_float32(streamed, animals):
    fit(streamed.set_params(memory_limit=None), animals)
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        assert getattr(streamed, method)(animals.X_test).dtype == np.float32
