"""SAE: against scipy's solver, and in both directions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import solve_sylvester
from test_compatibility import normalised

from sklearn_gzsl import SAE
from sklearn_gzsl.classifiers._held_out import Judged, groups, parted
from sklearn_gzsl.presets import paper_settings
from sklearn_gzsl.utils import unit_rows


def solution(Z, codes, A, weight):
    S = A[codes]
    return solve_sylvester(S.T @ S, weight * Z.T @ Z, (1 + weight) * S.T @ Z)


def scores(Z, W, A, direction):
    if direction == "decode":
        return unit_rows(Z) @ unit_rows(A @ W).T
    return unit_rows(Z @ W.T) @ A.T


@pytest.mark.parametrize("normalisation", ["unit", "standard", None])
@pytest.mark.parametrize("direction", ["decode", "encode"])
@pytest.mark.parametrize("weight", [0.05, 2.0])
def test_weights_are_those_of_the_equation(animals, normalisation, direction, weight):
    clf = SAE(encoder_weight=weight, direction=direction, normalisation=normalisation)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    Z, Z_test, S, every = normalised(clf, animals)
    W = solution(Z, animals.codes, S, weight)
    assert_allclose(clf.weights_, W, rtol=1e-8, atol=1e-8)
    assert_allclose(
        clf.decision_function(animals.X_test),
        scores(Z_test, W, every, direction),
        rtol=1e-8,
        atol=1e-8,
    )


def test_directions_without_descriptions_get_nothing(animals):
    """Centred, the descriptions have no direction in common, and scipy no solution."""
    clf = SAE(encoder_weight=0.5)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    Z, _, S, _ = normalised(clf, animals)
    S = S[animals.codes]
    W = clf.weights_
    assert_allclose(S.T @ S @ W + 0.5 * W @ Z.T @ Z, 1.5 * S.T @ Z, atol=1e-9)
    nothing = np.linalg.svd(S)[2][np.linalg.matrix_rank(S) :]
    assert len(nothing)
    assert_allclose(nothing @ W, 0, atol=1e-9)


@pytest.mark.parametrize("direction", ["decode", "encode"])
def test_auto_takes_what_serves_held_out_classes_best(animals, direction):
    clf = SAE(direction=direction, normalisation="standard")
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    Z, _, S, _ = normalised(clf, animals)
    fitted, judged = parted(animals.codes)
    totals = dict.fromkeys((0.3, 0.01, 0.03, 0.1, 1.0, 3.0, 10.0), 0)
    for weight in totals:
        for held_out in groups(9):
            rows = fitted[~held_out[animals.codes[fitted]]]
            W = solution(Z[rows], animals.codes[rows], S, weight)
            found = scores(Z[judged], W, S, direction)
            totals[weight] += Judged(animals.codes[judged], held_out).by(found)
    assert totals[clf.encoder_weight_] == pytest.approx(max(totals.values()))


def test_published_settings():
    clf = paper_settings("SAE", "apy")
    assert isinstance(clf, SAE)
    assert (clf.encoder_weight, clf.direction) == (2.56, "decode")
