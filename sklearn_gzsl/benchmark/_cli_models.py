"""``sklearn-gzsl fit`` and ``sklearn-gzsl predict``; imports nothing heavy."""

import sys
import warnings
from contextlib import contextmanager


def add_commands(commands, assignment):
    """Add both to the subparsers; ``assignment`` reads PARAM=VALUE."""
    _add_fit(commands, assignment)
    _add_predict(commands)


def _add_fit(commands, assignment):
    fit = commands.add_parser(
        "fit",
        help="fit a classifier to a table, and store it",
        description="Fit a classifier to the rows of a CSV or Parquet file and a table "
        "of descriptions, and store it. Rows whose target is empty are adapted to. "
        "Progress goes to stderr; the H to expect and the penalty to stdout.",
    )
    add = fit.add_argument
    add("data", metavar="DATA", help="rows: .csv, .csv.gz, .tsv or .parquet")
    add("--target", required=True, metavar="COLUMN", help="the column with the classes")
    add(
        "--attributes",
        required=True,
        metavar="TABLE",
        help="descriptions, a row for each class: its name in the column called as the "
        "target is, or in the first one; all others are numbers",
    )
    add("--model", required=True, metavar="FILE", help="where the model is stored")
    add(
        "--method",
        metavar="NAME",
        help="a method of the benchmark, such as eszsl or vae-cflow, or its class, "
        "such as VAECFlow (default: GZSLClassifier()); an unknown name is answered "
        "with those there are",
    )
    add(
        "--set",
        action="append",
        default=[],
        type=assignment,
        metavar="PARAM=VALUE",
        help="a parameter of the classifier, such as generator__max_iter=2000",
    )
    add(
        "--ignore",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column that is no feature; may be repeated",
    )
    add("--seed", type=int, default=0, metavar="N", help="(%(default)s)")
    add("--force", action="store_true", help="replace a model that is there")
    add("--quiet", action="store_true", help="no progress on stderr")
    fit.set_defaults(run=_fit)


def _add_predict(commands):
    predict = commands.add_parser(
        "predict",
        help="predict the classes of a table's rows with a stored model",
        description="Predict the classes of the rows of a CSV or Parquet file. Columns "
        "are found by their names, in any order; further ones are left alone.",
    )
    add = predict.add_argument
    add("model", metavar="MODEL", help="what fit, or save of an estimator, has written")
    add("rows", metavar="ROWS", help="rows: .csv, .csv.gz, .tsv or .parquet")
    add(
        "--target",
        metavar="COLUMN",
        help="the column with the classes, where these are known: U, S and H are said, "
        "on stdout with --out, or else on stderr",
    )
    add(
        "--out",
        metavar="FILE",
        help=".csv, .csv.gz, .tsv or .parquet (default: CSV on stdout)",
    )
    add(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column of the rows to put in front, such as an id; may be repeated",
    )
    add("--proba", action="store_true", help="the probability of each class, too")
    add("--force", action="store_true", help="replace a file that is there")
    predict.set_defaults(run=_predict)


def _fit(args):
    # Here and not above: it loads torch, for which --help need not wait.
    from ._models import fit_table

    with _warnings_in_a_line(args.command, args.attributes):
        print(
            fit_table(
                args.data,
                target=args.target,
                attributes=args.attributes,
                model=args.model,
                method=args.method,
                params=dict(args.set),
                ignore=args.ignore,
                seed=args.seed,
                force=args.force,
                verbose=int(not args.quiet),
            )
        )
    return 0


def _predict(args):
    from ._models import predict_table
    from ._table_files import write

    with _warnings_in_a_line(args.command):
        found, said = predict_table(
            args.model,
            args.rows,
            target=args.target,
            out=args.out,
            keep=args.keep,
            proba=args.proba,
            force=args.force,
        )
    write(found, args.out or sys.stdout)
    if said:
        print(said, file=sys.stdout if args.out else sys.stderr)
    return 0


@contextmanager
def _warnings_in_a_line(command, attributes=""):
    """Warnings as lines of a command, without the line of code that they are of.

    What they call class_attributes is the file of descriptions.
    """

    def show(message, *_, **__):
        text = " ".join(str(message).split())
        if text.startswith(argument := "class_attributes:"):
            text = f"{attributes}:{text.removeprefix(argument)}"
        print(f"sklearn-gzsl {command}: warning: {text}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
