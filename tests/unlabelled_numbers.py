"""Two-digit numbers whose test rows come without labels, in six mixtures."""

import numpy as np

from sklearn_gzsl import ClassAttributes, PrototypeClassifier
from sklearn_gzsl.datasets import load_two_digit_numbers
from sklearn_gzsl.metrics import GZSLScorer

SETTINGS = {
    "power": None,
    "shrinkage": 0.2,
    "degree": 1,
    "alpha": 0.1,
    "description_weight": 0.0,
    "hubness_weight": 0.0,
}


def prototypes(**params):
    return PrototypeClassifier(**SETTINGS | params)


def blurred_numbers():
    """Two-digit numbers as integers, with descriptions that leave room for more."""
    numbers = load_two_digit_numbers(n_train=40, n_test=40)
    numbers.target = numbers.target.astype(int)
    clear = numbers.class_attributes
    blurred = np.random.default_rng(0).normal(clear.values, 0.3)
    numbers.class_attributes = ClassAttributes(clear.labels.astype(int), blurred)
    # Rows without labels have to be like the labelled ones; the test rows of seen
    # numbers are of other scans.
    rows = np.random.default_rng(1).permutation(numbers.train)
    numbers.train, numbers.test_seen = np.split(rows, [len(rows) * 5 // 8])
    numbers.test = np.concatenate([numbers.test_seen, numbers.test_unseen])
    return numbers


def training_rows(numbers):
    """Training rows, labels and descriptions."""
    rows = numbers.train
    return numbers.data[rows], numbers.target[rows], numbers.class_attributes


def h(clf, numbers):
    rows = numbers.test
    return GZSLScorer("H", candidates="all")(
        clf, numbers.data[rows], numbers.target[rows]
    )


def scenario(numbers, name):
    """Some of the test rows, as they may come without labels."""
    rng = np.random.default_rng(0)
    seen, unseen = numbers.test_seen, numbers.test_unseen
    y = numbers.target
    classes = np.unique(y[unseen])
    if name == "seen":
        rows = seen
    elif name == "rare":
        rows = np.concatenate([seen, rng.permutation(unseen)[: len(seen) // 10]])
    elif name == "half":
        there = rng.permutation(classes)[::2]
        rows = np.concatenate([seen, unseen[np.isin(y[unseen], there)]])
    elif name == "tail":
        share = np.geomspace(1, 0.03, len(classes))
        kept = [
            rng.permutation(unseen[y[unseen] == c])[: max(round(s * 15), 1)]
            for c, s in zip(classes, share, strict=True)
        ]
        rows = np.concatenate([seen, *kept])
    else:
        rows = {"all": numbers.test, "unseen": unseen}[name]
    return numbers.data[rows]
