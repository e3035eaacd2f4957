"""The protocol of generators, and what the neural ones share."""

from abc import ABCMeta, abstractmethod
from copy import deepcopy
from functools import partial, wraps
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_scalar
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .._sklearn_compat import Interval, StrOptions, _fit_context
from ..attributes import check_class_attributes
from ..nn import products_in
from ..training import (
    LR_SCHEDULES,
    StepNet,
    Validation,
    compile_networks,
    draw_seed,
    resolve_device,
    resolve_precision,
    sheltered,
    torch_generator,
)
from ..utils import all_or_nothing
from ._early_stopping import HeldOutClasses

# Of a trial training, by default; it ends after a quarter of them without a new best.
_N_VALIDATIONS = 20


class BaseGenerator(
    OneToOneFeatureMixin, TransformerMixin, BaseEstimator, metaclass=ABCMeta
):
    """Base class of generators: a transformer that can also sample.

    A generator learns p(x | a), the distribution of the features x of a class
    given its description a, from seen classes, and draws features for any
    description. A subclass writes ``_fit(X, y, A, unseen)`` and
    ``_sample(A, n_samples, seed)``, and ``_features(X)`` if it samples in a space other
    than that of X.

    Descriptions are divided by one number, the mean norm of the seen classes' rows,
    so that learning rates and ridges mean the same for attributes and embeddings.

    Attributes
    ----------
    classes_ : ndarray of shape (n_seen,)
        Sorted labels of the classes fitted on.
    attribute_scale_ : float
        The number that descriptions are divided by.
    n_attributes_in_ : int
        Length of a description.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of str
        Names of the features, if X had any.
    """

    __metadata_request__fit = {"class_attributes": True}

    @abstractmethod
    def _fit(self, X, y, A, unseen):
        """Learn from rows X and their classes y, which have the descriptions A.

        ``unseen`` holds the rows of described classes without rows in X; most
        generators have no use for them.
        """

    @abstractmethod
    def _sample(self, A, n_samples, seed):
        """Draw n_samples rows for each row of A: (len(A) * n_samples, d) float32."""

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    @sheltered()
    def fit(self, X, y, class_attributes=None):
        """Learn p(features | description) from rows of the seen classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features; cast to float32.
        y : array-like of shape (n_samples,)
            Labels of the rows.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            A description for each class in ``y``, and for any other class. By
            default one-hot rows of the classes in ``y``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a label has no description, or X or y are not valid.
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        attributes = check_class_attributes(class_attributes, y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        A = self._table(attributes, reset=True)
        self.n_attributes_in_ = A.shape[1]
        seen = attributes.positions(self.classes_)
        self._learn_scale(A[seen])
        A = A / self._column_scale
        self._seen_rows = A[seen]
        self._fit(X, codes, self._seen_rows, np.delete(A, seen, axis=0))
        return self

    def _table(self, attributes, *, reset=False):
        """Descriptions as one table, as wide as in fit unless ``reset``."""
        A = attributes.values
        if not reset and A.shape[1] != self.n_attributes_in_:
            raise ValueError(
                f"class_attributes has {A.shape[1]} columns, but "
                f"{type(self).__name__} was fitted with {self.n_attributes_in_}; "
                "describe the classes in the same way as in fit."
            )
        return A

    def _learn_scale(self, A):
        # Zero rows alone have nothing to scale.
        self.attribute_scale_ = float(np.linalg.norm(A, axis=1).mean()) or 1.0
        self._column_scale = np.float32(self.attribute_scale_)

    @sheltered()
    def sample(self, class_attributes, n_samples=1, *, random_state=None):
        """Draw features for each described class, whether seen in fit or not.

        Parameters
        ----------
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions of the classes to draw.
        n_samples : int, default=1
            Number of rows for each class.
        random_state : int, RandomState instance or None, default=None
            Seed of the draw; by default the generator's own ``random_state``.

        Returns
        -------
        X : ndarray of shape (n_classes * n_samples, n_features_out), float32
            Synthetic features, class by class, in the space of ``transform``.
        y : ndarray of shape (n_classes * n_samples,)
            Their labels.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        labels, A = self._described(class_attributes)
        seed = draw_seed(self._random_state() if random_state is None else random_state)
        return self._sample(A, int(n_samples), seed), np.repeat(labels, n_samples)

    @sheltered()
    def transform(self, X):
        """Map real features to the space that ``sample`` draws in: here unchanged.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), float32
        """
        check_is_fitted(self)
        return self._features(validate_data(self, X, dtype=np.float32, reset=False))

    @sheltered()
    def training_features(self, X, *, random_state=None):
        """Features of real rows from which a classifier is to learn.

        Those of ``transform`` for most generators. One with latent features that are
        distributions draws from them here, and gives their means in ``transform``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        random_state : int, RandomState instance or None, default=None
            Seed of the draw; by default the generator's own ``random_state``.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), float32
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self._training_features(X, random_state)

    def _features(self, X):
        """Real rows in the space that ``sample`` draws in."""
        return X

    def _training_features(self, X, random_state):
        """The same, drawn where they are distributions."""
        return self._features(X)

    def _described(self, class_attributes):
        """Labels and scaled rows of descriptions as long as those in fit."""
        attributes = check_class_attributes(class_attributes)
        return attributes.labels, self._table(attributes) / self._column_scale

    def _rows(self, class_attributes):
        """Scaled rows of the described classes; of the seen ones by default."""
        if class_attributes is None:
            return self._seen_rows
        return self._described(class_attributes)[1]

    def _random_state(self):
        return getattr(self, "random_state", None)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class DensityMixin:
    """For generators that know their density: ``_log_density(X, A)``."""

    @sheltered()
    def score_samples(self, X, class_attributes=None):
        """Exact log-density of each row under each described class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of the classes; the seen classes in the order of ``classes_``
            by default.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            log p(x | a), in nats.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self._log_density(X, self._rows(class_attributes))


def in_float32(method):
    """Let a method work without gradients, and in float32 while others sample."""

    @wraps(method)
    def exact(self, *args, **kwargs):
        with torch.no_grad(), products_in(self.net_.module_, torch.float32):
            return method(self, *args, **kwargs)

    return exact


class NeuralGenerator(BaseGenerator):
    """Base class of generators trained by gradient steps on a torch module.

    A subclass writes ``_architecture`` and ``_module``. The module has
    ``prepare(X, y, A, unseen)``; ``forward(x, y, rng)``, which returns a dict of losses
    with the total as ``"loss"``; and ``sample(a, n_samples, rng, temperature)``.
    """

    _parameter_constraints: dict = {
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
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _CHUNK_ROWS = 8192
    _net_class = StepNet

    @abstractmethod
    def _architecture(self, n_features, n_attributes, n_classes):
        """Plain values from which ``_module`` builds the module, also after loading."""

    @abstractmethod
    def _module(self, architecture, rng):
        """Build the module with weights drawn from ``rng``."""

    def _values(self, *names):
        """Parameters by name, for ``_architecture``."""
        return {name: getattr(self, name) for name in names}

    def _training_options(self, n_rows):
        """Further arguments of the net, for methods with an optimiser of their own."""
        return {}

    def _fit(self, X, y, A, unseen):
        seed = draw_seed(self.random_state)
        self.validation_steps_ = self.validation_scores_ = None
        self.validation_classes_ = None
        stop_at = self._best_step(X, y, A, seed) if self.early_stopping else None
        self._train(X, y, A, unseen, seed=seed, stop_at=stop_at)

    def _best_step(self, X, y, A, seed):
        """Number of steps after which a trial training does best on other classes."""
        data = HeldOutClasses(X, y, A, self.validation_fraction, seed)
        validation = Validation(
            partial(data.score, self),
            self.validation_interval or max(1, self.max_iter // _N_VALIDATIONS),
            self.n_iter_no_change,
            self.verbose,
        )
        self._train(*data.trial, seed=seed, n_rows=len(X), callbacks=[validation])
        self.validation_steps_ = np.array(validation.steps_)
        self.validation_scores_ = np.array(validation.scores_)
        self.validation_classes_ = self.classes_[data.classes]
        return validation.best_step_

    def _train(
        self, X, y, A, unseen, *, seed, n_rows=None, stop_at=None, callbacks=None
    ):
        """Train a new net, ``net_``.

        A trial has ``callbacks`` of its own, and goes by the ``n_rows`` of the training
        that it is a trial of.
        """
        device = resolve_device(self.device)
        products = resolve_precision(self.precision, device)
        self.precision_ = str(products).removeprefix("torch.")
        rng = torch_generator(seed)
        self._built_from = self._architecture(X.shape[1], A.shape[1], len(A))
        module = self._module(self._built_from, rng).to(device)
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
            "callbacks": [*deepcopy(self.callbacks or []), *(callbacks or [])],
            "verbose": 0 if callbacks else self.verbose,
            "optimizer__fused": device.type != "mps",
        }
        net_options = options | self._training_options(n_rows or len(X))
        # Set before it trains: a validation draws from it.
        self.net_ = self._net_class(module, **net_options)
        with products_in(module, products):
            self.net_.train_steps(X, y)
        self.n_iter_ = self.net_.n_steps_
        self.history_ = [
            {k: v for k, v in row.items() if isinstance(v, int | float) and k != "dur"}
            for row in self.net_.history
        ]

    @torch.no_grad()
    def _sample(self, A, n_samples, seed):
        module, device = self.net_.module_, self.net_.device
        rng = torch_generator(seed, device)
        chunks = torch.tensor(A, device=device).split(-(-self._CHUNK_ROWS // n_samples))
        with products_in(module, getattr(torch, self.precision_)):
            drawn = None
            for i, a in enumerate(chunks):
                rows = module.sample(a, n_samples, rng, self.temperature)
                if drawn is None:
                    shape = len(A) * n_samples, rows.shape[1]
                    drawn = torch.empty(shape, dtype=rows.dtype)
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
            module = self._module(self._built_from, torch_generator(0))
            module.load_state_dict({k: torch.tensor(v) for k, v in weights.items()})
            try:
                device = resolve_device(self.device)
            except ValueError:
                device = torch.device("cpu")
            self.net_ = StepNet(module, device=device.type).initialize()
