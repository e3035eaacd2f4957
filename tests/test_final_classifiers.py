"""What GZSLClassifier hands to its classifier, and what prototypes make of it."""

import numpy as np
import pytest
from instances import TINY
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CADAVAE,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.classifiers import _prototypes


class Asks(LogisticRegression):
    """Keeps all that it is given."""

    def fit(self, X, y, class_attributes=None, seen_classes=None, synthetic=None):
        self.given_ = class_attributes, seen_classes, synthetic
        self.labels_ = y
        return super().fit(X, y)


class AsksForOne(LogisticRegression):
    def fit(self, X, y, seen_classes=None):
        self.given_ = seen_classes
        return super().fit(X, y)


def fit(classifier, data, **params):
    clf = GZSLClassifier(
        GaussianGenerator(), classifier, n_synthetic=6, random_state=0, seen_penalty=0.0
    ).set_params(**params)
    return clf.fit(data.X, data.y, class_attributes=data.attributes)


def test_a_classifier_is_given_what_its_fit_has_a_name_for(animals):
    clf = fit(Asks(), animals)
    attributes, seen, synthetic = clf.classifier_.given_
    assert_array_equal(attributes.labels, clf.classes_)
    assert_array_equal(seen, animals.seen)
    drawn = np.isin(clf.classifier_.labels_, animals.unseen)
    assert_array_equal(synthetic, drawn)
    assert_array_equal(fit(AsksForOne(), animals).classifier_.given_, animals.seen)


def test_so_is_the_last_step_of_a_pipeline(animals):
    clf = fit(make_pipeline(StandardScaler(), Asks()), animals)
    _, seen, synthetic = clf.classifier_[-1].given_
    assert_array_equal(seen, animals.seen)
    assert synthetic.sum() == 6 * len(animals.unseen)


def test_so_is_what_a_search_tries(animals):
    grid = {"asks__C": [0.1, 1.0]}
    pipeline = Pipeline([("scale", StandardScaler()), ("asks", Asks())])
    clf = fit(GridSearchCV(pipeline, grid, cv=2), animals)
    attributes, seen, synthetic = clf.classifier_.best_estimator_[-1].given_
    assert_array_equal(attributes.labels, clf.classes_)
    assert_array_equal(seen, animals.seen)
    assert synthetic.sum() == 6 * len(animals.unseen)
    search = GridSearchCV(PrototypeClassifier(power=None), {"alpha": [0.1]}, cv=2)
    head = fit(search, animals).classifier_.best_estimator_
    assert_array_equal(head.seen_classes_, animals.seen)


@pytest.mark.parametrize("search", [False, True])
def test_so_they_are_by_metadata_routing(animals, search):
    head = make_pipeline(StandardScaler(), PrototypeClassifier(power=None))
    if search:
        head = GridSearchCV(head, {"prototypeclassifier__alpha": [0.1]}, cv=2)
    plain = fit(head, animals)
    with config_context(enable_metadata_routing=True):
        routed = fit(head, animals)
    assert_allclose(*(clf.decision_function(animals.X_test) for clf in (plain, routed)))
    inside = routed.classifier_.best_estimator_ if search else routed.classifier_
    assert_array_equal(inside[-1].seen_classes_, animals.seen)


@pytest.mark.parametrize(
    "wrap",
    [
        CalibratedClassifierCV,
        BaggingClassifier,
        lambda head: VotingClassifier([("head", head), ("lr", LogisticRegression())]),
        lambda head: make_pipeline(StandardScaler(), OneVsRestClassifier(head)),
    ],
)
def test_wrappers_that_cannot_pass_descriptions_on_are_refused(animals, wrap):
    says = r"fit of PrototypeClassifier, \w+ of the 'classifier' parameter, asks for"
    with pytest.raises(ValueError, match=says):
        fit(wrap(PrototypeClassifier()), animals)
    fit(wrap(LogisticRegression()), animals)


def test_first_rows_of_unseen_classes_are_not_synthetic(animals):
    clf = fit(Asks(), animals)
    clf.partial_fit(animals.X_test[:0:-1][:2], ["elephant", "elephant"])
    _, seen, synthetic = clf.classifier_.given_
    assert_array_equal(seen, animals.seen)
    labels = clf.classifier_.labels_
    assert (labels[~synthetic] == "elephant").sum() == 2
    assert (labels[synthetic] == "elephant").sum() == 6


def test_with_unseen_candidates_alone_it_learns_from_seen_classes_all_the_same(animals):
    clf = fit(Asks(), animals, candidate_classes="unseen")
    attributes, seen, synthetic = clf.classifier_.given_
    assert_array_equal(attributes.labels, clf.classes_)
    assert_array_equal(seen, animals.seen)
    assert (~synthetic).sum() == len(animals.y)
    assert_array_equal(np.unique(clf.predict(animals.X)), animals.unseen)


@pytest.mark.parametrize("limit", [None, 1 << 6])
def test_unseen_candidates_alone_are_those_of_all_without_the_others(animals, limit):
    everything, alone = (
        fit(None, animals, candidate_classes=name, memory_limit=limit)
        for name in ("all", "unseen")
    )
    unseen = np.isin(alone.classes_, animals.unseen)
    scores = [clf.decision_function(animals.X_test) for clf in (everything, alone)]
    assert_array_equal(scores[0][:, unseen], scores[1][:, unseen])
    assert (scores[1][:, ~unseen] == -np.inf).all()
    assert_array_equal(
        alone.predict(animals.X_test), animals.unseen[scores[0][:, unseen].argmax(1)]
    )
    linear = PrototypeClassifier(seen_weight=0, power=None)
    alone = fit(linear, animals, candidate_classes="unseen", memory_limit=limit)
    pipeline = alone.to_sklearn()
    assert_array_equal(pipeline.classes_, animals.unseen)
    assert_array_equal(pipeline.predict(animals.X), alone.predict(animals.X))


def prototypes(animals, **params):
    return fit(PrototypeClassifier(**params), animals).classifier_


def test_the_weight_of_synthetic_rows_goes_from_none_to_all(animals):
    alone = PrototypeClassifier()
    scaled = fit(None, animals).transform(animals.X)
    alone.fit(scaled, animals.y, class_attributes=animals.attributes)
    none, all_of_it = (prototypes(animals, synthetic_weight=w) for w in (0.0, 1.0))
    assert none.settings_ == alone.settings_
    assert_allclose(none.prototypes_, alone.prototypes_, atol=1e-9)

    unseen = np.isin(all_of_it.classes_, animals.unseen)
    assert not np.allclose(all_of_it.prototypes_[unseen], none.prototypes_[unseen])
    assert_allclose(all_of_it.prototypes_[~unseen], none.prototypes_[~unseen])
    half = prototypes(animals, synthetic_weight=0.5).prototypes_
    middle = none.prototypes_ + all_of_it.prototypes_
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    assert_allclose(half, middle, atol=1e-9)


def test_with_all_the_weight_a_prototype_is_the_mean_of_the_synthetic_rows(animals):
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(40, animals.X.shape[1]))
    clf = PrototypeClassifier(synthetic_weight=1.0).fit(
        np.concatenate([animals.X, drawn]),
        np.concatenate([animals.y, np.repeat(animals.unseen[0], 40)]),
        class_attributes=animals.attributes,
        seen_classes=animals.seen,
    )
    assert_array_equal(clf.seen_classes_, animals.seen)
    mean = clf._model.whiten(drawn).mean(axis=0)
    at = clf.classes_.tolist().index(animals.unseen[0])
    assert_allclose(clf.prototypes_[at], mean / np.linalg.norm(mean))


def test_many_first_rows_outweigh_the_description(animals):
    clf = fit(PrototypeClassifier(), animals)
    shifted = animals.X[animals.y == "owl"] + 3.0
    clf.partial_fit(shifted, np.repeat("elephant", len(shifted)))
    head = clf.classifier_
    rows = head._model.whiten(clf.transform(shifted).astype(np.float64)).mean(axis=0)
    at = head.classes_.tolist().index("elephant")
    before = fit(PrototypeClassifier(), animals).classifier_.prototypes_[at]
    now = head.prototypes_[at]
    assert now @ rows > before @ rows
    assert now @ rows / np.linalg.norm(rows) > 0.9


def test_later_classes_and_rows_find_the_settings_chosen(animals, monkeypatch):
    first = [*animals.seen, *animals.unseen[:1]]
    clf = fit(None, animals, class_attributes=None)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes.subset(first))
    chosen = clf.classifier_.settings_

    def refuse(settings, *args, **kwargs):
        assert "auto" not in settings.values()
        return settings

    monkeypatch.setattr(_prototypes, "choose_settings", refuse)
    clf.add_classes(animals.attributes.subset(animals.unseen[1:]))
    clf.partial_fit(animals.X[:3] + 1.0, animals.y[:3])
    assert clf.classifier_.settings_ == chosen
    # In a pipeline, too.
    monkeypatch.undo()
    piped = fit(make_pipeline(StandardScaler(), PrototypeClassifier()), animals)
    monkeypatch.setattr(_prototypes, "choose_settings", refuse)
    piped.partial_fit(animals.X[:3], animals.y[:3])
    # What is given later counts, and what was given is as it was.
    assert clf.classifier is None
    clf.set_params(classifier__degree=8).partial_fit(animals.X[:1], animals.y[:1])
    assert clf.classifier_.settings_ == chosen | {"degree": 8}


def test_a_stream_teaches_the_same(animals):
    at_once = fit(None, animals, n_synthetic=500)
    streamed = fit(None, animals, n_synthetic=500, memory_limit=1 << 14)
    assert_allclose(
        streamed.classifier_.prototypes_, at_once.classifier_.prototypes_, atol=0.05
    )
    assert_array_equal(
        streamed.predict(animals.X_test), at_once.predict(animals.X_test)
    )


def test_seen_classes_without_rows_are_refused(animals):
    with pytest.raises(ValueError, match="seen_classes has no class of y"):
        PrototypeClassifier().fit(
            animals.X,
            animals.y,
            class_attributes=animals.attributes,
            seen_classes=["unicorn"],
        )


def test_several_sources_have_the_papers_classifier(animals):
    sources = {"a": animals.vectors, "b": animals.vectors[:, :3]}
    clf = GZSLClassifier(CADAVAE(**TINY[CADAVAE]), random_state=0, seen_penalty=0.0)
    clf = clone(clf).fit(
        animals.X,
        animals.y,
        class_attributes=ClassAttributes(animals.labels, sources),
    )
    assert isinstance(clf.classifier_, SoftmaxClassifier)
