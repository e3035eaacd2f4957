"""ABP-ZSL (Zhu et al. 2019): a generator, and latents inferred by gradients."""

from numbers import Integral, Real

import torch
from torch import nn

from .._sklearn_compat import Interval, StrOptions
from ..nn import ConditionalGenerator, distinct, in_pieces, typical_norm
from ..utils import register
from ._neural import NeuralGenerator


class ABP(NeuralGenerator):
    r"""Generator learned by alternating back-propagation (ABP-ZSL).

    A generator turns a latent and a class's description into features,
    :math:`x = G(z, a) + \sigma e`, with latents and noise from standard Gaussians.
    There is neither an encoder nor a critic: every training row has a latent of its
    own, which is kept, and moved by Langevin steps to where it explains the row, before
    the generator's weights are moved by the same error. Synthetic features are
    :math:`G(z, a)` of random latents.

    Parameters
    ----------
    hidden_dim : int, default=1024
        Width of the generator's hidden layer.

    latent_dim : int, default=10
        Length of a latent. As many numbers are kept for each row in training.

    output_activation : {"relu", "linear"}, default="relu"
        What the generator's output goes through. It is measured from the lowest value
        of each feature among the training rows.

    sigma : float, default=1.0
        Deviation of features around the generator's output, in units of their typical
        deviation among the training rows.

    n_langevin : int, default=5
        Steps of a row's latent each time that it is in a batch.

    step_size : float, default=0.1
        Size s of these steps: half of its square multiplies the gradient of a latent's
        log-posterior, and s itself the noise.

    max_grad_norm : float or None, default=1.0
        Largest change of a latent by the gradient in a step, in units of s; None does
        not limit it.

    noisy_fraction : float, default=0.33
        Share of the training, from its start, in which the steps have noise.

    weight_decay : float, default=0.0
        L2 penalty on the weights, added to their gradient by Adam.

    See Also
    --------
    CVAE : Infers the latents by a network instead.

    Notes
    -----
    In ``history_`` are the ``loss``, which is the squared error per row over
    2 sigma^2, and ``norm``, the mean squared length of the latents in a batch divided
    by ``latent_dim``: near 1 where they are spread like those that are drawn.

    Different from the authors' code are the Langevin steps, which are plain ones with a
    limited length, where the code leaves the gradient to Adam; that they come before
    the step of the weights; features that are centred at the start, and whose typical
    deviation is the unit of ``sigma``, whose default was chosen on held-out classes of
    real data. The authors' setting is ``hidden_dim=4096, sigma=0.3, lr=2e-4,
    weight_decay=1e-3``, with up to 1000 passes over the rows, of which the best was
    chosen on test rows, and 300 or 1500 synthetic rows for each class: so there is no
    preset.

    References
    ----------
    Zhu, Xie, Liu and Elgammal (2019). Learning feature-to-feature translator by
    alternating back-propagation for generative zero-shot learning. ICCV.

    Han, Lu, Zhu and Wu (2017). Alternating back-propagation for generator network.
    AAAI.

    Examples
    --------
    >>> from sklearn_gzsl import ABP
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = ABP(hidden_dim=64, max_iter=20, random_state=0).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> X_new, y_new = generator.sample(numbers.class_attributes, n_samples=2)
    >>> X_new.shape
    (200, 128)
    """

    hidden_dim: int = 1024
    latent_dim: int = 10
    output_activation: str = "relu"
    sigma: float = 1.0
    n_langevin: int = 5
    step_size: float = 0.1
    max_grad_norm: float | None = 1.0
    noisy_fraction: float = 0.33
    weight_decay: float = 0.0

    _parameter_constraints = {
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "output_activation": [StrOptions({"relu", "linear"})],
        "sigma": [Interval(Real, 0, None, closed="neither")],
        "n_langevin": [Interval(Integral, 0, None, closed="left")],
        "step_size": [Interval(Real, 0, None, closed="neither")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "noisy_fraction": [Interval(Real, 0, 1, closed="both")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
    }

    def _module(self, options, rng):
        return _ABPModule(options, rng)

    def _training_options(self, n_rows):
        return {"optimizer__weight_decay": self.weight_decay}

    def _training_rows(self, X, y):
        # Which row it is says where its latent is kept.
        return X, torch.arange(len(X), device=X.device)


class _ABPModule(nn.Module):
    """The generator, the rows' latents, and both halves of a step."""

    def __init__(self, options, rng):
        super().__init__()
        self.options = options
        self.progress = 1.0  # the net sets it in training
        d = options.n_features
        self.generator = ConditionalGenerator(
            options.latent_dim,
            options.n_attributes,
            options.hidden_dim,
            d,
            rng,
            options.output_activation,
        )
        self.register_buffer("x_min", torch.zeros(d, dtype=torch.float32))
        self.register_buffer("x_spread", torch.ones((), dtype=torch.float32))
        # For ``prepare``, which is handed no random numbers.
        self.seed = int(torch.randint(2**31 - 1, (), generator=rng))

    def prepare(self, X, y, A, unseen):
        """Scale features, and give each row a latent."""
        self.A, self.y = A, y
        self.x_min.copy_(X.amin(dim=0))
        self.x_spread.copy_(typical_norm(X - X.mean(dim=0), X.shape[1]))
        self.generator.start_at(self.scaled(X).mean(dim=0))
        rng = torch.Generator().manual_seed(self.seed)
        shape = len(X), self.options.latent_dim
        latents = torch.randn(shape, generator=rng, dtype=X.dtype).to(X.device)
        # Training changes them: checkpoints have them, a stored generator does not.
        self.register_buffer("latents", latents, persistent=False)

    def scaled(self, x):
        return (x - self.x_min) / self.x_spread

    def error(self, x, z, described):
        """-log p(x | z) of each row, without its constant."""
        squared = (x - self.generator(z, described)).square().sum(dim=1)
        return squared / (2 * self.options.sigma**2)

    def infer(self, x, z, described, rng):
        """Langevin steps of latents (Han et al. 2017, Eq. 6)."""
        options, s = self.options, self.options.step_size
        for _ in range(options.n_langevin):
            z.requires_grad_()
            energy = self.error(x, z, described) + 0.5 * z.square().sum(dim=1)
            (slope,) = torch.autograd.grad(energy.sum(), z)
            move = 0.5 * s * slope
            if options.max_grad_norm is not None:
                norm = torch.linalg.vector_norm(move, dim=1, keepdim=True)
                # Without a division by 0.
                shorter = options.max_grad_norm / norm.clamp(min=1e-12)
                move = move * shorter.clamp(max=1)
            z = z.detach() - s * move
            if self.progress < options.noisy_fraction:
                like_z = {"device": z.device, "dtype": z.dtype}
                z = z + s * torch.randn(z.shape, generator=rng, **like_z)
        return z.detach()

    def forward(self, x, rows, rng):
        """Move the rows' latents, and give the weights' loss."""
        x = self.scaled(x)
        classes, of_rows = distinct(self.y[rows], len(self.A))
        described = self.generator.describe(self.A[classes]).index_select(0, of_rows)
        # The weights take no part in the inference.
        z = self.infer(x, self.latents[rows], described.detach(), rng)
        self.latents[rows] = z
        loss = self.error(x, z, described).mean()
        return {"loss": loss, "norm": z.square().mean()}

    def sample(self, a, n_samples, rng, temperature):
        """Features of random latents, in the unit of the training rows."""
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        shape = len(rows), self.options.latent_dim
        z = torch.randn(shape, generator=rng, device=a.device, dtype=a.dtype)
        described = self.generator.describe(a)
        x = in_pieces(
            lambda z, rows: self.generator(temperature * z, described[rows]), z, rows
        )
        return x * self.x_spread + self.x_min


register(
    ABP,
    name="abp",
    search={"max_iter": [1000, 3000], "sigma": [0.3, 1.0]},
)
