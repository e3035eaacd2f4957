"""GSMFlow (Chen et al. 2021): a flow of couplings conditioned on descriptions."""

import math
from numbers import Integral, Real

import torch
from torch import nn
from torch.nn import functional as F

from .._sklearn_compat import Interval, StrOptions
from ..nn import AffineCoupling, Flow, in_pieces, linear, typical_norm
from ..training import LR_SCHEDULES
from ._base import DensityMixin, NeuralGenerator, in_float32

_DECAY_PASSES = 15
# Typical norm of a description as the networks see it. The condition has to be heard
# beside the features, whose norm is the root of their number.
_LOUDNESS = 5.0


class GSMFlow(DensityMixin, NeuralGenerator):
    r"""Flow of couplings that are told the class by its description (GSMFlow).

    An invertible network with affine couplings maps features to a standard Gaussian,
    :math:`z = f(x; a_g)`, and is told the class by its *global semantic vector*
    :math:`a_g`, which says where the class's description lies relative to three
    anchors: the description most similar to all others, the least similar one, and the
    median. Training rows are perturbed by noise, and the centre of each seen class,
    :math:`f^{-1}(0; a_g)`, has to be the mean of its rows. Synthetic features are
    draws from the Gaussian, mapped back by :math:`f^{-1}` with the vector of a class.

    Parameters
    ----------
    hidden_dim : int, default=1024
        Width of the networks in the couplings; 2048 in the paper.

    n_layers : int, default=3
        Coupling blocks; in each, either half of the features moves the other.

    positioning_dim : int or None, default=None
        Length of the global semantic vectors, 1024 in the paper. None leaves relative
        positioning out (Table 3): the description itself is the condition, which was
        better on held-out classes of all data sets that it was tried on.

    anchors : {"seen", "all"}, default="seen"
        Classes among which the anchors are looked for: the seen ones, or all that
        ``class_attributes`` describes in ``fit`` (the authors do so on aPY alone).
        Without effect if ``positioning_dim`` is None.

    conditioning : {"explicit", "implicit"}, default="explicit"
        How the flow is told the class. "implicit" is that of IZF (Eq. 7): the
        couplings have no condition; the semantic vector is the mean of the first part
        of the latent, and the rest of it is non-semantic. There, ``positioning_dim``
        is reduced to half the number of features if it is more. Without relative
        positioning it was much the better on held-out classes where features and
        descriptions come from the same text encoder, so that their dimensions agree.

    perturbation : float, default=0.05
        Deviation of the noise that is added to the training rows at every step
        (Eq. 9, pi), in the unit of X; 0 leaves it out (Table 3). It and
        ``proto_weight`` are made for features of about [0, 1], as ``GZSLClassifier``
        scales them.

    perturbation_dropout : float, default=0.0
        Probability with which a feature is left without noise, drawn once for each
        batch (the mask of Eq. 10). The authors' scripts have 0.

    proto_weight : float, default=3.0
        Weight of the prototype loss (lambda of Eq. 13), the squared error of the
        classes' centres, averaged over classes and dimensions.

    temperature : float, default=1.0
        Multiplies the deviation of the latent in ``sample``.

    lr : float, default=1e-3
        Learning rate of Adam; the authors have 3e-4 and many more steps.

    lr_schedule : {"cosine", "step", "constant"}, default="cosine"
        "cosine" warms up over the first 5 % of the steps and decays to 0. "step" is
        the authors': times ``lr_decay`` after every 15 passes over the rows.

    lr_decay : float, default=0.8
        Factor of the schedule "step".

    weight_decay : float, default=1e-5
        L2 penalty on the weights, added to the gradient: the log-prior of the
        parameters in Eq. 4.

    batch_size : int, default=256
        Rows in a mini-batch.

    max_iter : int, default=300
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
        Seed of weights, batches and noise.

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
        Mean losses of each hundredth of the steps: ``loss``, ``flow`` (nats per
        dimension, without the constant of the Gaussian) and ``proto``, and the last
        step, ``iter``.
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
    VAECFlow : A flow without condition, and a base distribution for each class.
    GZSLClassifier : Trains a classifier on what generators draw.

    Notes
    -----
    Where paper and authors' code differ this class follows the code: scale and shift
    come from one network, log-scales are softly clamped to (-1, 1), there is neither a
    permutation nor ActNorm, the prototype loss is a mean and teaches the flow alone.
    Other than in the code, the flow starts from features that are centred and divided
    by one number, their typical deviation, and descriptions are divided by theirs: the
    soft clamp and the small initial weights want inputs of order one. ``lr``,
    ``lr_schedule`` and ``max_iter`` were chosen on held-out classes of real data.

    The density is that of features with the perturbation, and so are the samples.
    ``score_samples`` runs the flow once for each class.

    References
    ----------
    Chen, Luo, Wang, Qiu and Huang (2021). GSMFlow: generation shifts mitigating flow
    for generalized zero-shot learning. ACM Multimedia.

    Shen, Qin, Huang, Liu, Zhu and Shao (2020). Invertible zero-shot recognition flows.
    ECCV.

    Examples
    --------
    >>> from sklearn_gzsl import GSMFlow
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = GSMFlow(hidden_dim=64, max_iter=5, random_state=0).fit(
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
        "positioning_dim": [Interval(Integral, 1, None, closed="left"), None],
        "anchors": [StrOptions({"seen", "all"})],
        "conditioning": [StrOptions({"explicit", "implicit"})],
        "perturbation": [Interval(Real, 0, None, closed="left")],
        "perturbation_dropout": [Interval(Real, 0, 1, closed="left")],
        "proto_weight": [Interval(Real, 0, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "lr_schedule": [StrOptions({*LR_SCHEDULES, "step"})],
        "lr_decay": [Interval(Real, 0, 1, closed="right")],
    }

    def __init__(
        self,
        *,
        hidden_dim=1024,
        n_layers=3,
        positioning_dim=None,
        anchors="seen",
        conditioning="explicit",
        perturbation=0.05,
        perturbation_dropout=0.0,
        proto_weight=3.0,
        temperature=1.0,
        lr=1e-3,
        lr_schedule="cosine",
        lr_decay=0.8,
        weight_decay=1e-5,
        batch_size=256,
        max_iter=300,
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
        self.positioning_dim = positioning_dim
        self.anchors = anchors
        self.conditioning = conditioning
        self.perturbation = perturbation
        self.perturbation_dropout = perturbation_dropout
        self.proto_weight = proto_weight
        self.temperature = temperature
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.lr_decay = lr_decay
        self.weight_decay = weight_decay
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
        return _GSMFlowModule(**sizes, rng=rng)

    def _architecture(self, n_features, n_attributes, n_classes):
        if (
            self.conditioning == "implicit"
            and self.positioning_dim is None
            and n_attributes > n_features
        ):
            raise ValueError(
                f"conditioning='implicit' makes the {n_attributes} attributes a part "
                f"of the latent, which has as many dimensions as X ({n_features}); "
                "give positioning_dim a width, or use conditioning='explicit'."
            )
        return {
            "n_features": n_features,
            "n_attributes": n_attributes,
            **self._values(
                "hidden_dim",
                "n_layers",
                "positioning_dim",
                "anchors",
                "conditioning",
                "perturbation",
                "perturbation_dropout",
                "proto_weight",
            ),
        }

    def _training_options(self, n_rows):
        options = {"optimizer__weight_decay": self.weight_decay}
        if self.lr_schedule == "step":
            steps_per_pass = max(1, n_rows // self.batch_size)
            n_decays = self.max_iter / (_DECAY_PASSES * steps_per_pass)
            decay = self.lr_decay
            options["lr_schedule"] = lambda done: decay ** math.floor(done * n_decays)
        return options

    @in_float32
    def _log_density(self, X, A):
        """Change of variables (Eq. 4), once for each class."""
        module, device = self.net_.module_, self.net_.device
        A = torch.tensor(A, device=device)
        scores = []
        for rows in torch.tensor(X).split(self._CHUNK_ROWS):
            x = rows.to(device)
            columns = [
                module.log_density(x, A, torch.full((len(x),), c, device=device))
                for c in range(len(A))
            ]
            scores.append(torch.stack(columns, dim=1).cpu().double())
        return torch.cat(scores).numpy()


class _RelativePositioning(nn.Module):
    """Global semantic vectors a_g = sum_k ReLU(W_k (a - anchor_k) + b_k) (Eq. 15)."""

    def __init__(self, n_attributes, n_out, rng):
        super().__init__()
        self.layers = nn.ModuleList(
            linear(n_attributes, n_out, rng, gain=1.0) for _ in range(3)
        )
        self.register_buffer(
            "anchors", torch.zeros(3, n_attributes, dtype=torch.float32)
        )

    @torch.no_grad()
    def set_anchors(self, A):
        """The most, the least and the median similar of the descriptions (Eq. 14)."""
        unit = F.normalize(A, dim=1)
        order = (unit @ unit.T).sum(dim=1).argsort(stable=True)
        self.anchors.copy_(A[order[[-1, 0, len(A) // 2]]])

    def forward(self, a, unit):
        return sum(
            torch.relu(layer((a - anchor) / unit))
            for layer, anchor in zip(self.layers, self.anchors, strict=True)
        )


class _GSMFlowModule(nn.Module):
    """Flow, positioning and their losses."""

    def __init__(
        self,
        *,
        n_features,
        n_attributes,
        hidden_dim,
        n_layers,
        positioning_dim,
        anchors,
        conditioning,
        perturbation,
        perturbation_dropout,
        proto_weight,
        rng,
    ):
        super().__init__()
        self.anchors = anchors
        self.conditioning = conditioning
        self.perturbation = perturbation
        self.keep = 1 - perturbation_dropout
        self.proto_weight = proto_weight
        self.n_features = n_features
        self.register_buffer("x_mean", torch.zeros(n_features, dtype=torch.float32))
        self.register_buffer("x_spread", torch.ones((), dtype=torch.float32))
        self.register_buffer("a_mean", torch.zeros(n_attributes, dtype=torch.float32))
        self.register_buffer("a_spread", torch.ones((), dtype=torch.float32))
        n_condition = n_attributes
        self.positioning = None
        if positioning_dim:
            n_condition = positioning_dim
            if conditioning == "implicit":
                n_condition = min(n_condition, max(1, n_features // 2))
            self.positioning = _RelativePositioning(n_attributes, n_condition, rng)
        if conditioning == "implicit":
            n_condition = 0
        self.flow = Flow(
            AffineCoupling(n_features, n_condition, hidden_dim, rng)
            for _ in range(n_layers)
        )

    def prepare(self, X, y, A, unseen):
        """Scales, anchors, and the centroids of the seen classes."""
        self.A = A
        self.x_mean.copy_(X.mean(dim=0))
        self.x_spread.copy_(typical_norm(X - self.x_mean, X.shape[1]))
        self.a_mean.copy_(A.mean(dim=0))
        self.a_spread.copy_(typical_norm(A - self.a_mean) / _LOUDNESS)
        counts = torch.bincount(y, minlength=len(A))
        sums = X.new_zeros(len(A), X.shape[1]).index_add_(0, y, X)
        self.centroids = sums / counts[:, None]
        if self.positioning is not None:
            self.positioning.set_anchors(
                torch.cat([A, unseen]) if self.anchors == "all" else A,
            )

    def semantic(self, a):
        """Global semantic vectors, or descriptions at a common scale without them."""
        if self.positioning is None:
            return (a - self.a_mean) / self.a_spread
        return self.positioning(a, self.a_spread)

    def _split(self, g):
        """Means of the latent, and conditions of the couplings (Eq. 7 or none)."""
        if self.conditioning == "explicit":
            return g.new_zeros(len(g), self.n_features), g
        return F.pad(g, (0, self.n_features - g.shape[1])), g[:, :0]

    def backward(self, losses):
        """Gradients of the loss, one term after the other.

        The terms share nothing but weights. Taken together they would need a second
        buffer for each weight's gradient, and a pass over all of them to add it up.
        """
        losses["flow"].backward()
        if self.proto_weight:
            (self.proto_weight * losses["proto"]).backward()

    def encode(self, x, g, rows):
        """Base variable u, standard normal in each class, and log |du/dx|."""
        mean, condition = self._split(g)
        z, log_det = self.flow((x - self.x_mean) / self.x_spread, condition, rows)
        u = z - mean.index_select(0, rows)
        return u, log_det - self.n_features * self.x_spread.log()

    def decode(self, u, g, rows):
        """Inverse of ``encode``."""
        mean, condition = self._split(g)
        x = self.flow.inverse(u + mean.index_select(0, rows), condition, rows)
        return x * self.x_spread + self.x_mean

    def log_density(self, x, a, rows):
        """Log-density of row ``i`` of x in the class ``a[rows[i]]``."""
        u, log_det = self.encode(x, self.semantic(a), rows)
        constant = 0.5 * self.n_features * math.log(2 * math.pi)
        return log_det - 0.5 * u.square().sum(dim=1) - constant

    def forward(self, x, y, rng):
        """Losses of a batch (Eq. 4 and 13)."""
        d = self.n_features
        if self.perturbation:
            options = {"generator": rng, "device": x.device, "dtype": x.dtype}
            noise = torch.randn(x.shape, **options)
            if self.keep < 1:
                noise = noise * (torch.rand(d, **options) < self.keep)
            x = x + self.perturbation * noise
        # All seen classes: the prototype loss needs each of them.
        g = self.semantic(self.A)
        u, log_det = self.encode(x, g, y)
        flow = (0.5 * u.square().sum(dim=1) - log_det).mean() / d
        losses = {"loss": flow, "flow": flow}
        if self.proto_weight:
            classes = torch.arange(len(g), device=x.device)
            centres = self.decode(x.new_zeros(len(g), d), g.detach(), classes)
            losses["proto"] = F.mse_loss(centres, self.centroids)
            losses["loss"] = flow + self.proto_weight * losses["proto"]
        return losses

    def sample(self, a, n_samples, rng, temperature):
        """Draw from the base distribution and go back through the flow."""
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        shape = len(rows), self.n_features
        eps = torch.randn(shape, generator=rng, device=a.device, dtype=a.dtype)
        g = self.semantic(a)
        return in_pieces(
            lambda u, rows: self.decode(temperature * u, g, rows), eps, rows
        )
