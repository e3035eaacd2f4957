"""CVAE-ZSL (Mishra et al. 2018) and SE-GZSL (Verma et al. 2018): conditional VAEs."""

from numbers import Integral, Real

import torch
from torch import nn
from torch.nn import functional as F

from .._sklearn_compat import Interval
from ..nn import ReLUNet, in_pieces, linear, typical_norm
from ..utils import SPLITS, Published, register
from ._neural import NeuralGenerator


class CVAE(NeuralGenerator):
    r"""Conditional variational autoencoder of features (CVAE-ZSL, SE-GZSL).

    An encoder turns features and the description of their class into a Gaussian of
    latents, and a decoder turns a latent and the description back into features. The
    Gaussians are kept close to the standard one, from which latents are drawn for
    synthetic features.

    Parameters
    ----------
    hidden_dim : int, default=1024
        Width of the hidden layers: two in the encoder, one in the decoder.

    latent_dim : int or None, default=64
        Length of a latent; None takes that of a description, as the authors do.

    kl_weight : float, default=1.0
        Weight of the divergence beside the squared error, which is summed over
        features: the 2 sigma^2 of a decoder with the deviation sigma around its output.

    noise_scale : float, default=1.0
        Factor of the encoder's deviation in training. The code for the paper has that
        of ``kl_weight`` here as well: where it is near 0 the latents have no noise, and
        those drawn for new classes are unlike any that the decoder has seen.

    dropout : float, default=0.0
        Probability with which a unit between the encoder's hidden layers is left out.

    regressor_weight : float, default=0.0
        Weight of the error with which descriptions are recovered from decoded features
        of random latents (SE-GZSL); 0 leaves it out. The regressor, one linear layer,
        learns beside it from real and decoded rows.

    standardize : bool, default=True
        Whether the networks see features and descriptions centred and divided by one
        number each, their typical deviation and norm. False takes them as they are, as
        the authors do.

    See Also
    --------
    FVAEGAN : A conditional VAE whose decoder is the generator of a GAN, too.
    VAECFlow : A flow whose prior is a conditional VAE's.

    Notes
    -----
    In ``history_`` are the ``loss`` and, without their weights, ``rec`` and ``kl``;
    with a regressor also ``cycle``, the decoder's error by it, and ``regression``, its
    own. All are sums over dimensions and means over rows.

    No code of the authors of either method is known. Of CVAE-ZSL this class follows a
    third party's, but that each row has noise of its own, where that code has one
    vector for a batch. The paper's final classifier is an SVM that learns from
    synthetic rows of all classes, scaled to length 1:
    ``GZSLClassifier(CVAE(), make_pipeline(Normalizer(), SVC(C=100)),
    synthesize="all", n_real=1)`` comes close. ``paper_settings`` has a softmax and real
    rows, as with all methods.

    SE-GZSL is written from its paper as it is remembered, without published settings.
    Other than there, encoder and regressor learn in the same step, the encoder sees the
    description, too, and latents need not be recovered from decoded rows.

    The defaults of ``latent_dim`` and ``kl_weight`` were chosen on held-out classes of
    real data.

    References
    ----------
    Mishra, Krishna Reddy, Mittal and Murthy (2018). A generative model for zero shot
    learning using conditional variational autoencoders. CVPR workshops.

    Verma, Arora, Mishra and Rai (2018). Generalized zero-shot learning via synthesized
    examples. CVPR.

    Examples
    --------
    >>> from sklearn_gzsl import CVAE
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = CVAE(hidden_dim=64, max_iter=20, random_state=0).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> X_new, y_new = generator.sample(numbers.class_attributes, n_samples=2)
    >>> X_new.shape
    (200, 128)
    """

    hidden_dim: int = 1024
    latent_dim: int | None = 64
    kl_weight: float = 1.0
    noise_scale: float = 1.0
    dropout: float = 0.0
    regressor_weight: float = 0.0
    standardize: bool = True

    _parameter_constraints = {
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
        "noise_scale": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "regressor_weight": [Interval(Real, 0, None, closed="left")],
        "standardize": ["boolean"],
    }

    def _module(self, options, rng):
        return _CVAEModule(options, rng)

    def _architecture(self, sizes):
        latent_dim = self.latent_dim or sizes["n_attributes"]
        return super()._architecture(sizes) | {"latent_dim": latent_dim}


class _CVAEModule(nn.Module):
    """Encoder, decoder, perhaps a regressor, and their losses."""

    def __init__(self, options, rng):
        super().__init__()
        self.options = options
        d, n_attributes = options.n_features, options.n_attributes
        hidden, latent = options.hidden_dim, options.latent_dim
        for name, n in (("x", d), ("a", n_attributes)):
            self.register_buffer(f"{name}_mean", torch.zeros(n, dtype=torch.float32))
            self.register_buffer(f"{name}_spread", torch.ones((), dtype=torch.float32))
        self.reader = ReLUNet((d + n_attributes, hidden), rng, last_relu=True)
        self.encoder = ReLUNet((hidden, hidden), rng, last_relu=True)
        self.mean = linear(hidden, latent, rng)
        self.log_var = linear(hidden, latent, rng)
        self.decoder = ReLUNet((latent + n_attributes, hidden, d), rng)
        if options.regressor_weight:
            self.regressor = linear(d, n_attributes, rng)

    def prepare(self, X, y, A, unseen):
        """Learn the units of features and descriptions."""
        if self.options.standardize:
            self.x_mean.copy_(X.mean(dim=0))
            self.x_spread.copy_(typical_norm(X - self.x_mean, X.shape[1]))
            self.a_mean.copy_(A.mean(dim=0))
            self.a_spread.copy_(typical_norm(A - self.a_mean))
        self.described = self.standardized(A)

    def standardized(self, a):
        return (a - self.a_mean) / self.a_spread

    def encode(self, t, a, rng):
        """Mean and log-variance of the latents of standardized rows."""
        h, dropout = self.reader(torch.cat([t, a], dim=1)), self.options.dropout
        if dropout:
            like_h = {"device": h.device, "dtype": h.dtype}
            kept = torch.rand(h.shape, generator=rng, **like_h) >= dropout
            h = h * kept / (1 - dropout)
        h = self.encoder(h)
        return self.mean(h), self.log_var(h)

    def decode(self, z, a):
        return self.decoder(torch.cat([z, a], dim=1))

    def forward(self, x, y, rng):
        """Losses of a batch: mean over rows, sum over dimensions."""

        def noise():
            shape = len(x), options.latent_dim
            return torch.randn(shape, generator=rng, device=x.device, dtype=x.dtype)

        options, a = self.options, self.described[y]
        t = (x - self.x_mean) / self.x_spread
        mean, log_var = self.encode(t, a, rng)
        z = mean + options.noise_scale * torch.exp(0.5 * log_var) * noise()
        rec = (self.decode(z, a) - t).square().sum(dim=1).mean()
        kl = 0.5 * (mean.square() + torch.exp(log_var) - 1 - log_var).sum(dim=1).mean()
        losses = {"loss": rec + options.kl_weight * kl, "rec": rec, "kl": kl}
        if options.regressor_weight:
            fake = self.decode(noise(), a)
            # Each learns from its own error alone: the decoder would else be taught
            # what is easy to read, and the regressor to read what is decoded.
            rows = self.regressor(torch.cat([t, fake.detach()])), torch.cat([a, a])
            frozen = self.regressor.weight.detach(), self.regressor.bias.detach()
            losses["regression"] = _error(*rows)
            losses["cycle"] = _error(F.linear(fake, *frozen), a)
            losses["loss"] = (
                losses["loss"]
                + losses["regression"]
                + options.regressor_weight * losses["cycle"]
            )
        return losses

    def sample(self, a, n_samples, rng, temperature):
        """Decode latents from the standard Gaussian."""
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        shape = len(rows), self.options.latent_dim
        z = torch.randn(shape, generator=rng, device=a.device, dtype=a.dtype)
        a = self.standardized(a)
        t = in_pieces(lambda z, r: self.decode(temperature * z, a[r]), z, rows)
        return t * self.x_spread + self.x_mean


def _error(predicted, a):
    return (predicted - a).square().sum(dim=1).mean()


def _published(data, *, scale, batch_size=64, passes=30):
    return Published(
        generator={
            "hidden_dim": 1024,
            "latent_dim": None,
            # One number for both, in the code.
            "kl_weight": scale,
            "noise_scale": scale,
            "dropout": 0.7,
            "regressor_weight": 0.0,
            "standardize": False,
            "temperature": 1.0,
            "lr": 1e-3,
            "lr_schedule": "constant",
            "batch_size": batch_size,
            "max_iter": passes * -(-SPLITS[data].rows // batch_size),
        },
        # That of f-CLSWGAN, in place of an SVM.
        softmax=(1e-3, 25, 300),
        n_synthetic=300,
        preprocessor="passthrough",
    )


register(
    CVAE,
    name="cvae",
    search={"max_iter": [1000, 3000], "kl_weight": [0.3, 1.0]},
    published={
        "AWA1": _published("AWA1", scale=1.0),
        "AWA2": _published("AWA2", scale=1.0),
        "CUB": _published("CUB", scale=1e-5),
        "SUN": _published("SUN", scale=1e-9, batch_size=256, passes=80),
        "aPY": _published("aPY", scale=1.0),
        "FLO": _published("FLO", scale=1e-9),
    },
)
