"""What adapting gains and loses in six mixtures of rows without labels.

    python examples/benchmarks/mixtures.py DATA.npz [--out mixtures.json]

DATA is an .npz in the layout of ``python -m sklearn_gzsl benchmark``. Classes are held
out of the training rows in two folds, whose rows play those without labels; test rows
take no part. Both penalties are those of the other fold, which adapted to all of its
rows. "off" adapts with the same probabilities, but as if no row of a seen class were
mistaken for an unseen one.
"""

import argparse
import json
from copy import copy
from pathlib import Path

import numpy as np

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, IncrementalLDA
from sklearn_gzsl.benchmark._data import describe_data, load_data
from sklearn_gzsl.benchmark._machine import environment
from sklearn_gzsl.classifiers._adaptation import BothSpaces
from sklearn_gzsl.classifiers._penalty import (
    choose_adapted,
    choose_penalty,
    penalised,
    penalty_curve,
)
from sklearn_gzsl.classifiers._prototypes import PrototypeClassifier
from sklearn_gzsl.metrics import gzsl_scores
from sklearn_gzsl.metrics._response import class_scores
from sklearn_gzsl.model_selection import GZSLKFold

MIXTURES = ("all", "seen", "rare", "half", "tail", "unseen")


class NoMistakes(BothSpaces):
    """Rows set apart, none of which is taken for an unseen class."""

    def taken(self, prototypes, offsets):
        """Probabilities of 0."""
        return np.zeros_like(super().taken(prototypes, offsets))


def mixture(name, y, unseen, rng):
    """Row numbers of a mixture."""
    rows = rng.permutation(len(y))
    of_unseen = np.isin(y[rows], unseen)
    seen, other = rows[~of_unseen], rows[of_unseen]
    if name == "rare":
        other = other[: len(seen) // 10]
    elif name == "half":
        other = other[np.isin(y[other], rng.permutation(unseen)[::2])]
    elif name == "tail":
        share = dict(zip(unseen, np.geomspace(1, 0.03, len(unseen)), strict=True))
        kept = []
        for label in unseen:
            own = other[y[other] == label]
            kept.append(own[: max(round(share[label] * len(own)), 1)])
        other = np.concatenate(kept)
    parts = {"seen": [seen], "unseen": [other]}.get(name, [seen, other])
    return rng.permutation(np.concatenate(parts))


def adapted(clf, X, *, control):
    """A copy of a fitted classifier that has adapted, with control or without."""
    clf = copy(clf)
    if isinstance(clf, PrototypeClassifier):
        part = clf
    else:
        part = clf.adapter_ = copy(clf.adapter_ or clf._fitted_adapter())
    if not control:
        part._apart = copy(part._apart)
        part._apart.__class__ = NoMistakes
    return clf.adapt(X)


def run(make, data, n_folds=2):
    """H of each mixture, with control and without, in each fold; and before."""
    X, y = data.X[data.train], data.y[data.train]
    attributes = data.class_attributes.subset(np.unique(y))
    folds = []
    for train, test in GZSLKFold(n_folds, shuffle=True, random_state=0).split(X, y):
        clf = make().fit(X[train], y[train], class_attributes=attributes)
        folds.append((clf, X[test], y[test]))
    plain = [choose_penalty([penalty_curve(*fold)], "H") for fold in folds]
    found = {("none", None): []}
    for control in (True, False):
        moved = [adapted(clf, X, control=control) for clf, X, _ in folds]
        after = []
        for i, (_, X, y) in enumerate(folds):
            model = moved[i]
            unseen = ~np.isin(model.classes_, model.seen_classes_)
            fold = [penalty_curve(model, X, y)], model.adaptation_[unseen].mean()
            after.append(choose_adapted(plain[i], [fold], "H"))
        for name in MIXTURES:
            scores = found[name, control] = []
            for i, (clf, X, y) in enumerate(folds):
                rng = np.random.default_rng(0)
                rows = mixture(name, y, np.sort(clf.unseen_classes_), rng)
                model = adapted(clf, X[rows], control=control)
                other = (i + 1) % len(folds)
                scores.append(h(model, X, y, plain[other].penalty, after[other]))
    for i, (clf, X, y) in enumerate(folds):
        other = (i + 1) % len(folds)
        found["none", None].append(h(clf, X, y, plain[other].penalty, None))
    return found


def h(clf, X, y, penalty, after):
    """Harmonic mean at penalties of another fold."""
    scores = class_scores(clf, X, len(clf.classes_))
    best = penalised(clf, scores, penalty, after).argmax(axis=1)
    y_pred = clf.classes_[best]
    return gzsl_scores(y, y_pred, seen_classes=clf.seen_classes_)["H"]


def methods():
    """What adapts, by name."""
    lda = {"seen_penalty": 0.0, "random_state": 0}
    return {
        "prototypes": PrototypeClassifier,
        "gaussian": lambda: GZSLClassifier(
            GaussianGenerator(), IncrementalLDA(), **lda
        ),
    }


def main():
    """Run all mixtures of one data set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--method", choices=list(methods()), default="prototypes")
    parser.add_argument("--out", metavar="FILE", help="JSON file of all figures")
    args = parser.parse_args()
    data = load_data(args.data)
    found = run(methods()[args.method], data)
    results = {
        "method": args.method,
        "data": describe_data(data),
        "environment": environment(),
        "mixtures": [
            {"mixture": name, "control": control, "H": scores}
            for (name, control), scores in found.items()
        ],
    }
    for line in results["mixtures"]:
        control = {True: "on", False: "off", None: ""}[line["control"]]
        print(f"{line['mixture']:7} {control:4} {100 * np.mean(line['H']):.1f}")
    if args.out:
        text = json.dumps(results, indent=1)
        Path(args.out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
