"""Descriptions and labels that cannot be meant are named, and doubtful ones too."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

LABELS = ["horse", "zebra", "tiger"]
VALUES = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
ONE = {"one": [[0], [1], [2]]}

MISSING = {
    "NA": pd.Series(["ant", None, "bat"], dtype="string"),
    "NaN among text": pd.Series(["ant", np.nan, "bat"], dtype=object),
    "NaN in a list of text": ["ant", np.nan, "bat"],
    "None": np.array(["ant", None, "bat"], dtype=object),
    "NaN": np.array([0.0, np.nan, 1.0]),
    "NA among numbers": pd.Series([0, None, 1], dtype="Int64"),
}
MIXED = {
    "list": ["ant", 1, "bat"],
    "array": np.array(["ant", 1, "bat"], dtype=object),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing_labels_are_named(case):
    with pytest.raises(ValueError, match=r"^labels has missing labels .*\[1\]; fill"):
        ClassAttributes(MISSING[case], VALUES)


@pytest.mark.parametrize("case", MIXED)
def test_mixed_labels_are_named(case):
    message = r"^labels mixes text, \['ant', 'bat'\], and other labels, \[1\]; give"
    with pytest.raises(ValueError, match=message):
        ClassAttributes(MIXED[case], VALUES)
    with pytest.raises(ValueError, match=message):
        ClassAttributes({label: [i, 1] for i, label in enumerate(MIXED[case])})


def test_a_set_has_no_order():
    with pytest.raises(TypeError, match="labels is a set, which has no order; give a"):
        ClassAttributes(set(LABELS), VALUES)


LEARNERS = {
    "generator": GaussianGenerator(),
    "synthetic": GZSLClassifier(
        GaussianGenerator(), LogisticRegression(), seen_penalty=0.0
    ),
    "any preprocessor": GZSLClassifier(
        GaussianGenerator(),
        LogisticRegression(),
        preprocessor=StandardScaler(),
        seen_penalty=0.0,
    ),
    "prototypes": PrototypeClassifier(),
    "calibrated": CalibratedStackingCV(PrototypeClassifier(), cv=2),
    "voting": GZSLVotingClassifier([("prototypes", PrototypeClassifier())]),
    "softmax": SoftmaxClassifier(),
    "LDA": IncrementalLDA(),
}


@pytest.mark.parametrize("learner", LEARNERS)
def test_labels_of_rows_that_are_none(learner):
    """Said before all else, and not in the words of a sort that fails."""
    for y in MISSING.values():
        with pytest.raises(ValueError, match=r"^y has missing labels .*\[1\]; fill"):
            LEARNERS[learner].fit(VALUES, y)
    for y in MIXED.values():
        with pytest.raises(ValueError, match=r"^y mixes text"):
            LEARNERS[learner].fit(VALUES, y)
    with pytest.raises(ValueError, match=r"y is an array of objects.*y\.astype\(int\)"):
        LEARNERS[learner].fit(VALUES, np.array([0, 0, 1], dtype=object))


def test_numbers_among_objects_are_labels():
    """As in the index of a frame whose rows were of several types."""
    holder = ClassAttributes(np.array([3, 1, 2], dtype=object), VALUES)
    assert holder.labels.dtype.kind == "i"
    assert_array_equal(holder[1], VALUES[1])


def test_a_warning_names_the_descriptions_that_say_nothing():
    values = [[1, 0], [0, 0], [0, 0]]
    with pytest.warns(UserWarning, match="^class_attributes: ") as warned:
        ClassAttributes(LABELS, values)
    zero, equal = (str(w.message) for w in warned)
    assert "class_attributes: 'attributes' is zero" in zero
    assert "['zebra', 'tiger']" in zero
    assert "same description is given to each of ['zebra', 'tiger']" in equal
    assert {w.filename for w in warned} == {__file__}
    with pytest.warns(UserWarning, match=r"'words' is zero .* \['zebra'\]"):
        ClassAttributes(LABELS, {"words": [[1, 0], [0, 0], [np.nan, np.nan]]} | ONE)
    many = np.repeat(np.eye(7), 2, axis=0)
    with pytest.warns(UserWarning, match=r"\[0, 1\], .*, \[8, 9\] and 2 more\. Where"):
        ClassAttributes(np.arange(14), many)


def test_descriptions_that_differ_somewhere_raise_no_warning(animals, recwarn):
    ClassAttributes(LABELS, {"same": np.ones((3, 2)), **ONE})
    ClassAttributes(LABELS, ONE["one"])  # a single column has no direction
    clf = PrototypeClassifier().fit(animals.X, animals.y, animals.attributes)
    one_hot = ClassAttributes(animals.seen, np.eye(9))
    clf.fit(animals.X, animals.y, one_hot)
    assert not recwarn.list


def test_a_fit_warns_once_and_its_folds_not_at_all(animals):
    twins = dict(zip(animals.labels.tolist(), animals.vectors, strict=True))
    twins["elk"] = twins["ant"]
    clf = GZSLClassifier(
        GaussianGenerator(), LogisticRegression(), random_state=0, seen_penalty=0.0
    )
    with pytest.warns(UserWarning, match=r"each of \['ant', 'elk'\]") as warned:
        clf.fit(animals.X, animals.y, class_attributes=twins)
    assert len(warned) == 1
    with pytest.warns(UserWarning, match=r"each of \['ant', 'elk'\]"):
        holder = ClassAttributes(twins)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.fit(animals.X, animals.y, class_attributes=holder)
        cross_validate(
            PrototypeClassifier(),
            animals.X,
            animals.y,
            params={"class_attributes": holder},
            cv=GZSLShuffleSplit(2, random_state=0),
            scoring=GZSLScorer("H"),
        )
    with pytest.warns(UserWarning, match=r"each of \['ant', 'elk', 'emu'\]"):
        clf.add_classes({"emu": twins["ant"]})


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
def test_a_table_counted_from_0_for_labels_counted_from_1(animals, form):
    """Every class would get the description of the next one, without an error."""
    y, table = animals.codes + 1, form(animals.vectors)
    clf = PrototypeClassifier()
    with pytest.warns(UserWarning, match=r"counted from 0, .* in y count from 1") as w:
        clf.fit(animals.X, y, class_attributes=table)
    assert len(w) == 1
    assert "pass ClassAttributes(np.arange(1, 13), table)" in str(w[0].message)
    assert "ClassAttributes(np.arange(12), table), which silences" in str(w[0].message)
    # As many labels as rows: there it can be nothing else.
    with pytest.raises(
        ValueError, match=r"from 1 to 9, .*\(np\.arange\(1, 10\), table"
    ):
        clf.fit(animals.X, y, class_attributes=form(animals.vectors[:9]))


def test_tables_and_labels_that_count_alike(animals, recwarn):
    y, A = animals.codes + 1, animals.vectors
    clf = PrototypeClassifier()
    clf.fit(animals.X, animals.codes, class_attributes=A)
    for labels in (np.arange(1, 13), np.arange(12)):
        clf.fit(animals.X, y, class_attributes=ClassAttributes(labels, A))
        clf.fit(animals.X, y, class_attributes=pd.DataFrame(A, index=labels))
        clf.fit(animals.X, y, class_attributes=dict(zip(labels, A, strict=True)))
    rows = animals.codes > 1  # two is no sign of counting from one
    clf.fit(animals.X[rows], animals.codes[rows], class_attributes=A)
    assert not recwarn.list


def test_sparse_rows_are_refused_with_a_way_out(animals):
    X = csr_array(animals.X)
    with pytest.raises(TypeError, match=r"Sparse data was passed for X.*toarray"):
        PrototypeClassifier().fit(X, animals.y, animals.attributes)
    clf = GZSLClassifier(
        GaussianGenerator(), preprocessor=MaxAbsScaler(), seen_penalty=0.0
    )
    with pytest.raises(TypeError, match=r"MaxAbsScaler\(\) makes sparse rows.*SVD"):
        clf.fit(X, animals.y, animals.attributes)
