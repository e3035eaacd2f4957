"""How estimators are fitted: whole or not at all, and from seeds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from .._sklearn_compat import BaseSearchCV
from ._progress import heard

_Method = TypeVar("_Method", bound=Callable[..., Any])


def all_or_nothing(method: _Method) -> _Method:
    """Make a fit leave the estimator as it was when it fails or is interrupted.

    Works for methods that set attributes and do not change fitted ones in place. What
    is done inside reports as the estimator's ``verbose`` says.
    """

    @wraps(method)
    def safe(self, *args, **kwargs):
        verbose = getattr(self, "verbose", 0)
        with unchanged_if_it_fails(self), heard(self, verbose):
            return method(self, *args, **kwargs)

    return safe  # type: ignore[return-value]


@contextmanager
def unchanged_if_it_fails(estimator: Any) -> Iterator[None]:
    """Put the attributes of an estimator back as they were where an error is raised."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def path_inside(estimator: Any, attribute: str) -> list[Any]:
    """A fitted estimator, what it wraps, and so on to the part with the attribute.

    The last one is without it where no part has it.
    """
    # Meta-estimators keep their fitted part under one of a few names. The path is kept
    # for callers that have to go the way of the rows, through pipelines.
    path = [estimator]
    while not hasattr(path[-1], attribute):
        part = path[-1]
        if isinstance(part, FrozenEstimator):
            path.append(part.estimator)
        elif isinstance(part, Pipeline):
            path.append(part.steps[-1][1])
        elif hasattr(part, "best_estimator_"):
            path.append(part.best_estimator_)
        elif hasattr(part, "estimator_"):
            path.append(part.estimator_)
        else:
            break
    return path


def as_last_step_sees(estimator: Any, X: Any) -> Any:
    """Rows as they reach the last step of a pipeline; of anything else as they are."""
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        return estimator[:-1].transform(X)
    return X


def learner_inside(estimator: Any) -> tuple[Any, str]:
    """What pipelines and searches train in the end, and what its arguments begin with.

    Without metadata routing, a pipeline takes those of ``fit`` as ``<step>__<name>``,
    and a search passes on what it gets. Our own meta-estimators take them as they are.
    """
    prefix = ""
    # Each layer is passed: a search in a pipeline in a search is nothing unusual.
    while isinstance(estimator, Pipeline | BaseSearchCV):
        if isinstance(estimator, Pipeline):
            name, estimator = estimator.steps[-1]
            prefix += f"{name}__"
        else:
            estimator = estimator.estimator
    return estimator, prefix


def seeded(estimator: Any, seeds: np.random.Generator) -> Any:
    """A clone whose empty ``random_state`` parameters, nested ones too, are filled."""
    copy: Any = clone(estimator)
    # Sorted, so that the same parameter gets the same seed in every run.
    empty = {
        key: int(seeds.integers(2**31))
        for key, value in sorted(copy.get_params(deep=True).items())
        if key.rsplit("__")[-1] == "random_state" and value is None
    }
    # Not what set_params returns: that of a FrozenEstimator returns nothing.
    copy.set_params(**empty)
    return copy


def fit_transform(transformer: Any, X: Any, y: Any) -> Any:
    """Fit a transformer and transform the rows it was fitted on.

    By ``fit_transform`` where there is one, as what it gives may differ from
    ``transform``; a FrozenEstimator, and much that users write, has none.
    """
    if hasattr(transformer, "fit_transform"):
        return transformer.fit_transform(X, y)
    return transformer.fit(X, y).transform(X)
