"""Labels, decisions and probabilities from scores of the classes."""

from __future__ import annotations

from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import available_if
from ..persistence import LinearFormMixin, SavingMixin
from ..utils import check_target, few, ranks_nothing, row_chunks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def _gives_probabilities(self):
    return self._has("predict_proba")


class PredictionMixin(LinearFormMixin, SavingMixin):
    """Labels, decisions and probabilities from ``_scores``, a column for each class.

    ``_has`` tells whether there is a method of the given name: whether all that is
    wrapped has it. Scores are made for some rows at a time, so that there is never more
    in memory than is returned.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels of all classes, seen and unseen.
    seen_classes_ : ndarray of shape (n_seen,)
        Those with rows in ``fit``.
    unseen_classes_ : ndarray of shape (n_unseen,)
        The others, which have a description only.
    """

    def predict(self, X: ArrayLike) -> np.ndarray:
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
        best = self._from_scores(X, partial(np.argmax, axis=1))
        return self.classes_[best]

    def predict_top_k(self, X: ArrayLike, k: int = 5) -> np.ndarray:
        """The k classes of each row with the largest scores, the best one first.

        Holds the scores of some rows at a time, never those of all of them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.
        k : int, default=5
            How many, at most the number of classes.

        Returns
        -------
        ndarray of shape (n_samples, k)
            Labels of the type of ``y``. Of classes with equal scores the first of
            ``classes_`` comes first, so that the first column is ``predict``.

        See Also
        --------
        sklearn_gzsl.metrics.top_k_per_class_accuracy : Takes it with ``ranked=True``.
        """
        check_is_fitted(self)
        check_scalar(k, "k", Integral, min_val=1, max_val=len(self.classes_))
        return self.classes_[self._from_scores(X, partial(_largest, k=k))]

    def decision_function(self, X: ArrayLike) -> np.ndarray:
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
        return self._from_scores(X, _decision)

    @available_if(_gives_probabilities)
    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
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
        return self._from_scores(X, partial(log_softmax, axis=1))

    @available_if(_gives_probabilities)
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
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
        return self._from_scores(X, _probabilities)

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Share of the rows that get their class: the plain accuracy.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.
        y : array-like of shape (n_samples,)
            Their labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        ValueError
            If labels are missing, or of another type than those in ``fit``.

        See Also
        --------
        sklearn_gzsl.metrics.GZSLScorer : Seen and unseen classes apart, each class the
            same.
        """
        check_is_fitted(self)
        check_target(y)
        given, known = np.asarray(y), self.classes_
        if _is_text(given) != _is_text(known):
            raise ValueError(
                f"y holds {few(given)}, but the classes are {few(known)}; labels are "
                "of one type, all text or all numbers."
            )
        return super().score(X, y, sample_weight)  # that of ClassifierMixin

    def _from_scores(self, X, function):
        """What a function makes of the scores of the rows."""
        check_is_fitted(self)
        n_rows, chunks = row_chunks(X, len(self.classes_))
        if n_rows is None:
            return function(_checked(self._scores(X)))
        whole = None
        for rows, chunk in chunks:
            made = function(_checked(self._scores(chunk)))
            if whole is None:
                # A list that is put together at the end would take it twice.
                whole = np.empty((n_rows, *made.shape[1:]), made.dtype)
            whole[rows] = made
        return whole


def _is_text(labels):
    return labels.size > 0 and isinstance(labels.flat[0], str)


def _checked(scores):
    """Refuse scores that rank nothing, of which argmax would make the first class."""
    if ranks_nothing(scores):
        raise ValueError(
            "The scores of a row have NaN or +inf, or -inf for all classes: a part of "
            "the classifier has diverged, or X or seen_penalty is too large for its "
            "numbers. Scale X, and give the classifier enough rows of each class."
        )
    return scores


def _decision(scores):
    return scores if scores.shape[1] != 2 else _difference(scores)


def _probabilities(scores):
    return np.exp(log_softmax(scores, axis=1))


def _largest(scores, k):
    """Columns of the k largest scores, the largest first, ties from the left."""
    # A full sort of 21,000 columns for five labels would take most of the time.
    threshold = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    tied = scores == threshold
    # Of the classes that tie for the last places, the first ones in order.
    n_left = k - np.sum(scores > threshold, axis=1, keepdims=True)
    chosen = (scores > threshold) | (tied & (np.cumsum(tied, axis=1) <= n_left))
    columns = np.nonzero(chosen)[1].reshape(-1, k)
    order = np.argsort(
        -np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable"
    )
    return np.take_along_axis(columns, order, axis=1)


def _difference(scores):
    """Scores of two classes as scikit-learn wants them: the second's minus the first's.

    Not a plain difference: both may be infinite.
    """
    return np.where(scores[:, 1] == scores[:, 0], 0.0, scores[:, 1] - scores[:, 0])
