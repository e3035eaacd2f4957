"""CADA-VAE (Schönfeld et al. 2019): VAEs whose latent spaces are aligned."""

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from torch import nn

from .._sklearn_compat import Interval, StrOptions
from ..nn import ReLUNet, distinct, linear, typical_norm
from ..training import draw_seed, torch_generator
from ._base import NeuralGenerator, in_float32

# What reconstructions by the mean of all rows cost, if inputs are standardized.
_FEATURE_COST = 300.0
_DESCRIPTION_COST = 30.0


class CADAVAE(ClassNamePrefixFeaturesOutMixin, NeuralGenerator):
    r"""Cross- and distribution-aligned variational autoencoders (CADA-VAE).

    Features and descriptions each have a VAE, and all VAEs share one latent space: each
    latent must also be decoded into what the other VAEs were given (cross-alignment),
    and the Gaussians that they encode a row and its class's description into must be
    close (distribution-alignment). The classifier works on latents: those of real rows,
    and for other classes those of their descriptions.

    Parameters
    ----------
    latent_dim : int, default=64
        Number of latent features.

    encoder_dim, decoder_dim : int, default=1560, 1660
        Widths of the hidden layers between features and latent, and back.

    attribute_encoder_dim, attribute_decoder_dim : int, default=1450, 665
        Widths of the hidden layers between each source of descriptions and the latent,
        and back.

    kl_weight : float, default=1.0
        Weight beta of the divergence of the encoded Gaussians from the standard one.

    cross_weight : float, default=2.37
        Weight gamma of the cross-reconstructions; 0 is the paper's ablation DA-VAE.

    distribution_weight : float, default=20.0
        Weight delta of the distance between the Gaussians of a row's modalities, each
        pair once; 0 is the paper's ablation CA-VAE.

    kl_warmup, cross_warmup, distribution_warmup : tuple of two floats
        The fractions of the steps between which a weight rises from 0 to its value. The
        defaults, (0.0, 0.93), (0.21, 0.75) and (0.06, 0.22), are the authors' epochs of
        100.

    standardize : bool, default=True
        Whether the VAEs see features and descriptions centred and divided by one number
        each (to unit variance on average, and to unit norm), with reconstructions
        weighted so that the mean of all rows costs 300 for features and 30 for each
        source of descriptions. False takes them as they are, as the authors' code does.

    noise : {"sample", "dimension"}, default="sample"
        How latents are drawn. "sample" is the authors' code: z = mu + exp(logvar) e
        with one number e for each row. "dimension" is the textbook's VAE: z = mu +
        exp(logvar / 2) e with a number for each dimension. The divergence and the
        distance take exp(logvar) as the variance in both.

    temperature : float, default=1.0
        Factor on the noise of samples; it may be set after fit.

    lr : float, default=1e-3
        Learning rate of Adam (with AMSGrad); the authors have 1.5e-4 and many more
        steps.

    lr_schedule : {"cosine", "constant"}, default="cosine"
        "cosine" warms up over the first 5 % of the steps and decays to 0.

    batch_size : int, default=50
        Rows in a mini-batch.

    max_iter : int, default=1500
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
        Mean losses of each hundredth of the steps: ``loss``, and without their weights
        ``rec``, ``kl``, ``cross`` and ``distribution``; and the last step, ``iter``.
    validation_steps_, validation_scores_ : ndarray of shape (n_validations,)
        Steps of the trial training at which it was validated, and the scores, the best
        harmonic mean at any seen penalty; None without ``early_stopping``.
    validation_classes_ : ndarray
        Labels of the classes held out in it; None without ``early_stopping``.
    classes_ : ndarray of shape (n_seen,)
        Sorted labels of the classes fitted on.
    source_dims_ : dict of str to int
        Length of a description in each source.
    attribute_scale_ : float, or dict of str to float
        The number that descriptions are divided by; one for each of several sources.
    n_attributes_in_ : int
        Length of a description, in all sources together.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of str
        Names of the features, if X had any.

    See Also
    --------
    VAECFlow : Draws features instead of latents, and knows their density.
    GZSLClassifier : Trains a classifier on what generators draw.

    Notes
    -----
    ``transform`` gives the means of latents. A classifier is to learn from latents with
    noise, which ``training_features`` draws for real rows and ``sample`` for
    descriptions; ``GZSLClassifier`` does so. The paper's classifier learns from
    ``n_real=200`` rows of each seen class and ``n_synthetic=400`` of each unseen one.

    Descriptions may come from several named sources (see ``ClassAttributes``), each of
    which has a VAE of its own, and which need not describe all classes: a class without
    a description in a source adds nothing to the losses of that source's VAE. The
    sources that describe a class take turns in the rows that ``sample`` draws for it.

    The losses are those of the authors' code, but they are means over the batch, where
    the code has sums (Adam does not notice a common factor), and a small number under
    the root of the distance keeps its gradient finite where two Gaussians coincide.
    Standardized inputs make the weights mean the same for any number of features, and
    keep exp(logvar) finite whatever their unit.

    The defaults of ``standardize``, the weights, ``lr``, ``lr_schedule`` and
    ``max_iter`` were chosen on held-out classes of real data. The authors' setting is
    ``standardize=False, kl_weight=0.25, distribution_weight=8.13, lr=1.5e-4,
    lr_schedule="constant"``, with min-max scaled features and 100 passes over the rows.

    References
    ----------
    Schönfeld, Ebrahimi, Sinha, Darrell and Akata (2019). Generalized zero- and few-shot
    learning via aligned variational autoencoders. CVPR.

    Examples
    --------
    >>> from sklearn_gzsl import CADAVAE
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = CADAVAE(max_iter=20, random_state=0).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> Z_new, y_new = generator.sample(numbers.class_attributes, n_samples=2)
    >>> Z_new.shape
    (200, 64)
    """

    _parameter_constraints: dict = {
        **NeuralGenerator._parameter_constraints,
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "encoder_dim": [Interval(Integral, 1, None, closed="left")],
        "decoder_dim": [Interval(Integral, 1, None, closed="left")],
        "attribute_encoder_dim": [Interval(Integral, 1, None, closed="left")],
        "attribute_decoder_dim": [Interval(Integral, 1, None, closed="left")],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
        "cross_weight": [Interval(Real, 0, None, closed="left")],
        "distribution_weight": [Interval(Real, 0, None, closed="left")],
        "kl_warmup": [list, tuple],
        "cross_warmup": [list, tuple],
        "distribution_warmup": [list, tuple],
        "standardize": ["boolean"],
        "noise": [StrOptions({"sample", "dimension"})],
    }

    def __init__(
        self,
        *,
        latent_dim=64,
        encoder_dim=1560,
        decoder_dim=1660,
        attribute_encoder_dim=1450,
        attribute_decoder_dim=665,
        kl_weight=1.0,
        cross_weight=2.37,
        distribution_weight=20.0,
        kl_warmup=(0.0, 0.93),
        cross_warmup=(0.21, 0.75),
        distribution_warmup=(0.06, 0.22),
        standardize=True,
        noise="sample",
        temperature=1.0,
        lr=1e-3,
        lr_schedule="cosine",
        batch_size=50,
        max_iter=1500,
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
        self.latent_dim = latent_dim
        self.encoder_dim = encoder_dim
        self.decoder_dim = decoder_dim
        self.attribute_encoder_dim = attribute_encoder_dim
        self.attribute_decoder_dim = attribute_decoder_dim
        self.kl_weight = kl_weight
        self.cross_weight = cross_weight
        self.distribution_weight = distribution_weight
        self.kl_warmup = kl_warmup
        self.cross_warmup = cross_warmup
        self.distribution_warmup = distribution_warmup
        self.standardize = standardize
        self.noise = noise
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

    def _table(self, attributes, *, reset=False):
        """The sources side by side, with NaN where one does not describe a class."""
        if reset:
            self.source_dims_ = {
                name: table.shape[1] for name, table in attributes.sources.items()
            }
        elif len(self.source_dims_) == 1:
            return super()._table(attributes)
        unknown = sorted(attributes.sources.keys() - self.source_dims_.keys())
        if unknown:
            raise ValueError(
                f"class_attributes has the sources {unknown}, but "
                f"{type(self).__name__} was fitted with {sorted(self.source_dims_)}; "
                "describe the classes by some of these, as in "
                "ClassAttributes(labels, {source: table})."
            )
        tables = []
        for name, width in self.source_dims_.items():
            missing = np.full((len(attributes.labels), width), np.nan, np.float32)
            table = attributes.sources.get(name, missing)
            if table.shape[1] != width:
                raise ValueError(
                    f"class_attributes has {table.shape[1]} columns in the source "
                    f"{name!r}, but {type(self).__name__} was fitted with {width}; "
                    "describe the classes in the same way as in fit."
                )
            tables.append(table)
        return np.concatenate(tables, axis=1)

    def _learn_scale(self, A):
        """One number for each source, from the seen classes that it describes."""
        if len(self.source_dims_) == 1:
            super()._learn_scale(A)
            return
        norms = {
            name: np.linalg.norm(table, axis=1)
            for name, table in zip(
                self.source_dims_, np.split(A, self._bounds(), axis=1), strict=True
            )
        }
        useless = [name for name, norm in norms.items() if np.isnan(norm).all()]
        if useless:
            raise ValueError(
                f"class_attributes has the sources {useless}, which describe no class "
                "with rows in X; leave them out."
            )
        self.attribute_scale_ = {
            name: float(np.nanmean(norm)) or 1.0 for name, norm in norms.items()
        }
        self._column_scale = np.repeat(
            np.array(list(self.attribute_scale_.values()), np.float32),
            list(self.source_dims_.values()),
        )

    def _bounds(self):
        return np.cumsum(list(self.source_dims_.values()))[:-1]

    def _training_options(self, n_rows):
        return {"optimizer__amsgrad": True}

    def _module(self, architecture, rng):
        return _CADAVAEModule(**architecture, rng=rng)

    def _architecture(self, n_features, n_attributes, n_classes):
        for name in ("kl_warmup", "cross_warmup", "distribution_warmup"):
            window = getattr(self, name)
            if (
                len(window) != 2
                or not all(isinstance(t, Real) for t in window)
                or not 0 <= window[0] <= window[1] <= 1
            ):
                raise ValueError(
                    f"{name}={window!r} must be the two fractions of training between "
                    "which the weight rises, 0 <= start <= end <= 1."
                )
        return {
            "dims": [n_features, *self.source_dims_.values()],
            **self._values(
                "latent_dim",
                "encoder_dim",
                "decoder_dim",
                "attribute_encoder_dim",
                "attribute_decoder_dim",
                "kl_weight",
                "cross_weight",
                "distribution_weight",
                "standardize",
                "noise",
            ),
            **{
                name: [float(t) for t in getattr(self, name)]
                for name in ("kl_warmup", "cross_warmup", "distribution_warmup")
            },
        }

    def _training_features(self, X, random_state):
        """Latents with noise."""
        seed = draw_seed(self.random_state if random_state is None else random_state)
        return self._encoded(X, torch_generator(seed, self.net_.device))

    def _features(self, X):
        return self._encoded(X)

    @in_float32
    def _encoded(self, X, rng=None):
        """Latent means of features; latents drawn from ``rng``, if there is one."""
        module, latents = self.net_.module_, []
        for rows in torch.tensor(X).split(self._CHUNK_ROWS):
            mean, log_var = module.vaes[0].encode(rows.to(self.net_.device))
            latents.append(mean if rng is None else module.draw(mean, log_var, rng))
        return torch.cat([z.cpu() for z in latents]).numpy()

    @property
    def _n_features_out(self):
        return self._built_from["latent_dim"]


class _VAE(nn.Module):
    """Encoder and decoder of one modality."""

    def __init__(self, n_inputs, latent_dim, encoder_dim, decoder_dim, rng):
        super().__init__()
        self.register_buffer("location", torch.zeros(n_inputs, dtype=torch.float32))
        self.register_buffer("spread", torch.ones((), dtype=torch.float32))
        self.register_buffer("unit", torch.ones((), dtype=torch.float32))
        self.encoder = ReLUNet((n_inputs, encoder_dim), rng, last_relu=True)
        self.mean = linear(encoder_dim, latent_dim, rng)
        self.log_var = linear(encoder_dim, latent_dim, rng)
        self.decoder = ReLUNet((latent_dim, decoder_dim, n_inputs), rng)

    def prepare(self, t, n, cost):
        """Bring rows like t to one scale, and set what their mean costs as output."""
        self.location.copy_(t.mean(dim=0))
        self.spread.copy_(typical_norm(t - self.location, n))
        by_mean = self.standardized(t).abs().sum(dim=1).mean()
        self.unit.copy_(torch.where(by_mean > 0, cost / by_mean, 1.0))

    def standardized(self, t):
        return (t - self.location) / self.spread

    def encode(self, t):
        h = self.encoder(self.standardized(t))
        return self.mean(h), self.log_var(h)


class _CADAVAEModule(nn.Module):
    """The VAEs of the features and of each source, and the losses."""

    def __init__(
        self,
        *,
        dims,
        latent_dim,
        encoder_dim,
        decoder_dim,
        attribute_encoder_dim,
        attribute_decoder_dim,
        kl_weight,
        cross_weight,
        distribution_weight,
        kl_warmup,
        cross_warmup,
        distribution_warmup,
        standardize,
        noise,
        rng,
    ):
        super().__init__()
        self.weights = {
            "kl": (kl_weight, *kl_warmup),
            "cross": (cross_weight, *cross_warmup),
            "distribution": (distribution_weight, *distribution_warmup),
        }
        self.standardize = standardize
        self.noise = noise
        self.progress = 1.0
        self.source_dims = dims[1:]
        hidden = (encoder_dim, decoder_dim)
        attribute_hidden = (attribute_encoder_dim, attribute_decoder_dim)
        self.vaes = nn.ModuleList(
            _VAE(n, latent_dim, *(attribute_hidden if i else hidden), rng)
            for i, n in enumerate(dims)
        )

    def prepare(self, X, y, A, unseen):
        """Set the units of all modalities, and keep the seen classes' descriptions."""
        self.tables, self.described = self._by_source(A)
        if self.standardize:
            self.vaes[0].prepare(X, X.shape[1], _FEATURE_COST)
            for i, vae in enumerate(self.vaes[1:]):
                rows = self.tables[i][self.described[:, i]]
                vae.prepare(rows, 1, _DESCRIPTION_COST)

    def _by_source(self, a):
        """One table for each source, and who is described (n_classes, n_sources)."""
        tables = a.split(self.source_dims, dim=1)
        described = torch.stack([~t[:, 0].isnan() for t in tables], dim=1)
        return [t.nan_to_num() for t in tables], described

    def weight(self, term):
        """Weight of a loss at this point of training: a linear warm-up."""
        factor, start, end = self.weights[term]
        if not start < self.progress < end:
            return factor * (self.progress >= end)
        return factor * (self.progress - start) / (end - start)

    def draw(self, mean, log_var, rng, temperature=1.0):
        if self.noise == "sample":
            shape, std = (len(mean), 1), torch.exp(log_var)
        else:
            shape, std = mean.shape, torch.exp(0.5 * log_var)
        eps = torch.randn(shape, generator=rng, device=mean.device, dtype=mean.dtype)
        return mean + temperature * std * eps

    def forward(self, x, y, rng):
        """Losses of a batch: mean over rows, sum over dimensions."""
        classes, rows = distinct(y, len(self.described))
        targets = [self.vaes[0].standardized(x)]
        codes = [self.vaes[0].encode(x)]
        present = [x.new_ones(len(x))]
        for i, (vae, table) in enumerate(zip(self.vaes[1:], self.tables, strict=True)):
            a = table[classes]
            targets.append(vae.standardized(a)[rows])
            codes.append(tuple(t.index_select(0, rows) for t in vae.encode(a)))
            present.append(self.described[y, i].to(x.dtype))
        latents = [self.draw(*code, rng) for code in codes]

        rec = kl = cross = distribution = x.new_zeros(())
        for i, vae in enumerate(self.vaes):
            mean, log_var = codes[i]
            divergence = mean.square() + torch.exp(log_var) - 1 - log_var
            kl = kl + 0.5 * (divergence.sum(dim=1) * present[i]).mean()
            sources = range(len(self.vaes)) if self.weights["cross"][0] else [i]
            decoded = vae.decoder(torch.cat([latents[j] for j in sources]))
            for j, d in zip(sources, decoded.split(len(x)), strict=True):
                error = vae.unit * (d - targets[i]).abs().sum(dim=1)
                error = (error * present[i] * present[j]).mean()
                if i == j:
                    rec = rec + error
                else:
                    cross = cross + error
                if j < i and self.weights["distribution"][0]:
                    distance = _distance(*codes[i], *codes[j])
                    distance = (distance * present[i] * present[j]).mean()
                    distribution = distribution + distance
        terms = {"kl": kl, "cross": cross, "distribution": distribution}
        terms = {k: v for k, v in terms.items() if self.weights[k][0]}
        total = rec + sum(self.weight(k) * v for k, v in terms.items())
        return {"loss": total, "rec": rec, **terms}

    def sample(self, a, n_samples, rng, temperature):
        """Latents of described classes; its sources take turns in a class's rows."""
        tables, described = self._by_source(a)
        codes = [vae.encode(t) for vae, t in zip(self.vaes[1:], tables, strict=True)]
        mean, log_var = (torch.stack(t, dim=1) for t in zip(*codes, strict=True))
        # The sources that describe a class first, and then round and round.
        order = described.int().argsort(dim=1, descending=True, stable=True)
        turns = torch.arange(n_samples, device=a.device)
        source = order.gather(1, turns % described.sum(dim=1, keepdim=True))
        row = torch.arange(len(a), device=a.device)[:, None]
        mean, log_var = (t[row, source].flatten(0, 1) for t in (mean, log_var))
        return self.draw(mean, log_var, rng, temperature)


def _distance(mean, log_var, other_mean, other_log_var):
    """2-Wasserstein distance of diagonal Gaussians."""
    std_gap = torch.exp(0.5 * log_var) - torch.exp(0.5 * other_log_var)
    squared = (mean - other_mean).square() + std_gap.square()
    return torch.sqrt(squared.sum(dim=1) + 1e-12)
