"""Training steps and sampling of the generators, beside what the machine can do.

    python examples/benchmarks/bench_generators.py [--method GSMFlow ...]
        [--precision float32 bfloat16] [--threads 2] [--repeat 3] [--compile]

The architectures are the published ones (``sklearn_gzsl.presets``), the rows made up:
5,000 with 2048 features, 50 classes with 85 attributes, 40 of them seen. First come
the speed of matrix products and of copies. Then, for each method and precision:

- s/iteration: median and fastest step of training, all of them taken in turns;
- roofline: multiplications and additions of a step's matrix products / the machine's
  speed, plus bytes of parameters, gradients and optimizer state, for each step of an
  optimizer, / the speed of copies; and how many times longer the median is;
- peak: share of the machine's matrix products that a step reaches;
- rows/s: synthetic rows of unseen classes per second, and the ratio to their roofline;
- memory: largest memory of a fresh process that trains and samples, all included.
"""

import argparse
import statistics
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from _machine import (
    DTYPES,
    add_arguments,
    in_fresh_process,
    in_words,
    measure,
    now,
    peak_memory,
    print_table,
    spread,
    timings,
)
from skorch.callbacks import Callback
from torch.utils.flop_counter import FlopCounterMode

from sklearn_gzsl import MLIS, ClassAttributes
from sklearn_gzsl.presets import paper_settings

# Steps in one round, and synthetic rows of each unseen class.
METHODS = {
    "VAECFlow": (lambda: paper_settings("VAECFlow", "AWA1").generator, 20, 200),
    "GSMFlow": (lambda: paper_settings("GSMFlow", "AWA2").generator, 5, 200),
    "CADAVAE": (lambda: paper_settings("CADAVAE", "AWA1").generator, 60, 2000),
    "WGANGP": (lambda: paper_settings("WGANGP", "AWA1").generator, 5, 1000),
    "MLIS": (lambda: MLIS(hidden_dim=4096), 5, 1000),
}
_WARM_UP = 2


@dataclass(frozen=True)
class Shape:
    """Sizes of the made-up data; those of a method's networks where given."""

    features: int = 2048
    rows: int = 5000
    attributes: int = 85
    classes: int = 50
    seen: int = 40
    network: dict = field(default_factory=dict)


TINY = Shape(16, 80, 4, 8, 6, {"hidden_dim": 8, "encoder_dims": (8,)})


class StepTimes(Callback):
    """Seconds of each training step."""

    def initialize(self):
        """Forget earlier fits."""
        self.starts_ = []
        return self

    def on_batch_begin(self, net, **kwargs):
        """Note the time."""
        self.starts_.append(now(torch.device(net.device)))


class StepCosts(Callback):
    """Arithmetic of one step's matrix products, and bytes its optimizers touch."""

    def initialize(self):
        """Forget earlier fits."""
        self.bytes_ = 0
        return self

    def on_batch_begin(self, net, **kwargs):
        """Begin to count, from this step only."""
        self.bytes_ = 0
        self._hooks = [
            optimizer.register_step_post_hook(self._add)
            for optimizer in (net.optimizer_, getattr(net, "generator_optimizer_", 0))
            if optimizer
        ]
        self._counter = FlopCounterMode(display=False)
        self._counter.__enter__()

    def on_batch_end(self, net, **kwargs):
        """Stop counting."""
        self._counter.__exit__(None, None, None)
        self.flops_ = self._counter.get_total_flops()
        for hook in self._hooks:
            hook.remove()

    def _add(self, optimizer, *_):
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    state = optimizer.state[p].values()
                    self.bytes_ += p.nbytes + p.grad.nbytes
                    self.bytes_ += sum(s.nbytes for s in state if torch.is_tensor(s))


def make_data(shape):
    """Features with many zeros, as those of a network are; labels; descriptions."""
    rng = np.random.default_rng(0)
    X = np.abs(rng.standard_normal((shape.rows, shape.features), dtype=np.float32))
    X *= rng.random(X.shape, dtype=np.float32) > 0.3
    A = rng.random((shape.classes, shape.attributes), dtype=np.float32)
    return X, np.arange(shape.rows) % shape.seen, ClassAttributes(range(len(A)), A)


def make_generator(method, shape, **params):
    """Build it with the parameters that it has; None if it lacks one that matters."""
    generator = METHODS[method][0]()
    params |= shape.network
    known = generator.get_params().keys()
    usual = {"precision": "float32", "compile": False}
    if any(params.get(k, v) != v and k not in known for k, v in usual.items()):
        return None
    params = {k: v for k, v in params.items() if k in known}
    return generator.set_params(random_state=0, **params)


def fit(generator, data, callback):
    """Fit with a callback; return it as the training left it."""
    X, y, attributes = data
    generator.set_params(callbacks=[callback]).fit(X, y, class_attributes=attributes)
    callbacks = (c for _, c in generator.net_.callbacks_)
    return next(c for c in callbacks if type(c) is type(callback))


def unseen(data, shape):
    """Descriptions of the classes without rows."""
    labels = range(shape.seen, shape.classes)
    return ClassAttributes(labels, data[2].values[shape.seen :])


def memory_of(method, shape, params):
    """Peak memory of a process that trains and samples, in bytes."""
    data = make_data(shape)
    generator = make_generator(method, shape, max_iter=3, **params)
    fit(generator, data, StepTimes())
    generator.sample(unseen(data, shape), METHODS[method][2])
    if params["device"] == "cuda":
        return torch.cuda.max_memory_allocated()
    return peak_memory()


def main():
    """Measure the machine, then the generators in turns."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--precision", nargs="+", choices=DTYPES, default=["float32"])
    parser.add_argument("--compile", action="store_true", help="compile=True")
    parser.add_argument("--repeat", type=int, default=3, help="rounds")
    parser.add_argument("--tiny", action="store_true", help="small networks, to try it")
    args = parser.parse_args()

    shape = TINY if args.tiny else Shape()
    data = make_data(shape)
    machine = measure(args, args.precision, rows=(64, 256))
    cases = {}
    for method in args.method:
        for precision in args.precision:
            params = {"device": args.device, "precision": precision}
            params["compile"] = args.compile
            if make_generator(method, shape, **params) is None:
                print(
                    f"{method} has no precision={precision!r}, compile={args.compile}"
                )
            else:
                cases[method, precision] = params

    steps = {case: [] for case in cases}
    fitted = {}
    for _ in range(args.repeat):
        for case, params in cases.items():
            n_steps = METHODS[case[0]][1] + _WARM_UP
            fitted[case] = make_generator(case[0], shape, max_iter=n_steps, **params)
            starts = fit(fitted[case], data, StepTimes()).starts_
            steps[case] += np.diff(starts)[_WARM_UP - 1 :].tolist()

    rows = []
    for (method, precision), params in cases.items():
        # What has to be computed does not depend on how: counted in plain float32.
        plain = make_generator(
            method, shape, max_iter=2, device=args.device, precision="float32"
        )
        costs = fit(plain, data, StepCosts())
        seconds = steps[method, precision]
        median = statistics.median(seconds)
        least = machine.roofline(costs.flops_, costs.bytes_, precision)
        share = costs.flops_ / median / machine.flops[precision]

        n_samples = METHODS[method][2]
        targets = unseen(data, shape)
        n_rows = n_samples * (shape.classes - shape.seen)
        generator = fitted[method, precision]
        sampling = statistics.median(
            timings(partial(generator.sample, targets, n_samples), n_times=5)
        )
        with FlopCounterMode(display=False) as counter:
            X_new, _ = plain.sample(targets, n_samples)
        least_sampling = machine.roofline(
            counter.get_total_flops(), X_new.nbytes, precision
        )
        memory = in_fresh_process(
            memory_of, method, shape, params, threads=args.threads
        )
        rows.append(
            (
                method,
                precision,
                spread(seconds),
                f"{costs.flops_ / 1e9:.3g}",
                f"{costs.bytes_ / 1e6:.0f}",
                in_words(least),
                f"{median / least:.2f}",
                f"{100 * share:.0f} %",
                f"{n_rows / sampling:,.0f}",
                f"{sampling / least_sampling:.2f}",
                f"{memory / 1e9:.2f} GB",
            )
        )
    header = (
        *("method", "precision", "s/iteration", "GFLOP", "MB", "roofline", "ratio"),
        *("peak", "rows/s", "ratio", "memory"),
    )
    print_table(header, rows)


if __name__ == "__main__":
    main()
