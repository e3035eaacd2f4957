"""The loop over methods and seeds."""

import tempfile
from copy import copy

from sklearn.base import clone

from ..utils import jsonable
from ._checks import check_options, check_seeds
from ._data import describe_data, load_data
from ._machine import Cost, environment
from ._methods import (
    build,
    check_methods,
    check_sources,
    generates,
    set_known,
    typical_rows,
    unbalanced,
)
from ._options import PROTOCOLS, TABLE, UNLABELLED
from ._protocol import balanced, look
from ._record import FORMAT, Progress
from ._search import Search, check_by
from ._table import short, summary
from ._transductive import adapted_to, check_adapts, without_adapter
from ._unfinished import Unfinished
from ._writing import fitted_sizes, save, start, used_params, writing


def run_benchmark(
    data,
    methods="all",
    *,
    descriptions=TABLE,
    seeds=5,
    protocol="honest",
    head="prototypes",
    tune=False,
    calibrate=False,
    oracle=False,
    unlabelled=None,
    params=None,
    preset=None,
    grid=None,
    tune_by=None,
    tune_iter=None,
    folds=None,
    memory=None,
    n_jobs=None,
    out=None,
    resume=False,
    verbose=1,
):
    """Fit methods on a data set, once per seed, and score them on its test rows.

    The same as ``python -m sklearn_gzsl benchmark``. Nothing is chosen on test rows:
    the test rows are scored once, when a fit is over. See :doc:`/benchmarks/protocol`.

    Parameters
    ----------
    data : str, path or Bunch
        An ``.npz`` file with the arrays ``X``, ``labels`` (from 0), ``att`` (a row for
        each label), ``trainval_loc``, ``test_seen_loc``, ``test_unseen_loc`` (row
        numbers from 0) and perhaps ``allclasses_names``; a folder with ``res101.mat``
        and ``att_splits.mat``; ``"two-digit-numbers"`` or
        ``"make-gzsl-classification"``; or what a loader of ``sklearn_gzsl.datasets``
        returned.

    methods : str or list of str, default="all"
        Names as on the command line, such as ``["eszsl", "vae-cflow"]``. ``"all"`` is
        all of them but those that the options are not for, which are left out.

    descriptions : str, default="att"
        The table in an ``.npz`` file that describes the classes: ``"att"``, or another
        array whose name begins with ``att_``. ``"all"`` takes all of these as sources
        of their own, for methods that learn from several, as ``"cada-vae"`` does.

    seeds : int or list of int, default=5
        Number of fits of each method, seeded 0, 1, ...; or the seeds themselves.

    protocol : {"honest", "published"}, default="honest"
        ``"published"`` repeats what most papers do: the final classifier is scored on
        the test rows at 25 points of its training and the best H is kept. It exists to
        compare with such figures, and all that comes of it says so.

    head : {"prototypes", "softmax"}, default="prototypes"
        Final classifier behind a generator: that of ``GZSLClassifier()``, or the
        papers' linear softmax, which ``protocol="published"``, presets and
        descriptions from several sources have in any case.

    tune : bool, default=False
        Choose hyper-parameters on held-out classes of the training rows, once for each
        method, with the first seed.

    calibrate : bool, default=False
        Choose the seen penalty on held-out classes, in each fit: as ``GZSLClassifier``
        does with ``seen_penalty="auto"``; for methods without that, with ``preset`` or
        where ``folds`` are given, by ``CalibratedStackingCV``. Figures without the
        penalty, of the same fit, are reported, too.

    oracle : bool, default=False
        Report the H at the penalty that is best on the test rows, for orientation.

    unlabelled : {"half", "test"}, default=None
        Adapt to test rows without their labels: to a random half of each class, and
        score the other; or to all. All that comes of it says it is *transductive*.

    params : dict, default=None
        Parameters of each method's classifier: a
        :class:`~sklearn_gzsl.GZSLClassifier`, or for methods without generator that of
        their own, such as :class:`~sklearn_gzsl.PrototypeClassifier`;
        ``n_synthetic="4x"`` is four times the median number of rows of a seen class.

    preset : str, default=None
        Start from :func:`~sklearn_gzsl.presets.paper_settings` for this data set
        rather than from the defaults.

    grid : dict of str to list, default=None
        Values for ``tune``, in place of or beside those that it tries by itself.

    tune_by : {"H", "calibrated-H", "AUSUC"}, default=None
        What ``tune`` maximises. ``"calibrated-H"`` is the H at the best penalty of the
        held-out rows, the default with ``calibrate``; otherwise it is H.

    tune_iter : int, default=None
        Number of combinations that ``tune`` tries, drawn at random; all by default.

    folds : int, default=None
        Splits in ``tune``, 3 by default, and in ``calibrate``, by default those of
        ``CalibratedStackingCV``.

    memory : str or path, default=None
        Where ``tune`` keeps fitted generators, so that combinations that differ in
        the classifier share them; a temporary folder by default. A folder of one's own
        survives an interruption.

    n_jobs : int, default=None
        Processes in ``tune`` and ``calibrate``.

    out : str or path, default=None
        JSON file that is written anew after every fit, by one run at a time. Beside it
        is the state of the training that it is at.

    resume : bool, default=False
        Go on with ``out``: what it has is not fitted again, and a training that was
        killed goes on. It may have other methods and seeds, but must agree in all
        else.

    verbose : int, default=1
        Report each fit on stderr.

    Returns
    -------
    results : dict
        JSON-able, as in ``out``: ``"protocol"``, ``"data"`` with checksums,
        ``"options"``, ``"environments"``, and for each method of ``"methods"`` its
        ``"search"``, ``"fits"`` and ``"summary"``. Scores are between 0 and 1.

    Raises
    ------
    FileNotFoundError
        If there is no such data, or no folder for ``out``.
    FileExistsError
        If ``out`` exists and ``resume`` is False.
    OSError
        If ``out`` cannot be written.
    ValueError
        If an argument is not understood, if another run writes ``out``, if the data's
        split leaks or its classes have no attributes, or if a fit fails.

    See Also
    --------
    format_results : Makes a table of the results.

    Examples
    --------
    >>> from sklearn_gzsl.benchmark import run_benchmark
    >>> results = run_benchmark(
    ...     "two-digit-numbers",
    ...     "gaussian",
    ...     seeds=1,
    ...     params={"n_synthetic": 50, "classifier__max_iter": 500},
    ...     verbose=0,
    ... )
    >>> bool(results["methods"]["gaussian"]["summary"]["scores"]["H"]["mean"] > 0.7)
    True
    """
    check_options(
        protocol=protocol,
        head=head,
        tune=tune,
        calibrate=calibrate,
        oracle=oracle,
        unlabelled=unlabelled,
        grid=grid,
        tune_by=tune_by,
        tune_iter=tune_iter,
        folds=folds,
        memory=memory,
        out=out,
        resume=resume,
    )
    # With all, methods that an option is not for are left out; named ones are an error.
    every = "all" in ([methods] if isinstance(methods, str) else methods)
    methods, seeds = check_methods(methods), check_seeds(seeds)
    data = load_data(data, descriptions)
    options = {
        "tune": None,
        "calibrate": bool(calibrate),
        "head": head,
        "oracle": bool(oracle),
        "params": jsonable(params or {}, repr),
        "preset": preset,
        "folds": folds if tune or calibrate else None,
    }
    if tune:
        by = tune_by or ("calibrated-H" if calibrate else "H")
        options["tune"] = {"by": check_by(by), "n_iter": tune_iter}
        options["tune"]["grid"] = jsonable(grid or {}, repr)
    note = PROTOCOLS[protocol]
    if unlabelled is not None:
        # Where there is none, there is no entry: older files can be resumed.
        options["unlabelled"] = unlabelled
        note = f"{note}; {UNLABELLED[unlabelled]}"
    results = {
        "format": FORMAT,
        "protocol": protocol,
        "protocol_note": note,
        "data": describe_data(data),
        "options": options,
        # A list: a file that is resumed elsewhere gets a second one, and each fit names
        # its own.
        "environments": [environment()],
        "methods": {},
    }
    with writing(out) as file:
        run = _Run(
            data=data,
            results=start(results, file, resume=resume),
            environment=results["environments"][0],
            protocol=protocol,
            options=options,
            params=params or {},
            grid=grid,
            memory=memory,
            n_jobs=n_jobs,
            out=file,
            say=Progress(verbose),
        )
        if protocol == "published":
            run.say(f"warning: {PROTOCOLS[protocol]}")
        for method in run.applicable(methods, every):
            run.method(method, seeds)
    return run.results


class _Run:
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
                self.say(f"{method} is left out: {problems[method]}")
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
        softmax = several or self.protocol == "published"
        clf = build(
            method,
            preset=self.options["preset"],
            head="softmax" if softmax else self.options["head"],
            params=self.params,
            n_typical=self.n_typical,
        )
        return clf if self.unlabelled else without_adapter(clf, self.params)

    def method(self, method, seeds):
        """All fits of a method that are not there yet."""
        record = self.results["methods"].setdefault(
            method, {"search": None, "fits": [], "summary": {}}
        )
        done = [fit["seed"] for fit in record["fits"]]
        # A resumed file may have more seeds than are asked for now; these stay.
        missing = [seed for seed in seeds if seed not in done]
        if len(missing) < len(seeds):
            self.say(f"{method}: {len(seeds) - len(missing)} fits are there already")
        if not missing:
            return
        clf = self.build(method)
        if self.options["tune"]:
            record["search"] = record["search"] or {}
            # Once, with the first seed: tuning with each would take as many times as
            # long.
            seed = record["search"].get("seed", seeds[0])
            search = self._search_of(method, clf, seed)
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
            self.say(f"{method}, seed {seed}: {short(fit)}")

    def _search_of(self, method, clf, seed):
        return Search(
            method,
            unbalanced(set_known(clone(clf), random_state=seed)),
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
                say=self.say,
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
        model = getattr(estimator, "estimator_", None) or unbalanced(copy(estimator))
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
