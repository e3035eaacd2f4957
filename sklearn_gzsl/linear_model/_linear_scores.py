"""Decisions and probabilities of classifiers whose scores are linear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Scores that predict holds at a time: 16 MB in float32.
_MAX_SCORES = 2**22


class LinearScoresMixin:
    """Methods of a classifier from ``coef_``, ``intercept_`` and ``classes_``.

    Works in the precision of ``coef_`` and in chunks of rows: beside what is returned,
    a few megabytes are needed, however many rows and classes there are.
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
            change(self._logits(X[rows], out=scores[rows]))
        return scores

    def _check_rows(self, X):
        check_is_fitted(self)
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)

    def _chunks(self, X):
        return gen_batches(len(X), max(_MAX_SCORES // len(self.classes_), 1))

    def _logits(self, X, out=None):
        X = X.astype(self.coef_.dtype, copy=False)
        logits = np.matmul(X, self.coef_.T, out=out)
        logits += self.intercept_
        return logits


def _log_softmax(logits):
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _softmax(logits):
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
