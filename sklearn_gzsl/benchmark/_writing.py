"""The file of the results while a benchmark runs, and what is put into it."""

import json
import os
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..utils import jsonable, locked, replacing
from ._record import load_results

_NOT_RECORDED = {"class_attributes", "memory", "checkpoint", "checkpoint_interval"}


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
        if path.is_symlink():  # what is no link by now leads in a circle
            raise OSError(f"out={str(out)!r} cannot be written: it links to itself.")
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(
                f"out={str(out)!r} is read-only; choose another name."
            )
        yield path


def save(results, out):
    """Write all of it anew, so that an interruption leaves the old or the new."""
    if out is None:
        return
    text = json.dumps(results, indent=1, allow_nan=False) + "\n"
    with replacing(out) as file:
        file.write(text.encode())


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
