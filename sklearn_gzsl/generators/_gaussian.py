"""A Gaussian for each class, in closed form: the generator to beat."""

from numbers import Integral, Real

import numpy as np
from scipy import linalg

from .._sklearn_compat import Interval, StrOptions
from ..linear_model._class_means import best_prediction, description_kernel
from ..utils import mean_rows, one_thread, register, scatter_within
from ._base import BaseGenerator, DensityMixin

# What "auto" chooses from.
_SHRINKAGES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
# Rows, about, that a shrinkage is judged by: more change the choice little.
_MAX_ROWS = 5000
# Rows that are drawn at a time: of 2,048 features 32 MiB.
_DRAWN = 4096


class GaussianGenerator(DensityMixin, BaseGenerator):
    r"""Gaussian classes whose means are a smooth function of the description.

    A class described by :math:`a` is :math:`N(m(a), \Sigma)`. The mean is a kernel
    ridge regression from descriptions to the means of the seen classes,

    .. math:: m(a) = \bar m + k(a)^T (K + \alpha I)^{-1} (M - \bar m), \qquad
        k(a, b) = \left(\tfrac{1 + \cos(a, b)}{2}\right)^p,

    and the covariance, common to all classes, is the pooled within-class covariance
    shrunk towards a multiple of the identity. A description equal to a seen
    class's gets the mean of that class's rows. Of a description only the direction
    counts. There are no iterations: it fits in seconds, and says what a neural
    generator has to beat.

    Parameters
    ----------
    degree : int or "auto", default="auto"
        Exponent :math:`p` of the kernel.

    alpha : float or "auto", default="auto"
        Ridge :math:`\alpha`. "auto" takes the degree and ridge that best predict each
        seen class's mean from the others (squared error; leave-one-class-out, in
        closed form).

    shrinkage : float in [0, 1] or "auto", default="auto"
        Weight of the identity in the covariance. "auto" takes the one under
        which the nearest mean classifies rows best that it was not estimated from,
        both with the classes' own means and with those predicted from the other
        classes (harmonic mean of the per-class accuracies).

    temperature : float, default=1.0
        Multiplies the standard deviation of the samples.

    Attributes
    ----------
    degree_ : int
        Degree used.
    alpha_ : float
        Ridge used.
    shrinkage_ : float
        Shrinkage used.
    settings_ : dict of str to number
        These three by the names of their parameters.
    means_ : ndarray of shape (n_seen, n_features)
        Means of the seen classes.
    location_ : ndarray of shape (n_features,)
        Their mean, from which the means of other classes are predicted.
    covariance_ : ndarray of shape (n_features, n_features)
        Shrunk pooled covariance.
    dual_coef_ : ndarray of shape (n_seen, n_features)
        Weights of the kernel ridge regression.

    See Also
    --------
    VAECFlow : A normalizing flow, for classes that are not Gaussian.

    Examples
    --------
    >>> from sklearn_gzsl import GaussianGenerator
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = GaussianGenerator(random_state=0).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> unseen = numbers.class_attributes.subset(numbers.unseen_classes)
    >>> X_new, y_new = generator.sample(unseen, n_samples=5)
    >>> X_new.shape, y_new[:6]
    ((100, 128), array(['03', '03', '03', '03', '03', '07'], dtype='<U2'))
    """

    degree: int | str = "auto"
    alpha: float | str = "auto"
    shrinkage: float | str = "auto"
    temperature: float = 1.0

    _parameter_constraints = {
        "degree": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "alpha": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "shrinkage": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "temperature": [Interval(Real, 0, None, closed="left")],
    }

    def _fit(self, X, y, A, unseen):
        n_classes = len(A)
        self.means_ = mean_rows(X, y, n_classes)
        self.location_ = self.means_.mean(axis=0)
        predicted = self._fit_means(A)

        self.shrinkage_ = self.shrinkage
        if self.shrinkage == "auto":
            self.shrinkage_ = _best_shrinkage(X, y, predicted)
        self.settings_ = {
            "degree": self.degree_,
            "alpha": self.alpha_,
            "shrinkage": self.shrinkage_,
        }
        variances, axes, typical = _spectrum(X, y, self.means_)
        variances = (1 - self.shrinkage_) * variances + self.shrinkage_ * typical
        # Root, inverse root and covariance are products of these: one matrix is kept.
        self._axes, self._deviations = axes, np.sqrt(variances)

    @property
    def covariance_(self) -> np.ndarray:
        return (self._axes * self._deviations**2) @ self._axes.T

    def _fit_means(self, A):
        """Fit the regression; each class's mean as predicted from the others."""
        targets = self.means_ - self.location_
        self.degree_, self.alpha_, self.dual_coef_, residuals = best_prediction(
            A, targets, self.degree, self.alpha
        )
        return self.means_ - residuals

    def _means(self, A):
        means = self.location_ + description_kernel(
            A, self._seen_rows, self.degree_
        ) @ (self.dual_coef_)
        # Seen classes by their description, which several may share: their rows know
        # the mean better than the regression does.
        seen = {}
        for i, row in enumerate(self._seen_rows):
            seen.setdefault(row.tobytes(), []).append(i)
        for i, row in enumerate(A):
            if row.tobytes() in seen:
                means[i] = self.means_[seen[row.tobytes()]].mean(axis=0)
        return means

    def _sample(self, A, n_samples, seed):
        means = self._means(A).astype(np.float32)
        rng = np.random.default_rng(seed)
        root = self.temperature * (self._axes * self._deviations)
        root = root.astype(np.float32)
        drawn = np.empty((len(A) * n_samples, means.shape[1]), np.float32)
        # The noise takes as much as the rows: some of it at a time.
        for start in range(0, len(drawn), _DRAWN):
            part = drawn[start : start + _DRAWN]
            np.matmul(rng.standard_normal(part.shape, np.float32), root.T, out=part)
        drawn.reshape(len(A), n_samples, -1)[:] += means[:, None]
        return drawn

    def _log_density(self, X, A):
        means = self._means(A)
        # Centred first: the quadratic form is a difference of products.
        whitener = self._axes / self._deviations
        X = (X - self.location_) @ whitener
        means = (means - self.location_) @ whitener
        squares = np.square(X).sum(axis=1)[:, None] + np.square(means).sum(axis=1)
        log_det = np.log(np.linalg.norm(whitener, axis=0)).sum()
        constant = log_det - 0.5 * X.shape[1] * np.log(2 * np.pi)
        return X @ means.T - 0.5 * squares + constant


def _spectrum(X, codes, means):
    """Eigenvalues and -vectors of the within-class covariance, and the mean value."""
    # In float64, some rows at a time: that of float32 loses the small eigenvalues.
    within = scatter_within(X, codes, means) / max(len(X) - len(means), 1)
    with one_thread():
        variances, axes = linalg.eigh(within)
    # One row per class, or constant rows, show no spread.
    typical = max(variances.mean(), 1e-12)
    # Never singular, also where features are constant.
    return np.maximum(variances, 1e-6 * typical), axes, typical


def _best_shrinkage(X, y, predicted):
    """Shrinkage under which the nearest mean is right most often.

    Means and covariance come from every other row, and are judged by the rest twice:
    with the classes' own means, as for seen classes, and with the means predicted
    from the other classes, as for unseen ones. The harmonic mean of both accuracies
    decides.
    """
    order = np.argsort(y, kind="stable")
    fitted, judged = order[::2], order[1::2]
    judged = judged[:: len(judged) // _MAX_ROWS + 1]
    classes = np.unique(y[fitted])
    judged = judged[np.isin(y[judged], classes)]
    if not len(judged):
        return _SHRINKAGES[-1]
    codes = np.searchsorted(classes, y)
    X_fitted, codes_fitted = X[fitted], codes[fitted]
    own = mean_rows(X_fitted, codes_fitted, len(classes))
    variances, axes, typical = _spectrum(X_fitted, codes_fitted, own)
    rows, codes = X[judged].astype(np.float64) @ axes, codes[judged]
    counts = np.bincount(codes, minlength=len(classes))
    scores = []
    for shrinkage in _SHRINKAGES:
        precision = 1 / ((1 - shrinkage) * variances + shrinkage * typical)
        accuracies = []
        for means in (own @ axes, predicted[classes] @ axes):
            scaled = means * precision
            distances = rows @ scaled.T - 0.5 * np.sum(scaled * means, axis=1)
            right = distances.argmax(axis=1) == codes
            hits = np.bincount(codes[right], minlength=len(classes))
            accuracies.append((hits[counts > 0] / counts[counts > 0]).mean())
        seen, unseen = accuracies
        scores.append(2 * seen * unseen / (seen + unseen) if seen + unseen else 0.0)
    return _SHRINKAGES[int(np.argmax(scores))]


register(
    GaussianGenerator,
    name="gaussian",
    search={"shrinkage": ["auto", 0.1, 0.3], "temperature": [0.7, 1.0]},
)
