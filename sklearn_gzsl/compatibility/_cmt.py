"""CMT: rows are sent to the space of descriptions, with a test of novelty."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from scipy.special import log_softmax
from torch import nn
from torch.nn.functional import cross_entropy

from .._sklearn_compat import Interval
from ..nn import linear
from ..utils import register, sum_rows
from ._stepped import SteppedClassifier


class CMT(SteppedClassifier):
    r"""Cross-modal transfer: a net from rows to descriptions (CMT).

    A net with one hidden layer sends a row to the space of the descriptions, where it
    gets the class of the nearest one. With a test of novelty, a row that lies farther
    from all seen classes than most of their own rows do goes to the nearest unseen
    class, and any other to a seen one, by a softmax of the row itself (Socher, Ganjoo,
    Manning and Ng [1]_; CMT* in tables).

    .. versionadded:: 0.1

    Parameters
    ----------
    novelty : float or None, default=None
        Share of the rows in ``fit`` that the test is to take for novel, between 0 and
        1; None for no test.

    hidden_dim : int, default=256
        Units of the net's hidden layer.

    Attributes
    ----------
    layers_ : list of ndarray
        Weights, of shape (n_out, n_in), and biases of the net's two layers and of the
        softmax in turns.
    deviations_ : ndarray of shape (n_classes_with_rows,)
        Of the rows of a class from its description, per dimension.
    novelty_threshold_ : float
        The log-density below which a row is novel; -inf without a test.

    See Also
    --------
    CalibratedStackingCV : Chooses the threshold, as its seen penalty moves it.

    Notes
    -----
    The net f is learned by :math:`\|f(x) - a_y\|^2`, and without a test the scores are
    minus this for each class. With it, a row's density in a seen class is that of a
    Gaussian around the description, with the same deviation in all directions. Let N
    be the greatest log-density among the seen classes, and T the threshold. The best
    seen class has the score N - T and the best unseen class 0, so that the test alone
    decides between them, and a seen penalty is a change of T; the others follow as far
    behind as their log-probabilities, by the softmax and by the distances.

    The method is recalled here, and was not compared with the paper, which learns by
    L-BFGS and has a second test of novelty, by the density among neighbours.

    References
    ----------
    .. [1] Socher, Ganjoo, Manning and Ng. Zero-shot learning through cross-modal
       transfer. NIPS, 2013.

    Examples
    --------
    >>> from sklearn_gzsl import CMT, CalibratedStackingCV
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers(n_train=10, n_test=10)
    >>> X, y = numbers.data, numbers.target
    >>> net = CMT(novelty=0.1, max_iter=300, random_state=0)
    >>> clf = CalibratedStackingCV(net, cv=2).fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.4)
    True
    """

    novelty: float | None = None
    hidden_dim: int = 256
    weight_decay: float = 1e-4
    lr: float = 1e-3

    _parameter_constraints: ClassVar[dict] = {
        "novelty": [Interval(Real, 0, 1, closed="left"), None],
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
    }

    def _learn(self, Z, codes, A):
        super()._learn(Z, codes, A)
        self._described = A
        squared = self._squared_distances(Z, A)[np.arange(len(Z)), codes]
        sums = sum_rows(squared[:, None], codes, len(A))[:, 0]
        mean = sums / (np.bincount(codes) * A.shape[1])
        # A class whose rows all lie on its description would have no density.
        self.deviations_ = np.sqrt(mean + 1e-6 * mean.mean() + 1e-12)
        self.novelty_threshold_ = -np.inf
        if self.novelty is not None:
            best = self._log_densities(Z).max(axis=1)
            self.novelty_threshold_ = float(np.quantile(best, self.novelty))

    def _module(self, n_features, A, rng):
        return _Transfer(n_features, self.hidden_dim, A, rng)

    def _learned(self, module, _A):
        self.layers_ = [p.numpy().astype(np.float64) for p in module.parameters()]

    def _of_classes(self, A):
        return A

    def _compatibility(self, Z, A):
        squared = self._squared_distances(Z, A)
        if self.novelty_threshold_ == -np.inf:
            return -squared
        seen = np.isin(self.classes_, self.seen_classes_)
        W, b = self.layers_[4:]
        scores = np.empty_like(squared)
        of_seen = (Z @ W.T + b)[:, self._is_seen]
        scores[:, seen] = _behind(of_seen)
        above = self._log_densities(Z)[:, self._is_seen].max(axis=1)
        scores[:, seen] += (above - self.novelty_threshold_)[:, None]
        if not seen.all():
            spread = np.square(self.deviations_).mean()
            scores[:, ~seen] = _behind(-squared[:, ~seen] / (2 * spread))
        return scores

    def _squared_distances(self, Z, A):
        """Of the rows, sent to the space of the descriptions, and the descriptions."""
        W1, b1, W2, b2, *_ = self.layers_
        sent = np.tanh(Z @ W1.T + b1) @ W2.T + b2
        lengths = np.square(sent).sum(axis=1)[:, None] + np.square(A).sum(axis=1)
        return (lengths - 2 * sent @ A.T).clip(min=0)

    def _log_densities(self, Z):
        """Of the rows in each class with rows."""
        squared = self._squared_distances(Z, self._described)
        spread, n_dim = np.square(self.deviations_), self._described.shape[1]
        return -0.5 * (squared / spread + n_dim * np.log(2 * np.pi * spread))

    def _has(self, _method):  # for PredictionMixin
        return False


class _Transfer(nn.Module):
    """The net, the softmax of the rows, and the losses of both, which share nothing."""

    def __init__(self, n_features, hidden_dim, A, rng):
        super().__init__()
        self.hidden = linear(n_features, hidden_dim, rng, gain=1.0)
        self.out = linear(hidden_dim, A.shape[1], rng, gain=1.0)
        self.classifier = linear(n_features, len(A), rng, init="zeros")
        self.register_buffer("A", A)

    def forward(self, x, y, rng):
        sent = self.out(torch.tanh(self.hidden(x)))
        transfer = (sent - self.A[y]).square().sum(dim=1).mean()
        return {"loss": transfer + cross_entropy(self.classifier(x), y)}


def _behind(scores):
    """Log-probabilities, less that of the best class."""
    log_p = log_softmax(scores, axis=1)
    return log_p - log_p.max(axis=1, keepdims=True)


register(
    CMT,
    name="cmt",
    search={"novelty": [None, 0.1], "hidden_dim": [64, 256], "max_iter": [500, 2000]},
)
