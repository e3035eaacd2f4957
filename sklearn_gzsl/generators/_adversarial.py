"""What the generators share that are conditional Wasserstein GANs."""

from inspect import signature
from numbers import Integral, Real

import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from torch.nn import functional as F

from .._sklearn_compat import Interval, StrOptions
from ..linear_model._softmax import SoftmaxClassifier
from ..nn import ConditionalWGAN, linear, typical_norm
from ..training import AdversarialNet
from ._neural import NeuralGenerator


class AdversarialGenerator(NeuralGenerator):
    """Base class of conditional Wasserstein GANs with a gradient penalty.

    What f-CLSWGAN and its descendants have in common. A subclass writes ``_module``,
    which builds an ``OptionsWGAN``.

    Parameters
    ----------
    hidden_dim : int, default=1024
        Width of the hidden layers of generator and critic.

    latent_dim : int, default=None
        Length of the generator's noise; that of a description by default.

    output_activation : {"relu", "linear"}, default="relu"
        What the generator's output goes through. It is measured from the lowest value
        of each feature among the training rows, so that ReLU keeps synthetic features
        from falling below it, whatever the features' sign.

    feature_scale : float, default=0.4
        Typical deviation of the features inside, where each one's range among the
        training rows is the same; None gives all of them the range [0, 1].

    critic_layers : int, default=1
        Hidden layers of the critic; more than one need ``critic_gradients="autograd"``.

    critic_gradients : {"closed-form", "autograd"}, default="closed-form"
        How the critic's losses are differentiated: by formulas written out for one
        hidden layer, or by torch, which is slower, and can be compiled. Both give the
        same numbers but for rounding.

    n_critic : int, default=5
        Steps of the critic's side for each step of the generator.

    gp_weight : float, default=10.0
        Weight of the gradient penalty in the critic's loss.

    cls_weight : float, default=0.01
        Weight of the generator's classification loss; 0 leaves it out.

    rows_per_class : int, default=1
        Rows of a class that come together in a batch, as losses want it that compare
        rows of a class, or take its mean; 1 mixes all rows.

    ema_decay : float, default=0.98
        Synthetic features come from a moving average of the generator's weights, which
        keeps this share of itself at every step; 0 takes the last weights.

    max_iter : int, default=400
        Steps of the generator; the critic takes ``n_critic`` times as many.

    compile : bool, default=False
        Whether ``torch.compile`` compiles the critic's losses, at their first use in
        ``fit``; that needs ``critic_gradients="autograd"``, as the closed form is
        written by hand, and is as fast.

    Attributes
    ----------
    history_ : list of dict
        Mean losses of each hundredth of the steps, and the last step, ``iter``. The
        critic's side has ``wasserstein`` (synthetic minus real scores), ``penalty``
        (without its weight) and their weighted sum ``critic``; the generator's side has
        ``generator``, the loss minimised, and ``cls``.
    """

    hidden_dim: int = 1024
    latent_dim: int | None = None
    output_activation: str = "relu"
    feature_scale: float | None = 0.4
    critic_layers: int = 1
    critic_gradients: str = "closed-form"
    n_critic: int = 5
    gp_weight: float = 10.0
    cls_weight: float = 0.01
    rows_per_class: int = 1
    ema_decay: float = 0.98
    # As with the authors; what settles is the average of the weights.
    lr_schedule: str = "constant"
    max_iter: int = 400

    _parameter_constraints = {
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        "output_activation": [StrOptions({"relu", "linear"})],
        "feature_scale": [Interval(Real, 0, None, closed="neither"), None],
        "critic_layers": [Interval(Integral, 1, None, closed="left")],
        "critic_gradients": [StrOptions({"closed-form", "autograd"})],
        "n_critic": [Interval(Integral, 1, None, closed="left")],
        "gp_weight": [Interval(Real, 0, None, closed="left")],
        "cls_weight": [Interval(Real, 0, None, closed="left")],
        "rows_per_class": [Interval(Integral, 1, None, closed="left")],
        "ema_decay": [Interval(Real, 0, 1, closed="left")],
    }

    _net_class = AdversarialNet

    def _architecture(self, sizes):
        latent_dim = self.latent_dim or sizes["n_attributes"]
        return super()._architecture(sizes) | {"latent_dim": latent_dim}

    def _training_options(self, n_rows):
        # The authors' betas: a short memory of gradients, as each side's aim moves.
        return {
            "n_critic": self.n_critic,
            "rows_per_class": self.rows_per_class,
            "optimizer__betas": (0.5, 0.999),
        }


class OptionsWGAN(ConditionalWGAN):
    """Networks of a conditional WGAN, built from the options of a generator.

    ConditionalWGAN, which knows nothing of generators, gets those that it names.
    """

    _TAKEN = signature(ConditionalWGAN).parameters.keys() - {"rng"}

    def __init__(self, options, rng):
        super().__init__(**{k: getattr(options, k) for k in self._TAKEN}, rng=rng)
        self.options = options


class JudgedGenerator(AdversarialGenerator):
    """Base class of those with f-CLSWGAN's classification loss, by a ``JudgedWGAN``."""

    def _architecture(self, sizes):
        # The softmax takes as many steps as the critic.
        cls_steps = self.n_critic * self.max_iter
        return super()._architecture(sizes) | {"cls_steps": cls_steps}


class JudgedWGAN(OptionsWGAN):
    """A WGAN whose synthetic rows are judged by a softmax, trained on real ones before.

    The networks of f-CLSWGAN and its losses (Xian et al. 2018b, Eq. 2 to 4); the
    softmax is frozen.
    """

    def __init__(self, options, rng):
        super().__init__(options, rng)
        self.cls_steps = options.cls_steps
        if self.cls_weight:
            n_classes, n_features = options.n_classes, options.n_features
            coef = torch.zeros(n_classes, n_features, dtype=torch.float32)
            self.register_buffer("cls_coef", coef)
            self.register_buffer("cls_intercept", coef.new_zeros(n_classes))
            # For ``prepare``, which is handed no random numbers.
            self.cls_seed = int(torch.randint(2**31 - 1, (), generator=rng))

    def prepare(self, X, y, A, unseen):
        """Scale features, keep the seen classes' descriptions, train the softmax."""
        self.start(X, A)
        # A single class can be told from no other.
        if self.cls_weight and len(A) > 1:
            softmax = SoftmaxClassifier(
                max_iter=self.cls_steps,
                device=X.device.type,
                random_state=self.cls_seed,
            ).fit(self.scaled(X).cpu().numpy(), y.cpu().numpy())
            self.cls_coef.copy_(torch.from_numpy(softmax.coef_))
            self.cls_intercept.copy_(torch.from_numpy(softmax.intercept_))

    def class_logits(self, fake):
        return F.linear(fake, self.cls_coef, self.cls_intercept)

    def sample(self, a, n_samples, rng, temperature):
        """Features from the generator, in the unit of the training rows."""
        pieces = self.draw(a, n_samples, rng, temperature)
        return torch.cat([x * self.x_range + self.x_min for x in pieces])


class EmbeddingMixin(ClassNamePrefixFeaturesOutMixin):
    """For generators whose module makes ``n_embedded`` features by ``embed``."""

    @property
    def _n_features_out(self):
        # As it was in fit, whatever the parameters say by now.
        return self.net_.module_.n_embedded

    def _training_features(self, X, random_state):
        embed = self.net_.module_.embed
        return self._evaluate(embed, X, torch.float32, self._CHUNK_ROWS).numpy()

    def _features(self, X):
        embed = self.net_.module_.embed
        return self._evaluate(lambda x: embed(x).float(), X).numpy()


class EmbeddingWGAN(OptionsWGAN):
    """A WGAN, and an encoder of one layer that learns beside it on the critic's side.

    Rows are drawn, and real ones embedded, as what the encoder makes of them.
    """

    def __init__(self, options, rng):
        super().__init__(options, rng)
        self.n_embedded = options.embedding_dim
        self.register_buffer("x_spread", torch.ones((), dtype=torch.float32))
        self.encoder = linear(options.n_features, options.embedding_dim, rng)

    def start(self, X, A):
        super().start(X, A)
        self.x_spread.copy_(typical_norm(self.scaled(X) - self.x_mean, X.shape[1]))

    def encode(self, x):
        """E of scaled rows: one layer, which meets them centred and of deviation 1."""
        return torch.relu(self.encoder((x - self.x_mean) / self.x_spread))

    def embed(self, x):
        return self.encode(self.scaled(x))

    def sample(self, a, n_samples, rng, temperature):
        pieces = self.draw(a, n_samples, rng, temperature)
        return torch.cat([self.encode(x) for x in pieces])
