"""What classifiers share that are wrapped around others."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import available_if
from ..metrics._response import find_model
from ..utils import learner_inside, warn
from ._adapting import AdaptMixin, can_adapt, takes_unlabelled
from ._parts import block_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike


def path_to_descriptions(estimator):
    """What the fit of an estimator calls the class attributes, without routing."""
    return learner_inside(estimator)[1] + "class_attributes"


def check_tells_seen(estimator, name):
    """Refuse a classifier of scikit-learn, which knows only classes with rows."""
    learner, _ = learner_inside(estimator)
    parameters = signature(learner.fit).parameters.values()
    told = any(
        p.name == "class_attributes" or p.kind == p.VAR_KEYWORD for p in parameters
    )
    if not told and type(learner).__module__.startswith("sklearn."):
        raise TypeError(
            f"{name}: {learner!r} takes no class_attributes and has no seen_classes_, "
            "so it cannot recognise classes without rows. Give GZSLClassifier, "
            "PrototypeClassifier or another classifier of this package, or a pipeline "
            "or search that ends in one; an ordinary classifier goes inside, as in "
            f"GZSLClassifier(classifier={type(learner).__name__}())."
        )


def warn_of_rejecting(estimator, wrapper):
    """Warn where rows that are rejected inside of a wrapper get a class after all."""
    learner, _ = learner_inside(estimator)
    if hasattr(learner, "reject_label"):
        warn(
            f"{type(wrapper).__name__} gives each row a class, also those that the "
            f"{type(learner).__name__} inside of it rejects; put that one around: "
            f"RejectingClassifier({type(wrapper).__name__}(...))."
        )


def _have(method):
    """Whether all that is wrapped has a method, which is passed on to it."""
    return lambda self: self._has(method)


class WrapperMixin(AdaptMixin):
    """Classes and features as the wrapped estimators know them, and later learning.

    A subclass writes ``_wrapped()``, the estimators, fitted if they are, and
    ``_update(method, ...)``, which calls a method of the fitted ones and returns self.

    Attributes
    ----------
    n_features_in_ : int
        Number of features, if an estimator inside tells.
    feature_names_in_ : ndarray of str
        Names of the features, if an estimator inside tells.
    """

    _wrapped_names = ("estimator",)

    def _sk_visual_block_(self):
        """What notebooks show: the estimators inside, fitted if they are."""
        return block_of("parallel", self._wrapped_names, self._wrapped())

    @property
    def classes_(self) -> np.ndarray:
        return find_model(self._wrapped(fitted=True)[0]).classes_

    @property
    def seen_classes_(self) -> np.ndarray:
        return find_model(self._wrapped(fitted=True)[0]).seen_classes_

    @property
    def unseen_classes_(self) -> np.ndarray:
        # Not the model's own attribute: other classifiers need not have it.
        return np.setdiff1d(self.classes_, self.seen_classes_)

    @property
    def n_features_in_(self) -> int:
        return self._told("n_features_in_")

    @property
    def feature_names_in_(self) -> np.ndarray:
        return self._told("feature_names_in_")

    def _told(self, attribute):
        """From the first estimator that tells."""
        for estimator in self._wrapped(fitted=True):
            if hasattr(estimator, attribute):
                return getattr(estimator, attribute)
        raise AttributeError(f"Nothing in {type(self).__name__} has {attribute}.")

    def _has(self, method):
        return all(hasattr(estimator, method) for estimator in self._wrapped())

    @property
    def adaptation_(self) -> np.ndarray:
        models = [find_model(e) for e in self._wrapped(fitted=True)]
        none = np.zeros(len(self.classes_))
        return np.mean([getattr(m, "adaptation_", none) for m in models], axis=0)

    @property
    def n_unlabelled_(self) -> int:
        return getattr(find_model(self._wrapped(fitted=True)[0]), "n_unlabelled_", 0)

    @property
    def unlabelled_counts_(self) -> np.ndarray:
        models = [find_model(e) for e in self._wrapped(fitted=True)]
        none = np.zeros(len(self.unseen_classes_))
        return np.mean([getattr(m, "unlabelled_counts_", none) for m in models], axis=0)

    @property
    def _known_attributes(self):  # for takes_unlabelled
        if self.__sklearn_is_fitted__():
            return find_model(self._wrapped(fitted=True)[0]).class_attributes_
        # What was fitted before; others know only what this fit will tell them.
        prefit = getattr(self, "cv", None) == "prefit"
        for estimator in self._wrapped():
            if prefit or isinstance(estimator, FrozenEstimator):
                return getattr(find_model(estimator), "class_attributes_", None)
        return None

    @property
    def _adapts(self):
        return all(map(can_adapt, self._wrapped(fitted=True)))

    @available_if(_have("add_classes"))
    def add_classes(self, class_attributes: ClassAttributesLike) -> Self:
        """Make further unseen classes known to all that is wrapped.

        What ``fit`` has chosen, a penalty or scales, stays.

        Parameters
        ----------
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions of the new classes, as for ``GZSLClassifier.add_classes``.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        return self._update("add_classes", class_attributes)

    def forget_rows(self) -> Self:
        """Drop the training rows of all that is wrapped.

        As ``GZSLClassifier.forget_rows`` does, also of estimators that were fitted
        before, which are not copied.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        for model in map(find_model, self._wrapped(fitted=True)):
            if hasattr(model, "forget_rows"):
                model.forget_rows()
        return self

    @available_if(_have("partial_fit"))
    @takes_unlabelled
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        class_attributes: ClassAttributesLike | None = None,
    ) -> Self:
        """Add real rows to the training of all that is wrapped.

        What ``fit`` has chosen, a penalty or scales, stays. Before ``fit``, this is
        ``fit``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.
        y : array-like of shape (n_samples,)
            Labels that have a description.
        classes : ignored
            Other classifiers with this method demand the labels that will come; here
            they are those described.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            As for ``fit``, in the first call only.

        Returns
        -------
        self : object
        """
        # Not check_is_fitted: with cv="prefit" what is wrapped is fitted before.
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y, class_attributes=class_attributes)
        given = (
            # Left out rather than None: a wrapped pipeline may know no such argument.
            {} if class_attributes is None else {"class_attributes": class_attributes}
        )
        return self._update("partial_fit", X, y, **given)
