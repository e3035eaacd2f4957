"""Methods on a data set: what is asked for, checked and handed to the loop."""

from ..utils import heard, jsonable, say
from ._checks import check_options, check_seeds
from ._data import describe_data, load_data
from ._machine import environment
from ._methods import check_methods
from ._options import PROTOCOLS, TABLE, UNLABELLED
from ._record import FORMAT
from ._runner import Run
from ._search import check_by
from ._writing import start, writing


def run_benchmark(
    data,
    methods="all",
    *,
    descriptions=TABLE,
    split=None,
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
        and ``att_splits.mat``; ``"two-digit-numbers"``, ``"intents"`` or
        ``"make-gzsl-classification"``, which need no file; or what a loader of
        ``sklearn_gzsl.datasets`` returned.

    methods : str or list of str, default="all"
        Names as on the command line, such as ``["eszsl", "vae-cflow"]``. ``"all"`` is
        all of them but those that the options are not for, which are left out.

    descriptions : str, default="att"
        The table in an ``.npz`` file that describes the classes: ``"att"``, or another
        array whose name begins with ``att_``. ``"all"`` takes all of these as sources
        of their own, for methods that learn from several, as ``"cada-vae"`` does.

    split : str, default=None
        Takes ``data`` for the folder of :func:`~sklearn_gzsl.datasets.load_imagenet21k`
        and this split of it: 50 real rows of each seen class and, unless ``params``
        says otherwise, 600 synthetic ones of each unseen class; test rows stay on disk,
        and there are hits among the k best classes in place of AUSUC.

    seeds : int or list of int, default=5
        Number of fits of each method, seeded 0, 1, ...; or the seeds themselves.

    protocol : {"honest", "published"}, default="honest"
        ``"published"`` repeats what most papers do: the final classifier is scored on
        the test rows at 25 points of its training and the best H is kept. It exists to
        compare with such figures, and all that comes of it says so.

    head : {"prototypes", "softmax"}, default="prototypes"
        Final classifier behind a generator: that of ``GZSLClassifier()``, or the
        papers' linear softmax, which ``protocol="published"``, presets, ``split`` and
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
        Show on stderr what is being done, how far each part is, and the outcome of each
        fit.

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
    ...     params={"n_synthetic": 50},
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
        split=split,
    )
    # With all, methods that an option is not for are left out; named ones are an error.
    every = "all" in ([methods] if isinstance(methods, str) else methods)
    methods, seeds = check_methods(methods), check_seeds(seeds)
    data = load_data(data, descriptions, split)
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
    with writing(out) as file, heard(None, verbose, "benchmark"):
        run = Run(
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
        )
        if protocol == "published":
            say(f"warning: {PROTOCOLS[protocol]}")
        run.methods(run.applicable(methods, every), seeds)
    return run.results
