"""CalibratedStackingCV chooses the penalty that a sweep over held-out classes would."""

import numpy as np
import pytest
from calibrations import make_calibrated
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    PrototypeClassifier,
)
from sklearn_gzsl.classifiers import _prototypes
from sklearn_gzsl.classifiers._prototype_choice import choose_settings
from sklearn_gzsl.metrics import GZSLScorer, gzsl_scores
from sklearn_gzsl.model_selection import GZSLKFold, GZSLShuffleSplit

calibrated = pytest.fixture(make_calibrated)


def h_with_penalty(model, log_proba, y, penalty):
    """H of log-probabilities minus the penalty, worked out the plain way."""
    kept = np.isin(model.classes_, np.union1d(model.seen_classes_, y))
    classes, scores = model.classes_[kept], log_proba[:, kept]
    scores = scores - penalty * np.isin(classes, model.seen_classes_)
    y_pred = classes[scores.argmax(axis=1)]
    return gzsl_scores(y, y_pred, seen_classes=model.seen_classes_)["H"]


def test_no_penalty_of_a_sweep_is_better(clf, numbers_rows):
    X, y, attributes = numbers_rows
    clf.set_params(n_synthetic=5)  # few, so that a penalty is worth much
    cv = GZSLKFold(3, shuffle=True, random_state=1)
    calibrated = CalibratedStackingCV(clf, cv=cv, random_state=0)
    calibrated.fit(X, y, class_attributes=attributes)

    def mean_h(penalty):
        return np.mean([h_with_penalty(*fold, penalty) for fold in folds])

    folds = []
    settings = calibrated.estimator_.generator_.settings_
    for train, test in cv.split(X, y):
        # The fold knows of the classes in y alone, and chooses nothing anew.
        model = clone(clf)
        model.set_params(**{f"generator__{name}": settings[name] for name in settings})
        known = attributes.subset(np.unique(y))
        model.fit(X[train], y[train], class_attributes=known)
        folds.append((model, model.predict_log_proba(X[test]), y[test]))
    chosen = mean_h(calibrated.seen_penalty_)
    assert chosen == pytest.approx(calibrated.best_score_, abs=1e-12)
    sweep = [mean_h(penalty) for penalty in np.linspace(-20, 40, 81)]
    assert max(sweep) <= chosen + 1e-12
    assert chosen > mean_h(0.0) + 0.05, "the example needs a penalty"


def test_predictions_are_those_of_the_estimator_with_this_penalty(
    calibrated, clf, animals
):
    calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    plain = clone(clf).set_params(seen_penalty=calibrated.seen_penalty_)
    plain.fit(animals.X, animals.y, class_attributes=animals.attributes)
    for method in ("predict_proba", "predict_log_proba"):
        ours, theirs = (getattr(m, method)(animals.X_test) for m in (calibrated, plain))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9)
    y_pred = calibrated.predict(animals.X_test)
    np.testing.assert_array_equal(y_pred, plain.predict(animals.X_test))
    best = calibrated.decision_function(animals.X_test).argmax(axis=1)
    np.testing.assert_array_equal(calibrated.classes_[best], y_pred)
    assert calibrated.unseen_classes_.tolist() == animals.unseen.tolist()
    assert calibrated.n_features_in_ == 5


class Spy(ClassifierMixin, BaseEstimator):
    """Remembers what it was trained on; scores are the distances to class codes."""

    seen_by = []

    def fit(self, X, y, class_attributes=None):
        self.seen_classes_ = np.unique(y)
        self.classes_ = np.unique(class_attributes.labels)
        self.rows_ = X[:, 0]
        return self

    def decision_function(self, X):
        Spy.seen_by.append((self.rows_, X[:, 0], self.seen_classes_, self.classes_))
        codes = np.arange(len(self.classes_))
        return -np.abs(X[:, 1:] - codes)

    def predict(self, X):
        return self.classes_[self.decision_function(X).argmax(axis=1)]


@pytest.fixture
def rows_with_numbers():
    """Column 0 numbers the rows; column 1 is the code of the class among eight."""
    y = np.repeat(list("abcdef"), 5)
    X = np.column_stack([np.arange(30), np.repeat(np.arange(6), 5)]).astype(float)
    return X, y, ClassAttributes(list("abcdefyz"), np.eye(8))


def test_no_row_of_a_held_out_class_reaches_the_model_that_scores_it(rows_with_numbers):
    X, y, attributes = rows_with_numbers
    Spy.seen_by = []
    CalibratedStackingCV(Spy(), cv=3).fit(X, y, class_attributes=attributes)
    assert len(Spy.seen_by) == 3
    held_out = []
    for trained, scored, seen, known in Spy.seen_by:
        assert not np.intersect1d(trained, scored).size
        labels = y[scored.astype(int)]
        unseen = np.setdiff1d(labels, seen)
        assert not np.isin(y[trained.astype(int)], unseen).any()
        assert known.tolist() == list("abcdef"), "y and z play no part in the folds"
        held_out += unseen.tolist()
    assert sorted(held_out) == list("abcdef")


def test_the_default_holds_out_the_share_of_classes_that_is_unseen(rows_with_numbers):
    X, y, attributes = rows_with_numbers
    for n_unseen, n_folds in ((2, 4), (6, 2), (1, 5)):
        labels = [*"abcdef", *(f"z{i}" for i in range(n_unseen))]
        attributes = ClassAttributes(labels, np.eye(len(labels)))
        Spy.seen_by = []
        CalibratedStackingCV(Spy()).fit(X, y, class_attributes=attributes)
        assert len(Spy.seen_by) == n_folds


def test_stored_results_hold_every_penalty_that_matters(calibrated, animals):
    calibrated.set_params(store_cv_results=True)
    calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    results = calibrated.cv_results_
    penalties = results["seen_penalties"]
    assert (np.diff(penalties) > 0).all()
    H = np.mean([results[f"split{i}_test_score"] for i in range(3)], axis=0)
    np.testing.assert_allclose(results["mean_test_score"], H)
    assert results["mean_test_score"].max() == calibrated.best_score_
    at = np.searchsorted(penalties, calibrated.seen_penalty_, side="right") - 1
    assert results["mean_test_score"][at] == calibrated.best_score_
    each = [results[f"split{i}_test_score"][at] for i in range(3)]
    assert calibrated.fold_scores_.tolist() == each
    assert (np.diff(results["mean_test_U"]) >= 0).all()
    assert (np.diff(results["mean_test_S"]) <= 0).all()
    assert not hasattr(
        clone(calibrated).set_params(store_cv_results=False), "cv_results_"
    )


def test_any_balance_can_be_asked_for(calibrated, animals):
    for scoring, side in ((lambda U, _: U, "U"), (lambda _, S: S, "S")):
        calibrated.set_params(scoring=scoring, store_cv_results=True)
        calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
        results = calibrated.cv_results_
        assert calibrated.best_score_ == results[f"mean_test_{side}"].max()
    weighted = calibrated.set_params(scoring=lambda U, S: 0.9 * S + 0.1 * U)
    weighted.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert np.isfinite(weighted.seen_penalty_)


def test_prefit_balances_a_given_model_on_rows_of_both_sides(fitted, animals):
    half = np.arange(len(animals.X_test)) % 2 == 0
    before = fitted.predict_proba(animals.X_test)
    calibrated = CalibratedStackingCV(fitted, cv="prefit", refit=False)
    calibrated.fit(animals.X_test[half], animals.y_test[half])
    assert calibrated.estimator_ is fitted
    np.testing.assert_array_equal(fitted.predict_proba(animals.X_test), before)
    y_true = animals.y_test[half]
    scores = fitted.predict_log_proba(animals.X_test[half])
    best = h_with_penalty(fitted, scores, y_true, calibrated.seen_penalty_)
    assert best == pytest.approx(calibrated.best_score_)
    for penalty in np.linspace(-5, 5, 101):
        assert best + 1e-12 >= h_with_penalty(fitted, scores, y_true, penalty)


def test_without_refit_the_model_of_the_single_fold_is_kept(clf, animals):
    cv = GZSLShuffleSplit(1, unseen_size=3, random_state=0)
    calibrated = CalibratedStackingCV(clf, cv=cv, refit=False)
    calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert len(calibrated.seen_classes_) == 6
    assert len(calibrated.unseen_classes_) == 6  # held out, and truly unseen
    train, _ = next(cv.split(animals.X, animals.y))
    assert calibrated.seen_classes_.tolist() == np.unique(animals.y[train]).tolist()


def test_without_unseen_classes_there_is_nothing_to_balance(clf, animals):
    calibrated = CalibratedStackingCV(clf).fit(animals.X, animals.y)
    assert calibrated.seen_penalty_ == 0
    assert calibrated.best_score_ is calibrated.fold_scores_ is None
    assert calibrated.score(animals.X, animals.y) > 0.9


@pytest.mark.parametrize(
    "classifier", [DecisionTreeClassifier(), KNeighborsClassifier()]
)
def test_the_penalty_is_finite_where_scores_are_not(classifier, animals):
    known = {"class_attributes": animals.attributes}
    clf = GZSLClassifier(
        GaussianGenerator(),
        classifier,
        n_synthetic=20,
        random_state=0,
        seen_penalty=0.0,
    )
    calibrated = CalibratedStackingCV(clf, store_cv_results=True)
    calibrated.fit(animals.X, animals.y, **known)
    assert np.isfinite(calibrated.seen_penalty_)
    proba = calibrated.predict_proba(animals.X_test)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert len(np.unique(calibrated.predict(animals.X_test))) > 8


def test_where_no_class_competes_there_is_no_penalty(clf, animals):
    clf.set_params(candidate_classes="unseen")
    calibrated = CalibratedStackingCV(clf, cv=3)
    calibrated.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert calibrated.seen_penalty_ == 0


@pytest.mark.parametrize("form", ["holder", "mapping"])
def test_the_model_of_a_single_fold_knows_the_truly_unseen_classes(form, clf, animals):
    known = animals.attributes
    if form == "mapping":
        known = dict(zip(animals.labels.tolist(), animals.vectors, strict=True))
    calibrated = CalibratedStackingCV(clf, cv=0.25, refit=False, random_state=0)
    calibrated.fit(animals.X, animals.y, class_attributes=known)
    assert set(animals.unseen) < set(calibrated.unseen_classes_)
    assert GZSLScorer("U")(calibrated, animals.X_test, animals.y_test) > 0
    # Nor is a mapping mistaken for one that a fold has cut.
    rows = np.concatenate([animals.X, animals.X_test])
    labels = np.concatenate([animals.y, animals.y_test])
    calibrated.fit(rows, labels, class_attributes=known)
    assert calibrated.classes_.tolist() == sorted(animals.labels.tolist())


@pytest.mark.parametrize(
    "clf",
    [
        PrototypeClassifier(),
        make_pipeline(PrototypeClassifier()),
        GZSLClassifier(random_state=0),
        make_pipeline(MinMaxScaler(), GZSLClassifier(random_state=0)),
    ],
    ids=["alone", "pipeline", "classifier", "both"],
)
def test_folds_keep_what_was_chosen_on_all_rows(animals, monkeypatch, clf):
    chosen = []

    def choose(settings, *args, **kwargs):
        chosen.append("auto" in settings.values())
        return choose_settings(settings, *args, **kwargs)

    monkeypatch.setattr(_prototypes, "choose_settings", choose)
    clf = CalibratedStackingCV(clf, cv=3, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert chosen == [True, False, False, False]


class Around(ClassifierMixin, BaseEstimator):
    """A user's own, whose fitted parts are named like those of GZSLClassifier."""

    def __init__(self, classifier=None):
        self.classifier = classifier

    def fit(self, X, y, class_attributes=None):
        clf = PrototypeClassifier() if self.classifier is None else self.classifier
        self.classifier_ = clone(clf).fit(X, y, class_attributes=class_attributes)
        self.generator_ = GaussianGenerator().fit(X, y, class_attributes)
        self.classes_ = self.classifier_.classes_
        self.seen_classes_ = self.classifier_.seen_classes_
        self.unseen_classes_ = self.classifier_.unseen_classes_
        return self

    def decision_function(self, X):
        return self.classifier_.decision_function(X)

    def predict(self, X):
        return self.classifier_.predict(X)


def test_estimators_of_others_choose_in_each_fold(animals):
    clf = CalibratedStackingCV(Around(), cv=3, random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert clf.score(animals.X_test, animals.y_test) > 0.9
