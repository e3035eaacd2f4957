"""What generators that are trained by gradient steps share."""

from abc import abstractmethod
from copy import deepcopy
from functools import partial
from numbers import Integral, Real
from types import SimpleNamespace

import numpy as np
import torch

from .._sklearn_compat import Interval, StrOptions
from ..nn import Budget, in_pieces, products_in
from ..training import (
    LR_SCHEDULES,
    Checkpointed,
    StepNet,
    Validation,
    compile_networks,
    draw_seed,
    resolve_device,
    resolve_precision,
    sheltered,
    torch_generator,
)
from ..utils import naming_sizes
from ._base import BaseGenerator
from ._early_stopping import HeldOutClasses

# Of a trial training, by default; it ends after a quarter of them without a new best.
_N_VALIDATIONS = 20


class NeuralGenerator(Checkpointed, BaseGenerator):
    """Base class of generators trained by gradient steps on a torch module.

    A subclass writes ``_module(options, rng)``, which builds the module with weights
    drawn from ``rng``. The module has ``prepare(X, y, A, unseen)``, called once before
    training; ``forward(x, y, rng)``, which returns a dict of losses with the total as
    ``"loss"``; and ``sample(a, n_samples, rng, temperature)``. The options are the
    subclass's own parameters and ``n_features``, ``n_attributes``, ``n_classes`` and
    ``n_unseen``, the sizes of the data. :doc:`/new_generator` has an example.

    Parameters
    ----------
    temperature : float, default=1.0
        Multiplies the deviation of the noise in ``sample``; it may be set after
        ``fit``.

    lr : float, default=1e-3
        Learning rate of Adam.

    lr_schedule : {"constant", "cosine"}, default="cosine"
        "cosine" warms up over the first 5 % of the steps and decays to 0.

    batch_size : int, default=64
        Rows in a mini-batch.

    max_iter : int, default=1000
        Gradient steps.

    early_stopping : bool, default=False
        Whether a trial training with some classes held out chooses the number of steps:
        see :ref:`when_to_stop`. ``fit`` takes up to twice as long.

    validation_fraction : float, default=0.2
        Share of the classes in ``y`` held out for it, and of the other classes' rows.

    validation_interval : int or None, default=None
        Steps from one validation to the next; a twentieth of ``max_iter`` by default.

    n_iter_no_change : int, default=5
        Validations in a row without a new best score that end the trial.

    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where to train; "auto" takes a GPU if there is one.

    precision : {"float32", "bfloat16", "auto"}, default="float32"
        In what matrices are multiplied, in ``fit`` and in ``sample``; all else is
        float32. "auto" is bfloat16 on devices with instructions for it, where it is
        several times as fast.

    compile : bool, default=False
        Whether ``torch.compile`` compiles the networks, at their first use in ``fit``
        and after it. That takes up to a minute; on CPUs, whose time goes into matrix
        products, it gains nothing.

    callbacks : list of skorch callbacks, default=None
        Called in training, with an "epoch" of a hundredth of the steps.

    verbose : int, default=0
        Show on stderr how far the training is, and its losses.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.
    n_iter_ : int
        Steps taken, as ``max_iter`` counts them.
    precision_ : {"float32", "bfloat16"}
        What ``precision`` came to.
    history_ : list of dict
        Mean losses of each hundredth of the steps, and the last step, ``iter``.
    validation_steps_, validation_scores_ : ndarray of shape (n_validations,)
        Steps of the trial training at which it was validated, and the scores, the best
        harmonic mean at any seen penalty; None without ``early_stopping``.
    validation_classes_ : ndarray
        Labels of the classes held out in it; None without ``early_stopping``.
    """

    temperature: float = 1.0
    lr: float = 1e-3
    lr_schedule: str = "cosine"
    batch_size: int = 64
    max_iter: int = 1000
    early_stopping: bool = False
    validation_fraction: float = 0.2
    validation_interval: int | None = None
    n_iter_no_change: int = 5
    device: str = "auto"
    precision: str = "float32"
    compile: bool = False
    callbacks: list | None = None
    verbose: int = 0

    _parameter_constraints = {
        "temperature": [Interval(Real, 0, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [StrOptions(set(LR_SCHEDULES))],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "validation_interval": [Interval(Integral, 1, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "device": [StrOptions({"auto", "cpu", "cuda", "mps"})],
        "precision": [StrOptions({"float32", "bfloat16", "auto"})],
        "compile": ["boolean"],
        "callbacks": [list, None],
        "verbose": ["verbose"],
    }

    # Rows that methods take through the module at a time: bounds their memory.
    _CHUNK_ROWS = 8192
    _net_class = StepNet

    @abstractmethod
    def _module(self, options, rng):
        """Build the module with weights drawn from ``rng``.

        It is called again when a stored generator is loaded, perhaps after parameters
        were changed: what it needs has to be in ``options``.
        """

    def _architecture(self, sizes):
        """Options of the module: plain values, which are stored with the weights."""
        # How a net is trained, its module need not know.
        training = NeuralGenerator._parameter_constraints
        params = self.get_params(deep=False)
        return sizes | {k: v for k, v in params.items() if k not in training}

    def _training_options(self, n_rows):
        """Further arguments of the net, for methods with an optimiser of their own."""
        return {}

    def _training_rows(self, X, y):
        """Tensors of whose rows the module gets batches."""
        return X, y

    def _fit(self, X, y, A, unseen):
        seed, device = draw_seed(self.random_state), resolve_device(self.device)
        self.validation_steps_ = self.validation_scores_ = None
        self.validation_classes_ = None
        data = {"X": X, "y": y, "class_attributes": np.concatenate([A, unseen])}
        with self._checkpoints(seed, device, **data) as (checkpoint, seed):
            stop_at = None
            if self.early_stopping:
                stop_at = self._best_step(X, y, A, seed, checkpoint("trial"))
            self._train(
                *(X, y, A, unseen),
                seed=seed,
                stop_at=stop_at,
                checkpoint=checkpoint("training"),
            )

    def _best_step(self, X, y, A, seed, checkpoint):
        """Number of steps after which a trial training does best on other classes."""
        data = HeldOutClasses(X, y, A, self.validation_fraction, seed)
        validation = Validation(
            partial(data.score, self),
            self.validation_interval or max(1, self.max_iter // _N_VALIDATIONS),
            self.n_iter_no_change,
        )
        trial = {"n_rows": len(X), "callbacks": [validation], "checkpoint": checkpoint}
        self._train(*data.trial, seed=seed, **trial)
        self.validation_steps_ = np.array(validation.steps_)
        self.validation_scores_ = np.array(validation.scores_)
        self.validation_classes_ = self.classes_[data.classes]
        return validation.best_step_

    def _train(
        self,
        X,
        y,
        A,
        unseen,
        *,
        seed,
        n_rows=None,
        stop_at=None,
        callbacks=None,
        checkpoint=None,
    ):
        """Train a new net, ``net_``.

        A trial has ``callbacks`` of its own, and goes by the ``n_rows`` of the training
        that it is a trial of.
        """
        device = resolve_device(self.device)
        products = resolve_precision(self.precision, device)
        self.precision_ = str(products).removeprefix("torch.")
        # Weights are drawn on the CPU, so that every device starts from the same ones.
        rng = torch_generator(seed)
        self._built_from = self._architecture(
            {
                "n_features": X.shape[1],
                "n_attributes": A.shape[1],
                "n_classes": len(A),
                "n_unseen": len(unseen),
            }
        )
        with naming_sizes(self._built_from):
            module = self._build(rng).to(device)
        if self.compile:
            compile_networks(module, device)
        if device.type != "cpu":
            rng = torch_generator(seed, device)
        X, y, A, unseen = (torch.tensor(t, device=device) for t in (X, y, A, unseen))
        module.prepare(X, y, A, unseen)
        options = {
            "max_iter": self.max_iter,
            "stop_at": stop_at,
            "lr_schedule": self.lr_schedule,
            "rng": rng,
            "lr": self.lr,
            "batch_size": self.batch_size,
            "device": device.type,
            # Callbacks keep state: the user's own stay as they are, for the next fit.
            "callbacks": [*deepcopy(self.callbacks or []), *(callbacks or [])],
            "optimizer__fused": device.type != "mps",
        }
        net_options = options | self._training_options(n_rows or len(X))
        # Set before it trains: a validation draws from it.
        self.net_ = self._net_class(module, **net_options)
        with products_in(module, products), naming_sizes(self._built_from):
            rows = self._training_rows(X, y)
            what = "trial" if callbacks else ""
            self.net_.train_steps(*rows, checkpoint=checkpoint, what=what)
        self.n_iter_ = self.net_.n_steps_
        # skorch's history also has wall times, which no two fits have in common.
        self.history_ = [
            {k: v for k, v in row.items() if isinstance(v, int | float) and k != "dur"}
            for row in self.net_.history
        ]

    def _build(self, rng):
        return self._module(SimpleNamespace(**self._built_from), rng)

    @torch.no_grad()
    def _evaluate(self, function, X, dtype=torch.float64, size=1024):
        """What a function of the module makes of rows, some at a time.

        In float64, though weights are float32. How a product is rounded depends on how
        many rows it has: what is said of a row would depend on those beside it, in the
        last digits of float32, which a later classifier multiplies.
        """
        device = self.net_.device
        if torch.device(device).type == "mps":  # has no float64
            dtype = torch.float32
        with products_in(self.net_.module_, dtype):  # whatever others sample in
            return in_pieces(
                lambda x: function(x.to(device, dtype)).cpu(),
                torch.tensor(X),
                size=size,
            )

    @torch.no_grad()
    def _sample(self, A, n_samples, seed):
        module, device = self.net_.module_, self.net_.device
        rng = torch_generator(seed, device)
        chunks = torch.tensor(A, device=device).split(-(-self._CHUNK_ROWS // n_samples))
        with products_in(module, getattr(torch, self.precision_)):
            # One array from the start: joining chunks would take twice the memory.
            drawn = None
            for i, a in enumerate(chunks):
                rows = module.sample(a, n_samples, rng, self.temperature)
                if drawn is None:
                    shape = len(A) * n_samples, rows.shape[1]
                    drawn = torch.empty(shape, dtype=torch.float32)
                drawn[i * len(chunks[0]) * n_samples :][: len(rows)] = rows
        return drawn.numpy()

    def __getstate__(self):
        """Weights as numpy arrays: a file without pickled code inside."""
        state = dict(super().__getstate__())  # not the estimator's own
        if "net_" in state:
            weights = state.pop("net_").module_.state_dict()
            state["_weights"] = {k: v.cpu().numpy() for k, v in weights.items()}
        return state

    @sheltered()
    def __setstate__(self, state):
        """Rebuild the module; on the CPU where the device of the fit is missing."""
        state = dict(state)
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is not None:
            # The seed is of no matter: the weights come from the file. So do the sizes,
            # which must not ask for memory beyond it, but for a few scalars.
            with Budget(2 * sum(v.size for v in weights.values()) + 1000):
                module = self._build(torch_generator(0))
            module.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
            try:
                device = resolve_device(self.device)
            except ValueError:
                device = torch.device("cpu")
            self.net_ = StepNet(module, device=device.type).initialize()
