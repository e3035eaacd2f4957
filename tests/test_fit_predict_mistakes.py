"""``fit`` and ``predict`` of the command line: each mistake is one line."""

import sys
from pathlib import Path

import numpy as np
import pytest
from animal_tables import make_tables

from sklearn_gzsl import IncrementalLDA
from sklearn_gzsl.benchmark import _models

tables = pytest.fixture(make_tables)


def no_pandas(tables, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    return tables.fit()


def text_column(tables, _):
    tables.rows["colour"] = "red"
    tables.write()
    return tables.fit()


def text_cells(tables, _):
    tables.rows = tables.rows.astype({"tail": object})
    tables.rows.loc[[4, 7], "tail"] = "n/k"
    tables.write()
    return tables.fit()


def no_features(tables, _):
    tables.rows = tables.rows[["species"]]
    tables.write()
    return tables.fit()


def empty_cell(tables, _):
    tables.rows.loc[3, "tail"] = np.nan
    tables.write()
    return tables.fit()


def no_label(tables, _):
    tables.rows["species"] = ""
    tables.write()
    return tables.fit()


def other_case(tables, _):
    tables.rows["species"] = tables.rows["species"].str.upper()
    tables.write()
    return tables.fit()


def minus_one(tables, _):
    tables.rows.loc[:3, "species"] = "-1"
    tables.write()
    return tables.fit()


def lies_on_its_side(tables, _):
    tables.classes = tables.classes.set_index("species").T.reset_index(names="species")
    tables.write()
    return tables.fit()


def changed_places(tables, _):
    tables.rows, tables.classes = tables.classes, tables.rows
    tables.write()
    return tables.fit()


def misspelt_target(tables, _):
    return tables.fit(target="Species")


def no_description(tables, _):
    tables.rows.loc[3, "species"] = "zebu"
    tables.write()
    return tables.fit()


def empty_description(tables, _):
    tables.classes.loc[2, "b"] = np.nan
    tables.write()
    return tables.fit()


def nameless_class(tables, _):
    tables.classes.loc[2, "species"] = ""
    tables.write()
    return tables.fit()


def there_already(tables, _):
    (tables.folder / "m.gzsl").write_text("kept")
    return tables.fit()


def not_a_table(tables, _):
    return tables.fit(data="m.gzsl")


def of_another_kind(tables, _):
    (tables.folder / "rows.xls").touch()
    return tables.fit(data="rows.xls")


def empty_file(tables, _):
    (tables.folder / "empty.csv").touch()
    return tables.fit(data="empty.csv")


def no_rows(tables, _):
    tables.rows = tables.rows[:0]
    tables.write()
    return tables.fit()


def other_encoding(tables, _):
    tables.rows["species"] = tables.rows["species"].replace("ant", "Bär")
    tables.rows.to_csv(tables["train.csv"], index=False, encoding="latin-1")
    return tables.fit()


def ragged(tables, _):
    (tables.folder / "train.csv").write_text("a,species\n1,ant\n1,2,3\n")
    return tables.fit()


def semicolons(tables, _):
    tables.rows.to_csv(tables["train.csv"], index=False, sep=";", decimal=",")
    return tables.fit()


def gap_in_integers(tables, _):
    codes = dict(zip(tables.classes["species"], range(12), strict=True))
    for table in (tables.rows, tables.classes):
        table["species"] = table["species"].map(codes)
    tables.rows.loc[0, "species"] = np.nan
    tables.write()
    return tables.fit()


def feature_as_target(tables, _):
    return tables.fit(target="ears")


def fitted_then_text_cell(tables, _):
    tables.fit()
    tables.test = tables.test.astype({"tail": object})
    tables.test.loc[4, "tail"] = "n/k"
    tables.write()
    return tables.predict()


def fitted_then_text_column(tables, _):
    tables.fit()
    tables.test["tail"] = "long"
    tables.write()
    return tables.predict()


def fitted_then_other_classes(tables, _):
    tables.fit()
    tables.test["species"] = "ANT"
    tables.write()
    return tables.predict("--target", "species")


def fitted_then_no_labels(tables, _):
    tables.fit()
    tables.test["species"] = ""
    tables.write()
    return tables.predict("--target", "species")


def fitted_then_feature_as_target(tables, _):
    tables.fit()
    return tables.predict("--target", "ears")


def fitted_of_seen_classes_alone(tables, _):
    X, y = tables.rows.drop(columns="species"), tables.rows["species"]
    IncrementalLDA().fit(X, y).save(tables["m.gzsl"])
    tables.test["species"] = "ant"
    tables.write()
    return tables.predict("--target", "species")


def one_name_twice(tables, _):
    path = Path(tables["train.csv"])
    header, rest = path.read_text().split("\n", 1)
    path.write_text(header.replace("ears", "NA").replace("tail", "NA") + "\n" + rest)
    return tables.fit()


def too_large(tables, _):
    tables.rows["tail"] = tables.rows["tail"].astype(float)
    tables.rows.loc[3, "tail"] = 1e39
    tables.write()
    return tables.fit()


def all_methods(tables, _):
    return tables.fit("--method", "all")


def folder_as_model(tables, monkeypatch):
    monkeypatch.setattr(_models, "read", None)  # before anything is read
    return tables.fit("--model", str(tables.folder), "--force")


def column_of_predictions(tables, _):
    tables.fit()
    tables.test["seen"] = 1
    tables.write()
    return tables.predict("--keep", "seen")


def lacks_a_column(tables, _):
    tables.fit()
    tables.test = tables.test.drop(columns="ears")
    tables.write()
    return tables.predict()


def of_no_known_kind(tables, monkeypatch):
    tables.fit()
    monkeypatch.setattr("sklearn_gzsl.benchmark._models.load", None)
    return tables.predict("--out", tables["p.xlsx"])


def no_model(tables, _):
    (tables.folder / "m.gzsl").write_text("no model")
    return tables.predict()


MISTAKES = {
    no_pandas: ["pandas", "pip install 'sklearn-gzsl[tables]'"],
    text_column: ["train.csv", "['colour']", "--ignore"],
    text_cells: ["'tail', row 5 ", "'n/k' is no number", "(2 of ", "--ignore tail"],
    no_features: ["train.csv has no column of features"],
    empty_cell: ["train.csv", "['tail']", "empty cells", "row 4 "],
    no_label: ["train.csv", "'species' is empty throughout"],
    no_description: ["train.csv: column 'species'", "['zebu'], which", "animals.csv"],
    minus_one: ["train.csv", "['-1'], which", "are to be empty"],
    changed_places: ["animals.csv has several rows", "train.csv one row of each"],
    lies_on_its_side: ["train.csv", "animals.csv", "a row for each class"],
    misspelt_target: ["train.csv", "'Species'", "Did you mean 'species'"],
    other_case: ["train.csv", "animals.csv", "Did you mean", "'ant' for 'ANT'"],
    empty_description: ["animals.csv", "NaN"],
    nameless_class: ["animals.csv", "'species' has rows without a class"],
    there_already: ["m.gzsl exists", "--force"],
    not_a_table: ["There is no file", "m.gzsl"],
    of_another_kind: ["rows.xls", ".csv", ".parquet"],
    empty_file: ["empty.csv", "No columns"],
    no_rows: ["train.csv has no rows"],
    other_encoding: ["train.csv", "UTF-8"],
    ragged: ["train.csv", "line 3"],
    one_name_twice: ["train.csv", "['NA']", "a name of its own"],
    too_large: ["train.csv", "['tail']", "infinite", "row 4 "],
    all_methods: ["['all'] is no method; methods are"],
    semicolons: ["train.csv has one column", "commas"],
    gap_in_integers: ["Did you mean", "'1' for '1.0'"],
    column_of_predictions: ["rows.csv", "--keep seen", "another name"],
    lacks_a_column: ["rows.csv has no column ['ears']", "weight"],
    of_no_known_kind: ["p.xlsx", ".csv, .csv.gz, .tsv or .parquet"],
    no_model: ["m.gzsl"],
    feature_as_target: ["'ears'", "Did you mean --target species, whose"],
    folder_as_model: ["is a folder; name a file in it"],
    fitted_then_text_cell: ["'tail', row 5 ", "'n/k' is no number", "such rows out."],
    fitted_then_text_column: ["['tail'] hold no numbers; turn them into numbers."],
    fitted_then_other_classes: ["rows.csv", "['ANT'], which", "'ant' for 'ANT'"],
    fitted_then_no_labels: ["rows.csv: column 'species' is empty", "leave --target o"],
    fitted_then_feature_as_target: ["--target ears is a feature of", "m.gzsl"],
    fitted_of_seen_classes_alone: ["holds IncrementalLDA", "leave --target out"],
    lambda tables, _: tables.predict(): ["There is no file", "m.gzsl"],
    lambda tables, _: tables.fit("--method", "VAE_cFlow"): ["mean 'vae-cflow' for"],
    lambda tables, _: tables.fit(target="kind"): ["no column ['kind']", "species"],
    lambda tables, _: tables.fit("--ignore", "species"): ["--ignore species is the t"],
    lambda tables, _: tables.fit("--ignore", "x"): ["no column ['x']", "weight"],
    lambda tables, _: tables.fit("--method", "magic"): ["magic", "methods are"],
    lambda tables, _: tables.fit("--set", "magic=1"): ["magic"],
    lambda tables, _: tables.predict("--out", tables["a/b.csv"]): ["a/b.csv", "folder"],
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.__name__)
def test_mistakes_are_one_line(tables, mistake, monkeypatch, capsys):
    assert mistake(tables, monkeypatch) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("sklearn-gzsl ")
    assert ": error: " in line
    for word in MISTAKES[mistake]:
        assert word in line
    model = tables.folder / "m.gzsl"
    fitted = {there_already, lacks_a_column, no_model, column_of_predictions}
    fitted.add(of_no_known_kind)
    was_fitted = mistake in fitted or mistake.__name__.startswith("fitted_")
    assert not model.exists() or was_fitted
