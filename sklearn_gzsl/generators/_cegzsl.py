"""CE-GZSL (Han et al. 2021): a conditional GAN and a contrastive embedding."""

from numbers import Integral, Real

import torch
from torch.nn import functional as F

from .._sklearn_compat import Interval
from ..nn import linear, supervised_contrastive_loss
from ..utils import register
from ._adversarial import AdversarialGenerator, EmbeddingMixin, EmbeddingWGAN


class CEGZSL(EmbeddingMixin, AdversarialGenerator):
    r"""Contrastive embedding of features, beside a conditional GAN (CE-GZSL).

    An encoder E embeds features, and learns beside a conditional Wasserstein GAN by two
    contrasts. That of instances gathers the projections of a class's rows and parts
    those of different classes. That of classes is by a comparator, which scores the
    embedding beside the description of each seen class, and has to score its own class
    above the others. A classifier learns and predicts on E(x).

    Parameters
    ----------
    embedding_dim : int, default=512
        Length of E(x), of which ``transform`` and ``sample`` consist.

    projection_dim : int, default=128
        Length of the projections of E(x) in the contrast of instances.

    comparator_dim : int, default=128
        Width of the comparator's hidden layer, which every row and class take together.

    instance_weight : float, default=1.0
        Weight of the contrast of instances, of real rows; 0 leaves it out.

    ce_weight : float, default=1.0
        Weight of the contrast of classes, of real rows, a cross-entropy; 0 leaves the
        comparator out.

    contrast_weight : float, default=0.001
        Weight of the contrast of instances in the generator's loss, of synthetic and
        real rows together.

    cls_weight : float, default=0.001
        Weight of the contrast of classes in the generator's loss, of synthetic rows.

    instance_temperature : float, default=0.1
        What the cosines in the contrast of instances are divided by.

    class_temperature : float, default=0.1
        What the comparator's scores are divided by.

    rows_per_class : int, default=4
        Rows of a class that come together in a batch; the contrast of instances needs
        two or more.

    See Also
    --------
    MLIS : The same skeleton, with a metric loss that descriptions join.

    Notes
    -----
    The critic's side is critic, encoder, projection and comparator; in ``history_`` it
    also has ``instance`` and ``ce``, and the generator's side ``contrast`` and ``cls``,
    all without their weights.

    The losses are those of the authors' code, where the contrast of instances takes
    all positives of a row together. Different are the batches, which hold several rows
    of each of their classes, where the authors' are so large (2048 rows) that they do
    anyway; a constant learning rate, which there loses a hundredth every 100 epochs;
    and the average of the generator's weights. The authors' setting is
    ``hidden_dim=4096, embedding_dim=2048, projection_dim=512, comparator_dim=2048,
    feature_scale=None, ema_decay=0, lr=1e-4, batch_size=2048`` (4096 on AWA2; on SUN
    ``comparator_dim=1024, lr=5e-5`` and both weights of the generator 0.01), without a
    number of steps: the epoch was chosen on test rows. So there is no preset.

    Widths and steps are those of ``MLIS``, or small: comparing every row with every
    class takes the time of a step. They were tried on held-out classes of real data,
    and not searched.

    References
    ----------
    Han, Fu, Chen and Yang (2021). Contrastive embedding for generalized zero-shot
    learning. CVPR.

    Examples
    --------
    >>> from sklearn_gzsl import CEGZSL
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = CEGZSL(
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
    projection_dim: int = 128
    comparator_dim: int = 128
    instance_weight: float = 1.0
    ce_weight: float = 1.0
    contrast_weight: float = 0.001
    cls_weight: float = 0.001
    instance_temperature: float = 0.1
    class_temperature: float = 0.1
    rows_per_class: int = 4

    _parameter_constraints = {
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "projection_dim": [Interval(Integral, 1, None, closed="left")],
        "comparator_dim": [Interval(Integral, 1, None, closed="left")],
        "instance_weight": [Interval(Real, 0, None, closed="left")],
        "ce_weight": [Interval(Real, 0, None, closed="left")],
        "contrast_weight": [Interval(Real, 0, None, closed="left")],
        "instance_temperature": [Interval(Real, 0, None, closed="neither")],
        "class_temperature": [Interval(Real, 0, None, closed="neither")],
        "rows_per_class": [Interval(Integral, 2, None, closed="left")],
    }

    def _module(self, options, rng):
        return _CEGZSLModule(options, rng)

    def _architecture(self, sizes):
        if self.batch_size < 2 * self.rows_per_class:
            raise ValueError(
                f"batch_size={self.batch_size} has no room for two classes with "
                f"rows_per_class={self.rows_per_class}, and a contrast is one of "
                f"classes; set batch_size to {2 * self.rows_per_class} or more."
            )
        return super()._architecture(sizes)


class _CEGZSLModule(EmbeddingWGAN):
    """GAN, encoder, projection and comparator, and their losses."""

    def __init__(self, options, rng):
        super().__init__(options, rng)
        n, hidden = options.embedding_dim, options.comparator_dim
        if options.instance_weight:
            self.projection = linear(n, options.projection_dim, rng)
        if options.ce_weight:
            # The first layer on [E(x), a], taken apart: each is multiplied once.
            self.embedded = linear(n, hidden, rng)
            self.described = linear(options.n_attributes, hidden, rng, bias=False)
            self.scores = linear(hidden, 1, rng, bias=False)
        else:
            self.cls_weight = 0.0  # no comparator to judge synthetic rows

    def critic_parameters(self):
        parts = ["critic", "encoder", "projection", "embedded", "described", "scores"]
        parts = [getattr(self, part) for part in parts if hasattr(self, part)]
        return [p for part in parts for p in part.parameters()]

    def prepare(self, X, y, A, unseen):
        """Scale features, and keep the seen classes' descriptions."""
        self.start(X, A)

    def contrast(self, h, y):
        """Of instances, in embedded rows."""
        temperature = self.options.instance_temperature
        return supervised_contrastive_loss(
            self.projection(h), y, temperature=temperature
        )

    def compare(self, h):
        """Logits of all seen classes for embedded rows."""
        pairs = self.embedded(h)[:, None] + self.described(self.A)
        scores = self.scores(F.leaky_relu(pairs, 0.2).flatten(0, 1))
        return scores.view(len(h), -1) / self.options.class_temperature

    def class_logits(self, x):
        return self.compare(self.encode(x))

    def critic_losses(self, x, fake, y, alpha):
        """Losses of critic and embedding on a batch."""
        options, h = self.options, self.encode(x)
        losses = super().critic_losses(x, fake, y, alpha)
        if options.instance_weight:
            losses["instance"] = self.contrast(h, y)
            weighted = options.instance_weight * losses["instance"]
            losses["critic"] = losses["critic"] + weighted
        if options.ce_weight:
            losses["ce"] = F.cross_entropy(self.compare(h), y)
            losses["critic"] = losses["critic"] + options.ce_weight * losses["ce"]
        return losses

    def generator_terms(self, fake, x, y, rng):
        """Both contrasts; that of instances has real rows beside the synthetic ones."""
        terms = super().generator_terms(fake, x, y, rng)
        if self.options.instance_weight and self.options.contrast_weight:
            h = self.encode(torch.cat([fake, self.scaled(x)]))
            contrast = self.contrast(h, y.repeat(2))
            terms["contrast"] = self.options.contrast_weight, contrast
        return terms


register(
    CEGZSL,
    name="ce-gzsl",
    search={"max_iter": [400, 1200], "instance_weight": [0.1, 1.0]},
)
