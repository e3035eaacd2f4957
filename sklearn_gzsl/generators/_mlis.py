"""MLIS (2022): a conditional GAN and an encoder refined by a metric loss."""

from functools import partial
from numbers import Integral, Real

import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from torch.nn import functional as F

from .._sklearn_compat import Interval, StrOptions
from ..nn import (
    ConditionalWGAN,
    circle_loss,
    contrastive_loss,
    linear,
    multi_similarity_loss,
    typical_norm,
)
from ..training import AdversarialNet
from ._base import NeuralGenerator, in_float32

_METRIC_LOSSES = {
    "circle": circle_loss,
    "unified": partial(circle_loss, self_paced=False),
    "contrastive": contrastive_loss,
    "multi_similarity": multi_similarity_loss,
}
_WITH_MARGIN = {"circle", "unified"}


class MLIS(ClassNamePrefixFeaturesOutMixin, NeuralGenerator):
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
    hidden_dim : int, default=1024
        Width of the hidden layer of generator and critic; 4096 in its relatives.

    latent_dim : int, default=None
        Length of the generator's noise; that of a description by default.

    embedding_dim : int, default=512
        Length of E(x), the features that ``transform`` and ``sample`` give.

    output_activation : {"relu", "linear"}, default="relu"
        What the generator's output goes through. It is measured from the lowest value
        of each feature among the training rows, so that ReLU keeps synthetic features
        from falling below it.

    feature_scale : float, default=0.4
        Typical deviation of the features inside the GAN, where each one's range among
        the training rows is the same; None gives all of them the range [0, 1].

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

    n_critic : int, default=5
        Steps of critic, encoder and softmax for each step of the generator.

    gp_weight : float, default=10.0
        Weight of the gradient penalty in the critic's loss.

    cls_weight : float, default=0.01
        Weight of the classification loss of the generator, the softmax's
        cross-entropy on synthetic rows; 0 leaves it out.

    ema_decay : float, default=0.98
        Synthetic features come from a moving average of the generator's weights, which
        keeps this share of itself at every step; 0 takes the last weights.

    temperature : float, default=1.0
        Multiplies the deviation of the noise in ``sample``.

    lr : float, default=1e-3
        Learning rate of both Adams.

    lr_schedule : {"constant", "cosine"}, default="constant"
        "cosine" warms up over the first 5 % of the steps and decays to 0.

    batch_size : int, default=64
        Rows in a mini-batch. The metric loss needs some classes to come twice.

    max_iter : int, default=400
        Steps of the generator; the critic takes ``n_critic`` times as many.

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
        Has to be False: the critic's gradients are written by hand, which is faster
        than what ``torch.compile`` makes of it.

    callbacks : list of skorch callbacks, default=None
        Called in training, with an "epoch" of a hundredth of the steps.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches and noise.

    verbose : int, default=0
        Print the losses a hundred times in training.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.
    n_iter_ : int
        Steps of the generator taken.
    precision_ : {"float32", "bfloat16"}
        What ``precision`` came to.
    history_ : list of dict
        Mean losses of each hundredth of the steps, and the last step, ``iter``. The
        critic's side has ``wasserstein`` (synthetic minus real scores), ``penalty``,
        ``metric`` and ``ce``, without their weights, and their weighted sum
        ``critic``; the generator's side has ``generator``, the loss minimised, and
        ``cls``.
    validation_steps_, validation_scores_ : ndarray of shape (n_validations,)
        Steps of the trial training at which it was validated, and the scores, the best
        harmonic mean at any seen penalty; None without ``early_stopping``.
    validation_classes_ : ndarray
        Labels of the classes held out in it; None without ``early_stopping``.
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

    See Also
    --------
    WGANGP : The GAN alone, in the space of the features.
    GZSLClassifier : Trains a classifier on what generators draw.

    Notes
    -----
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

    Xian, Lorenz, Schiele and Akata (2018b). Feature generating networks for
    zero-shot learning. CVPR.

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

    _parameter_constraints: dict = {
        **NeuralGenerator._parameter_constraints,
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "output_activation": [StrOptions({"relu", "linear"})],
        "feature_scale": [Interval(Real, 0, None, closed="neither"), None],
        "metric_loss": [StrOptions(set(_METRIC_LOSSES))],
        "metric_weight": [Interval(Real, 0, None, closed="left")],
        "margin": [Interval(Real, 0, 1, closed="both")],
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "implicit_semantics": ["boolean"],
        "semantic_weight": [Interval(Real, 0, 1, closed="both"), None],
        "ce_weight": [Interval(Real, 0, None, closed="left")],
        "synthetic_refinement": ["boolean"],
        "n_refinement": [Interval(Integral, 1, None, closed="left")],
        "n_critic": [Interval(Integral, 1, None, closed="left")],
        "gp_weight": [Interval(Real, 0, None, closed="left")],
        "cls_weight": [Interval(Real, 0, None, closed="left")],
        "ema_decay": [Interval(Real, 0, 1, closed="left")],
    }

    _net_class = AdversarialNet

    def __init__(
        self,
        *,
        hidden_dim=1024,
        latent_dim=None,
        embedding_dim=512,
        output_activation="relu",
        feature_scale=0.4,
        metric_loss="circle",
        metric_weight=0.1,
        margin=0.25,
        gamma=80.0,
        implicit_semantics=True,
        semantic_weight=0.2,
        ce_weight=1.0,
        synthetic_refinement=True,
        n_refinement=5,
        n_critic=5,
        gp_weight=10.0,
        cls_weight=0.01,
        ema_decay=0.98,
        temperature=1.0,
        lr=1e-3,
        lr_schedule="constant",
        batch_size=64,
        max_iter=400,
        early_stopping=False,
        validation_fraction=0.2,
        validation_interval=None,
        n_iter_no_change=5,
        device="auto",
        precision="float32",
        compile=False,
        callbacks=None,
        random_state=None,
        verbose=0,
    ):
        self.hidden_dim = hidden_dim
        self.latent_dim = latent_dim
        self.embedding_dim = embedding_dim
        self.output_activation = output_activation
        self.feature_scale = feature_scale
        self.metric_loss = metric_loss
        self.metric_weight = metric_weight
        self.margin = margin
        self.gamma = gamma
        self.implicit_semantics = implicit_semantics
        self.semantic_weight = semantic_weight
        self.ce_weight = ce_weight
        self.synthetic_refinement = synthetic_refinement
        self.n_refinement = n_refinement
        self.n_critic = n_critic
        self.gp_weight = gp_weight
        self.cls_weight = cls_weight
        self.ema_decay = ema_decay
        self.temperature = temperature
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_interval = validation_interval
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.precision = precision
        self.compile = compile
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def _train(self, X, y, A, unseen, **options):
        self._n_unseen = len(unseen)  # what the softmax tells apart, too
        super()._train(X, y, A, unseen, **options)

    def _architecture(self, n_features, n_attributes, n_classes):
        return {
            "n_features": n_features,
            "n_attributes": n_attributes,
            "n_classes": n_classes + self._n_unseen,
            "latent_dim": self.latent_dim or n_attributes,
            **self._values(
                "hidden_dim",
                "embedding_dim",
                "output_activation",
                "feature_scale",
                "metric_loss",
                "metric_weight",
                "margin",
                "gamma",
                "implicit_semantics",
                "semantic_weight",
                "ce_weight",
                "synthetic_refinement",
                "n_refinement",
                "gp_weight",
                "cls_weight",
                "ema_decay",
            ),
        }

    def _module(self, sizes, rng):
        return _MLISModule(**sizes, rng=rng)

    def _training_options(self, n_rows):
        return {"n_critic": self.n_critic, "optimizer__betas": (0.5, 0.999)}

    @property
    def _n_features_out(self):
        return self._built_from["embedding_dim"]

    @in_float32
    def _features(self, X):
        module, device = self.net_.module_, self.net_.device
        chunks = torch.tensor(X).split(self._CHUNK_ROWS)
        return torch.cat([module.embed(x.to(device)).cpu() for x in chunks]).numpy()


class _MLISModule(ConditionalWGAN):
    """GAN, encoder and softmax, and their losses."""

    def __init__(
        self,
        *,
        n_features,
        n_classes,
        embedding_dim,
        metric_loss,
        metric_weight,
        margin,
        gamma,
        implicit_semantics,
        semantic_weight,
        ce_weight,
        synthetic_refinement,
        n_refinement,
        rng,
        **sizes,
    ):
        super().__init__(n_features=n_features, rng=rng, **sizes)
        self.metric_weight = metric_weight
        self.metric_loss = _METRIC_LOSSES[metric_loss]
        if metric_loss in _WITH_MARGIN:
            self.metric_loss = partial(self.metric_loss, margin=margin, gamma=gamma)
        self.implicit_semantics = implicit_semantics
        self.semantic_weight = semantic_weight
        self.ce_weight = ce_weight
        self.n_refinement = n_refinement if synthetic_refinement and ce_weight else 0
        self.register_buffer("x_spread", torch.ones((), dtype=torch.float32))
        self.encoder = linear(n_features, embedding_dim, rng)
        if ce_weight:
            self.head = linear(embedding_dim, n_classes, rng)
        else:
            self.cls_weight = 0.0  # no softmax to judge synthetic rows

    def critic_parameters(self):
        parts = [self.critic, self.encoder, *([self.head] if self.ce_weight else [])]
        return [p for part in parts for p in part.parameters()]

    def prepare(self, X, y, A, unseen):
        """Scale features, and keep the descriptions of seen and of unseen classes."""
        self.start(X, torch.cat([A, unseen]))
        self.n_seen = len(A)
        self.x_spread.copy_(typical_norm(self.scaled(X) - self.x_mean, X.shape[1]))

    def encode(self, x):
        """E of scaled rows: one layer, which meets them centred and of deviation 1."""
        return torch.relu(self.encoder((x - self.x_mean) / self.x_spread))

    def joined(self, h, a):
        """Rows of the metric loss, [E(x), a]."""
        if not self.implicit_semantics:
            return h
        if self.semantic_weight is None:
            return torch.cat([h, a], dim=1)
        w = self.semantic_weight
        parts = [(1 - w) ** 0.5 * F.normalize(h), w**0.5 * F.normalize(a)]
        return torch.cat(parts, dim=1)

    def class_logits(self, x):
        return self.head(self.encode(x))

    def synthetic_labels(self, y):
        """The classes of the batch, and unseen ones to refine the encoder."""
        new = torch.arange(self.n_seen, len(self.A), device=y.device)
        return torch.cat([y, new.repeat_interleave(self.n_refinement)])

    def critic_losses(self, x, fake, y, alpha):
        """Losses of critic, encoder and softmax on a batch; unseen classes join."""
        n = len(x)
        losses = super().critic_losses(x, fake[:n], y, alpha)
        h = self.encode(torch.cat([x, fake]) if self.n_refinement else x)
        if self.metric_weight:
            joined = self.joined(h[:n], self.A[y])
            losses["metric"] = self.metric_loss(joined, y)
            losses["critic"] = losses["critic"] + self.metric_weight * losses["metric"]
        if self.ce_weight:
            targets = torch.cat([y, self.synthetic_labels(y)])
            losses["ce"] = F.cross_entropy(self.head(h), targets[: len(h)])
            losses["critic"] = losses["critic"] + self.ce_weight * losses["ce"]
        return losses

    def embed(self, x):
        return self.encode(self.scaled(x))

    def sample(self, a, n_samples, rng, temperature):
        pieces = self.draw(a, n_samples, rng, temperature)
        return torch.cat([self.encode(x) for x in pieces])
