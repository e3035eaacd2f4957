"""``to_sklearn``: a pipeline of scikit-learn alone, and ONNX files of it."""

import numpy as np
import pandas as pd
import pytest
from instances import FAST, TINY
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CADAVAE,
    CMT,
    DAP,
    ESZSL,
    SAE,
    SYNC,
    AttributeSoftmaxClassifier,
    BilinearClassifier,
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    PrototypeNetwork,
    SoftmaxClassifier,
)

FEW = SoftmaxClassifier(max_iter=200, lr=0.05)
PROTOTYPES = PrototypeClassifier(seen_weight=0.0, power=None, shrinkage=0.5)


def gzsl(classifier, **params):
    params = {"seen_penalty": 0.5, "random_state": 0} | params
    return GZSLClassifier(GaussianGenerator(), classifier, **params)


LINEAR = {
    "softmax": FEW,
    "lda": IncrementalLDA(),
    "prototypes": PROTOTYPES,
    "ours": gzsl(FEW),
    "of prototypes": gzsl(PROTOTYPES),
    "chosen penalty": gzsl(PROTOTYPES, seen_penalty="auto"),
    "no preprocessor": gzsl(RidgeClassifier(), preprocessor="passthrough"),
    "scikit-learn's": gzsl(make_pipeline(StandardScaler(), LogisticRegression())),
    "its search": gzsl(GridSearchCV(LinearDiscriminantAnalysis(), {"tol": [1e-4]})),
    "unseen alone": gzsl(IncrementalLDA(), candidate_classes="unseen"),
    "calibrated": CalibratedStackingCV(make_pipeline(StandardScaler(), PROTOTYPES)),
    "vote": CalibratedStackingCV(
        GZSLVotingClassifier(
            [("p", PROTOTYPES), ("g", gzsl(FEW)), ("e", ESZSL(alpha=1.0))],
            weights=[1.0, 2.0, 0.5],
        )
    ),
    **{
        f"{cls.__name__} {i}": cls(**params)
        for cls in (
            *(ESZSL, SAE, SYNC, BilinearClassifier),
            *(PrototypeNetwork, AttributeSoftmaxClassifier),
        )
        for i, params in enumerate(FAST[cls])
        if params.get("n_maps", 1) == 1
    },
}


@pytest.fixture(scope="module")
def rows(animals):
    """A thousand rows in and around the animals, float32."""
    X = np.random.default_rng(0).normal(size=(1000, 5))
    return (2 * animals.X.std(axis=0) * X + animals.X.mean(axis=0)).astype(np.float32)


@pytest.fixture(scope="module")
def fitted(animals):
    known = {}

    def fit(name):
        if name not in known:
            clf = clone(LINEAR[name])
            closed_set = isinstance(clf, (SoftmaxClassifier, IncrementalLDA))
            given = {} if closed_set else {"class_attributes": animals.attributes}
            known[name] = clf.fit(animals.X, animals.y, **given)
        return known[name]

    return fit


@pytest.mark.parametrize("name", LINEAR)
def test_the_pipeline_predicts_the_same(fitted, rows, name):
    clf = fitted(name)
    pipeline = clf.to_sklearn()
    assert_array_equal(pipeline.predict(rows), clf.predict(rows))
    if hasattr(clf, "predict_proba") and len(pipeline.classes_) == len(clf.classes_):
        expected = clf.predict_proba(rows)
        assert_allclose(pipeline.predict_proba(rows), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["ours", "vote", "SAE 1"])
def test_nothing_of_this_package_is_in_it(fitted, name):
    pipeline = fitted(name).to_sklearn()
    seen = set()

    def walk(thing):
        if id(thing) in seen:
            return
        seen.add(id(thing))
        assert not type(thing).__module__.startswith(("sklearn_gzsl", "torch"))
        for part in getattr(thing, "__dict__", {}).values():
            walk(part)
        if isinstance(thing, (list, tuple)):
            list(map(walk, thing))

    walk(pipeline)
    pipeline[-1].coef_[:] = 0.0
    assert fitted(name).to_sklearn()[-1].coef_.any(), "nothing is shared"


@pytest.mark.parametrize("name", ["ours", "vote", "no preprocessor"])
def test_columns_keep_their_names(animals, name):
    X = pd.DataFrame(animals.X, columns=[*"abcde"])
    clf = clone(LINEAR[name]).fit(X, animals.y, class_attributes=animals.attributes)
    pipeline = clf.to_sklearn()
    assert pipeline.feature_names_in_.tolist() == [*"abcde"]
    assert_array_equal(pipeline.predict(X), clf.predict(X))
    with pytest.raises(ValueError, match="same order"):
        pipeline.predict(X[[*"edcba"]])


def test_two_classes(animals):
    two = np.isin(animals.y, ["ant", "ape"])
    for clf in (clone(FEW), IncrementalLDA()):
        clf.fit(animals.X[two], animals.y[two])
        assert_allclose(
            clf.to_sklearn().predict_proba(animals.X),
            clf.predict_proba(animals.X),
            atol=1e-9,
        )


def test_classes_that_are_never_predicted(animals):
    clf = IncrementalLDA().partial_fit(animals.X, animals.y, animals.labels)
    pipeline = clf.to_sklearn()
    assert_array_equal(pipeline.classes_, animals.seen)
    assert_array_equal(pipeline.predict(animals.X), clf.predict(animals.X))


def test_after_adapting(animals, rows):
    clf = gzsl(PROTOTYPES, seen_penalty="auto")
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    if clf._adapted is not None:
        clf._adapted.gain, clf._adapted.error = 1.0, 0.0  # it is to adapt in any case
    clf.adapt(animals.X_test)
    assert clf.adaptation_.any()
    assert_array_equal(clf.to_sklearn().predict(rows), clf.predict(rows))


@pytest.mark.parametrize(
    ("clf", "reason"),
    [
        (PrototypeClassifier(power=None), "seen_weight=0, power=None"),
        (PrototypeClassifier(power=0.5, seen_weight=0), "power=None in fit"),
        (BilinearClassifier(max_iter=5, n_maps=2), "has 2 maps"),
        (CMT(max_iter=5, hidden_dim=8), "CMT is no linear"),
        (DAP(max_iter=5), "DAP is no linear"),
        (gzsl(GaussianNB()), "GaussianNB is no linear .* not known to have linear"),
        (
            GZSLClassifier(CADAVAE(**TINY[CADAVAE]), FEW, seen_penalty=0.0),
            "its generator, CADAVAE",
        ),
        (
            GZSLVotingClassifier(
                [
                    ("a", gzsl(FEW, candidate_classes="unseen")),
                    ("b", gzsl(FEW, n_synthetic=3)),
                ]
            ),
            "member 'a' rules classes out",
        ),
    ],
)
def test_what_is_not_linear_says_so(animals, clf, reason):
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    with pytest.raises(ValueError, match=reason):
        clf.to_sklearn()


def test_frozen_parts(animals, rows):
    generator = GaussianGenerator().fit(animals.X, animals.y, animals.attributes)
    clf = gzsl(FEW).set_params(generator=FrozenEstimator(generator))
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert_array_equal(clf.to_sklearn().predict(rows), clf.predict(rows))


@pytest.mark.parametrize("name", ["softmax", "of prototypes", "vote"])
def test_an_onnx_file_predicts_the_same(fitted, rows, name):
    skl2onnx = pytest.importorskip("skl2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    clf = fitted(name)
    model = skl2onnx.to_onnx(
        clf.to_sklearn(), rows[:1], options={"zipmap": False}
    ).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(None, {"X": rows})
    assert_array_equal(labels, clf.predict(rows))
    if hasattr(clf, "predict_proba"):
        assert_allclose(probabilities, clf.predict_proba(rows), atol=1e-4)
