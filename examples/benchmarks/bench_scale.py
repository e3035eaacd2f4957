"""Time and memory of the classifier, by the number of unseen classes.

    python examples/benchmarks/bench_scale.py [--unseen 100 1000] [--threads 2]
        [--memory-limit 268435456] [--n-synthetic 5]

GZSLClassifier with a GaussianGenerator on made-up rows: 1,000 seen classes, 2048
features, descriptions of 500 numbers. ImageNet-21K has 20,345 unseen classes:
``--unseen 10000 20000`` is its shape and takes minutes. Synthetic rows that would take
more than the memory limit are made in chunks. For each number of classes, in a fresh
process:

- generator: seconds until it is fitted;
- pass: seconds in which the classifier learns once from all rows, drawing included;
- roofline: multiplications and additions of the classifier / the machine's speed of
  matrix products, plus, at each of its steps, the bytes of weights, gradients and
  optimizer state / the speed of copies; and how many times longer the pass is;
- memory: how much the process grew beside the data; weights: those of the classifier,
  with what its optimizer keeps of them; rows: what all synthetic rows would take.
"""

import argparse

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

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    SoftmaxClassifier,
)


class Timed(GaussianGenerator):
    """Tells when it was fitted."""

    def fit(self, X, y, class_attributes=None):
        """Fit, and note the time."""
        super().fit(X, y, class_attributes)
        self.fitted_at_ = now()
        return self


def make_data(n_seen, n_unseen, n_rows, n_features, n_attributes):
    """Rows of the seen classes near what their descriptions say; labels; both's."""
    rng = np.random.default_rng(0)
    shape = (n_seen + n_unseen, n_attributes)
    A = rng.standard_normal(shape, dtype=np.float32)
    mixing = rng.standard_normal((n_attributes, n_features), dtype=np.float32)
    y = np.arange(n_rows) % n_seen
    X = (A[:n_seen] @ mixing)[y]
    X += rng.standard_normal(X.shape, dtype=np.float32)
    return X, y, ClassAttributes(range(len(A)), A)


def result_of(sizes, n_unseen, n_synthetic, limit, batch_size, threads):
    """Seconds of generator and classifier, and memory beside the data."""
    if threads:
        torch.set_num_threads(threads)
    n_seen, n_rows, *dims = sizes
    X, y, attributes = make_data(n_seen, n_unseen, n_rows, *dims)
    n_all = n_rows + n_unseen * n_synthetic
    softmax = SoftmaxClassifier(batch_size=batch_size, max_iter=-(-n_all // batch_size))
    generator = Timed(degree=2, alpha=0.1, shrinkage=0.3)
    clf = GZSLClassifier(
        generator,
        softmax,
        n_synthetic=n_synthetic,
        memory_limit=limit,
        random_state=0,
    )
    before, start = forget_peak_memory(), now()
    clf.fit(X, y, class_attributes=attributes)
    end = now()
    fitted = clf.generator_.fitted_at_
    return fitted - start, end - fitted, peak_memory() - before


def main():
    """Fit with each number of classes in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--unseen", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--seen", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--attributes", type=int, default=500)
    parser.add_argument("--n-synthetic", type=int, default=5, help="rows of a class")
    parser.add_argument("--memory-limit", type=int, default=2**26, help="bytes")
    parser.add_argument("--batch-size", type=int, default=256)
    args = parser.parse_args()

    machine = measure(args, rows=(args.batch_size,))
    sizes = args.seen, args.rows, args.features, args.attributes
    rows = []
    for n_unseen in args.unseen:
        generator, seconds, memory = in_fresh_process(
            result_of,
            sizes,
            n_unseen,
            args.n_synthetic,
            args.memory_limit,
            args.batch_size,
            args.threads,
            threads=args.threads,
        )
        n_rows = args.rows + n_unseen * args.n_synthetic
        n_classes = args.seen + n_unseen
        n_weights = n_classes * (args.features + 1)
        # Weights, gradients and the two means of Adam.
        traffic = -(-n_rows // args.batch_size) * 16 * n_weights
        flops = 4 * n_rows * n_classes * args.features
        least = machine.roofline(flops, traffic)
        rows.append(
            (
                f"{n_unseen:,}",
                in_words(generator),
                in_words(seconds),
                f"{n_rows / seconds:,.0f}",
                f"{flops / 1e9:,.0f}",
                in_words(least),
                f"{seconds / least:.2f}",
                f"{memory / 1e9:.2f} GB",
                f"{12 * n_weights / 1e9:.2f} GB",
                f"{4 * n_unseen * args.n_synthetic * args.features / 1e9:.2f} GB",
            )
        )
    header = (
        *("unseen", "generator", "pass", "rows/s", "GFLOP", "roofline", "ratio"),
        *("memory", "weights", "rows"),
    )
    print_table(header, rows)


if __name__ == "__main__":
    main()
