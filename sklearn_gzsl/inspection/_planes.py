"""Rows of many features in a plane."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags

from ..utils import fit_transform, seeded


def own_reducer(reducer: Any, seeds: np.random.Generator) -> Any:
    """A copy of the user's reducer with a seed, or principal components."""
    if reducer is None:
        reducer = PCA(n_components=2)
    # A frozen one, by which several pictures lie in one plane, has no fit_transform.
    if not (hasattr(reducer, "fit_transform") or isinstance(reducer, FrozenEstimator)):
        raise TypeError(
            f"reducer={reducer!r} has to have fit_transform, as PCA and TSNE have."
        )
    # Many libraries' reducers are no estimators, and have no parameters to be told.
    if not hasattr(reducer, "get_params"):
        return deepcopy(reducer)
    return seeded(reducer, seeds)


def embed(
    reducer: Any,
    X: np.ndarray,
    y: np.ndarray,
    synthetic: np.ndarray,
    y_synthetic: np.ndarray,
) -> Sequence[np.ndarray]:
    """Real and synthetic rows in the plane."""
    apart = hasattr(reducer, "transform")
    if not apart:  # it has no map for further rows, so all of them come at once
        X, y = np.concatenate([X, synthetic]), np.concatenate([y, y_synthetic])
    # Fisher's discriminant does; UMAP would take them, too, and part classes by them.
    needs_labels = (
        hasattr(reducer, "__sklearn_tags__") and get_tags(reducer).target_tags.required
    )
    if needs_labels or not hasattr(reducer, "fit_transform"):
        plane = fit_transform(reducer, X, y)
    else:
        plane = reducer.fit_transform(X)
    plane = _two_columns(plane, reducer)
    if apart:
        return plane, _two_columns(reducer.transform(synthetic), reducer)
    return np.split(plane, [len(plane) - len(synthetic)])


def _two_columns(plane, reducer):
    plane = np.asarray(plane)
    if plane.ndim != 2 or plane.shape[1] < 2:
        raise ValueError(
            f"reducer={reducer!r} gave rows of shape {plane.shape}; a plane needs two "
            "columns."
        )
    return plane[:, :2]
