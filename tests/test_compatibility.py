"""Classifiers that score a row and a description together: what all of them share."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_gzsl import (
    CMT,
    DAP,
    ESZSL,
    IAP,
    SAE,
    SYNC,
    AttributeSoftmaxClassifier,
    BilinearClassifier,
    CalibratedStackingCV,
    ClassAttributes,
    PrototypeNetwork,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.presets import paper_settings
from sklearn_gzsl.utils import unit_rows

QUICK = {"max_iter": 100, "lr": 0.1, "random_state": 0}
CLASSIFIERS = [
    ESZSL(),
    SAE(),
    SAE(direction="encode"),
    *(
        BilinearClassifier(loss=loss, **QUICK)
        for loss in ("warp", "first_violator", "max_violator", "softmax")
    ),
    BilinearClassifier(loss="warp", n_maps=2, **QUICK),
    PrototypeNetwork(hidden_dim=64, max_iter=60, lr=0.03, random_state=0),
    PrototypeNetwork(
        hidden_dim=64, max_iter=120, lr=0.015, random_state=0, episodic=True
    ),
    AttributeSoftmaxClassifier(hidden_dim=64, max_iter=80, lr=0.03, temperature=0.3),
    SYNC(alpha=1e-3, bandwidth=1.0),
    SYNC(loss="structured", alpha=1e-3, bandwidth=1.0),
    DAP(),
    IAP(),
    CMT(max_iter=100, lr=0.03),
    CMT(max_iter=100, lr=0.03, novelty=0.1),
]


@pytest.fixture(params=CLASSIFIERS, ids=lambda c: type(c).__name__)
def able(request):
    """With as many steps as it takes to recognise animals."""
    return clone(request.param)


@pytest.fixture
def unfitted(able):
    """With few steps: it behaves, but has learned little."""
    return able.set_params(max_iter=5) if "lr" in able.get_params() else able


def normalised(clf, data):
    """Rows, test rows, descriptions of the seen and of all classes, written out."""
    X, X_test, A = data.X, data.X_test, data.vectors.astype(np.float32)
    by_label = dict(zip(data.labels.tolist(), A.astype(float), strict=True))
    seen = np.array([by_label[c] for c in data.seen])
    every = np.array([by_label[c] for c in sorted(by_label)])
    if clf.normalisation == "centred":
        means = [X[data.y == c].mean(axis=0) for c in data.seen]
        centre, a_centre = np.mean(means, axis=0), seen.mean(axis=0)
        X, X_test = X - centre, X_test - centre
        seen, every = seen - a_centre, every - a_centre
    if clf.normalisation == "standard":
        X, X_test = ((x - X.mean(axis=0)) / X.std(axis=0) for x in (X, X_test))
    if clf.normalisation in ("centred", "unit"):
        X, X_test = unit_rows(X), unit_rows(X_test)
    return X, X_test, unit_rows(seen), unit_rows(every)


def test_classes_are_those_described(unfitted, animals):
    clf = unfitted.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert_array_equal(clf.seen_classes_, animals.seen)
    assert_array_equal(clf.unseen_classes_, animals.unseen)
    assert_array_equal(clf.classes_, sorted(animals.labels))
    assert clf.decision_function(animals.X).shape == (90, 12)
    assert clf.predict_top_k(animals.X, 3).shape == (90, 3)


def test_unseen_animals_are_recognised_once_calibrated(able, animals):
    clf = CalibratedStackingCV(able, cv=3, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert GZSLScorer("H")(clf, animals.X_test, animals.y_test) > 0.6


def test_added_classes_are_as_if_known_from_the_start(unfitted, animals):
    few = animals.attributes.subset([*animals.seen, "elk"])
    more = animals.attributes.subset(["elephant", "hippopotamus"])
    whole = clone(unfitted).set_params(**seed(unfitted))
    part = clone(whole).fit(animals.X, animals.y, class_attributes=few)
    whole.fit(animals.X, animals.y, class_attributes=animals.attributes)
    part.add_classes(more)
    assert_array_equal(part.classes_, whole.classes_)
    assert_allclose(
        part.decision_function(animals.X_test),
        whole.decision_function(animals.X_test),
        atol=1e-9,
    )
    with pytest.raises(ValueError, match="which are known already"):
        part.add_classes(more)


def seed(clf):
    return {"random_state": 0} if "random_state" in clf.get_params() else {}


def test_labels_keep_their_type(unfitted, animals):
    clf = unfitted.fit(animals.X, animals.codes, class_attributes=animals.vectors)
    assert clf.predict(animals.X_test).dtype == animals.codes.dtype
    assert clf.unseen_classes_.tolist() == [9, 10, 11]


def test_the_scale_of_the_data_does_not_matter(unfitted, animals):
    clf = unfitted.set_params(**seed(unfitted))
    other = clone(clf).fit(
        1000 * animals.X + 5,
        animals.y,
        ClassAttributes(animals.labels, animals.vectors * 7),
    )
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert_allclose(
        other.decision_function(1000 * animals.X_test + 5),
        clf.decision_function(animals.X_test),
        rtol=1e-4,
        atol=1e-4,
    )


def test_columns_in_different_units_are_standardised(able, animals):
    vectors = animals.vectors * [1, 1, 1, 1, 1, 1, 1e4]
    table = ClassAttributes(animals.labels, vectors)
    clf = able.fit(animals.X, animals.y, class_attributes=table)
    assert clf.attribute_scaling_ == "standard"
    seen = np.isin(animals.y_test, animals.seen)
    assert np.mean(clf.predict(animals.X_test)[seen] == animals.y_test[seen]) > 0.7


@pytest.mark.filterwarnings("ignore:class_attributes")
@pytest.mark.parametrize("normalisation", ["centred", "unit", "standard", None])
def test_constant_rows_and_columns(unfitted, animals, normalisation):
    clf = unfitted.set_params(normalisation=normalisation)
    if hasattr(clf, "max_iter"):
        clf.set_params(max_iter=20)
    for X in (animals.X * [0, 1, 1, 0, 1], np.ones_like(animals.X), animals.X[:, :1]):
        clf.fit(X, animals.y, class_attributes=animals.attributes)
        assert np.isfinite(clf.decision_function(X)).all()


def test_a_constant_column_is_none_in_another_precision(animals):
    """A tenth is not the same number in float32: no reason to see a difference."""
    X, X_test = (
        np.column_stack([X, np.full(len(X), 0.1)]) for X in (animals.X, animals.X_test)
    )
    for clf in (ESZSL(normalisation="standard"), SAE(normalisation="standard")):
        clf.fit(X, animals.y, class_attributes=animals.attributes)
        expected = clf.predict(X_test)
        X_test[:, -1] = X_test[:, -1].astype(np.float32)
        assert_array_equal(clf.predict(X_test), expected)


def test_what_cannot_be_learned_from(unfitted, animals):
    one = animals.y == "ant"
    with pytest.raises(ValueError, match=r"y has rows of one class, \['ant'\], alone"):
        unfitted.fit(animals.X[one], animals.y[one], animals.attributes)
    sources = {"a": animals.vectors, "b": animals.vectors}
    several = ClassAttributes(animals.labels, sources)
    with pytest.raises(ValueError, match=r"has the sources .* where one is needed"):
        unfitted.fit(animals.X, animals.y, several)
    with pytest.raises(ValueError, match="has no row for the labels"):
        unfitted.fit(animals.X, animals.y, animals.attributes.subset(["ant", "ape"]))
    with pytest.raises(ValueError, match="The 'normalisation' parameter"):
        unfitted.set_params(normalisation="l2").fit(animals.X, animals.y)


def test_an_interrupted_fit_leaves_the_old_one(unfitted, animals, monkeypatch):
    clf = unfitted.fit(animals.X, animals.y, class_attributes=animals.attributes)
    old = dict(vars(clf))

    def interrupted(*_):
        raise KeyboardInterrupt

    for target in (clf, clone(clf)):
        monkeypatch.setattr(type(clf), "_of_classes", interrupted)
        with pytest.raises(KeyboardInterrupt):
            target.fit(
                animals.X[:, :3], animals.codes, class_attributes=animals.vectors
            )
    assert vars(clf).keys() == old.keys()
    assert all(vars(clf)[name] is value for name, value in old.items())
    with pytest.raises(NotFittedError):
        check_is_fitted(target)


def test_storing(unfitted, animals, round_trip):
    clf = unfitted.fit(animals.X, animals.y, class_attributes=animals.attributes)
    loaded = round_trip(clf)
    assert_array_equal(
        loaded.decision_function(animals.X_test), clf.decision_function(animals.X_test)
    )
    more = {"unicorn": animals.vectors[0] - 2 * animals.vectors[7]}
    assert "unicorn" in loaded.add_classes(more).classes_


def test_probabilities_are_those_of_a_softmax_alone(animals):
    for clf in (ESZSL(), SAE(), BilinearClassifier(loss="warp")):
        assert not hasattr(clf, "predict_proba")
    clf = BilinearClassifier(**QUICK)
    assert hasattr(clf, "predict_proba")
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert_allclose(clf.predict_proba(animals.X).sum(axis=1), 1)


def test_unknown_presets_list_those_that_there_are():
    with pytest.raises(ValueError, match=r"ESZSL: AWA1, AWA2, CUB, SUN, aPY"):
        paper_settings("ESZSL", "FLO")
