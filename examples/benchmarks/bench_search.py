"""A grid search on several processes and threads, and with kept generators.

    python examples/benchmarks/bench_search.py [--generator-steps 100] [--threads 2]

GridSearchCV over GZSLClassifier with a GSMFlow on handwritten two-digit numbers: two
values of ``n_synthetic`` and two of ``classifier__max_iter`` on two splits, eight fits
and the last one on all rows. It runs one fit after the other and on two workers:
processes of joblib (loky), threads, and processes of dask if that is installed; each
without and with ``memory``, which trains one generator for each split. Printed are
seconds, how many times faster than one fit after the other, and whether the scores are
the same to the last bit. Two workers have two cores to share; threads of torch beyond
that number wait for each other.
"""

import argparse
from contextlib import ExitStack
from importlib.util import find_spec
from tempfile import TemporaryDirectory

import numpy as np
from _machine import add_arguments, in_words, measure, now, print_table
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_gzsl import GSMFlow, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.datasets import load_two_digit_numbers
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit


def make_search(args):
    """Make the search; ``memory`` is set later."""
    flow = GSMFlow(hidden_dim=args.hidden_dim, max_iter=args.generator_steps)
    clf = GZSLClassifier(flow, SoftmaxClassifier(), seen_penalty=0.0, random_state=0)
    steps = [args.classifier_steps, 2 * args.classifier_steps]
    return GridSearchCV(
        clf,
        {"n_synthetic": [20, 100], "classifier__max_iter": steps},
        cv=GZSLShuffleSplit(n_splits=2, random_state=0),
        scoring=GZSLScorer("H"),
    )


def run(search, data, backend):
    """Seconds and scores of the search with two workers of a backend."""
    X, y = data.data[data.train], data.target[data.train]
    with ExitStack() as stack:
        if backend == "dask":
            from distributed import Client, LocalCluster  # noqa: PLC0415

            cluster = LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None
            )
            stack.enter_context(Client(stack.enter_context(cluster)))
        n_jobs = 1 if backend == "sequential" else 2
        stack.enter_context(parallel_config(backend, n_jobs=n_jobs))
        # Start the workers, and let them import.
        Parallel()(delayed(clone)(search) for _ in range(2))
        start = now()
        search.fit(X, y, class_attributes=data.class_attributes)
        seconds = now() - start
    results = search.cv_results_
    return seconds, np.array([results[k] for k in results if k.startswith("split")])


def main():
    """Search with every backend, without and with memory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--generator-steps", type=int, default=100)
    parser.add_argument("--classifier-steps", type=int, default=1000)
    parser.add_argument("--hidden-dim", type=int, default=512)
    parser.add_argument(
        "--backend",
        nargs="+",
        help="those to try; the first is the one to compare with",
    )
    args = parser.parse_args()

    measure(args)
    data = load_two_digit_numbers(n_train=20, n_test=1)
    search = make_search(args)
    backends = args.backend or ["sequential", "loky", "threading"]
    if not args.backend and find_spec("distributed"):
        backends.append("dask")
    rows, first = [], None
    for backend in backends:
        for remembers in (False, True):
            with TemporaryDirectory() as folder:
                search.set_params(estimator__memory=folder if remembers else None)
                seconds, scores = run(search, data, backend)
            first = first or (seconds, scores)
            rows.append(
                (
                    f"{backend}{', memory' if remembers else ''}",
                    in_words(seconds),
                    f"{first[0] / seconds:.2f}",
                    "same" if np.array_equal(scores, first[1]) else "differ",
                    f"{np.abs(scores - first[1]).max():.2g}",
                )
            )
    print_table(("two workers", "seconds", "times faster", "scores", "by"), rows)


if __name__ == "__main__":
    main()
