"""The networks of CADA-VAE, and their losses."""

import torch
from torch import nn

from ..nn import ReLUNet, distinct, linear, typical_norm

# What reconstructions by the mean of all rows cost, if inputs are standardized.
_FEATURE_COST = 300.0
_DESCRIPTION_COST = 30.0


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


class CADAVAEModule(nn.Module):
    """The VAEs of the features and of each source, and the losses."""

    def __init__(self, options, rng):
        super().__init__()
        self.options = options
        self.progress = 1.0  # the net sets it in training
        self.source_dims = options.dims[1:]
        # Weight of each loss, and the fractions of training between which it rises.
        self.weights = {
            "kl": (options.kl_weight, *options.kl_warmup),
            "cross": (options.cross_weight, *options.cross_warmup),
            "distribution": (
                options.distribution_weight,
                *options.distribution_warmup,
            ),
        }
        hidden = options.encoder_dim, options.decoder_dim
        of_sources = options.attribute_encoder_dim, options.attribute_decoder_dim
        self.vaes = nn.ModuleList(
            _VAE(n, options.latent_dim, *(of_sources if i else hidden), rng)
            for i, n in enumerate(options.dims)
        )

    def prepare(self, X, y, A, unseen):
        """Set the units of all modalities, and keep the seen classes' descriptions."""
        self.tables, self.described = self._by_source(A)
        if self.options.standardize:
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
        # The authors' code takes exp(log_var) as the deviation here alone.
        if self.options.noise == "sample":
            shape, std = (len(mean), 1), torch.exp(log_var)
        else:
            shape, std = mean.shape, torch.exp(0.5 * log_var)
        like_mean = {"device": mean.device, "dtype": mean.dtype}
        eps = torch.randn(shape, generator=rng, **like_mean)
        return mean + temperature * std * eps

    def forward(self, x, y, rng):
        """Losses of a batch: mean over rows, sum over dimensions."""
        # A batch has few classes: encode each one's descriptions once.
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
            # All that goes through this decoder, in one product.
            sources = range(len(self.vaes)) if self.weights["cross"][0] else [i]
            decoded = vae.decoder(torch.cat([latents[j] for j in sources]))
            for j, d in zip(sources, decoded.split(len(x)), strict=True):
                error = vae.unit * (d - targets[i]).abs().sum(dim=1)
                # A source that does not describe the row's class has no say.
                error = (error * present[i] * present[j]).mean()
                if i == j:
                    rec = rec + error
                else:
                    cross = cross + error
            # Each pair once; a loss without weight is not worth its time.
            for j in range(i) if self.weights["distribution"][0] else ():
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
    # The root has no finite gradient at 0, where two Gaussians coincide.
    return torch.sqrt(squared.sum(dim=1) + 1e-12)
