"""Add what ``sklearn_gzsl benchmark --out`` wrote to the records of these pages.

    python docs/benchmarks/add_record.py RESULTS.json [RESULTS.json ...] [--replace]

The data set is told by its checksums. Figures keep their full precision. A method whose
row is there already is refused, unless it is to take its place (``--replace``), or gets
an id of its own (``--id``). Then look at the difference, and run ``make docs``.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "_ext"))

import benchmark_records

from sklearn_gzsl.benchmark._record import load_results
from sklearn_gzsl.benchmark._table import mean_sd, whole_costs

# Of what a results file says of versions and machine, that which figures and times hang
# on; names of machines are nobody's business.
_VERSIONS = ("python", "torch", "sklearn", "numpy")
_MACHINE = ("cpu_count", "torch_threads", "gpu")


def main(argv=None):
    """Add the rows, all or none; returns the exit status."""
    args = _parser().parse_args(argv)
    try:
        records = benchmark_records.load(args.records)
        changed = set()
        for path in args.results:
            changed.add(add(records, load_results(path), args))
        for name in changed:
            benchmark_records.save(records[name], name, args.records)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_option = parser.add_argument
    add_option("results", nargs="+", metavar="RESULTS.json")
    add_option("--replace", action="store_true", help="in place of rows of the same id")
    add_option("--id", help="of the row, where the file has one method")
    add_option("--note", help="put behind the settings in the table")
    add_option("--kind", choices=benchmark_records.KINDS, help="(default: by options)")
    add_option(
        "--whole-steps",
        type=int,
        metavar="N",
        help="steps of a published training that generator__max_iter cut short",
    )
    add_option("--new", metavar="NAME", help="of a page and record for new data")
    add_option("--title", help="of the new data in tables")
    add_option(
        "--records",
        type=Path,
        default=benchmark_records.FOLDER,
        metavar="FOLDER",
        help="(docs/benchmarks/records)",
    )
    return parser


def add(records, results, args):
    """Put the rows of a results file into the record of its data set; its name."""
    name = _data_set(records, results["data"], args)
    rows = records[name]["rows"]
    fitted = {m: part for m, part in results["methods"].items() if part["fits"]}
    if args.id and len(fitted) != 1:
        raise ValueError(f"--id is for a file of one method; this has {list(fitted)}.")
    for method, part in fitted.items():
        row = make_row(method, part, results, args)
        ids = [other["id"] for other in rows]
        if row["id"] not in ids:
            # Behind the last row of the method, so that tables keep it together.
            of_method = [i for i, old in enumerate(rows) if old["method"] == method]
            rows.insert(of_method[-1] + 1 if of_method else len(rows), row)
        elif args.replace:
            rows[ids.index(row["id"])] = row
        else:
            raise ValueError(
                f"{name} has a row {row['id']!r}; --replace puts the new one in its "
                "place, --id gives it another name."
            )
    return name


def _data_set(records, data, args):
    for name, record in records.items():
        if record["data"].get("sha256") == data["sha256"]:
            return name
    if not (args.new and args.title):
        raise ValueError(
            f"No record has the checksums of {data['name']!r}; if the data are new, "
            "start a record with --new NAME --title TITLE."
        )
    if args.new in records:
        raise ValueError(f"--new {args.new}: there is a record, of other data.")
    records[args.new] = {
        "title": args.title,
        "data": data,
        "authors_H": {},
        "figures": {},
        "rows": [],
    }
    return args.new


def make_row(method, part, results, args):
    """What the tables say of a method, and how it can be had again."""
    options, summary, fit = results["options"], part["summary"], part["fits"][0]
    protocol, params = _protocol(results), dict(options["params"])
    if part["search"] is not None:
        kind, found = "tuned", part["search"]
        search = {**options["tune"], "folds": options["folds"] or 3}
        search["wall_s"] = found["cost"]["wall_s"]
        params |= found["best_params"]
    elif options["preset"] is not None:
        kind, search = "published", None
    else:
        plain = "softmax" if _softmax(fit) else "default"
        kind, search = ("set" if params else plain), None
    row = {"id": "", "method": method, "kind": args.kind or kind, "protocol": protocol}
    if search is not None:
        row["search"] = search
    if options["preset"] is not None:
        row["preset"] = options["preset"]
    if kind == "published":
        row["steps"] = _steps(fit, params.pop("generator__max_iter", None), args)
    if params:
        row["settings"] = params
    if args.note:
        row["note"] = args.note
    row["id"] = args.id or _default_id(row)
    if options["calibrate"]:
        row["folds"] = options["folds"]
    environment = results["environments"][fit["environment"]]
    row |= {
        "n_fits": summary["n_fits"],
        "seeds": [fit["seed"] for fit in part["fits"]],
        "version": environment["sklearn_gzsl"],
        "versions": {name: environment[name] for name in _VERSIONS},
    }
    if options["calibrate"]:
        row["without_penalty"] = _pairs(summary["scores_without_penalty"])
        row["with_penalty"] = _pairs(summary["scores"])
        row["seen_penalty"] = _pair(summary["seen_penalty"])
    else:
        row["without_penalty"] = _pairs(summary["scores"])
    row["cost"] = {
        name: _pair(mean_sd([cost[name] for cost in whole_costs(part["fits"])]))
        for name in ("cpu_s", "wall_s")
    } | {name: environment[name] for name in _MACHINE}
    return row


def _softmax(fit):
    return fit["params"].get("classifier") == "SoftmaxClassifier"


def _protocol(results):
    if results["protocol"] == "published":
        return "best of looks at the test rows"
    unlabelled = results["options"].get("unlabelled")
    return f"transductive, {unlabelled}" if unlabelled else benchmark_records.INDUCTIVE


def _default_id(row):
    """Method, kind and whatever else sets the row apart from the method's others."""
    by = row.get("search", {}).get("by", "calibrated-H")
    parts = [row["method"], row["kind"]] + ([] if by == "calibrated-H" else ["by", by])
    own = [row["protocol"]] if row["protocol"] != benchmark_records.INDUCTIVE else []
    return ", ".join([" ".join(parts), *own])


def _steps(fit, cut, args):
    """Steps that the generator was trained for, and those of the whole training."""
    done = fit["fitted"]["generator_steps"]
    if cut is None:
        return [done, done]
    if args.whole_steps is None:
        raise ValueError(
            f"generator__max_iter={cut} cut the published training short; give the "
            "number of its steps as --whole-steps N."
        )
    return [done, args.whole_steps]


def _pairs(scores):
    return {name: _pair(scores[name]) for name in scores}


def _pair(mean_sd):
    return [mean_sd["mean"], mean_sd["sd"]]


if __name__ == "__main__":
    sys.exit(main())
