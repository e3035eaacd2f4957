"""The loop over methods and seeds."""

import tempfile
from copy import copy

from sklearn.base import clone

from ..classifiers._penalty import leave_penalty
from ..utils import progress, say
from ._machine import Cost
from ._methods import (
    build,
    check_sources,
    generates,
    set_known,
    typical_rows,
)
from ._protocol import balanced, look
from ._search import Search
from ._table import short, summary
from ._transductive import adapted_to, check_adapts, without_adapter
from ._unfinished import Unfinished
from ._writing import fitted_sizes, save, used_params


class Run:
    """State of a benchmark: what is asked for, and what is there already."""

    def __init__(self, **parts):
        vars(self).update(parts)
        self.unlabelled = self.options.get("unlabelled")
        self.n_typical = typical_rows(self.data.y[self.data.train])
        self.n_environment = self.results["environments"].index(self.environment)

    def applicable(self, methods, every):
        """Methods that can be built: all mistakes in arguments show before any fit.

        Of all methods, those are left out that the options are not for.
        """
        problems = {method: self._problem(method) for method in methods}
        kept = [method for method in methods if problems[method] is None]
        for method in methods:
            if problems[method] is not None and not (every and kept):
                raise problems[method]
            if problems[method] is not None:
                say(f"{method} is left out: {problems[method]}")
        return kept

    def _problem(self, method):
        """Why the method cannot be run as asked for, or None."""
        if self.protocol == "published" and not generates(method):
            return ValueError(
                "protocol='published' looks at the passes of a softmax, which "
                f"{method} does not have; leave it out."
            )
        try:
            clf = self.build(method)
            check_adapts(method, clf, self.unlabelled)
            check_sources(method, clf, self.data.class_attributes)
            if self.options["tune"]:
                self._search_of(method, clf, seed=0)
        except ValueError as error:
            return error
        return None

    def build(self, method):
        several = len(self.data.class_attributes.sources) > 1
        # Of ImageNet-21K, too: it is the protocol's, and takes half the memory.
        of_protocol = self.data.get("n_synthetic")
        softmax = several or of_protocol or self.protocol == "published"
        clf = build(
            method,
            preset=self.options["preset"],
            head="softmax" if softmax else self.options["head"],
            params=self.params,
            n_typical=self.n_typical,
        )
        if of_protocol and "n_synthetic" not in self.params:
            set_known(clf, n_synthetic=of_protocol)
        return clf if self.unlabelled else without_adapter(clf, self.params)

    def methods(self, methods, seeds):
        """All fits that are not there yet."""
        with progress(len(methods) * len(seeds), "fits") as done:
            for i, method in enumerate(methods):
                for n_fits in self._method(method, seeds):
                    done(i * len(seeds) + n_fits)

    def _method(self, method, seeds):
        """Fit a method with each seed; yields how many of the seeds are done."""
        record = self.results["methods"].setdefault(
            method, {"search": None, "fits": [], "summary": {}}
        )
        done = [fit["seed"] for fit in record["fits"]]
        # A resumed file may have more seeds than are asked for now; these stay.
        missing = [seed for seed in seeds if seed not in done]
        if len(missing) < len(seeds):
            say(f"{method}: {len(seeds) - len(missing)} fits are there already")
        yield len(seeds) - len(missing)
        if not missing:
            return
        clf = self.build(method)
        if self.options["tune"]:
            record["search"] = record["search"] or {}
            # Once, with the first seed: tuning with each would take as many times as
            # long.
            seed = record["search"].get("seed", seeds[0])
            search = self._search_of(method, clf, seed)
            search.check(record["search"])
            if "best_params" not in record["search"]:
                self._search(search, record["search"])
            clf.set_params(**search.best(record["search"]))
        for seed in missing:
            unfinished = Unfinished(self.out, method, seed)
            try:
                fit = self._fit(clf, seed, unfinished)
            except ValueError as error:
                raise ValueError(f"{method}, seed {seed}: {error}") from error
            record["fits"].append(fit)
            # After every fit, so that an interruption loses the one it was at and no
            # other.
            record["summary"] = summary(record["fits"])
            self._save()
            unfinished.remove()
            say(f"{method}, seed {seed}: {short(fit)}")
            yield len(seeds) - len(missing) + missing.index(seed) + 1

    def _search_of(self, method, clf, seed):
        return Search(
            method,
            leave_penalty(set_known(clone(clf), random_state=seed)),
            self.data,
            fixed=self.params,
            grid=self.grid,
            n_typical=self.n_typical,
            options=self.options["tune"],
            seed=seed,
        )

    def _search(self, search, record):
        with tempfile.TemporaryDirectory() as folder:
            search.run(
                record,
                folds=self.options["folds"] or 3,
                # Combinations that differ after the generator only share its trainings.
                memory=folder if self.memory is None else str(self.memory),
                n_jobs=self.n_jobs,
                save=self._save,
            )

    def _fit(self, clf, seed, unfinished):
        """One fit and the look at the test rows."""
        clf = set_known(clone(clf), random_state=seed)
        estimator = balanced(clf, self.data, self.results, self.n_jobs, seed)
        resumed = unfinished.serve(estimator)
        X, y = self.data.X[self.data.train], self.data.y[self.data.train]
        # Of the fit alone: scoring takes as long for every method.
        with Cost() as cost:
            estimator.fit(X, y, class_attributes=self.data.class_attributes)
        fit, data = {"seed": seed, "protocol": self.protocol}, self.data
        if self.unlabelled:
            data, fit["adapting"] = adapted_to(estimator, data, self.unlabelled, seed)
        # The same fit without its penalty is a row of its own.
        model = getattr(estimator, "estimator_", None) or leave_penalty(copy(estimator))
        fit |= look(estimator, model, data, self.results)
        # Prototypes have none.
        penalty = getattr(model, "seen_penalty", 0.0)
        if self.options["calibrate"]:
            adapted = self.unlabelled and estimator.n_unlabelled_
            chosen = estimator.adapted_seen_penalty_ if adapted else None
            penalty = estimator.seen_penalty_ if chosen is None else chosen
        return fit | {
            "seen_penalty": float(penalty),
            "params": used_params(clf),
            "fitted": fitted_sizes(model),
            "cost": cost.figures | resumed,
            "environment": self.n_environment,
        }

    def _save(self):
        save(self.results, self.out)
