"""``fit`` and ``predict`` of the command line, on tables in files."""

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import sklearn_gzsl
from sklearn_gzsl import CalibratedStackingCV, GZSLClassifier
from sklearn_gzsl.benchmark._cli import main

pd = pytest.importorskip("pandas")

FEATURES = ["weight", "height", "ears", "tail", "age"]


class Tables:
    """Files of the animals, and commands on them."""

    def __init__(self, animals, folder):
        self.folder = folder
        # Copies: tests write into them, and pandas 2 would into what all tests share.
        self.rows = pd.DataFrame(animals.X.copy(), columns=FEATURES)
        self.rows["species"] = animals.y
        self.test = pd.DataFrame(animals.X_test.copy(), columns=FEATURES)
        self.classes = pd.DataFrame(animals.vectors.copy(), columns=list("abcdefg"))
        self.classes.insert(0, "species", animals.labels)
        self.write()

    def write(self):
        self.rows.to_csv(self["train.csv"], index=False)
        self.test.to_csv(self["rows.csv"], index=False)
        self.classes.to_csv(self["animals.csv"], index=False)

    def __getitem__(self, name):
        return str(self.folder / name)

    def fit(self, *more, data="train.csv", target="species"):
        return main(
            [
                *("fit", self[data], "--target", target, "--quiet"),
                *("--attributes", self["animals.csv"], "--model", self["m.gzsl"]),
                *more,
            ]
        )

    def predict(self, *more, rows="rows.csv"):
        return main(["predict", self["m.gzsl"], self[rows], *more])


@pytest.fixture
def tables(animals, tmp_path):
    return Tables(animals, tmp_path)


def test_it_is_the_classifier_of_the_package(tables, animals, capsys):
    assert tables.fit() == 0
    said = capsys.readouterr().out.splitlines()
    clf = GZSLClassifier(random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert "9 seen and 3 unseen classes, 5 features, 90 rows" in said[0]
    assert said[1].startswith(f"H {100 * clf.held_out_score_:.1f} on held-out classes")
    assert said[1].endswith(f"seen penalty {clf.seen_penalty_:.4g}")
    assert tables.predict("--out", tables["p.csv"], "--proba") == 0
    found = pd.read_csv(tables["p.csv"])
    assert found["prediction"].tolist() == clf.predict(animals.X_test).tolist()
    assert (
        found["seen"].tolist()
        == np.isin(found["prediction"], clf.seen_classes_).tolist()
    )
    names = [f"probability of {label}" for label in clf.classes_]
    expected = clf.predict_proba(animals.X_test)
    assert_allclose(found[names], expected, atol=1e-5)
    assert_allclose(found["probability"], expected.max(axis=1), atol=1e-5)


def test_columns_are_found_by_name_and_others_left_alone(tables, capsys):
    tables.fit()
    tables.predict()
    expected = capsys.readouterr().out.splitlines()[3:]
    tables.test = tables.test[FEATURES[::-1]].assign(
        note="text", id=range(len(tables.test))
    )
    tables.write()
    tables.predict("--keep", "id")
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("id,prediction")
    assert lines == [f"{i},{line}" for i, line in enumerate(expected)]


def test_parquet_and_labels_that_are_numbers(tables, animals, capsys):
    pytest.importorskip("pyarrow")
    codes = dict(zip(animals.labels.tolist(), range(12), strict=True))
    for table in (tables.rows, tables.classes):
        table["species"] = table["species"].map(codes)
    # Pandas makes floats of whole numbers with a gap.
    tables.rows["species"] = tables.rows["species"].astype(float)
    tables.rows.loc[0, "species"] = np.nan
    tables.write()
    tables.rows.to_parquet(tables["train.parquet"])
    assert tables.fit(data="train.parquet") == 0
    assert "89 rows and 1 without labels" in capsys.readouterr().out
    tables.predict("--out", tables["p.parquet"])
    found = pd.read_parquet(tables["p.parquet"])
    assert set(found["prediction"]) <= {str(code) for code in range(12)}


def test_predictions_are_written_as_the_suffix_says(tables):
    tables.fit()
    cells = {"p.csv": ",", "p.csv.gz": ",", "p.tsv": "\t", "Q.TSV": "\t"}
    for name, sep in cells.items():
        assert tables.predict("--out", tables[name]) == 0
        found = pd.read_csv(tables[name], sep=sep)
        assert list(found)[:2] == ["prediction", "seen"], name
        assert len(found) == len(tables.test)


def test_rows_without_a_label_are_adapted_to(tables, animals, capsys):
    unlabelled = tables.test.assign(species="")
    unlabelled.loc[:3, "species"] = "  "
    tables.rows = pd.concat([tables.rows, unlabelled])
    tables.write()
    assert tables.fit("--set", "seen_penalty=0.0") == 0
    assert "90 rows and 120 without labels" in capsys.readouterr().out
    clf = GZSLClassifier(random_state=0, seen_penalty=0.0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    clf.adapt(animals.X_test)
    loaded = sklearn_gzsl.load(tables["m.gzsl"])
    assert loaded.n_unlabelled_ == 120
    assert loaded.predict(tables.test).tolist() == clf.predict(animals.X_test).tolist()


def test_any_method_gets_a_penalty(tables, capsys):
    assert tables.fit("--method", "eszsl", "--set", "alpha=2.0") == 0
    clf = sklearn_gzsl.load(tables["m.gzsl"])
    assert type(clf) is CalibratedStackingCV
    assert clf.estimator_.alpha == 2.0
    assert f"H {100 * clf.best_score_:.1f} on held" in capsys.readouterr().out
    assert tables.fit("--set", "seen_penalty=1.5", "--force") == 0
    assert "seen penalty 1.5; no classes were held out" in capsys.readouterr().out


def test_the_class_called_na_is_a_class(tables, capsys):
    for table in (tables.rows, tables.classes):
        table["species"] = table["species"].replace({"ant": "NA", "bat": "null"})
    tables.write()
    assert tables.fit() == 0
    assert "90 rows" in capsys.readouterr().out
    assert {"NA", "null"} <= set(sklearn_gzsl.load(tables["m.gzsl"]).classes_)


@pytest.mark.filterwarnings("default::sklearn_gzsl.exceptions.GZSLWarning")
def test_columns_without_a_name_are_no_features(tables, capsys):
    for table, name in ((tables.rows, "train.csv"), (tables.classes, "animals.csv")):
        table.to_csv(tables[name])  # with the numbers of rows
    assert tables.fit() == 0
    said, warned = capsys.readouterr()
    assert "5 features" in said
    for name in ("train.csv", "animals.csv"):
        assert f"{name}: the first column has no name" in warned
    assert sklearn_gzsl.load(tables["m.gzsl"]).class_attributes_.values.shape == (12, 7)
    # Where it has the classes, it stays.
    tables.classes.set_index("species").rename_axis(None).to_csv(tables["animals.csv"])
    tables.rows.to_csv(tables["train.csv"], index=False)
    assert tables.fit("--force") == 0
    assert "no name" not in capsys.readouterr().err


@pytest.mark.filterwarnings("default::sklearn_gzsl.exceptions.GZSLWarning")
def test_warnings_name_the_file(tables, capsys):
    tables.classes.loc[11, list("abcdefg")] = tables.classes.loc[10, list("abcdefg")]
    tables.write()
    assert tables.fit() == 0
    warned = capsys.readouterr().err
    assert "animals.csv: the same description is given to each of" in warned
    assert "class_attributes" not in warned


def test_parquet_with_classes_as_index(tables):
    pytest.importorskip("pyarrow")
    tables.rows["age"] = tables.rows["age"].astype("Float64")
    tables.rows.set_index("species").to_parquet(tables["train.parquet"])
    assert tables.fit(data="train.parquet") == 0
    # Also where it has no name, and beside one of numbers, which says nothing.
    classes = tables.classes.set_index("species").rename_axis(None)
    classes.to_parquet(tables["a.parquet"])
    tables.rows.sample(frac=1).to_parquet(tables["train.parquet"])
    attributes = "--attributes", tables["a.parquet"]
    assert tables.fit(*attributes, "--force", data="train.parquet") == 0


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
    semicolons: ["train.csv has one column", "commas"],
    gap_in_integers: ["Did you mean", "'1' for '1.0'"],
    column_of_predictions: ["rows.csv", "--keep seen", "another name"],
    lacks_a_column: ["rows.csv has no column ['ears']", "weight"],
    of_no_known_kind: ["p.xlsx", ".csv, .csv.gz, .tsv or .parquet"],
    no_model: ["m.gzsl"],
    lambda tables, _: tables.fit(target="kind"): ["no column ['kind']", "species"],
    lambda tables, _: tables.fit("--ignore", "species"): ["--ignore species is the t"],
    lambda tables, _: tables.fit("--ignore", "x"): ["no column ['x']", "weight"],
    lambda tables, _: tables.fit("--method", "magic"): ["magic", "choose from"],
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
    assert not model.exists() or mistake in fitted


def test_no_input_is_overwritten(tables, monkeypatch, capsys):
    assert tables.fit() == 0
    (tables.folder / "link.gzsl").symlink_to(tables["animals.csv"])
    before = {p: p.read_bytes() for p in tables.folder.iterdir()}
    monkeypatch.chdir(tables.folder)
    capsys.readouterr()
    for command, option, read, written in (
        (tables.fit, "--model", "train.csv", "train.csv"),
        (tables.fit, "--model", "animals.csv", "./animals.csv"),
        (tables.fit, "--model", "animals.csv", tables["link.gzsl"]),
        (tables.predict, "--out", "rows.csv", f"../{tables.folder.name}/rows.csv"),
        (tables.predict, "--out", "m.gzsl", "m.gzsl"),
    ):
        assert command(option, written, "--force") == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{read} is read, and " in line
        assert f"{Path(written)} would overwrite it" in line
    assert {p: p.read_bytes() for p in tables.folder.iterdir()} == before


def test_completion_knows_the_commands(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "pip install shtab" in capsys.readouterr().err
    monkeypatch.undo()
    pytest.importorskip("shtab")
    assert main(["completion", "bash"], prog="python -m sklearn_gzsl") == 0
    script = capsys.readouterr().out
    assert "-F _shtab_sklearn_gzsl sklearn-gzsl\n" in script
    assert "--attributes" in script
    assert "predict" in script
