"""Tables of results: for a terminal, for documents and pages, and as plain numbers."""

import csv
import html
import io

import numpy as np
from tabulate import tabulate

from ._hits import hit_rows
from ._options import STYLES
from ._schema import check_results

_SCORES = ("U", "S", "H", "AUSUC", "Z")
# Names of tabulate; it draws no lists of cells, which reStructuredText breaks best, and
# no csv.
_DRAWN = {
    "text": "plain",
    "markdown": "github",
    "latex": "latex_booktabs",
    "html": "html",
}
_LEGEND = (
    "Points, mean +- standard deviation over seeds. U, S: accuracy per class on unseen "
    "and seen test rows among all classes; H: their harmonic mean; AUSUC: area under "
    "the seen-unseen curve; Z: accuracy on unseen rows among unseen classes alone; "
    "Penalty: a chosen one is on top of that of the row above; "
    "min: minutes per fit, the choice of the penalty included, and once for tuning."
)
_MET = {
    "half": "half of the test rows, the other half scored",
    "test": "the test rows that are scored",
}
_ORACLE = (
    "Oracle H, for orientation: at the penalty that is best on the test rows; not a "
    "result."
)


def summary(fits):
    """Means and standard deviations over the fits of a method."""
    parts = {
        key: {
            name: mean_sd([fit[key][name] for fit in fits if name in fit[key]])
            for name in fits[0][key]
        }
        for key in ("scores", "scores_without_penalty")
        if key in fits[0]
    }
    return {
        "n_fits": len(fits),
        **parts,
        "seen_penalty": mean_sd([fit["seen_penalty"] for fit in fits]),
        "minutes": mean_sd([cost["wall_s"] / 60 for cost in whole_costs(fits)]),
    }


def whole_costs(fits):
    """Costs of the fits that were not cut off, if there are such."""
    costs = [fit["cost"] for fit in fits]
    return [cost for cost in costs if not cost.get("resumed")] or costs


def mean_sd(values):
    """Mean and standard deviation (with n - 1), which a single value does not have."""
    # An sd of 0 would say that one fit is certain.
    values = np.asarray(values, dtype=float)
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "sd": sd}


def short(fit):
    """The figures of a fit and what it took, for a line of progress."""
    scores = fit["scores"]
    figures = ", ".join(f"{name} {100 * scores[name]:.1f}" for name in ("U", "S", "H"))
    return f"{figures} in {fit['cost']['wall_s'] / 60:.1f} min"


def format_results(results, style="text"):
    """Make a table of the results of one or several benchmarks.

    Parameters
    ----------
    results : dict, or list of dict
        What :func:`run_benchmark` returned. Results on one data set come into one
        table.

    style : {"text", "markdown", "rst", "latex", "html", "csv"}, default="text"
        For a terminal, or for documents: LaTeX needs the package booktabs. "csv" is one
        table of plain numbers, with means and standard deviations in columns of their
        own.

    Returns
    -------
    str
        A block for each data set. A row that was chosen on test rows says so.

    Raises
    ------
    ValueError
        If ``style`` is none of these, if ``results`` are none of a benchmark, or if
        there is nothing in them.

    Examples
    --------
    >>> from sklearn_gzsl.benchmark import format_results, run_benchmark
    >>> results = run_benchmark(
    ...     "two-digit-numbers",
    ...     "gaussian",
    ...     seeds=1,
    ...     params={"n_synthetic": 50},
    ...     verbose=0,
    ... )
    >>> print(format_results(results))
    two-digit-numbers: 80 seen and 20 unseen classes, 4000 training rows, ...
    Method    Settings ...
    gaussian  default; n_synthetic=50 ...
    """
    if style not in STYLES:
        raise ValueError(f"style={style!r}; choose from {list(STYLES)}.")
    results = list(results) if isinstance(results, list | tuple) else [results]
    for i, result in enumerate(results):
        check_results(result, f"results[{i}]")
    if not any(
        record["fits"] for result in results for record in result["methods"].values()
    ):
        raise ValueError("results hold no fit; there is nothing to make a table of.")
    if style == "csv":
        return _csv(results)
    blocks = {}
    for result in results:
        # The same name with another split is another set: such figures do not compare.
        # Other descriptions of its classes stand in the head of a block.
        data = result["data"]
        # What adapted to test rows never shares a column with what did not.
        met = result["options"].get("unlabelled")
        key = data["name"], data["sha256"]["split"], data.get("descriptions"), met
        blocks.setdefault(key, []).append(result)
    parts = [_block(block, style) for block in blocks.values()]
    oracle = any(_oracle(result) for result in results)
    legend = f"{_LEGEND} {_ORACLE}" if oracle else _LEGEND
    text = "\n".join([*parts, _said(_signed(legend, style), style)])
    return text.replace("±", r"$\pm$") if style == "latex" else text


def _block(results, style):
    """The table of one data set, below what there is to know of it."""
    data, n_rows = results[0]["data"], results[0]["data"]["n_rows"]
    sizes = (
        f"{data['n_seen']} seen and {data['n_unseen']} unseen classes, "
        f"{n_rows['train']} training rows, {data['n_features']} features"
    )
    if "descriptions" in data:
        sizes += f", descriptions {data['descriptions']}"
    if met := results[0]["options"].get("unlabelled"):
        sizes += f"; TRANSDUCTIVE, adapted to {_MET[met]}"
    oracle = any(_oracle(result) for result in results)
    head = ["Method", "Settings", "Penalty", *_SCORES]
    head += [*(["Oracle H"] if oracle else []), "min", "Seeds"]
    summed = _summed(results)
    rows = [_row(line, oracle) for parts in summed for line in _lines(*parts)]
    hits = [(method, both["scores"]) for method, _, both, _ in summed]
    tables = [(head, rows), hit_rows(hits, _cell)]
    made = "\n\n".join(_drawn(*table, style) for table in tables if table[1])
    name = data["name"]
    if style == "text":
        notes = "\n".join(dict.fromkeys(_note(result) for result in results))
        return f"{name}: {sizes}\n{notes}\n{made}\n"
    if style == "latex":
        return f"{_said(f'{name}: {sizes}.', style)}\n{made}\n"
    if style == "html":
        title = f"<h3>{html.escape(name)}</h3>"
    elif style == "markdown":
        title = f"### {name}\n"
    else:
        title = f"{name}\n{'=' * len(name)}\n"
    return f"{title}\n{_said(f'{sizes}.', style)}\n\n{made}\n"


def _summed(results):
    """Methods that have fits: name, record, summary, and the result they are of."""
    # Not the summaries that are there: they may be of other fits than these.
    return [
        (method, record, summary(record["fits"]), result)
        for result in results
        for method, record in result["methods"].items()
        if record["fits"]
    ]


def _drawn(head, rows, style):
    rows = [[_signed(cell, style) for cell in row] for row in rows]
    if style == "rst":
        return rst_table(head, rows)
    return tabulate(rows, head, _DRAWN[style], disable_numparse=True)


def _said(text, style):
    """Words beside a table."""
    if style == "latex":  # for its author, who writes a caption
        return f"% {text}"
    return f"<p>{html.escape(text)}</p>" if style == "html" else text


def _signed(text, style):
    # Not in a terminal, which may have a few letters only.
    return text if style == "text" else text.replace("+-", "±")


def _csv(results):
    """One table of all results, with a column for each number."""
    rows = []
    for method, record, both, result in _summed(results):
        data = {
            "Data": result["data"]["name"],
            "Descriptions": result["data"].get("descriptions", ""),
            "Protocol": result["protocol_note"],
        }
        for line in _lines(method, record, both, result):
            figures = line.pop("scores")
            numbers = {}
            for name, figure in figures.items():
                numbers[name] = round(100 * figure["mean"], 4)
                if figure["sd"] is not None:
                    numbers[f"{name} sd"] = round(100 * figure["sd"], 4)
            rows.append(data | line | numbers)
    columns = dict.fromkeys(name for row in rows for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


def _note(result):
    return f"protocol {result['protocol_note']}"


def _oracle(result):
    return bool(result["options"]["oracle"])


def _lines(method, record, both, result):
    """What a method's rows say, as a dict: with calibration two, one without it."""
    params = record["fits"][0]["params"]
    # Fixed by the user, or chosen by the search, for all fits alike.
    own = params.get("seen_penalty", 0)
    own = f"{own:g}" if own and own != "auto" else "none"
    lines = [(own, both["scores"])]
    if "scores_without_penalty" in both:
        lines = [
            (own, both["scores_without_penalty"]),
            (f"chosen, {both['seen_penalty']['mean']:.2f}", both["scores"]),
        ]
    minutes = f"{both['minutes']['mean']:.1f}"
    if "cost" in (record["search"] or {}):
        # Tuning is paid once, whatever the number of seeds.
        minutes += f" + {record['search']['cost']['wall_s'] / 60:.1f}"
    for penalty, scores in lines:
        yield {
            "Method": method,
            "Settings": _settings(result, params),
            "Penalty": penalty,
            "min": minutes,
            "Seeds": str(both["n_fits"]),
            "scores": scores,
        }


def _row(line, oracle):
    scores = line["scores"]
    names = [*_SCORES, *(["oracle_H"] if oracle else [])]
    cells = [_cell(scores[name]) if name in scores else "" for name in names]
    before, after = ("Method", "Settings", "Penalty"), ("min", "Seeds")
    return [*(line[n] for n in before), *cells, *(line[n] for n in after)]


def _settings(result, params):
    options = result["options"]
    name = "default" if options["preset"] is None else f"paper ({options['preset']})"
    if options["tune"]:
        name = f"tuned by {options['tune']['by']}"
    if params.get("classifier") == "SoftmaxClassifier" and not options["preset"]:
        name += "; softmax"
    if options["params"]:
        fixed = sorted(options["params"].items())
        name += "; " + ", ".join(f"{key}={value}" for key, value in fixed)
    if met := result["options"].get("unlabelled"):
        name += f"; transductive, {met}"
    if result["protocol"] == "published":
        # In capitals: it must survive being copied into a paper.
        name += "; BEST OF 25 LOOKS AT TEST ROWS"
    return name


def _cell(figure):
    mean = f"{100 * figure['mean']:.1f}"
    return mean if figure["sd"] is None else f"{mean} +- {100 * figure['sd']:.1f}"


def rst_table(head, rows):
    """Make a reStructuredText table of cells of text."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [
            f"   {'* -' if i == 0 else '  -'} {cell}".rstrip()
            for i, cell in enumerate(row)
        ]
    return "\n".join(lines)
