"""Trainings that were cut off go on from files in a folder."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from .._sklearn_compat import Interval
from .._version import __version__
from ..utils import DeclaredParameters, jsonable, locked, read_arrays, write_arrays
from ._packing import pack, unpack

# What each fit has instead, in names of folders.
EACH_FIT = "{fit}"
# Parts of a fit, the last one in the end.
_STAGES = ("trial", "training")
# They change nothing that is learned.
_OF_NO_MATTER = ("checkpoint", "checkpoint_interval", "verbose")


class Checkpointed(DeclaredParameters):
    """Base class of estimators whose training, once cut off, can go on.

    Parameters
    ----------
    checkpoint : str, Path or None, default=None
        Folder for the state of the training. A ``fit`` that was killed or interrupted
        goes on from there when it is called again, and ends with the same numbers to
        the last bit as if nothing had happened: see :ref:`checkpoints`. ``{fit}`` in
        the name gives each fit a folder of its own, as searches need it.

    checkpoint_interval : float, default=60.0
        Seconds after which the state is written anew.
    """

    checkpoint: str | PathLike | None = None
    checkpoint_interval: float = 60.0

    _parameter_constraints: ClassVar[dict] = {
        "checkpoint": [str, PathLike, None],
        "checkpoint_interval": [Interval(Real, 0, None, closed="left")],
    }

    def _checkpoints(self, seed, device, **data):
        """In a ``with``: what gives the ``Checkpoint`` of a stage, and the seed.

        Both are those of a training that goes on, if there is one; ``data`` are the
        arrays that it depends on.
        """
        if self.checkpoint is None:
            return nullcontext((lambda _: None, seed))
        params = self.get_params(deep=False)
        made_of = {
            "estimator": type(self).__name__,
            **{k: jsonable(v, _described) for k, v in params.items()},
            "random_state": None if self.random_state is None else seed,
            **{name: {"digest": _digest(array)} for name, array in data.items()},
            "device": str(device),
            "the version of sklearn_gzsl": __version__,
            "the version of torch": torch.__version__,
        }
        for name in _OF_NO_MATTER:
            del made_of[name]
        return _opened(str(self.checkpoint), self.checkpoint_interval, made_of, seed)


def checkpoints(estimator: Any) -> dict[str, Any]:
    """The ``checkpoint`` of all parts of an estimator that have one, by full name."""
    params = estimator.get_params()
    owners = {"": estimator} | {f"{name}__": part for name, part in params.items()}
    return {
        f"{prefix}checkpoint": owner.checkpoint
        for prefix, owner in owners.items()
        if isinstance(owner, Checkpointed)
    }


class Checkpoint:
    """The state of a training in a file, written every so many seconds."""

    def __init__(self, path: Path, interval: float, header: dict[str, Any]):
        self._path, self._interval, self._header = path, interval, header
        self._next = time.monotonic() + interval

    def read(self) -> Any:
        """What was written last; None if nothing was."""
        if not self._path.exists():
            return None
        header, arrays = read_arrays(self._path)
        return unpack(header["state"], arrays)

    def due(self) -> bool:
        """Whether it is time to write."""
        return time.monotonic() >= self._next

    def write(self, state: Any, *, over: bool = False) -> None:
        """Write the state, and whether the training is over."""
        packed, arrays = pack(state)
        header = self._header | {"over": over, "state": packed}
        write_arrays(self._path, header, arrays)
        self._next = time.monotonic() + self._interval


@contextmanager
def _opened(name, interval, made_of, seed) -> Iterator[tuple[Callable, int]]:
    made_of = json.loads(json.dumps(made_of))  # tuples are lists there
    alone = EACH_FIT not in name
    folder = Path(name.replace(EACH_FIT, _digest(json.dumps(made_of, sort_keys=True))))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise type(error)(f"checkpoint={name!r} is a file; name a folder.") from error
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / "lock"))
        except BlockingIOError as error:
            if not alone:  # the same fit, at the same time: one of the two is enough
                yield (lambda _: None), seed
                return
            raise ValueError(
                f"checkpoint={name!r} is in use by another fit at this moment; give "
                f"each its own folder, as checkpoint={str(Path(name, EACH_FIT))!r} "
                "does."
            ) from error
        files = {stage: folder / f"{stage}.npz" for stage in _STAGES}
        found = [f for f in reversed(files.values()) if f.exists()]
        if found:
            old, _ = read_arrays(found[0], header_only=True)
            if old["made_of"] == made_of:
                seed = old["seed"]  # drawn then, if there is no random_state
            elif old["over"]:
                for file in found:
                    file.unlink()
            else:
                raise ValueError(_refusal(name, old["made_of"], made_of))
        header = {"made_of": made_of, "seed": seed}
        yield (lambda stage: Checkpoint(files[stage], interval, header)), seed


def _refusal(name, old, new):
    """What is different, by name."""
    differing = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    words = [
        f"{key} is other data"
        if isinstance(old.get(key), dict) and "digest" in old[key]
        else f"{key} is {old.get(key)!r} there and {new.get(key)!r} here"
        for key in differing
    ]
    hint = ""
    if "random_state" in differing:
        hint = " An int as random_state, also of what is around it, makes fits alike."
    return (
        f"checkpoint={name!r} has a training that is not over, and this fit cannot go "
        f"on with it: {'; '.join(words)}.{hint} Fit as it was begun, choose another "
        "folder, or delete that one."
    )


def _described(value):
    """An object by the name of its class and its parameters, as callbacks have them."""
    params = value.get_params(deep=False) if hasattr(value, "get_params") else {}
    return [type(value).__name__, jsonable(params)]


def _digest(data):
    if isinstance(data, str):
        data = np.frombuffer(data.encode(), np.uint8)
    hashed = hashlib.blake2b(f"{data.dtype.str}{data.shape}".encode(), digest_size=16)
    hashed.update(np.ascontiguousarray(data))
    return hashed.hexdigest()
