"""Linear discriminant in closed form, of any number of classes and rows."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import linalg
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import gen_batches

from .._sklearn_compat import (
    Interval,
    StrOptions,
    _check_sample_weight,
    _fit_context,
)
from ..utils import all_or_nothing, like, validate_rows
from ._classes import codes_of, is_first_call
from ._linear_scores import LinearScoresMixin

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

# Rows, and later classes, that are worked on at a time.
_CHUNK = 4096
# Shrinkage that makes a covariance definite enough for an exact inverse in float64.
_SAFE = 1e-6
# What is kept of real rows alone.
_MOMENTS = ("classes", "counts", "means", "scatter")


class IncrementalLDA(ClassifierMixin, LinearScoresMixin, BaseEstimator):
    """Linear discriminant analysis in chunks of rows, for very many classes.

    Class means and one covariance within classes, shrunk: all that a linear classifier
    needs if classes are Gaussian clouds of one shape. There are no steps to take, and a
    few dozen rows of each class suffice, so that it is the head for tens of thousands
    of classes with synthetic rows. It keeps two numbers for each weight and one matrix
    of ``n_features * n_features``, however many rows have come.

    Parameters
    ----------
    shrinkage : float or "auto", default="auto"
        Share of the covariance that is replaced by a multiple of the identity, from 0
        to 1; "auto" takes the oracle approximating shrinkage (OAS) [1]_ of the rows
        about the means of their classes.

    priors : {"equal", "empirical"} or array-like of shape (n_classes,), \
default="equal"
        Probabilities of the classes, in sorted order of the labels. "equal" suits
        synthetic rows, whose numbers say nothing; "empirical" goes by the weights of
        the rows.

    Attributes
    ----------
    intercept_ : ndarray of shape (n_classes,)
        Biases; -inf for classes of which no row has come, which are never predicted.
    means_ : ndarray of shape (n_classes, n_features)
        Means of the classes.
    covariance_ : ndarray of shape (n_features, n_features)
        Covariance within classes, before it is shrunk.
    shrinkage_ : float
        Shrinkage used.
    priors_ : ndarray of shape (n_classes,)
        Probabilities of the classes used.

    See Also
    --------
    SoftmaxClassifier : Learns by gradient steps; can start from this.
    sklearn.discriminant_analysis.LinearDiscriminantAnalysis : From all rows at once.

    Notes
    -----
    With class means m_c, their mean m, the shrunk covariance S and priors p_c, the
    score of a class is ``(x - m)' S^-1 (m_c - m) - (m_c - m)' S^-1 (m_c - m) / 2 +
    log p_c``. With the same shrinkage and priors, probabilities are those of
    scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr")``, if all classes have
    the same number of rows or priors are empirical: here the covariance is that of all
    rows alike.

    The means and the covariance are updated chunk by chunk, in float64 [2]_; chunks and
    the whole give the same up to rounding. ``partial_fit`` leaves the equations, which
    take ``2 * n_classes * n_features**2`` operations, until ``coef_`` is next looked
    at.

    Without shrinkage, directions in which the classes have no spread do not count.

    References
    ----------
    .. [1] Chen, Wiesel, Eldar and Hero. Shrinkage algorithms for MMSE covariance
       estimation. IEEE Transactions on Signal Processing, 2010.
    .. [2] Chan, Golub and LeVeque. Updating formulae and a pairwise algorithm for
       computing sample variances. COMPSTAT, 1982.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_gzsl import IncrementalLDA
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = IncrementalLDA().fit(X, y)
    >>> bool(clf.score(X, y) > 0.95)
    True
    >>> chunked = IncrementalLDA()
    >>> for start in range(0, len(X), 500):
    ...     rows = slice(start, start + 500)
    ...     chunked = chunked.partial_fit(X[rows], y[rows], classes=range(10))
    >>> bool(abs(chunked.coef_ - clf.coef_).max() < 1e-9)
    True
    """

    _parameter_constraints: dict = {
        "shrinkage": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "priors": ["array-like", StrOptions({"equal", "empirical"})],
    }

    def __init__(
        self,
        *,
        shrinkage: float | Literal["auto"] = "auto",
        priors: Literal["equal", "empirical"] | ArrayLike = "equal",
    ):
        self.shrinkage = shrinkage
        self.priors = priors

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn means and covariance from these rows alone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features. float32 gives weights in float32, anything else in float64.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; 2 is the same as a row given twice.

        Returns
        -------
        self : object
        """
        X, y = validate_rows(self, X, y, dtype=[np.float64, np.float32])
        self.classes_ = np.unique(y)
        self._reset(X)
        self._learn(X, y, sample_weight)
        self._solve()
        return self

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from these rows and all that came before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Labels, a subset of ``classes``.
        classes : array-like of shape (n_classes,), optional
            All labels that will ever come; needed in the first call.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        self : object
        """
        first = is_first_call(self, classes)
        X, y = validate_rows(self, X, y, dtype=[np.float64, np.float32], reset=first)
        if first:
            self._reset(X)
        self._learn(X, y, sample_weight)
        return self

    def _keep_real(self, X, y):
        """Keep the moments of real rows alone, for ``_learn_drawn``."""
        real = IncrementalLDA()
        real.classes_ = np.unique(y)
        real._forget(X.shape[1])
        if len(y):
            real._learn(X, y, None)
        moments = real.class_count_, real.means_, real._scatter
        self._real = dict(zip(_MOMENTS, (real.classes_, *moments), strict=True))

    def _learn_drawn(self, chunks, attributes):
        """Learn from synthetic rows anew; what was learned from real ones stays.

        By it, ``GZSLClassifier.add_classes`` needs no training rows.
        """
        known, counts, means, scatter = (self._real[name] for name in _MOMENTS)
        self.classes_ = like(attributes.labels, self.classes_)
        self._forget(len(scatter))
        self._given_priors()  # an error comes early
        at = np.searchsorted(self.classes_, known)
        self.class_count_[at], self.means_[at] = counts, means
        self._scatter, self._solution = scatter, None
        for X, y in chunks:
            self._learn(X, y, None)
        self._solve()

    def _reset(self, X):
        self._dtype = X.dtype.name  # a plain string, which any format can store
        self._forget(X.shape[1])
        self._given_priors()  # an error comes early

    def _forget(self, n_features):
        n_classes = len(self.classes_)
        self.class_count_ = np.zeros(n_classes)
        self.means_ = np.zeros((n_classes, n_features))
        self._scatter = np.zeros((n_features, n_features))

    def _learn(self, X, y, sample_weight):
        weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
        if not weight.sum() > 0:
            raise ValueError("sample_weight is zero for every row; nothing to learn.")
        codes = codes_of(y, self.classes_)
        # Class by class, so that few classes are in more than one chunk.
        order = np.argsort(codes, kind="stable")
        order = order[weight[order] > 0]
        # Copies: what is fitted must not change if something fails on the way.
        moments = (self.class_count_.copy(), self.means_.copy(), self._scatter.copy())
        for rows in gen_batches(len(order), _CHUNK):
            part = order[rows]
            _update(*moments, X[part], codes[part], weight[part])
        if not np.isfinite(moments[2]).all():
            raise ValueError(
                "The covariance overflowed; scale X, for example with MinMaxScaler."
            )
        self.class_count_, self.means_, self._scatter = moments
        # Solved on demand: many chunks may come before anybody asks.
        self._solution = None

    def _given_priors(self):
        """Probabilities of the classes, as far as they do not depend on the rows."""
        n_classes = len(self.classes_)
        if isinstance(self.priors, str):
            return np.full(n_classes, 1 / n_classes)
        priors = np.asarray(self.priors, dtype=float)
        if priors.shape != (n_classes,):
            raise ValueError(
                f"priors has the shape {priors.shape}, but there are {n_classes} "
                "classes; give one probability for each."
            )
        if not ((priors >= 0).all() and 0 < priors.sum() < np.inf):
            raise ValueError(
                f"priors={priors.tolist()}; they must be finite, none negative, and "
                "one of them positive."
            )
        return priors / priors.sum()

    @property
    def covariance_(self) -> np.ndarray:
        return self._scatter / self.class_count_.sum()

    @property
    def coef_(self) -> np.ndarray:
        return self._solve()[0]

    @property
    def intercept_(self) -> np.ndarray:
        return self._solve()[1]

    @property
    def shrinkage_(self) -> float:
        return self._solve()[2]

    @property
    def priors_(self) -> np.ndarray:
        return self._solve()[3]

    def _solve(self):
        """Weights, biases, shrinkage and priors; computed once for what was learned."""
        if self._solution is None:
            total = self.class_count_.sum()
            known = self.class_count_ > 0
            priors = self._given_priors()
            if isinstance(self.priors, str) and self.priors == "empirical":
                priors = self.class_count_ / total
            shrinkage, precision = self._precision(total)

            coef = np.zeros(self.means_.shape, dtype=self._dtype)
            intercept = np.empty(len(priors), dtype=self._dtype)
            # Scores of all classes are shifted alike: it keeps numbers small in
            # float32.
            with np.errstate(over="ignore", invalid="ignore"):
                centre = self.means_[known].mean(axis=0)
                for some in gen_batches(len(priors), _CHUNK):
                    means = self.means_[some]
                    weights = (means - centre) @ precision
                    coef[some] = weights
                    intercept[some] = -0.5 * np.sum((means + centre) * weights, axis=1)
            if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
                raise ValueError(
                    "The weights overflowed; scale X, for example with MinMaxScaler."
                )
            with np.errstate(divide="ignore"):
                intercept += np.log(priors)
            # A class without rows so far is never predicted.
            coef[~known], intercept[~known] = 0, -np.inf
            self._solution = coef, intercept, shrinkage, priors
        return self._solution

    def _precision(self, n):
        """Shrinkage, and the inverse of the covariance shrunk by it."""
        covariance = self.covariance_
        shrinkage = self.shrinkage
        if shrinkage == "auto":
            shrinkage = _oas(covariance, n)
        typical = covariance.trace() / len(covariance)
        if typical == 0:  # one row for each class: the nearest mean wins
            return shrinkage, np.eye(len(covariance))
        covariance *= 1 - shrinkage
        covariance.flat[:: len(covariance) + 1] += shrinkage * typical
        return shrinkage, _inverse(covariance, definite=shrinkage > _SAFE)


def _inverse(covariance, *, definite):
    """Inverse; pseudo-inverse where the matrix may be singular, 30 times as slow."""
    if not definite:
        return linalg.pinvh(covariance)
    factor = linalg.cho_factor(covariance)
    return linalg.cho_solve(factor, np.eye(len(covariance)), overwrite_b=True)


def _update(counts, means, scatter, X, codes, weight):
    """Add rows, sorted by their codes, to the moments in place."""
    present, starts = np.unique(codes, return_index=True)
    added = np.add.reduceat(weight, starts)
    own = np.add.reduceat(X * weight[:, None], starts, axis=0) / added[:, None]
    before = counts[present]
    after = before + added
    step = own - means[present]
    centred = X - np.repeat(own, np.diff(starts, append=len(X)), axis=0)
    centred *= np.sqrt(weight)[:, None]
    # What the classes' means moved counts as one more row for each of them.
    moved = step * np.sqrt(before * added / after)[:, None]
    # The product in the rows' own precision, the sum of all of them in float64.
    rows = np.concatenate([centred, moved[before > 0]]).astype(X.dtype, copy=False)
    scatter += rows.T @ rows
    counts[present] = after
    means[present] += step * (added / after)[:, None]


def _oas(covariance, n):
    """Oracle approximating shrinkage for a covariance of n rows."""
    d = len(covariance)
    squares = np.mean(np.square(covariance))
    typical = np.square(covariance.trace() / d)
    error = (n + 1) * (squares - typical / d)
    return float(min((squares + typical) / error, 1.0)) if error else 1.0
