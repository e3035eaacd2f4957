"""Fits of generators, kept in memory for searches over what comes after them."""

from os import PathLike
from pathlib import Path
from shutil import rmtree

from joblib import Memory
from joblib import hash as joblib_hash
from sklearn.base import OneToOneFeatureMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_memory

from .._version import __version__
from ..training import EACH_FIT, Checkpointed
from ..utils import seeded

# Parameters that do not change what a generator learns, at their defaults.
_NOT_FOR_FIT = {"temperature": 1.0, "verbose": 0}
_OF_CHECKPOINTS = {"checkpoint": None, "checkpoint_interval": 60.0}


def ready(generator, random_state, seeds):
    """A clone to fit, with a seed; of its own if there is none, and a checkpoint."""
    to_fit = seeded(generator, seeds)
    kept = isinstance(generator, Checkpointed) and generator.checkpoint is not None
    if kept and random_state is None:
        # A seed drawn here would be another one when the fit is called again, and what
        # was cut off could not go on: the files have the one that it was begun with.
        to_fit.set_params(random_state=generator.random_state)
    return to_fit


def fit_generator(generator, X, y, class_attributes, *, memory):
    """Fit a generator, or take it from memory if this fit has been before.

    A fit that is cut off leaves its state in the folder of the memory, and goes on.
    """
    if memory is None or isinstance(generator, FrozenEstimator):
        return generator.fit(X, y, class_attributes=class_attributes)
    given = generator.get_params(deep=False)
    plain, folder = _NOT_FOR_FIT, None
    if isinstance(memory, str | PathLike) and Path(memory).is_file():
        raise ValueError(
            f"memory={str(memory)!r} is a file; give a folder, which may be a new one."
        )
    memory = check_memory(str(memory) if isinstance(memory, PathLike) else memory)
    if isinstance(generator, Checkpointed):
        plain = plain | _OF_CHECKPOINTS
        if given["checkpoint"] is None and isinstance(memory, Memory):
            folder = memory.location
    later = {name: given[name] for name in plain if name in given}
    if given.get("early_stopping"):  # its validation draws
        later.pop("temperature", None)
    alike = clone(generator)
    alike.set_params(**{n: plain[n] for n in later})
    fit = memory.cache(_fit, ignore=["generator", "folder"])
    fitted = fit(generator, folder, alike, __version__, X, y, class_attributes)
    if folder and generator.checkpoint:  # it was fitted, and memory has it now
        rmtree(Path(generator.checkpoint).parent, ignore_errors=True)
    fitted.set_params(**later)
    return fitted


def _fit(generator, folder, alike, _version, X, y, class_attributes):
    """Fit a generator; memory goes by all but the first two arguments."""
    if folder:
        name = joblib_hash([alike, X, y, class_attributes])
        generator.checkpoint = str(Path(folder, "unfinished", name, EACH_FIT))
    return generator.fit(X, y, class_attributes=class_attributes)


def keeps_features(generator):
    """Whether it is known before fit that the generator draws in the space of X."""
    names = getattr(type(generator), "get_feature_names_out", None)
    return names is OneToOneFeatureMixin.get_feature_names_out
