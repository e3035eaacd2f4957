"""Rows rejected before and after adapting, where some classes are not described.

    python examples/benchmarks/reject.py DATA.npz [--method prototypes gaussian]
        [--false-alarm 0.05] [--seed 0] [--all-rows]

DATA is an .npz in the layout of ``python -m sklearn_gzsl benchmark``. A third of its
unseen classes, drawn by the seed, gets no description. The classifier adapts to the
test rows of all other classes, or with ``--all-rows`` to those of all; nothing is
chosen on them. Printed are shares of the test rows that are rejected, as means over
classes, of the described classes (false alarms) and of the others (detected): before
adapting, after it, and after it with the thresholds of before.
"""

import argparse

import numpy as np

from sklearn_gzsl import GZSLClassifier, PrototypeClassifier, RejectingClassifier
from sklearn_gzsl.benchmark._data import load_data

METHODS = {
    "prototypes": PrototypeClassifier,
    "gaussian": lambda: GZSLClassifier(random_state=0),
}


def mean_over_classes(rejected, y):
    """Share of the rows of a class that are rejected, as a mean over classes."""
    return np.mean([rejected[y == label].mean() for label in np.unique(y)])


def run(data, method, *, false_alarm, seed, all_rows):
    """Shares of false alarms and detections, by when they are counted."""
    unseen = np.unique(data.y[data.test_unseen])
    n_left_out = len(unseen) // 3
    left_out = np.random.default_rng(seed).permutation(unseen)[:n_left_out]
    labels = data.class_attributes.labels
    described = data.class_attributes.subset(labels[~np.isin(labels, left_out)])
    clf = RejectingClassifier(METHODS[method](), false_alarm=false_alarm)
    clf.fit(data.X[data.train], data.y[data.train], class_attributes=described)

    test = np.concatenate([data.test_seen, data.test_unseen])
    X, y = data.X[test], data.y[test]
    strange = np.isin(y, left_out)
    novelty, thresholds = {"before": clf.novelty_score(X)}, clf.thresholds_
    clf.adapt(X if all_rows else X[~strange])
    novelty["after"] = clf.novelty_score(X)
    side = (~np.isin(clf.estimator_.predict(X), clf.seen_classes_)).astype(int)
    lower = (thresholds - clf.thresholds_)[side]
    novelty["thresholds of before"] = novelty["after"] + lower
    return {
        when: [mean_over_classes(score[of] > 0, y[of]) for of in (~strange, strange)]
        for when, score in novelty.items()
    }


def main():
    """Print a table of shares for each method."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--false-alarm", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all-rows", action="store_true", help="adapt to all")
    args = parser.parse_args()
    data = load_data(args.data)
    options = {"false_alarm": args.false_alarm, "seed": args.seed}
    for method in args.method:
        shares = run(data, method, all_rows=args.all_rows, **options)
        print(f"\n{method:22} false alarms   detected")
        for when, (alarms, detected) in shares.items():
            print(f"{when:22} {alarms:12.3f} {detected:10.3f}")


if __name__ == "__main__":
    main()
