"""``forget_rows``: no training row is left, predictions stay, and the rest says why."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
    load,
)
from sklearn_gzsl.persistence._state import Encoder

SOFTMAX = GZSLClassifier(
    classifier=SoftmaxClassifier(max_iter=50), seen_penalty=0.0, random_state=0
)
DEFAULT = GZSLClassifier(seen_penalty=0.0, random_state=0)
CLASSIFIERS = {
    "default": DEFAULT,
    "softmax": SOFTMAX,
    "in a pipeline": clone(DEFAULT).set_params(
        classifier=make_pipeline(FunctionTransformer(), PrototypeClassifier())
    ),
    "prototypes": PrototypeClassifier(),
    "calibrated": CalibratedStackingCV(make_pipeline(FunctionTransformer(), DEFAULT)),
    "vote": GZSLVotingClassifier([("a", DEFAULT), ("b", SOFTMAX)]),
}


@pytest.fixture
def some(animals):
    """Descriptions of the seen classes and of one unseen class."""
    return animals.attributes.subset([*animals.seen, "elk"])


@pytest.fixture
def more(animals):
    return animals.attributes.subset(["elephant", "hippopotamus"])


class Arrays:
    """All arrays in the state of an estimator, wherever they are."""

    def __init__(self, estimator):
        self.found = []
        Encoder(self).encode(estimator)

    def put(self, name, array):
        self.found.append((name, array))
        return {}


def rows_within(estimator, X):
    """Names of arrays that hold rows of X, whichever way they were preprocessed."""
    variants = [X, (X - X.min(axis=0)) / np.ptp(X, axis=0)]
    return {
        name
        for name, array in Arrays(estimator).found
        if array.ndim == 2 and array.shape[1] == X.shape[1] and len(array)
        for rows in variants
        if (np.abs(array[:, None] - rows).max(axis=2) < 1e-5).any()
    }


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_no_row_is_left(animals, some, name):
    clf = clone(CLASSIFIERS[name]).fit(animals.X, animals.y, class_attributes=some)
    before = clf.predict_proba(animals.X_test)
    held, size = rows_within(clf, animals.X), len(pickle.dumps(clf))
    assert held
    assert clf.forget_rows() is clf
    assert not rows_within(clf, animals.X)
    assert len(pickle.dumps(clf)) < size
    assert_array_equal(clf.predict_proba(animals.X_test), before)
    assert_array_equal(clf.forget_rows().predict_proba(animals.X_test), before)
    if name == "calibrated":  # which does not adapt here in any case
        return
    with pytest.raises(ValueError, match=r"adapt needs rows|adapt trains .* anew"):
        clf.adapt(animals.X_test)


def test_a_shared_model_is_small():
    rng = np.random.default_rng(0)
    y, A = np.arange(2000) % 20, rng.random((25, 9))
    X = rng.random((2000, 100)).astype(np.float32)
    clf = clone(SOFTMAX).set_params(n_synthetic=5).fit(X, y, class_attributes=A)
    n_bytes = len(pickle.dumps(clf.forget_rows()))
    # One matrix of the generator, and its means and weights; no row, no moments.
    assert n_bytes < 1.2 * 8 * (100 * 100 + 2 * 20 * 100) + 4 * 25 * 100 + 20_000


@pytest.mark.parametrize("params", [{}, {"n_real": 3}, {"memory_limit": 1000}])
def test_new_classes_need_no_rows_of_prototypes(animals, some, more, params):
    clf = clone(DEFAULT).set_params(**params)
    clf.fit(animals.X, animals.y, class_attributes=some)
    forgetful = deepcopy(clf).forget_rows().add_classes(more)
    assert_array_equal(forgetful.classes_, np.sort(animals.labels))
    found = forgetful.decision_function(animals.X_test)
    expected = clf.add_classes(more).decision_function(animals.X_test)
    if "memory_limit" in params:  # draws have other seeds there
        assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.9
    else:
        assert_array_equal(found, expected)
    with pytest.raises(ValueError, match=r"partial_fit .* forget_rows has dropped"):
        forgetful.partial_fit(animals.X_test, animals.y_test)


@pytest.mark.parametrize(
    "params",
    [{}, {"n_real": 3}, {"memory_limit": 1000}, {"candidate_classes": "unseen"}],
)
def test_new_classes_need_no_rows_of_a_linear_discriminant(
    animals, some, more, params, tmp_path
):
    """Its counts, means and scatter of real rows are all that a fit knows of them."""
    clf = clone(DEFAULT).set_params(classifier=IncrementalLDA(), **params)
    clf.fit(animals.X, animals.y, class_attributes=some)
    before = clf.decision_function(animals.X_test)
    deepcopy(clf).forget_rows().save(tmp_path / "clf")
    forgetful = load(tmp_path / "clf")
    assert not rows_within(forgetful, animals.X)
    assert_array_equal(forgetful.decision_function(animals.X_test), before)
    # One after the other: what is known of real rows lasts.
    for label in more.labels.tolist():
        forgetful.add_classes(more.subset([label]))
    found = forgetful.decision_function(animals.X_test)
    expected = clf.add_classes(more).decision_function(animals.X_test)
    if "memory_limit" in params:  # draws have other seeds there
        assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.9
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    with pytest.raises(ValueError, match=r"partial_fit .* forget_rows has dropped"):
        forgetful.partial_fit(animals.X_test, animals.y_test)


def test_new_classes_that_need_rows(animals, some, more):
    few = animals.y_test == "elk"
    first = animals.X_test[few][:2], animals.y_test[few][:2]
    data = {"X": animals.X, "y": animals.y, "class_attributes": some}
    cases = [
        clone(SOFTMAX).fit(**data),
        clone(DEFAULT).set_params(synthesize="all").fit(**data),
        clone(DEFAULT).fit(**data).partial_fit(*first),
        clone(CLASSIFIERS["calibrated"]).set_params(estimator=SOFTMAX).fit(**data),
    ]
    for clf in cases:
        before = clf.forget_rows().predict_proba(animals.X_test)
        with pytest.raises(ValueError, match=r"add_classes .* forget_rows has dropped"):
            clf.add_classes(more)
        assert_array_equal(clf.predict_proba(animals.X_test), before)
        assert "elephant" not in clf.classes_.tolist()


def test_what_was_adapted_stays_so(animals):
    clf = PrototypeClassifier().fit(animals.X, animals.y, animals.attributes)
    clf.adapt(animals.X_test)
    assert clf.adaptation_.any()
    before = clf.decision_function(animals.X_test)
    assert_array_equal(clf.forget_rows().decision_function(animals.X_test), before)
    clf.add_classes({"emu": np.ones(7)})
    assert clf.n_unlabelled_ == len(animals.X_test)


def test_rows_that_were_moved_stay_so(animals, some):
    """What found classes for a softmax in rows without labels keeps none of its own."""
    clf = clone(SOFTMAX).fit(animals.X, animals.y, class_attributes=some)
    clf.adapt(animals.X_test)
    before = clf.predict_proba(animals.X_test)
    counts = clf.unlabelled_counts_
    assert not rows_within(clf.forget_rows(), animals.X)
    assert_array_equal(clf.predict_proba(animals.X_test), before)
    assert_array_equal(clf.unlabelled_counts_, counts)


def test_a_softmax_goes_on_from_its_weights(animals):
    clf = SoftmaxClassifier(max_iter=300, lr=0.05, random_state=0)
    clf.fit(animals.X, animals.y).forget_rows()
    before = clf.score(animals.X, animals.y)
    clf.partial_fit(animals.X, animals.y)
    assert clf.score(animals.X, animals.y) > before - 0.1


def test_a_fit_learns_anew(animals, some, more):
    clf = clone(SOFTMAX).fit(animals.X, animals.y, class_attributes=some)
    clf.forget_rows().fit(animals.X, animals.y, class_attributes=some)
    assert len(clf.add_classes(more).classes_) == 12


def test_any_classifier_forgets(animals, some):
    clf = GZSLClassifier(
        GaussianGenerator(), LogisticRegression(), seen_penalty=0.0, random_state=0
    )
    clf.fit(animals.X, animals.y, class_attributes=some).forget_rows()
    assert not rows_within(clf, animals.X)
