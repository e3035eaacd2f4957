"""What classifiers that score a row and a description together share."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import Normalizer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import StrOptions, _fit_context
from ..attributes import UnitsMixin, varying
from ..classifiers._described import DescribedClassesMixin
from ..classifiers._prediction import PredictionMixin
from ..classifiers._wrapped import check_described
from ..persistence import LinearForm, not_linear
from ..utils import (
    DeclaredParameters,
    all_or_nothing,
    few,
    mean_rows,
    one_thread,
    unit_rows,
    validate_data,
    validate_rows,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike


class CosineMixin:
    """Scores that are cosines of rows with what ``_of_classes`` makes, times a number.

    They are logarithms of probabilities, but for a constant.
    """

    def _compatibility(self, Z, columns):
        return unit_rows(Z) @ columns

    def _linear_scores(self):
        return self._products(self._columns, steps=[Normalizer()])

    def _has(self, _method):  # for PredictionMixin
        return True


class CompatibilityClassifier(
    DeclaredParameters,
    UnitsMixin,
    DescribedClassesMixin,
    PredictionMixin,
    ClassifierMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base class of classifiers that score rows by descriptions, without generator.

    They learn from rows of seen classes how well a row and a description go together;
    a class without rows is scored by its description alone. A subclass writes
    ``_learn(Z, codes, A)``, ``_of_classes(A)`` and ``_compatibility(Z, columns)``; rows
    and descriptions come to them normalised. Where the last one is linear in rows, but
    not the default, ``_linear_scores()`` says so to ``to_sklearn``.

    Parameters
    ----------
    normalisation : {"centred", "unit", "standard"} or None, default="centred"
        What is done to rows: "centred" subtracts the mean of the class means and brings
        them to length 1, "unit" only brings them to length 1, "standard" standardises
        their columns, and None leaves them as they are. Descriptions are brought to
        length 1, with "centred" after the mean of those of the seen classes is
        subtracted.

    See Also
    --------
    CalibratedStackingCV : Chooses the balance of seen and unseen classes, without which
        hardly a row goes to an unseen class.
    PrototypeClassifier : More accurate, and as quick.
    """

    normalisation: str | None = "centred"
    attribute_scaling: str | None = "auto"

    _parameter_constraints = {
        "normalisation": [StrOptions({"centred", "unit", "standard"}), None],
        "attribute_scaling": [StrOptions({"auto", "standard"}), None],
    }

    __metadata_request__fit = dict.fromkeys(("class_attributes", "seen_classes"), True)

    @abstractmethod
    def _learn(self, Z, codes, A):
        """Learn from rows Z of classes codes, whose descriptions are the rows of A."""

    @abstractmethod
    def _of_classes(self, A):
        """What scores need of classes with the descriptions A: computed once."""

    def _compatibility(self, Z, columns):
        """Scores of the rows, (len(Z), n_classes)."""
        return Z @ columns

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        class_attributes: ClassAttributesLike | None = None,
        *,
        seen_classes: ArrayLike | None = None,
    ) -> Self:
        """Learn from rows of seen classes how well rows and descriptions go together.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of seen classes; within ``GZSLClassifier``, synthetic ones of unseen
            classes, too.
        y : array-like of shape (n_samples,)
            Their labels, of two classes at least.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of seen and unseen classes, as for ``GZSLClassifier``. Without
            any, this is an ordinary classifier of the classes in ``y``.
        seen_classes : array-like of shape (n_seen,), optional
            Classes in ``y`` whose rows are real; by default all of them.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a label has no description, if there are several sources of descriptions,
            if y has one class alone or none that is seen, or if X or y are not valid.
        """
        X, y = validate_rows(self, X, y, dtype=np.float64)
        attributes = check_described(class_attributes, y)
        present, codes = np.unique(y, return_inverse=True)
        if len(present) < 2:
            raise ValueError(
                f"y has rows of one class, {few(present)}, alone; give rows of at "
                "least two, as what tells classes apart is learned from these."
            )
        self._is_seen = np.ones(len(present), dtype=bool)
        if seen_classes is not None:
            self._is_seen = np.isin(present, seen_classes)
        if not self._is_seen.any():
            raise ValueError(
                "seen_classes has no class of y; name those whose rows are real."
            )
        self.seen_classes_ = present[self._is_seen]
        A = attributes.take(present).astype(np.float64)
        self._learn_units(A)
        self._learn_spaces(X, codes, self._in_one_unit(A))
        with one_thread():
            self._learn(self._rows(X), codes, self._descriptions(A))
        self._describe(attributes)
        return self

    def _learn_spaces(self, X, codes, A):
        """Learn what is subtracted from rows and descriptions, and divides rows."""
        # A number counts as it is at the fit, whatever set_params does later.
        self._unit_rows = self.normalisation in ("centred", "unit")
        self._row_centre, self._row_spread, self._attribute_centre = 0.0, 1.0, 0.0
        if self.normalisation == "centred":
            self._row_centre = mean_rows(X, codes, len(A)).mean(axis=0)
            self._attribute_centre = A.mean(axis=0)
        elif self.normalisation == "standard":
            self._row_centre = X.mean(axis=0)
            self._row_spread = np.where(varying(X), X.std(axis=0), 1.0)

    def _rows(self, X):
        X = (X - self._row_centre) / self._row_spread
        return unit_rows(X) if self._unit_rows else X

    def _descriptions(self, A):
        return unit_rows(self._in_one_unit(A) - self._attribute_centre)

    def _describe(self, attributes):
        self._set_classes(attributes)
        A = self.class_attributes_.values.astype(np.float64)
        self._columns = self._of_classes(self._descriptions(A))

    def _has(self, _method):  # for PredictionMixin
        return False  # scores of a regression are no probabilities

    def _linear_scores(self):
        """``_compatibility``, as a LinearForm; an error if it is not linear."""
        # Who overrides that says here what it is.
        if type(self)._compatibility is not CompatibilityClassifier._compatibility:
            raise not_linear(self, "its scores are no products of rows")
        return self._products(self._columns)

    def _products(self, columns, intercept=0.0, steps=()):
        """The LinearForm of ``Z @ columns + intercept`` behind further steps."""
        intercept = np.broadcast_to(intercept, len(self.classes_))
        form = LinearForm(classes=self.classes_, coef=columns.T, intercept=intercept)
        return form.after(*steps)

    def _linear_form(self):
        scaler = StandardScaler()
        scaler.n_features_in_ = self.n_features_in_
        scaler.mean_ = np.broadcast_to(self._row_centre, self.n_features_in_)
        scaler.scale_ = np.broadcast_to(self._row_spread, self.n_features_in_)
        steps = [scaler, Normalizer()] if self._unit_rows else [scaler]
        return self._linear_scores().after(*steps)

    def _scores(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self._compatibility(self._rows(X), self._columns)
