"""The critic of a conditional GAN, and its two losses: written out, or by autograd."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ._linear import Linear, linear, multiply, weight_gradient

# LeakyReLU's slope below 0, and the deviation of the first weights: as f-CLSWGAN has
# them, in both networks.
SLOPE, INIT_STD = 0.2, 0.02
_BLOCK = 256


class ConditionalCritic(nn.Module):
    """Score of features beside a description: hidden layers with LeakyReLU.

    ``forward(x, described)`` takes, for each row of features, a row of what
    ``describe(a)`` gives, the description's part of the first hidden layer.

    Parameters
    ----------
    n_features, n_attributes, hidden_dim : int
        Lengths of features, description and hidden layers.
    rng : torch.Generator
        Source of the weights, which are normal with a deviation of 0.02.
    n_layers : int, default=1
        Number of hidden layers.
    gradients : {"closed-form", "autograd"}
        How ``compare`` is differentiated; the closed form is that of one hidden layer.
    """

    def __init__(
        self,
        n_features: int,
        n_attributes: int,
        hidden_dim: int,
        rng: torch.Generator,
        *,
        n_layers: int = 1,
        gradients: str = "closed-form",
    ):
        super().__init__()
        options = {"init": "normal", "gain": INIT_STD}
        self.features = linear(n_features, hidden_dim, rng, **options)
        self.describe = linear(n_attributes, hidden_dim, rng, bias=False, **options)
        self.hidden = nn.ModuleList(
            linear(hidden_dim, hidden_dim, rng, **options) for _ in range(n_layers - 1)
        )
        self.output = linear(hidden_dim, 1, rng, **options)
        self.comparison = None
        if gradients == "autograd":
            self.comparison = AutogradComparison()
            for layer in self.modules():
                if isinstance(layer, Linear):
                    layer.differentiable_twice = True

    def forward(self, x: Tensor, described: Tensor) -> Tensor:
        h = F.leaky_relu(self.features(x) + described, SLOPE)
        for layer in self.hidden:
            h = F.leaky_relu(layer(h), SLOPE)
        return self.output(h).squeeze(1)

    def compare(
        self, real: Tensor, fake: Tensor, described: Tensor, alpha: Tensor
    ) -> tuple[Tensor, Tensor]:
        r"""Wasserstein loss and gradient penalty of real and synthetic rows.

        The mean score of synthetic minus that of real rows, and the mean of
        :math:`(\|\nabla_{\hat{x}} D(\hat{x}, a)\|_2 - 1)^2` at the points
        :math:`\hat{x}` that are ``alpha`` of the way from a synthetic to a real row
        (Gulrajani et al. 2017, Eq. 3).

        Parameters
        ----------
        real, fake : Tensor of shape (n, n_features)
            Rows, to which no gradient is passed.
        described : Tensor of shape (n, hidden_dim)
            What ``describe`` gives for them.
        alpha : Tensor of shape (n, 1)
            Places between synthetic and real rows, from 0 to 1.
        """
        if self.comparison is not None:
            return self.comparison(self, real, fake, described, alpha)
        x = torch.cat([real, fake])
        # A unit's bias is the same for all rows: a part of what it adds to W x.
        described = (described + self.features.bias).T
        weights = self.features.weight, self.output.weight.T
        dtype = self.features.products or x.dtype
        return _ClosedForm.apply(x, described, alpha, *weights, dtype)


class AutogradComparison(nn.Module):
    """Both losses of a critic as the equations have them, differentiated by torch.

    The plain twin of the closed form, and what its tests hold it against: for any
    number of layers, and for ``torch.compile``. It is a module, without weights of its
    own, because modules are what can be compiled.
    """

    def forward(
        self,
        critic: ConditionalCritic,
        real: Tensor,
        fake: Tensor,
        described: Tensor,
        alpha: Tensor,
    ) -> tuple[Tensor, Tensor]:
        def total(x: Tensor) -> Tensor:
            return critic.forward(x, described).sum()

        # No row's score depends on another row: the gradient of their sum has that of
        # each score in its row. torch.func, because torch.compile cannot follow the
        # usual torch.autograd.grad(..., create_graph=True), which gives the same.
        slope = torch.func.grad(total)(torch.lerp(fake, real, alpha))
        penalty = (torch.linalg.vector_norm(slope, dim=1) - 1).square().mean()
        real, fake = (critic.forward(x, described).mean() for x in (real, fake))
        return fake - real, penalty


class _ClosedForm(torch.autograd.Function):
    """Both losses of a critic with one hidden layer, with their gradients written out.

    The penalty is a function of a gradient, so that to learn from it is to
    differentiate twice. Autograd does so by recording the first backward pass and going
    back through it; with one hidden layer both passes are short formulas. Written out,
    they share their products: one of 2n rows for all pre-activations, one of n for the
    slopes and one of 3n for all gradients, where autograd has nine of n rows and keeps
    a graph of them.

    With n rows of d features and k hidden units, layers are matrices (k, rows): the
    rows are columns. The real rows come first, then the synthetic ones, and then the
    points between them. Names: W ``weight`` (k, d), w ``out`` (k, 1), c ``c`` (k, n),
    what description and bias add to each unit.
    """

    @staticmethod
    def forward(ctx, x, c, alpha, weight, out, dtype):
        n = len(alpha)
        # Pre-activations h = W x + c of all rows. A synthetic row has the description
        # of the real row that it is compared with, and so the same c.
        factor = weight.to(dtype)
        h = multiply(factor, x.T.to(dtype))
        h.unflatten(1, (2, n)).add_(c[:, None])
        # h is affine in x: at a point between two rows it lies at the same place
        # between their pre-activations, and takes no product of its own.
        middle = torch.lerp(h[:, n:], h[:, :n], alpha.T)
        # LeakyReLU(h) is m h with slopes m of 1 or 0.2, which do not change with a
        # small change of anything: below they are constants, and this is why there
        # are no second derivatives to take.
        one = x.new_ones(())
        m = torch.where(torch.cat([h, middle], dim=1) > 0, one, SLOPE)
        # Scores w . (m h), without the output's bias: it cancels in the difference.
        real, fake = (out.T @ (m[:, : 2 * n] * h)).view(2, n).mean(dim=1)
        # A score's gradient with respect to x, at the points between, is the sum over
        # units of w_j m_j W_j: shape (n, d).
        slope = multiply((out * m[:, 2 * n :]).T.to(dtype), factor)
        steep = torch.linalg.vector_norm(slope, dim=1, keepdim=True) - 1
        ctx.save_for_backward(x, c, weight, out, m, slope, steep)
        ctx.dtype = dtype
        return fake - real, steep.square().mean()

    @staticmethod
    def backward(ctx, *of_losses):
        of_difference, of_penalty = of_losses
        x, c, weight, out, m, slope, steep = ctx.saved_tensors
        n = len(slope)
        real, fake = x.split(n)
        # Unit j enters the losses through two things alone, V_j = w_j W_j and
        # e_j = w_j c_j, and linearly: a score is the sum over j of m_j (V_j . x + e_j),
        # a slope that of m_j V_j.
        #
        # First the losses by scores and slopes: -1/n for a real row's score, 1/n for
        # a synthetic one's, and 2/n (|s| - 1) s/|s| for a slope s. normalize() gives 0
        # where s is 0, as autograd does.
        unit, part = of_difference / n, 2 * of_penalty / n
        ends = [-unit * real, unit * fake, part * steep * F.normalize(slope)]
        # Then by V, which each of these 3n rows reaches through m_j times a vector of
        # length d: a sum of outer products, and so one product of matrices ...
        G = weight_gradient(weight, m.to(ctx.dtype), torch.cat(ends).to(ctx.dtype))
        # ... and by e, which slopes do not contain.
        g = unit * (m[:, n : 2 * n] - m[:, :n])
        # Last by what they are made of, V_j = w_j W_j and e_j = w_j c_j. G becomes the
        # gradient of W in place, after its last other use.
        of_out = _row_products(G, weight) + (g * c).sum(dim=1, keepdim=True)
        return None, out * g, None, G.mul_(out), of_out, None


def _row_products(a: Tensor, b: Tensor) -> Tensor:
    """Inner products of rows, shape (n, 1), without a matrix of all products.

    In blocks, because ``(a * b).sum(dim=1)`` would write as many numbers as a has, and
    for the widest critics these are megabytes that fit in no cache.
    """
    blocks = zip(a.split(_BLOCK), b.split(_BLOCK), strict=True)
    return torch.cat([(u * v).sum(dim=1, keepdim=True) for u, v in blocks])
