"""The pages of docs/benchmarks and their records agree, and no figure is kept twice."""

import copy
import re

import benchmark_records
import pytest
from benchmark_pages import (
    KINDS,
    ROOT,
    benchmark_tables,
    make_pages,
    make_records,
    printed,
    row_of,
    which,
)

records = pytest.fixture(make_records)
pages = pytest.fixture(make_pages)
DIRECTIVE = re.compile(r"^\.\. benchmark-table:: (.*)\n((?:   :.*\n?)*)", re.MULTILINE)
ROLE = re.compile(r":figure:`([^`]*)`")
TYPED = re.compile(r"(?<![\w.])\d+\.\d+(?!\w|\.\w)")


def tables_of(pages, records):
    """View, data sets, protocol and rows of every table that a page asks for."""
    for page, text in pages.items():
        if page == "records":  # shows how a table is asked for
            continue
        for view, lines in DIRECTIVE.findall(text):
            options = dict(re.findall(r":(\w+): (.*)", lines))
            names = options["data"].split(", ")
            protocol = options.get("protocol", "inductive")
            head, rows = benchmark_tables.table(view, records, names, protocol)
            assert {len(row) for row in rows} == {len(head)}
            yield view, names, protocol, rows


def expected_cells(row):
    """What a table must say of a row, beside its name and settings."""
    raw, chosen = row.get("without_penalty", {}), row.get("with_penalty", {})
    if row["kind"] == "rows and steps":
        return [printed(raw, "H")]
    of_raw = " / ".join(printed(raw, name) for name in "USH") if raw else ""
    U, S, H = (printed(chosen, name) for name in "USH")
    of_chosen = f"{U} / {S} / **{H}**" if chosen else ""
    rest = [printed(chosen or raw, name) for name in ("oracle_H", "AUSUC", "Z")]
    return [of_raw, of_chosen, *rest]


def says(cells, row):
    """Whether a line of a table is about the row, and has its figures side by side."""
    label, expected = row["method"], expected_cells(row)
    label = label if label == "vote" else f"`{label}`"
    if row["protocol"] != "inductive":
        label += f", {row['protocol']}"
    n = len(expected)
    return label in cells and any(
        cells[i : i + n] == expected for i in range(len(cells) - n + 1)
    )


def problems(pages, records):
    """Whatever of the pages and of the records has no counterpart in the other."""
    found, shown = [], set()
    for view, names, protocol, table in tables_of(pages, records):
        rows = [
            (name, row)
            for name in names
            for row in records[name]["rows"]
            if row["kind"] in KINDS.get(view, ()) and row["protocol"] == protocol
        ]
        shown |= {(name, row["id"]) for name, row in rows}
        lines = table if view in KINDS else []
        if view == "rows and steps":  # a column for each set, a line for each method
            lines = [
                [line[0], line[1 + names.index(name)]]
                for name, row in rows
                for line in table
                if line[0] == f"`{row['method']}`"
            ]
        found += [
            f"{name}: {row['id']}: its table says {line}"
            for (name, row), line in zip(rows, lines, strict=True)
            if not says(line, row)
        ]
    asked = {text for page in pages.values() for text in ROLE.findall(page)}
    for text in asked:
        benchmark_tables.figure(text, records)
        shown.add(tuple(text.split(": ")[:2]))
    return found + [
        f"{name}: {key}: shown nowhere"
        for name, record in records.items()
        for key in [row["id"] for row in record["rows"]] + list(record["figures"])
        if (name, key) not in shown
    ]


def typed_figures(pages):
    """Decimal numbers that somebody wrote into a page that has figures."""
    found = []
    for page, text in pages.items():
        shows = re.search(r"^\.\. (benchmark|which)-", text, re.MULTILINE)
        # Pages of methods have numbers of their equations and settings besides.
        if shows and page != "records" and not page.startswith("methods/"):
            prose = re.sub(r"`[^`]*`", "", text)
            found += [f"{page}: {number}" for number in TYPED.findall(prose)]
    return found


def test_every_record_is_shown_as_it_is(pages, records):
    assert problems(pages, records) == []


def test_no_figure_is_typed_into_a_page(pages):
    assert typed_figures(pages) == []


def test_a_typed_figure_is_found(pages):
    pages["clinc150"] += "\nThe vote has an H of 85.3.\n"
    assert typed_figures(pages) == ["clinc150: 85.3"]


def test_a_record_that_is_shown_nowhere_is_found(pages, records):
    pages["flowers"] = DIRECTIVE.sub("", pages["flowers"])
    records["clinc150"]["figures"]["idle"] = 0.5
    row = copy.deepcopy(records["animals"]["rows"][0])
    records["animals"]["rows"].append(row | {"id": "told", "kind": "aside"})
    found = problems(pages, records)
    assert {"clinc150: idle: shown nowhere", "animals: told: shown nowhere"} < {*found}
    assert "flowers: mlis tuned: shown nowhere" in found
    assert not any("flowers: mlis rows and steps" in text for text in found)


@pytest.mark.parametrize("code", ["_points", "_triple", "_figures"])
def test_a_table_that_does_not_say_what_its_record_does_is_found(
    pages, records, monkeypatch, code
):
    original = getattr(benchmark_tables, code)

    def wrong(value, **options):
        if code == "_points":
            return original(value + 0.001)
        made = original(value, **options)
        return made[::-1] if code == "_figures" else made.replace("/", "|")

    monkeypatch.setattr(benchmark_tables, code, wrong)
    assert any("vote: its table says" in text for text in problems(pages, records))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((":data: clinc150", ":data: clink150"), "clink150.*there are records of"),
        (("table:: methods", "table:: method"), "no table 'method'"),
        (("vote`", "votes`"), "no figure 'clinc150: held-out H of votes'"),
        (("150\n\nThe", "150\n   :protocol: other\n\nThe"), "other, would have no row"),
    ],
)
def test_what_a_page_asks_for_in_vain_is_named(pages, records, change, message):
    assert change[0] in pages["clinc150"]
    pages["clinc150"] = pages["clinc150"].replace(*change)
    with pytest.raises(ValueError, match=message):
        problems(pages, records)


def test_the_table_of_a_method_has_its_rows_and_no_others(records):
    _, rows = benchmark_tables.table("of cada-vae", records, ["clinc150", "flowers"])
    expected = [
        row
        for name in ("clinc150", "flowers")
        for row in records[name]["rows"]
        if row["method"] == "cada-vae" and row["kind"] in KINDS["methods"]
    ]
    assert len(expected) > 2
    for cells, row in zip(rows, expected, strict=True):
        # Columns are fewer than in the table of a set: Z and the method are left out.
        assert cells[2:5] == expected_cells(row)[1:4]
    with pytest.raises(ValueError, match="no rows"):
        benchmark_tables.table("of nobody", records, ["clinc150"])


def test_a_table_of_the_readme_that_is_not_measured_is_found(records):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    row_of(records, "flowers", "gaussian default")["with_penalty"]["H"][0] += 0.01
    assert which.in_readme(readme, records) != readme


def test_protocols_never_share_a_table(pages, records):
    adapted = copy.deepcopy(records["flowers"]["rows"][0])
    adapted |= {"id": "adapted", "protocol": "transductive, half"}
    records["flowers"]["rows"].insert(1, adapted)
    assert problems(pages, records) == ["flowers: adapted: shown nowhere"]
    pages["flowers"] += "\n.. benchmark-table:: methods\n   :data: flowers\n"
    pages["flowers"] += "   :protocol: transductive, half\n"
    assert problems(pages, records) == []
    labels = [line[0] for *_, lines in tables_of(pages, records) for line in lines]
    assert labels.count("`prototypes`, transductive, half") == 1


def test_records_are_in_the_form_that_the_command_writes(records):
    for name, record in records.items():
        path = benchmark_records.FOLDER / f"{name}.json"
        assert path.read_text(encoding="utf-8") == benchmark_records.dumps(record)
        assert set(record["data"]["sha256"]) >= {"features", "split"}


def inconsistent(records):
    """Rows with a figure that the others rule out: somebody's hand slipped."""
    for name, record in records.items():
        for row in record["rows"]:
            for block in (row.get("without_penalty", {}), row.get("with_penalty", {})):
                means = {score: mean for score, (mean, _) in block.items()}
                if "U" not in means:
                    continue
                U, S, H = (means[score] for score in ("U", "S", "H"))
                harmonic = 2 * U * S / (U + S) if U + S else 0.0
                # Figures may be rounded, and means over fits are not of one fit.
                tolerance = 0.001 if row["n_fits"] == 1 else 0.003
                if abs(H - harmonic) > tolerance or H > means.get("oracle_H", 1) + 1e-9:
                    yield f"{name}: {row['id']}"


def test_the_figures_of_a_row_fit_together(records):
    assert list(inconsistent(records)) == []


def test_a_slip_in_a_record_is_found(records):
    row_of(records, "animals", "gaussian default")["with_penalty"]["H"][0] += 0.01
    assert list(inconsistent(records)) == ["animals: gaussian default"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "vote"}, r"clinc150\.json: \['vote'\] is there more than once"),
        ({"kind": "best"}, "kind is 'best'"),
        ({"with_penalty": {"H": [85.3, None]}}, "between 0 and 1"),
        ({"with_penalty": {}, "without_penalty": {}}, "has no figures"),
    ],
)
def test_records_that_cannot_be_right(records, tmp_path, change, message):
    records["clinc150"]["rows"][0] |= change
    benchmark_records.save(records["clinc150"], "clinc150", tmp_path)
    with pytest.raises(ValueError, match=message):
        benchmark_records.load(tmp_path)
