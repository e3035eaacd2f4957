"""Typical mistakes: each message names the argument, the offender, and a remedy."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    ESZSL,
    CalibratedStackingCV,
    ClassAttributes,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
    VAECFlow,
    load,
)
from sklearn_gzsl.benchmark import format_results, run_benchmark
from sklearn_gzsl.datasets import load_xlsa17
from sklearn_gzsl.inspection import DescriptionDisplay, PerClassAccuracyDisplay
from sklearn_gzsl.metrics import GZSLScorer, gzsl_scores, per_class_accuracy
from sklearn_gzsl.model_selection import GZSLKFold
from sklearn_gzsl.presets import paper_settings

LABELS = np.repeat(["ant", "bat", "cat", "dog"], 6)
ROWS = np.random.default_rng(0).normal(size=(24, 3)) + np.repeat(
    np.eye(4, 3), 6, axis=0
)
VECTORS = {
    "ant": [1.0, 0.0],
    "bat": [0.0, 1.0],
    "cat": [1.0, 1.0],
    "dog": [2.0, 1.0],
    "elk": [1.0, 2.0],
}
SEEN = {label: VECTORS[label] for label in LABELS}
NAN = np.nan


def fit(clf=None, X=ROWS, y=LABELS, attributes=VECTORS):
    clf = PrototypeClassifier() if clf is None else clf
    return clf.fit(X, y, class_attributes=attributes)


def gzsl(**params):
    return GZSLClassifier(**{"seen_penalty": 0.0, "random_state": 0} | params)


# A mistake; the error; what its message has to name.
MISTAKES = {
    # -- descriptions
    "a class is not described": (
        lambda: fit(attributes={k: VECTORS[k] for k in ("ant", "bat", "elk")}),
        (ValueError, ["class_attributes", "'cat'", "add a row"]),
    ),
    "a table with a column for each class": (
        lambda: fit(attributes=pd.DataFrame(VECTORS, index=["legs", "wings"])),
        (ValueError, ["class_attributes", "'ant'", "transpose it"]),
    ),
    "an array with a column for each class": (
        lambda: fit(y=np.repeat([0, 1, 2, 3, 4, 5], 4), attributes=np.eye(4, 8)),
        (ValueError, ["class_attributes", "[4, 5]", "transpose it"]),
    ),
    "vectors with a column for each class": (
        lambda: ClassAttributes(list(VECTORS), np.array(list(VECTORS.values())).T),
        (ValueError, ["values", "(2, 5)", "pass values.T"]),
    ),
    "labels in another case": (
        lambda: fit(y=np.char.title(LABELS)),
        (ValueError, ["class_attributes", "'Ant'", "Did you mean 'ant' for 'Ant'"]),
    ),
    "labels with blanks": (
        lambda: fit(y=np.char.add(LABELS, " ")),
        (ValueError, ["class_attributes", "'ant '", "Did you mean 'ant' for 'ant '"]),
    ),
    "labels of another type": (
        lambda: fit(y=np.repeat([0, 1, 2, 3], 6), attributes={"0": [1], "1": [2]}),
        (ValueError, ["class_attributes", "0", "same type", "Did you mean '0' for 0"]),
    ),
    "NaN in a description": (
        lambda: fit(attributes=VECTORS | {"cat": [NAN, 1.0]}),
        (ValueError, ["'cat'", "NaN", "fill them in"]),
    ),
    "an array of descriptions beside labels that are text": (
        lambda: fit(attributes=np.array(list(VECTORS.values()))),
        (ValueError, ["class_attributes", "'ant'", "ClassAttributes(labels, array)"]),
    ),
    "texts as descriptions": (
        lambda: fit(attributes=dict.fromkeys(VECTORS, "a small animal")),
        (ValueError, ["class_attributes", "texts", "embed them"]),
    ),
    "a mapping for each class": (
        lambda: fit(attributes={k: {"size": v[0]} for k, v in VECTORS.items()}),
        (ValueError, ["class_attributes", "mappings", "DataFrame.from_dict"]),
    ),
    "-1 among text in an array": (
        lambda: fit(
            X=np.vstack([ROWS, ROWS[:3]]), y=np.array([*LABELS.tolist(), *[-1] * 3])
        ),
        (ValueError, ["class_attributes", "'-1'", "dtype=object"]),
    ),
    "text among the descriptions": (
        lambda: ClassAttributes("name", pd.DataFrame({"name": ["a"], "x": ["big"]})),
        (ValueError, ["column 'x'", "text", "leave it out"]),
    ),
    "descriptions of several lengths": (
        lambda: fit(attributes=VECTORS | {"cat": [1.0]}),
        (ValueError, ["class_attributes", "'cat'", "one length"]),
    ),
    "a class is described twice": (
        lambda: ClassAttributes(["ant", "bat", "ant"], np.eye(3)),
        (ValueError, ["labels", "'ant'", "one row"]),
    ),
    "an array as long as X": (
        lambda: fit(y=np.arange(24) % 4, attributes=np.eye(24)),
        (ValueError, ["class_attributes", "24", "ClassAttributes(labels, values)"]),
    ),
    "descriptions given twice": (
        lambda: fit(gzsl(class_attributes=VECTORS)),
        (ValueError, ["class_attributes", "constructor", "once"]),
    ),
    "several sources for a method that takes one": (
        lambda: fit(
            ESZSL(),
            attributes=ClassAttributes(list(VECTORS), {"a": np.eye(5), "b": np.eye(5)}),
        ),
        (ValueError, ["class_attributes", "'a', 'b'", "select"]),
    ),
    "a new class that is known already": (
        lambda: fit().add_classes({"elk": [0.0, 3.0]}),
        (ValueError, ["class_attributes", "'elk'", "leave them out"]),
    ),
    "a new class described by other columns": (
        lambda: fit().add_classes({"fox": [0.0, 3.0, 1.0]}),
        (ValueError, ["class_attributes", "3", "2"]),
    ),
    "a table's file": (
        lambda: fit(attributes="animals.csv"),
        (TypeError, ["class_attributes='animals.csv'", "read_csv('animals.csv'"]),
    ),
    "one number for each class": (
        lambda: fit(attributes={k: v[0] for k, v in VECTORS.items()}),
        (ValueError, ["class_attributes", "'ant'", "{label: [number]}"]),
    ),
    "a Series of descriptions": (
        lambda: fit(attributes=pd.DataFrame(VECTORS).T[0]),
        (ValueError, ["class_attributes", "Series", "to_frame()"]),
    ),
    # -- rows and labels
    "the labels left in a table": (
        lambda: fit(X=pd.DataFrame(ROWS, columns=list("abc")).assign(animal=LABELS)),
        (ValueError, ["X", "'animal'", "'ant'", "leave it out"]),
    ),
    "text in an array": (
        lambda: fit(gzsl(), X=np.column_stack([ROWS, LABELS])),
        (ValueError, ["X", "column 3", "'ant'", "leave it out"]),
    ),
    "a comma in numbers": (
        lambda: fit(ESZSL(), X=[["1,5", "2"]] * 24),
        (ValueError, ["X", "column 0", "'1,5'", "decimal=','"]),
    ),
    "a file as rows": (
        lambda: fit(X="train.csv"),
        (ValueError, ["X='train.csv'", "read_csv('train.csv')"]),
    ),
    "rows and labels in each other's place": (
        lambda: fit(X=LABELS, y=ROWS[:, 0].astype(int)),
        (ValueError, ["X", "'ant'", "they are y"]),
    ),
    "text in rows to predict": (
        lambda: fit().predict([["big", 1.0, 2.0]]),
        (ValueError, ["X", "column 0", "'big'", "numbers"]),
    ),
    "first rows of a class in another case": (
        lambda: fit(gzsl()).partial_fit(ROWS[:1], ["Elk"]),
        (ValueError, ["y", "'Elk'", "Did you mean 'elk' for 'Elk'"]),
    ),
    "labels to score in another case": (
        lambda: GZSLScorer("H")(fit(), ROWS, np.char.title(LABELS)),
        (ValueError, ["y", "'Ant'", "Did you mean 'ant' for 'Ant'"]),
    ),
    "seen classes in another case": (
        lambda: gzsl_scores(LABELS, LABELS, seen_classes=["Ant"]),
        (ValueError, ["seen_classes", "'Ant'", "Did you mean 'ant' for 'Ant'"]),
    ),
    "seen classes alone": (
        lambda: gzsl_scores(LABELS, LABELS, seen_classes=np.unique(LABELS)),
        (ValueError, ["y_true", "seen_classes", "unseen classes together."]),
    ),
    "a new class as a column": (
        lambda: fit(gzsl()).add_classes(pd.Series(VECTORS["elk"], name="elk")),
        (ValueError, ["class_attributes", "Series", "table.loc[[label]]"]),
    ),
    "weights of rows": (
        lambda: gzsl().fit(ROWS, LABELS, VECTORS, sample_weight=np.ones(24)),
        (TypeError, ["GZSLClassifier.fit()", "'sample_weight'"]),
    ),
    "a penalty for each class": (
        lambda: fit(gzsl()).set_params(seen_penalty=np.zeros(2)).predict(ROWS),
        (ValueError, ["seen_penalty", "'auto'", "array"]),
    ),
    "classes of a score in another case": (
        lambda: per_class_accuracy(LABELS, LABELS, labels=["Ant"]),
        (ValueError, ["labels", "'Ant'", "Did you mean 'ant' for 'Ant'"]),
    ),
    "NaN in X": (
        lambda: fit(X=np.where(ROWS > 1, NAN, ROWS)),
        (ValueError, ["X", "NaN", "imputer"]),
    ),
    "rows and labels of two lengths": (
        lambda: fit(y=LABELS[:-1]),
        (ValueError, ["24", "23"]),
    ),
    "a label is missing": (
        lambda: fit(y=[None, *LABELS[1:].tolist()]),
        (ValueError, ["y", "None", "-1"]),
    ),
    "other columns in predict": (
        lambda: fit().predict(ROWS[:, :2]),
        (ValueError, ["X has 2 features", "3 features"]),
    ),
    "predict before fit": (
        lambda: PrototypeClassifier().predict(ROWS),
        (ValueError, ["not fitted", "'fit'"]),
    ),
    "no class without rows for candidates": (
        lambda: fit(gzsl(candidate_classes="unseen"), attributes=SEEN),
        (ValueError, ["candidate_classes='unseen'", "class_attributes", "'all'"]),
    ),
    "too few rows to adapt": (
        lambda: fit(attributes=SEEN).adapt(ROWS),
        (ValueError, ["unseen", "describe"]),
    ),
    # -- parts
    "a classifier of seen classes to be calibrated": (
        lambda: CalibratedStackingCV(LogisticRegression()).fit(ROWS, LABELS),
        (
            TypeError,
            ["estimator", "LogisticRegression()", "seen_classes_", "GZSLClassifier"],
        ),
    ),
    "a transformer as generator": (
        lambda: fit(gzsl(generator=StandardScaler())),
        (ValueError, ["'generator'", "StandardScaler()", "sample"]),
    ),
    "a transformer as classifier": (
        lambda: fit(gzsl(classifier=StandardScaler())),
        (ValueError, ["'classifier'", "StandardScaler()", "classifier"]),
    ),
    "a vote of a classifier of seen classes": (
        lambda: GZSLVotingClassifier([("lr", LogisticRegression())]).fit(ROWS, LABELS),
        (
            TypeError,
            ["estimators", "LogisticRegression()", "seen_classes_", "GZSLClassifier"],
        ),
    ),
    "a misspelt parameter": (
        lambda: VAECFlow(learning_rate=0.1),
        (TypeError, ["VAECFlow", "learning_rate"]),
    ),
    "a parameter out of range": (
        lambda: fit(gzsl(n_synthetic=0)),
        (ValueError, ["'n_synthetic'", "0", "auto"]),
    ),
    "a learning rate that diverges": (
        lambda: SoftmaxClassifier(lr=1e30, max_iter=20).fit(
            1e9 * ROWS.astype(np.float32), LABELS
        ),
        (ValueError, ["lower lr", "1e+30", "scale X"]),
    ),
    "calibrated without a class held out": (
        lambda: fit(CalibratedStackingCV(ESZSL(), cv=9)),
        (ValueError, ["n_splits=9", "4"]),
    ),
    "one source where several are named": (
        lambda: ClassAttributes(["a"], {"x": [[1]]}).select("sentences"),
        (ValueError, ["'sentences'", "'x'"]),
    ),
    # -- scores, splits, files
    "more folds than classes": (
        lambda: list(GZSLKFold(9).split(ROWS, LABELS)),
        (ValueError, ["n_splits=9", "4"]),
    ),
    "predictions of another length": (
        lambda: per_class_accuracy(LABELS, LABELS[:-1]),
        (ValueError, ["24", "23"]),
    ),
    "a scorer's name": (
        lambda: GZSLScorer("harmonic"),
        (ValueError, ["harmonic", "'H'"]),
    ),
    "a file that is none of ours": (
        lambda: load(__file__),
        (ValueError, ["test_mistakes.py"]),
    ),
    "a class and no instance as generator": (
        lambda: fit(gzsl(generator=VAECFlow)),
        (ValueError, ["'generator'", "VAECFlow", "with brackets"]),
    ),
    "a class and no instance to choose a penalty for": (
        lambda: fit(CalibratedStackingCV(PrototypeClassifier)),
        (ValueError, ["'estimator'", "PrototypeClassifier", "with brackets"]),
    ),
    "too few classes to hold some out": (
        lambda: fit(CalibratedStackingCV(ESZSL()), ROWS[:18], LABELS[:18]),
        (
            ValueError,
            ["failed in fold 1 of", "of the 18 rows", "held out", "Fit the estimator"],
        ),
    ),
    "a penalty that is no number, after fit": (
        lambda: fit(gzsl()).set_params(seen_penalty="none").predict(ROWS),
        (ValueError, ["'seen_penalty'", "'none'", "auto"]),
    ),
    "a number as callback": (
        lambda: fit(VAECFlow(callbacks=[1])),
        (TypeError, ["callbacks", "1", "EpochScoring"]),
    ),
    "a file as memory": (
        lambda: fit(gzsl(memory=__file__)),
        (ValueError, ["memory=", "test_mistakes.py", "folder"]),
    ),
    "a regressor as classifier": (
        lambda: fit(gzsl(classifier=Ridge())),
        (ValueError, ["'classifier'", "no regressor", "Ridge()"]),
    ),
    "a preset of a data set without one": (
        lambda: paper_settings("vaecflow", "MNIST"),
        (ValueError, ["MNIST", "AWA2"]),
    ),
    "a method's name": (
        lambda: run_benchmark("two-digit-numbers", "vaecflow"),
        (ValueError, ["methods", "'vaecflow'", "vae-cflow"]),
    ),
    "a table's style": (
        lambda: format_results([], "word"),
        (ValueError, ["style='word'", "markdown"]),
    ),
    "a table to draw as an estimator": (
        lambda: DescriptionDisplay.from_estimator(ClassAttributes(VECTORS)),
        (TypeError, ["estimator", "ClassAttributes", "from_attributes"]),
    ),
    "labels of bars in another case": (
        lambda: PerClassAccuracyDisplay.from_estimator(
            fit(), ROWS, np.char.title(LABELS)
        ),
        (ValueError, ["y", "'Ant'", "Did you mean 'ant' for 'Ant'"]),
    ),
    "a folder without data": (
        lambda: load_xlsa17("/nowhere", "AWA2"),
        (OSError, ["/nowhere", "fetch_xlsa17"]),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_messages_name_argument_offender_and_remedy(name):
    mistake, (error, words) = MISTAKES[name]
    with pytest.raises(error) as caught:
        mistake()
    message = str(caught.value)
    missing = [word for word in words if word not in message]
    assert not missing, message


def test_there_are_32_at_least():
    assert len(MISTAKES) >= 32


@pytest.mark.parametrize(
    "X",
    [
        torch.zeros(3, 5),
        torch.full((3, 3), NAN),
        pd.DataFrame([[1.0, 2.0, NAN]] * 2, columns=["a", "a", "b"]),
        [[1.0, 2.0], [1.0]],
        np.zeros((0, 3)),
    ],
    ids=["tensor", "NaN in a tensor", "names twice", "ragged", "no rows"],
)
def test_what_holds_no_text_is_not_searched_in_vain(X):
    """The error is scikit-learn's own, not one of the search for text."""
    with pytest.raises(ValueError, match=r"features|NaN|inhomogeneous|0 sample|unique"):
        fit().predict(X)


def test_labels_may_be_a_column():
    for clf in (gzsl(seen_penalty="auto"), GZSLVotingClassifier([("a", ESZSL())])):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's of the column; few classes
            fit(clf, y=pd.DataFrame({"animal": LABELS}))
        assert clf.seen_classes_.tolist() == ["ant", "bat", "cat", "dog"]
