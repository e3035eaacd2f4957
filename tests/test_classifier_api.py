"""GZSLClassifier as one estimator among others: seeds, storage, wrappers, failure."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection
from sklearn.svm import SVC

from sklearn_gzsl import (
    ClassAttributes,
    GZSLClassifier,
    SoftmaxClassifier,
    VAECFlow,
)


@pytest.mark.parametrize("wrapper", [BaggingClassifier, VotingClassifier])
def test_attributes_in_the_constructor(clf, animals, wrapper):
    """For wrappers without fit arguments; they encode labels as 0, 1, ..."""
    X, y, A = animals.X, animals.codes, animals.vectors[:9]
    clf.set_params(class_attributes=ClassAttributes(range(9), A))
    assert_array_equal(
        clone(clf).fit(X, y).predict(X),
        clone(clf).set_params(class_attributes=None).fit(X, y, A).predict(X),
    )
    if wrapper is BaggingClassifier:
        # Few rows: most draws miss some classes, which are then generated.
        wrapped = BaggingClassifier(clf, max_samples=20, random_state=0).fit(X, y)
        counts = [len(member.seen_classes_) for member in wrapped.estimators_]
        assert min(counts) < 9
    else:
        members = [("gzsl", clf), ("forest", RandomForestClassifier(random_state=0))]
        wrapped = VotingClassifier(members, voting="soft").fit(X, y)
    known = animals.test_codes < 9
    assert wrapped.score(animals.X_test[known], animals.test_codes[known]) > 0.9


def test_attributes_given_twice(clf, animals):
    clf.set_params(class_attributes=animals.attributes)
    with pytest.raises(ValueError, match="to fit and to the constructor; give it once"):
        clf.fit(animals.X, animals.y, class_attributes=animals.attributes)


def test_random_state(clf, animals):
    data = animals.X, animals.y, animals.attributes

    def outcome(**params):
        fitted = clone(clf).set_params(n_real=5, **params).fit(*data)
        return fitted.decision_function(animals.X_test).tobytes()

    assert outcome() == outcome()
    outcomes = {outcome(), outcome(random_state=1), outcome(random_state=None)}
    assert len(outcomes | {outcome(random_state=None)}) == 4


def test_random_states_of_the_parts(clf, animals, tiny_flow):
    flow, forest = VAECFlow(**tiny_flow), RandomForestClassifier(n_estimators=2)
    data = animals.X, animals.y, animals.attributes
    clf.set_params(generator=flow, classifier=make_pipeline(StandardScaler(), forest))
    seeds = clf.fit(*data).generator_.random_state, clf.classifier_[-1].random_state
    assert [type(seed) for seed in seeds] == [int, int]
    assert flow.random_state is None
    assert forest.random_state is None
    flow.set_params(random_state=7)
    forest.set_params(random_state=8)
    draws, scores = set(), set()
    for seed in (0, 1):
        clf.set_params(random_state=seed).fit(*data)
        assert clf.generator_.random_state == 7
        assert clf.classifier_[-1].random_state == 8
        draws.add(clf.generator_.sample(animals.attributes)[0].tobytes())
        scores.add(clf.decision_function(animals.X_test).tobytes())
    # The parts stay as they are; the synthetic rows are the classifier's matter.
    assert (len(draws), len(scores)) == (1, 2)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("part", ["preprocessor", "generator", "classifier"])
def test_failed_refit_leaves_the_old_fit(fitted, animals, monkeypatch, part, error):
    def fail(*args, **kwargs):
        raise error

    before = dict(vars(fitted))
    scores = fitted.decision_function(animals.X_test)
    cls = type(getattr(fitted, f"{part}_"))
    name = "fit_transform" if part == "preprocessor" else "fit"
    monkeypatch.setattr(cls, name, fail)
    with pytest.raises(error):
        fitted.fit(animals.X[:, :3], animals.codes)
    assert vars(fitted).keys() == before.keys()
    assert_array_equal(fitted.decision_function(animals.X_test), scores)
    assert_array_equal(fitted.seen_classes_, animals.seen)


def test_round_trips(animals, tiny_flow, round_trip):
    clf = GZSLClassifier(
        VAECFlow(**tiny_flow),
        SoftmaxClassifier(max_iter=50),
        class_attributes=animals.attributes,
        n_synthetic=10,
        random_state=0,
        seen_penalty=0.0,
    ).fit(animals.X, animals.y)
    loaded = round_trip(clf)
    for method in ("predict", "predict_proba", "transform"):
        expected = getattr(clf, method)(animals.X_test)
        assert_array_equal(getattr(loaded, method)(animals.X_test), expected)
    samples = clf.generator_.sample(animals.attributes, 2)[0]
    assert_array_equal(loaded.generator_.sample(animals.attributes, 2)[0], samples)
    assert loaded.class_attributes == animals.attributes
    again = loaded.fit(animals.X, animals.y)
    assert_array_equal(again.predict(animals.X_test), clf.predict(animals.X_test))


def test_it_is_a_transformer_too(clf, animals):
    data = {"X": animals.X, "y": animals.y, "class_attributes": animals.attributes}
    features = clf.fit_transform(**data)
    assert_array_equal(features, clf.transform(animals.X))
    scores = clf.decision_function(animals.X_test)
    names = [f"gzslclassifier{i}" for i in range(5)]
    clf.set_output(transform="pandas")
    frame = clf.transform(animals.X)
    assert frame.columns.tolist() == names
    assert_array_equal(frame, features)
    assert clone(clf).fit_transform(**data).columns.tolist() == names
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_array_equal(clf.decision_function(animals.X_test), scores)
        with config_context(transform_output="pandas"):
            again = clone(clf).fit(**data)
            assert_array_equal(again.decision_function(animals.X_test), scores)


def test_verbose_says_what_is_being_done(clf, animals, capsys):
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert capsys.readouterr() == ("", "")
    clf.set_params(verbose=1)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == ["fitting", "drawing", "fitting"]
    assert "90 rows" in lines[0]
    assert "20 rows for each of 3 classes" in lines[1]
    assert "150 rows" in lines[2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"generator": LogisticRegression()},
        {"classifier": StandardScaler()},
        {"preprocessor": "scale"},
        {"n_synthetic": 0},
        {"n_real": 0},
        {"synthesize": "none"},
        {"candidate_classes": "seen"},
        {"seen_penalty": np.inf},
    ],
    ids=str,
)
def test_parameters_out_of_range(clf, animals, wrong):
    with pytest.raises(ValueError, match=f"'{next(iter(wrong))}' parameter of GZSLC"):
        clf.set_params(**wrong).fit(animals.X, animals.y)


def test_scores_of_pairs_of_classes_are_refused(clf, animals):
    clf.set_params(classifier=SVC(decision_function_shape="ovo"))
    with pytest.raises(ValueError, match="decision_function_shape='ovr'"):
        clf.fit(animals.X, animals.y, class_attributes=animals.attributes)


def test_one_seed_makes_a_random_preprocessor_repeatable(clf, animals):
    clf.set_params(preprocessor=GaussianRandomProjection(3))
    first, second = (
        clone(clf)
        .fit(animals.X, animals.y, class_attributes=animals.attributes)
        .transform(animals.X_test)
        for _ in range(2)
    )
    assert_array_equal(first, second)
