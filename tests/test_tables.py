"""Descriptions and rows in tables of pandas, polars and pyarrow, and sparse ones."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CADAVAE,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    PrototypeClassifier,
)
from sklearn_gzsl.attributes import check_class_attributes
from sklearn_gzsl.exceptions import GZSLWarning
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

LABELS = ["horse", "zebra", "tiger"]
VALUES = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
COLUMNS = {"hooves": VALUES[:, 0], "stripes": VALUES[:, 1]}
HOLDER = ClassAttributes(LABELS, VALUES, feature_names=list(COLUMNS))

LIBRARIES = {
    "pandas": "DataFrame",
    "polars": "DataFrame",
    "pyarrow": "table",
}


@pytest.fixture(params=LIBRARIES)
def make_table(request):
    """What makes a table of a dict of columns, in each of the libraries."""
    return getattr(pytest.importorskip(request.param), LIBRARIES[request.param])


def _same(holder, other=HOLDER):
    assert holder == other
    assert_array_equal(holder.feature_names, other.feature_names)


def test_all_tables_hold_the_same(make_table):
    table = make_table(COLUMNS)
    named = make_table({"name": LABELS, **COLUMNS})
    _same(ClassAttributes(LABELS, table))
    _same(ClassAttributes(named))
    _same(ClassAttributes("name", named))
    numbered = make_table({"id": [7, 3, 5], **COLUMNS})
    _same(
        ClassAttributes("id", numbered),
        ClassAttributes([7, 3, 5], VALUES, feature_names=list(COLUMNS)),
    )
    with pytest.raises(ValueError, match="feature_names has 1 names"):
        ClassAttributes("name", named, feature_names=["hooves"])


def test_a_frame_has_its_labels_in_the_index():
    _same(ClassAttributes(pd.DataFrame(COLUMNS, index=LABELS)))
    numbers = pd.DataFrame(COLUMNS, index=[3, 1, 2])
    assert ClassAttributes(numbers).labels.tolist() == [3, 1, 2]
    counted = pd.DataFrame(COLUMNS).rename_axis("label")  # a name says it is meant
    assert ClassAttributes(counted).labels.tolist() == [0, 1, 2]
    part = pd.DataFrame(np.eye(5)).iloc[3:]  # which keeps its numbers
    assert ClassAttributes(part).labels.tolist() == [3, 4]
    # Names may repeat, as those of an embedding's columns often do.
    twins = pd.DataFrame(VALUES, index=LABELS, columns=["x", "x"])
    assert ClassAttributes(twins) == HOLDER


def test_a_mapping_has_its_labels_in_the_keys():
    vectors = dict(zip(LABELS, VALUES, strict=True))
    for holder in (
        ClassAttributes(vectors),
        ClassAttributes(vectors.keys(), vectors.values()),
    ):
        assert holder == HOLDER
    assert_array_equal(holder.take(vectors.keys()), VALUES)


def test_categories_are_labels():
    pl = pytest.importorskip("polars")
    named = pl.DataFrame({"name": LABELS, **COLUMNS})
    _same(ClassAttributes(named.cast({"name": pl.Categorical})))
    _same(ClassAttributes(named.cast({"name": pl.Enum(LABELS)})))
    frame = pd.DataFrame(COLUMNS, index=pd.CategoricalIndex(LABELS))
    _same(ClassAttributes(frame))
    _same(ClassAttributes(pd.DataFrame(COLUMNS, index=pd.Index(LABELS, dtype=object))))


def test_named_sources_need_not_describe_the_same_classes(make_table):
    """Nor have them in the same order."""
    sources = ClassAttributes(
        {
            "attributes": make_table({"name": ["horse", "zebra"], "hooves": [1, 2]}),
            "sentences": make_table(
                {"name": ["tiger", "horse"], "a": [0.7, 0.1], "b": [0.8, 0.2]}
            ),
        }
    )
    nan = np.nan
    assert sources == ClassAttributes(
        ["horse", "zebra", "tiger"],
        {
            "attributes": [[1.0], [2.0], [nan]],
            "sentences": [[0.1, 0.2], [nan, nan], [0.7, 0.8]],
        },
    )
    assert sources.select("sentences").labels.tolist() == ["horse", "tiger"]


def test_missing_rows_of_a_source(make_table):
    table = make_table({"name": LABELS, "x": [1.0, None, 3.0], "y": [1.0, None, 0.0]})
    other = make_table({"name": LABELS[:2], "z": [1.0, 2.0]})
    assert ClassAttributes({"a": table, "b": other}).select("a").labels.tolist() == [
        "horse",
        "tiger",
    ]
    with pytest.raises(ValueError, match=r"NaN or infinity in the rows of \['zebra'\]"):
        ClassAttributes(table)


def _animals_table(animals, make_table, columns=slice(None)):
    vectors = animals.vectors[:, columns].T
    return make_table(
        {"name": animals.labels} | {f"a{i}": vectors[i] for i in range(len(vectors))}
    )


def test_tables_as_class_attributes(animals, make_table):
    table = _animals_table(animals, make_table)
    clf = PrototypeClassifier().fit(animals.X, animals.y, class_attributes=table)
    assert clf.class_attributes_ == animals.attributes.subset(clf.classes_)
    assert clf.unseen_classes_.tolist() == animals.unseen.tolist()
    generator = GaussianGenerator().fit(animals.X, animals.y, table)
    assert generator.sample(table)[1].tolist() == animals.labels.tolist()
    clf = PrototypeClassifier().fit(animals.X[:60], animals.y[:60], animals.attributes)
    clf.add_classes(make_table({"name": ["yak"], **{f"a{i}": [i] for i in range(7)}}))
    assert "yak" in clf.classes_


def test_sources_of_tables_as_class_attributes(animals, make_table):
    sources = {
        "shapes": _animals_table(animals, make_table, slice(3)),
        "colours": _animals_table(animals, make_table, slice(3, None)),
    }
    tiny = {"latent_dim": 2, "encoder_dim": 4, "decoder_dim": 4, "max_iter": 2}
    generator = CADAVAE(**tiny, random_state=0).fit(animals.X, animals.y, sources)
    assert generator.source_dims_ == {"shapes": 3, "colours": 4}


def test_numbers_alone_describe_integer_labels(animals, make_table):
    table = make_table({f"a{i}": column for i, column in enumerate(animals.vectors.T)})
    clf = PrototypeClassifier().fit(animals.X, animals.codes, class_attributes=table)
    assert clf.unseen_classes_.tolist() == [9, 10, 11]
    assert_array_equal(clf.class_attributes_[10], animals.vectors[10])
    with pytest.raises(ValueError, match="as many rows as X"):
        clf.fit(animals.X[:12], animals.codes[:12], class_attributes=table)


def test_tables_that_cannot_be_meant(make_table):
    numbers = make_table(COLUMNS)
    with pytest.raises(ValueError, match=r"no labels.*ClassAttributes\('name', table"):
        ClassAttributes(numbers)
    with pytest.raises(ValueError, match=r"labels='name' is no column.*\['hooves', "):
        ClassAttributes("name", numbers)
    two = make_table({"name": LABELS, "latin": LABELS, **COLUMNS})
    with pytest.raises(ValueError, match=r"columns of text, \['name', 'latin'\]; leav"):
        ClassAttributes(two)
    with pytest.raises(ValueError, match=r"column 'latin' holds text; .* leave it out"):
        ClassAttributes("name", two)
    mixed = make_table({"name": LABELS, **COLUMNS, "fur": ["1", "yes", "0"]})
    with pytest.raises(ValueError, match=r"'fur', row 1 .*'yes' is no number \(1 of 3"):
        ClassAttributes("name", mixed)
    # Names of numbers are names, not a column of numbers.
    codes = make_table({"code": ["07", "08", "09"], **COLUMNS})
    with pytest.raises(ValueError, match=r"'code' holds text.*ClassAttributes\('code'"):
        ClassAttributes(LABELS, codes)
    assert ClassAttributes(codes).labels.tolist() == ["07", "08", "09"]
    with pytest.raises(ValueError, match="repeated labels"):
        ClassAttributes(make_table({"name": ["a", "a", "b"], **COLUMNS}))
    with pytest.raises(ValueError, match="no column of numbers"):
        ClassAttributes(make_table({"name": LABELS}))


def test_columns_that_number_the_rows():
    table = pd.DataFrame(VALUES, index=LABELS)
    numbered = table.reset_index(names="label").assign(
        **{"Unnamed: 0": range(len(table))}
    )
    with pytest.warns(GZSLWarning, match=r"'Unnamed: 0' .* index_col=0"):
        ClassAttributes(numbered)
    codes = pd.DataFrame(VALUES).assign(code=[2, 3, 1])
    with pytest.warns(GZSLWarning, match=r"ClassAttributes\('code', table\)"):
        check_class_attributes(codes)  # as fit does: its rows are the classes 0, 1, 2
    with warnings.catch_warnings():
        warnings.simplefilter("error", GZSLWarning)
        ClassAttributes("code", codes)
        ClassAttributes(table.assign(rank=[2, 3, 1]))  # it has labels


def test_labels_need_a_place_to_be_in():
    with pytest.raises(ValueError, match="A ndarray has no index and no columns"):
        ClassAttributes(VALUES)
    with pytest.raises(ValueError, match="A ndarray has no index and no columns"):
        ClassAttributes("name", VALUES)
    with pytest.raises(ValueError, match="column 'lists' holds no numbers"):
        ClassAttributes(LABELS, pd.DataFrame({"lists": [[1], [2], [3]]}))


def test_a_lazy_table_has_to_be_collected():
    pl = pytest.importorskip("polars")
    with pytest.raises(ValueError, match=r"LazyFrame has no rows yet.*collect\(\)"):
        ClassAttributes(pl.LazyFrame({"name": LABELS, **COLUMNS}))


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_matrix])
def test_sparse_descriptions(animals, form):
    assert ClassAttributes(LABELS, form(VALUES)) == HOLDER
    sources = {"words": form(VALUES), "attributes": VALUES}
    assert_array_equal(ClassAttributes(LABELS, sources).sources["words"], VALUES)
    table = form(animals.vectors)
    clf = PrototypeClassifier().fit(animals.X, animals.codes, class_attributes=table)
    assert_array_equal(clf.class_attributes_.values, animals.vectors)
    with pytest.raises(ValueError, match="as many rows as X"):
        clf.fit(animals.X[:12], animals.codes[:12], class_attributes=table)


ESTIMATORS = {
    "prototypes": PrototypeClassifier(),
    "synthetic": GZSLClassifier(
        GaussianGenerator(),
        LogisticRegression(),
        n_synthetic=5,
        random_state=0,
        seen_penalty=0.0,
    ),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_rows_and_labels_in_tables(animals, make_table, name):
    """Where scikit-learn takes them, so do we, with the names of the features."""
    names = [f"f{i}" for i in range(5)]
    X, X_test = (
        make_table(dict(zip(names, rows.T, strict=True)))
        for rows in (animals.X, animals.X_test)
    )
    y = make_table({"y": animals.y})["y"]
    clf = ESTIMATORS[name]
    expected = clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    expected = expected.predict(animals.X_test)
    clf.fit(X, y, class_attributes=animals.attributes)
    if hasattr(StandardScaler().fit(X), "feature_names_in_"):
        assert clf.feature_names_in_.tolist() == names
    assert clf.predict(X_test).tolist() == expected.tolist()
    for method in ("predict_proba", "decision_function"):
        assert_array_equal(
            getattr(clf, method)(X_test),
            getattr(clf, method)(pd.DataFrame(animals.X_test, columns=names)),
        )


def test_a_search_over_rows_in_tables(animals, make_table):
    X = make_table({f"f{i}": column for i, column in enumerate(animals.X.T)})
    search = GridSearchCV(
        PrototypeClassifier(),
        {"alpha": [0.1, 1.0]},
        cv=GZSLShuffleSplit(2, random_state=0),
        scoring=GZSLScorer("H"),
        error_score="raise",
    )
    search.fit(X, animals.y, class_attributes=animals.attributes)
    names = [f"f{i}" for i in range(5)]
    if hasattr(StandardScaler().fit(X), "feature_names_in_"):
        assert search.best_estimator_.feature_names_in_.tolist() == names
    assert search.predict(X).shape == animals.y.shape


def test_rows_in_tables_are_cut_into_chunks(animals, make_table, monkeypatch):
    clf = PrototypeClassifier().fit(animals.X, animals.y, animals.attributes)
    expected = clf.predict_proba(animals.X_test)
    monkeypatch.setattr("sklearn_gzsl.utils._rows.chunk_size", lambda *_: 8)
    table = make_table({f"f{i}": column for i, column in enumerate(animals.X_test.T)})
    clf = PrototypeClassifier().fit(
        make_table({f"f{i}": column for i, column in enumerate(animals.X.T)}),
        animals.y,
        animals.attributes,
    )
    np.testing.assert_allclose(clf.predict_proba(table), expected)
