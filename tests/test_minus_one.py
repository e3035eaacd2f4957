"""Where -1 is a class, where it is none, and what is wrapped around others."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.frozen import FrozenEstimator

from sklearn_gzsl import (
    ESZSL,
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
)
from sklearn_gzsl.model_selection import GZSLKFold


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(10, 6))
    means = A @ rng.normal(size=(6, 12))
    y, y_new = np.repeat(np.arange(7), 20), np.repeat(np.arange(10), 30)
    X, X_new = (means[c] + rng.normal(size=(len(c), 12)) for c in (y, y_new))
    return X, y, X_new, y_new, A


def fast(**params):
    return PrototypeClassifier(
        power=None, shrinkage=0.3, degree=1, alpha=0.1, description_weight=0, **params
    )


@pytest.mark.parametrize(
    "clf", [CalibratedStackingCV(fast()), GZSLClassifier(classifier=fast())], ids=str
)
def test_a_described_class_may_be_called_minus_one(clf, data):
    X, y, X_new, _, A = data
    found = []
    for shift in (0, -1):
        attributes = ClassAttributes(np.arange(10) + shift, A)
        if hasattr(clf, "generator"):
            clf.set_params(random_state=0)
        clf.fit(X, y + shift, class_attributes=attributes)
        found.append((clf.seen_penalty_, clf.predict(X_new) - shift))
    assert found[0][0] == found[1][0]
    assert_array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize("text", [False, True])
def test_what_cannot_adapt_says_so(data, text):
    X, y, _, _, A = data
    labels = np.array([*"abcdefghij"] if text else range(10))
    y = [-1, *labels[y[1:]].tolist()]
    for method in (ESZSL(), GaussianGenerator()):
        with pytest.raises(ValueError, match="rows without a label, leave them out"):
            method.fit(X, y, class_attributes=ClassAttributes(labels, A))


def test_a_fitted_estimator_stays_as_it_is(data):
    X, y, X_new, y_new, A = data
    own = fast().fit(X, y, class_attributes=A)
    prototypes = own.prototypes_.copy()
    clf = CalibratedStackingCV(FrozenEstimator(own)).fit(X_new, y_new)
    assert clf.adapted_seen_penalty_ is not None
    clf.adapt(X_new)
    assert clf.n_unlabelled_ == len(X_new)
    clf.add_classes(ClassAttributes([10], A[:1] + 1))
    assert 10 in clf.classes_
    assert_array_equal(own.prototypes_, prototypes)
    assert not own.n_unlabelled_


def test_first_rows_come_with_rows_without_labels(data):
    X, y, X_new, y_new, A = data
    rows = np.concatenate([X_new[y_new == 7][:2], X_new])
    labels = np.concatenate([[7, 7], np.full(len(X_new), -1)]).astype(np.int8)
    alone = GZSLClassifier(classifier=fast(), seen_penalty=0.0, random_state=0)
    alone.fit(X, y, class_attributes=A)
    # As other classifiers are called: the classes come third.
    assert alone.partial_fit(rows, labels, np.arange(10)).n_unlabelled_ == len(X_new)
    clf = CalibratedStackingCV(alone).fit(X, y, class_attributes=A)
    assert clf.partial_fit(rows, labels).n_unlabelled_ == len(X_new)


def test_row_numbers_do_not_count_rows_without_labels(data):
    X, y, X_new, _, A = data
    cv = list(GZSLKFold(2).split(X, y))
    rows, labels = np.concatenate([X_new[:5], X]), np.concatenate([[-1] * 5, y])
    with pytest.raises(ValueError, match="cv has row numbers"):
        CalibratedStackingCV(fast(), cv=cv).fit(rows, labels, class_attributes=A)


@pytest.mark.parametrize(
    "around", [lambda c: GZSLVotingClassifier([("a", c)]), CalibratedStackingCV]
)
def test_a_vote_behind_a_generator_would_take_unseen_classes_for_seen(around, data):
    X, y, _, _, A = data
    with pytest.raises(ValueError, match=r"asks for seen_classes, which .* go around"):
        GZSLClassifier(classifier=around(fast())).fit(X, y, class_attributes=A)


def test_real_rows_alone_tell_how_rows_differ(data):
    """Synthetic rows of seen classes do not, whether they are streamed or not."""
    X, y, X_new, _, A = data
    clf = GZSLClassifier(
        classifier=fast(), synthesize="all", seen_penalty=0.0, random_state=0
    )
    whole = clf.fit(X, y, class_attributes=A).decision_function(X_new)
    clf.set_params(memory_limit=20_000).fit(X, y, class_attributes=A)
    assert np.abs(clf.decision_function(X_new) - whole).max() < 0.1 * whole.std()
