"""SoftmaxClassifier beside scikit-learn's linear classifiers, on the same rows.

    python examples/benchmarks/bench_classifier.py [--rows 20000] [--classes 200]
        [--threads 2] [--passes 10]

Rows of 2048 features around random class means, float32, cut off at 0 and scaled to 1
as features of a network are; a tenth of the rows are kept for testing. Each classifier
makes the same passes over the rows where it iterates: SoftmaxClassifier and
SGDClassifier(loss="log_loss") by ``passes``, LogisticRegression as iterations of its
solver. For each:

- fit: seconds, in a fresh process; rows/s: rows of all passes per second;
- roofline: multiplications and additions of the passes / the machine's speed of matrix
  products, plus, at each step of Adam, the bytes of weights, gradients and optimizer
  state / the speed of copies; and how many times longer the fit is;
- memory: how much the process grew in fit, beside data and imports;
- accuracy on the rows kept, and seconds to predict them.

SGDClassifier learns one class against the others for each class; LogisticRegression
and SoftmaxClassifier have the same loss.
"""

import argparse
import warnings

import numpy as np
import torch
from _machine import (
    add_arguments,
    forget_peak_memory,
    in_fresh_process,
    in_words,
    measure,
    now,
    peak_memory,
    print_table,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import train_test_split

import sklearn_gzsl
from sklearn_gzsl import SoftmaxClassifier

_BATCH = 64
# Bytes that Adam keeps for each weight: it, its gradient and two means.
_ADAM_BYTES = 16


def make_rows(n_rows, n_features, n_classes):
    """Features in [0, 1], half of them 0, as those of a network are; and labels."""
    rng = np.random.default_rng(0)
    means = rng.standard_normal((n_classes, n_features), dtype=np.float32)
    y = rng.permutation(np.arange(n_rows) % n_classes)
    X = 0.12 * means[y]
    X += rng.standard_normal(X.shape, dtype=np.float32)
    np.maximum(X, 0, out=X)
    X /= X.max(axis=0)
    return train_test_split(X, y, test_size=0.1, random_state=0, stratify=y)


def make_classifier(name, n_rows, passes):
    """One that makes so many passes over the rows."""
    if name == "SoftmaxClassifier":
        steps = passes * -(-n_rows // _BATCH)
        return SoftmaxClassifier(batch_size=_BATCH, max_iter=steps, random_state=0)
    if name == "SGDClassifier":
        return SGDClassifier(
            loss="log_loss", max_iter=passes, tol=None, n_jobs=-1, random_state=0
        )
    if name == "LogisticRegression":
        return LogisticRegression(max_iter=passes)
    return getattr(sklearn_gzsl, name)()  # in closed form


def result_of(name, sizes, passes, threads):
    """Seconds to fit and to predict, memory of the fit, and accuracy."""
    if threads:
        torch.set_num_threads(threads)
    X, X_test, y, y_test = make_rows(*sizes)
    classifier = make_classifier(name, len(X), passes)
    before = forget_peak_memory()
    start = now()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(X, y)
    fitted = now()
    memory = peak_memory() - before
    accuracy = np.mean(classifier.predict(X_test) == y_test)
    return fitted - start, now() - fitted, memory, accuracy


def main():
    """Fit each in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--classes", type=int, default=200)
    parser.add_argument("--passes", type=int, default=10)
    args = parser.parse_args()

    machine = measure(args, rows=(_BATCH,))
    sizes = args.rows, args.features, args.classes
    n_rows = args.rows - args.rows // 10
    n_weights = args.classes * (args.features + 1)
    names = ["SoftmaxClassifier", "LogisticRegression", "SGDClassifier"]
    if "IncrementalLDA" in sklearn_gzsl.__all__:
        names.append("IncrementalLDA")
    results = {
        name: in_fresh_process(
            result_of, name, sizes, args.passes, args.threads, threads=args.threads
        )
        for name in names
    }

    rows = []
    reference = results["SoftmaxClassifier"][0]
    for name, (fit, predict, memory, accuracy) in results.items():
        # Scores and gradient: one matrix product each. In closed form there are a
        # pooled covariance and one system to solve.
        passes, flops = args.passes, 4 * n_rows * args.features * args.classes
        if name == "IncrementalLDA":
            passes = 1
            flops = 2 * args.features**2 * (n_rows + args.features / 3 + args.classes)
        n_steps = passes * -(-n_rows // _BATCH) * (name == "SoftmaxClassifier")
        least = machine.roofline(passes * flops, n_steps * _ADAM_BYTES * n_weights)
        rows.append(
            (
                name,
                in_words(fit),
                f"{fit / reference:.2f}",
                f"{passes * n_rows / fit:,.0f}",
                in_words(least),
                f"{fit / least:.2f}",
                f"{memory / 1e6:.0f} MB",
                f"{100 * accuracy:.1f} %",
                in_words(predict),
            )
        )
    header = (
        *("classifier", "fit", "of softmax's", "rows/s", "roofline", "ratio"),
        *("memory", "accuracy", "predict"),
    )
    print_table(header, rows)


if __name__ == "__main__":
    main()
