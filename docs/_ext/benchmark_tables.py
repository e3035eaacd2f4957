"""Tables and single figures of docs/benchmarks, made of its records; no Sphinx here."""

from benchmark_records import INDUCTIVE

_FIGURES = (
    "U / S / H, no penalty",
    "U / S / H, chosen penalty",
    "Oracle H",
    "AUSUC",
    "Z",
)
_COMPARED = ("default", "softmax", "set", "tuned", "vote")


def table(view, records, names, protocol=INDUCTIVE):
    """Head and rows of a table of the data sets of these names, as text of cells.

    All rows are of one protocol: what is not comparable is never in one column. The
    view "of METHOD" has those of a single method.
    """
    method = view.removeprefix("of ") if view.startswith("of ") else None
    view = "of" if method else view
    if view not in VIEWS:
        raise ValueError(f"There is no table {view!r}; choose from {sorted(VIEWS)}.")
    unknown = [name for name in names if name not in records]
    if unknown or not names:
        raise ValueError(
            f"Table {view!r} of {unknown or 'nothing'}; there are records of "
            f"{sorted(records)}."
        )
    chosen = {}
    for name in names:
        rows = [
            row
            for row in records[name]["rows"]
            if row["protocol"] == protocol and method in (None, row["method"])
        ]
        chosen[name] = {**records[name], "rows": rows}
    kinds, build = VIEWS[view]
    lines = [
        (name, row)
        for name, record in chosen.items()
        for row in record["rows"]
        if row["kind"] in kinds
    ]
    if not lines:
        raise ValueError(f"Table {view!r} of {names}, {protocol}, would have no rows.")
    return build(chosen, lines)


def figure(text, records):
    """A figure for running text.

    ``"clinc150: vote: H"`` is the mean of a row, at the chosen penalty if it has one;
    ``"clinc150: gaussian default: without penalty"`` its U / S / H, with deviations;
    and ``"clinc150: held-out H of vote"`` belongs to the set as a whole.
    """
    try:
        name, what, *part = text.split(": ")
        if not part:
            return _points(records[name]["figures"][what])
        row = next(row for row in records[name]["rows"] if row["id"] == what)
        if part == ["without penalty"]:
            return _triple(row["without_penalty"])
        block = row.get("with_penalty") or row["without_penalty"]
        return _points(block[part[0]][0])
    except (KeyError, StopIteration, ValueError) as error:
        raise ValueError(f"The records have no figure {text!r}.") from error


# -- Tables: each makes the head and the rows ------------------------------------
def _methods(records, lines):
    """Settings and figures of each method, on one set."""
    # A column for costs as soon as one of them was measured.
    timed = any("cost" in row for _, row in lines)
    head = ["Method", "Settings", *_FIGURES, "Fits", "Authors' H"]
    rows = [
        [
            _method(row),
            _settings(row),
            *_figures(row),
            str(row["n_fits"]),
            _authors_h(records[name], row),
            *([_time(row)] if timed else []),
        ]
        for name, row in lines
    ]
    return head + ["CPU time"] * timed, rows


def _of(records, lines):
    """The rows of one method, set after set."""
    head = ["Data", "Settings", *_FIGURES[1:4], "Fits", "CPU time", "Authors' H"]
    return head, [
        [
            records[name]["title"],
            _settings(row),
            *_figures(row)[1:4],
            str(row["n_fits"]),
            _time(row),
            _authors_h(records[name], row),
        ]
        for name, row in lines
    ]


def _published(records, lines):
    """Published hyper-parameters, set after set."""
    head = ["Data", "Method", "Settings of", "Steps", *_FIGURES, "Authors' H"]
    rows, last = [], None
    for name, row in lines:
        title = records[name]["title"] if name != last else ""
        last = name
        own, authors = _figures(row), _authors_h(records[name], row)
        rows.append([title, _method(row), row["preset"], _steps(row), *own, authors])
    return head, rows


def _rows_and_steps(records, lines):
    """H without a penalty: a row for each method, a column for each set."""
    return _matrix(records, lines, lambda row: _cell(row["without_penalty"]["H"]))


def _defaults(records, lines):
    """H at the chosen penalty in the same manner, the best of each set in bold."""
    kinds = {row["kind"] for _, row in lines}
    best = [_best(record["rows"], kinds) for record in records.values()]

    def cell(row):
        text = _cell(row["with_penalty"]["H"])
        return f"**{text}**" if any(row is other for other in best) else text

    return _matrix(records, lines, cell)


def _matrix(records, lines, cell):
    methods = list(dict.fromkeys(row["method"] for _, row in lines))
    cells = {(name, row["method"]): cell(row) for name, row in lines}
    labels = {row["method"]: _method(row) for _, row in lines}
    rows = [
        [labels[method], *(cells.get((name, method), "") for name in records)]
        for method in methods
    ]
    return ["Method", *(record["title"] for record in records.values())], rows


def _summary(records, _):
    """The best row of each set, among the defaults and among all."""
    head = ["Data", "Best by default", "H", "CPU time", "Best of all", "H", "CPU time"]
    rows = []
    for name, record in records.items():
        cells = [f":doc:`{record['title']} <{name}>`"]
        for kinds in (("default",), _COMPARED):
            row = _best(record["rows"], kinds)
            told = row["kind"] == "vote" or kinds == ("default",)
            label = _method(row) if told else f"{_method(row)}, {_kind(row)}"
            cells += [label, _cell(row["with_penalty"]["H"]), _time(row)]
        rows.append(cells)
    return head, rows


def _best(rows, kinds):
    """The row whose H at the chosen penalty is highest, the first of equal ones."""
    rows = [row for row in rows if row["kind"] in kinds and "with_penalty" in row]
    # As printed: some records have no further digits.
    return max(
        rows, key=lambda row: round(row["with_penalty"]["H"][0], 3), default=None
    )


# Name -> the kinds of rows that it is of, and what makes it.
VIEWS = {
    "methods": (_COMPARED, _methods),
    "published": (("published",), _published),
    "rows and steps": (("rows and steps",), _rows_and_steps),
    "defaults": (("default",), _defaults),
    "softmax": (("softmax",), _defaults),
    "summary": (_COMPARED, _summary),
    "of": (_COMPARED, _of),
}


# -- Cells -----------------------------------------------------------------------
def _points(value):
    return f"{100 * value:.1f}"


def _cell(pair):
    """Mean and deviation in points; a deviation that would print as 0.0 is left out."""
    mean, sd = pair
    shown = sd is not None and _points(sd) != "0.0"
    return f"{_points(mean)} ± {_points(sd)}" if shown else _points(mean)


def _triple(block, *, bold=False):
    U, S, H = (_cell(block[name]) for name in ("U", "S", "H"))
    return f"{U} / {S} / " + (f"**{H}**" if bold else H)


def _figures(row):
    """The cells below ``_FIGURES``."""
    raw, chosen = row.get("without_penalty"), row.get("with_penalty")
    rest = chosen or raw
    return [
        _triple(raw) if raw else "",
        _triple(chosen, bold=True) if chosen else "",
        *(_cell(rest[k]) if k in rest else "" for k in ("oracle_H", "AUSUC", "Z")),
    ]


def _method(row):
    """Name of the method; what no inductive figure compares with says so itself."""
    name = row["method"] if row["kind"] == "vote" else f"`{row['method']}`"
    return name if row["protocol"] == INDUCTIVE else f"{name}, {row['protocol']}"


def _kind(row):
    by = row.get("search", {}).get("by", "calibrated-H")
    return row["kind"] if by == "calibrated-H" else f"{row['kind']} by {by}"


def _settings(row):
    """Such as "tuned: 1440 rows, 30,000 steps, shrinkage 0.3"."""
    values = dict(row.get("settings", {}))
    parts = []
    if "n_synthetic" in values:
        parts.append(f"{values.pop('n_synthetic')} rows")
    if "classifier__max_iter" in values:
        parts.append(f"{values.pop('classifier__max_iter'):,} steps")
    parts += [
        f"{name.rpartition('__')[2].replace('_', ' ')} {value}"
        for name, value in values.items()
    ]
    kind = "tuned" if row["kind"] == "vote" else _kind(row)
    if "preset" in row:
        kind = f"{kind} from those for {row['preset']}"
    text = f"{kind}: {', '.join(parts)}" if parts else kind
    return f"{text}; {row['note']}" if "note" in row else text


def _steps(row):
    done, whole = row["steps"]
    text = f"all {whole:,}" if done == whole else f"{done:,} of {whole:,}"
    return f"{text}, {row['note']}" if "note" in row else text


def _authors_h(record, row):
    """What the authors' own code reached on the same rows, where it ran."""
    value = record["authors_H"].get(row["method"], "")
    return value if isinstance(value, str) else _points(value)


def _time(row):
    """CPU time of one fit, the choice of the penalty included."""
    if "cost" not in row:
        return ""
    seconds = row["cost"]["cpu_s"][0]
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
