"""The animals as a data set of the benchmark, and quick runs on it."""

import numpy as np

from sklearn_gzsl.benchmark import run_benchmark

QUICK = {"n_synthetic": 5, "classifier__max_iter": 60, "classifier__lr": 0.1}
ONE_GAUSSIAN = {"generator__shrinkage": 0.1, "generator__temperature": 1.0}


def animal_arrays(animals):
    """The animals, with noise, in the layout of an .npz file: seen classes first."""
    seen, rows = animals.test_codes < 9, np.arange(len(animals.X_test))
    n_train = len(animals.X)
    X = np.concatenate([animals.X, animals.X_test])
    X += 0.5 * np.random.default_rng(0).normal(size=X.shape)
    return {
        "X": X.astype(np.float16),
        "labels": np.concatenate([animals.codes, animals.test_codes]).astype(np.int16),
        "att": animals.vectors.astype(np.float32),
        "allclasses_names": animals.labels,
        "trainval_loc": np.arange(n_train),
        "test_seen_loc": n_train + rows[seen],
        "test_unseen_loc": n_train + rows[~seen],
    }


def writer(arrays, tmp_path_factory):
    """Write the file with other arrays in place of some; without those of None."""

    def write(**changed):
        path = tmp_path_factory.mktemp("data") / "animals.npz"
        merged = {**arrays, **changed}
        np.savez(path, **{k: v for k, v in merged.items() if v is not None})
        return path

    return write


def quick_benchmark(path):
    """A quick benchmark of the Gaussian on the animals."""

    def run(data=path, methods="gaussian", **options):
        given = {"seeds": 1, "head": "softmax", "params": QUICK, "verbose": 0}
        return run_benchmark(data, methods, **{**given, **options})

    return run


def fits(results, method="gaussian"):
    return results["methods"][method]["fits"]


def means(search):
    return [(trial["params"], trial["mean"]) for trial in search["tried"]]
