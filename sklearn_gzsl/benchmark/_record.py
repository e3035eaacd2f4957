"""What is written down: the parameters, the file, what is said meanwhile."""

import json
import os
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..utils import jsonable, locked, replacing

FORMAT = 1
_NOT_RECORDED = {"class_attributes", "memory", "checkpoint", "checkpoint_interval"}


class Progress:
    """Says what happens on stderr; worker processes take it along."""

    def __init__(self, verbose):
        self.verbose = verbose

    def __call__(self, text):
        """Print a line."""
        if self.verbose:
            print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def used_params(estimator):
    """All parameters of an estimator, nested ones too, as JSON-able values."""
    params = estimator.get_params(deep=True)
    return {
        name: jsonable(value)
        for name, value in sorted(params.items())
        # Data and folders, of which the one is described elsewhere and the other
        # private.
        if name.rsplit("__")[-1] not in _NOT_RECORDED
    }


def fitted_sizes(model):
    """What a GZSLClassifier found out in fit."""
    if not hasattr(model, "generator_"):
        return {}
    return {
        "n_synthetic": int(model.n_synthetic_),
        "generator_steps": _steps(model.generator_),
        "classifier_steps": _steps(model.classifier_),
    }


def _steps(part):
    return jsonable(getattr(part, "n_iter_", None))


@contextmanager
def writing(out):
    """Where the results go, for this run alone; what cannot be written shows now.

    A link stays a link: the file that it points at is written.
    """
    if out is None:
        yield None
        return
    path = Path(os.path.realpath(out))
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"out={str(out)!r}: its folder does not exist; create it first."
        )
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"out={str(out)!r} is read-only; choose another name.")
    with ExitStack() as stack:
        try:
            # Beside it, and with a name as long as that of the file before the move.
            stack.enter_context(locked(path.with_name(path.name + ".lock")))
        except BlockingIOError as error:
            raise ValueError(
                f"out={str(out)!r} is being written by another run; wait until it is "
                "over and go on with resume=True (--resume), or choose another name."
            ) from error
        except OSError as error:
            raise OSError(
                f"out={str(out)!r} cannot be written ({error}); choose another name."
            ) from error
        yield path


def save(results, out):
    """Write all of it anew, so that an interruption leaves the old or the new."""
    if out is None:
        return
    text = json.dumps(results, indent=1, allow_nan=False) + "\n"
    with replacing(out) as file:
        file.write(text.encode())


def load_results(path):
    """Read results; an error unless they are results of a benchmark."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no results file {str(path)!r}.")
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is no JSON file: {error}") from error
    # Any JSON file may be named by mistake.
    known = isinstance(results, dict) and results.get("format") == FORMAT
    if not known or not isinstance(results.get("methods"), dict):
        raise ValueError(
            f"{str(path)!r} holds no results of this version's benchmark (format "
            f"{FORMAT}); run the benchmark again."
        )
    return results


def start(results, out, *, resume):
    """The results to add to: those in the file to resume, or the empty ones given."""
    if out is None or not out.exists():
        return results
    if not resume:
        raise FileExistsError(
            f"out={str(out)!r} exists; choose another name, or resume=True (--resume) "
            "to keep its fits and add those that are missing."
        )
    old = load_results(out)
    differing = [
        key
        for key in ("protocol", "options", "data")
        # As JSON gives it back: tuples are lists there, and keys strings.
        if old.get(key) != json.loads(json.dumps(results[key]))
    ]
    if differing:
        raise ValueError(
            f"out={str(out)!r} was made with other {' and '.join(differing)}, so its "
            "fits cannot be resumed; choose another name."
        )
    old["environments"] += [
        item for item in results["environments"] if item not in old["environments"]
    ]
    return old
