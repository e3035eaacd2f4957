"""Inside scikit-learn's wrappers: each works, or says what works instead."""

import numpy as np
import pytest
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer

# Codes of the animals, so that unseen classes lie between seen ones.
SHUFFLED = np.random.default_rng(3).permutation(12)


@pytest.fixture(params=["names", "numbers", "table", "other numbers"])
def described(request, animals):
    """Training rows, labels of them, and descriptions for the constructor."""
    codes = SHUFFLED[animals.codes]
    if request.param == "names":
        return animals.X, animals.y, animals.attributes
    if request.param == "table":
        return animals.X, codes, animals.vectors[np.argsort(SHUFFLED)]
    step = 1 if request.param == "numbers" else 10
    return animals.X, step * codes, ClassAttributes(step * SHUFFLED, animals.vectors)


def gzsl(attributes, classifier=None):
    return GZSLClassifier(
        GaussianGenerator(),
        IncrementalLDA() if classifier is None else classifier,
        class_attributes=attributes,
        n_synthetic=20,
        random_state=0,
        seen_penalty=0.0,
    )


class ScoresOfFolds:
    """``cross_val_predict`` in the form of the others."""

    def __init__(self, clf, method="predict_proba"):
        self.clf, self.method = clf, method

    def fit(self, X, y):
        cross_val_predict(self.clf, X, y, cv=2, method=self.method)


# Wrapper -> what the error names, and what it says to do.
REFUSED = {
    "calibration": (
        lambda clf: CalibratedClassifierCV(clf, cv=2),
        "CalibratedClassifierCV .* CalibratedStackingCV",
    ),
    "calibration of one model": (
        lambda clf: CalibratedClassifierCV(clf, cv=2, ensemble=False),
        "CalibratedClassifierCV .* CalibratedStackingCV",
    ),
    "voting": (
        lambda clf: VotingClassifier([("clf", clf)]),
        "VotingClassifier .* GZSLVotingClassifier",
    ),
    "voting by scores": (
        lambda clf: VotingClassifier([("clf", clf)], voting="soft"),
        "VotingClassifier .* GZSLVotingClassifier",
    ),
    "voting in threads": (
        lambda clf: VotingClassifier([("a", clf), ("b", clf)], n_jobs=2),
        "VotingClassifier .* GZSLVotingClassifier",
    ),
    "stacking": (
        lambda clf: StackingClassifier([("clf", clf)], cv=2),
        "StackingClassifier .* GZSLVotingClassifier",
    ),
    "bagging": (
        lambda clf: BaggingClassifier(clf, n_estimators=2),
        "BaggingClassifier .* GZSLVotingClassifier",
    ),
    "one versus rest": (OneVsRestClassifier, "OneVsRest.* this classifier itself"),
    "one versus one": (OneVsOneClassifier, "OneVsRest.* this classifier itself"),
    "output code": (OutputCodeClassifier, "OneVsRest.* this classifier itself"),
    "probabilities of folds": (
        ScoresOfFolds,
        "cross_val_predict .* method='predict', or cross_validate with GZSLScorer",
    ),
    "decisions of folds": (
        lambda clf: ScoresOfFolds(clf, "decision_function"),
        "cross_val_predict .* method='predict', or cross_validate with GZSLScorer",
    ),
}


@pytest.mark.parametrize(("wrap", "message"), REFUSED.values(), ids=REFUSED)
def test_wrappers_that_number_classes_are_refused(described, wrap, message):
    X, y, attributes = described
    with (
        parallel_config("threading", n_jobs=1),
        pytest.raises(ValueError, match=f"describes 12 classes.*{message}.* inside"),
    ):
        wrap(gzsl(attributes)).fit(X, y)


@pytest.mark.parametrize(
    "model",
    [
        lambda attributes: CalibratedStackingCV(gzsl(attributes), cv=2),
        lambda attributes: GZSLVotingClassifier([("clf", gzsl(attributes))]),
    ],
    ids=["calibrated", "voting"],
)
def test_what_is_wrapped_twice_is_refused_too(described, model):
    X, y, attributes = described
    with pytest.raises(ValueError, match=r"VotingClassifier .* GZSLVotingClassifier"):
        VotingClassifier([("clf", model(attributes))]).fit(X, y)


def test_prototypes_with_metadata_routing_are_refused(animals):
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="GZSLVotingClassifier"),
    ):
        VotingClassifier([("clf", PrototypeClassifier())]).fit(
            animals.X, animals.y, class_attributes=animals.attributes
        )


INSIDE = {
    "calibration": CalibratedClassifierCV(LinearSVC(), cv=2),
    "voting": VotingClassifier([("a", LogisticRegression())], voting="soft"),
    "stacking": StackingClassifier([("a", LogisticRegression())], cv=2),
    "bagging": BaggingClassifier(LogisticRegression(), n_estimators=3),
    "one versus rest": OneVsRestClassifier(LogisticRegression()),
    "one versus one": OneVsOneClassifier(LogisticRegression()),
}


@pytest.mark.parametrize("classifier", INSIDE.values(), ids=INSIDE)
def test_they_work_inside(described, animals, classifier):
    X, y, attributes = described
    clf = gzsl(attributes, classifier).fit(X, y)
    assert len(clf.classes_) == 12
    found = clf.predict(animals.X_test)
    assert np.isin(clf.unseen_classes_, found).any()


@pytest.mark.parametrize(("wrap", "message"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("given", [False, True], ids=["without", "with descriptions"])
def test_they_work_where_all_classes_have_rows(animals, wrap, message, given):
    """Also where the rows that a bag or a fold trains on lack a class."""
    attributes = ClassAttributes(range(9), animals.vectors[:9]) if given else None
    if given and "OneVsRest" in message:
        pytest.skip("two classes have other descriptions than nine")
    with parallel_config("threading", n_jobs=1):
        wrap(gzsl(attributes)).fit(animals.X, animals.codes)


def test_calibration_of_a_frozen_estimator_on_rows_of_all_classes(described, animals):
    X, y, attributes = described
    clf = gzsl(attributes).fit(X, y)
    labels = dict(zip(animals.labels, names(described, animals), strict=True))
    y_test = np.array([labels[name] for name in animals.y_test])
    calibrated = CalibratedClassifierCV(FrozenEstimator(clf))
    calibrated.fit(animals.X_test, y_test)
    assert np.mean(calibrated.predict(animals.X_test) == y_test) > 0.9


def names(described, animals):
    """The labels of all twelve animals."""
    _, y, _ = described
    if y.dtype.kind == "U":
        return animals.labels
    step = y.max() // SHUFFLED[animals.codes].max()
    return step * SHUFFLED


def test_wrappers_that_keep_labels(described, animals):
    """They neither number classes nor count them."""
    X, y, attributes = described
    clf = gzsl(attributes)
    assert cross_val_predict(clf, X, y, cv=2).shape == y.shape
    two = MultiOutputClassifier(clf).fit(X, np.column_stack([y, y]))
    assert two.predict(X[:1]).tolist() == [[y[0], y[0]]]
    chosen = SequentialFeatureSelector(clf, n_features_to_select=4, cv=2).fit(X, y)
    assert chosen.get_support().sum() == 4
    importance = permutation_importance(
        clf.fit(X, y), X, y, n_repeats=1, scoring=GZSLScorer("S")
    )
    assert importance.importances_mean.max() > 0


def test_self_training_finds_unseen_classes(animals):
    y = np.where(np.arange(len(animals.y)) % 3, SHUFFLED[animals.codes], -1)
    clf = gzsl(ClassAttributes(SHUFFLED, animals.vectors))
    found = SelfTrainingClassifier(clf).fit(animals.X, y).predict(animals.X_test)
    assert set(SHUFFLED[9:]) <= set(found)


def test_labels_that_were_put_back_are_no_concern(animals):
    """A user's own step between the wrapper and the classifier."""

    class PutBack(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.clf_ = gzsl(animals.attributes).fit(X, animals.seen[y])
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.searchsorted(animals.seen, self.clf_.predict(X))

    vote = VotingClassifier([("clf", PutBack())]).fit(animals.X, animals.y)
    assert vote.score(animals.X, animals.y) > 0.9
