"""f-CLSWGAN (Xian et al. 2018): a conditional Wasserstein GAN of features."""

from numbers import Integral, Real

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn
from torch.nn import functional as F

from .._softmax import SoftmaxClassifier
from ..nn import ConditionalCritic, ConditionalGenerator, gradient_penalty
from ..training import AdversarialNet
from ._base import NeuralGenerator


class WGANGP(NeuralGenerator):
    r"""Conditional Wasserstein GAN with gradient penalty and class loss (f-CLSWGAN).

    A generator turns noise and a class's description into features,
    :math:`\tilde{x} = G(z, a)`. A critic learns to score real features above synthetic
    ones, and the generator learns to raise its scores, as well as the probability that
    a softmax classifier, trained on the real rows beforehand, gives the right class.

    Parameters
    ----------
    hidden_dim : int, default=4096
        Width of the hidden layer of generator and critic.

    latent_dim : int, default=None
        Length of the noise; that of a description by default.

    output_activation : {"relu", "sigmoid", "linear"}, default="relu"
        What the generator's output goes through. It acts on features scaled to
        [0, 1] over the training rows: ReLU bounds synthetic features by the lowest
        ones seen, whatever their sign.

    n_critic : int, default=5
        Steps of the critic for each step of the generator.

    gp_weight : float, default=10.0
        Weight of the gradient penalty (lambda in Eq. 2).

    cls_weight : float, default=0.01
        Weight of the classification loss (beta in Eq. 4); 0 leaves it out.

    temperature : float, default=1.0
        Multiplies the deviation of the noise in ``sample``.

    lr : float, default=1e-4
        Learning rate of both Adams.

    lr_schedule : {"constant", "cosine"}, default="constant"
        "cosine" warms up over the first 5 % of the steps and decays to 0.

    batch_size : int, default=64
        Rows in a mini-batch.

    max_iter : int, default=800
        Steps of the generator; the critic takes ``n_critic`` times as many.

    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where to train; "auto" takes a GPU if there is one.

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
    history_ : list of dict
        Mean losses of each hundredth of the steps, and the last step, ``iter``. The
        critic's side has ``wasserstein`` (synthetic minus real scores), ``penalty``
        (without its weight) and their weighted sum ``critic``; the generator's side
        has ``generator``, the loss minimised, and ``cls``.
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
    VAECFlow : A flow, which also knows its density.
    GZSLClassifier : Trains a classifier on what generators draw.

    References
    ----------
    Xian, Lorenz, Schiele and Akata (2018b). Feature generating networks for
    zero-shot learning. CVPR.

    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville (2017). Improved training of
    Wasserstein GANs. NeurIPS.

    Examples
    --------
    >>> from sklearn_gzsl import WGANGP
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = WGANGP(hidden_dim=64, max_iter=20, random_state=0).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> X_new, y_new = generator.sample(numbers.class_attributes, n_samples=2)
    >>> X_new.shape
    (200, 128)
    """

    _parameter_constraints: dict = {
        **NeuralGenerator._parameter_constraints,
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        "output_activation": [StrOptions({"relu", "sigmoid", "linear"})],
        "n_critic": [Interval(Integral, 1, None, closed="left")],
        "gp_weight": [Interval(Real, 0, None, closed="left")],
        "cls_weight": [Interval(Real, 0, None, closed="left")],
    }

    _net_class = AdversarialNet

    def __init__(
        self,
        *,
        hidden_dim=4096,
        latent_dim=None,
        output_activation="relu",
        n_critic=5,
        gp_weight=10.0,
        cls_weight=0.01,
        temperature=1.0,
        lr=1e-4,
        lr_schedule="constant",
        batch_size=64,
        max_iter=800,
        device="auto",
        callbacks=None,
        random_state=None,
        verbose=0,
    ):
        self.hidden_dim = hidden_dim
        self.latent_dim = latent_dim
        self.output_activation = output_activation
        self.n_critic = n_critic
        self.gp_weight = gp_weight
        self.cls_weight = cls_weight
        self.temperature = temperature
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def _module(self, sizes, rng):
        return _WGANGPModule(**sizes, rng=rng)

    def _architecture(self, n_features, n_attributes, n_classes):
        return {
            "n_features": n_features,
            "n_attributes": n_attributes,
            "n_classes": n_classes,
            "hidden_dim": self.hidden_dim,
            "latent_dim": self.latent_dim or n_attributes,
            "output_activation": self.output_activation,
            "gp_weight": self.gp_weight,
            "cls_weight": self.cls_weight,
            "cls_steps": self.n_critic * self.max_iter,
        }

    def _training_options(self, n_rows):
        return {"n_critic": self.n_critic, "optimizer__betas": (0.5, 0.999)}


class _WGANGPModule(nn.Module):
    """Generator, critic, frozen softmax and their losses."""

    def __init__(
        self,
        *,
        n_features,
        n_attributes,
        n_classes,
        hidden_dim,
        latent_dim,
        output_activation,
        gp_weight,
        cls_weight,
        cls_steps,
        rng,
    ):
        super().__init__()
        self.gp_weight = gp_weight
        self.cls_weight = cls_weight
        self.cls_steps = cls_steps
        self.generator = ConditionalGenerator(
            latent_dim, n_attributes, hidden_dim, n_features, rng, output_activation
        )
        self.critic = ConditionalCritic(n_features, n_attributes, hidden_dim, rng)
        self.register_buffer("x_min", torch.zeros(n_features))
        self.register_buffer("x_range", torch.ones(n_features))
        if cls_weight:
            self.register_buffer("cls_coef", torch.zeros(n_classes, n_features))
            self.register_buffer("cls_intercept", torch.zeros(n_classes))
            self.cls_seed = int(torch.randint(2**31 - 1, (), generator=rng))

    def critic_parameters(self):
        return list(self.critic.parameters())

    def generator_parameters(self):
        return list(self.generator.parameters())

    def prepare(self, X, y, A, unseen):
        """Scale features, keep the seen classes' descriptions, train the softmax."""
        self.A = A
        low, high = X.aminmax(dim=0)
        self.x_min.copy_(low)
        self.x_range.copy_(torch.where(high > low, high - low, 1.0))
        if self.cls_weight and len(A) > 1:
            softmax = SoftmaxClassifier(
                max_iter=self.cls_steps,
                device=X.device.type,
                random_state=self.cls_seed,
            ).fit(self._scaled(X).cpu().numpy(), y.cpu().numpy())
            self.cls_coef.copy_(torch.from_numpy(softmax.coef_))
            self.cls_intercept.copy_(torch.from_numpy(softmax.intercept_))

    def _scaled(self, x):
        return (x - self.x_min) / self.x_range

    def _generate(self, a, rows, rng, temperature=1.0):
        shape = (len(rows), self.generator.latent_dim)
        z = torch.randn(shape, generator=rng, device=a.device)
        return self.generator(temperature * z, self.generator.describe(a)[rows])

    def critic_losses(self, x, y, rng):
        """Wasserstein loss and gradient penalty of a batch (Eq. 2, to be minimised)."""
        # A batch has few classes: multiply each one's description once.
        classes, rows = y.unique(return_inverse=True)
        a = self.A[classes]
        with torch.no_grad():
            fake = self._generate(a, rows, rng)
        described = self.critic.describe(a)[rows]
        h_real = self.critic.hidden(self._scaled(x), described)
        h_fake = self.critic.hidden(fake, described)
        score = self.critic.score
        wasserstein = score(h_fake).mean() - score(h_real).mean()
        penalty = gradient_penalty(self.critic, h_real, h_fake, rng)
        loss = wasserstein + self.gp_weight * penalty
        return {"critic": loss, "wasserstein": wasserstein, "penalty": penalty}

    def generator_losses(self, x, y, rng):
        """Negative score, and error of the softmax, of new rows (Eq. 3 and 4)."""
        classes, rows = y.unique(return_inverse=True)
        a = self.A[classes]
        fake = self._generate(a, rows, rng)
        loss = -self.critic(fake, self.critic.describe(a)[rows]).mean()
        if not self.cls_weight:
            return {"generator": loss}
        cls = F.cross_entropy(F.linear(fake, self.cls_coef, self.cls_intercept), y)
        return {"generator": loss + self.cls_weight * cls, "cls": cls}

    def sample(self, a, n_samples, rng, temperature):
        """Features from the generator, in the unit of the training rows."""
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        x = self._generate(a, rows, rng, temperature)
        return x * self.x_range + self.x_min
