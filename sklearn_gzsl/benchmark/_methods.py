"""The methods by name, and what is searched for each of them."""

import numpy as np

# Methods register themselves: all generators do, and the classifiers that need none.
from .. import compatibility, generators  # noqa: F401
from ..classifiers._gzsl_classifier import GZSLClassifier
from ..classifiers._prototypes import PrototypeClassifier
from ..linear_model._softmax import SoftmaxClassifier
from ..presets import paper_settings
from ..utils import METHODS as REGISTERED
from ..utils import few, meant
from ._options import HEADS

# By name; what takes no training first, to be compared with.
METHODS = {
    method.name: method.estimator
    for method in sorted(
        REGISTERED.values(),
        key=lambda m: (issubclass(m.estimator, generators.NeuralGenerator), m.name),
    )
}

_BY_CLASS = {estimator.__name__: name for name, estimator in METHODS.items()}

_HEADS = dict(zip(HEADS, (PrototypeClassifier, SoftmaxClassifier), strict=True))

# With a cached generator these cost a fit of the final classifier each, and no more.
_CHEAP = {
    "n_synthetic": ["1x", "4x", "12x"],
    "classifier__max_iter": [10_000, 30_000],
}


def check_methods(names):
    """The methods of these names or classes, ``"all"`` included, each once."""
    names = [names] if isinstance(names, str) else list(names)
    names = [_BY_CLASS.get(name, name) for name in names]
    if "all" in names:
        names = list(METHODS)
    if not names:
        raise ValueError(f"No method is named; methods are {[*METHODS, 'all']}.")
    _check_known(names, [*METHODS, "all"])
    return list(dict.fromkeys(names))


def check_method(name):
    """The one method of this name or class."""
    name = _BY_CLASS.get(name, name)
    _check_known([name], list(METHODS))
    return name


def _check_known(names, known):
    # In words that fit an argument in the plural and an option in the singular.
    if unknown := [name for name in names if name not in METHODS]:
        raise ValueError(
            f"{few(unknown)} is no method; methods are {known}."
            + meant(unknown, [*_BY_CLASS, *METHODS])
        )


def generates(method):
    """Whether the method is a generator, for a GZSLClassifier."""
    return issubclass(METHODS[method], generators.BaseGenerator)


def set_known(clf, **params):
    """Set those of the parameters that the estimator has."""
    known = clf.get_params(deep=False)
    return clf.set_params(**{k: v for k, v in params.items() if k in known})


def chooses_penalty(clf):
    """Whether the seen penalty is chosen in the classifier's own fit."""
    return clf.get_params(deep=False).get("seen_penalty") == "auto"


def build(method, *, preset, head, params, n_typical):
    """An unfitted classifier whose parts are there to be set."""
    own = METHODS[method].__name__
    published = REGISTERED[METHODS[method]].published
    if preset is not None and own not in published:
        several = f" of its own, but as {[*published]}: see paper_settings"
        raise ValueError(
            f"preset={preset!r}: {method} has no published settings"
            f"{several if published else ''}."
        )
    if preset is not None:
        clf = paper_settings(own, preset)
    elif not generates(method):
        clf = METHODS[method]()
    else:
        clf = GZSLClassifier(METHODS[method](), _HEADS[head]())
    if "random_state" in params:
        raise ValueError(
            "random_state cannot be fixed: the seeds of the benchmark are put there."
        )
    known = clf.get_params()
    unknown = [name for name in params if name not in known]
    if unknown:
        raise ValueError(
            f"{method} has no parameter {unknown}; parameters of the generator begin "
            "with generator__ and those of the classifier with classifier__. There "
            f"are {sorted(known)}."
        )
    return clf.set_params(**resolved(params, n_typical))


def check_sources(method, clf, attributes):
    """Refuse several sources of descriptions where the method takes one."""
    # A part of the caller's own, which nothing is known of, may take them.
    part = REGISTERED.get(type(getattr(clf, "generator", clf)))
    if part is None or part.several_sources or len(attributes.sources) == 1:
        return
    raise ValueError(
        f"{method} takes one table of descriptions, and there are the sources "
        f"{sorted(attributes.sources)}; choose one of them with descriptions "
        "(--descriptions), or with class_attributes.select(name) if the data are no "
        "file, or leave the method out."
    )


def search_space(method, clf, *, grid, fixed, n_typical):
    """Values to search: the method's, with the user's in place of or beside them."""
    own = REGISTERED[METHODS[method]].search
    if generates(method):
        known = clf.get_params()
        own = {f"generator__{name}": own[name] for name in own}
        own = {name: _CHEAP[name] for name in _CHEAP if name in known} | own
    space = {**own, **(grid or {})}
    space = {
        name: [resolved({name: value}, n_typical)[name] for value in values]
        for name, values in space.items()
        if name not in fixed
    }
    if not space:
        raise ValueError(
            f"Nothing is left to tune for {method}: every parameter of its search is "
            f"fixed ({sorted(fixed)})."
        )
    return space


def resolved(params, n_typical):
    """``n_synthetic="4x"`` is four times the median rows of a seen class."""
    value = params.get("n_synthetic")
    if not isinstance(value, str) or not value.endswith("x"):
        return dict(params)
    try:
        times = float(value[:-1])
    except ValueError as error:
        raise ValueError(
            f"n_synthetic={value!r} is not understood; give a number of rows, 'auto', "
            "or a multiple of the median rows of a seen class such as '4x'."
        ) from error
    if times <= 0:
        raise ValueError(f"n_synthetic={value!r}: the multiple must be above 0.")
    return {**params, "n_synthetic": max(1, round(times * n_typical))}


def typical_rows(y):
    """Median number of rows of a class."""
    return float(np.median(np.unique(y, return_counts=True)[1]))
