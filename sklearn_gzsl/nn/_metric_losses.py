"""Metric losses: rows of one class close together, those of different classes apart.

Written out here because they are a few lines each; the tests compare them, values and
gradients, with the library pytorch-metric-learning.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def _pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Masks (n, n) of positive pairs, a row with itself left out, and of negatives."""
    # A row with itself would be the best pair of all, and teach nothing.
    same = labels[:, None] == labels
    own = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~own, ~same


def _cosines(embeddings: Tensor) -> Tensor:
    unit = F.normalize(embeddings, dim=1)
    return unit @ unit.T


def _logsumexp(x: Tensor, mask: Tensor) -> Tensor:
    """Over the masked entries of each row; without any, as low as floats go.

    Infinity instead would make the gradient of such a row NaN.
    """
    return x.masked_fill(~mask, torch.finfo(x.dtype).min).logsumexp(dim=1)


def _mean_of_nonzero(losses: Tensor) -> Tensor:
    # Pairs that are good enough would make the mean, and its gradient, ever smaller.
    return losses.sum() / (losses > 0).sum().clamp(min=1)


def circle_loss(
    embeddings: Tensor,
    labels: Tensor,
    *,
    margin: float = 0.4,
    gamma: float = 80.0,
    self_paced: bool = True,
) -> Tensor:
    r"""Circle loss on the cosines s of all pairs in a batch.

    Each row is an anchor, with the positives P and the negatives N among the others:

    .. math::

        \mathrm{softplus}\Bigl(
        \log \sum_{j \in N} e^{\gamma [s_j + m]_+ (s_j - m)} +
        \log \sum_{j \in P} e^{-\gamma [1 + m - s_j]_+ (s_j - 1 + m)}\Bigr)

    The weights in brackets, which give far-off pairs more say, are constants to the
    gradient. Anchors without a positive or without a negative count nothing, and the
    result is the mean over those whose loss is not 0.

    Parameters
    ----------
    embeddings : Tensor of shape (n, d)
        One row for each item; its length does not matter.
    labels : Tensor of shape (n,)
        Classes of the rows.
    margin : float, default=0.4
        m, in units of the cosine.
    gamma : float, default=80.0
        Scale of the cosines.
    self_paced : bool, default=True
        False replaces the two exponents by :math:`\gamma (s_j + m)` and
        :math:`-\gamma s_j`: the unified loss of Sun et al., Eq. 1.

    Returns
    -------
    Tensor of shape ()
        The loss; 0 with gradient 0 if no class has two rows.

    References
    ----------
    Sun et al. (2020). Circle loss: a unified perspective of pair similarity
    optimization, Eq. 1 and 6.
    """
    positive, negative = _pairs(labels)
    s = _cosines(embeddings)
    if self_paced:
        # Detached: the weights say how far a pair has to go, and are not to be learned.
        far = s.detach()
        pull = (1 + margin - far).relu() * (1 - margin - s)
        push = (far + margin).relu() * (s - margin)
    else:
        pull, push = -s, s + margin
    apart = _logsumexp(gamma * push, negative)
    together = _logsumexp(gamma * pull, positive)
    # log(1 + exp(a) exp(b)): the product of both sums, without an overflow.
    return _mean_of_nonzero(F.softplus(apart + together))


def contrastive_loss(
    embeddings: Tensor,
    labels: Tensor,
    *,
    positive_margin: float = 0.0,
    negative_margin: float = 1.0,
) -> Tensor:
    r"""Contrastive loss on the Euclidean distances d of unit-length embeddings.

    The mean of :math:`[d - m_P]_+` over positive pairs plus that of
    :math:`[m_N - d]_+` over negative pairs, each over the pairs where it is not 0.

    Parameters
    ----------
    embeddings : Tensor of shape (n, d)
        One row for each item; its length does not matter.
    labels : Tensor of shape (n,)
        Classes of the rows.
    positive_margin : float, default=0.0
        Distance up to which rows of one class may differ.
    negative_margin : float, default=1.0
        Distance from which rows of two classes are far enough.

    Returns
    -------
    Tensor of shape ()

    References
    ----------
    Hadsell, Chopra and LeCun (2006). Dimensionality reduction by learning an invariant
    mapping. The distances are not squared here, as in pytorch-metric-learning.
    """
    positive, negative = _pairs(labels)
    unit = F.normalize(embeddings, dim=1)
    # Not by matrix products: these lose the small distances that training leads to.
    distance = torch.cdist(unit, unit, compute_mode="donot_use_mm_for_euclid_dist")
    pull = (distance - positive_margin).relu() * positive
    push = (negative_margin - distance).relu() * negative
    return _mean_of_nonzero(pull) + _mean_of_nonzero(push)


def multi_similarity_loss(
    embeddings: Tensor,
    labels: Tensor,
    *,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 0.5,
) -> Tensor:
    r"""Multi-similarity loss on the cosines s of all pairs in a batch.

    With the positives P and the negatives N of a row, the mean over rows of

    .. math::

        \frac{1}{\alpha} \log\Bigl(1 + \sum_{j \in P} e^{-\alpha (s_j - b)}\Bigr) +
        \frac{1}{\beta} \log\Bigl(1 + \sum_{j \in N} e^{\beta (s_j - b)}\Bigr)

    Parameters
    ----------
    embeddings : Tensor of shape (n, d)
        One row for each item; its length does not matter.
    labels : Tensor of shape (n,)
        Classes of the rows.
    alpha, beta : float, default=2.0 and 50.0
        Scales of the cosines of positive and negative pairs.
    base : float, default=0.5
        b, the cosine that parts them.

    Returns
    -------
    Tensor of shape ()

    References
    ----------
    Wang et al. (2019). Multi-similarity loss with general pair weighting for deep
    metric learning, Eq. 15; without its mining of pairs.
    """
    positive, negative = _pairs(labels)
    s = _cosines(embeddings) - base
    # softplus(logsumexp(v)) is log(1 + sum of exp(v)).
    pull = F.softplus(_logsumexp(-alpha * s, positive)) / alpha
    push = F.softplus(_logsumexp(beta * s, negative)) / beta
    return (pull + push).mean()


def adaptive_margin_loss(
    embeddings: Tensor,
    labels: Tensor,
    centres: Tensor,
    *,
    margin: float = 50.0,
    balance: float = 0.8,
) -> Tensor:
    r"""Self-adaptive margin centre loss on squared distances d to learned centres.

    The mean over rows of

    .. math::

        [m + w d(x, c_y) - (1 - w) d(x, c_k)]_+

    with the centre of the row's class y, and of the other class k whose is nearest.

    Parameters
    ----------
    embeddings : Tensor of shape (n, d)
        One row for each item.
    labels : Tensor of shape (n,)
        Classes of the rows, as numbers of the centres.
    centres : Tensor of shape (n_classes, d)
        Learned beside what makes the embeddings.
    margin : float, default=50.0
        m, in units of squared distances.
    balance : float, default=0.8
        w: 0 only drives rows away from other centres, 1 only to their own.

    Returns
    -------
    Tensor of shape ()
        The loss; 0 with gradient 0 where there is one centre alone.

    References
    ----------
    Chen et al. (2021). FREE: feature refinement for generalized zero-shot learning.
    Its authors draw k at random on three of five data sets.
    """
    squared = torch.cdist(embeddings, centres).square()
    own = labels[:, None]
    wrong = squared.scatter(1, own, torch.inf).amin(dim=1)
    if len(centres) < 2:
        return (0 * squared).sum()
    behind = margin + balance * squared.gather(1, own)[:, 0] - (1 - balance) * wrong
    return behind.relu().mean()


def supervised_contrastive_loss(
    embeddings: Tensor, labels: Tensor, *, temperature: float = 0.1
) -> Tensor:
    r"""Supervised contrastive loss on the cosines s of all pairs in a batch.

    With the positives P of a row and all others K, the mean over the rows that have
    both positives and negatives of

    .. math::

        -\frac{1}{|P|} \sum_{j \in P}
        \log \frac{e^{s_j / \tau}}{\sum_{k \in K} e^{s_k / \tau}}

    Parameters
    ----------
    embeddings : Tensor of shape (n, d)
        One row for each item; its length does not matter.
    labels : Tensor of shape (n,)
        Classes of the rows.
    temperature : float, default=0.1
        tau, the unit of the cosines.

    Returns
    -------
    Tensor of shape ()
        The loss; 0 with gradient 0 if no row has both.

    References
    ----------
    Khosla et al. (2020). Supervised contrastive learning, Eq. 2.
    """
    positive, negative = _pairs(labels)
    s = _cosines(embeddings) / temperature
    surprise = _logsumexp(s, positive | negative)[:, None] - s
    # Nothing is added for rows without a positive, nor divided by 0.
    losses = (surprise * positive).sum(dim=1) / positive.sum(dim=1).clamp(min=1)
    counted = positive.any(dim=1) & negative.any(dim=1)
    return (losses * counted).sum() / counted.sum().clamp(min=1)
