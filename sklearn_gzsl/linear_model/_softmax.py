"""Linear softmax trained by Adam: the classifier of every generative GZSL paper."""

from __future__ import annotations

from itertools import islice
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import (
    Interval,
    StrOptions,
    _check_sample_weight,
    _fit_context,
)
from ..training import (
    Checkpointed,
    draw_seed,
    intervals,
    resolve_device,
    sheltered,
    torch_generator,
)
from ..utils import all_or_nothing, progress, say, validate_rows
from ._classes import class_factors, codes_of, is_first_call, log_priors
from ._cut_short import warn_if_cut_short
from ._lda import IncrementalLDA
from ._linear_scores import LinearScoresMixin
from ._softmax_steps import SoftmaxSteps, batches, on_device
from ._softmax_stream import StreamedFitMixin

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..utils._typing import RandomState

_AUTO_PASSES, _AUTO_STEPS = 25, 30_000


class SoftmaxClassifier(
    StreamedFitMixin, ClassifierMixin, LinearScoresMixin, Checkpointed, BaseEstimator
):
    """Linear softmax classifier (multinomial logistic regression) trained by Adam.

    One linear layer, cross-entropy, mini-batches: the final classifier of the
    generative zero-shot papers ([1]_, section 3.3), with their Adam
    settings, learning rate 1e-3 and betas (0.5, 0.999). It learns from any number of
    rows in bounded memory, all at once or, through ``partial_fit``, in chunks.

    Parameters
    ----------
    lr : float, default=1e-3
        Learning rate of Adam.

    batch_size : int, default=64
        Rows in a mini-batch.

    max_iter : int or "auto", default="auto"
        Gradient steps in ``fit``; "auto" makes 25 passes over the rows, as the
        papers do, and at least 30,000 steps: fewer leave small data underfitted.

    weight_decay : float, default=0.0
        L2 penalty on the weights, added to the gradient.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes, as in scikit-learn: ``"balanced"`` gives every class
        the same total weight, a dict maps labels to weights.

    init : {"zeros", "lda"}, default="zeros"
        Weights to start from: zeros, or the closed form of :class:`IncrementalLDA`, of
        all rows in ``fit`` and of the first chunk in ``partial_fit``.

    logit_adjustment : float, default=0.0
        Multiple of the logarithms of the classes' shares of the rows that is added to
        the logits in training and not in prediction [2]_. With 1, probabilities are
        those for equally frequent classes, and more favours rare ones further. Shares
        go by the weights of the rows, in ``partial_fit`` of all that have come, where
        classes without rows so far count as the rarest of the others.

    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where to train; "auto" takes a GPU if there is one.

    random_state : int, RandomState instance or None, default=None
        Seed of the order of the rows.

    verbose : int, default=0
        Show on stderr how far ``fit`` is, and the mean loss.

    Attributes
    ----------
    loss_curve_ : list of float
        Mean training loss of each hundredth of the steps in ``fit``, and of each
        ``partial_fit``.
    n_iter_ : int
        Gradient steps taken so far.

    See Also
    --------
    GZSLClassifier : Trains it on real and synthetic rows together.
    sklearn.linear_model.LogisticRegression : The same model by a batch solver.

    References
    ----------
    .. [1] Xian, Lorenz, Schiele and Akata. Feature generating networks for zero-shot
       learning. CVPR, 2018.
    .. [2] Menon, Jayasumana, Rawat, Jain, Veit and Kumar. Long-tail learning via logit
       adjustment. ICLR, 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_gzsl import SoftmaxClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = SoftmaxClassifier(random_state=0).fit(X / 16, y)
    >>> bool(clf.score(X / 16, y) > 0.9)
    True
    """

    _parameter_constraints: dict = {
        "lr": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "init": [StrOptions({"zeros", "lda"})],
        "logit_adjustment": [Interval(Real, 0, None, closed="left")],
        "device": [StrOptions({"auto", "cpu", "cuda", "mps"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        lr: float = 1e-3,
        batch_size: int = 64,
        max_iter: int | Literal["auto"] = "auto",
        weight_decay: float = 0.0,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        init: Literal["zeros", "lda"] = "zeros",
        logit_adjustment: float = 0.0,
        device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
        checkpoint: str | PathLike | None = None,
        checkpoint_interval: float = 60.0,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.lr = lr
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.weight_decay = weight_decay
        self.class_weight = class_weight
        self.init = init
        self.logit_adjustment = logit_adjustment
        self.device = device
        self.checkpoint = checkpoint
        self.checkpoint_interval = checkpoint_interval
        self.random_state = random_state
        self.verbose = verbose

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train from scratch, with ``max_iter`` gradient steps.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features. float32 is trained in float32, anything else in float64.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        self : object
        """
        X, y = validate_rows(self, X, y, dtype=[np.float64, np.float32])
        self.classes_ = np.unique(y)
        self._reset(X)
        n_steps = self._n_steps(len(X))
        codes = codes_of(y, self.classes_)
        weight = self._weights(X, codes, sample_weight)
        self._count(X, codes, weight)
        data = {"X": X, "y": codes, "sample_weight": weight}
        # weight_decay counts the same whatever the unit of the weights.
        weight = weight / weight.mean()
        device = resolve_device(self.device)
        with (
            self._checkpoints(self._seed, device, **data) as (checkpoint, self._seed),
            progress(n_steps, "steps") as done,
        ):
            lengths = intervals(n_steps)
            self._train(X, codes, weight, lengths, done, checkpoint("training"))
        warn_if_cut_short(self)
        return self

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Make one pass over these rows, going on from what was learned before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Labels, a subset of ``classes``.
        classes : array-like of shape (n_classes,), optional
            All labels that will ever come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        self : object
        """
        if self.class_weight == "balanced" and self._stream is None:
            raise ValueError(
                "class_weight='balanced' needs all rows at once and partial_fit sees "
                "a part; pass a dict of weights or sample_weight."
            )
        first = is_first_call(self, classes)
        X, y = validate_rows(self, X, y, dtype=[np.float64, np.float32], reset=first)
        if first:
            self._reset(X)
        X = X.astype(self.coef_.dtype, copy=False)
        codes = codes_of(y, self.classes_)
        weight = self._weights(X, codes, sample_weight)
        self._count(X, codes, weight)
        return self._train(X, codes, weight, [self._pass_steps(len(X))], _say_loss)

    def forget_rows(self) -> Self:
        """Drop the state of the optimizer: means of gradients, twice the weights' size.

        Predictions stay as they are, and ``partial_fit`` goes on from the weights, with
        an optimizer that starts anew.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        self._moments = None
        return self

    def _reset(self, X):
        self.coef_ = np.zeros((len(self.classes_), X.shape[1]), dtype=X.dtype)
        self.intercept_ = np.zeros(len(self.classes_), dtype=X.dtype)
        self.loss_curve_ = []
        self.n_iter_ = 0
        self.class_count_ = None
        self._moments = None
        self._seed = draw_seed(self.random_state)

    def _weights(self, X, codes, sample_weight):
        """Weights of the rows, class weights included."""
        weight = _check_sample_weight(
            sample_weight, X, dtype=X.dtype, ensure_non_negative=True
        )
        weight = weight * self._class_weights(codes, weight)[codes].astype(X.dtype)
        if not weight.sum() > 0:
            raise ValueError("sample_weight is zero for every row; nothing to learn.")
        return weight

    def _count(self, X, codes, weight):
        """Add the rows' weights to those of their classes; begin with the first."""
        counts = np.bincount(codes, weights=weight, minlength=len(self.classes_))
        if self.class_count_ is not None:
            self.class_count_ = self.class_count_ + counts
            return
        self.class_count_ = counts
        if self.init == "lda":
            lda = self._stream.start if self._stream else None
            if lda is None:
                # What shrinkage takes as the number of rows is the sum of weights.
                unit = weight / weight[weight > 0].mean()
                y = self.classes_[codes]
                lda = IncrementalLDA().partial_fit(X, y, self.classes_, unit)
            else:
                counts = lda.class_count_ * self._class_weights(codes, weight)
            biases = lda.intercept_
            biases = np.where(counts > 0, biases, biases[counts > 0].min())
            biases += (1 - self.logit_adjustment) * log_priors(counts)
            self.coef_, self.intercept_ = lda.coef_, biases.astype(X.dtype)

    @sheltered()
    @torch.inference_mode()
    def _train(self, X, codes, weight, lengths, done, checkpoint=None):
        """Take steps in intervals of the given lengths, and report after each."""
        device = resolve_device(self.device)
        # The order of rows differs from call to call, but not from run to run.
        rng = torch_generator(self._seed + len(self.loss_curve_), device)
        offset = None
        if self.logit_adjustment:
            offset = self.logit_adjustment * log_priors(self.class_count_)
        n_before = 0
        if checkpoint and (state := checkpoint.read()):
            self._put(state)
            n_before = len(self.loss_curve_)
        descent = self._steps(device)
        descent.set_offset(offset)
        params = descent.coef, descent.intercept
        if device.type == "mps":  # has no float64
            X, weight = X.astype(np.float32), weight.astype(np.float32)
        rows = (on_device(array, device) for array in (X, codes, weight))
        endless = batches(*rows, self.batch_size, rng, skip=sum(lengths[:n_before]))
        curve, n_iter = list(self.loss_curve_), self.n_iter_
        for n_done in range(n_before + 1, len(lengths) + 1):
            length = lengths[n_done - 1]
            # The losses are added up at the end: that takes no time in the steps, and
            # lets no GPU wait for the host.
            terms = [
                (descent.step(*batch), batch[2]) for batch in islice(endless, length)
            ]
            log_p, weights = (torch.cat(parts) for parts in zip(*terms, strict=True))
            curve.append(-(log_p * weights).sum().item() / length)
            n_iter += length
            if not np.isfinite(curve[-1]):
                raise ValueError(
                    f"The loss became NaN or infinite by iteration {n_iter}; lower lr "
                    f"(now {self.lr:g}) or scale X, for example with MinMaxScaler."
                )
            done(sum(lengths[:n_done]), loss=curve[-1])
            self._after_interval(params, n_done, len(lengths))
            over = n_done == len(lengths)
            if checkpoint and (over or checkpoint.due()):
                checkpoint.write(self._state(descent, curve, n_iter), over=over)
        # Not isfinite().all(), which would copy the weights.
        if not all(torch.stack(p.aminmax()).isfinite().all() for p in params):
            raise ValueError(
                f"The weights became infinite; lower lr (now {self.lr:g})."
            )
        self.loss_curve_ = curve
        self.n_iter_ = n_iter
        self.coef_, self.intercept_ = descent.weights
        if self._stream is None:
            self._moments = descent.moments
        return self

    def _steps(self, device):
        """Where the descent goes on: from a copy, or in place within a stream."""
        if self._stream is not None and self._stream.descent is not None:
            self._stream.descent.go_on_from(self.coef_, self.intercept_)
            return self._stream.descent
        descent = SoftmaxSteps(
            self.coef_,
            self.intercept_,
            self._moments,
            device=device,
            lr=self.lr,
            weight_decay=self.weight_decay,
        )
        if self._stream is not None:
            self._stream.descent = descent
        return descent

    def _after_interval(self, params, n_done, n_intervals):
        """For subclasses that look at the weights during training."""

    def _n_steps(self, n_rows):
        """Gradient steps of a fit to so many rows."""
        if self.max_iter != "auto":
            return int(self.max_iter)
        return max(_AUTO_PASSES * self._pass_steps(n_rows), _AUTO_STEPS)

    def _pass_steps(self, n_rows):
        return -(-n_rows // int(self.batch_size))

    def _class_weights(self, codes, weight):
        """Factor of each class of ``classes_``, up to one common factor."""
        if self.class_weight == "balanced" and self._stream is not None:
            # A chunk cannot tell; the factors must be those of all rows.
            counts = self._stream.counts
            return counts.sum() / (len(counts) * counts)
        totals = np.bincount(codes, weights=weight, minlength=len(self.classes_))
        return class_factors(self.class_weight, self.classes_, totals)


def _say_loss(n_steps, loss):
    say(f"{n_steps} steps, loss {loss:.4g}")
