"""PrototypeNetwork: a net from descriptions to prototypes, by softmax of cosines."""

from itertools import pairwise
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from .._sklearn_compat import Interval, StrOptions
from ..utils import register, unit_rows
from ._base import CosineMixin
from ._stepped import SteppedClassifier

# Of an episode of E-PGN: steps with the other classes, then with those held out, ...
_BASE, _REFINE = 50, 10
# ... which are so many at most, and a fifth.
_HELD_OUT = 10
_EPS = 1e-5


class PrototypeNetwork(CosineMixin, SteppedClassifier):
    r"""Net from descriptions to prototypes, learned by a softmax of cosines.

    A net with two hidden layers makes a prototype of each description, and a row gets
    the class whose prototype has the largest cosine with it. Its hidden units are
    standardised over the classes, the class normalisation of [1]_; or it learns in
    episodes that hold some of the seen classes out, as [2]_ does.

    Parameters
    ----------
    class_normalisation : bool, default=True
        Whether the units of the second hidden layer are standardised over the seen
        classes, before and after their ReLU.

    episodic : bool, default=False
        Whether 10 of the classes, or a fifth if these are fewer, sit out for 50 steps,
        and the next 10 steps tell these alone apart; then others are drawn.

    hidden_dim : int, default=1024
        Units of each hidden layer.

    scale : float, default=25.0
        What a cosine of 1 counts, in nats.

    output_activation : {"linear", "relu"}, default="linear"
        "relu" is for rows without negative features that are not centred.

    Attributes
    ----------
    layers_ : list of ndarray
        Weights and biases of the three layers in turns.
    prototypes_ : ndarray, (n_classes, n_features)
        Those of ``classes_``, of length 1.

    See Also
    --------
    BilinearClassifier : Its prototypes are linear in the descriptions.

    Notes
    -----
    Descriptions are brought to the length :math:`\sqrt{n\_attributes}`, and the last
    layer begins with weights of variance ``1 / (hidden_dim * n_features)``, so that
    units and prototypes begin with a variance of 1 and of ``1 / n_features``. The loss
    is the cross-entropy over the seen classes.

    Differences from [1]_: units are divided by their standard deviation, as its
    equations say, and not by the variance. After ``fit``, means and deviations stay
    those of the seen classes, so that no class depends on which others are described.
    The learning rate falls along a cosine, rows are centred, and seen scores are not
    multiplied by a constant: :class:`CalibratedStackingCV` is for that.

    Differences from [2]_: only its episodes and the net to prototypes, without the
    adversarial part and the net from rows to descriptions; cosines in both phases, one
    learning rate, and another net.

    References
    ----------
    .. [1] Skorokhodov and Elhoseiny. Class normalization for (continual?) generalized
       zero-shot learning. ICLR, 2021.
    .. [2] Yu, Ji, Han and Zhang. Episode-based prototype generating network for
       zero-shot learning. CVPR, 2020.

    Examples
    --------
    >>> from sklearn_gzsl import CalibratedStackingCV, PrototypeNetwork
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers(n_train=10, n_test=10)
    >>> X, y = numbers.data, numbers.target
    >>> net = PrototypeNetwork(hidden_dim=64, max_iter=300, random_state=0)
    >>> clf = CalibratedStackingCV(net, cv=2).fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.4)
    True
    """

    class_normalisation: bool = True
    episodic: bool = False
    hidden_dim: int = 1024
    scale: float = 25.0
    output_activation: str = "linear"
    weight_decay: float = 1e-4
    lr: float = 5e-4
    batch_size: int = 256
    max_iter: int = 500

    _parameter_constraints: ClassVar[dict] = {
        "class_normalisation": ["boolean"],
        "episodic": ["boolean"],
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "scale": [Interval(Real, 0, None, closed="neither")],
        "output_activation": [StrOptions({"linear", "relu"})],
    }

    def _module(self, n_features, A, rng):
        widths = (A.shape[1], self.hidden_dim, self.hidden_dim, n_features)
        layers = []
        for fan_in, fan_out in pairwise(widths):
            # The last layer's variance, and what torch's linear layers begin with.
            last = len(layers) == 4
            bound = (3 / (fan_in * fan_out)) ** 0.5 if last else fan_in**-0.5
            weights = torch.rand(fan_in, fan_out, generator=rng) * 2 - 1
            layers += [weights * bound, torch.zeros(fan_out)]
        options = {
            "normalised": self.class_normalisation,
            "relu": self.output_activation == "relu",
        }
        return _Network(layers, A, self.scale, self.episodic, options)

    def _learned(self, module, A):
        self.layers_ = [p.numpy().astype(np.float64) for p in module.layers]
        # Scores go by these, whatever set_params does later.
        self._options, self._scale = module.options, self.scale
        self._moments = []
        network(A, self.layers_, **self._options, keep=self._moments)

    def _of_classes(self, A):
        moments = self._moments
        prototypes = network(A, self.layers_, **self._options, moments=moments)
        self.prototypes_ = unit_rows(prototypes)
        return self._scale * self.prototypes_.T


class _Network(nn.Module):
    """The layers, and the loss of a batch."""

    def __init__(self, layers, A, scale, episodic, options):
        super().__init__()
        self.layers = nn.ParameterList(layers)
        self.register_buffer("A", A)
        self.scale, self.options = scale, options
        n_held_out = max(2, min(_HELD_OUT, len(A) // 5))
        self._n_held_out = n_held_out if episodic and len(A) >= 2 * n_held_out else 0
        # By these names a training that was cut off finds them in its checkpoint.
        self.n_steps = 0
        self.register_buffer("held_out", torch.zeros(len(A), dtype=torch.bool))

    def forward(self, x, y, rng):
        prototypes = network(self.A, list(self.layers), **self.options)
        logits = self.scale * normalize(x) @ normalize(prototypes).T
        if self._n_held_out:
            present = self.present(rng)
            logits = logits.masked_fill(~present, -torch.inf)[present[y]]
            y = y[present[y]]
        loss = cross_entropy(logits, y, reduction="sum") / max(len(y), 1)
        return {"loss": loss}

    def present(self, rng):
        """The classes that are told apart in this step of the episode."""
        step = self.n_steps % (_BASE + _REFINE)
        self.n_steps += 1
        if step == 0:
            order = torch.randperm(len(self.A), generator=rng, device=rng.device)
            self.held_out = order < self._n_held_out
        return self.held_out if step >= _BASE else ~self.held_out


def network(A, layers, *, normalised, relu, moments=None, keep=None):
    """Prototypes of descriptions of length 1; of torch's tensors or numpy's arrays.

    Units are standardised by the given moments, or by their own, which ``keep`` gets.
    """
    given = iter(moments or ())

    def standardised(units):
        if not normalised:
            return units
        centre, spread = next(given, (None, None))
        if centre is None:
            centre = units.mean(0)
            spread = (((units - centre) ** 2).mean(0) + _EPS) ** 0.5
            if keep is not None:
                keep.append((centre, spread))
        return (units - centre) / spread

    W1, b1, W2, b2, W3, b3 = layers
    units = (A * A.shape[1] ** 0.5 @ W1 + b1).clip(min=0)
    units = standardised(units @ W2 + b2).clip(min=0)
    prototypes = standardised(units) @ W3 + b3
    return prototypes.clip(min=0) if relu else prototypes


register(
    PrototypeNetwork,
    name="prototype-network",
    search={
        "class_normalisation": [True, False],
        "episodic": [True, False],
        "max_iter": [250, 1000],
    },
)
