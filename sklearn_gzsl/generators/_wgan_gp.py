"""f-CLSWGAN (Xian et al. 2018): a conditional Wasserstein GAN of features.

With the further losses of its descendants cycle-CLSWGAN, GAZSL and LisGAN.
"""

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from torch.nn import functional as F

from .._sklearn_compat import Interval
from ..nn import distinct
from ..utils import SPLITS, Published, register
from ._adversarial import JudgedGenerator, JudgedWGAN

# Of the regression, for each row: columns that are constant take no weight.
_RIDGE = 0.01


class WGANGP(JudgedGenerator):
    r"""Conditional Wasserstein GAN with gradient penalty and class loss (f-CLSWGAN).

    A generator turns noise and a class's description into features,
    :math:`\tilde{x} = G(z, a)`. A critic learns to score real features above synthetic
    ones, and the generator learns to raise its scores, as well as the probability that
    a softmax classifier, trained on the real rows beforehand, gives the right class.
    Options add what other papers ask of synthetic rows beside this.

    Parameters
    ----------
    cycle_weight : float, default=0.0
        Weight of the squared error with which descriptions are recovered from synthetic
        rows, by a ridge regression on the real ones (cycle-CLSWGAN, also known as
        MCGZSL); 0 leaves it out, as with the next two.

    mean_weight : float, default=0.0
        Weight of the squared distance between the mean of a class's synthetic rows in a
        batch and that of its real rows (GAZSL's visual pivot). Better with
        ``rows_per_class`` above 1: else most classes come once in a batch, and the loss
        draws all of a class's rows to its mean.

    soul_weight : float, default=0.0
        Weight of the squared distance of each synthetic row to the nearest of its
        class's souls (LisGAN).

    n_souls : int, default=3
        Souls of a class: centres of clusters of its real rows, by k-means.

    See Also
    --------
    FVAEGAN : The same with an autoencoder.
    VAECFlow : A flow, which also knows its density.

    Notes
    -----
    The losses are those of the paper, where ``gp_weight`` is the lambda of Eq. 2 and
    ``cls_weight`` the beta of Eq. 4. Different from it are the defaults of
    ``hidden_dim``, ``feature_scale``, ``lr`` and ``max_iter``, chosen on held-out
    classes of real data; the average of the generator's weights, since the two sides
    circle around their balance; and that the features' mean is taken off for the critic
    and is where the generator starts. The authors' setting is ``hidden_dim=4096,
    feature_scale=None, ema_decay=0``, with ``lr`` from 1e-5 to 2e-4 and many more
    steps.

    With one hidden layer, as in the paper, the gradient in the critic's penalty is
    written out and needs no second differentiation. The softmax takes as many steps as
    the critic.

    The three further losses are in ``history_``, without their weights, as ``cycle``,
    ``mean`` and ``soul``; they are sums over dimensions, features being of deviation
    0.4 inside. In the code of their papers the regression is trained by 40 passes of
    Adam, and is in closed form here, with a ridge of a hundredth of the rows; the means
    are those of 1024 rows in a batch; and LisGAN draws 20 synthetic rows of every seen
    class at each step, and brings their mean to the nearest soul, too, for which there
    is ``mean_weight`` here. GAZSL's head for classes on the critic, and CANZSL's second
    critic, of descriptions, are left out.

    References
    ----------
    Xian, Lorenz, Schiele and Akata (2018b). Feature generating networks for
    zero-shot learning. CVPR.

    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville (2017). Improved training of
    Wasserstein GANs. NeurIPS.

    Felix, Kumar, Reid and Carneiro (2018). Multi-modal cycle-consistent generalized
    zero-shot learning. ECCV.

    Zhu, Elhoseiny, Liu, Peng and Elgammal (2018). A generative adversarial approach for
    zero-shot learning from noisy texts. CVPR.

    Li, Jing, Lu, Ding, Zhu and Huang (2019). Leveraging the invariant side of
    generative zero-shot learning. CVPR.

    Examples
    --------
    >>> from sklearn_gzsl import WGANGP
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = WGANGP(hidden_dim=64, max_iter=20, random_state=0).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> X_new, y_new = generator.sample(numbers.class_attributes, n_samples=2)
    >>> X_new.shape
    (200, 128)
    """

    cycle_weight: float = 0.0
    mean_weight: float = 0.0
    soul_weight: float = 0.0
    n_souls: int = 3

    _parameter_constraints = {
        "cycle_weight": [Interval(Real, 0, None, closed="left")],
        "mean_weight": [Interval(Real, 0, None, closed="left")],
        "soul_weight": [Interval(Real, 0, None, closed="left")],
        "n_souls": [Interval(Integral, 1, None, closed="left")],
    }

    def _module(self, options, rng):
        return _WGANGPModule(options, rng)


class _WGANGPModule(JudgedWGAN):
    """What the further losses need, and these."""

    def __init__(self, options, rng):
        super().__init__(options, rng)
        if options.soul_weight:  # for ``prepare``, as the softmax's seed
            self.soul_seed = int(torch.randint(2**31 - 1, (), generator=rng))

    def prepare(self, X, y, A, unseen):
        """Scales and softmax; regression, means and souls of the real rows."""
        super().prepare(X, y, A, unseen)
        options, x = self.options, self.scaled(X)
        if options.cycle_weight:
            ridge = Ridge(alpha=_RIDGE * len(x))
            ridge.fit(x.cpu().numpy(), A[y].cpu().numpy())
            # One row of coefficients has lost its axis.
            coef = np.atleast_2d(ridge.coef_), np.atleast_1d(ridge.intercept_)
            self.regression = tuple(x.new_tensor(part) for part in coef)
        if options.mean_weight:
            counts = y.bincount(minlength=len(A))
            sums = x.new_zeros(len(A), x.shape[1]).index_add_(0, y, x)
            self.means = sums / counts[:, None]
        if options.soul_weight:
            souls = [self._souls(x[y == i].cpu().numpy()) for i in range(len(A))]
            self.souls = x.new_tensor(np.stack(souls))

    def _souls(self, rows):
        """Centres of a class's rows; where these are few, some rows are repeated."""
        n = self.options.n_souls
        different = np.unique(rows, axis=0)
        if len(different) <= n:
            return np.resize(different, (n, rows.shape[1]))
        means = KMeans(n, n_init=1, random_state=self.soul_seed).fit(rows)
        return means.cluster_centers_

    def generator_terms(self, fake, x, y, rng):
        """The classification loss, and those that are asked for."""
        options, terms = self.options, super().generator_terms(fake, x, y, rng)
        if options.cycle_weight:
            error = F.linear(fake, *self.regression) - self.A[y]
            terms["cycle"] = options.cycle_weight, error.square().sum(dim=1).mean()
        if options.mean_weight:
            classes, rows = distinct(y, len(self.A))
            counts = rows.bincount(minlength=len(classes))
            share = F.one_hot(rows, len(classes)).to(fake.dtype)
            means = (share.T @ fake) / counts.clamp(min=1)[:, None]
            distance = (means - self.means[classes]).square().sum(dim=1)
            # On a GPU these are all classes, also those without a row in the batch.
            pivot = (distance * (counts > 0)).sum() / (counts > 0).sum()
            terms["mean"] = options.mean_weight, pivot
        if options.soul_weight:
            distance = (fake[:, None] - self.souls[y]).square().sum(dim=2)
            soul = distance.min(dim=1).values.mean()
            terms["soul"] = options.soul_weight, soul
        return terms


def _published(data, *, lr, passes, n_synthetic, cls_weight=0.01):
    return Published(
        generator={
            "hidden_dim": 4096,
            "latent_dim": None,
            "output_activation": "relu",
            "feature_scale": None,
            "n_critic": 5,
            "gp_weight": 10.0,
            "ema_decay": 0.0,
            "temperature": 1.0,
            "lr": lr,
            "lr_schedule": "constant",
            "batch_size": 64,
            # A step of the generator for each batch, the short one included: the critic
            # sees five times the rows.
            "max_iter": passes * -(-SPLITS[data].rows // 64),
            "cls_weight": cls_weight,
        },
        # The authors' batches are as large as the rows drawn for a class.
        softmax=(1e-3, 25, n_synthetic),
        n_synthetic=n_synthetic,
    )


register(
    WGANGP,
    name="wgan-gp",
    search={"max_iter": [400, 1200], "cls_weight": [0.01, 0.1]},
    published={
        "AWA1": _published("AWA1", lr=1e-5, passes=30, n_synthetic=1800),
        "AWA2": _published("AWA2", lr=1e-5, passes=30, n_synthetic=1800),
        "CUB": _published("CUB", lr=1e-4, passes=56, n_synthetic=300),
        "SUN": _published("SUN", lr=2e-4, passes=40, n_synthetic=400),
        "aPY": _published("aPY", lr=1e-5, passes=50, n_synthetic=1800),
        "FLO": _published("FLO", lr=1e-4, passes=80, n_synthetic=1200, cls_weight=0.1),
    },
)
