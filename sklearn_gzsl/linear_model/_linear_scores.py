"""Decisions and probabilities of classifiers whose scores are linear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from ..persistence import LinearForm, LinearFormMixin, SavingMixin
from ..utils import chunk_size, ranks_nothing, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Weights that are cast to float64 at a time: 8 MB.
_MAX_WEIGHTS = 2**20


class LinearScoresMixin(LinearFormMixin, SavingMixin):
    """Methods of a classifier from ``coef_``, ``intercept_`` and ``classes_``.

    Works in float64 and in chunks of rows, and gives scores in the precision of
    ``coef_``: beside what is returned, some 100 MB are needed, however many rows and
    classes there are.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels.
    coef_ : ndarray of shape (n_classes, n_features)
        Weights, one row for each class, also when there are two.
    intercept_ : ndarray of shape (n_classes,)
        Biases.
    class_count_ : ndarray of shape (n_classes,)
        Total weight of the rows of each class so far.
    """

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Linear scores of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Logits; for two classes the second's minus the first's.
        """
        logits = self._each_chunk(X, lambda logits: logits)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels.
        """
        X = self._check_rows(X)
        # Not argmax over all scores: for 20,000 classes they would take more memory
        # than X.
        best = np.empty(len(X), dtype=np.intp)
        for rows in self._chunks(X):
            self._logits(X[rows]).argmax(axis=1, out=best[rows])
        return self.classes_[best]

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """Logarithm of the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``, in the precision of ``coef_``.
        """
        return self._each_chunk(X, _log_softmax)

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``, in the precision of ``coef_``.
        """
        return self._each_chunk(X, _softmax)

    def _each_chunk(self, X, change):
        """All scores, changed in place chunk by chunk."""
        X = self._check_rows(X)
        scores = np.empty((len(X), len(self.classes_)), dtype=self.coef_.dtype)
        for rows in self._chunks(X):
            logits = self._logits(X[rows])
            change(logits)
            scores[rows] = logits
        return scores

    def _linear_form(self):
        known = np.isfinite(self.intercept_)  # the others are never predicted
        return LinearForm(
            classes=self.classes_[known],
            coef=self.coef_[known],
            intercept=self.intercept_[known],
        )

    def _check_rows(self, X):
        check_is_fitted(self)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _chunks(self, X):
        return gen_batches(len(X), chunk_size(len(self.classes_), X.shape[1]))

    def _logits(self, X):
        """Scores in float64, also where weights and rows are float32.

        How a product is rounded depends on how many rows it has. In float64 this is far
        below what float32 resolves, so that no row's scores depend on those beside it.
        """
        X = X.astype(np.float64, copy=False)
        logits = np.empty((len(X), len(self.classes_)))
        per_block = max(_MAX_WEIGHTS // X.shape[1], 1)
        for some in gen_batches(len(self.classes_), per_block):
            weights = self.coef_[some].astype(np.float64, copy=False)
            np.matmul(X, weights.T, out=logits[:, some])
        logits += self.intercept_
        if ranks_nothing(logits):
            raise ValueError(
                "The scores of a row are NaN or infinite: X is too large for "
                f"{type(self).__name__}; scale it as in fit, for example with "
                "MinMaxScaler."
            )
        return logits


def _log_softmax(logits):
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _softmax(logits):
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
