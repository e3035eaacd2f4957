"""Sentences for a share of the classes and attributes for the rest, as in CADA-VAE.

    python examples/benchmarks/mixed_sources.py DATA.npz [--seeds 3]
        [--shares 0 25 50 75 100] [--out mixed_sources.json]

DATA is an .npz in the layout of ``python -m sklearn_gzsl benchmark`` with two tables of
descriptions. By the seed, a share of the seen classes is described by the second table
alone, and the others by the first alone; a share of the unseen classes, too. The
classes of a smaller share are among those of a larger one. ``CADAVAE`` is trained once
for each seed and share of the seen classes, with its defaults, on features that a
``MinMaxScaler`` has scaled. A ``SoftmaxClassifier`` learns from as many rows as in the
paper, without a penalty. Nothing is chosen on test rows.

A table that describes no seen class says nothing, and ``CADAVAE`` refuses it: where all
seen classes have one table, there is a figure only if all unseen ones have it, too.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import MinMaxScaler

from sklearn_gzsl import CADAVAE, ClassAttributes, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.benchmark._data import describe_data, load_data
from sklearn_gzsl.benchmark._machine import environment
from sklearn_gzsl.metrics import GZSLScorer

# The paper's rows of a seen class and of an unseen one.
ROWS = {"n_real": 200, "n_synthetic": 400}
SHARES = (0, 25, 50, 75, 100)
VERSIONS = ("python", "sklearn_gzsl", "torch", "sklearn", "numpy")


def described(attributes, by_second):
    """Each class by one table alone; a table that would be empty is left out."""
    of_second = np.isin(attributes.labels, by_second)
    tables = {}
    for (name, table), own in zip(
        attributes.sources.items(), (~of_second, of_second), strict=True
    ):
        if own.any():
            tables[name] = np.where(own[:, None], table, np.nan)
    return ClassAttributes(attributes.labels, tables)


def part(classes, share):
    """The first classes, as many as a share in percent is of all."""
    return classes[: round(share * len(classes) / 100)]


def run(data, seed, shares, *, generator_steps, classifier_steps):
    """A line for each cell that can be filled: both shares, scores and seconds."""
    X, y = data.X[data.train], data.y[data.train]
    scorer = GZSLScorer(candidates="all")
    test = np.concatenate([data.test_seen, data.test_unseen])
    attributes = data.class_attributes
    rng = np.random.default_rng(seed)
    seen = rng.permutation(np.unique(y))
    unseen = rng.permutation(np.setdiff1d(attributes.labels, seen))
    scaler = MinMaxScaler()
    rows = scaler.fit_transform(X)
    for of_seen in shares:
        second = part(seen, of_seen)
        known = described(attributes.subset(np.sort(seen)), second)
        began = time.process_time()
        generator = CADAVAE(max_iter=generator_steps, random_state=seed)
        generator.fit(rows, y, class_attributes=known)
        seconds = time.process_time() - began
        for of_unseen in shares:
            parts = np.concatenate([second, part(unseen, of_unseen)])
            told = described(attributes, parts)
            if told.sources.keys() - known.sources.keys():
                continue
            clf = GZSLClassifier(
                FrozenEstimator(generator),
                SoftmaxClassifier(max_iter=classifier_steps),
                preprocessor=FrozenEstimator(scaler),
                seen_penalty=0.0,
                random_state=seed,
                **ROWS,
            ).fit(X, y, class_attributes=told)
            found = scorer(clf, data.X[test], data.y[test])
            cell = {"seed": seed, "seen": of_seen, "unseen": of_unseen}
            yield cell | found | {"training_s": round(seconds, 1)}


def in_lines(results):
    """JSON with a line for each cell, for whoever compares two runs."""
    head = json.dumps({**results, "cells": []}, indent=1).removesuffix("[]\n}")
    cells = ",\n  ".join(map(json.dumps, results["cells"]))
    return f"{head}[\n  {cells}\n ]\n}}\n"


def main():
    """Run all shares of one data set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shares", type=int, nargs="+", default=SHARES)
    parser.add_argument("--generator-steps", type=int, default=CADAVAE().max_iter)
    parser.add_argument("--classifier-steps", type=int, default=None)
    parser.add_argument("--out", metavar="FILE", help="JSON file of all figures")
    args = parser.parse_args()
    data = load_data(args.data, "all")
    if len(data.class_attributes.sources) != 2:
        parser.error(f"{args.data} has to have two tables of descriptions")
    steps = {
        "generator_steps": args.generator_steps,
        "classifier_steps": args.classifier_steps or "auto",
    }
    results = {
        "data": describe_data(data),
        "versions": {name: environment()[name] for name in VERSIONS},
        "settings": steps | ROWS,
        "sources": list(data.class_attributes.sources),
        "shares": list(args.shares),
        "cells": [],
    }
    print("seed  seen %  unseen %     U     S     H  AUSUC", flush=True)
    for seed in range(args.seeds):
        for cell in run(data, seed, args.shares, **steps):
            scores = "".join(f"{100 * cell[k]:6.1f}" for k in ("U", "S", "H", "AUSUC"))
            print(f"{seed:4} {cell['seen']:7} {cell['unseen']:9}{scores}", flush=True)
            results["cells"].append(cell)
    if args.out:
        Path(args.out).write_text(in_lines(results), encoding="utf-8")


if __name__ == "__main__":
    main()
