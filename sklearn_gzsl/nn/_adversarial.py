"""Conditional generator and critic of Wasserstein GANs with a gradient penalty."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._critic import INIT_STD, SLOPE, ConditionalCritic
from ._layers import distinct
from ._linear import linear

# Rows drawn at a time: 4 MB of a hidden layer of 1024 units.
_PIECE = 1024

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
        options = {"init": "normal", "gain": INIT_STD}
        self.noise = linear(latent_dim, hidden_dim, rng, **options)
        self.describe = linear(n_attributes, hidden_dim, rng, bias=False, **options)
        self.output = linear(hidden_dim, n_features, rng, **options)

    @torch.no_grad()
    def start_at(self, mean: Tensor) -> None:
        """Set the output's bias so that features start around ``mean``."""
        # The weights start near 0, so that the bias is nearly all of the output. A mean
        # of 0 or 1 would need an infinite one.
        if self.output_activation == "sigmoid":
            mean = torch.logit(mean, eps=1e-3)
        self.output.bias.copy_(mean)

    def forward(
        self, z: Tensor, described: Tensor, added: Tensor | None = None
    ) -> Tensor:
        h = F.leaky_relu(self.noise(z) + described, SLOPE)
        if added is not None:  # to the hidden layer's units
            h = h + added
        return _OUTPUTS[self.output_activation](self.output(h))


class ConditionalWGAN(nn.Module):
    """Generator and critic of scaled features, and their losses.

    What the networks of f-CLSWGAN and of its descendants have in common. A subclass
    calls ``start`` in its ``prepare``, and writes ``class_logits(fake)`` if it has a
    ``cls_weight`` above 0. Further losses of the generator it adds in
    ``generator_terms``.

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
    critic_layers : int
        Hidden layers of the critic.
    critic_gradients : {"closed-form", "autograd"}
        How its losses are differentiated; the closed form is that of one hidden layer.
    """

    x_mean: Tensor
    x_min: Tensor
    x_range: Tensor
    average: ConditionalGenerator
    class_logits: Callable[[Tensor], Tensor]  # a subclass's, where it has a weight

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
        critic_layers: int = 1,
        critic_gradients: str = "closed-form",
    ):
        super().__init__()
        if critic_layers > 1 and critic_gradients == "closed-form":
            raise ValueError(
                f"critic_layers={critic_layers} needs critic_gradients='autograd': the "
                "closed form is that of one hidden layer."
            )
        self.feature_scale = feature_scale
        self.gp_weight = gp_weight
        self.cls_weight = cls_weight
        self.ema_decay = ema_decay
        self.generator = ConditionalGenerator(
            latent_dim, n_attributes, hidden_dim, n_features, rng, output_activation
        )
        self.critic = ConditionalCritic(
            n_features,
            n_attributes,
            hidden_dim,
            rng,
            n_layers=critic_layers,
            gradients=critic_gradients,
        )
        # What samples come from.
        self.average = self.generator
        if ema_decay:
            self.average = deepcopy(self.generator).requires_grad_(False)
            self.n_averaged = 0
        self.register_buffer("x_mean", torch.zeros(n_features, dtype=torch.float32))
        self.register_buffer("x_min", torch.zeros(n_features, dtype=torch.float32))
        self.register_buffer("x_range", torch.ones(n_features, dtype=torch.float32))

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

    def noise(self, n: int, rng: torch.Generator) -> Tensor:
        """Noise for n rows of a generator."""
        shape = (n, self.generator.latent_dim)
        options = {"device": self.x_mean.device, "dtype": self.x_mean.dtype}
        return torch.randn(shape, generator=rng, **options)

    def draw(
        self, a: Tensor, n_samples: int, rng: torch.Generator, temperature: float
    ) -> Iterator[Tensor]:
        """Yield ``n_samples`` scaled synthetic rows for each description, in pieces.

        Their hidden layers, much wider than the noise, fit in a processor's cache.
        """
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        z = temperature * self.noise(len(rows), rng)
        described = self.average.describe(a)
        for z_piece, piece in zip(z.split(_PIECE), rows.split(_PIECE), strict=True):
            yield self.generate(self.average, z_piece, described[piece])

    def generate(
        self, generator: ConditionalGenerator, z: Tensor, described: Tensor
    ) -> Tensor:
        """Scaled synthetic rows, by the generator in training or its average."""
        return generator(z, described)

    def synthetic_labels(self, y: Tensor) -> Tensor:
        """Classes of the synthetic rows beside a batch: those of its own rows."""
        return y

    def latents(self, x: Tensor, labels: Tensor, rng: torch.Generator) -> Tensor:
        """What the synthetic rows of these classes are made from, beside a batch x."""
        return self.noise(len(labels), rng)

    @torch.no_grad()
    def critic_batches(
        self, batches: Sequence[tuple[Tensor, Tensor]], rng: torch.Generator
    ) -> Iterable[tuple[Tensor, ...]]:
        """What ``critic_losses`` takes, for batches that one generator serves.

        It makes the synthetic rows of all in one go, which is faster.
        """
        # Random numbers batch by batch, so that they are those of one batch after the
        # other, whatever is done in one go.
        labels, noise, alpha = [], [], []
        for x, y in batches:
            labels.append(self.synthetic_labels(y))
            noise.append(self.latents(x, labels[-1], rng))
            alpha.append(x.new_empty(len(x), 1).uniform_(generator=rng))
        classes, rows = distinct(torch.cat(labels), len(self.A))
        described = self.generator.describe(self.A[classes])
        fake = self.generate(self.generator, torch.cat(noise), described[rows])
        real = self.scaled(torch.cat([x for x, _ in batches]))
        fakes = fake.split(len(labels[0]))
        reals = real.split(len(alpha[0]))
        return zip(reals, fakes, [y for _, y in batches], alpha, strict=True)

    def critic_losses(
        self, x: Tensor, fake: Tensor, y: Tensor, alpha: Tensor
    ) -> dict[str, Tensor]:
        """Wasserstein loss and gradient penalty of a batch, to be minimised.

        Of scaled real and synthetic rows of the classes y, with the penalty at places
        ``alpha`` between them.
        """
        # A batch has few classes: multiply each one's description once. The gradient of
        # index_select adds up in a fixed order, which that of [rows] does not.
        classes, rows = distinct(y, len(self.A))
        described = self.critic.describe(self.A[classes]).index_select(0, rows)
        wasserstein, penalty = self.critic.compare(
            x - self.x_mean, fake - self.x_mean, described, alpha
        )
        loss = wasserstein + self.gp_weight * penalty
        return {"critic": loss, "wasserstein": wasserstein, "penalty": penalty}

    def generator_losses(
        self, x: Tensor, y: Tensor, rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Negative score of new rows, and the further terms of the loss."""
        classes, rows = distinct(y, len(self.A))
        a = self.A[classes]
        fake = self.generate(
            self.generator,
            self.noise(len(y), rng),
            self.generator.describe(a).index_select(0, rows),
        )
        score = self.critic(
            fake - self.x_mean, self.critic.describe(a).index_select(0, rows)
        )
        # Only what the generator can change: scores of real rows are constants to it.
        loss = -score.mean()
        terms = self.generator_terms(fake, x, y, rng)
        for weight, term in terms.values():
            loss = loss + weight * term
        return {"generator": loss} | {name: term for name, (_, term) in terms.items()}

    def generator_terms(
        self, fake: Tensor, x: Tensor, y: Tensor, rng: torch.Generator
    ) -> dict[str, tuple[float, Tensor]]:
        """Weights and values of what joins the score of synthetic rows, by name."""
        if not self.cls_weight:
            return {}
        return {"cls": (self.cls_weight, F.cross_entropy(self.class_logits(fake), y))}

    @torch.no_grad()
    def after_step(self) -> None:
        """Average the weights that the step has left; a short past counts less."""
        if not self.ema_decay:
            return
        # Early weights are soon forgotten: the average grows longer with the training.
        decay = min(self.ema_decay, self.n_averaged / (self.n_averaged + 10))
        self.n_averaged += 1
        new = self.generator.parameters()
        for mean, value in zip(self.average.parameters(), new, strict=True):
            mean.lerp_(value, 1 - decay)
