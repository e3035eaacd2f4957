"""SAE: one linear map that encodes rows and decodes descriptions, in closed form."""

from numbers import Real
from typing import ClassVar

import numpy as np
from scipy import linalg
from sklearn.preprocessing import Normalizer

from .._sklearn_compat import Interval, StrOptions
from ..persistence import projection
from ..utils import register, sum_rows, unit_rows
from ._base import CompatibilityClassifier
from ._choice import choose

# What "auto" chooses from; the first one where there is nothing to choose on.
_GRID = (0.3, 0.01, 0.03, 0.1, 1.0, 3.0, 10.0)


class SAE(CompatibilityClassifier):
    r"""Semantic autoencoder, in closed form.

    One linear map W encodes rows as descriptions, and transposed decodes descriptions
    to rows (Kodirov, Xiang and Gong [1]_). A row gets the class whose decoded
    description has the largest cosine with it, or whose description has with the
    encoded row.

    Parameters
    ----------
    encoder_weight : positive float or "auto", default="auto"
        Weight of the encoder's error beside that of the decoder, the paper's
        :math:`\lambda`.

    direction : {"decode", "encode"}, default="decode"
        Whether rows are compared with decoded descriptions, in the space of the rows,
        or encoded rows with descriptions. The former is better nearly everywhere.

    Attributes
    ----------
    weights_ : ndarray of shape (n_attributes, n_features)
        The map W.
    encoder_weight_ : float
        The one that was given or chosen.

    See Also
    --------
    ESZSL : Another closed form.

    Notes
    -----
    With the normalised rows X (n, d) and their classes' descriptions S (n, a), W makes
    :math:`\|X - S W\|^2 + \lambda \|X W^\top - S\|^2` smallest: it solves Sylvester's
    equation

    .. math::

        S^\top S W + \lambda W X^\top X = (1 + \lambda) S^\top X

    as in the paper, here by the eigenvectors of both symmetric matrices, which serve
    every :math:`\lambda` and are quicker than a solver for any matrices. In directions
    without descriptions W is 0.

    "auto" takes what serves held-out classes best, as in :class:`ESZSL`; where there is
    nothing to choose on, it is 0.3.

    Differences from the paper: rows and descriptions are centred, and normalised in
    ``fit`` and prediction alike. A public implementation normalises training rows
    alone; ``paper_settings("SAE", dataset)`` has the weights for decoding that it found
    on validation classes, without centring.

    References
    ----------
    .. [1] Kodirov, Xiang and Gong. Semantic autoencoder for zero-shot learning. CVPR,
       2017.

    Examples
    --------
    >>> from sklearn_gzsl import SAE, CalibratedStackingCV
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> X, y = numbers.data, numbers.target
    >>> clf = CalibratedStackingCV(SAE()).fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.4)
    True
    """

    encoder_weight: float | str = "auto"
    direction: str = "decode"

    _parameter_constraints: ClassVar[dict] = {
        "encoder_weight": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "direction": [StrOptions({"decode", "encode"})],
    }

    def _learn(self, Z, codes, A):
        self._decodes = self.direction == "decode"
        given = self.encoder_weight
        tried = _GRID if given == "auto" else (given,)
        self.encoder_weight_ = choose(tried, Z, codes, A, self._tried)
        self.weights_ = _sylvester(Z, codes, A)(self.encoder_weight_)

    def _tried(self, weights, Z, codes, A, known, judged):
        """Scores of the judged rows with each weight, learned from known classes."""
        solve = _sylvester(Z.astype(np.float32), codes, A[known])
        for weight in weights:
            W = solve(weight)
            yield self._compatibility(judged, self._columns_by(W, A), W)

    def _of_classes(self, A):
        return self._columns_by(self.weights_, A)

    def _columns_by(self, W, A):
        return unit_rows(A @ W).T if self._decodes else A.T

    def _compatibility(self, Z, columns, W=None):
        W = self.weights_ if W is None else W
        return unit_rows(Z if self._decodes else Z @ W.T) @ columns

    def _linear_scores(self):
        encode = [] if self._decodes else [projection(self.weights_.T, 0.0)]
        return self._products(self._columns, steps=[*encode, Normalizer()])


def _sylvester(Z, codes, A):
    """The solution W as a function of the encoder's weight."""
    # The eigenvectors of S'S by the classes, of which there are fewer than attributes.
    _, s, S_axes = linalg.svd(A * np.sqrt(np.bincount(codes))[:, None], False)
    # Where there are no descriptions, W is 0: the right side is.
    kept = s > s.max() * max(A.shape) * np.finfo(float).eps
    s, S_axes = s[kept, None] ** 2, S_axes[kept]
    x, X_axes = linalg.eigh(Z.T @ Z)
    middle = S_axes @ A.T @ sum_rows(Z, codes, len(A)) @ X_axes

    def solve(weight):
        scaled = middle * ((1 + weight) / (s + weight * x.clip(min=0)))
        return S_axes.T @ scaled @ X_axes.T

    return solve


def _published(weight):
    return {
        "encoder_weight": weight,
        "normalisation": "unit",
        "attribute_scaling": None,
    }


register(
    SAE,
    name="sae",
    search={"encoder_weight": [0.1, 0.3, 1.0], "direction": ["decode", "encode"]},
    published={
        "AWA1": _published(0.8),
        "AWA2": _published(0.2),
        "CUB": _published(0.2),
        "SUN": _published(0.08),
        "aPY": _published(2.56),
    },
)
