"""seen_penalty="auto": GZSLClassifier chooses its balance on classes it holds out."""

import warnings

import numpy as np
import pytest
from conftest import blobs
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    VAECFlow,
)
from sklearn_gzsl.classifiers import _folds, _own_penalty
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.presets import paper_settings

# Balanced badly on its own: many more rows of unseen classes than of seen ones.
LDA = GZSLClassifier(
    GaussianGenerator(), IncrementalLDA(), n_synthetic=30, random_state=0
)


@pytest.fixture(scope="module")
def chosen(numbers_rows):
    X, y, attributes = numbers_rows
    return clone(LDA).fit(X, y, class_attributes=attributes)


def test_it_is_chosen_by_default_and_pays(chosen, small_numbers):
    assert GZSLClassifier().seen_penalty == "auto"
    X, y = (
        part[small_numbers.test] for part in (small_numbers.data, small_numbers.target)
    )
    H = GZSLScorer("H")
    found = H(chosen, X, y)
    plain = clone(chosen).set_params(seen_penalty=0.0)
    rows = small_numbers.train
    plain.fit(
        small_numbers.data[rows],
        small_numbers.target[rows],
        class_attributes=small_numbers.class_attributes,
    )
    assert plain.seen_penalty_ == 0.0
    assert found > H(plain, X, y) + 0.01
    # Nothing but the penalty is another: not a row was drawn differently.
    seen = np.isin(plain.classes_, plain.seen_classes_)
    assert_allclose(
        chosen.decision_function(X),
        plain.decision_function(X) - chosen.seen_penalty_ * seen,
        rtol=1e-5,
    )


def test_no_penalty_nearby_is_better_on_the_held_out_classes(numbers_rows, monkeypatch):
    X, y, attributes = numbers_rows
    folds = []
    make_curve = _folds.penalty_curve

    def keep(fitted, X, y):
        folds.append((fitted, X, y))
        return make_curve(fitted, X, y)

    monkeypatch.setattr(_folds, "penalty_curve", keep)
    # Adapting would change the models that are kept.
    as_it_is = PrototypeClassifier(calibration_size=0)
    clf = clone(LDA).set_params(adapter=as_it_is)
    clf.fit(X, y, class_attributes=attributes)
    assert len(folds) == 5  # a fifth of the classes is unseen
    for fitted, _, y_held in folds:
        held_out = np.setdiff1d(y, fitted.seen_classes_)
        assert_array_equal(fitted.unseen_classes_, held_out)
        assert np.isin(held_out, y_held).all()
    H = GZSLScorer("H")

    def mean_h(penalty):
        return np.mean(
            [
                H(fitted.set_params(seen_penalty=penalty), *rows)
                for fitted, *rows in folds
            ]
        )

    chosen = clf.seen_penalty_
    best = mean_h(chosen)
    nearby = chosen + np.linspace(-10, 10, 21)
    assert best >= max(map(mean_h, nearby)) - 1e-12
    each = [H(fitted.set_params(seen_penalty=chosen), *rows) for fitted, *rows in folds]
    assert_allclose(clf.fold_scores_, each)
    assert clf.held_out_score_ == pytest.approx(np.mean(each))


def test_the_same_seed_chooses_the_same(chosen, numbers_rows):
    X, y, attributes = numbers_rows
    again = clone(LDA).fit(X, y, class_attributes=attributes)
    assert again.seen_penalty_ == chosen.seen_penalty_ != 0
    assert_array_equal(again.predict(X), chosen.predict(X))


def test_generators_that_take_steps_are_trained_once_more(animals, tiny_flow, capsys):
    clf = GZSLClassifier(VAECFlow(**tiny_flow), random_state=0, verbose=1)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    said = capsys.readouterr().err
    assert "seen penalty: 1 of 1 folds" in said
    # With the H to be expected of it.
    said = said.partition(f"seen_penalty_={clf.seen_penalty_:.4g}: H ")[2]
    assert 0 < float(said.split()[0]) <= 1
    assert clf.fold_scores_.tolist() == [clf.held_out_score_]


def test_a_part_that_cannot_be_fitted_to_a_fold_is_explained(animals):
    X = np.random.default_rng(0).normal(size=(90, 100))
    clf = GZSLClassifier(preprocessor=PCA(n_components=80), random_state=0)
    with pytest.raises(
        ValueError,
        match=r"seen_penalty='auto' failed in fold 1 of 4, .* of the 90 rows",
    ) as caught:
        clf.fit(X, animals.y[:90], class_attributes=animals.attributes)
    assert "n_components=80 must be between" in str(caught.value)
    assert "'. Give a number as seen_penalty" in str(caught.value)
    clf.set_params(seen_penalty=1.0)
    clf.fit(X, animals.y[:90], class_attributes=animals.attributes)


def test_it_is_what_predictions_are_made_with(animals):
    clf = GZSLClassifier(GaussianGenerator(), IncrementalLDA(), random_state=0)
    assert not hasattr(clf, "seen_penalty_")
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    chosen, scores = clf.seen_penalty_, clf.decision_function(animals.X_test)
    clf.set_params(seen_penalty=50)
    assert clf.seen_penalty_ == 50.0
    seen = np.isin(clf.classes_, animals.seen)
    moved = clf.decision_function(animals.X_test)
    assert_allclose(moved, scores + (chosen - 50) * seen, rtol=1e-6)
    clf.set_params(seen_penalty="auto")
    assert clf.seen_penalty_ == chosen


def test_descriptions_may_be_in_the_constructor(animals):
    given = GZSLClassifier(class_attributes=animals.attributes, random_state=0)
    fitted = GZSLClassifier(random_state=0)
    given.fit(animals.X, animals.y)
    fitted.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert given.seen_penalty_ == fitted.seen_penalty_
    assert_allclose(
        given.decision_function(animals.X_test),
        fitted.decision_function(animals.X_test),
    )


def test_what_is_wrapped_around_chooses_alone(animals):
    known = {"class_attributes": animals.attributes}
    auto = GZSLClassifier(GaussianGenerator(), LogisticRegression(), random_state=0)
    none = clone(auto).set_params(seen_penalty=0.0)
    for wrap in (
        lambda clf: CalibratedStackingCV(clf, cv=2, random_state=0),
        lambda clf: CalibratedStackingCV(
            GZSLVotingClassifier(
                [("a", clf), ("b", PrototypeClassifier(seen_weight=0))]
            ),
            cv=2,
            random_state=0,
        ),
    ):
        one, other = (
            wrap(clf).fit(animals.X, animals.y, **known) for clf in (auto, none)
        )
        assert one.seen_penalty_ == other.seen_penalty_
        assert_array_equal(one.predict(animals.X_test), other.predict(animals.X_test))
    assert auto.seen_penalty == "auto"
    assert paper_settings("GSMFlow", "AWA2").seen_penalty == 0.0


def test_an_ordinary_classifier_has_none(animals):
    assert GZSLClassifier().fit(animals.X, animals.y).seen_penalty_ == 0.0


def test_candidates_unseen_alone_have_none(animals):
    clf = GZSLClassifier(candidate_classes="unseen", random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert clf.seen_penalty_ == 0.0
    assert set(clf.predict(animals.X_test)) <= set(animals.unseen)


def test_classes_that_come_later_find_it_chosen(animals):
    clf = GZSLClassifier(GaussianGenerator(), IncrementalLDA(), random_state=0)
    clf.fit(
        animals.X, animals.y, class_attributes=animals.attributes.subset(animals.seen)
    )
    chosen = clf.seen_penalty_
    assert chosen != 0.0
    clf.add_classes(animals.attributes.subset(animals.unseen))
    assert clf.seen_penalty_ == chosen


def test_with_few_classes_it_is_what_most_folds_want(monkeypatch):
    X, y, attributes = blobs(n_seen=4, n_unseen=2, seed=3)
    curves = []
    choose = _own_penalty.choose_penalty

    def keep(given, scoring):
        curves.append(given)
        return choose(given, scoring)

    monkeypatch.setattr(_own_penalty, "choose_penalty", keep)
    with pytest.warns(UserWarning, match="chosen on 4 classes in all, .* too few"):
        clf = GZSLClassifier(random_state=0).fit(X, y, class_attributes=attributes)
    wanted = [choose([curve], "H").penalty for curve in curves[0]]
    assert len(wanted) == 3
    assert clf.seen_penalty_ == np.median(wanted)
    stacked = CalibratedStackingCV(PrototypeClassifier(), random_state=0)
    with pytest.warns(UserWarning, match="chosen on 4 classes in all, .* too few"):
        stacked.fit(X, y, class_attributes=attributes)
    X, y, attributes = blobs(n_seen=5, n_unseen=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GZSLClassifier(random_state=0).fit(X, y, class_attributes=attributes)


def test_where_nothing_can_be_held_out_it_is_0_with_a_warning():
    X = np.random.default_rng(0).normal(size=(8, 3))
    A = {"a": [0.0, 1.0], "b": [1.0, 0.0]}
    y = np.repeat(["a", "b"], 4)
    with pytest.warns(
        UserWarning, match="seen_penalty='auto' is 0 here, as no classes"
    ):
        clf = GZSLClassifier(random_state=0).fit(X[:4], y[:4], class_attributes=A)
    assert clf.seen_penalty_ == 0.0
    three = A | {"c": [1.0, 1.0]}
    # One row of each class: none is left to be tested on.
    with pytest.warns(UserWarning, match="give a number") as record:
        clf.fit(X[[0, 4]], y[[0, 4]], class_attributes=three)
    assert clf.seen_penalty_ == 0.0
    # It points at the line with the fit, in a pipeline, too.
    with pytest.warns(UserWarning, match="give a number") as inside:
        make_pipeline(clf).fit(
            X[[0, 4]], y[[0, 4]], gzslclassifier__class_attributes=three
        )
    assert {w.filename for w in [*record, *inside]} == {__file__}


def test_a_frozen_generator_has_met_all_classes(animals):
    known = {"class_attributes": animals.attributes}
    generator = GaussianGenerator().fit(animals.X, animals.y, **known)
    clf = GZSLClassifier(
        FrozenEstimator(generator), preprocessor="passthrough", random_state=0
    )
    with pytest.warns(UserWarning, match="the generator is frozen"):
        clf.fit(animals.X, animals.y, **known)
    assert clf.seen_penalty_ == 0.0
