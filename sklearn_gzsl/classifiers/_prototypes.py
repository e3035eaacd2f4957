"""PrototypeClassifier: cosine to prototypes that ridge regression predicts."""

from __future__ import annotations

from functools import partial
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted, validate_data

from .._sklearn_compat import HasMethods, Interval, _fit_context
from ..attributes import check_class_attributes, extend_class_attributes
from ..utils import all_or_nothing, like, mean_rows, register, validate_rows
from ._parts import DefaultPartsMixin
from ._prediction import PredictionMixin
from ._wrapped import check_described

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike

# A cosine of 1 counts as much as 20 nats: as steep as the posterior of the seen
# classes on three sets of real data.
_SCALE = 20.0


class PrototypeClassifier(
    DefaultPartsMixin, PredictionMixin, ClassifierMixin, BaseEstimator
):
    """Cosine similarity to class prototypes predicted from descriptions, closed form.

    Rows are whitened with the covariance within classes and brought to length 1. The
    mean of a class there is its prototype; ridge regression from descriptions predicts
    the prototypes of unseen classes, as exemplars are predicted in [1]_. A row gets
    the class whose prototype has the largest cosine with it, and among the seen classes
    a discriminative classifier, which needs rows, has its say, too.

    It draws no synthetic rows and fits in seconds. What it misses is the shape of
    classes, and what is not linear in the descriptions. Where that does not matter, it
    is hard to beat; together with a generative model in a
    :class:`~sklearn_gzsl.GZSLVotingClassifier` it is often better than either.

    Parameters
    ----------
    power : float or None, default=None
        Raise the absolute values of the features to this power, keep their signs, and
        bring rows to length 1 before all else (power normalisation [2]_). About 0.5
        suits counts, histograms and activations of a network.

    shrinkage : float, default=0.5
        Share of the covariance within classes that is replaced by a multiple of the
        identity, in (0, 1]. Small values suit many rows of few features.

    alpha : float, default=0.1
        Strength of the ridge, relative to the mean squared length of the centred
        descriptions.

    own_weight : float, default=0.7
        Weight, in the prototype of a seen class, of the mean of its own rows; the rest
        is what its description predicts. Less than 1 makes seen and unseen classes
        alike.

    description_weight : float, default=0.0
        Shrink predictions towards this multiple of the description itself, where
        descriptions live in the space of the features, as embeddings of texts and of
        class names by one encoder do; 0.8 is good there.

    seen_weight : float, default=1.0
        Weight of the log-probabilities of ``seen_classifier``, added to the scores of
        the seen classes; 0 leaves it out.

    seen_classifier : classifier, default=None
        Tells the seen classes from each other, from whitened rows of length 1.
        ``LogisticRegression(C=10)`` by default.

    Attributes
    ----------
    prototypes_ : ndarray of shape (n_classes, n_features)
        Prototypes of ``classes_`` in the whitened space, of length 1.
    seen_classifier_ : classifier or None
        The fitted classifier of the seen classes.
    class_attributes_ : ClassAttributes
        Descriptions of ``classes_``.

    See Also
    --------
    CalibratedStackingCV : Chooses the balance of seen and unseen classes, which this
        classifier does not.
    GaussianGenerator : A closed form, too, that generates rows.

    Notes
    -----
    With rows x, centre m (the mean of the class means), and within-class covariance S
    shrunk to ``(1 - shrinkage) S + shrinkage tr(S)/d I = L L'``, the features are
    ``z = L^-1 (x - m)``, divided by their length. Descriptions are centred at
    the mean of the seen ones and divided by their lengths. The score of a class is 20
    times the cosine of z and its prototype, plus, if it is seen, ``seen_weight`` times
    its log-probability by ``seen_classifier_``.

    References
    ----------
    .. [1] Changpinyo, Chao and Sha. Predicting visual exemplars of unseen classes for
       zero-shot learning. ICCV, 2017.
    .. [2] Perronnin, Sánchez and Mensink. Improving the Fisher kernel for large-scale
       image classification. ECCV, 2010.

    Examples
    --------
    >>> from sklearn_gzsl import PrototypeClassifier
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> X, y = numbers.data, numbers.target
    >>> clf = PrototypeClassifier().fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> len(clf.seen_classes_), len(clf.unseen_classes_)
    (80, 20)
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.7)
    True
    """

    _default_parts = {
        "seen_classifier": partial(LogisticRegression, C=10, max_iter=1000)
    }

    __metadata_request__fit = {"class_attributes": True}

    _parameter_constraints: dict = {
        "power": [Interval(Real, 0, None, closed="neither"), None],
        "shrinkage": [Interval(Real, 0, 1, closed="right")],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "own_weight": [Interval(Real, 0, 1, closed="both")],
        "description_weight": [Interval(Real, 0, None, closed="left")],
        "seen_weight": [Interval(Real, 0, None, closed="left")],
        "seen_classifier": [HasMethods(["fit", "predict_log_proba"]), None],
    }

    def __init__(
        self,
        *,
        power: float | None = None,
        shrinkage: float = 0.5,
        alpha: float = 0.1,
        own_weight: float = 0.7,
        description_weight: float = 0.0,
        seen_weight: float = 1.0,
        seen_classifier: ClassifierMixin | None = None,
    ):
        self.power = power
        self.shrinkage = shrinkage
        self.alpha = alpha
        self.own_weight = own_weight
        self.description_weight = description_weight
        self.seen_weight = seen_weight
        self.seen_classifier = seen_classifier

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        class_attributes: ClassAttributesLike | None = None,
    ) -> Self:
        """Whiten the rows, and predict a prototype for each described class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features of rows of seen classes.
        y : array-like of shape (n_samples,)
            Their labels.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of seen and unseen classes, as for ``GZSLClassifier``. Without
            any, this is an ordinary classifier of the classes in ``y``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a label has no description, if ``description_weight`` is not 0 and
            descriptions are not as long as rows, or if X or y are not valid.
        """
        X, y = validate_rows(self, X, y, dtype=np.float64)
        attributes = check_described(class_attributes, y)
        self.seen_classes_, codes = np.unique(y, return_inverse=True)
        seen = attributes.take(self.seen_classes_).astype(np.float64)
        if self.description_weight and seen.shape[1] != X.shape[1]:
            raise ValueError(
                f"description_weight={self.description_weight} compares descriptions "
                f"with rows, but they have {seen.shape[1]} and {X.shape[1]} columns; "
                "use 0, or embed classes and rows alike."
            )
        # Scores must go by it, too, whatever set_params does later.
        self._power = self.power  # what fit went by
        Z = self._fit_whitening(self._normalised(X), codes)
        self._own = mean_rows(Z, codes, len(self.seen_classes_))
        self._fit_ridge(seen)
        self._describe(attributes)
        self.seen_classifier_ = None
        if self.seen_weight and len(self.seen_classes_) > 1:
            classifier = clone(self._part("seen_classifier"))
            self.seen_classifier_ = classifier.fit(Z, self.seen_classes_[codes])
        return self

    def _fit_whitening(self, X, codes):
        means = mean_rows(X, codes, len(self.seen_classes_))
        self._centre = means.mean(axis=0)
        within = X - means[codes]
        # Within classes: directions in which rows of one class differ are made to count
        # less, those that tell classes apart more.
        covariance = within.T @ within / len(X)
        variances, axes = linalg.eigh(covariance)
        # Rounding makes the smallest ones slightly negative.
        variances = variances.clip(min=0)
        typical = variances.mean() or 1.0  # classes of one row each
        shrunk = (1 - self.shrinkage) * variances + self.shrinkage * typical
        # PCA whitening, of which no rotation matters: only cosines are taken.
        self._whitening = axes / np.sqrt(shrunk)
        return self._whiten(X)

    def _normalised(self, X):
        if self._power is None:
            return X
        return _unit(np.sign(X) * np.abs(X) ** self._power)

    def _whiten(self, X):
        return _unit((X - self._centre) @ self._whitening)

    def _fit_ridge(self, seen):
        """Learn what the description adds to a first guess of the prototype."""
        # Names' embeddings share most of their direction, which tells nothing apart.
        self._attribute_centre = seen.mean(axis=0)
        self._guess_length = (
            self.description_weight * np.linalg.norm(self._own, axis=1).mean()
        )
        rows = _unit(seen - self._attribute_centre)
        # The dual form: classes are fewer than columns of most descriptions.
        kernel = rows @ rows.T
        kernel.flat[:: len(kernel) + 1] += (
            # Relative to the mean eigenvalue, so that alpha means the same for any
            # number of classes.
            self.alpha * (kernel.trace() or 1.0) / len(kernel)
        )
        # Ridge learns what the guess leaves over, so that far from all seen classes the
        # prediction falls back to the guess and not to the mean.
        residual = self._own - self._guess(seen)
        self._offset = residual.mean(axis=0)
        solved = linalg.solve(kernel, residual - self._offset, assume_a="pos")
        self._coef = rows.T @ solved

    def _guess(self, A):
        """The description itself, in the space of the whitened rows; or nothing."""
        if not self._guess_length:
            return 0.0
        return self._guess_length * _unit(
            (A - self._attribute_centre) @ self._whitening
        )

    def _describe(self, attributes):
        """Set classes and prototypes."""
        described = like(attributes.labels, self.seen_classes_)
        self.unseen_classes_ = np.setdiff1d(described, self.seen_classes_)
        self.classes_ = np.union1d(self.seen_classes_, self.unseen_classes_)
        self.class_attributes_ = attributes.subset(self.classes_)
        A = self.class_attributes_.values.astype(np.float64)
        rows = _unit(A - self._attribute_centre)
        prototypes = _unit(self._guess(A) + self._offset + rows @ self._coef)
        seen = np.isin(self.classes_, self.seen_classes_)
        # Seen classes have a mean of their own. A part of the predicted prototype makes
        # them as blurred as unseen ones, which have nothing else.
        own = self.own_weight * _unit(self._own)
        prototypes[seen] = _unit(own + (1 - self.own_weight) * prototypes[seen])
        self.prototypes_ = prototypes

    @all_or_nothing
    def add_classes(self, class_attributes: ClassAttributesLike) -> Self:
        """Make further unseen classes known, from their descriptions alone.

        Parameters
        ----------
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions of the new classes alone, with the columns of those in
            ``fit``.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        self._validate_params()
        new = check_class_attributes(class_attributes)
        self._describe(extend_class_attributes(self.class_attributes_, new))
        return self

    def _has(self, _method):  # for PredictionMixin
        return True

    def _scores(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        Z = self._whiten(self._normalised(X))
        scores = _SCALE * (Z @ self.prototypes_.T)
        if self.seen_classifier_ is not None:
            seen = np.isin(self.classes_, self.seen_classes_)
            # Its constant for all seen classes shifts their balance with the unseen
            # ones; that is what the seen penalty is chosen for.
            log_p = self.seen_classifier_.predict_log_proba(Z)
            scores[:, seen] += self.seen_weight * log_p
        return scores


def _unit(X):
    """Rows of length 1, but for those that are 0."""
    length = np.linalg.norm(X, axis=1, keepdims=True)
    return X / np.where(length > 0, length, 1.0)


register(
    PrototypeClassifier,
    name="prototypes",
    search={
        "power": [None, 0.5],
        "shrinkage": [0.05, 0.2, 0.5, 0.85],
        "alpha": [0.07, 0.3, 1.0],
        # Left out where descriptions and features do not have as many columns.
        "description_weight": [0.0, 0.8],
    },
)
