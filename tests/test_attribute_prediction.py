"""DAP and IAP: their regressions, the tables of yes and no, and the product rule."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from test_compatibility import normalised

from sklearn_gzsl import DAP, IAP, ClassAttributes

FIRM = {"alpha": 0.01, "max_iter": 500}


def fit(clf, data):
    return clf.fit(data.X, data.y, class_attributes=data.attributes)


def regression(n_rows):
    """The same ridge in scikit-learn's words."""
    return LogisticRegression(C=1 / (0.01 * n_rows), tol=1e-8, max_iter=5000)


def test_dap_has_a_logistic_regression_for_each_attribute(animals):
    clf = fit(DAP(**FIRM), animals)
    Z, *_ = normalised(clf, animals)
    for m in range(7):
        present = animals.vectors[animals.codes, m]
        known = regression(90).fit(Z, present)
        assert_allclose(clf.weights_[:, m], known.coef_[0], atol=0.02)
        assert_allclose(clf.biases_[m], known.intercept_[0], atol=0.02)


def test_iap_has_a_softmax_of_the_seen_classes(animals):
    clf = fit(IAP(**FIRM), animals)
    Z, Z_test, *_ = normalised(clf, animals)
    known = regression(90).fit(Z, animals.codes)
    own = Z_test @ clf.weights_ + clf.biases_
    expected = known.decision_function(Z_test)
    assert_allclose(
        own - own.mean(axis=1, keepdims=True),
        expected - expected.mean(axis=1, keepdims=True),
        atol=0.05,
    )


@pytest.mark.parametrize("method", [DAP, IAP])
def test_probabilities_are_those_of_the_product_rule(animals, method):
    clf = fit(method(), animals)
    _, Z, *_ = normalised(clf, animals)
    F = Z @ clf.weights_ + clf.biases_
    table = animals.vectors[:9]
    if method is DAP:
        p = 1 / (1 + np.exp(-F))
    else:
        classes = np.exp(F) / np.exp(F).sum(axis=1, keepdims=True)
        p = (classes @ table).clip(1e-6, 1 - 1e-6)
    prior = table.mean(axis=0)
    order = np.argsort(animals.labels)
    expected = np.array(
        [
            [
                np.prod(np.where(a > 0, row / prior, (1 - row) / (1 - prior)))
                for a in animals.vectors[order]
            ]
            for row in p
        ]
    )
    expected /= expected.sum(axis=1, keepdims=True)
    assert_allclose(clf.predict_proba(animals.X_test), expected, atol=1e-8)


@pytest.mark.parametrize("method", [DAP, IAP])
def test_tables_of_yes_and_no_are_what_counts(animals, method):
    """Any numbers above and below the mean are the same yes and no."""
    rng = np.random.default_rng(0)
    vectors = animals.vectors + rng.uniform(-0.05, 0.05, animals.vectors.shape)
    plain, other = fit(method(), animals), method()
    other.fit(animals.X, animals.y, ClassAttributes(animals.labels, 3 * vectors + 7))
    assert_allclose(
        plain.predict_proba(animals.X_test), other.predict_proba(animals.X_test)
    )


@pytest.mark.parametrize("method", [DAP, IAP])
def test_attributes_that_no_seen_class_lacks_have_no_say(animals, method):
    more = np.hstack([animals.vectors, np.ones((12, 1))])
    more[-1, -1] = 0  # an unseen class alone lacks it
    table = ClassAttributes(animals.labels, more)
    clf = method(**FIRM).fit(animals.X, animals.y, class_attributes=table)
    assert clf.attribute_log_odds_[-1] == 0
    assert_allclose(
        clf.predict_proba(animals.X_test),
        fit(method(**FIRM), animals).predict_proba(animals.X_test),
        atol=0.01,
    )
