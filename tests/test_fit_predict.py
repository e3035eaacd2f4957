"""``fit`` and ``predict`` of the command line, on tables in files."""

import sys
from pathlib import Path

import numpy as np
import pytest
from animal_tables import FEATURES, make_tables, pd
from numpy.testing import assert_allclose

import sklearn_gzsl
from sklearn_gzsl import CalibratedStackingCV, GZSLClassifier
from sklearn_gzsl.benchmark._cli import main
from sklearn_gzsl.metrics import gzsl_scores

tables = pytest.fixture(make_tables)


def test_it_is_the_classifier_of_the_package(tables, animals, capsys):
    assert tables.fit() == 0
    said = capsys.readouterr().out.splitlines()
    clf = GZSLClassifier(random_state=0)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert "9 seen and 3 unseen classes, 5 features, 90 rows" in said[0]
    low, high = 100 * clf.fold_scores_.min(), 100 * clf.fold_scores_.max()
    assert said[1] == (
        f"H {100 * clf.held_out_score_:.1f} on held-out classes ({low:.1f} to "
        f"{high:.1f} in 4 folds of 2 or 3 classes), which is about what to expect; "
        f"seen penalty {clf.seen_penalty_:.4g}"
    )
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
    # The name of the class, which the documentation has, is a name, too.
    assert tables.fit("--method", "ESZSL", "--set", "alpha=2.0", "--force") == 0
    assert f"H {100 * clf.best_score_:.1f} on held" in capsys.readouterr().out
    assert tables.fit("--set", "seen_penalty=1.5", "--force") == 0
    assert "seen penalty 1.5; no classes were held out" in capsys.readouterr().out


def of_seen_classes_alone(tables):
    tables.classes = tables.classes[:9]


def of_two_seen_classes(tables):
    tables.rows = tables.rows[tables.rows["species"].isin(["ant", "bat"])]


def of_other_classes(tables):
    """More animals, which are described each as the next one."""
    rng, names = np.random.default_rng(2), [f"animal {i:02}" for i in range(16)]
    vectors, codes = rng.normal(size=(16, 7)), np.repeat(range(12), 10)
    means = 3 * vectors @ rng.normal(size=(7, 5))
    rows = means[codes] + rng.normal(size=(120, 5))
    tables.rows = pd.DataFrame(rows, columns=FEATURES)
    tables.rows["species"] = np.array(names)[codes]
    tables.classes = pd.DataFrame(np.roll(vectors, 1, axis=0), columns=list("abcdefg"))
    tables.classes.insert(0, "species", names)


NOTHING_TO_EXPECT = {
    of_seen_classes_alone: (
        "no class is unseen, so that there is no H to expect",
        "animals.csv describes the classes of ",
        "add a row there for each class that has none here",
    ),
    of_two_seen_classes: ("of 1 class), which are too few to rely on",),
    of_other_classes: (
        "hardly better than guesses; ",
        "On held-out classes H is hardly better than by guesses among these",
        "what sklearn_gzsl.inspection.check_descriptions says",
    ),
}


@pytest.mark.filterwarnings("default::sklearn_gzsl.exceptions.GZSLWarning")
@pytest.mark.parametrize("change", NOTHING_TO_EXPECT, ids=lambda c: c.__name__)
def test_nothing_is_promised_that_folds_do_not_say(tables, change, capsys):
    change(tables)
    tables.write()
    assert tables.fit() == 0
    said, warned = capsys.readouterr()
    assert "what to expect" not in said
    outcome, *words = NOTHING_TO_EXPECT[change]
    assert outcome in said
    for word in words:
        assert word in warned


def test_one_fold_is_said_to_be_one(tables, tiny_flow, capsys):
    options = [f"--set=generator__{name}={tiny_flow[name]}" for name in tiny_flow]
    tables.fit("--method", "vae-cflow", *options)
    assert (
        "on held-out classes (one fold of 2 or 3 classes), " in capsys.readouterr().out
    )


@pytest.mark.filterwarnings("default::sklearn_gzsl.exceptions.GZSLWarning")
def test_columns_that_number_the_rows_are_warned_of(tables, capsys):
    tables.rows.insert(0, "row no", np.random.default_rng(0).permutation(90) + 1.0)
    tables.rows["legs"] = np.arange(90) // 2
    tables.write()
    assert tables.fit() == 0
    warned = capsys.readouterr().err
    assert "train.csv: the columns ['row no'] hold another whole number" in warned
    assert "--ignore 'row no'" in warned
    assert tables.fit("--ignore", "row no", "--force") == 0
    assert not capsys.readouterr().err
    # Without other columns it is all there is.
    tables.rows = tables.rows[["row no", "species"]]
    tables.write()
    tables.fit("--force")
    assert "whole number" not in capsys.readouterr().err


def test_predictions_are_scored_where_labels_are_known(tables, animals, capsys):
    tables.fit()
    tables.predict()
    expected = capsys.readouterr().out.splitlines()[2:]
    tables.test.insert(2, "species", animals.y_test)
    tables.write()
    # Beside predictions on stdout, figures would be no row of them.
    assert tables.predict("--target", "species") == 0
    predictions, said = capsys.readouterr()
    assert predictions.splitlines() == expected
    predicted = [line.split(",")[0] for line in expected[1:]]
    scores = gzsl_scores(animals.y_test, predicted, seen_classes=animals.seen)
    assert said == (
        ", ".join(f"{name} {100 * scores[name]:.1f}" for name in ("U", "S", "H"))
        + " on 120 rows of 3 unseen and 9 seen classes\n"
    )
    assert tables.predict("--target", "species", "--out", tables["p.csv"]) == 0
    assert capsys.readouterr().out == said
    # Of one side, and with rows whose label is not known.
    is_seen = tables.test["species"].isin(animals.seen)
    for rows, figure, others in ((is_seen, "S", "unseen"), (~is_seen, "U", "seen")):
        tables.test.assign(species=tables.test["species"].where(rows, "")).to_csv(
            tables["some.csv"], index=False
        )
        out = "--out", tables["p.csv"], "--force"
        assert tables.predict("--target", "species", *out, rows="some.csv") == 0
        said = capsys.readouterr().out
        assert said.startswith(f"{figure} {100 * scores[figure]:.1f} on {rows.sum()} r")
        assert f"{(~rows).sum()} without a label" in said
        assert f"none is of {others} classes, so that there is no H" in said


def test_the_target_is_no_feature_of_a_model_without_names(tables, animals, capsys):
    codes = {label: code for code, label in enumerate(animals.labels)}
    y = np.array([codes[label] for label in animals.y])
    clf = GZSLClassifier(random_state=0, seen_penalty=0.0)
    clf.fit(animals.X, y, class_attributes=animals.vectors)
    clf.save(tables["m.gzsl"])
    tables.test["species"] = [codes[label] for label in animals.y_test]
    tables.write()
    assert tables.predict() == 2
    assert "has 6 columns, but the model was fitted to 5" in capsys.readouterr().err
    assert tables.predict("--target", "species") == 0
    assert "3 unseen and 9 seen classes" in capsys.readouterr().err


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
