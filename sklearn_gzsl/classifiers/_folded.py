"""What classifiers share that are wrapped around one, and try it on folds."""

from copy import deepcopy

import numpy as np
from sklearn import get_config
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from ..model_selection import GZSLKFold
from ._wrapping import WrapperMixin, path_to_descriptions


class FoldedMixin(WrapperMixin):
    """For classifiers with ``estimator`` and ``cv``, and ``estimator_`` after fit.

    Parameters
    ----------
    estimator : classifier
        A classifier with ``seen_classes_`` after ``fit``: ``GZSLClassifier``, or a
        pipeline or search that ends in one. One in a ``FrozenEstimator`` is taken as it
        is; ``fit`` then gets rows that it has not met, of seen and of unseen classes.

    n_jobs : int, default=None
        Folds to train at the same time.

    random_state : int, RandomState instance or None, default=None
        Draws the folds if ``cv`` is None or a number; without it ``GZSLKFold`` does not
        shuffle, and others are drawn each time, whatever ``np.random.seed`` was given.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator.
    """

    def _route(self, params):
        """Arguments of the estimator's fit, and of the splitter's split."""
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **params)
            return dict(routed.estimator.fit), routed.splitter.split
        if "class_attributes" in params:
            name = path_to_descriptions(self.estimator)
            params[name] = params.pop("class_attributes")
        # Without routing, groups can only be meant for the splitter.
        groups = {"groups": params.pop("groups")} if "groups" in params else {}
        return params, groups

    def _wrapped(self, *, fitted=False):
        if fitted:
            return [self.estimator_]
        # Unfitted, the given one tells which methods there will be.
        return [getattr(self, "estimator_", self.estimator)]

    def _update(self, method, *args, **kwargs):
        getattr(self._own(), method)(*args, **kwargs)
        return self

    def _own(self):  # what the user has fitted stays as it is
        if self.estimator_ is self.estimator:
            self.estimator_ = deepcopy(self.estimator)
        return self.estimator_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimator_")

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which arguments of ``fit`` go to the estimator and to the splitter.

        Returns
        -------
        MetadataRouter
        """
        fit = MethodMapping().add(caller="fit", callee="fit")
        split = MethodMapping().add(caller="fit", callee="split")
        # A splitter like that of fit: all of ours ask for the same.
        cv = GZSLKFold() if self.cv is None or np.isscalar(self.cv) else self.cv
        router = MetadataRouter(owner=self.__class__.__name__)
        router.add(estimator=self.estimator, method_mapping=fit)
        return router.add(splitter=cv, method_mapping=split)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # So that scikit-learn's checks know what the estimator inside takes.
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
