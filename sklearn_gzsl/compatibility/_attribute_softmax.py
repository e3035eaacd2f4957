"""AttributeSoftmaxClassifier: softmax weights made from descriptions (ZLAP)."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, leaky_relu, normalize

from .._sklearn_compat import Interval
from ..nn import linear
from ..utils import SPLITS, register, unit_rows
from ._base import CosineMixin
from ._stepped import SteppedClassifier

_SLOPE = 0.2


class AttributeSoftmaxClassifier(CosineMixin, SteppedClassifier):
    r"""Softmax whose weights a net makes of the classes' descriptions (ZLAP).

    A net with one hidden layer makes the weights of each class from its description,
    and the logits are cosines over a temperature. In training alone, classes get the
    logarithms of their shares of the rows on top, so that what is learned favours
    neither frequent classes nor those of which there are real rows (Chen et al. [1]_).

    It is the final classifier of a generative method: as ``classifier`` of
    :class:`GZSLClassifier` it learns from real and synthetic rows, of which it needs
    few, as classes share the net. Alone, it learns from rows of seen classes.

    .. versionadded:: 0.1

    Parameters
    ----------
    hidden_dim : int, default=1024
        Units of the hidden layer.

    temperature : float, default=0.1
        What a cosine counts as one nat; 0.04 in the paper. The default was chosen on
        held-out classes of real data.

    prior_odds : float or None, default=None
        How much more likely than an unseen class a seen one is taken to be in training,
        the paper's r; None for the odds of the rows. Larger ones favour unseen classes
        in prediction. Without effect where all rows are of seen classes.

    Attributes
    ----------
    class_log_prior_ : ndarray of shape (n_classes_with_rows,)
        What was added to the logits in training, of the sorted labels in ``y``.
    layers_ : list of ndarray
        Weights, of shape (n_out, n_in), and biases of both layers in turns.
    prototypes_ : ndarray of shape (n_classes, n_features)
        The softmax weights of ``classes_``, of length 1.

    See Also
    --------
    SoftmaxClassifier : Its weights are learned for each class by itself.
    PrototypeNetwork : The same score with another net, for rows of seen classes.

    Notes
    -----
    The logit of class c in training is

    .. math::

        \cos(x, p(a_c)) / \tau + \log p(c \mid s_c) + \log p_0(s_c)

    with the class's share of the rows of its side, the seen or the unseen classes, and
    the probability of the side, which is r / (1 + r) for the seen one. In prediction
    the cosine counts alone. With the odds of the rows as r, both terms together are
    the logarithm of the class's share of all rows, and the balance of both sides is
    left to the seen penalty, which r shifts by its logarithm times a constant.

    Differences from the paper: there r is set for each data set, and here it is the
    odds of the rows, so that :class:`CalibratedStackingCV` has nothing to undo. Rows
    and descriptions are centred; the learning rate falls along a cosine, and not by
    half once. ``paper_settings("ZLAP", dataset)`` has the settings of the authors' code
    for this classifier, to be put behind a ``WGANGP(cls_weight=0)`` with
    ``n_synthetic=10``; there, the learning rate is constant.

    References
    ----------
    .. [1] Chen, Shen, Zhang, Chen, Wang, Cai and Wang. Zero-shot logit adjustment.
       IJCAI, 2022.

    Examples
    --------
    >>> from sklearn_gzsl import AttributeSoftmaxClassifier, GaussianGenerator
    >>> from sklearn_gzsl import GZSLClassifier
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers(n_train=10, n_test=10)
    >>> X, y = numbers.data, numbers.target
    >>> head = AttributeSoftmaxClassifier(hidden_dim=128, max_iter=100)
    >>> clf = GZSLClassifier(
    ...     GaussianGenerator(), head, n_synthetic=10, seen_penalty=0, random_state=0
    ... ).fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.6)
    True
    """

    hidden_dim: int = 1024
    temperature: float = 0.1
    prior_odds: float | None = None
    weight_decay: float = 1e-4
    lr: float = 1e-3
    batch_size: int = 256

    _parameter_constraints: ClassVar[dict] = {
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "prior_odds": [Interval(Real, 0, None, closed="neither"), None],
    }

    # Synthetic rows of a class for each real one that GZSLClassifier draws for it.
    _auto_synthetic = 1

    def _learn(self, Z, codes, A):
        self.class_log_prior_ = _log_priors(
            np.bincount(codes), self._is_seen, self.prior_odds
        )
        super()._learn(Z, codes, A)

    def _module(self, n_features, A, rng):
        prior = torch.tensor(self.class_log_prior_, dtype=torch.float32)
        sizes = A.shape[1], self.hidden_dim, n_features
        return _Weights(sizes, A, prior, self.temperature, rng)

    def _learned(self, module, _A):
        self.layers_ = [p.numpy().astype(np.float64) for p in module.parameters()]
        # Scores go by it, whatever set_params does later.
        self._temperature = self.temperature

    def _of_classes(self, A):
        W1, b1, W2, b2 = self.layers_
        units = A @ W1.T + b1
        units = np.where(units > 0, units, _SLOPE * units)
        self.prototypes_ = unit_rows(units @ W2.T + b2)
        return self.prototypes_.T / self._temperature


class _Weights(nn.Module):
    """The net from descriptions to weights, and the loss of a batch."""

    def __init__(self, sizes, A, prior, temperature, rng):
        super().__init__()
        n_attributes, hidden_dim, n_features = sizes
        self.hidden = linear(n_attributes, hidden_dim, rng, init="normal", gain=0.02)
        self.out = linear(hidden_dim, n_features, rng, init="normal", gain=0.02)
        self.register_buffer("A", A)
        self.register_buffer("prior", prior)
        self.temperature = temperature

    def forward(self, x, y, rng):
        weights = normalize(self.out(leaky_relu(self.hidden(self.A), _SLOPE)))
        logits = normalize(x) @ weights.T / self.temperature + self.prior
        return {"loss": cross_entropy(logits, y)}


def _log_priors(counts, is_seen, odds):
    """Logarithms of the classes' shares of their side, and of the side's odds."""
    of_sides = counts[is_seen].sum(), counts[~is_seen].sum()
    if odds is None or not of_sides[1]:
        return np.log(counts / sum(of_sides))
    share = np.log(counts / np.where(is_seen, *of_sides))
    return share + np.where(is_seen, np.log(odds), 0.0) - np.log1p(odds)


def _published(data, odds):
    split, batch_size = SPLITS[data], 512
    n_rows = split.rows + 10 * split.unseen
    return {
        "hidden_dim": 1024,
        "temperature": 0.04,
        "prior_odds": float(odds),
        "weight_decay": 1e-4,
        "normalisation": None,
        "attribute_scaling": None,
        "lr": 1e-4,
        "lr_schedule": "constant",
        "batch_size": batch_size,
        "max_iter": 60 * -(-n_rows // batch_size),
    }


register(
    AttributeSoftmaxClassifier,
    name="attribute-softmax",
    search={"max_iter": [500, 2000], "temperature": [0.05, 0.1, 0.2]},
    published_as={
        "ZLAP": {
            name: _published(name, odds)
            for name, odds in {"AWA2": 1000, "CUB": 30, "SUN": 60, "aPY": 300}.items()
        }
    },
)
