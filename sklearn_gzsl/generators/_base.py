"""The protocol of generators."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import (
    BaseEstimator,
    OneToOneFeatureMixin,
    TransformerMixin,
)
from sklearn.utils import check_array, check_scalar
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import StrOptions, _fit_context
from ..attributes import UnitsMixin, check_class_attributes
from ..persistence import SavingMixin
from ..training import draw_seed, sheltered
from ..utils import (
    DeclaredParameters,
    all_or_nothing,
    exact,
    naming_sizes,
    validate_data,
    validate_rows,
    warn_of_lost_digits,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike
    from ..utils._typing import RandomState


class BaseGenerator(
    DeclaredParameters,
    UnitsMixin,
    SavingMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    BaseEstimator,
    metaclass=ABCMeta,
):
    """Base class of generators: a transformer that can also sample.

    A generator learns p(x | a), the distribution of the features x of a class
    given its description a, from seen classes, and draws features for any
    description. A subclass writes ``_fit(X, y, A, unseen)`` and
    ``_sample(A, n_samples, seed)``, and ``_features(X)`` if it samples in a space other
    than that of X. Its parameters are annotated class attributes:
    :doc:`/new_generator` shows it from beginning to end.

    Descriptions are divided by one number, the mean norm of the seen classes' rows,
    so that learning rates and ridges mean the same for attributes and embeddings;
    before that, ``attribute_scaling`` sees to columns in different units.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Seed of all that is random in ``fit`` and ``sample``.

    attribute_scaling : {"auto", "standard"} or None, default="auto"
        What is done about columns of descriptions in different units, of which the
        largest would drown the others. "standard" subtracts the mean of the seen
        classes' rows from each column and divides it by their standard deviation, or by
        1 if it is constant there. "auto" does so where a few columns make up the length
        of these rows: where of the largest absolute values of all columns the root mean
        square is more than 4 times that which 40 % of the columns do not exceed,
        constant ones aside; attributes in one unit, embeddings, and a single column,
        which has nothing to compare with, it leaves as they are. None always does.

    Attributes
    ----------
    classes_ : ndarray of shape (n_seen,)
        Sorted labels of the classes fitted on.
    attribute_scale_ : float
        The number that descriptions are divided by; standardised ones, if they are.
    attribute_scaling_ : "standard" or None
        What was done to the columns.
    attribute_location_, attribute_spread_ : ndarray of shape (n_attributes,) or None
        What was subtracted from them, and what they were divided by; None if nothing.
    n_attributes_in_ : int
        Length of a description.

    See Also
    --------
    sklearn_gzsl.GZSLClassifier : Trains a classifier on what generators draw.
    """

    random_state: RandomState = None
    attribute_scaling: str | None = "auto"

    _parameter_constraints = {
        "random_state": ["random_state"],
        "attribute_scaling": [StrOptions({"auto", "standard"}), None],
    }

    # Routed to by default: a generator without descriptions is rarely what is wanted.
    __metadata_request__fit = {"class_attributes": True}

    @abstractmethod
    def _fit(self, X, y, A, unseen):
        """Learn from rows X and their classes y, which have the descriptions A.

        ``unseen`` holds the rows of described classes without rows in X; most
        generators have no use for them.
        """

    @abstractmethod
    def _sample(self, A, n_samples, seed) -> np.ndarray:
        """Draw n_samples rows for each row of A: (len(A) * n_samples, d) float32."""

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=True)
    @sheltered()
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        class_attributes: ClassAttributesLike | None = None,
    ) -> Self:
        """Learn p(features | description) from rows of the seen classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features; cast to float32.
        y : array-like of shape (n_samples,)
            Labels of the rows.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            A description for each class in ``y``, and for any other class. By
            default one-hot rows of the classes in ``y``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a label has no description, or X or y are not valid.
        """
        X, y = validate_rows(self, X, y, dtype=exact(X))
        if X.dtype != np.float32:  # as those of a GZSLClassifier are
            warn_of_lost_digits(X)
            X = check_array(X, dtype=np.float32, estimator=self, input_name="X")
        attributes = check_class_attributes(class_attributes, y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        # Unseen classes, too: some methods learn from their descriptions.
        A = self._table(attributes, reset=True)
        self.n_attributes_in_ = A.shape[1]
        seen = attributes.positions(self.classes_)
        self._learn_units(A[seen])
        A = self._in_one_unit(A)
        self._learn_scale(A[seen])
        A = A / self._column_scale
        # What ``score_samples`` goes by where it is told of no classes.
        self._seen_rows = A[seen]
        self._fit(X, codes, self._seen_rows, np.delete(A, seen, axis=0))
        return self

    def _table(self, attributes, *, reset=False):
        """Descriptions as one table, as wide as in fit unless ``reset``."""
        A = attributes.values
        if not reset and A.shape[1] != self.n_attributes_in_:
            raise ValueError(
                f"class_attributes has {A.shape[1]} columns, but "
                f"{type(self).__name__} was fitted with {self.n_attributes_in_}; "
                "describe the classes in the same way as in fit."
            )
        return A

    def _learn_scale(self, A):
        # One number, not one for each column: angles and distances stay as they are.
        # Zero rows alone have nothing to scale.
        self.attribute_scale_ = float(np.linalg.norm(A, axis=1).mean()) or 1.0
        self._column_scale = np.float32(self.attribute_scale_)

    @sheltered()
    def sample(
        self,
        class_attributes: ClassAttributesLike,
        n_samples: int = 1,
        *,
        random_state: RandomState = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw features for each described class, whether seen in fit or not.

        Parameters
        ----------
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions of the classes to draw.
        n_samples : int, default=1
            Number of rows for each class.
        random_state : int, RandomState instance or None, default=None
            Seed of the draw; by default the generator's own ``random_state``.

        Returns
        -------
        X : ndarray of shape (n_classes * n_samples, n_features_out), float32
            Synthetic features, class by class, in the space of ``transform``.
        y : ndarray of shape (n_classes * n_samples,)
            Their labels.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        labels, A = self._described(class_attributes)
        # An int draws the same rows in every call; ``random_state`` here draws others.
        seed = draw_seed(self.random_state if random_state is None else random_state)
        with naming_sizes({"n_samples": int(n_samples), "n_classes": len(A)}):
            y = np.repeat(labels, n_samples)
            return self._sample(A, int(n_samples), seed), y

    @sheltered()
    def transform(self, X: ArrayLike) -> np.ndarray:
        """Map real features to the space that ``sample`` draws in: here unchanged.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), float32
        """
        check_is_fitted(self)
        return self._features(validate_data(self, X, dtype=np.float32, reset=False))

    @sheltered()
    def training_features(
        self, X: ArrayLike, *, random_state: RandomState = None
    ) -> np.ndarray:
        """Features of real rows from which a classifier is to learn.

        Those of ``transform`` for most generators. One with latent features that are
        distributions draws from them here, and gives their means in ``transform``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        random_state : int, RandomState instance or None, default=None
            Seed of the draw; by default the generator's own ``random_state``.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), float32
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self._training_features(X, random_state)

    def _features(self, X):
        """Real rows in the space that ``sample`` draws in."""
        return X

    def _training_features(self, X, random_state):
        """The same, drawn where they are distributions."""
        return self._features(X)

    def _described(self, class_attributes):
        """Labels and scaled rows of descriptions as long as those in fit."""
        attributes = check_class_attributes(class_attributes)
        A = self._in_one_unit(self._table(attributes))
        return attributes.labels, A / self._column_scale

    def _rows(self, class_attributes):
        """Scaled rows of the described classes; of the seen ones by default."""
        if class_attributes is None:
            return self._seen_rows
        return self._described(class_attributes)[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        # Float32 comes out, whatever goes in.
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class DensityMixin:
    """For generators that know their density: ``_log_density(X, A)``."""

    @sheltered()
    def score_samples(
        self, X: ArrayLike, class_attributes: ClassAttributesLike | None = None
    ) -> np.ndarray:
        """Exact log-density of each row under each described class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of the classes; the seen classes in the order of ``classes_``
            by default.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            log p(x | a), in nats.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        return self._log_density(X, self._rows(class_attributes))
