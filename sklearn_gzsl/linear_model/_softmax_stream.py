"""How SoftmaxClassifier learns from a stream, and from where it was cut off."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..training import draw_seed, resolve_device
from ..utils import all_or_nothing
from ._cut_short import warn_if_cut_short
from ._lda import IncrementalLDA

if TYPE_CHECKING:
    import numpy as np
    from typing_extensions import Self

    from ._softmax_steps import SoftmaxSteps

# What a training has learned so far.
_LEARNED = (
    *("coef_", "intercept_", "_moments", "loss_curve_", "n_iter_", "class_count_"),
    "_seed",
)


@dataclass
class Streaming:
    """What calls of ``partial_fit`` share while ``fit_stream`` makes them."""

    start: IncrementalLDA | None  # fitted, if the weights begin there
    counts: np.ndarray  # rows of each class in a pass
    descent: SoftmaxSteps | None = None  # made by the first call


class StreamedFitMixin:
    """``fit_stream``, and the state of a training."""

    # Set while ``fit_stream`` runs.
    _stream: Streaming | None = None

    @all_or_nothing
    def fit_stream(self, stream: Any) -> Self:
        """Train from scratch on more rows than memory holds.

        ``GZSLClassifier`` does so with the rows that it draws past its
        ``memory_limit``. As many gradient steps are taken as ``fit`` takes with all
        rows, each chunk through ``partial_fit``; ``coef_`` and ``intercept_`` are up to
        date after each, and a subclass may change them there. Here alone, calls change
        these arrays in place, so that there are never two copies of large weights.

        Parameters
        ----------
        stream : sklearn_gzsl.synthesis.RowStream
            Or an object with ``n_rows``, ``classes``, ``counts``, ``chunks`` and
            ``feed`` as it has them; with ``checkpoint`` also ``facts``.

        Returns
        -------
        self : object
        """
        vars(self).pop("classes_", None)  # the next partial_fit is the first
        batch_size = min(int(self.batch_size), stream.n_rows)
        if self.checkpoint is None:
            return self._learn_from(stream, batch_size)
        # Of a copy: that of the training is drawn by the first partial_fit.
        seed = draw_seed(deepcopy(self.random_state))
        facts = stream.facts(batch_size)
        device = resolve_device(self.device)
        with self._checkpoints(seed, device, **facts) as (checkpoint, _):
            return self._learn_from(stream, batch_size, checkpoint("training"))

    def _learn_from(self, stream, batch_size, checkpoint=None):
        start, going_on = None, {}
        state = checkpoint.read() if checkpoint else None
        if checkpoint:
            after_chunk = partial(self._keep, checkpoint)
            going_on = {"position": None, "after_chunk": after_chunk}
        if state:
            going_on["position"] = state.pop("position")
            self.classes_ = stream.classes
            self._put(state)
            self.n_features_in_ = self.coef_.shape[1]
        elif self.init == "lda":
            # From a pass of its own: a chunk has too few rows of each class.
            start = IncrementalLDA()
            for X, y in stream.chunks(batch_size):
                start.partial_fit(X, y, stream.classes)
        n_steps = self._n_steps(stream.n_rows)
        self._stream = Streaming(start, stream.counts)
        try:
            stream.feed(self.partial_fit, batch_size, n_steps, **going_on)
            if self._stream.descent:
                self._moments = self._stream.descent.moments
        finally:
            del self._stream  # what the class has, None, counts again
        warn_if_cut_short(self)
        return self

    def _keep(self, checkpoint, position):
        """Write where the training is, if it is time or the last chunk is over."""
        over = not position["left"]
        if over or checkpoint.due():
            descent = self._stream.descent
            state = self._state(descent, self.loss_curve_, self.n_iter_)
            checkpoint.write(state | {"position": position}, over=over)

    def _state(self, descent, loss_curve, n_iter):
        """What a training has learned so far, as arrays and numbers."""
        coef, intercept = descent.weights
        return {
            "coef_": coef,
            "intercept_": intercept,
            "_moments": descent.moments,
            "loss_curve_": loss_curve,
            "n_iter_": n_iter,
            "class_count_": self.class_count_,
            "_seed": self._seed,
        }

    def _put(self, state):
        """Be where such a training was."""
        vars(self).update({name: state[name] for name in _LEARNED})
