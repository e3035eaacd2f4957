"""How far two samples are from having been drawn from one distribution."""

import torch
from torch import Tensor

# Bandwidths of the kernels, as multiples of the mean squared distance of all rows.
_SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)


def squared_mmd(x: Tensor, y: Tensor) -> Tensor:
    r"""Squared maximum mean discrepancy of two samples.

    With the mean k of five Gaussian kernels, whose squared bandwidths are 1/4 to 4
    times the mean squared distance of all rows,

    .. math::

        \overline{k(x, x')} + \overline{k(y, y')} - 2 \overline{k(x, y)}

    The bandwidths are constants to the gradient.

    Parameters
    ----------
    x, y : Tensor of shape (n, d) and (m, d)
        One row for each item.

    Returns
    -------
    Tensor of shape ()
        Between 0, for equal samples, and 2.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012). A kernel two-sample test.
    """
    both = torch.cat([x, y])
    squared = torch.cdist(both, both).square()
    # A constant: otherwise rows could be told apart by scaling all of them.
    unit = squared.detach().mean().clamp(min=torch.finfo(x.dtype).tiny)
    k = torch.stack([torch.exp(-squared / (s * unit)) for s in _SCALES]).mean(dim=0)
    n = len(x)
    return k[:n, :n].mean() + k[n:, n:].mean() - 2 * k[:n, n:].mean()
