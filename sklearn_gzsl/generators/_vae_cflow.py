"""VAE-cFlow (Gu et al. 2020): a flow whose base distribution a VAE encodes."""

import math
from numbers import Integral, Real

import torch
from torch import nn
from torch.nn import functional as F

from .._sklearn_compat import Interval, StrOptions
from ..nn import (
    ActNorm,
    AdditiveCoupling,
    Flow,
    LearnedScale,
    Permutation,
    ReLUNet,
    distinct,
    in_pieces,
    linear,
    typical_norm,
)
from ._base import DensityMixin, NeuralGenerator, in_float32


class VAECFlow(DensityMixin, NeuralGenerator):
    r"""Conditional flow with a base distribution that a VAE encodes (VAE-cFlow).

    An invertible network maps features to a latent space, :math:`z = f(x)`, in which
    every class is a Gaussian whose mean and deviation an encoder computes from the
    class's description; a decoder has to recover the description. Synthetic features
    are draws from the Gaussian of a description, mapped back by :math:`f^{-1}`.

    Parameters
    ----------
    hidden_dim : int, default=512
        Width of the networks in the couplings.

    n_layers : int, default=4
        Steps of the flow, each ActNorm, a fixed shuffle and an additive coupling.

    encoder_dims : list or tuple of int, default=(2048,)
        Widths of the hidden layers between description and Gaussian. The authors have
        (1450, 2048); one wide layer predicts the means of unseen classes better.

    decoder_dim : int, default=512
        Width of the hidden layer between latent and description.

    conditioning : {"vae", "linear"}, default="vae"
        "linear" is the paper's ablation "cFlow" (Table 3): one linear layer instead
        of the VAE, and no VAE losses.

    rec_weight : float, default=1.0
        Weight of the reconstruction loss beside the flow's. All losses here are means
        over the batch; Eq. 10 weighs them alike, and the authors' code, which adds
        the VAE's up over the batch, has 64 at its batch size.

    reg_weight : float, default=64.0
        Weight of the regulariser of the deviations, 1 by Eq. 10 and 64 in the
        authors' code. A large one ties the classes' deviations together: free ones
        fit the seen classes, and are wrong for the unseen.

    cls_weight : float, default=0.01
        Weight of the classification loss on the flow's latent; 0 leaves it out
        (Table 3).

    noise : {"sample", "dimension"}, default="sample"
        Noise of the VAE's latent: one number for each row, as in the authors' code,
        or one for each dimension of it, as in a textbook VAE.

    feature_noise : float, default=0.4
        Deviation of Gaussian noise that is added to the training rows at every step,
        in units of the features' typical deviation. It keeps the density of
        constant or discrete features finite.

    temperature : float, default=1.0
        Multiplies the deviation of the base distribution in ``sample`` (Eq. 11
        multiplies the variance instead: pass the square root of its T).

    lr : float, default=1e-3
        Learning rate of Adam; the authors use 1e-4 and many more steps.

    lr_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" warms up over the first 5 % of the steps and decays to 0.

    batch_size : int, default=64
        Rows in a mini-batch.

    max_iter : int, default=1000
        Gradient steps.

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
        Whether ``torch.compile`` compiles the networks, at their first use in ``fit``
        and after it. That takes up to a minute; on CPUs, whose time goes into matrix
        products, it gains nothing.

    callbacks : list of skorch callbacks, default=None
        Called in training, with an "epoch" of a hundredth of the steps.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, shuffles, batches and noise.

    verbose : int, default=0
        Print the losses a hundred times in training.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.
    n_iter_ : int
        Gradient steps taken.
    precision_ : {"float32", "bfloat16"}
        What ``precision`` came to.
    history_ : list of dict
        Mean losses of each hundredth of the steps: ``loss``, ``flow`` (bits per
        row), ``rec``, ``reg`` and ``cls``, and the last step, ``iter``.
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
    GaussianGenerator : One Gaussian for each class, in closed form.
    GZSLClassifier : Trains a classifier on what generators draw.

    Notes
    -----
    The prior's mean is not pulled towards zero (the paper's released zero-mean
    constraint): the regulariser acts on the deviation alone. Where paper and authors'
    code differ this class follows the code, with these exceptions: the defaults of
    ``encoder_dims``, ``decoder_dim``, ``rec_weight``, ``feature_noise``, ``lr``,
    ``lr_schedule`` and ``max_iter`` were chosen on held-out classes of real data; the
    encoder sees descriptions centred and at a common scale; deviations start equal for
    all classes; and ActNorm is set from all training rows and does not blow up constant
    features.

    Features should be on comparable scales, as ``GZSLClassifier`` makes them: noise and
    the treatment of nearly constant features go by the typical deviation of all. The
    density is that of features with the noise, and so are the samples.

    References
    ----------
    Gu, Lu, Zhu and Shen (2020). VAE-cFlow: zero-shot learning with a class
    conditional flow.

    Examples
    --------
    >>> from sklearn_gzsl import VAECFlow
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = VAECFlow(max_iter=20, random_state=0).fit(
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
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "encoder_dims": [list, tuple],
        "decoder_dim": [Interval(Integral, 1, None, closed="left")],
        "conditioning": [StrOptions({"vae", "linear"})],
        "rec_weight": [Interval(Real, 0, None, closed="left")],
        "reg_weight": [Interval(Real, 0, None, closed="left")],
        "cls_weight": [Interval(Real, 0, None, closed="left")],
        "noise": [StrOptions({"sample", "dimension"})],
        "feature_noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        hidden_dim=512,
        n_layers=4,
        encoder_dims=(2048,),
        decoder_dim=512,
        conditioning="vae",
        rec_weight=1.0,
        reg_weight=64.0,
        cls_weight=0.01,
        noise="sample",
        feature_noise=0.4,
        temperature=1.0,
        lr=1e-3,
        lr_schedule="cosine",
        batch_size=64,
        max_iter=1000,
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
        self.n_layers = n_layers
        self.encoder_dims = encoder_dims
        self.decoder_dim = decoder_dim
        self.conditioning = conditioning
        self.rec_weight = rec_weight
        self.reg_weight = reg_weight
        self.cls_weight = cls_weight
        self.noise = noise
        self.feature_noise = feature_noise
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
        return _VAECFlowModule(**sizes, rng=rng)

    def _architecture(self, n_features, n_attributes, n_classes):
        dims = list(self.encoder_dims)
        if not dims or not all(isinstance(n, Integral) and n > 0 for n in dims):
            raise ValueError(
                f"encoder_dims={self.encoder_dims!r} must hold at least one width, all "
                "whole numbers of 1 or more."
            )
        return {
            "n_features": n_features,
            "n_attributes": n_attributes,
            "n_classes": n_classes,
            "encoder_dims": [int(n) for n in dims],
            **self._values(
                "hidden_dim",
                "n_layers",
                "decoder_dim",
                "conditioning",
                "rec_weight",
                "reg_weight",
                "cls_weight",
                "noise",
                "feature_noise",
            ),
        }

    @in_float32
    def _log_density(self, X, A):
        """Change of variables (Eq. 4)."""
        module, device = self.net_.module_, self.net_.device
        A = torch.tensor(A, device=device)
        mean, log_std = (t.cpu().double() for t in module.prior(A))
        # The quadratic form is spread over matrix products, which cancel: float64.
        precision = torch.exp(-2.0 * log_std)
        constant = -(0.5 * mean.square() * precision + log_std).sum(dim=1)
        constant -= 0.5 * X.shape[1] * math.log(2 * math.pi)
        scores = []
        for rows in torch.tensor(X).split(self._CHUNK_ROWS):
            z, log_det = (t.cpu().double() for t in module.flow(rows.to(device)))
            cross = z @ (mean * precision).T - 0.5 * z.square() @ precision.T
            scores.append(cross + constant + log_det)
        return torch.cat(scores).numpy()


class _VAECFlowModule(nn.Module):
    """Flow, encoder, decoder and their losses."""

    def __init__(
        self,
        *,
        n_features,
        n_attributes,
        n_classes,
        hidden_dim,
        n_layers,
        encoder_dims,
        decoder_dim,
        conditioning,
        rec_weight,
        reg_weight,
        cls_weight,
        noise,
        feature_noise,
        rng,
    ):
        super().__init__()
        self.rec_weight = rec_weight
        self.reg_weight = reg_weight
        self.conditioning = conditioning
        self.cls_weight = cls_weight
        self.noise = noise
        self.feature_noise = feature_noise
        steps = []
        for _ in range(n_layers):
            steps += [ActNorm(n_features), Permutation(n_features, rng)]
            if n_features > 1:  # one channel has no other half to move it
                steps.append(AdditiveCoupling(n_features, hidden_dim, rng))
        self.flow = Flow(steps)
        self.register_buffer("a_mean", torch.zeros(n_attributes, dtype=torch.float32))
        self.register_buffer("a_spread", torch.ones((), dtype=torch.float32))
        self.encoder, width = nn.Identity(), n_attributes
        if conditioning == "vae":
            self.encoder = ReLUNet((n_attributes, *encoder_dims), rng, last_relu=True)
            width = encoder_dims[-1]
        self.mean = linear(width, n_features, rng)
        self.log_std = linear(width, n_features, rng, init="zeros")
        # Class-independent offsets of the prior: Glow's learned top.
        self.mean_offset = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))
        self.log_std_offset = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))
        if conditioning == "vae":
            self.decoder = ReLUNet((n_features, decoder_dim, n_attributes), rng)
        if cls_weight:
            self.head = linear(n_features, n_classes, rng, init="zeros")
            self.head_scale = LearnedScale(n_classes)

    def prepare(self, X, y, A, unseen):
        """Set ActNorm from all rows, and keep the seen classes' descriptions."""
        self.flow.initialize(X)
        self.A = A
        # Names' embeddings share most of their direction: what tells them apart, and
        # what the encoder should see at a common scale, is the rest.
        self.a_mean.copy_(A.mean(dim=0))
        self.a_spread.copy_(typical_norm(A - self.a_mean))
        self.x_noise = self.feature_noise * X.var(dim=0, correction=0).mean().sqrt()

    def prior(self, a):
        """Mean and log-deviation of the base distribution of each description."""
        h = self.encoder((a - self.a_mean) / self.a_spread)
        return self.mean(h) + self.mean_offset, self.log_std(h) + self.log_std_offset

    def forward(self, x, y, rng):
        """Losses of a batch (Eq. 10): mean over rows, sum over dimensions."""

        def normal(*shape):
            return torch.randn(shape, generator=rng, device=x.device, dtype=x.dtype)

        # A batch has few classes: encode each once.
        classes, rows = distinct(y, len(self.A))
        a = self.A[classes]
        if self.feature_noise:
            x = x + self.x_noise * normal(*x.shape)
        mean, log_std = self.prior(a)
        z, log_det = self.flow(x)

        # L_flow, in bits.
        # Not [rows]: threads would add its gradient up in another order each time.
        u = z - mean.index_select(0, rows)
        u = u * torch.exp(-log_std).index_select(0, rows)
        log_p = -0.5 * u.square().sum(dim=1)
        log_p = log_p - log_std.sum(dim=1).index_select(0, rows)
        constant = 0.5 * x.shape[1] * math.log(2 * math.pi)
        flow = (constant - log_p - log_det).mean() / math.log(2)
        losses = {"loss": flow, "flow": flow}
        if self.conditioning == "vae":
            # The VAE's own mean and log-deviation are without the offsets.
            mu, lv = mean - self.mean_offset, log_std - self.log_std_offset
            eps = normal(len(x), 1 if self.noise == "sample" else x.shape[1])
            std = torch.exp(lv).index_select(0, rows)
            z_v = mu.index_select(0, rows) + std * eps
            losses["rec"] = (self.decoder(z_v) - a[rows]).abs().sum(dim=1).mean()
            reg = (torch.exp(lv) - lv - 1).sum(dim=1)
            losses["reg"] = reg.index_select(0, rows).mean()
            losses["loss"] = (
                losses["loss"]
                + self.rec_weight * losses["rec"]
                + self.reg_weight * losses["reg"]
            )
        if self.cls_weight:
            losses["cls"] = F.cross_entropy(self.head_scale(self.head(z)), y)
            losses["loss"] = losses["loss"] + self.cls_weight * losses["cls"]
        return losses

    def sample(self, a, n_samples, rng, temperature):
        """Draw from the base distribution and go back through the flow (Eq. 11)."""
        mean, log_std = self.prior(a)
        std = temperature * torch.exp(log_std)
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        shape = len(rows), mean.shape[1]
        eps = torch.randn(shape, generator=rng, device=a.device, dtype=a.dtype)
        return in_pieces(
            lambda eps, rows: self.flow.inverse(mean[rows] + std[rows] * eps), eps, rows
        )
