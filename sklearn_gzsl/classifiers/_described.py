"""Which classes a classifier without generator knows: of y, and those described."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..attributes import check_class_attributes, extend_class_attributes
from ..utils import InheritedDocs, all_or_nothing, like

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike


class DescribedClassesMixin(InheritedDocs):
    """Classes with rows and classes without, of which further ones may come.

    A subclass writes ``_describe(attributes)``, which calls ``_set_classes`` and learns
    what scores need of each class from its description.

    Attributes
    ----------
    class_attributes_ : ClassAttributes of shape (n_classes, n_attributes)
        Of seen and unseen classes.
    """

    def _set_classes(self, attributes):
        """Set all that is known of the classes; the seen ones are set already."""
        described = like(attributes.labels, self.seen_classes_)
        self.unseen_classes_ = np.setdiff1d(described, self.seen_classes_)
        self.classes_ = np.union1d(self.seen_classes_, self.unseen_classes_)
        self.class_attributes_ = attributes.subset(self.classes_)

    @all_or_nothing
    def add_classes(self, class_attributes: ClassAttributesLike) -> Self:
        """Make further unseen classes known, from their descriptions alone.

        Parameters
        ----------
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions of the new classes alone, with the columns of those in
            ``fit``.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        self._validate_params()
        new = check_class_attributes(class_attributes)
        self._describe(extend_class_attributes(self.class_attributes_, new))
        return self
