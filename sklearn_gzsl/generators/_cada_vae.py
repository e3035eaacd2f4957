"""CADA-VAE (Schönfeld et al. 2019): VAEs whose latent spaces are aligned."""

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin

from .._sklearn_compat import Interval, StrOptions
from ..attributes import learn_scaling, rescale
from ..training import draw_seed, torch_generator
from ..utils import SPLITS, Published, register
from ._cada_vae_modules import CADAVAEModule
from ._neural import NeuralGenerator

_WARMUPS = ("kl_warmup", "cross_warmup", "distribution_warmup")


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

    Attributes
    ----------
    source_dims_ : dict of str to int
        Length of a description in each source.
    attribute_scale_ : float, or dict of str to float
        The number that descriptions are divided by; one for each of several sources.
    attribute_scaling_ : "standard" or None, or dict of str to it
        What was done to the columns; of several sources, to each.
    attribute_location_, attribute_spread_ : ndarray or None, or dict of str to it
        What was subtracted from them, and what they were divided by; None if nothing.
    n_attributes_in_ : int
        Length of a description, in all sources together.

    See Also
    --------
    VAECFlow : Draws features instead of latents, and knows their density.

    Notes
    -----
    The losses in ``history_`` are ``loss``, and without their weights ``rec``, ``kl``,
    ``cross`` and ``distribution``.

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
    keep exp(logvar) finite whatever the unit of all features, or of all descriptions.
    Where columns of a source are in different units, ``attribute_scaling`` sees to it.

    The optimiser is Adam with AMSGrad. The defaults of ``standardize``, the weights,
    ``lr``, ``lr_schedule`` and ``max_iter`` were chosen on held-out classes of real
    data. The authors' setting is ``standardize=False, kl_weight=0.25,
    distribution_weight=8.13, lr=1.5e-4, lr_schedule="constant"``, with min-max scaled
    features and 100 passes over the rows.

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

    latent_dim: int = 64
    encoder_dim: int = 1560
    decoder_dim: int = 1660
    attribute_encoder_dim: int = 1450
    attribute_decoder_dim: int = 665
    kl_weight: float = 1.0
    cross_weight: float = 2.37
    distribution_weight: float = 20.0
    kl_warmup: tuple[float, float] = (0.0, 0.93)
    cross_warmup: tuple[float, float] = (0.21, 0.75)
    distribution_warmup: tuple[float, float] = (0.06, 0.22)
    standardize: bool = True
    noise: str = "sample"
    batch_size: int = 50
    max_iter: int = 1500

    _parameter_constraints = {
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
            # Fully NaN, so that no zero is taken for a description.
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

    def _learn_units(self, A):
        """For each source, as it has a VAE of its own."""
        if len(self.source_dims_) == 1:
            super()._learn_units(A)
            return
        learned = {
            name: learn_scaling(table, self.attribute_scaling)
            for name, table in self._parted(A)
        }
        self.attribute_scaling_ = {k: s.method for k, s in learned.items()}
        self.attribute_location_ = {k: s.location for k, s in learned.items()}
        self.attribute_spread_ = {k: s.spread for k, s in learned.items()}

    def _in_one_unit(self, A):
        if len(self.source_dims_) == 1:
            return super()._in_one_unit(A)
        tables = [
            rescale(table, self.attribute_location_[name], self.attribute_spread_[name])
            for name, table in self._parted(A)
        ]
        return np.concatenate(tables, axis=1)

    def _learn_scale(self, A):
        """One number for each source, from the seen classes that it describes."""
        if len(self.source_dims_) == 1:
            super()._learn_scale(A)
            return
        # Each has its own VAE, and its own unit: attributes beside embeddings.
        norms = {name: np.linalg.norm(table, axis=1) for name, table in self._parted(A)}
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

    def _parted(self, A):
        """Name and columns of each source."""
        bounds = np.cumsum(list(self.source_dims_.values()))[:-1]
        return zip(self.source_dims_, np.split(A, bounds, axis=1), strict=True)

    def _training_options(self, n_rows):
        # The authors' variant of Adam, whose step sizes never grow again.
        return {"optimizer__amsgrad": True}

    def _module(self, options, rng):
        return CADAVAEModule(options, rng)

    def _architecture(self, sizes):
        for name in _WARMUPS:
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
        # Lists and floats, whatever was given: they are stored with the weights.
        warmups = {name: [float(t) for t in getattr(self, name)] for name in _WARMUPS}
        dims = [sizes["n_features"], *self.source_dims_.values()]
        return super()._architecture(sizes) | warmups | {"dims": dims}

    def _training_features(self, X, random_state):
        """Latents with noise."""
        # Those of unseen classes have noise: without it, seen ones would stand out.
        seed = draw_seed(self.random_state if random_state is None else random_state)
        rng = torch_generator(seed, self.net_.device)
        module = self.net_.module_
        return self._evaluate(
            lambda x: module.draw(*module.vaes[0].encode(x), rng),
            X,
            torch.float32,  # as all training is
            self._CHUNK_ROWS,
        ).numpy()

    def _features(self, X):
        """Latent means."""
        # The first VAE is that of the features.
        encode = self.net_.module_.vaes[0].encode
        return self._evaluate(lambda x: encode(x)[0].float(), X).numpy()

    @property
    def _n_features_out(self):
        # As it was in fit, whatever the parameter says by now.
        return self._built_from["latent_dim"]


def _published(data, *, softmax_passes):
    return Published(
        generator={
            "latent_dim": 64,
            "encoder_dim": 1560,
            "decoder_dim": 1660,
            "attribute_encoder_dim": 1450,
            "attribute_decoder_dim": 665,
            "kl_weight": 0.25,
            "cross_weight": 2.37,
            "distribution_weight": 8.13,
            "kl_warmup": (0.0, 0.93),
            "cross_warmup": (0.21, 0.75),
            "distribution_warmup": (0.06, 0.22),
            "standardize": False,
            "noise": "sample",
            "temperature": 1.0,
            "lr": 1.5e-4,
            "lr_schedule": "constant",
            "batch_size": 50,
            # 100 passes; the last batch of each counts.
            "max_iter": 100 * -(-SPLITS[data].rows // 50),
        },
        softmax=(1e-3, softmax_passes, 32),
        n_real=200,
        n_synthetic=400,
    )


register(
    CADAVAE,
    name="cada-vae",
    search={"max_iter": [1500, 4500], "distribution_weight": [8.13, 20.0]},
    published={
        "AWA1": _published("AWA1", softmax_passes=33),
        "AWA2": _published("AWA2", softmax_passes=29),
        "CUB": _published("CUB", softmax_passes=23),
        "SUN": _published("SUN", softmax_passes=21),
    },
    several_sources=True,
)
