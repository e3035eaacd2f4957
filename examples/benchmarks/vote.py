"""Two closed forms and a flow vote: the best figures on sentences in the table.

    python examples/benchmarks/vote.py DATA.npz [--seed 0] [--memory FOLDER]

DATA is an .npz in the layout of ``python -m sklearn_gzsl benchmark``, whose
descriptions are embeddings by the encoder that the features come from. Fits take some
minutes. The seen penalty is chosen on held-out classes of the training rows, and the
test rows are looked at once.
"""

import argparse

import numpy as np

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GSMFlow,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.metrics import GZSLScorer


def load(path):
    """Rows, labels, descriptions, and row numbers to train and to test on."""
    with np.load(path, allow_pickle=False) as data:
        names = data["allclasses_names"].astype(str)
        test = np.concatenate([data["test_seen_loc"], data["test_unseen_loc"]])
        return (
            data["X"].astype(np.float32),
            names[data["labels"]],
            ClassAttributes(names, data["att"]),
            data["trainval_loc"],
            test,
        )


def voters(n_synthetic, seed, memory):
    """Make the members; settings by H on held-out classes of CLINC150."""
    prototypes = PrototypeClassifier(
        shrinkage=0.05, alpha=1.0, description_weight=0.8, seen_weight=1.0
    )
    shared = {"n_synthetic": n_synthetic, "memory": memory, "random_state": seed}
    gaussian = GZSLClassifier(GaussianGenerator(shrinkage=0.1), **shared)
    flow = GZSLClassifier(
        GSMFlow(conditioning="implicit"), SoftmaxClassifier(max_iter=10_000), **shared
    )
    return GZSLVotingClassifier(
        [("prototypes", prototypes), ("gaussian", gaussian), ("flow", flow)]
    )


def main():
    """Fit once, and look at the test rows once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", help="folder to keep fitted flows in")
    args = parser.parse_args()

    X, y, attributes, train, test = load(args.data)
    typical = np.median(np.unique(y[train], return_counts=True)[1])
    model = CalibratedStackingCV(
        voters(int(12 * typical), args.seed, args.memory),
        random_state=args.seed,
        verbose=1,
    )
    model.fit(X[train], y[train], class_attributes=attributes)
    scores = GZSLScorer(candidates="all")(model, X[test], y[test])
    print(", ".join(f"{name} {100 * value:.1f}" for name, value in scores.items()))


if __name__ == "__main__":
    main()
