"""Conditional generator and critic of Wasserstein GANs with a gradient penalty."""

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
        slope = torch.where(h.detach() > 0, 1.0, _SLOPE)
        return (slope * self.output.weight) @ self.features.weight


def gradient_penalty(
    critic: ConditionalCritic, h_real: Tensor, h_fake: Tensor, rng: torch.Generator
) -> Tensor:
    r"""Mean of :math:`(\|\nabla_{\hat{x}} D(\hat{x}, a)\|_2 - 1)^2`.

    :math:`\hat{x}` is a random point between a real and a synthetic row of one class
    (Gulrajani et al. 2017, Eq. 3). The hidden layer is affine in x, so that of
    :math:`\hat{x}` lies at the same place between ``h_real`` and ``h_fake``.
    """
    alpha = torch.rand(len(h_real), 1, generator=rng, device=h_real.device)
    slope = critic.input_gradient(torch.lerp(h_fake, h_real, alpha))
    return (torch.linalg.vector_norm(slope, dim=1) - 1).square().mean()


class ConditionalWGAN(nn.Module):
    """Generator and critic of features scaled to [0, 1], and their losses.

    What the networks of f-CLSWGAN and of its descendants have in common. A subclass
    calls ``scale_from`` and sets ``A``, the descriptions of the classes. If it has
    ``cls_weight`` above 0, it writes ``class_logits(fake)`` for the generator's loss.

    Parameters
    ----------
    n_features, n_attributes, hidden_dim, latent_dim : int
        Lengths of features, description, hidden layers and noise.
    output_activation : {"relu", "sigmoid", "linear"}
        What the generator's output goes through.
    gp_weight, cls_weight : float
        Weights of gradient penalty and classification loss.
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
        gp_weight: float,
        cls_weight: float,
        rng: torch.Generator,
    ):
        super().__init__()
        self.gp_weight = gp_weight
        self.cls_weight = cls_weight
        self.generator = ConditionalGenerator(
            latent_dim, n_attributes, hidden_dim, n_features, rng, output_activation
        )
        self.critic = ConditionalCritic(n_features, n_attributes, hidden_dim, rng)
        self.register_buffer("x_min", torch.zeros(n_features))
        self.register_buffer("x_range", torch.ones(n_features))
        self.register_buffer("a_mean", torch.zeros(n_attributes))
        self.register_buffer("a_spread", torch.ones(()))

    def critic_parameters(self) -> list[nn.Parameter]:
        return list(self.critic.parameters())

    def generator_parameters(self) -> list[nn.Parameter]:
        return list(self.generator.parameters())

    def scale_from(self, X: Tensor, A: Tensor) -> None:
        """Take the ranges of the features, and the centre and spread of descriptions.

        Names' embeddings share most of their direction: what tells them apart, and what
        the networks should see on the scale of the noise, is the rest.
        """
        self.a_mean.copy_(A.mean(dim=0))
        spread = (A - self.a_mean).square().mean().sqrt()
        self.a_spread.copy_(torch.where(spread > 0, spread, 1.0))
        low, high = X.aminmax(dim=0)
        self.x_min.copy_(low)
        self.x_range.copy_(torch.where(high > low, high - low, 1.0))

    def scaled(self, x: Tensor) -> Tensor:
        return (x - self.x_min) / self.x_range

    def standardised(self, a: Tensor) -> Tensor:
        return (a - self.a_mean) / self.a_spread

    def unscaled(self, x: Tensor) -> Tensor:
        return x * self.x_range + self.x_min

    def generate(
        self, a: Tensor, rows: Tensor, rng: torch.Generator, temperature: float = 1.0
    ) -> Tensor:
        """One scaled synthetic row for each of ``rows``, which index descriptions."""
        shape = (len(rows), self.generator.latent_dim)
        z = torch.randn(shape, generator=rng, device=a.device)
        described = self.generator.describe(self.standardised(a))[rows]
        return self.generator(temperature * z, described)

    def draw(
        self, a: Tensor, n_samples: int, rng: torch.Generator, temperature: float
    ) -> Tensor:
        """``n_samples`` scaled synthetic rows for each description, one by one."""
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        return self.generate(a, rows, rng, temperature)

    def wasserstein_losses(
        self, x: Tensor, fake: Tensor, a: Tensor, rows: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Wasserstein loss and gradient penalty of scaled real and synthetic rows."""
        described = self.critic.describe(self.standardised(a))[rows]
        h_real = self.critic.hidden(x, described)
        h_fake = self.critic.hidden(fake, described)
        score = self.critic.score
        wasserstein = score(h_fake).mean() - score(h_real).mean()
        penalty = gradient_penalty(self.critic, h_real, h_fake, rng)
        loss = wasserstein + self.gp_weight * penalty
        return {"critic": loss, "wasserstein": wasserstein, "penalty": penalty}

    def critic_losses(
        self, x: Tensor, y: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Losses of the critic on a batch, to be minimised."""
        # A batch has few classes: multiply each one's description once.
        classes, rows = y.unique(return_inverse=True)
        a = self.A[classes]
        with torch.no_grad():
            fake = self.generate(a, rows, rng)
        return self.wasserstein_losses(self.scaled(x), fake, a, rows, rng)

    def generator_losses(
        self, x: Tensor, y: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Negative score, and classification loss, of new rows."""
        classes, rows = y.unique(return_inverse=True)
        a = self.A[classes]
        fake = self.generate(a, rows, rng)
        described = self.critic.describe(self.standardised(a))[rows]
        loss = -self.critic(fake, described).mean()
        if not self.cls_weight:
            return {"generator": loss}
        cls = F.cross_entropy(self.class_logits(fake), y)
        return {"generator": loss + self.cls_weight * cls, "cls": cls}
