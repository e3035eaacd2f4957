"""DAP and IAP: attributes are predicted first, and classes from attributes."""

import numpy as np
from scipy.special import log_softmax, logit, softmax

from ..utils import register
from ._descent import DescentClassifier

# How certain of an attribute IAP may be.
_EPS = 1e-6


class _AttributePrediction(DescentClassifier):
    """Base class of those that predict attributes, and classes from them.

    A subclass writes ``_loss(codes, A)``, of linear scores, and ``_logits(F)``, those
    of the attributes given such scores.

    Attributes
    ----------
    thresholds_ : ndarray of shape (n_attributes,)
        Above which a class has an attribute: the mean over the classes with rows, of
        descriptions in one unit.
    attribute_log_odds_ : ndarray of shape (n_attributes,)
        Of the classes with rows; 0 for attributes that all or none of these have, which
        have no say.
    """

    max_iter: int = 50

    def _learn_spaces(self, X, codes, A):
        super()._learn_spaces(X, codes, A)
        self.thresholds_ = A.mean(axis=0)

    def _descriptions(self, A):
        return (self._in_one_unit(A) > self.thresholds_).astype(np.float64)

    def _learn(self, Z, codes, A):
        prior = A.mean(axis=0)
        self._tells = (prior > 0) & (prior < 1)
        self.attribute_log_odds_ = np.where(
            self._tells, logit(np.where(self._tells, prior, 0.5)), 0.0
        )
        self._seen_table = A
        n_out = A.shape[1] if self._of_attributes else len(A)
        self.weights_, self.biases_, self.n_iter_ = self._descend(
            self._loss(codes, A), Z, n_out
        )

    def _of_classes(self, A):
        return (A * self._tells).T

    def _compatibility(self, Z, columns):
        logits = self._logits(Z @ self.weights_ + self.biases_)
        # The product rule in logarithms, less what all classes have in common.
        return (logits - self.attribute_log_odds_) @ columns

    def _has(self, _method):  # for PredictionMixin
        return True


class DAP(_AttributePrediction):
    r"""Direct attribute prediction: a classifier of each attribute (DAP).

    Descriptions are turned into tables of yes and no. A logistic regression predicts
    each attribute from the row, and the class is the one whose table is the most likely
    (Lampert, Nickisch and Harmeling [1]_).

    .. versionadded:: 0.1

    Attributes
    ----------
    weights_, biases_ : ndarray of shape (n_features, n_attributes), and (n_attributes,)
        Of the logistic regressions.

    See Also
    --------
    IAP : Predicts classes in between.

    Notes
    -----
    With the predicted probabilities of the attributes, and their shares :math:`\pi`
    among the classes with rows, the probability of a class with the table a is
    proportional to

    .. math::

        \prod_m \left(\frac{p_m(x)}{\pi_m}\right)^{a_m}
        \left(\frac{1 - p_m(x)}{1 - \pi_m}\right)^{1 - a_m},

    and scores are its logarithm, but for what is the same for all classes. They take
    each attribute for a witness of its own, and are far too certain where many say the
    same.

    A class has an attribute if the number in its description is above the mean of the
    classes with rows; tables of yes and no stay as they are. ``normalisation`` is for
    rows alone. The method is recalled here, and was not compared with the paper, which
    has support vector machines with Platt's probabilities in place of the logistic
    regressions.

    References
    ----------
    .. [1] Lampert, Nickisch and Harmeling. Attribute-based classification for zero-shot
       visual object categorization. TPAMI, 2014.

    Examples
    --------
    >>> from sklearn_gzsl import DAP, CalibratedStackingCV
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers(n_train=20)
    >>> X, y = numbers.data, numbers.target
    >>> clf = CalibratedStackingCV(DAP(), cv=2).fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.4)
    True
    """

    _of_attributes = True

    def _loss(self, codes, A):
        present = A[codes].astype(np.float32)

        def loss(F):
            # Of each attribute log(1 + exp(F)) - a F, and its derivative, without an
            # overflow and with one exponential: the products take less time than that.
            small = np.exp(-np.abs(F))
            value = F.clip(min=0) + np.log1p(small) - present * F
            share = np.where(F > 0, 1, small) / (1 + small)
            return value.sum(dtype=float) / len(F), (share - present) / len(F)

        return loss

    def _logits(self, F):
        return F


class IAP(_AttributePrediction):
    r"""Indirect attribute prediction: attributes by way of the seen classes (IAP).

    A softmax predicts the seen classes, whose tables of yes and no, weighted by their
    probabilities, are those of the attributes. The class is the one whose table is then
    the most likely (Lampert et al. 2014: see :class:`DAP`).

    .. versionadded:: 0.1

    Attributes
    ----------
    weights_, biases_ : ndarray of shape (n_features, n_classes), and (n_classes,)
        Of the softmax, for classes with rows.

    See Also
    --------
    DAP : Predicts attributes from the row.

    Notes
    -----
    The probability of an attribute is the sum of the probabilities of the classes that
    have it, between 1e-6 and 1 - 1e-6; the rest is as in :class:`DAP`. The method is
    recalled here, and was not compared with the paper.

    Examples
    --------
    >>> from sklearn_gzsl import IAP, CalibratedStackingCV
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers(n_train=20)
    >>> X, y = numbers.data, numbers.target
    >>> clf = CalibratedStackingCV(IAP(), cv=2).fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.4)
    True
    """

    _of_attributes = False

    def _loss(self, codes, A):
        own = np.arange(len(codes)), codes

        def loss(F):
            slope = softmax(F, axis=1)
            slope[own] -= 1
            value = -log_softmax(F, axis=1)[own].mean(dtype=float)
            return value, slope / len(F)

        return loss

    def _logits(self, F):
        present = softmax(F, axis=1) @ self._seen_table
        return logit(present.clip(_EPS, 1 - _EPS))


register(DAP, name="dap", search={"alpha": [1e-5, 1e-4, 1e-3]})
register(IAP, name="iap", search={"alpha": [1e-5, 1e-4, 1e-3]})
