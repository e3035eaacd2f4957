"""docs/benchmarks/add_record.py: what the benchmark command wrote becomes a record."""

import json

import add_record
import benchmark_records
import benchmark_tables
import pytest

from sklearn_gzsl.benchmark import run_benchmark


@pytest.fixture(scope="module")
def written(small_numbers, tmp_path_factory):
    """A results file, and a folder for records."""
    folder = tmp_path_factory.mktemp("results")
    run_benchmark(
        small_numbers,
        "gaussian",
        seeds=2,
        calibrate=True,
        folds=1,
        head="softmax",
        params={"n_synthetic": 5, "classifier__max_iter": 50},
        out=folder / "results.json",
        verbose=0,
    )
    return folder / "results.json"


@pytest.fixture
def add(written, tmp_path):
    """Run the command on an empty folder of records, with the file changed."""

    def add(*options, change=lambda _: None):
        results = json.loads(written.read_text())
        change(results)
        changed = tmp_path / "results.json"
        changed.write_text(json.dumps(results))
        (tmp_path / "records").mkdir(exist_ok=True)
        command = [str(changed), "--records", str(tmp_path / "records"), *options]
        status = add_record.main(command)
        return status, benchmark_records.load(tmp_path / "records")

    return add


NEW = ("--new", "numbers", "--title", "Numbers")


def test_what_the_command_wrote_becomes_a_row_in_full_precision(add, written):
    status, records = add(*NEW)
    assert status == 0
    results = json.loads(written.read_text())
    assert records["numbers"]["data"] == results["data"]
    (row,) = records["numbers"]["rows"]
    summary = results["methods"]["gaussian"]["summary"]
    for block, key in (
        ("with_penalty", "scores"),
        ("without_penalty", "scores_without_penalty"),
    ):
        assert row[block] == {
            name: [pair["mean"], pair["sd"]] for name, pair in summary[key].items()
        }
    assert (row["id"], row["kind"], row["folds"]) == ("gaussian set", "set", 1)
    assert row["seeds"] == [0, 1]
    assert row["cost"]["cpu_s"][0] > 0
    _, (cells,) = benchmark_tables.table("methods", records, ["numbers"])
    assert cells[1] == "set: 5 rows, 50 steps"
    mean, sd = row["with_penalty"]["Z"]
    assert cells[6] == f"{100 * mean:.1f} ± {100 * sd:.1f}"
    assert cells[-1].endswith(" s")


def test_a_row_is_replaced_or_renamed_on_demand_only(add, capsys):
    add(*NEW)
    status, records = add()
    assert status == 2
    assert "has a row 'gaussian set'; --replace" in capsys.readouterr().err
    assert len(records["numbers"]["rows"]) == 1
    status, records = add("--replace", "--note", "again")
    assert status == 0
    assert [row["note"] for row in records["numbers"]["rows"]] == ["again"]
    _, records = add("--id", "gaussian, other", "--kind", "aside")
    ids = [row["id"] for row in records["numbers"]["rows"]]
    assert ids == ["gaussian set", "gaussian, other"]


def test_other_data_are_refused(add, capsys):
    add(*NEW)

    def other(results):
        results["data"]["sha256"]["features"] = "0"

    assert add(change=other)[0] == 2
    assert "No record has the checksums of" in capsys.readouterr().err
    assert add(*NEW, change=other)[0] == 2
    assert "there is a record, of other data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "row_id", "protocol"),
    [
        ({"params": {}}, "gaussian softmax", "inductive"),
        ({"unlabelled": "half"}, "gaussian set, transductive, half", None),
    ],
)
def test_the_row_says_what_it_is_of(add, options, row_id, protocol):
    _, records = add(*NEW, change=lambda results: results["options"].update(options))
    (row,) = records["numbers"]["rows"]
    assert row["id"] == row_id
    assert row["protocol"] == (protocol or "transductive, half")


def test_looks_at_test_rows_are_a_protocol_of_their_own(add):
    _, records = add(*NEW, change=lambda r: r.update(protocol="published"))
    (row,) = records["numbers"]["rows"]
    assert row["protocol"] == "best of looks at the test rows"
    with pytest.raises(ValueError, match="inductive, would have no rows"):
        benchmark_tables.table("methods", records, ["numbers"])


def test_a_tuned_row_has_what_was_found(add):
    def tuned(results):
        results["options"] |= {"tune": {"by": "H", "n_iter": None}, "params": {}}
        results["methods"]["gaussian"]["search"] = {
            "best_params": {"generator__shrinkage": 0.1, "n_synthetic": 12},
            "cost": {"wall_s": 3.0},
        }

    _, records = add(*NEW, change=tuned)
    assert records["numbers"]["rows"][0]["id"] == "gaussian tuned by H"
    _, (cells,) = benchmark_tables.table("methods", records, ["numbers"])
    assert cells[1] == "tuned by H: 12 rows, shrinkage 0.1"


def test_a_training_that_was_cut_short_says_of_how_many_steps(add, capsys):
    def preset(results):
        results["options"]["preset"] = "CUB"
        results["options"]["params"] = {"generator__max_iter": 600}
        results["methods"]["gaussian"]["fits"][0]["fitted"]["generator_steps"] = 600

    assert add(*NEW, change=preset)[0] == 2
    assert "--whole-steps" in capsys.readouterr().err
    _, records = add(*NEW, "--whole-steps", "16200", change=preset)
    _, (cells,) = benchmark_tables.table("published", records, ["numbers"])
    assert cells[:4] == ["Numbers", "`gaussian`", "CUB", "600 of 16,200"]
