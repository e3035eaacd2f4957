"""The figures of docs/benchmarks: JSON records, a file for each data set.

A row of a record holds what one line of a table says: figures between 0 and 1, each
with mean and standard deviation over the fits, ``[mean, sd]``; the deviation is null
where there is one fit. A row that is marked ``rounded`` was taken over from a page, so
it has the figures as they were printed, and null for a deviation that was not.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "benchmarks" / "records"

# What nothing but equal protocols makes comparable; a table has rows of one of them.
INDUCTIVE = "inductive"
KINDS = (
    "default",
    "softmax",  # default settings, and the papers' final classifier
    "set",  # some parameters put by hand, before any fit
    "tuned",
    "vote",
    "published",
    "rows and steps",
    "aside",  # told in the text; in no table
)
_SCORES = {"U", "S", "H", "AUSUC", "Z", "oracle_H"}


def load(folder=FOLDER):
    """Name of the data set -> its record, checked; the name is that of the page."""
    return {path.stem: _load(path) for path in sorted(Path(folder).glob("*.json"))}


def _load(path):
    record = json.loads(path.read_text(encoding="utf-8"))
    ids = [row["id"] for row in record["rows"]]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise ValueError(f"{path.name}: {sorted(twice)} is there more than once.")
    for row in record["rows"]:
        problem = _problem(row)
        if problem:
            raise ValueError(f"{path.name}, {row['id']}: {problem}")
    return record


def _problem(row):
    """What is wrong with a row, or None."""
    if row["kind"] not in KINDS:
        return f"kind is {row['kind']!r}, which is none of {list(KINDS)}."
    blocks = [row[key] for key in ("without_penalty", "with_penalty") if key in row]
    figures = [(name, pair) for block in blocks for name, pair in block.items()]
    if not figures:
        return "it has no figures."
    for name, (mean, sd) in figures:
        if name not in _SCORES or not 0 <= mean <= 1 or not 0 <= (sd or 0) <= 1:
            return f"{name} is {[mean, sd]}; [mean, sd] must be between 0 and 1."
    return None


def save(record, name, folder=FOLDER):
    """Write a record so that a difference of two versions shows row by row."""
    (Path(folder) / f"{name}.json").write_text(dumps(record), encoding="utf-8")


def dumps(record):
    """JSON with a line for each entry of a row; figures of one kind share a line."""
    head = [f" {_pair(key, record[key])}," for key in record if key != "rows"]
    rows = [
        "  {\n" + ",\n".join(f"   {_pair(*item)}" for item in row.items()) + "\n  }"
        for row in record["rows"]
    ]
    return "\n".join(["{", *head, ' "rows": [', ",\n".join(rows), " ]", "}", ""])


def _pair(key, value):
    return f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
