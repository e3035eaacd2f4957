"""Records of docs/benchmarks, and the pages that show them."""

from pathlib import Path

import benchmark_records
import pytest

# What makes the pages is no part of the tests' own requirements.
benchmark_tables, which = map(pytest.importorskip, ("benchmark_tables", "which"))
ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MADE = {"_build", "auto_examples", "generated"}
# The kinds of rows that a view shows in whole, one below the other.
KINDS = {
    "methods": ("default", "softmax", "set", "tuned", "vote"),
    "published": ("published",),
    "rows and steps": ("rows and steps",),
}


def make_records():
    return benchmark_records.load()


def make_pages():
    """Name of each page -> its text; those of the benchmarks by their last name."""
    paths = (path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.rst"))
    return {
        str(path).removeprefix("benchmarks/"): (
            DOCS / path.with_suffix(".rst")
        ).read_text(encoding="utf-8")
        for path in paths
        if not MADE & {*path.parts} and path != Path("index")
    }


def printed(block, name):
    """A figure of a record in points, worked out apart from the code of the tables."""
    if name not in block:
        return ""
    mean, sd = block[name]
    text = f"{100 * mean:.1f}"
    return f"{text} ± {100 * sd:.1f}" if sd and sd >= 0.0005 else text


def row_of(records, name, row_id):
    return next(row for row in records[name]["rows"] if row["id"] == row_id)


def told(page, sentence):
    return sentence in " ".join(page.split())
