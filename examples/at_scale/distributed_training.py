"""
Training on several processes
=============================

One generator and one classifier learn on all GPUs of a machine, or on two processes
of its CPU:

.. code-block:: console

   $ torchrun --nproc-per-node 2 examples/at_scale/distributed_training.py

Each process has its own part of the real rows and draws its own synthetic rows.
:class:`~sklearn_gzsl.distributed.AverageGradients` makes every step of the generator
one with the mean of all gradients. The classifier learns in chunks, past
`memory_limit`, and its weights are averaged after each of them.
"""

# sphinx_gallery_thumbnail_path = '_static/processes.svg'

import argparse
import os

import numpy as np
import torch
import torch.distributed as dist
from sklearn.preprocessing import MinMaxScaler

from sklearn_gzsl import GSMFlow, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.datasets import load_two_digit_numbers
from sklearn_gzsl.distributed import AverageGradients
from sklearn_gzsl.metrics import GZSLScorer


class AveragedSoftmax(SoftmaxClassifier):
    """Softmax whose weights are the mean over all processes after each chunk."""

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from this process's chunk, then meet the others."""
        super().partial_fit(X, y, classes, sample_weight)
        for weights in (self.coef_, self.intercept_):
            dist.all_reduce(torch.from_numpy(weights))
            np.divide(weights, dist.get_world_size(), out=weights)
        return self


def part_of(rows, y):
    """Rows of this process: as many as every other one has, and of all classes."""
    by_class = rows[np.argsort(y[rows], kind="stable")]
    n_each = len(rows) // dist.get_world_size()
    return by_class[dist.get_rank() :: dist.get_world_size()][:n_each]


def fit(data, X, args):
    """The model that all processes have learned together."""
    rows = part_of(data.train, data.target)
    model = GZSLClassifier(
        GSMFlow(max_iter=args.max_iter, callbacks=[AverageGradients()]),
        AveragedSoftmax(max_iter=args.classifier_max_iter),
        preprocessor="passthrough",  # all processes need the same scale
        memory_limit=args.memory_limit,
        seen_penalty=0.0,  # each process would choose its own, from rows of its own
        random_state=dist.get_rank(),  # other batches, noise and synthetic rows
    )
    return model.fit(X[rows], data.target[rows], class_attributes=data.class_attributes)


def same_everywhere(values):
    """Whether all processes have the same numbers."""
    first = torch.as_tensor(values).clone()
    dist.broadcast(first, src=0)
    differs = torch.tensor(float(not torch.equal(first, torch.as_tensor(values))))
    dist.all_reduce(differs)
    return not differs.item()


def main():
    """Fit on all processes; the first one tells how good the model is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-iter", type=int, default=200, help="of the generator")
    parser.add_argument("--classifier-max-iter", type=int, default=5000)
    parser.add_argument("--memory-limit", type=int, default=2**21, help="bytes")
    args = parser.parse_args()

    use_gpus = torch.cuda.is_available()
    if use_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("cpu:gloo,cuda:nccl" if use_gpus else "gloo")

    data = load_two_digit_numbers()
    X = MinMaxScaler().fit(data.data[data.train]).transform(data.data)
    model = fit(data, X, args)

    synthetic, _ = model.generator_.sample(data.class_attributes, random_state=0)
    agree = [same_everywhere(synthetic), same_everywhere(model.classifier_.coef_)]
    if dist.get_rank() == 0:
        scores = GZSLScorer()(model, X[data.test], data.target[data.test])
        print(f"{dist.get_world_size()} processes")
        print(", ".join(f"{name} {100 * value:.1f}" for name, value in scores.items()))
        print(f"same generator: {agree[0]}, same classifier: {agree[1]}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
