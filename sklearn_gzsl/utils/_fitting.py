"""How estimators are fitted: whole or not at all, and from seeds."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from .._sklearn_compat import BaseSearchCV

_Method = TypeVar("_Method", bound=Callable[..., Any])


def all_or_nothing(method: _Method) -> _Method:
    """Make a fit leave the estimator as it was when it fails or is interrupted.

    Works for methods that set attributes and do not change fitted ones in place.
    """

    @wraps(method)
    def safe(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return safe  # type: ignore[return-value]


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
