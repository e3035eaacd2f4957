"""Test rows without their labels: which are adapted to, and which are scored then."""

import numpy as np
from sklearn.utils import Bunch

from ..classifiers._prototypes import PrototypeClassifier
from ..utils import adapt, ranked
from ._machine import Cost
from ._methods import set_known


def check_adapts(method, clf, unlabelled):
    """Refuse a method that cannot do what is asked for."""
    if unlabelled and not hasattr(clf, "adapt"):
        raise ValueError(f"{method} cannot adapt to rows without labels; leave it out.")


def adapted_to(estimator, data, unlabelled, seed):
    """Adapt a fitted estimator in place.

    Parameters
    ----------
    estimator : classifier
        Fitted.
    data : Bunch
        As of ``load_data``.
    unlabelled : {"half", "test"}
    seed : int
        Draws the half.

    Returns
    -------
    data : Bunch
        Its test rows are those to score.
    cost : dict
        What adapting took.
    """
    rng = np.random.default_rng(seed)
    scored, met = Bunch(**data), []
    for name in ("test_seen", "test_unseen"):
        rows = data[name]
        if unlabelled == "half":
            rows, scored[name] = _halves(rows, data.y[rows], rng)
        met.append(rows)
    # In no order: rows that come one class after the other are no sample of any.
    rows = rng.permutation(np.concatenate(met))
    with Cost() as cost:
        adapt(estimator, data.X[rows])
    return scored, cost.figures


def _halves(rows, labels, rng):
    """Two random halves of each class; the second has the odd row, so never none."""
    rows = rows[drawn := rng.permutation(len(rows))]
    order, rank, counts = ranked(np.unique(labels[drawn], return_inverse=True)[1])
    first = rank < np.repeat(counts // 2, counts)
    return np.sort(rows[order[first]]), np.sort(rows[order[~first]])


def without_adapter(clf, params):
    """The classifier, whose folds need not adapt where nothing comes after them."""
    given = any(name.partition("__")[0] == "adapter" for name in params)
    if given or hasattr(getattr(clf, "classifier", None), "adapt"):
        return clf
    return set_known(clf, adapter=PrototypeClassifier(calibration_size=0))
