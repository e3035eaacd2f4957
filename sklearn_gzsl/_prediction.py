"""Labels, decisions and probabilities from scores of the classes."""

import numpy as np
from scipy.special import log_softmax
from sklearn.utils.metaestimators import available_if

from ._utils import score_difference


def _gives_probabilities(self):
    return self._has("predict_proba")


class PredictionMixin:
    """Labels, decisions and probabilities from ``_scores``, a column for each class.

    ``_has`` tells whether there is a method of the given name: whether all that is
    wrapped has it.
    """

    def predict(self, X):
        """Class of each row with the largest score.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels of the type of ``y``.
        """
        best = self._scores(X).argmax(axis=1)
        return self.classes_[best]

    def decision_function(self, X):
        """Scores of the classes, as the Notes of the class define them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            The largest wins; -inf for classes that are ruled out. For two classes the
            second's score minus the first's.
        """
        scores = self._scores(X)
        return scores if scores.shape[1] != 2 else score_difference(scores)

    @available_if(_gives_probabilities)
    def predict_log_proba(self, X):
        """Logarithm of the probabilities: the log-softmax of the scores.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.
        """
        return log_softmax(self._scores(X), axis=1)

    @available_if(_gives_probabilities)
    def predict_proba(self, X):
        """Probabilities of the classes, the softmax of the scores; rows sum to 1.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.
        """
        return np.exp(self.predict_log_proba(X))
