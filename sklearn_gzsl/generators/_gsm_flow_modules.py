"""The networks of GSMFlow, and their losses."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from ..nn import AffineCoupling, Flow, in_pieces, linear, squared_mmd, typical_norm

# Typical norm of a description as the networks see it. The condition has to be heard
# beside the features, whose norm is the root of their number.
_LOUDNESS = 5.0


class _RelativePositioning(nn.Module):
    """Global semantic vectors a_g = sum_k ReLU(W_k (a - anchor_k) + b_k) (Eq. 15)."""

    def __init__(self, n_attributes, n_out, rng):
        super().__init__()
        self.layers = nn.ModuleList(
            linear(n_attributes, n_out, rng, gain=1.0) for _ in range(3)
        )
        anchors = torch.zeros(3, n_attributes, dtype=torch.float32)
        self.register_buffer("anchors", anchors)

    @torch.no_grad()
    def set_anchors(self, A):
        """The most, the least and the median similar of the descriptions (Eq. 14)."""
        unit = F.normalize(A, dim=1)
        # Stable: which of two equal descriptions is an anchor is the same everywhere.
        order = (unit @ unit.T).sum(dim=1).argsort(stable=True)
        self.anchors.copy_(A[order[[-1, 0, len(A) // 2]]])

    def forward(self, a, unit):
        return sum(
            torch.relu(layer((a - anchor) / unit))
            for layer, anchor in zip(self.layers, self.anchors, strict=True)
        )


class GSMFlowModule(nn.Module):
    """Flow, positioning and their losses."""

    def __init__(self, options, rng):
        super().__init__()
        self.options = options
        n_features, n_attributes = options.n_features, options.n_attributes
        self.register_buffer("x_mean", torch.zeros(n_features, dtype=torch.float32))
        self.register_buffer("x_spread", torch.ones((), dtype=torch.float32))
        self.register_buffer("a_mean", torch.zeros(n_attributes, dtype=torch.float32))
        self.register_buffer("a_spread", torch.ones((), dtype=torch.float32))
        n_condition = n_attributes
        self.positioning = None
        if options.positioning_dim:
            n_condition = options.positioning_dim
            if options.conditioning == "implicit":
                # The rest of the latent is to be non-semantic (IZF, Eq. 7).
                n_condition = min(n_condition, max(1, n_features // 2))
            self.positioning = _RelativePositioning(n_attributes, n_condition, rng)
        if options.conditioning == "implicit":
            n_condition = 0  # the latent's mean tells the class instead
        self.flow = Flow(
            AffineCoupling(n_features, n_condition, options.hidden_dim, rng)
            for _ in range(options.n_layers)
        )

    def prepare(self, X, y, A, unseen):
        """Scales, anchors, and the centroids of the seen classes."""
        self.A, self.unseen = A, unseen
        self.x_mean.copy_(X.mean(dim=0))
        self.x_spread.copy_(typical_norm(X - self.x_mean, X.shape[1]))
        self.a_mean.copy_(A.mean(dim=0))
        self.a_spread.copy_(typical_norm(A - self.a_mean) / _LOUDNESS)
        # Of the rows without noise: a class's centre is where its own mean is.
        counts = torch.bincount(y, minlength=len(A))
        sums = X.new_zeros(len(A), X.shape[1]).index_add_(0, y, X)
        self.centroids = sums / counts[:, None]
        if self.positioning is not None:
            self.positioning.set_anchors(
                torch.cat([A, unseen]) if self.options.anchors == "all" else A,
            )

    def semantic(self, a):
        """Global semantic vectors, or descriptions at a common scale without them."""
        if self.positioning is None:
            return (a - self.a_mean) / self.a_spread
        return self.positioning(a, self.a_spread)

    def _split(self, g):
        """Means of the latent, and conditions of the couplings (Eq. 7 or none)."""
        if self.options.conditioning == "explicit":
            return g.new_zeros(len(g), self.options.n_features), g
        return F.pad(g, (0, self.options.n_features - g.shape[1])), g[:, :0]

    def backward(self, losses):
        """Gradients of the loss, one term after the other.

        The terms share nothing but weights. Taken together they would need a second
        buffer for each weight's gradient, and a pass over all of them to add it up.
        """
        options, of_rows = self.options, losses["flow"]
        if options.centralising_weight:  # of the same pass through the flow
            of_rows = of_rows + options.centralising_weight * losses["central"]
        of_rows.backward()
        if options.proto_weight:
            (options.proto_weight * losses["proto"]).backward()
        if "repulsion" in losses:
            (options.repulsion_weight * losses["repulsion"]).backward()

    def encode(self, x, g, rows):
        """Base variable u, standard normal in each class, and log |du/dx|."""
        mean, condition = self._split(g)
        z, log_det = self.flow((x - self.x_mean) / self.x_spread, condition, rows)
        u = z - mean.index_select(0, rows)
        return u, log_det - self.options.n_features * self.x_spread.log()

    def decode(self, u, g, rows):
        """Inverse of ``encode``."""
        mean, condition = self._split(g)
        x = self.flow.inverse(u + mean.index_select(0, rows), condition, rows)
        return x * self.x_spread + self.x_mean

    def log_density(self, x, a, rows):
        """Log-density of row ``i`` of x in the class ``a[rows[i]]``."""
        u, log_det = self.encode(x, self.semantic(a), rows)
        constant = 0.5 * self.options.n_features * math.log(2 * math.pi)
        return log_det - 0.5 * u.square().sum(dim=1) - constant

    def forward(self, x, y, rng):
        """Losses of a batch (Eq. 4 and 13)."""
        options, d = self.options, self.options.n_features
        if options.perturbation:
            like_x = {"generator": rng, "device": x.device, "dtype": x.dtype}
            noise = torch.randn(x.shape, **like_x)
            keep = 1 - options.perturbation_dropout
            if keep < 1:  # one mask for the whole batch (Eq. 10)
                mask = torch.rand(d, **like_x) < keep
                noise = noise * mask
            x = x + options.perturbation * noise
        # All seen classes: the prototype loss needs each of them.
        g = self.semantic(self.A)
        u, log_det = self.encode(x, g, y)
        flow = (0.5 * u.square().sum(dim=1) - log_det).mean() / d
        losses = {"loss": flow, "flow": flow}
        if options.proto_weight:
            # Detached: the loss teaches the flow alone, as in the authors' code.
            classes = torch.arange(len(g), device=x.device)
            centres = self.decode(x.new_zeros(len(g), d), g.detach(), classes)
            losses["proto"] = F.mse_loss(centres, self.centroids)
            losses["loss"] = losses["loss"] + options.proto_weight * losses["proto"]
        if options.centralising_weight:
            central = losses["central"] = self.off_centre(u, y, g.shape[1])
            losses["loss"] = losses["loss"] + options.centralising_weight * central
        if options.repulsion_weight and len(self.unseen):
            repulsion = losses["repulsion"] = self.likeness(x, rng)
            losses["loss"] = losses["loss"] + options.repulsion_weight * repulsion
        return losses

    def off_centre(self, u, y, n_semantic):
        """How far the classes of a batch are from their places in the latent (IZF)."""
        if self.options.conditioning == "implicit":
            u = u[:, :n_semantic]
        counts = torch.bincount(y, minlength=len(self.A))
        means = u.new_zeros(len(self.A), u.shape[1]).index_add_(0, y, u)
        means = means / counts[:, None].clamp(min=1)
        # Rows count, and not classes: the mean of a single row says little.
        return (counts * means.square().mean(dim=1)).sum() / len(y)

    def likeness(self, x, rng):
        """How alike real rows and synthetic ones of unseen classes are (IZF)."""
        rows = torch.randint(
            len(self.unseen), (len(x),), generator=rng, device=x.device
        )
        u = torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
        drawn = self.decode(u, self.semantic(self.unseen), rows)
        return -squared_mmd(
            (drawn - self.x_mean) / self.x_spread, (x - self.x_mean) / self.x_spread
        )

    def sample(self, a, n_samples, rng, temperature):
        """Draw from the base distribution and go back through the flow."""
        rows = torch.arange(len(a), device=a.device).repeat_interleave(n_samples)
        shape = len(rows), self.options.n_features
        eps = torch.randn(shape, generator=rng, device=a.device, dtype=a.dtype)
        g = self.semantic(a)
        return in_pieces(
            lambda u, rows: self.decode(temperature * u, g, rows), eps, rows
        )
