"""Parameters of parts that were not given: the default is put there to be set."""

import pickle

import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import (
    check_estimator_cloneable,
    check_estimator_repr,
    check_get_params_invariance,
    check_parameters_default_constructible,
    check_set_params,
)

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    VAECFlow,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

PARTS = [
    (GZSLClassifier, "generator", "degree", GaussianGenerator()),
    (GZSLClassifier, "classifier", "degree", PrototypeClassifier()),
    (GZSLClassifier, "preprocessor", "clip", MinMaxScaler()),
    (
        PrototypeClassifier,
        "seen_classifier",
        "max_iter",
        LogisticRegression(C=10, max_iter=1000),
    ),
]
parts = pytest.mark.parametrize(("cls", "part", "name", "default"), PARTS)


@parts
def test_the_default_is_put_there(cls, part, name, default):
    clf = cls().set_params(**{f"{part}__{name}": 5})
    found = getattr(clf, part)
    assert type(found) is type(default)
    assert found.get_params() == default.get_params() | {name: 5}
    assert clf.get_params(deep=False) == cls().get_params(deep=False) | {part: found}
    clf.set_params(**{f"{part}__{name}": 6})
    assert getattr(clf, part) is found


@parts
def test_it_is_like_one_that_was_given(cls, part, name, default):
    clf = cls().set_params(**{f"{part}__{name}": 5})
    given = cls(**{part: clone(default).set_params(**{name: 5})})
    for one in (clf, clone(clf), pickle.loads(pickle.dumps(clf))):
        assert repr(one) == repr(given)
        assert one.get_params()[f"{part}__{name}"] == 5


@parts
def test_a_misspelt_name_leaves_all_as_it_was(cls, part, name, default):
    clf = cls()
    with pytest.raises(ValueError, match=f"'{name}s' for estimator"):
        clf.set_params(**{f"{part}__{name}s": 5})
    assert getattr(clf, part) is None
    assert repr(clf) == repr(cls())


def test_part_and_parameter_at_once():
    clf = GZSLClassifier()
    clf.set_params(generator=VAECFlow(), generator__temperature=0.5)
    assert isinstance(clf.generator, VAECFlow)
    assert clf.generator.temperature == 0.5
    clf.set_params(generator=None, generator__temperature=0.7)
    assert isinstance(clf.generator, GaussianGenerator)
    assert clf.generator.temperature == 0.7
    assert clf.set_params(generator=None).generator is None


def test_through_what_is_wrapped_around():
    clf = GZSLClassifier()
    CalibratedStackingCV(clf).set_params(estimator__generator__degree=3)
    assert clf.generator.degree == 3
    pipeline = make_pipeline(clf)
    pipeline.set_params(gzslclassifier__classifier__degree=4)
    assert clf.classifier.degree == 4
    GZSLVotingClassifier([("a", clf)]).set_params(a__preprocessor__clip=True)
    assert clf.preprocessor.clip


@pytest.mark.parametrize("calibrated", [False, True])
def test_searches(animals, calibrated):
    tiny = {"generator__degree": [2, 4], "classifier__degree": [3]}
    tiny |= {"preprocessor__clip": [True]}
    model = GZSLClassifier(n_synthetic=5, random_state=0)
    if calibrated:
        model = CalibratedStackingCV(model, cv=2)
        tiny = {f"estimator__{name}": values for name, values in tiny.items()}
    search = GridSearchCV(
        model,
        tiny,
        cv=GZSLShuffleSplit(1, random_state=0),
        scoring=GZSLScorer("AUSUC"),
        error_score="raise",
    ).fit(animals.X, animals.y, class_attributes=animals.attributes)
    found = search.best_estimator_.estimator_ if calibrated else search.best_estimator_
    path = "estimator__generator__degree" if calibrated else "generator__degree"
    assert found.generator_.degree_ == search.best_params_[path]
    assert found.preprocessor_.clip
    assert found.classifier_.settings_["degree"] == 3
    # What was given is as it was.
    assert (model.estimator if calibrated else model).generator is None


@pytest.mark.parametrize(
    "check",
    [
        check_parameters_default_constructible,
        check_get_params_invariance,
        check_set_params,
        check_estimator_repr,
        check_estimator_cloneable,
    ],
)
def test_scikit_learn_checks_of_an_estimator_without_parts(check):
    check("GZSLClassifier", GZSLClassifier())
