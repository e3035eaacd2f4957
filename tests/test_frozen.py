"""Parts that were fitted before, in scikit-learn's FrozenEstimator."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    RejectingClassifier,
    VAECFlow,
)
from sklearn_gzsl.classifiers import _calibrated_stacking
from sklearn_gzsl.inspection import (
    ClassConfusionDisplay,
    SeenUnseenCurveDisplay,
    SyntheticFeaturesDisplay,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit, few_shot_curve


def state(estimator):
    """All that was learned, to see whether it has changed."""
    return {
        name: np.array(value)
        for name, value in vars(estimator).items()
        if isinstance(value, np.ndarray)
    }


def assert_unchanged(estimator, before):
    for name, value in before.items():
        assert_array_equal(getattr(estimator, name), value)


@pytest.mark.parametrize("part", ["generator", "preprocessor", "classifier"])
def test_parts_are_used_as_they_were_fitted(clf, fitted, animals, part):
    model = getattr(fitted, f"{part}_")
    before = state(model)
    again = clone(clf).set_params(**{part: FrozenEstimator(model)})
    again.fit(animals.X, animals.y, animals.attributes)
    assert getattr(again, f"{part}_").estimator is model
    assert_unchanged(model, before)
    assert again.score(animals.X_test, animals.y_test) > 0.9
    if part == "classifier":
        assert_array_equal(again.predict(animals.X), fitted.predict(animals.X))


@pytest.mark.parametrize("part", ["generator", "preprocessor", "classifier"])
def test_unfitted_parts_are_named(clf, animals, part):
    unfitted = {
        "generator": GaussianGenerator(),
        "preprocessor": MinMaxScaler(),
        "classifier": LogisticRegression(),
    }[part]
    clf.set_params(**{part: FrozenEstimator(unfitted)})
    with pytest.raises(NotFittedError, match=r"not fitted yet"):
        clf.fit(animals.X, animals.y, animals.attributes)


def test_a_frozen_classifier_gets_no_rows(fitted, animals):
    """Nor is it trained through partial_fit, to which it delegates."""
    again = clone(fitted).set_params(
        classifier=FrozenEstimator(fitted.classifier_), memory_limit=1
    )
    before = state(fitted.classifier_)
    again.fit(animals.X, animals.y, animals.attributes)
    assert_unchanged(fitted.classifier_, before)


def test_a_frozen_classifier_of_other_classes_is_refused(fitted, animals):
    frozen = FrozenEstimator(fitted.classifier_)
    fewer = animals.attributes.subset(animals.labels[animals.labels != "elk"])
    with pytest.raises(ValueError, match=r"is frozen.*\['elk'\] are additional"):
        GZSLClassifier(GaussianGenerator(), frozen, seen_penalty=0.0).fit(
            animals.X, animals.y, fewer
        )
    again = GZSLClassifier(
        GaussianGenerator(), frozen, random_state=0, seen_penalty=0.0
    )
    again.fit(animals.X, animals.y, animals.attributes)
    with pytest.raises(ValueError, match=r"is frozen.*\['yak'\] are missing"):
        again.add_classes({"yak": animals.vectors[0]})


def test_memory_tells_frozen_generators_apart(clf, animals, tmp_path, tiny_flow):
    rows = []
    for seed in (0, 1):
        flow = VAECFlow(**tiny_flow, random_state=seed)
        flow.fit(animals.X, animals.y, animals.attributes)
        model = clone(clf).set_params(
            generator=FrozenEstimator(flow), memory=tmp_path, preprocessor="passthrough"
        )
        model.fit(animals.X, animals.y, animals.attributes)
        rows.append(model.generator_.sample(animals.attributes)[0])
    assert (rows[0] != rows[1]).any()


def test_a_frozen_generator_that_has_met_the_held_out_classes(clf, fitted, animals):
    clf = clone(clf).set_params(generator=FrozenEstimator(fitted.generator_))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        clf.fit(animals.X, animals.y, animals.attributes)
    with pytest.warns(UserWarning, match="frozen generator has learned from rows of"):
        cross_val_score(
            clf,
            animals.X,
            animals.y,
            cv=GZSLShuffleSplit(1, random_state=0),
            scoring=GZSLScorer("H"),
            params={"class_attributes": animals.attributes},
        )


def test_calibration_of_a_frozen_estimator(fitted, animals, blurred):
    X, y = blurred, animals.y_test
    prefit = CalibratedStackingCV(fitted, cv="prefit", refit=False).fit(X, y)
    for options in ({}, {"cv": "prefit"}, {"refit": False}):
        frozen = CalibratedStackingCV(FrozenEstimator(fitted), **options).fit(X, y)
        assert frozen.seen_penalty_ == prefit.seen_penalty_
        assert_array_equal(frozen.predict(X), prefit.predict(X))
        assert_array_equal(frozen.unseen_classes_, animals.unseen)
    # As the frozen estimator's own fit does, it takes no notice of descriptions.
    frozen.fit(X, y, class_attributes=animals.attributes)


def test_what_a_frozen_estimator_cannot_be_calibrated_on(clf, fitted, animals):
    frozen = FrozenEstimator(fitted)
    with pytest.raises(ValueError, match="cv=2, but no fold can train a frozen"):
        CalibratedStackingCV(frozen, cv=2).fit(animals.X_test, animals.y_test)
    with pytest.raises(ValueError, match="y holds no unseen class"):
        CalibratedStackingCV(frozen).fit(animals.X, animals.y)
    with pytest.raises(NotFittedError, match=r"a frozen estimator, but .* not fitted"):
        CalibratedStackingCV(FrozenEstimator(clone(clf))).fit(animals.X, animals.y)
    pipeline = make_pipeline(StandardScaler(), frozen)
    with pytest.raises(ValueError, match=r"out, but the estimator has seen them"):
        CalibratedStackingCV(pipeline, cv=2).fit(animals.X, animals.y)


def test_members_of_a_vote(fitted, animals):
    members = [("frozen", FrozenEstimator(fitted)), ("own", PrototypeClassifier())]
    vote = GZSLVotingClassifier(members)
    vote.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert vote.named_estimators_["frozen"].estimator is fitted
    assert vote.score(animals.X_test, animals.y_test) > 0.9
    n_classes = len(fitted.classes_)
    vote.add_classes({"yak": animals.vectors[0]})
    assert len(fitted.classes_) == n_classes  # a copy has learned
    assert isinstance(vote.estimators_[0], FrozenEstimator)
    assert "yak" in vote.classes_


@pytest.mark.parametrize("kind", ["text", "list", "numbers"])
@pytest.mark.parametrize(
    "around",
    [
        RejectingClassifier,
        CalibratedStackingCV,
        lambda frozen: CalibratedStackingCV(frozen.estimator, cv="prefit", refit=False),
        lambda frozen: GZSLVotingClassifier([("one", frozen)]),
    ],
    ids=["rejecting", "calibrated", "prefit", "vote"],
)
def test_rows_without_labels_are_adapted_to(around, kind, animals, monkeypatch):
    """Also where the descriptions were given to what is frozen alone."""
    numbers = kind == "numbers"
    inner = PrototypeClassifier(calibration_size=0.2).fit(
        animals.X,
        animals.codes if numbers else animals.y,
        class_attributes=animals.vectors if numbers else animals.attributes,
    )
    codes = np.array([animals.labels.tolist().index(a) for a in animals.y_test])
    y = (codes if numbers else animals.y_test).astype(object)
    y[::2] = -1
    y = y.astype(int) if numbers else y.tolist() if kind == "list" else y
    # Held-out classes may advise against adapting.
    monkeypatch.setattr(_calibrated_stacking, "warn_if_useless", lambda _: False)
    clf = around(FrozenEstimator(inner)).fit(animals.X_test, y)
    assert clf.n_unlabelled_ == len(y) // 2
    assert inner.n_unlabelled_ == 0  # a copy has learned
    assert -1 not in clf.classes_.tolist()


def wrapped(fitted, X, y):
    """Fitted estimators around a model."""
    scaled = make_pipeline(FunctionTransformer(), fitted)
    return [
        fitted,
        scaled,
        make_pipeline(FunctionTransformer(), FrozenEstimator(fitted)),
        CalibratedStackingCV(scaled, cv="prefit", refit=False).fit(X, y),
    ]


def test_scores_and_displays_look_inside(fitted, animals, close_figures):
    X, y = animals.X_test, animals.y_test
    for model in wrapped(fitted, X, y):
        frozen = FrozenEstimator(model)
        assert GZSLScorer()(frozen, X, y) == GZSLScorer()(model, X, y)
        SeenUnseenCurveDisplay.from_estimator(frozen, X, y)
        ClassConfusionDisplay.from_estimator(frozen, X, y)
        shown, same = (
            SyntheticFeaturesDisplay.from_estimator(one, X, y, random_state=0)
            for one in (frozen, model)
        )
        assert_array_equal(shown.mean_shift, same.mean_shift)


def test_pictures_in_one_plane(fitted, animals, close_figures):
    X, y = animals.X_test, animals.y_test
    plane = PCA(n_components=2).fit(fitted.transform(X))
    shown = SyntheticFeaturesDisplay.from_estimator(
        fitted, X, y, reducer=FrozenEstimator(plane), random_state=0
    )
    expected = plane.transform(fitted.transform(X[np.isin(y, shown.classes)]))
    np.testing.assert_allclose(shown.real, expected, atol=1e-6)


def test_few_shot_curve_of_a_frozen_estimator(fitted, animals):
    X, y = animals.X_test, animals.y_test
    few, test = slice(0, None, 2), slice(1, None, 2)
    rows = X[few], y[few], X[test], y[test]
    options = {"shots": [0, 1], "random_state": 0}
    found = few_shot_curve(FrozenEstimator(fitted), *rows, **options)
    assert_array_equal(found.H, few_shot_curve(fitted, *rows, **options).H)


def test_transformers_need_no_fit_transform(clf, animals):
    """All that the class asks of a preprocessor is fit and transform."""

    class Half(BaseEstimator):
        def fit(self, X, y):
            return self

        def transform(self, X):
            return X / 2

    clf.set_params(preprocessor=Half())
    clf.fit(animals.X, animals.y, animals.attributes)
    np.testing.assert_allclose(clf.transform(animals.X), animals.X / 2, rtol=1e-6)


@pytest.mark.parametrize("final", [None, LogisticRegression()])
def test_stacking_is_a_classifier_before_it_can_predict(clf, animals, final):
    stacking = StackingClassifier([("a", LogisticRegression())], final, cv=2)
    clf.set_params(classifier=stacking)
    clf.fit(animals.X, animals.y, animals.attributes)
    assert set(animals.unseen) <= set(clf.predict(animals.X_test))
