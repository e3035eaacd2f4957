"""ESZSL: against its equation written out, and what it chooses."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils import Bunch
from test_compatibility import normalised

from sklearn_gzsl import ESZSL, CalibratedStackingCV
from sklearn_gzsl.classifiers._held_out import Judged, groups, parted
from sklearn_gzsl.presets import paper_settings

INVERSE = np.linalg.inv


def solution(Z, y, seen, S, *, alpha, gamma, relative, balanced):
    """W of the paper, from one-hot rows and inverses."""
    Y = (y[:, None] == seen).astype(float)
    if balanced:
        Y = Y / Y.sum(axis=0) * len(Y) / len(seen)
    rows, columns = Z.T @ Z, S.T @ S
    if relative:
        alpha = alpha * np.trace(rows) / len(rows)
        gamma = gamma * np.trace(columns) / len(columns)
    rows, columns = (
        INVERSE(gram + ridge * np.eye(len(gram)))
        for gram, ridge in ((rows, alpha), (columns, gamma))
    )
    return rows @ Z.T @ Y @ S @ columns


@pytest.mark.parametrize("normalisation", ["centred", "unit", "standard", None])
@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize("balanced", [True, False])
def test_weights_are_those_of_the_equation(animals, normalisation, relative, balanced):
    options = {"alpha": 0.3, "gamma": 0.7, "relative": relative, "balanced": balanced}
    clf = ESZSL(**options, normalisation=normalisation)
    X, y = animals.X[7:], animals.y[7:]  # classes of different sizes
    clf.fit(X, y, class_attributes=animals.attributes)
    data = Bunch(**{**animals, "X": X, "y": y})
    Z, Z_test, S, every = normalised(clf, data)
    W = solution(Z, y, animals.seen, S, **options)
    assert_allclose(clf.weights_, W, rtol=1e-8, atol=1e-8)
    scores = clf.decision_function(animals.X_test)
    unit = np.sqrt((Z @ W @ S.T).var(axis=1).mean())
    assert_allclose(clf.unit_, unit, rtol=1e-8)
    assert_allclose(scores, Z_test @ W @ every.T / unit, rtol=1e-8, atol=1e-8)


def test_a_seen_penalty_suits_other_ridges(animals):
    """Those that "auto" takes in a fold need not be those of the whole fit."""
    weak, strong = (
        ESZSL(alpha=alpha, gamma=1.0).fit(
            animals.X, animals.y, class_attributes=animals.attributes
        )
        for alpha in (1.0, 100.0)
    )
    assert np.abs(weak.weights_).max() > 10 * np.abs(strong.weights_).max()
    penalties = []
    for clf in (weak, strong):
        prefit = CalibratedStackingCV(clf, cv="prefit", refit=False)
        penalties.append(prefit.fit(animals.X_test, animals.y_test).seen_penalty_)
    assert 0.5 < penalties[0] / penalties[1] < 2


def test_auto_takes_what_serves_held_out_classes_best(animals):
    clf = ESZSL().fit(animals.X, animals.y, class_attributes=animals.attributes)
    Z, _, S, _ = normalised(clf, animals)
    fitted, judged = parted(animals.codes)
    totals = {}
    for alpha in (1.0, 0.1, 10.0, 100.0):
        for gamma in (1.0, 0.01, 0.1, 10.0, 100.0):
            pair = {"alpha": alpha, "gamma": gamma, "relative": True, "balanced": True}
            for held_out in groups(9):
                rows = fitted[~held_out[animals.codes[fitted]]]
                known = np.flatnonzero(~held_out)
                W = solution(Z[rows], animals.codes[rows], known, S[known], **pair)
                score = Judged(animals.codes[judged], held_out).by(Z[judged] @ W @ S.T)
                totals[alpha, gamma] = totals.get((alpha, gamma), 0) + score
    assert totals[clf.alpha_, clf.gamma_] == pytest.approx(max(totals.values()))
    given = ESZSL(gamma=0.5).fit(animals.X, animals.y, animals.attributes)
    assert given.gamma_ == 0.5


def test_without_classes_to_hold_out_both_are_one(animals):
    few = np.isin(animals.y, ["ant", "ape", "bat"])
    clf = ESZSL().fit(animals.X[few], animals.y[few], animals.attributes)
    assert (clf.alpha_, clf.gamma_) == (1.0, 1.0)


@pytest.mark.parametrize("name", ["alpha", "gamma"])
def test_a_ridge_of_nothing(animals, name):
    X = np.hstack([animals.X, animals.X])  # singular
    clf = ESZSL(**{name: 1e-300})
    with pytest.raises(ValueError, match=f"{name} is too small for these data; raise"):
        clf.fit(X, animals.y, class_attributes=animals.attributes)


def test_published_settings():
    clf = paper_settings("eszsl", "sun")
    assert isinstance(clf, ESZSL)
    assert (clf.alpha, clf.gamma, clf.relative) == (1000.0, 100.0, False)
    assert (clf.normalisation, clf.balanced) == (None, False)
