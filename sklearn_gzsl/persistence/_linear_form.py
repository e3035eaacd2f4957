"""Estimators whose decision is linear, as fitted pipelines of scikit-learn alone."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of scikit-learn's: logarithms of their probabilities are linear but for what all
# classes of a row have in common, or they have no probabilities.
_LINEAR = (
    *(LogisticRegression, LogisticRegressionCV, LinearDiscriminantAnalysis),
    *(LinearSVC, Perceptron, RidgeClassifier, RidgeClassifierCV),
)


@dataclass(kw_only=True, eq=False)
class LinearForm:
    """Scores of classes that are linear in what transformers make of rows.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Those that can be predicted.
    coef, intercept : ndarray of shape (n_classes, n_features) and (n_classes,)
        The scores, up to what all classes of a row have in common.
    steps : sequence of transformers
        Fitted.
    """

    classes: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    steps: Sequence[Any] = ()

    def after(self, *steps: Any) -> LinearForm:
        """The same behind further steps; those that leave rows as they are go."""
        kept = [step for step in steps if not _leaves_rows(step)]
        return replace(self, steps=[*kept, *self.steps])

    def plus(self, classes: np.ndarray, offsets: np.ndarray) -> LinearForm:
        """With numbers added to the scores of the classes."""
        own = offsets[np.searchsorted(classes, self.classes)]
        return replace(self, intercept=self.intercept + own)

    def among(self, classes: np.ndarray) -> LinearForm:
        """With these classes alone to choose from."""
        kept = np.isin(self.classes, classes)
        return replace(
            self,
            classes=self.classes[kept],
            coef=self.coef[kept],
            intercept=self.intercept[kept],
        )

    def pipeline(self) -> Pipeline:
        """The pipeline, which shares no memory with the estimator."""
        last = LogisticRegression()
        last.classes_, last.n_features_in_ = self.classes.copy(), self.coef.shape[1]
        last.coef_ = np.array(self.coef, dtype=np.float64)
        last.intercept_ = np.array(self.intercept, dtype=np.float64)
        if len(self.classes) == 2:  # of which it has one row: the second's score
            last.coef_ = np.diff(last.coef_, axis=0)
            last.intercept_ = np.diff(last.intercept_)
        last.n_iter_ = np.zeros(1, dtype=np.int32)
        return make_pipeline(*deepcopy(list(self.steps)), last)


class LinearFormMixin:
    """A method ``to_sklearn``, for what writes ``_linear_form()``."""

    def _linear_form(self) -> LinearForm:
        """What the decision is; ``not_linear`` where it is none."""
        raise not_linear(self, "its decision is none")

    def to_sklearn(self) -> Pipeline:
        """A fitted pipeline of scikit-learn alone that predicts the same.

        There is one where scores are linear in preprocessed features. It holds nothing
        of this package, no training rows and no generator: it runs wherever
        scikit-learn does, and skl2onnx makes an ONNX file of it.

        Returns
        -------
        sklearn.pipeline.Pipeline
            Transformers, and a ``LogisticRegression`` that has not been trained, but
            been given its weights. The seen penalty is in its intercept. Its
            probabilities are those of the estimator, if that has any; classes that are
            never predicted are not in its ``classes_``. Names of columns are kept.

        Raises
        ------
        ValueError
            If the decision is not linear; the message says what makes it so.

        See Also
        --------
        save : Writes the estimator itself to a file.

        Notes
        -----
        Labels are the same but where two classes tie up to rounding: the pipeline works
        in the precision of its input, the estimator in its own.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn_gzsl import IncrementalLDA
        >>> X, y = load_digits(return_X_y=True)
        >>> clf = IncrementalLDA().fit(X, y)
        >>> pipeline = clf.to_sklearn()
        >>> pipeline
        Pipeline(steps=[('logisticregression', LogisticRegression())])
        >>> bool((pipeline.predict(X) == clf.predict(X)).all())
        True
        """
        check_is_fitted(self)  # type: ignore[arg-type]
        pipeline = self._linear_form().pipeline()
        if hasattr(self, "feature_names_in_"):
            _name_columns(pipeline, self.feature_names_in_)
        return pipeline


def linear_form(estimator: Any) -> LinearForm:
    """The linear form of a fitted estimator, of pipelines and scikit-learn's, too."""
    if isinstance(estimator, FrozenEstimator):
        return linear_form(estimator.estimator)
    if hasattr(estimator, "best_estimator_"):
        return linear_form(estimator.best_estimator_)
    if isinstance(estimator, Pipeline):
        *before, last = (step for _, step in estimator.steps)
        return linear_form(last).after(*before)
    if isinstance(estimator, LinearFormMixin):
        return estimator._linear_form()
    if type(estimator) not in _LINEAR or _is_one_versus_rest(estimator):
        raise not_linear(estimator, "it is not known to have linear scores")
    coef = estimator.coef_
    intercept = np.broadcast_to(estimator.intercept_, len(coef))
    if len(estimator.classes_) == 2:  # one row: the second's score, against 0
        coef, intercept = (np.concatenate([0 * of, of]) for of in (coef, intercept))
    return LinearForm(classes=estimator.classes_, coef=coef, intercept=intercept)


def union_of(forms: dict[str, LinearForm], weights: np.ndarray) -> LinearForm:
    """The weighted sum of centred scores; of forms that know the same classes."""
    parts: list[Any] = [
        (name, make_pipeline(*form.steps) if form.steps else "passthrough")
        for name, form in forms.items()
    ]
    coef, intercept = [], 0.0
    for form, weight in zip(forms.values(), weights, strict=True):
        coef.append(weight * (form.coef - form.coef.mean(axis=0)))
        intercept = intercept + weight * (form.intercept - form.intercept.mean())
    return LinearForm(
        classes=next(iter(forms.values())).classes,
        coef=np.hstack(coef),
        intercept=intercept,
        steps=[FeatureUnion(parts)],
    )


def projection(
    axes: np.ndarray, centre: np.ndarray, deviations: np.ndarray | None = None
) -> PCA:
    """A fitted transformer of rows x to ``(x - centre) @ axes / deviations``."""
    n_in, n_out = axes.shape
    pca = PCA(n_components=n_out, whiten=deviations is not None)
    pca.components_, pca.mean_ = axes.T, np.broadcast_to(centre, n_in)
    pca.explained_variance_ = (
        np.ones(n_out) if deviations is None else np.square(deviations)
    )
    pca.n_components_, pca.n_features_in_ = n_out, n_in
    return pca


def not_linear(estimator: Any, why: str) -> ValueError:
    """The error of ``to_sklearn`` where there is no linear form."""
    return ValueError(
        f"{type(estimator).__name__} is no linear pipeline of scikit-learn: {why}."
    )


def _name_columns(step, names):
    """Let what meets the rows first refuse a table with other columns."""
    if isinstance(step, Pipeline):
        _name_columns(step.steps[0][1], names)
    elif isinstance(step, FeatureUnion):
        for _, part in step.transformer_list:
            _name_columns(part, names)
    elif not isinstance(step, str):
        step.feature_names_in_ = names.copy()


def _leaves_rows(step):
    """Whether a step does nothing: GZSLClassifier has one without preprocessing."""
    if isinstance(step, FunctionTransformer):
        return step.func is None
    return step is None or isinstance(step, str)  # "passthrough"


def _is_one_versus_rest(classifier):
    """Whether each class has probabilities of its own, which are then normalised."""
    if not isinstance(classifier, LogisticRegression) or len(classifier.classes_) == 2:
        return False
    ovr = getattr(classifier, "multi_class", None) == "ovr"
    return ovr or classifier.solver == "liblinear"
