"""ClassAttributes, and what may stand in its place."""

# ruff: noqa: PD011 (the values of a holder, not of a DataFrame)

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from sklearn_gzsl import ClassAttributes, GaussianGenerator, GZSLClassifier
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

LABELS = ["horse", "zebra", "tiger"]
VALUES = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
GAPS = {
    "attributes": [[1.0, 0.0], [1.0, 1.0], [np.nan, np.nan]],
    "sentences": [[0.1, 0.2, 0.3], [np.nan] * 3, [0.7, 0.8, 0.9]],
}


@pytest.fixture
def holder():
    return ClassAttributes(LABELS, VALUES, feature_names=["hooves", "stripes"])


@pytest.fixture
def sources():
    return ClassAttributes(LABELS, GAPS)


def test_lookup(holder):
    assert holder.labels.tolist() == LABELS
    assert holder.values.dtype == np.float32
    assert_array_equal(holder.values, VALUES)
    assert list(holder.sources) == ["attributes"]
    assert holder.feature_names.tolist() == ["hooves", "stripes"]
    assert_array_equal(holder["tiger"], [0, 1])
    assert_array_equal(holder.take(["tiger", "horse", "tiger"]), VALUES[[2, 0, 2]])
    assert "zebra" in holder
    assert "okapi" not in holder
    assert 0 not in holder
    assert repr(holder) == "ClassAttributes(n_classes=3, n_attributes=2)"


def test_subset_keeps_the_given_order_and_the_names(holder):
    part = holder.subset(np.array(["tiger", "horse"]))
    assert part.labels.tolist() == ["tiger", "horse"]
    assert_array_equal(part.values, VALUES[[2, 0]])
    assert part.feature_names.tolist() == ["hooves", "stripes"]


def test_unknown_labels_are_listed(holder):
    message = r"no row for the labels \['lion', 'okapi'\] \(its labels are \['horse'"
    with pytest.raises(ValueError, match=message):
        holder.take(["okapi", "horse", "lion", "okapi"])
    with pytest.raises(ValueError, match=r"no row for the labels \[0\].*same type"):
        holder.subset([0])
    many = ClassAttributes(np.arange(50), np.eye(50))
    with pytest.raises(ValueError, match=r"59, \.\.\. 15 more\] \(its labels are \[0,"):
        many.take(np.arange(50, 75))


def test_several_sources(sources):
    assert repr(sources) == (
        "ClassAttributes(n_classes=3, n_attributes={'attributes': 2, 'sentences': 3})"
    )
    with pytest.raises(ValueError, match=r"select\(name\)"):
        _ = sources.values
    sentences = sources.select("sentences")
    assert sentences.labels.tolist() == ["horse", "tiger"]
    assert_array_equal(sentences["tiger"], np.float32([0.7, 0.8, 0.9]))
    with pytest.raises(ValueError, match="'images' is not one of"):
        sources.select("images")
    part = sources.subset(["tiger", "zebra"])
    assert list(part.sources) == ["attributes", "sentences"]
    assert_array_equal(part.sources["attributes"][1], [1, 1])
    one = ClassAttributes(LABELS, {"sentences": VALUES}).subset(LABELS[:2])
    assert list(one.sources) == ["sentences"]
    assert_array_equal(one.values, VALUES[:2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (["a", "a", "b"], VALUES),
            r"repeated labels \['a'\]; give each class one row",
        ),
        ((["a", "b"], VALUES), r"shape \(3, 2\), expected \(2, n_attributes\)"),
        (([], np.ones((0, 2))), "give one label per class"),
        (([["a"], ["b"]], VALUES[:2]), r"labels has shape \(2, 1\)"),
        ((["a", "b", "c"], np.ones(3)), r"shape \(3,\), expected \(3, n_attributes\)"),
        ((["a"], np.ones((1, 0))), r"shape \(1, 0\)"),
        ((["a"], [["x", "y"]]), "not a table of numbers"),
        ((["a", "b"], [[1, 2], [3]]), "not a table of numbers"),
        (
            (["a", "b"], [[1, 2], [np.nan, 0]]),
            r"NaN or infinity in the rows of \['b'\]",
        ),
        (
            (["a", "b"], [[np.inf, 2], [1, 0]]),
            r"NaN or infinity in the rows of \['a'\]",
        ),
        (
            (["a"], {"s": [[np.nan, np.nan]]}),
            r"no source describes the classes \['a'\]",
        ),
        ((["a"], {"s": [[np.nan, 1]]}), "Only whole rows may be missing"),
        ((["a"], {}), "pass at least one table"),
    ],
)
def test_descriptions_that_cannot_be_meant(arguments, message):
    with pytest.raises(ValueError, match=message):
        ClassAttributes(*arguments)


def test_a_frame_in_another_order_than_the_labels_is_refused():
    frame = pd.DataFrame({"wings": [0, 1]}, index=["cat", "bat"])
    with pytest.raises(ValueError, match=r"values\.loc\[labels\]"):
        ClassAttributes(["bat", "cat"], frame)
    assert ClassAttributes(["cat", "bat"], frame)["bat"] == 1
    # A frame that was never indexed by label goes by position.
    assert ClassAttributes(["cat", "bat"], frame.reset_index(drop=True))["bat"] == 1


def test_feature_names():
    frame = pd.DataFrame(VALUES, columns=["hooves", "stripes"])
    assert ClassAttributes(LABELS, frame).feature_names.tolist() == list(frame)
    assert ClassAttributes(LABELS, VALUES).feature_names is None
    with pytest.raises(ValueError, match="feature_names has 1 names"):
        ClassAttributes(LABELS, VALUES, feature_names=["hooves"])
    with pytest.raises(ValueError, match="of a single source"):
        ClassAttributes(LABELS, GAPS, feature_names=["hooves", "stripes"])


@pytest.mark.parametrize("way", ["made", "unpickled"])
def test_it_never_changes(holder, way):
    labels, values = np.array(LABELS), VALUES.copy()
    made = ClassAttributes(labels, values, feature_names=["hooves", "stripes"])
    labels[0], values[0] = "mule", 7
    assert made == holder
    if way == "unpickled":
        made = pickle.loads(pickle.dumps(made))
    with pytest.raises(AttributeError, match="never changes"):
        made.labels = labels
    with pytest.raises(AttributeError, match="never changes"):
        del made.sources
    with pytest.raises(TypeError):
        made.sources["attributes"] = values
    for array in (made.labels, made.values, made.feature_names):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_copies_are_the_object_itself(holder):
    assert copy.copy(holder) is holder
    assert copy.deepcopy(holder) is holder
    clf = clone(
        GZSLClassifier(GaussianGenerator(), class_attributes=holder, seen_penalty=0.0)
    )
    assert clf.class_attributes is holder


@pytest.mark.parametrize("name", ["holder", "sources"])
def test_round_trips(request, round_trip, name):
    original = request.getfixturevalue(name)
    loaded = round_trip(original)
    assert loaded is not original
    assert loaded == original
    assert hash(loaded) == hash(original)
    assert repr(loaded) == repr(original)
    assert_array_equal(loaded.labels, original.labels)
    assert_array_equal(loaded.feature_names, original.feature_names)


def test_equality(holder, sources):
    assert holder == ClassAttributes(LABELS, VALUES)
    assert sources == ClassAttributes(LABELS, GAPS)
    different = [
        ClassAttributes(LABELS[::-1], VALUES[::-1]),
        ClassAttributes(["horse", "zebra", "lion"], VALUES),
        ClassAttributes(LABELS, 2 * VALUES),
        ClassAttributes(LABELS, {"sentences": VALUES}),
        sources,
        VALUES,
    ]
    assert all(holder != other for other in different)


def test_nothing_takes_it_for_an_array(holder):
    for name in ("__len__", "shape", "__array__"):
        assert not hasattr(holder, name)
    with pytest.raises(TypeError):
        iter(holder)


FORMS = {
    "holder": ClassAttributes,
    "mapping": lambda labels, A: dict(zip(labels.tolist(), A, strict=True)),
    "mapping of lists": lambda labels, A: dict(
        zip(labels.tolist(), A.tolist(), strict=True)
    ),
    "frame": lambda labels, A: pd.DataFrame(A, index=labels),
    "shuffled frame": lambda labels, A: pd.DataFrame(A, index=labels).iloc[::-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_mean_the_same(animals, form):
    attributes = FORMS[form](animals.labels, animals.vectors)
    generator = GaussianGenerator(temperature=0)
    expected = generator.fit(animals.X, animals.y, animals.attributes)
    expected = dict(zip(*expected.sample(animals.attributes)[::-1], strict=True))
    generator.fit(animals.X, animals.y, attributes)
    drawn = dict(zip(*generator.sample(attributes)[::-1], strict=True))
    assert drawn.keys() == expected.keys()
    for label, row in drawn.items():
        np.testing.assert_allclose(row, expected[label], rtol=1e-5)


@pytest.mark.parametrize("form", [np.asarray, np.ndarray.tolist, pd.DataFrame])
def test_rows_of_a_table_belong_to_integer_labels(animals, form):
    attributes = form(animals.vectors)
    clf = GZSLClassifier(
        GaussianGenerator(), LogisticRegression(), random_state=0, seen_penalty=0.0
    )
    clf.fit(animals.X, animals.codes, attributes)
    assert clf.unseen_classes_.tolist() == [9, 10, 11]
    assert_array_equal(clf.class_attributes_[10], np.float32(animals.vectors[10]))
    assert clf.class_attributes_.labels.dtype.kind == "i"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.ones(12), r"array of 1 dimension.*2-d array \(row i describes the integer"),
        (np.ones((2, 3, 4)), "array of 3 dimension"),
        ((["ant", "ape"], np.eye(2)), "no array, as its rows differ in length; pass a"),
        (
            {"ant": [1, 2], "ape": [1]},
            r"shapes \[\(1,\), \(2,\)\]; all must be vectors",
        ),
        ({"ant": [[1]]}, "all must be vectors of one length"),
        ({"ant": [1, 2]}, r"class_attributes has no row for the labels \['ape', 'bat'"),
        (np.eye(9), r"no row for the labels \['ant', .*add a row for each"),
        (np.full((9, 2), np.nan), "NaN or infinity in the rows"),
    ],
)
def test_forms_that_cannot_be_meant(animals, wrong, message):
    with pytest.raises(ValueError, match=message):
        GaussianGenerator().fit(animals.X, animals.y, wrong)


@pytest.mark.parametrize("form", ["array", "list", "frame", "mapping"])
@pytest.mark.parametrize(
    "estimator",
    [
        GaussianGenerator(),
        GZSLClassifier(
            GaussianGenerator(), LogisticRegression(), random_state=0, seen_penalty=0.0
        ),
    ],
    ids=["generator", "classifier"],
)
def test_a_bare_table_as_long_as_the_rows_is_refused(form, estimator):
    X, y, A = np.eye(6), np.repeat([0, 1, 2], 2), np.eye(6)
    table = {
        "array": A,
        "list": A.tolist(),
        "frame": pd.DataFrame(A),
        "mapping": dict(enumerate(A)),
    }[form]
    with pytest.raises(ValueError, match=r"wrap it in\s+ClassAttributes\(labels, val"):
        estimator.fit(X, y, class_attributes=table)
    estimator.fit(X, y, class_attributes=ClassAttributes(range(6), A))


def test_cross_validation_never_cuts_it():
    """With as many classes as rows, scikit-learn cuts all that has a length."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(5), 8)
    A = ClassAttributes(np.arange(40), rng.normal(size=(40, 3)))
    X = A.take(y) + 0.1 * rng.normal(size=(40, 3))
    clf = GZSLClassifier(
        GaussianGenerator(), LogisticRegression(), random_state=0, seen_penalty=0.0
    )
    options = {
        "cv": GZSLShuffleSplit(2, random_state=0),
        "scoring": GZSLScorer("H"),
        "error_score": "raise",
    }
    result = cross_validate(
        clf, X, y, params={"class_attributes": A}, return_estimator=True, **options
    )
    search = GridSearchCV(clf, {"seen_penalty": [0.0, 1.0]}, **options)
    search.fit(X, y, class_attributes=A)
    for model in [*result["estimator"], search.best_estimator_]:
        assert model.class_attributes_ == A
    with pytest.raises(ValueError, match="wrap it in"):
        search.fit(X, y, class_attributes=A.values)


def test_scikit_learn_does_cut_a_bare_table():
    """The reason for the guard; should this fail, the guard can go."""
    lengths = []

    class Probe(DummyClassifier):
        def fit(self, X, y, class_attributes=None):
            lengths.append(len(class_attributes))
            return super().fit(X, y)

    params = {"class_attributes": np.eye(6)}
    cross_validate(Probe(), np.eye(6), [0, 1] * 3, cv=KFold(2), params=params)
    assert lengths == [3, 3]


def test_a_table_the_right_way_round_is_not_to_be_transposed():
    names = [str(i) for i in range(4)]
    attributes = ClassAttributes([0, 1, 2, 4], np.eye(4), feature_names=names)
    with pytest.raises(ValueError, match=r"labels \[3\]") as error:
        attributes.take([0, 3])
    assert "transpose" not in str(error.value)
