"""f-CLSWGAN (Xian et al. 2018): a conditional Wasserstein GAN of features."""

from numbers import Integral, Real

import torch
from torch.nn import functional as F

from .._sklearn_compat import Interval, StrOptions
from ..linear_model._softmax import SoftmaxClassifier
from ..nn import ConditionalWGAN
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
    hidden_dim : int, default=1024
        Width of the hidden layer of generator and critic; the authors have 4096.

    latent_dim : int, default=None
        Length of the noise; that of a description by default, as with the authors.

    output_activation : {"relu", "linear"}, default="relu"
        What the generator's output goes through. It is measured from the lowest value
        of each feature among the training rows, so that ReLU keeps synthetic features
        from falling below it, whatever the features' sign.

    feature_scale : float, default=0.4
        Typical deviation of the features inside, where each one's range among the
        training rows is the same; None gives all of them the range [0, 1], as the
        authors do.

    n_critic : int, default=5
        Steps of the critic for each step of the generator.

    gp_weight : float, default=10.0
        Weight of the gradient penalty (lambda in Eq. 2).

    cls_weight : float, default=0.01
        Weight of the classification loss (beta in Eq. 4); 0 leaves it out.

    ema_decay : float, default=0.98
        Synthetic features come from a moving average of the generator's weights, which
        keeps this share of itself at every step; 0 takes the last weights.

    temperature : float, default=1.0
        Multiplies the deviation of the noise in ``sample``.

    lr : float, default=1e-3
        Learning rate of both Adams; the authors have 1e-5 to 2e-4 and many more steps.

    lr_schedule : {"constant", "cosine"}, default="constant"
        "cosine" warms up over the first 5 % of the steps and decays to 0.

    batch_size : int, default=64
        Rows in a mini-batch.

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
        critic's side has ``wasserstein`` (synthetic minus real scores), ``penalty``
        (without its weight) and their weighted sum ``critic``; the generator's side
        has ``generator``, the loss minimised, and ``cls``.
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
    VAECFlow : A flow, which also knows its density.
    GZSLClassifier : Trains a classifier on what generators draw.

    Notes
    -----
    The losses are those of the paper. Different from it are the defaults of
    ``hidden_dim``, ``feature_scale``, ``lr`` and ``max_iter``, chosen on held-out
    classes of real data; the average of the generator's weights, since the two sides
    circle around their balance; and that the features' mean is taken off for the critic
    and is where the generator starts. The authors' setting is ``hidden_dim=4096,
    feature_scale=None, lr=1e-4, ema_decay=0``.

    The critic has one hidden layer, so that the gradient in its penalty is written out
    and needs no second differentiation. The softmax takes as many steps as the critic.

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
        "output_activation": [StrOptions({"relu", "linear"})],
        "feature_scale": [Interval(Real, 0, None, closed="neither"), None],
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
        output_activation="relu",
        feature_scale=0.4,
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
        self.output_activation = output_activation
        self.feature_scale = feature_scale
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
            "feature_scale": self.feature_scale,
            "gp_weight": self.gp_weight,
            "cls_weight": self.cls_weight,
            "ema_decay": self.ema_decay,
            "cls_steps": self.n_critic * self.max_iter,
        }

    def _training_options(self, n_rows):
        return {"n_critic": self.n_critic, "optimizer__betas": (0.5, 0.999)}


class _WGANGPModule(ConditionalWGAN):
    """The networks, their losses (Eq. 2 to 4), and a frozen softmax."""

    def __init__(self, *, n_features, n_classes, cls_steps, rng, **sizes):
        super().__init__(n_features=n_features, rng=rng, **sizes)
        self.cls_steps = cls_steps
        if self.cls_weight:
            coef = torch.zeros(n_classes, n_features, dtype=torch.float32)
            self.register_buffer("cls_coef", coef)
            self.register_buffer("cls_intercept", coef.new_zeros(n_classes))
            self.cls_seed = int(torch.randint(2**31 - 1, (), generator=rng))

    def prepare(self, X, y, A, unseen):
        """Scale features, keep the seen classes' descriptions, train the softmax."""
        self.start(X, A)
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
