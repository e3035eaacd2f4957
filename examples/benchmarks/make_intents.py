"""How the file of ``load_intents`` was made.

Takes embeddings of all utterances of CLINC150 and of the intents' names, both by
all-MiniLM-L6-v2, in one ``.npz``: ``X`` (22,500 x 384), ``labels`` (numbers of
intents), ``allclasses_names``, ``att`` (150 x 384, of the names), and the row numbers
``trainval_loc``, ``test_seen_loc``, ``test_unseen_loc``. Keeps some rows
of each intent, the first principal components of the training rows, and of these one
byte each:

.. code-block:: console

   $ python examples/benchmarks/make_intents.py clinc150.npz domains.json intents.npz

``domains.json`` is that of the authors' repository, domain to list of intents.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA

N_COMPONENTS = 96
N_TRAIN, N_TEST = 40, 20  # rows of an intent


def first_of_each(rows, labels, n):
    """The first n rows of each class, in the order of the file."""
    order = rows[np.argsort(labels[rows], kind="stable")]
    _, counts = np.unique(labels[order], return_counts=True)
    rank = np.concatenate([np.arange(count) for count in counts])
    return order[rank < n]


def as_bytes(rows, step):
    """Multiples of the step, as signed bytes."""
    return np.clip(np.round(rows / step), -127, 127).astype(np.int8)


def main(source, domains, target):
    """Write the file."""
    data = np.load(source, allow_pickle=False)
    labels, names = data["labels"].astype(int), data["allclasses_names"]
    train = first_of_each(data["trainval_loc"], labels, N_TRAIN)
    test_seen, test_unseen = (
        first_of_each(data[f"test_{side}_loc"], labels, N_TEST)
        for side in ("seen", "unseen")
    )
    X = data["X"].astype(np.float64)
    # Of training rows alone, which are all of seen intents: nothing of a test row, and
    # nothing of an unseen intent, is in the components.
    plane = PCA(N_COMPONENTS, random_state=0).fit(X[train])
    rows = np.concatenate([train, test_seen, test_unseen])
    reduced, described = plane.transform(X[rows]), plane.transform(data["att"])
    # One step for all components, so that distances stay as they are.
    step = np.abs(reduced[: len(train)]).max() / 127
    domain_of = {
        intent: domain
        for domain, intents in json.loads(Path(domains).read_text("utf-8")).items()
        for intent in intents
    }
    np.savez_compressed(
        target,
        rows=as_bytes(reduced, step),
        names=as_bytes(described, step),
        step=np.float32(step),
        labels=labels[rows].astype(np.uint8),
        sizes=np.array([len(train), len(test_seen), len(test_unseen)]),
        intents=names,
        domains=np.array([domain_of[name] for name in names.tolist()]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
