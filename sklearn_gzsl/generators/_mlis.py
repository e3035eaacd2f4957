"""MLIS (2022): a conditional GAN and an encoder refined by a metric loss."""

from functools import partial
from numbers import Integral, Real

import torch
from torch.nn import functional as F

from .._sklearn_compat import Interval, StrOptions
from ..nn import (
    circle_loss,
    contrastive_loss,
    linear,
    multi_similarity_loss,
)
from ..utils import register
from ._adversarial import AdversarialGenerator, EmbeddingMixin, EmbeddingWGAN

# Rows of Table 4; "unified" is Eq. 1.
_METRIC_LOSSES = {
    "circle": circle_loss,
    "unified": partial(circle_loss, self_paced=False),
    "contrastive": contrastive_loss,
    "multi_similarity": multi_similarity_loss,
}
_WITH_MARGIN = {"circle", "unified"}


class MLIS(EmbeddingMixin, AdversarialGenerator):
    r"""Metric learning with implicit semantics, on a conditional GAN (MLIS).

    An encoder E refines features, and with a softmax on top of it learns beside a
    conditional Wasserstein GAN. A metric loss gathers the rows of a class and parts the
    classes: of real rows, each as its refined feature joined with the fixed description
    of its own class, :math:`[E(x), a_y]`. Rows of two classes with similar descriptions
    are similar already, and so the loss asks their refined features to differ all the
    more; only so, implicitly, do semantics enter. A cross-entropy over seen and unseen
    classes refines E on real and synthetic rows. A classifier learns and predicts on
    E(x), without descriptions.

    Parameters
    ----------
    embedding_dim : int, default=512
        Length of E(x), the features that ``transform`` and ``sample`` give.

    metric_loss : {"circle", "unified", "contrastive", "multi_similarity"}
        Metric loss on real rows (Table 4), "circle" by default. "unified" is the circle
        loss without its weights of pairs and its optimal points, Eq. 1 of the paper.

    metric_weight : float, default=0.1
        Weight of the metric loss; 0 leaves it out (Table 3).

    margin : float, default=0.25
        Margin m of the circle loss and of the unified one.

    gamma : float, default=80.0
        Scale of the cosines in these two.

    implicit_semantics : bool, default=True
        Whether descriptions join the metric loss (IS in Tables 3 and 4).

    semantic_weight : float or None, default=0.2
        Share of the descriptions in the similarity of two rows: it is the weighted
        mean of the cosine of their refined features and that of their descriptions.
        None joins both as they are, whatever their lengths.

    ce_weight : float, default=1.0
        Weight of the softmax's cross-entropy; 0 leaves the softmax out, and the
        generator's classification loss with it.

    synthetic_refinement : bool, default=True
        Whether synthetic rows, of seen and of unseen classes, join this
        cross-entropy (SFR in Table 3).

    n_refinement : int, default=5
        Synthetic rows of each unseen class in it at every step (Fig. 3). Of seen
        classes there is one for each real row.

    See Also
    --------
    WGANGP : The GAN alone, in the space of the features.

    Notes
    -----
    The critic's side is critic, encoder and softmax; in ``history_`` it also has
    ``metric`` and ``ce``, without their weights, and ``cls`` is the softmax's
    cross-entropy on synthetic rows. The metric loss needs some classes to come twice in
    a batch.

    The paper's final classifier learns from synthetic rows of seen classes as well:
    ``GZSLClassifier(MLIS(), synthesize="all")``.

    No code of the authors is known, and the paper leaves much open. It fixes the
    layers, the critic's loss, that the metric loss is of real rows alone, five
    synthetic rows of each unseen class, and a small margin. Chosen here as its nearest
    relatives (f-CLSWGAN, CE-GZSL) have it: encoder and softmax learn in the critic's
    steps, and the generator's classification loss is that of the softmax on E(G(z, a)),
    with a weight of 0.01.

    Joined as they are, refined features and descriptions of other lengths would drown
    each other; so both are scaled to length 1 and weighted. For two rows of one class
    the cosine of the descriptions is 1: it acts through pairs of different classes.

    E learns from the metric loss and the cross-entropy alone, by Adam: of their weights
    only the ratio matters, and it sees the features centred and of deviation 1.
    ``hidden_dim``, ``embedding_dim`` (2048 in CE-GZSL), ``feature_scale``,
    ``metric_weight``, ``semantic_weight``, ``lr`` and ``max_iter`` were chosen on
    held-out classes of real data, with few steps in view: an encoder trained for long
    tells seen classes apart, and takes rows of unseen classes for seen ones.

    Every step draws synthetic rows of all unseen classes; with thousands of these,
    lower ``n_refinement`` or turn ``synthetic_refinement`` off.

    References
    ----------
    Metric learning with implicit semantics for generalized zero-shot learning (2022).
    Anonymous submission under review.

    Sun et al. (2020). Circle loss: a unified perspective of pair similarity
    optimization. CVPR.

    Xian et al. (2018b): see WGANGP.

    Examples
    --------
    >>> from sklearn_gzsl import MLIS
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = MLIS(
    ...     hidden_dim=64, embedding_dim=32, max_iter=20, random_state=0
    ... ).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> X_new, y_new = generator.sample(numbers.class_attributes, n_samples=2)
    >>> X_new.shape
    (200, 32)
    >>> generator.transform(numbers.data[numbers.test]).shape[1]
    32
    """

    embedding_dim: int = 512
    metric_loss: str = "circle"
    metric_weight: float = 0.1
    margin: float = 0.25
    gamma: float = 80.0
    implicit_semantics: bool = True
    semantic_weight: float | None = 0.2
    ce_weight: float = 1.0
    synthetic_refinement: bool = True
    n_refinement: int = 5

    _parameter_constraints = {
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "metric_loss": [StrOptions(set(_METRIC_LOSSES))],
        "metric_weight": [Interval(Real, 0, None, closed="left")],
        "margin": [Interval(Real, 0, 1, closed="both")],
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "implicit_semantics": ["boolean"],
        "semantic_weight": [Interval(Real, 0, 1, closed="both"), None],
        "ce_weight": [Interval(Real, 0, None, closed="left")],
        "synthetic_refinement": ["boolean"],
        "n_refinement": [Interval(Integral, 1, None, closed="left")],
    }

    def _module(self, options, rng):
        return _MLISModule(options, rng)

    def _architecture(self, sizes):
        # The softmax tells unseen classes apart, too.
        n_classes = sizes["n_classes"] + sizes["n_unseen"]
        return super()._architecture(sizes) | {"n_classes": n_classes}


class _MLISModule(EmbeddingWGAN):
    """GAN, encoder and softmax, and their losses."""

    def __init__(self, options, rng):
        super().__init__(options, rng)
        self.metric_loss = _METRIC_LOSSES[options.metric_loss]
        if options.metric_loss in _WITH_MARGIN:
            self.metric_loss = partial(
                self.metric_loss, margin=options.margin, gamma=options.gamma
            )
        refined = options.synthetic_refinement and options.ce_weight
        self.n_refinement = options.n_refinement if refined else 0
        if options.ce_weight:
            self.head = linear(options.embedding_dim, options.n_classes, rng)
        else:
            self.cls_weight = 0.0  # no softmax to judge synthetic rows

    def critic_parameters(self):
        parts = [self.critic, self.encoder]
        if self.options.ce_weight:
            parts.append(self.head)
        return [p for part in parts for p in part.parameters()]

    def prepare(self, X, y, A, unseen):
        """Scale features, and keep the descriptions of seen and of unseen classes."""
        # Of both, as the generator draws rows of both to refine the encoder with.
        self.start(X, torch.cat([A, unseen]))
        self.n_seen = len(A)

    def joined(self, h, a):
        """Rows of the metric loss, [E(x), a]."""
        if not self.options.implicit_semantics:
            return h
        if self.options.semantic_weight is None:
            return torch.cat([h, a], dim=1)
        # Roots: the cosine of joined rows is then the weighted mean of both cosines.
        w = self.options.semantic_weight
        parts = [(1 - w) ** 0.5 * F.normalize(h), w**0.5 * F.normalize(a)]
        return torch.cat(parts, dim=1)

    def class_logits(self, x):
        return self.head(self.encode(x))

    def synthetic_labels(self, y):
        """The classes of the batch, and unseen ones to refine the encoder."""
        # Unseen classes come after the seen ones, here and in the softmax.
        new = torch.arange(self.n_seen, len(self.A), device=y.device)
        return torch.cat([y, new.repeat_interleave(self.n_refinement)])

    def critic_losses(self, x, fake, y, alpha):
        """Losses of critic, encoder and softmax on a batch; unseen classes join."""
        options, n = self.options, len(x)
        # The critic, and with it the generator, learns from seen classes alone.
        losses = super().critic_losses(x, fake[:n], y, alpha)
        h = self.encode(torch.cat([x, fake]) if self.n_refinement else x)
        if options.metric_weight:
            # Real rows alone: the paper has no similarities to synthetic ones.
            losses["metric"] = self.metric_loss(self.joined(h[:n], self.A[y]), y)
            weighted = options.metric_weight * losses["metric"]
            losses["critic"] = losses["critic"] + weighted
        if options.ce_weight:
            targets = torch.cat([y, self.synthetic_labels(y)])
            losses["ce"] = F.cross_entropy(self.head(h), targets[: len(h)])
            losses["critic"] = losses["critic"] + options.ce_weight * losses["ce"]
        return losses


register(
    MLIS,
    name="mlis",
    search={"max_iter": [400, 1200], "metric_weight": [0.1, 1.0]},
)
