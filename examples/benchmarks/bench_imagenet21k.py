"""ImageNet-21K in full shape: memory, rows per second, and what a whole run takes.

    python examples/benchmarks/bench_imagenet21k.py [--folder DIR] [--unseen 1509 20345]
        [--head softmax] [--steps 20] [--draws 5] [--threads 2]

Writes made-up files in the layout of the authors: 1,000 seen classes and as many unseen
ones as asked for, 2,048 features, word vectors of 500 numbers; 1 GB for 20,345 classes.
On these it does what ``sklearn-gzsl benchmark FOLDER --split all`` does: loads 50 rows
of each seen class, fits a GaussianGenerator and the final classifier, and scores test
rows from disk. Of the 600 synthetic rows of each class a few are drawn (``--draws``, or
``--steps`` of 4,096 for a softmax), and of the 12.9 million test rows one of each class
is scored; what all would take is projected from that. By the number of unseen classes:

- load: seconds until the training rows are in memory and all files are checked;
- generator: seconds until it is fitted;
- learned/s, scored/s: synthetic rows drawn and learned from, test rows read and scored;
- run: hours for the generator, one pass over the synthetic rows, and all test rows;
- memory: the most that was held beside the training rows.
"""

import argparse
import json
import tempfile
from pathlib import Path

import h5py
import numpy as np
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
    GaussianGenerator,
    GZSLClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.benchmark._streamed import streamed_scores
from sklearn_gzsl.datasets import load_imagenet21k

N_SYNTHETIC, ROWS_OF_A_CLASS, BATCH = 600, 12.9e6 / 20_842, 4096
ILSVRC, BINARIES = "ILSVRC2012_res101_feature.mat", "res101_1crop_feature"


class Timed(GZSLClassifier):
    """Tells when its generator was fitted."""

    def _fit_classifier(self, before=None):
        self.generator_at_ = now()
        return super()._fit_classifier(before)


def write_files(folder, args):
    """Files of all classes; rows near what the word vectors say."""
    n_seen, n_features, unseen = args.seen, args.features, args.unseen
    rng = np.random.default_rng(0)
    n_classes = n_seen + max(unseen)
    A = rng.standard_normal((n_classes, args.attributes), dtype=np.float32)
    mixing = rng.standard_normal((args.attributes, n_features), dtype=np.float32)

    def draw(classes):
        X = A[classes] @ mixing
        X += rng.standard_normal(X.shape, dtype=np.float32)
        return np.maximum(X, 0, out=X)  # as features behind a ReLU are

    with h5py.File(folder / ILSVRC, "w") as file:
        for end, each in (("", 60), ("_val", 1)):
            y = rng.permutation(np.repeat(np.arange(n_seen), each))
            file[f"labels{end}"] = y[None] + 1.0
            rows = file.create_dataset(f"features{end}", (len(y), n_features), "f4")
            for start in range(0, len(y), 4096):
                rows[start : start + 4096] = draw(y[start : start + 4096])
    with h5py.File(folder / "ImageNet_w2v.mat", "w") as file:
        file["w2v"] = A
        codes = [np.array([[ord(c)] for c in f"n{i:08d}"], "u2") for i in range(len(A))]
        cells = file.create_dataset("wnids", (1, len(A)), dtype=h5py.ref_dtype)
        for i, code in enumerate(codes):
            stored = file.create_dataset(f"#refs#/{i}", data=code)
            stored.attrs["MATLAB_class"] = np.bytes_("char")
            cells[0, i] = stored.ref
    lists = {f"first {n}": [f"n{n_seen + i:08d}" for i in range(n)] for n in unseen}
    lists["train"] = [f"n{i:08d}" for i in range(n_seen)]
    (folder / "ImageNet_splits.json").write_text(json.dumps(lists))
    binaries = folder / BINARIES
    binaries.mkdir()
    for start in range(n_seen, n_classes, 1024):
        some = np.arange(start, min(start + 1024, n_classes))
        for i, row in zip(some, draw(some).astype("<f8"), strict=True):
            head = np.array([1, n_features], "<i4").tobytes()
            (binaries / f"{i + 1}.bin").write_bytes(head + row.tobytes())


def result_of(folder, n_unseen, head, draws, steps):
    """Seconds of loading and fitting, rows per second, and memory beside the rows."""
    before, start = forget_peak_memory(), now()
    data = load_imagenet21k(folder, f"first {n_unseen}")
    load = now() - start
    softmax = SoftmaxClassifier(batch_size=BATCH, max_iter=steps)
    clf = Timed(
        GaussianGenerator(),
        softmax if head == "softmax" else PrototypeClassifier(),
        n_synthetic=N_SYNTHETIC if head == "softmax" else draws,
        memory_limit=2**27,
        seen_penalty=0.0,
        random_state=0,
    )
    start = now()
    clf.fit(data.data, data.target, class_attributes=data.class_attributes)
    learned, generator = now() - clf.generator_at_, clf.generator_at_ - start
    n_learned = steps * BATCH if head == "softmax" else draws * n_unseen
    start = now()
    streamed_scores(clf, clf, data)
    n_scored = len(data.test_seen) + len(data.test_unseen)
    rates = n_learned / learned, n_scored / (now() - start)
    return load, generator, *rates, peak_memory() - before - data.data.nbytes


def main():
    """Measure each number of classes in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--folder", type=Path, help="files of an earlier run, or none")
    parser.add_argument("--unseen", type=int, nargs="+", default=[1509, 20345])
    parser.add_argument("--seen", type=int, default=1000)
    parser.add_argument("--features", type=int, default=2048)
    parser.add_argument("--attributes", type=int, default=500)
    parser.add_argument("--head", choices=["softmax", "prototypes"], default="softmax")
    parser.add_argument("--draws", type=int, default=5, help="of each class")
    parser.add_argument("--steps", type=int, default=20, help="of the softmax")
    args = parser.parse_args()

    measure(args)
    rows = []
    with tempfile.TemporaryDirectory() as made:
        folder = args.folder or Path(made)
        folder.mkdir(exist_ok=True)
        if not (folder / ILSVRC).exists():
            write_files(folder, args)
        for n_unseen in args.unseen:
            load, generator, learned, scored, memory = in_fresh_process(
                result_of,
                folder,
                n_unseen,
                args.head,
                args.draws,
                args.steps,
                threads=args.threads,
            )
            n_test = n_unseen * ROWS_OF_A_CLASS + 50_000
            seconds = generator + N_SYNTHETIC * n_unseen / learned + n_test / scored
            rows.append(
                (
                    f"{n_unseen:,}",
                    in_words(load),
                    in_words(generator),
                    f"{learned:,.0f}",
                    f"{scored:,.0f}",
                    f"{seconds / 3600:.1f} h",
                    f"{memory / 1e9:.2f} GB",
                )
            )
    head = ("unseen", "load", "generator", "learned/s", "scored/s", "run", "memory")
    print_table(head, rows)


if __name__ == "__main__":
    main()
