"""Every display of every wrapper: a picture, or what to give in its place."""

import numpy as np
import pytest
from conftest import make_animals
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    RejectingClassifier,
    SoftmaxClassifier,
    inspection,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("close_figures")

FOLD = GZSLShuffleSplit(1, random_state=0)
NO_UPDATE = "has no partial_fit.* of a search its best_estimator_; of a Pipeline"
OWN = r"Each member of a vote has its own .*, such as named_estimators_\['a'\]"
REFUSED = {
    "vote": {
        "SeenPenalty": OWN,
        "SyntheticFeatures": OWN,
        "SyntheticSize": "members of a vote have each its own.*give one of the members",
        "TrainingCurve": OWN,
    },
    "pipeline": {"FewShotCurve": NO_UPDATE},
    "search": {"FewShotCurve": NO_UPDATE},
    "frozen": {"SyntheticSize": "FrozenEstimator is not fitted again: give it without"},
}
REFUSED["balanced vote"] = {
    name: why for name, why in REFUSED["vote"].items() if name != "SeenPenalty"
}


@pytest.fixture(scope="module")
def wrapped():
    """The wrappers, each around a classifier that has all there is to draw."""
    animals = make_animals()
    clf = GZSLClassifier(
        GaussianGenerator(),
        SoftmaxClassifier(max_iter=5),
        n_synthetic=5,
        memory_limit=None,
        random_state=0,
    )
    clf.set_params(adapter__calibration_size=0)
    vote = GZSLVotingClassifier([("a", clf), ("b", clf)])
    calibrated = {"cv": FOLD, "store_cv_results": True}
    found = {
        "vote": vote,
        "balanced vote": CalibratedStackingCV(vote, **calibrated),
        "stacking": CalibratedStackingCV(clf, **calibrated),
        "rejecting": RejectingClassifier(clf, cv=FOLD),
        "pipeline": make_pipeline(StandardScaler(), clf),
        "search": GridSearchCV(
            clf, {"n_synthetic": [5]}, cv=FOLD, scoring=GZSLScorer("H")
        ),
    }
    for name, model in found.items():
        key = "gzslclassifier__" if name == "pipeline" else ""
        model.fit(
            animals.X, animals.y, **{f"{key}class_attributes": animals.attributes}
        )
    found["frozen"] = FrozenEstimator(found["search"].best_estimator_)
    return found, animals


@pytest.mark.parametrize(
    "name", [n[:-7] for n in inspection.__all__ if n.endswith("Display")]
)
@pytest.mark.parametrize(
    "wrapper",
    ["vote", "balanced vote", "stacking", "rejecting", "pipeline", "search", "frozen"],
)
def test_it_is_drawn_or_what_to_draw_is_named(name, wrapper, wrapped):
    models, animals = wrapped
    X, y = animals.X_test, animals.y_test
    unseen, options = np.isin(y, animals.unseen), {}
    arguments = {
        "Description": (),
        "FewShotCurve": (X[unseen], y[unseen], X + 1e-3, y),
        "SeenPenalty": (),
        "SyntheticSize": (animals.X, animals.y),
        "TrainingCurve": (),
    }.get(name, (X, y))
    if name == "FewShotCurve":
        options["shots"] = [2]
    elif name == "SyntheticSize":
        options = {"class_attributes": animals.attributes, "sizes": [2], "cv": FOLD}
    draw = getattr(inspection, f"{name}Display").from_estimator
    if message := REFUSED.get(wrapper, {}).get(name):
        with pytest.raises((TypeError, ValueError), match=message):
            draw(models[wrapper], *arguments, **options)
    else:
        assert draw(models[wrapper], *arguments, **options).ax_.has_data()


def test_members_that_are_described_differently(wrapped):
    models, animals = wrapped
    one, labels = models["frozen"], animals.attributes.labels
    other = GZSLClassifier(GaussianGenerator(), seen_penalty=0.0, random_state=0)
    turned = {label: animals.attributes[label][::-1] for label in labels}
    other.fit(animals.X, animals.y, class_attributes=turned)
    vote = GZSLVotingClassifier([("one", one), ("other", FrozenEstimator(other))])
    vote.fit(animals.X, animals.y)
    with pytest.raises(ValueError, match=r"'one' and 'other' .* different desc"):
        inspection.DescriptionDisplay.from_estimator(vote)
    vote.set_params(other="drop").fit(animals.X, animals.y)
    shown = inspection.DescriptionDisplay.from_estimator(vote)
    alone = inspection.DescriptionDisplay.from_estimator(one)
    np.testing.assert_array_equal(shown.similarity, alone.similarity)
