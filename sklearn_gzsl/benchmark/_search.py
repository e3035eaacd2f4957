"""Hyper-parameters, chosen on held-out classes of the training rows."""

import time

import numpy as np
from sklearn.model_selection import ParameterGrid, RandomizedSearchCV

from ..metrics import GZSLScorer
from ..model_selection import GZSLShuffleSplit
from ._methods import search_space
from ._protocol import best_h
from ._record import Cost, jsonable

_BY = ("H", "calibrated-H", "AUSUC")


def check_by(by):
    """The name of what to maximise, if it is one."""
    if by not in _BY:
        raise ValueError(f"tune_by={by!r}; choose one of {list(_BY)}.")
    return by


def _fold_score(by, estimator, X, y):
    if by != "calibrated-H":
        return GZSLScorer(by)(estimator, X, y)
    scores = estimator.predict_log_proba(X)
    return best_h(y, scores, estimator.seen_classes_, estimator.classes_)


class _TellingScorer:
    """Scores a fold, and says so."""

    def __init__(self, by, names, total, say):
        self.by, self.names, self.total, self.say = by, names, total, say
        self.n_done, self.since = 0, time.perf_counter()

    def __call__(self, estimator, X, y):
        value = _fold_score(self.by, estimator, X, y)
        params = estimator.get_params()
        chosen = ", ".join(f"{name}={params[name]}" for name in self.names)
        self.n_done += 1
        now = time.perf_counter()
        # Worker processes count by themselves, so their counts mean nothing.
        place = "" if self.total is None else f" {self.n_done}/{self.total}"
        self.say(
            f"search{place}: {self.by} {100 * value:.1f} in {now - self.since:.0f} s "
            f"with {chosen}"
        )
        self.since = now
        return value


def search(
    method,
    clf,
    data,
    *,
    seed,
    fixed,
    grid,
    by,
    n_iter,
    folds,
    memory,
    n_jobs,
    n_typical,
    say,
):
    """Best parameters, all that was tried, and the cost, JSON-able."""
    space = search_space(method, grid=grid, fixed=fixed, n_typical=n_typical)
    unknown = sorted(space.keys() - clf.get_params().keys())
    if unknown:
        raise ValueError(f"grid: {method} has no parameter {unknown}.")
    n_all = len(ParameterGrid(space))
    n_iter = n_all if n_iter is None else min(n_iter, n_all)
    say(f"{method}: searching {n_iter} of {n_all} combinations on {folds} splits")
    total = n_iter * folds if n_jobs in (None, 1) else None
    searching = RandomizedSearchCV(
        clf.set_params(memory=memory),
        space,
        n_iter=n_iter,
        scoring=_TellingScorer(by, sorted(space), total, say),
        cv=GZSLShuffleSplit(n_splits=folds, random_state=seed),
        refit=False,
        n_jobs=n_jobs,
        random_state=seed,
    )
    X, y = data.X[data.train], data.y[data.train]
    # Classes held out play the unseen ones; the true ones take no part at all.
    attributes = data.class_attributes.subset(np.unique(y))
    with Cost() as cost:
        searching.fit(X, y, class_attributes=attributes)
    means = searching.cv_results_["mean_test_score"]
    if not np.isfinite(means).any():
        raise ValueError(f"{method}: no combination of the search could be fitted.")
    best = int(np.nanargmax(means))
    tried = [
        {"params": jsonable(params), "mean": jsonable(mean), "sd": jsonable(sd)}
        for params, mean, sd in zip(
            searching.cv_results_["params"],
            means,
            searching.cv_results_["std_test_score"],
            strict=True,
        )
    ]
    say(f"{method}: chose {tried[best]['params']}, {by} {100 * means[best]:.1f}")
    return {
        "metric": by,
        "best_params": tried[best]["params"],
        "best_score": tried[best]["mean"],
        "tried": tried,
        "space": jsonable(space),
        "seed": seed,
        "cost": cost.figures,
    }
