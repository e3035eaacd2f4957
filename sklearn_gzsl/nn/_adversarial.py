"""Conditional generator and critic of Wasserstein GANs with a gradient penalty."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._layers import linear

_SLOPE, _INIT_STD = 0.2, 0.02

_OUTPUTS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda h: h}


class ConditionalGenerator(nn.Module):
    """Features from noise and a description: one hidden layer with LeakyReLU.

    ``forward(z, described)`` takes the noise and, for each row of it, a row of what
    ``describe(a)`` gives, the description's part of the hidden layer. With that split
    the layer sees [z, a], and a description that many rows have is multiplied once.

    Parameters
    ----------
    latent_dim, n_attributes, hidden_dim, n_features : int
        Lengths of noise, description, hidden layer and output.
    rng : torch.Generator
        Source of the weights, which are normal with a deviation of 0.02.
    output_activation : {"relu", "sigmoid", "linear"}
        What the output goes through.
    """

    def __init__(
        self,
        latent_dim: int,
        n_attributes: int,
        hidden_dim: int,
        n_features: int,
        rng: torch.Generator,
        output_activation: str = "relu",
    ):
        super().__init__()
        self.latent_dim = latent_dim
        self.output_activation = output_activation
        options = {"init": "normal", "gain": _INIT_STD}
        self.noise = linear(latent_dim, hidden_dim, rng, **options)
        self.describe = linear(n_attributes, hidden_dim, rng, bias=False, **options)
        self.output = linear(hidden_dim, n_features, rng, **options)

    @torch.no_grad()
    def start_at(self, mean: Tensor) -> None:
        """Set the output's bias so that features start around ``mean``."""
        if self.output_activation == "sigmoid":
            mean = torch.logit(mean, eps=1e-3)
        self.output.bias.copy_(mean)

    def forward(self, z: Tensor, described: Tensor) -> Tensor:
        h = F.leaky_relu(self.noise(z) + described, _SLOPE)
        return _OUTPUTS[self.output_activation](self.output(h))


class ConditionalCritic(nn.Module):
    """Score of features beside a description: one hidden layer with LeakyReLU.

    ``forward(x, described)`` takes, for each row of features, a row of what
    ``describe(a)`` gives. Its two halves are ``hidden``, affine in x, and ``score``.

    Parameters
    ----------
    n_features, n_attributes, hidden_dim : int
        Lengths of features, description and hidden layer.
    rng : torch.Generator
        Source of the weights, which are normal with a deviation of 0.02.
    """

    def __init__(
        self, n_features: int, n_attributes: int, hidden_dim: int, rng: torch.Generator
    ):
        super().__init__()
        options = {"init": "normal", "gain": _INIT_STD}
        self.features = linear(n_features, hidden_dim, rng, **options)
        self.describe = linear(n_attributes, hidden_dim, rng, bias=False, **options)
        self.output = linear(hidden_dim, 1, rng, **options)

    def forward(self, x: Tensor, described: Tensor) -> Tensor:
        return self.score(self.hidden(x, described))

    def hidden(self, x: Tensor, described: Tensor) -> Tensor:
        """Hidden layer before its activation, shape (n, hidden_dim)."""
        return self.features(x) + described

    def score(self, h: Tensor) -> Tensor:
        """Scores of rows with the hidden layer h, shape (n,)."""
        return self.output(F.leaky_relu(h, _SLOPE)).squeeze(1)

    def input_gradient(self, h: Tensor) -> Tensor:
        """Gradient of each row's score with respect to its features, shape (n, d).

        Written out, so that a loss of it needs no second differentiation. LeakyReLU's
        slope is piecewise constant: h itself gets no gradient.
        """
        weight = self.output.weight
        return torch.where(h > 0, weight, _SLOPE * weight) @ self.features.weight


def gradient_penalty(
    critic: ConditionalCritic, h_real: Tensor, h_fake: Tensor, rng: torch.Generator
) -> Tensor:
    r"""Mean of :math:`(\|\nabla_{\hat{x}} D(\hat{x}, a)\|_2 - 1)^2`.

    :math:`\hat{x}` is a random point between a real and a synthetic row of one class
    (Gulrajani et al. 2017, Eq. 3). The hidden layer is affine in x, so that of
    :math:`\hat{x}` lies at the same place between ``h_real`` and ``h_fake``.
    """
    alpha = h_real.new_empty(len(h_real), 1).uniform_(generator=rng)
    slope = critic.input_gradient(torch.lerp(h_fake, h_real, alpha))
    return (torch.linalg.vector_norm(slope, dim=1) - 1).square().mean()


class ConditionalWGAN(nn.Module):
    """Generator and critic of scaled features, and their losses.

    What the networks of f-CLSWGAN and of its descendants have in common. A subclass
    calls ``start`` in its ``prepare``, and writes ``class_logits(fake)`` if it has a
    ``cls_weight`` above 0.

    Parameters
    ----------
    n_features, n_attributes, hidden_dim, latent_dim : int
        Lengths of features, description, hidden layers and noise.
    output_activation : {"relu", "linear"}
        What the generator's output goes through.
    feature_scale : float or None
        Typical deviation of scaled features; None gives each the range [0, 1].
    gp_weight, cls_weight : float
        Weights of gradient penalty and classification loss.
    ema_decay : float
        What the moving average of the generator's weights keeps at every step.
    rng : torch.Generator
        Source of the weights.
    """

    def __init__(
        self,
        *,
        n_features: int,
        n_attributes: int,
        hidden_dim: int,
        latent_dim: int,
        output_activation: str,
        feature_scale: float | None,
        gp_weight: float,
        cls_weight: float,
        ema_decay: float,
        rng: torch.Generator,
    ):
        super().__init__()
        self.feature_scale = feature_scale
        self.gp_weight = gp_weight
        self.cls_weight = cls_weight
        self.ema_decay = ema_decay
        self.generator = ConditionalGenerator(
            latent_dim, n_attributes, hidden_dim, n_features, rng, output_activation
        )
        self.critic = ConditionalCritic(n_features, n_attributes, hidden_dim, rng)
        # What samples come from.
        self.average = self.generator
        if ema_decay:
            self.average = deepcopy(self.generator).requires_grad_(False)
            self.n_averaged = 0
        self.register_buffer("x_mean", torch.zeros(n_features))
        self.register_buffer("x_min", torch.zeros(n_features))
        self.register_buffer("x_range", torch.ones(n_features))

    def critic_parameters(self) -> list[nn.Parameter]:
        return list(self.critic.parameters())

    def generator_parameters(self) -> list[nn.Parameter]:
        return list(self.generator.parameters())

    def start(self, X: Tensor, A: Tensor) -> None:
        """Take the features' scale from all rows, and keep the descriptions."""
        self.A = A
        low, high = X.aminmax(dim=0)
        self.x_min.copy_(low)
        self.x_range.copy_(torch.where(high > low, high - low, 1.0))
        if self.feature_scale is not None:
            spread = self.scaled(X).var(dim=0, correction=0).mean().sqrt()
            self.x_range *= torch.where(spread > 0, spread / self.feature_scale, 1.0)
        # All rows share their mean: the generator need not learn it, and the critic
        # does not see it.
        self.x_mean.copy_(self.scaled(X).mean(dim=0))
        self.generator.start_at(self.x_mean)

    def scaled(self, x: Tensor) -> Tensor:
        """Features in the unit of the networks; the lowest of the rows are 0."""
        return (x - self.x_min) / self.x_range

    def generate(
        self,
        generator: ConditionalGenerator,
        a: Tensor,
        rows: Tensor,
        rng: torch.Generator,
        temperature: float = 1.0,
    ) -> Tensor:
        """One scaled synthetic row for each of ``rows``, which index descriptions."""
        shape = (len(rows), generator.latent_dim)
        z = torch.randn(shape, generator=rng, device=a.device)
        return generator(temperature * z, generator.describe(a).index_select(0, rows))

    def draw(
        self, a: Tensor, n_samples: int, rng: torch.Generator, temperature: float
    ) -> Tensor:
        """``n_samples`` scaled synthetic rows for each description, one by one."""
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        return self.generate(self.average, a, rows, rng, temperature)

    def hidden(self, x: Tensor, described: Tensor) -> Tensor:
        """The critic's hidden layer for scaled rows."""
        return self.critic.hidden(x - self.x_mean, described)

    def critic_losses(
        self, x: Tensor, y: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Wasserstein loss and gradient penalty of a batch, to be minimised."""
        # A batch has few classes: multiply each one's description once.
        classes, rows = y.unique(return_inverse=True)
        a = self.A[classes]
        with torch.no_grad():
            fake = self.generate(self.generator, a, rows, rng)
        return self.wasserstein_losses(self.scaled(x), fake, a, rows, rng)

    def wasserstein_losses(
        self, x: Tensor, fake: Tensor, a: Tensor, rows: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """The same of scaled real and synthetic rows with the descriptions a[rows]."""
        described = self.critic.describe(a).index_select(0, rows)
        h_real = self.hidden(x, described)
        h_fake = self.hidden(fake, described)
        score = self.critic.score
        wasserstein = score(h_fake).mean() - score(h_real).mean()
        penalty = gradient_penalty(self.critic, h_real, h_fake, rng)
        loss = wasserstein + self.gp_weight * penalty
        return {"critic": loss, "wasserstein": wasserstein, "penalty": penalty}

    def generator_losses(
        self, x: Tensor, y: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Negative score, and classification loss, of new rows."""
        classes, rows = y.unique(return_inverse=True)
        a = self.A[classes]
        fake = self.generate(self.generator, a, rows, rng)
        described = self.critic.describe(a).index_select(0, rows)
        loss = -self.critic.score(self.hidden(fake, described)).mean()
        if not self.cls_weight:
            return {"generator": loss}
        cls = F.cross_entropy(self.class_logits(fake), y)
        return {"generator": loss + self.cls_weight * cls, "cls": cls}

    @torch.no_grad()
    def after_step(self) -> None:
        """Average the weights that the step has left; a short past counts less."""
        if not self.ema_decay:
            return
        decay = min(self.ema_decay, self.n_averaged / (self.n_averaged + 10))
        self.n_averaged += 1
        new = self.generator.parameters()
        for mean, value in zip(self.average.parameters(), new, strict=True):
            mean.lerp_(value, 1 - decay)
