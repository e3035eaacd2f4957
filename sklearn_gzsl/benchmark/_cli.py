"""``sklearn-gzsl``: ``fit``, ``predict``, ``benchmark``, ``table``, ``completion``.

What a command needs is imported when it runs: torch's import takes seconds, and
``--help``, ``--version`` and a misspelt option should not wait for it.
"""

import argparse
import ast
import os
import sys

from .._version import __version__
from ._cli_models import add_commands
from ._options import (
    ALL_TABLES,
    BUILT_IN,
    HEADS,
    PROTOCOLS,
    STYLES,
    TABLE,
    UNLABELLED,
)

_SCRIPT = "sklearn-gzsl"


def main(argv=None, prog=_SCRIPT):
    """Run a command; returns the exit status."""
    parser = _parser(prog)
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except BrokenPipeError:  # who reads has enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    # ImportError: of what only some files need, such as h5py, which the message says.
    except (ValueError, OSError, ImportError) as error:
        message = " ".join(str(error).split())
        print(f"{parser.prog} {args.command}: error: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept = args.out if hasattr(args, "resume") else None
        hint = f"; --resume goes on with {kept}" if kept else ""
        print(f"interrupted{hint}", file=sys.stderr)
        return 130


def _parser(prog):
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Generalized zero-shot learning with the scikit-learn API.",
    )
    parser.add_argument(
        "--version", action="version", version=f"sklearn_gzsl {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    add_commands(commands, _assignment)
    _add_benchmark(commands)
    table = commands.add_parser("table", help="make a table of result files")
    table.add_argument("files", nargs="+", metavar="RESULTS.json")
    table.add_argument(
        "--style",
        choices=STYLES,
        default=STYLES[0],
        help="(%(default)s)",
    )
    table.set_defaults(run=_table)
    completion = commands.add_parser(
        "completion", help="print a script that lets a shell complete these commands"
    )
    completion.add_argument("shell", choices=["bash", "zsh", "tcsh"])
    completion.set_defaults(run=_completion)
    return parser


def _add_benchmark(commands):
    benchmark = commands.add_parser(
        "benchmark",
        help="fit methods on a data set and make a table of U, S, H and AUSUC",
        description="Fit methods on a data set, once per seed; progress goes to "
        "stderr, the table to stdout, all figures to a JSON file. Test rows are "
        "scored once per fit, and nothing is chosen on them.",
    )
    add = benchmark.add_argument
    add(
        "data",
        metavar="DATA",
        help="an .npz file, a folder with res101.mat and att_splits.mat, or one of: "
        + ", ".join(BUILT_IN),
    )
    add(
        "--descriptions",
        metavar="NAME",
        default=TABLE,
        help="the table in an .npz file that describes the classes: %(default)s, which "
        f"is the default, another array whose name begins with {TABLE}_, or "
        f"{ALL_TABLES} of these as sources of their own, for methods that take "
        "several; an unknown name is answered with those there are",
    )
    add(
        "--split",
        metavar="NAME",
        help="DATA is a folder with the files of ImageNet-21K: a split of it, such as "
        "2-hops, 3-hops, most-500 or all",
    )
    add(
        "--method",
        action="append",
        metavar="NAME",
        # Not all names: methods state theirs in their own files, which load torch.
        help="a method, such as gsmflow or prototypes, or its class, such as GSMFlow, "
        "or all (default: all); may be repeated; an unknown name is answered with "
        "those there are",
    )
    add(
        "--seeds",
        type=_seeds,
        default=5,
        metavar="N",
        help="number of fits per method (%(default)s), or seeds such as 3,4,7",
    )
    add(
        "--head",
        choices=HEADS,
        default=HEADS[0],
        help="final classifier behind a generator: that of GZSLClassifier(), or the "
        "papers' linear softmax (%(default)s)",
    )
    add(
        "--tune",
        action="store_true",
        help="choose hyper-parameters on held-out classes of the training rows",
    )
    add(
        "--calibrate",
        action="store_true",
        help="choose the seen penalty on held-out classes; the figures without it are "
        "reported, too",
    )
    add(
        "--protocol",
        choices=list(PROTOCOLS),
        default="honest",
        help="published: best over looks at the test rows, only to compare with papers "
        "(%(default)s)",
    )
    add(
        "--oracle",
        action="store_true",
        help="report H at the penalty best on the test rows, for orientation",
    )
    add(
        "--unlabelled",
        choices=list(UNLABELLED),
        help="adapt to test rows without their labels: to a random half, the other "
        "half being scored, or to all of them; figures are then transductive",
    )
    add("--out", metavar="FILE", help="JSON file, written after every fit")
    add("--resume", action="store_true", help="go on with the --out file")
    add(
        "--set",
        action="append",
        default=[],
        type=_assignment,
        metavar="PARAM=VALUE",
        help="a parameter of the method's classifier (GZSLClassifier, or "
        "PrototypeClassifier), such as generator__max_iter=2000, or "
        "n_synthetic=4x for four times the median rows of a class",
    )
    add(
        "--preset",
        metavar="DATASET",
        help="the published hyper-parameters for AWA1, AWA2, CUB, SUN, aPY or FLO",
    )
    add(
        "--grid",
        action="append",
        default=[],
        type=_assignment_list,
        metavar="PARAM=V1,V2",
        help="values for --tune, in place of or beside its own",
    )
    add(
        "--tune-by",
        choices=["H", "calibrated-H", "AUSUC"],
        help="what --tune maximises (with --calibrate calibrated-H, otherwise H)",
    )
    add(
        "--tune-iter",
        type=int,
        metavar="N",
        help="combinations to try, drawn at random (default: all)",
    )
    add(
        "--folds",
        type=int,
        metavar="N",
        help="splits in --tune (3) and --calibrate (as CalibratedStackingCV does)",
    )
    add("--memory", metavar="FOLDER", help="where --tune keeps fitted generators")
    add("--jobs", type=int, metavar="N", help="processes in --tune and --calibrate")
    add("--quiet", action="store_true", help="no progress on stderr")
    benchmark.set_defaults(run=_benchmark)


def _benchmark(args):
    # Here and not above: these load torch, for which --help need not wait.
    from . import format_results, run_benchmark

    results = run_benchmark(
        args.data,
        args.method or "all",
        descriptions=args.descriptions,
        split=args.split,
        seeds=args.seeds,
        protocol=args.protocol,
        head=args.head,
        tune=args.tune,
        calibrate=args.calibrate,
        oracle=args.oracle,
        unlabelled=args.unlabelled,
        params=dict(args.set),
        preset=args.preset,
        grid=dict(args.grid),
        tune_by=args.tune_by,
        tune_iter=args.tune_iter,
        folds=args.folds,
        memory=args.memory,
        n_jobs=args.jobs,
        out=args.out,
        resume=args.resume,
        verbose=int(not args.quiet),
    )
    print(format_results(results))
    return 0


def _table(args):
    from ._record import load_results
    from ._table import format_results

    print(format_results([load_results(file) for file in args.files], args.style))
    return 0


def _completion(args):
    try:
        import shtab
    except ImportError as error:
        raise ImportError(
            "completion is made by shtab, which is not installed; pip install shtab."
        ) from error
    # Of the script, however this was called: "python" has completions of its own.
    print(shtab.complete(_parser(_SCRIPT), args.shell))
    return 0


def _seeds(text):
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a number nor a list such as 3,4,7"
        ) from error
    # One number is how many, as for run_benchmark.
    return numbers if "," in text else numbers[0]


def _assignment(text):
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form PARAM=VALUE")
    return name, _value(value)


def _assignment_list(text):
    name, values = _assignment(text)
    if isinstance(values, str):
        values = [_value(value) for value in values.split(",")]
    return name, list(values) if isinstance(values, list | tuple) else [values]


def _value(text):
    try:
        # Numbers, None, tuples and quoted strings, and nothing that runs.
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
