"""CMT: its scores written out, and the test of novelty."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from test_compatibility import normalised

from sklearn_gzsl import CMT, CalibratedStackingCV

QUICK = {"hidden_dim": 32, "max_iter": 200, "lr": 0.01, "random_state": 0}


def fit(data, **params):
    clf = CMT(**QUICK | params)
    return clf.fit(data.X, data.y, class_attributes=data.attributes)


def sent(clf, Z):
    W1, b1, W2, b2, *_ = clf.layers_
    return np.tanh(Z @ W1.T + b1) @ W2.T + b2


def test_without_a_test_the_nearest_description_wins(animals):
    clf = fit(animals)
    _, Z, _, every = normalised(clf, animals)
    expected = [[-np.square(f - a).sum() for a in every] for f in sent(clf, Z)]
    assert_allclose(clf.decision_function(animals.X_test), expected, atol=1e-9)
    assert clf.novelty_threshold_ == -np.inf


def test_with_one_the_density_of_seen_classes_decides(animals):
    clf = fit(animals, novelty=0.2)
    Z, Z_test, seen, every = normalised(clf, animals)
    f = sent(clf, Z)
    variances = [np.square(f[animals.codes == c] - seen[c]).mean() for c in range(9)]
    assert_allclose(clf.deviations_, np.sqrt(variances), rtol=1e-3)
    densities = np.max(
        [
            -0.5 * np.square(sent(clf, Z_test) - a).sum(axis=1) / s**2
            - 7 / 2 * np.log(2 * np.pi * s**2)
            for a, s in zip(seen, clf.deviations_, strict=True)
        ],
        axis=0,
    )
    scores = clf.decision_function(animals.X_test)
    of_seen = np.isin(clf.classes_, animals.seen)
    assert_allclose(
        scores[:, of_seen].max(axis=1), densities - clf.novelty_threshold_, rtol=1e-6
    )
    assert_allclose(scores[:, ~of_seen].max(axis=1), 0, atol=1e-12)
    # Unseen classes by distance, seen ones by the softmax of the row.
    squared = [[np.square(g - a).sum() for a in every] for g in sent(clf, Z_test)]
    nearest = np.argmin(np.array(squared)[:, ~of_seen], axis=1)
    assert_array_equal(scores[:, ~of_seen].argmax(axis=1), nearest)
    W, b = clf.layers_[4:]
    assert_array_equal(scores[:, of_seen].argmax(axis=1), (Z_test @ W.T + b).argmax(1))


def test_so_many_rows_are_taken_for_novel(animals):
    for share in (0.0, 0.1, 0.5):
        clf = fit(animals, novelty=share)
        novel = np.isin(clf.predict(animals.X), animals.unseen).mean()
        assert novel == pytest.approx(share, abs=0.02)


def test_a_seen_penalty_moves_the_threshold(animals):
    clf = CalibratedStackingCV(CMT(novelty=0.1, **QUICK), cv=3, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    predicted, moved = clf.predict(animals.X_test), clf.estimator_
    moved.novelty_threshold_ += clf.seen_penalty_
    assert_array_equal(predicted, moved.predict(animals.X_test))
