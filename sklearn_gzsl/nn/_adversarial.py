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
