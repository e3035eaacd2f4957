"""Hyper-parameters, chosen on held-out classes of the training rows."""

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, ParameterSampler, cross_val_score

from ..metrics import GZSLScorer
from ..metrics._response import score_fold
from ..model_selection import GZSLShuffleSplit
from ..utils import jsonable, progress, say
from ._machine import Cost
from ._methods import search_space, set_known
from ._protocol import best_h

_BY = ("H", "calibrated-H", "AUSUC")


def check_by(by):
    """The name of what to maximise, if it is one."""
    if by not in _BY:
        raise ValueError(f"tune_by={by!r}; choose one of {list(_BY)}.")
    return by


def _calibrated_h(estimator, X, y):
    # Where the penalty is chosen afterwards, a combination is worth what it reaches
    # with the best one, and not what it reaches with none.
    y, scores, classes, seen_classes = score_fold(estimator, X, y)
    return best_h(y, scores, seen_classes, classes)


class Search:
    """A search that can be interrupted after any combination, and resumed.

    ``record`` has what was tried so far and is JSON-able; it is complete once it has
    ``"best_params"``.
    """

    def __init__(self, method, clf, data, *, fixed, grid, n_typical, options, seed):
        self.method, self.clf = method, clf
        self.space = search_space(
            method, clf, grid=grid, fixed=fixed, n_typical=n_typical
        )
        tables = data.class_attributes.sources.values()
        if [table.shape[1] for table in tables] != [data.X.shape[1]]:
            # It compares descriptions with rows, which takes columns of the same
            # meaning.
            self.space.pop("description_weight", None)
        unknown = sorted(self.space.keys() - clf.get_params().keys())
        if unknown:
            raise ValueError(f"grid: {method} has no parameter {unknown}.")
        self.X, self.y = data.X[data.train], data.y[data.train]
        # Classes held out play the unseen ones; the true ones take no part at all.
        self.attributes = data.class_attributes.subset(np.unique(self.y))
        self.by, self.n_iter = options["by"], options["n_iter"]
        self.seed = seed

    def combinations(self):
        """All of them, or ``n_iter`` drawn at random."""
        every = ParameterGrid(self.space)
        if self.n_iter is None or self.n_iter >= len(every):
            return list(every)
        # Seeded: the list is the same when a search is resumed, and its start is done.
        return list(ParameterSampler(self.space, self.n_iter, random_state=self.seed))

    def run(self, record, *, folds, memory, n_jobs, save):
        """Try what is not in the record yet, and choose."""
        record.update(
            {"metric": self.by, "space": jsonable(self.space), "seed": self.seed}
        )
        tried = record.setdefault("tried", [])
        combinations = self.combinations()
        say(
            f"{self.method}: {len(combinations)} of {len(ParameterGrid(self.space))} "
            f"combinations on {folds} splits, {len(tried)} done"
        )
        # The same splits for all combinations: their differences are then not noise.
        cv = GZSLShuffleSplit(n_splits=folds, random_state=self.seed)
        with progress(len(combinations), "combinations", "tuning") as done:
            for params in combinations[len(tried) :]:
                clf = set_known(clone(self.clf), memory=memory).set_params(**params)
                with Cost() as cost:
                    mean, sd = self._score(clf, cv, n_jobs)
                tried.append({"params": jsonable(params), "mean": mean, "sd": sd})
                tried[-1]["wall_s"] = cost.figures["wall_s"]
                say(
                    f"{self.method} {len(tried)}/{len(combinations)}: {self.by} "
                    f"{'failed' if mean is None else f'{100 * mean:.1f}'} in "
                    f"{cost.figures['wall_s']:.0f} s with {tried[-1]['params']}"
                )
                save()
                done(len(tried))
        fitted = [trial for trial in tried if trial["mean"] is not None]
        if not fitted:
            raise ValueError(f"{self.method}: no combination of the search was fitted.")
        # The first of equal ones, as argmax in ``best`` takes it.
        best = max(fitted, key=lambda trial: trial["mean"])
        record["best_params"], record["best_score"] = best["params"], best["mean"]
        record["cost"] = {"wall_s": sum(trial["wall_s"] for trial in tried)}
        save()
        figure = f"{self.by} {100 * best['mean']:.1f}"
        say(f"{self.method}: chose {best['params']}, {figure}")

    def best(self, record):
        """The chosen combination, with the objects that JSON has only names for."""
        means = [-1 if t["mean"] is None else t["mean"] for t in record["tried"]]
        return self.combinations()[int(np.argmax(means))]

    def check(self, record):
        """Refuse a record of other combinations than those that are to be tried."""
        tried = [trial["params"] for trial in record.get("tried", [])]
        due = [jsonable(params) for params in self.combinations()]
        if tried != due[: len(tried)] or ("best_params" in record and tried != due):
            raise ValueError(
                f"{self.method}: the search in the results file tried other "
                "combinations; choose another name for the file."
            )

    def _score(self, clf, cv, n_jobs):
        """Mean and standard deviation over the splits; None if the fits fail."""
        scoring = _calibrated_h if self.by == "calibrated-H" else GZSLScorer(self.by)
        try:
            scores = cross_val_score(
                clf,
                self.X,
                self.y,
                cv=cv,
                scoring=scoring,
                n_jobs=n_jobs,
                params={"class_attributes": self.attributes},
                error_score="raise",
            )
        # One bad combination, say of a diverging learning rate, must not end a long
        # search; a fault in the program is no ValueError, and does.
        except ValueError as error:
            say(f"{self.method}: {error}")
            return None, None
        return float(scores.mean()), float(scores.std())
