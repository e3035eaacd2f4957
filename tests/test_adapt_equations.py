"""What adapt does is what its equations say, written out once more."""

import numpy as np
import pytest
from scipy.special import logsumexp, softmax
from unlabelled_numbers import blurred_numbers, prototypes, scenario, training_rows

from sklearn_gzsl import PrototypeClassifier

numbers = pytest.fixture(blurred_numbers, scope="module")
data = pytest.fixture(training_rows, scope="module")


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rarer(excess, variance):
    """What scores lose of classes of which there are hardly any rows."""
    share = (excess + 0.5 * np.sqrt(variance)) / excess.mean()
    return np.log(np.clip(2 * share, 0.2, 1))


@pytest.mark.parametrize(("n_iter", "hubness"), [(1, 0.0), (2, 0.0), (2, 0.3)])
def test_passes_equal_the_equations(n_iter, hubness, data, numbers):
    X, y, attributes = data
    given = {"hubness_weight": hubness, "adaptation_prior": 3.0}
    clf = prototypes(adaptation_iter=n_iter, **given)
    clf.fit(X, y, class_attributes=attributes)
    new = numbers.data[numbers.test]
    # The twin: all but every fifth row of a class, which is set apart.
    apart = np.zeros(len(y), dtype=bool)
    for c in np.unique(y):
        apart[np.flatnonzero(y == c)[4::5]] = True
    twin = prototypes(**given).fit(X[~apart], y[~apart], class_attributes=attributes)
    unseen = ~np.isin(clf.classes_, clf.seen_classes_)
    known = X[apart]
    hubs = twin._model.offsets[unseen]

    def length(model, rows, labels):
        Z = model._model.whiten(rows)
        means = [Z[labels == c].mean(axis=0) for c in np.unique(labels)]
        return np.linalg.norm(means, axis=1).mean()

    def judged(rows, prototypes, offsets):
        scores = twin.decision_function(rows)
        scores[:, unseen] = 20 * twin._model.whiten(rows) @ prototypes.T + offsets
        return softmax(scores, axis=1)

    def together(parts, model):
        """Counts, what is expected by mistake, its variance, and weighted sums."""
        taken = sum(r[:, unseen].sum(axis=0) for _, r, _, _ in parts)
        mistaken = sum(f * m[:, unseen].sum(axis=0) for _, _, m, f in parts)
        variance = sum(f for *_, f in parts) * mistaken
        sums = sum(
            r[:, unseen].T @ model._model.whiten(rows)
            - f * m[:, unseen].T @ model._model.whiten(known)
            for rows, r, m, f in parts
        )
        return taken, mistaken, variance, sums

    def moved(parts, model, prior):
        taken, mistaken, variance, sums = together(parts, model)
        excess = np.maximum(taken - mistaken, 0)
        certain = np.clip(excess / (2 * np.sqrt(taken + variance)), 0, 1)
        pull = (excess / taken * certain)[:, None] * sums
        start = model._model.prototypes[unseen]
        went = np.linalg.norm(pull, axis=1)
        offsets = hubs * prior / (prior + went) + rarer(excess, taken + variance)
        return unit(prior * start + pull), offsets, excess, went / (prior + went)

    prior = 3.0 * length(twin, X[~apart], y[~apart])
    parts, mixed = None, np.random.default_rng(0).permutation(new)
    for _ in range(n_iter):
        before, parts = parts, []
        for i in range(4):
            prototypes_, offsets = twin.prototypes_[unseen], hubs
            if before:
                others = [part for j, part in enumerate(before) if j != i]
                prototypes_, offsets, *_ = moved(others, twin, prior)
            rows = mixed[i::4]
            r = judged(rows, prototypes_, offsets)
            m = judged(known, prototypes_, offsets)
            n_seen = r[:, ~unseen].sum() / (m[:, ~unseen].sum() / len(m))
            parts.append((rows, r, m, min(n_seen, len(rows)) / len(m)))
    wanted, _, excess, went = moved(parts, clf, 3.0 * length(clf, X, y))
    clf.adapt(new)
    np.testing.assert_allclose(clf.prototypes_[unseen], wanted, atol=2e-4)
    np.testing.assert_allclose(clf.unlabelled_counts_, excess, rtol=1e-3, atol=1e-3)
    assert clf.n_unlabelled_ == len(new)
    np.testing.assert_allclose(clf.adaptation_[unseen], went, atol=1e-3)


@pytest.mark.parametrize("name", ["all", "seen", "half", "rare", "tail"])
def test_passes_make_the_rows_more_likely(name, data, numbers):
    """In a mixture of all classes, seen ones as they are; no theorem says so."""
    X, y, attributes = data
    clf = prototypes().fit(X, y, class_attributes=attributes)
    new = scenario(numbers, name)
    likelihoods = [logsumexp(clf.decision_function(new), axis=1).mean()]
    for n_iter in range(1, 6):
        clf.set_params(adaptation_iter=n_iter).adapt(new, reset=True)
        likelihoods.append(logsumexp(clf.decision_function(new), axis=1).mean())
    assert np.diff(likelihoods).min() > -1e-3
    assert likelihoods[-1] > likelihoods[0]


def test_what_is_known_by_its_rows_is_no_hub(data, numbers):
    """As far as a prototype has moved, it is no prediction any more."""
    X, y, attributes = data
    clf = prototypes(hubness_weight=0.3).fit(X, y, class_attributes=attributes)
    unseen = np.isin(clf.classes_, clf.unseen_classes_)

    def added(clf, rows):
        cosines = clf._model.whiten(rows) @ clf.prototypes_[unseen].T
        return clf.decision_function(rows)[:, unseen] - 20 * cosines

    new = numbers.data[numbers.test]
    predicted = added(clf, new)[0]
    assert np.abs(predicted).min() > 0
    clf.adapt(new)
    left = predicted * (1 - clf.adaptation_[unseen])
    np.testing.assert_allclose(added(clf, new), np.tile(left, (len(new), 1)), atol=1e-6)
    # Ten rows of one unseen class.
    name = clf.unseen_classes_[0]
    first = new[numbers.target[numbers.test] == name][:10]
    clf.fit(
        np.concatenate([X, first]),
        np.concatenate([y, np.repeat(name, 10)]),
        class_attributes=attributes,
        seen_classes=clf.seen_classes_,
        synthetic=np.zeros(len(X) + 10, dtype=bool),
    )
    cosines = clf.prototypes_[unseen] @ clf.prototypes_[~unseen].T
    near = np.sort(cosines)[:, -3:].mean(axis=1)
    hub = near[0] - near.mean()
    left = clf.adaptation_prior_ / (clf.adaptation_prior_ + 10)
    assert added(clf, new)[0, 0] == pytest.approx(-20 * 0.3 * hub * left)


def test_a_prediction_is_worth_the_rows_whose_mean_is_as_wrong():
    rng = np.random.default_rng(0)
    n_seen, counts = 30, rng.integers(5, 30, size=30)
    A = unit(rng.normal(size=(n_seen + 1, 3)))
    y = np.repeat(np.arange(n_seen), counts)
    X = (A @ rng.normal(size=(3, 8)))[y] + rng.normal(size=(len(y), 8))
    given = {"power": None, "shrinkage": 0.1, "degree": 2, "alpha": 0.01}
    given |= {"description_weight": 0.0, "hubness_weight": 0.0}
    clf = PrototypeClassifier(attribute_scaling=None, **given)
    clf.fit(X, y, class_attributes=A)

    Z = clf._model.whiten(X)
    means = np.array([Z[y == c].mean(axis=0) for c in range(n_seen)])
    length = np.linalg.norm(means, axis=1).mean()
    kernel = ((1 + unit(A[:n_seen]) @ unit(A[:n_seen]).T) / 2) ** 2
    targets = means - means.mean(axis=0)
    errors = []
    for c in range(n_seen):
        others = np.arange(n_seen) != c
        ridge = kernel[np.ix_(others, others)] + 0.01 * np.eye(n_seen - 1)
        predicted = kernel[c, others] @ np.linalg.solve(ridge, targets[others])
        predicted = unit(means.mean(axis=0)[None] + predicted)[0]
        by_chance = (1 - means[c] @ means[c]) / counts[c]
        errors.append(np.sum((length * predicted - means[c]) ** 2) - by_chance)
    expected = (1 - length**2) / np.mean(errors)
    assert expected > 5
    assert clf.adaptation_prior_ == pytest.approx(expected)
    assert clf.set_params(adaptation_prior=2).adaptation_prior_ == 2.0


def test_of_what_tells_nothing_a_prediction_is_worth_five_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 8)), np.repeat(np.arange(20), 10)
    X += 3 * rng.normal(size=(20, 8))[y]
    clf = prototypes().fit(X, y, class_attributes=rng.normal(size=(22, 6)))
    assert clf.adaptation_prior_ == 5.0


def test_classes_that_come_late_find_their_rows(data, numbers):
    """After a stream without them, too, in which others have found many."""
    X, y, attributes = data
    unseen = np.setdiff1d(attributes.labels, y)
    first, late = attributes.subset([*np.unique(y), *unseen[::2]]), unseen[1::2]
    rows = numbers.data[numbers.test]
    of_late = np.isin(numbers.target[numbers.test], late)
    found = []
    for n_calls in (1, 20):
        clf = prototypes().fit(X, y, class_attributes=first)
        for _ in range(n_calls):
            clf.adapt(rows[~of_late])
        clf.add_classes(attributes.subset(late)).adapt(rows)
        found.append(clf.unlabelled_counts_[np.isin(clf.unseen_classes_, late)].sum())
    assert found[1] > 0.95 * found[0]
