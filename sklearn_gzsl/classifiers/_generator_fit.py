"""Fits of generators, kept in memory for searches over what comes after them."""

from os import PathLike

from sklearn.base import OneToOneFeatureMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_memory

from .._version import __version__

# Parameters that do not change what a generator learns, at their defaults.
_NOT_FOR_FIT = {"temperature": 1.0, "verbose": 0}


def fit_generator(generator, X, y, class_attributes, *, memory):
    """Fit a generator, or take it from memory if this fit has been before."""
    if memory is None or isinstance(generator, FrozenEstimator):
        return generator.fit(X, y, class_attributes=class_attributes)
    given = generator.get_params(deep=False)
    later = {name: given[name] for name in _NOT_FOR_FIT if name in given}
    if given.get("early_stopping"):  # its validation draws
        later.pop("temperature", None)
    alike = clone(generator)
    alike.set_params(**{n: _NOT_FOR_FIT[n] for n in later})
    memory = check_memory(str(memory) if isinstance(memory, PathLike) else memory)
    fit = memory.cache(_fit, ignore=["generator"])
    fitted = fit(generator, alike, __version__, X, y, class_attributes)
    fitted.set_params(**later)
    return fitted


def _fit(generator, _alike, _version, X, y, class_attributes):
    """Fit a generator; memory goes by all but the first argument."""
    return generator.fit(X, y, class_attributes=class_attributes)


def keeps_features(generator):
    """Whether it is known before fit that the generator draws in the space of X."""
    names = getattr(type(generator), "get_feature_names_out", None)
    return names is OneToOneFeatureMixin.get_feature_names_out
