"""Which estimator to take: a table and a picture, made of the benchmarks' records.

    python docs/_ext/which.py

writes the table into README.md; the pages have theirs from Sphinx.
"""

import re
from pathlib import Path

import benchmark_records
from diagram import halves, text

README = Path(__file__).parents[2] / "README.md"
_TABLE = re.compile(r"(?<=<!-- which -->\n\n)(?:\|.*\n)*")

# Records -> what a narrow column calls them.
SETS = {
    "clinc150": "intents (CLINC150)",
    "flowers": "flowers (FLO)",
    "animals": "animals (AWA1)",
    "birds_attributes": "birds (CUB), attributes",
    "birds_sentences": "birds (CUB), sentences",
}
_DEFAULT = "GZSLClassifier()"
_PROTOTYPES = "CalibratedStackingCV(PrototypeClassifier())"
# What one types -> the rows of the records that say what it reaches.
ESTIMATORS = {
    _DEFAULT: "gaussian default",
    _PROTOTYPES: "prototypes default",
    "GZSLClassifier(CVAE())": "cvae default",
    "GZSLClassifier(VAECFlow())": "vae-cflow default",
    "CalibratedStackingCV(ESZSL())": "eszsl default",
}
# Question, what to type, and the rows of the records beside it.
BRANCHES = (
    ("Start here", "clf = GZSLClassifier()", "gaussian default"),
    ("There are rows that nobody has labelled", "clf.adapt(X)", "gaussian adapted"),
    (
        "Nothing is to be generated: scores by prototypes",
        _PROTOTYPES,
        "prototypes default",
    ),
    (
        "A class is no Gaussian cloud, and there is time",
        "GZSLClassifier(VAECFlow())",
        "vae-cflow default",
    ),
    (
        "Several kinds of descriptions, or some are missing",
        "GZSLClassifier(CADAVAE())",
        "cada-vae default",
    ),
    (
        "Speed counts most, or the model must be linear",
        "CalibratedStackingCV(ESZSL())",
        "eszsl default",
    ),
)


def _row(records, name, row_id):
    return next((r for r in records[name]["rows"] if r["id"] == row_id), None)


def _score(row):
    return f"{100 * row['with_penalty']['H'][0]:.1f}"


def _seconds(row):
    return row["cost"]["cpu_s"][0] if "cost" in row else None


def table(records):
    """Head and rows, as text of cells: H and the seconds of a fit."""

    def cell(row):
        return f"{_score(row)} ({_seconds(row):.0f} s)" if row else ""

    rows = [
        [f"`{typed}`", *(cell(_row(records, name, row_id)) for name in SETS)]
        for typed, row_id in ESTIMATORS.items()
    ]
    return ["", *SETS.values()], rows


def markdown(records):
    """The table for README."""
    head, rows = table(records)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def in_readme(readme, records):
    """The text of README with its table made anew."""
    return _TABLE.sub(lambda _: markdown(records), readme)


def told(records, row_id):
    """What the records say of a leaf: H of each set, and seconds from least to most."""
    short = {name: title.split(" (")[0] for name, title in SETS.items()}
    short["birds_sentences"] = "by sentences"
    found = {name: _row(records, name, row_id) for name in SETS}
    found = {name: row for name, row in found.items() if row}
    scores = ", ".join(f"{short[name]} {_score(row)}" for name, row in found.items())
    times = sorted(s for row in found.values() if (s := _seconds(row)))
    if len(times) < len(found):  # measured on some of the sets, or on none
        return scores, ""
    return scores, f"{times[0]:.0f} to {times[-1]:.0f} s"


def picture(records):
    """The branches as SVG, in the colours of the page that it stands in."""
    height = 86
    told_of = 'role="img" aria-label="Which estimator: cases, what to type, figures"'
    parts = [f'<svg viewBox="0 0 780 {height * len(BRANCHES)}" {told_of}>']
    for i, (question, typed, row_id) in enumerate(BRANCHES):
        top = i * height + 8
        scores, times = told(records, row_id)
        if row_id == "gaussian adapted":
            times = "seconds more; scored on rows not adapted to"
        accent = " start" if not i else ""
        parts += [
            _box(f"which-case{accent}", 4, top, 232),
            *_centred(halves(question, 26), 120, top + 36),
            f'<path class="which-line" d="M236 {top + 31}h52m-8 -5l8 5l-8 5"/>',
            _box(f"which-leaf{accent}", 290, top, 486),
            text(306, top + 19, typed, kind="which-typed"),
            text(306, top + 37, f"H: {scores}"),
            text(306, top + 53, times or "the time was not measured on these"),
        ]
        if i + 1 < len(BRANCHES):
            y = top + 62
            parts.append(f'<path class="which-line" d="M120 {y}v22m-5 -8l5 8l5 -8"/>')
    return "\n".join([*parts, "</svg>"])


def _box(kind, x, y, width):
    radius = 31 if "case" in kind else 6
    size = f'width="{width}" height="62" rx="{radius}"'
    return f'<rect class="{kind}" x="{x}" y="{y}" {size}/>'


def _centred(lines, x, y):
    first = y - 8 * (len(lines) - 1)
    return [text(x, first + 17 * i, line, 1) for i, line in enumerate(lines)]


if __name__ == "__main__":
    made = in_readme(README.read_text(encoding="utf-8"), benchmark_records.load())
    README.write_text(made, encoding="utf-8")
