"""How a fitted GZSLClassifier turns rows into features, scores and labels."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import issparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from .._sklearn_compat import _check_y
from ..persistence import linear_form, not_linear
from ..utils import (
    ROUNDING,
    check_target,
    exact,
    fit_transform,
    seeded,
    validate_data,
    warn_of_lost_digits,
)
from ._generator_fit import keeps_features
from ._penalty import penalised
from ._prediction import PredictionMixin

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class ScoringMixin(PredictionMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Prediction with ``preprocessor_``, ``generator_`` and ``classifier_``.

    Attributes
    ----------
    seen_penalty_ : float
        The seen penalty that predictions are made with: a number as it is set now, or
        what "auto" chose.
    adapted_seen_penalty_ : float or None
        What "auto" chose for classes that have adapted as far as those held out, in
        the same folds; None where the classifier can not adapt.
    """

    @property
    def seen_penalty_(self) -> float:
        chosen = self._penalty  # AttributeError before fit
        # A number counts as it is now: a search over it needs no fit for each.
        if isinstance(self.seen_penalty, Real):
            return float(self.seen_penalty)
        if not self._is_auto:
            self._validate_params()  # which says what it may be
        return chosen

    @property
    def _is_auto(self):
        # Of an array, "==" would be an array.
        return isinstance(self.seen_penalty, str) and self.seen_penalty == "auto"

    @property
    def adapted_seen_penalty_(self) -> float | None:
        chosen = self._adapted if self._is_auto else None
        return chosen and chosen.penalty

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Map rows to the features that the classifier works on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), float32
            Preprocessed rows in the generator's feature space.
        """
        return self._transform(X)

    def _transform(self, X):
        # Apart from the public method, which set_output may turn into DataFrames.
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        if not self._takes_numbers and getattr(X, "dtype", None) == np.float32:
            # Of a transformer with products, such as PCA; see _scores.
            X = X.astype(np.float64)
        return np.asarray(self.generator_.transform(self._preprocess(X)))

    def _validate(self, X, y="no_validation", *, reset):
        """Rows as the preprocessor takes them, with their labels if there are any."""
        y = check_target(y)
        if self._takes_numbers:
            # As exact as they come: of numbers far from zero, or of some in a small
            # unit, float32 would keep little before the preprocessor moves them.
            return validate_data(self, X, y, dtype=exact(X), reset=reset)
        # A transformer of the user's may want columns, strings or missing values.
        if (X if hasattr(X, "ndim") else np.asarray(X)).ndim != 2:
            check_array(X, dtype=None, estimator=self)  # raises its own error
        X = validate_data(self, X, skip_check_array=True, reset=reset)
        if isinstance(y, str):
            return X
        y = _check_y(y, estimator=self)
        check_consistent_length(X, y)
        return X, y

    def _preprocess(self, X):
        return self._checked(self.preprocessor_.transform(X))

    def _checked(self, rows):
        # Not X itself: of numbers near the largest there is, a scaler makes NaN.
        name = "X after preprocessor"
        return check_array(rows, dtype=np.float32, estimator=self, input_name=name)

    def _fit_preprocessor(self, X, y, seeds):
        """Preprocessed float32 rows and labels."""
        self._takes_numbers = self.preprocessor in (None, "passthrough")
        X, y = self._validate(X, y, reset=True)
        check_classification_targets(y)
        preprocessor = self._part("preprocessor")
        if isinstance(preprocessor, str):  # "passthrough"
            preprocessor = FunctionTransformer()
        self.preprocessor_ = seeded(preprocessor, seeds)
        rows = fit_transform(self.preprocessor_, X, y)
        if self.preprocessor is None and _mind_units(self.preprocessor_, X):
            rows = self.preprocessor_.transform(X)
        if issparse(rows):
            raise TypeError(
                f"preprocessor={self.preprocessor!r} makes sparse rows, but generators "
                "learn from dense ones; let it end with TruncatedSVD, for example."
            )
        warn_of_lost_digits(rows)
        rows = self._checked(rows)
        # The rows are kept: the user's own array may change.
        return rows.copy() if np.may_share_memory(rows, X) else rows, y

    def _has(self, method):
        """Whether the classifier, fitted or not yet, has the method."""
        if hasattr(self, "classifier_"):
            return hasattr(self.classifier_, method)
        return self.classifier is None or hasattr(self.classifier, method)

    def _scores(self, X):
        """Penalised scores, one column per class of ``classes_``.

        The classifier has learned from float32 features. It gets the same as float64,
        in which its products and sums show no trace of how many rows there are.
        """
        return self._feature_scores(self._transform(X))

    def _feature_scores(self, features):
        """The same of transformed rows."""
        features = features.astype(np.float64)
        known = self.classifier_.classes_
        if hasattr(self.classifier_, "predict_log_proba"):
            with np.errstate(divide="ignore"):  # trees and neighbours give zeros
                scores = self.classifier_.predict_log_proba(features)
        elif hasattr(self.classifier_, "predict_proba"):
            with np.errstate(divide="ignore"):
                scores = np.log(self.classifier_.predict_proba(features))
        elif hasattr(self.classifier_, "decision_function"):
            scores = self.classifier_.decision_function(features)
            if scores.ndim == 1:
                # scikit-learn gives one column for two classes: the second's score.
                scores = np.stack([np.zeros_like(scores), scores], axis=1)
        else:
            # Hard votes are scores, too, if coarse ones.
            votes = self.classifier_.predict(features)
            scores = (votes[:, None] == known).astype(float)
        if self._unseen_alone:
            # Conventional zero-shot learning: seen classes are no candidates, whether
            # the classifier knows them or not.
            full = np.full((len(scores), len(self.classes_)), -np.inf, scores.dtype)
            candidates = np.isin(known, self.unseen_classes_)
            columns = np.searchsorted(self.classes_, known[candidates])
            full[:, columns] = scores[:, candidates]
            scores = full
        return self._penalised(scores)

    def _penalised(self, scores):
        if not self.seen_penalty_ and self._adapted is None:
            return scores
        adapted = self._adapted if self._is_auto else None
        return penalised(self, scores, self.seen_penalty_, adapted)

    def _linear_form(self):
        generator = self.generator_
        if isinstance(generator, FrozenEstimator):
            generator = generator.estimator
        if not keeps_features(generator):
            raise not_linear(
                self,
                f"the transform of its generator, {type(generator).__name__}, is none",
            )
        offsets = self._penalised(np.zeros(len(self.classes_)))
        form = linear_form(self.classifier_).plus(self.classes_, offsets)
        if self._unseen_alone:
            form = form.among(self.unseen_classes_)
        return form.after(self.preprocessor_)


def _mind_units(scaler, X):
    """Whether a MinMaxScaler had to learn what is constant, and what has small units.

    It goes by the precision of numbers about 1. In farads, all capacitors are alike to
    it; and a column of sums that differ by rounding alone may be spread over [0, 1].
    """
    numbers = np.finfo(X.dtype)
    spread = scaler.data_range_
    size = np.maximum(np.abs(scaler.data_min_), np.abs(scaler.data_max_))
    rounding = (spread > 0) & (spread <= ROUNDING * size)
    scaler.scale_[rounding] = 1
    little = (spread >= numbers.tiny) & (spread < 10 * numbers.eps)
    small = np.flatnonzero(little & ~rounding & (spread > 10 * numbers.eps * size))
    # The dead output of a network has two values, by rounding; that is constant.
    small = np.array([j for j in small if len(np.unique(X[:, j])) > 2], dtype=int)
    scaler.scale_[small] = 1 / spread[small]
    for some in (rounding, small):
        scaler.min_[some] = -scaler.data_min_[some] * scaler.scale_[some]
    return bool(rounding.any() or len(small))
