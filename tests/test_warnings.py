"""Traps that cost users an afternoon: each has a warning, and a normal fit has none."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_validate

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.classifiers import _gzsl_classifier
from sklearn_gzsl.datasets import load_two_digit_numbers, make_gzsl_classification
from sklearn_gzsl.exceptions import GZSLWarning
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLKFold


def plain(classifier, **params):
    params = {"seen_penalty": 0.0, "random_state": 0, **params}
    return GZSLClassifier(GaussianGenerator(), classifier, **params)


def warned(function, *args, **params):
    """What the package warns of in a call."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        function(*args, **params)
    return [str(w.message) for w in record if issubclass(w.category, GZSLWarning)]


@pytest.fixture(scope="module")
def made():
    data = make_gzsl_classification(random_state=0)
    rows = data.train
    return data.data[rows], data.target[rows], data.class_attributes


NORMAL = {
    "default": GZSLClassifier(random_state=0),
    "prototypes": PrototypeClassifier(),
    "calibrated": CalibratedStackingCV(plain(IncrementalLDA()), cv=2),
    "softmax": plain(SoftmaxClassifier(lr=0.01, max_iter=2000), n_synthetic=20),
    "vote": GZSLVotingClassifier(
        [("a", plain(IncrementalLDA())), ("b", PrototypeClassifier())]
    ),
}


@pytest.mark.parametrize("name", NORMAL)
def test_a_normal_fit_warns_of_nothing(name, made):
    X, y, attributes = made
    assert not warned(NORMAL[name].fit, X, y, class_attributes=attributes)


def test_nor_does_the_default_on_numbers(numbers_rows):
    X, y, attributes = numbers_rows
    clf = GZSLClassifier(random_state=0)
    assert not warned(clf.fit, X, y, class_attributes=attributes)


def test_forgotten_descriptions(animals):
    for clf in (GZSLClassifier(), PrototypeClassifier()):
        found = warned(clf.fit, animals.X, animals.y)
        assert any(
            "class_attributes is None, so no class is unseen" in w for w in found
        )
    given = GZSLClassifier(class_attributes=animals.attributes)
    assert not any("is None" in w for w in warned(given.fit, animals.X, animals.y))


@pytest.mark.parametrize("scaling", ["auto", None])
def test_a_column_that_drowns_the_others(numbers_rows, scaling):
    """Where ``attribute_scaling`` mends it there is nothing to warn of."""
    X, y, attributes = numbers_rows
    values = attributes.values * np.where(np.arange(attributes.values.shape[1]), 1, 300)
    attributes = ClassAttributes(attributes.labels, values)
    clf = PrototypeClassifier(attribute_scaling=scaling)
    found = warned(clf.fit, X, y, class_attributes=attributes)
    drowned = [w for w in found if r"the columns [0], counted from 0, vary a hun" in w]
    assert bool(drowned) == (scaling is None)


@pytest.mark.parametrize(
    ("max_iter", "lr", "memory_limit", "short"),
    [
        (1, 1e-3, None, True),
        (30, 1e-3, None, True),
        (300, 1e-3, None, True),
        (300, 1e-3, 200_000, True),
        (1500, 1e-2, None, False),
    ],
)
def test_a_softmax_that_is_cut_short(numbers_rows, max_iter, lr, memory_limit, short):
    X, y, attributes = numbers_rows
    softmax = SoftmaxClassifier(max_iter=max_iter, lr=lr)
    clf = plain(softmax, n_synthetic=20, memory_limit=memory_limit)
    found = warned(clf.fit, X, y, class_attributes=attributes)
    said = f"max_iter={max_iter} ended the training of the softmax while its loss"
    assert any(w.startswith(said) for w in found) == short


def test_a_softmax_that_can_learn_nothing_has_ended():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 2)), rng.integers(5, size=2000)
    clf = SoftmaxClassifier(max_iter=1000, lr=0.01, random_state=0)
    assert not warned(clf.fit, X, y)
    assert clf.loss_curve_[-1] > 0.9 * np.log(5)


UNSEEN, SEEN = "Of rows drawn for unseen classes", "No training row gets its class"


@pytest.mark.parametrize(
    ("params", "lost"),
    [
        ({"seen_penalty": -1e3}, UNSEEN),
        ({"n_synthetic": 1}, UNSEEN),
        ({"seen_penalty": 1e3}, SEEN),
        ({"seen_penalty": 1e3, "candidate_classes": "unseen"}, None),
        ({"n_synthetic": 10}, None),
    ],
)
def test_a_side_that_is_never_predicted(numbers_rows, params, lost):
    X, y, attributes = numbers_rows
    clf = plain(LogisticRegression(C=100), **params)
    found = warned(clf.fit, X, y, class_attributes=attributes)
    assert [w[: len(lost)] for w in found] == ([lost] if lost else [])
    predicted = np.isin(clf.predict(X), clf.seen_classes_)
    if lost == SEEN:
        assert not predicted.any()


@pytest.mark.parametrize("chosen", [1e3, -1e3])
def test_the_penalty_that_was_chosen_is_no_remedy(numbers_rows, chosen, monkeypatch):
    X, y, attributes = numbers_rows
    monkeypatch.setattr(
        _gzsl_classifier, "choose_own_penalty", lambda *_: (chosen, None, None, {})
    )
    clf = plain(LogisticRegression(C=100), seen_penalty="auto")
    (found,) = warned(clf.fit, X, y, class_attributes=attributes)
    assert f"With seen_penalty_={chosen:.4g} and" in found
    wanted = "smaller" if chosen > 0 else "larger"
    assert f"try as seen_penalty a {wanted} number" in found
    assert "'auto'" not in found


def test_what_is_balanced_afterwards_is_no_side_lost(numbers_rows):
    X, y, attributes = numbers_rows
    few = plain(LogisticRegression(C=100), n_synthetic=1)
    assert warned(few.fit, X, y, class_attributes=attributes)
    clf = CalibratedStackingCV(few, cv=2)
    assert not warned(clf.fit, X, y, class_attributes=attributes)


@pytest.mark.parametrize(
    "clf",
    [PrototypeClassifier(), plain(None)],
    ids=lambda clf: type(clf).__name__,
)
def test_one_class_alone_has_rows(clf, animals):
    rows = animals.y == animals.y[0]
    found = warned(clf.fit, animals.X[rows], animals.y[rows], animals.attributes)
    assert sum(w.startswith("y holds one class alone") for w in found) == 1


@pytest.mark.parametrize(
    "clf",
    [GZSLClassifier(random_state=0), CalibratedStackingCV(PrototypeClassifier())],
    ids=lambda clf: type(clf).__name__,
)
def test_descriptions_of_other_classes(clf):
    numbers = load_two_digit_numbers(n_train=15, n_test=5)
    X, y, given = numbers.data, numbers.target, numbers.class_attributes
    order = np.random.default_rng(0).permutation(len(given.labels))
    mixed = ClassAttributes(given.labels, given.values[order])
    rows, said = numbers.train, "On held-out classes H is hardly better than by guesses"
    found = warned(clf.fit, X[rows], y[rows], class_attributes=mixed)
    assert sum(said in w for w in found) == 1
    found = warned(clf.fit, X[rows], y[rows], class_attributes=given)
    assert not any(said in w for w in found)


def test_equal_descriptions(animals):
    vectors = np.tile(animals.vectors[:1], (12, 1))
    found = warned(ClassAttributes, animals.labels, vectors)
    assert found[0].startswith("class_attributes: the same description is given to")


@pytest.mark.parametrize(("cv", "right"), [(KFold(3), False), (GZSLKFold(3), True)])
def test_folds_without_unseen_classes(animals, cv, right):
    X, y = animals.X, animals.y
    params = {"params": {"class_attributes": animals.attributes}}
    clf = PrototypeClassifier()
    found = warned(cross_validate, clf, X, y, scoring=GZSLScorer(), cv=cv, **params)
    assert found == [] if right else "use GZSLShuffleSplit or GZSLKFold" in found[0]
