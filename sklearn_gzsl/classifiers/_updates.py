"""What a fitted GZSLClassifier learns later: new classes, and first rows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..attributes import check_class_attributes, extend_class_attributes
from ..utils import all_or_nothing, few, like, meant, path_inside, say
from ._adapting import takes_unlabelled
from ._moving_rows import MovingRowsMixin

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike


class UpdatesMixin(MovingRowsMixin):
    """Methods that teach the classifier more; the generator stays as it is."""

    def forget_rows(self) -> Self:
        """Drop all training rows: the estimator gets small, and can be given away.

        Predictions stay as they are, and the generator samples as before. What needs
        rows says from now on that it has none: ``partial_fit``, ``adapt``, and
        ``add_classes`` unless the classifier is a ``PrototypeClassifier`` or an
        ``IncrementalLDA``, only unseen classes have synthetic rows, and ``partial_fit``
        has added no real ones. A ``SoftmaxClassifier`` loses the state of its
        optimizer, too.

        Returns
        -------
        self : object

        See Also
        --------
        save : Writes it to a file.

        Notes
        -----
        What the parts learned from rows stays: means of classes, which are the row
        itself for a class of one row, weights, and all rows in classifiers that consist
        of them, such as nearest neighbours. With ``memory``, fits are kept on the disk.

        Examples
        --------
        >>> from sklearn_gzsl import GZSLClassifier
        >>> clf = GZSLClassifier(n_synthetic=5, seen_penalty=0.0, random_state=0)
        >>> X = [[0.0, 0.1], [0.1, 1.0], [0.9, 0.1], [1.0, 0.0], [0.0, 0.0]]
        >>> y = ["ape", "bat", "cat", "cat", "ape"]
        >>> animals = {"ape": [1, 1], "bat": [1, 2], "cat": [2, 1]}
        >>> clf = clf.fit(X, y, class_attributes=animals).forget_rows()
        >>> clf.add_classes({"unicorn": [2, 2]}).classes_.tolist()
        ['ape', 'bat', 'cat', 'unicorn']
        >>> clf.partial_fit([[0.9, 0.9]], ["unicorn"])
        Traceback (most recent call last):
        ValueError: partial_fit trains the classifier anew on all rows, which ...
        """
        check_is_fitted(self)
        rows = self._training_rows(self.classifier_)
        # Otherwise real rows move synthetic ones, or are learned from together.
        few_shot = np.isin(self._labels, self.unseen_classes_).any()
        apart = self.synthesize == "unseen" and not few_shot
        self._draws_alone = apart and hasattr(self.classifier_, "_learn_drawn")
        keeps = self._draws_alone and hasattr(self.classifier_, "_keep_real")
        if keeps and len(self._rows):
            # Of rows apart, as these may draw.
            self.classifier_._keep_real(
                *self._training_rows(self.classifier_).real_rows()
            )
        # After the draws that choose real rows: those to come are the same.
        self._seeds = rows.seeds
        self._rows, self._labels = rows.X[:0].copy(), rows.y[:0].copy()
        for part in (self.classifier_, self.adapter_):
            learner = path_inside(part, "forget_rows")[-1]
            if hasattr(learner, "forget_rows"):
                learner.forget_rows()
        return self

    @all_or_nothing
    def add_classes(self, class_attributes: ClassAttributesLike) -> Self:
        """Make further unseen classes known, from their descriptions alone.

        Synthetic rows are drawn for them, and the classifier is trained anew on all
        rows. Preprocessor and generator stay as they are, and so do the settings that
        the classifier chose in ``fit``: with a generator that does not learn from
        unseen descriptions, the outcome is exactly that of a ``fit`` which had all of
        them from the start.

        Parameters
        ----------
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions of the new classes alone, with the columns of those in
            ``fit``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a class is known already (the message lists them), if labels or
            descriptions are not like those of ``fit``, or if rows are needed that
            ``forget_rows`` has dropped.

        See Also
        --------
        partial_fit : Adds rows.

        Examples
        --------
        >>> from sklearn_gzsl import GaussianGenerator, GZSLClassifier
        >>> clf = GZSLClassifier(GaussianGenerator(), n_synthetic=5, random_state=0)
        >>> X = [[0.0, 0.1], [0.1, 1.0], [0.9, 0.1], [1.0, 0.0], [0.0, 0.0]]
        >>> y = ["ape", "bat", "cat", "cat", "ape"]
        >>> animals = {"ape": [1, 1], "bat": [1, 2], "cat": [2, 1]}
        >>> clf.fit(X, y, class_attributes=animals).classes_.tolist()
        ['ape', 'bat', 'cat']
        >>> clf.add_classes({"unicorn": [2, 2]}).classes_.tolist()
        ['ape', 'bat', 'cat', 'unicorn']
        """
        check_is_fitted(self)
        self._validate_params()
        drawn_alone = not len(self._rows) and self._draws_alone
        if not drawn_alone:
            self._check_rows("add_classes")
        # Labels of new classes alone: there is no y to hold them against.
        new = check_class_attributes(class_attributes)
        say(f"adding {len(new.labels)} classes")
        self._describe(extend_class_attributes(self.class_attributes_, new))
        if drawn_alone:
            self._fit_drawn()
            return self
        return self._fit_again()

    @all_or_nothing
    @takes_unlabelled
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        class_attributes: ClassAttributesLike | None = None,
    ) -> Self:
        """Add real rows to the classifier's training: few-shot learning.

        Meant for a few rows of unseen classes; rows of seen ones may come too. The
        classifier is trained anew on all rows of all calls; preprocessor, generator and
        the settings that the classifier chose in ``fit`` stay as they are. The
        synthetic rows of an unseen class with real rows are moved towards these, the
        farther the more real rows there are and the worse its description predicts
        them. It remains one of ``unseen_classes_``.

        Before ``fit``, this is ``fit``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.
        y : array-like of shape (n_samples,)
            Their labels, which have descriptions in ``fit`` or ``add_classes``.
        classes : ignored
            Other classifiers with this method demand the labels that will come; here
            they are those described.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            As for ``fit``, in the first call only.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a label has no description (the message lists them), if
            ``class_attributes`` is given to an estimator that is fitted already, after
            ``forget_rows``, or if X or y are not valid.

        See Also
        --------
        add_classes : Adds descriptions.

        Notes
        -----
        The squared distance d of the means of a class's k real and of its synthetic
        rows is in part noise, v = spread / k with the synthetic rows' total variance,
        and in part an error of the description, e = max(d - v, 0). Synthetic rows move
        e / (e + 3 v) of the way.

        Examples
        --------
        >>> from sklearn_gzsl import GaussianGenerator, GZSLClassifier
        >>> clf = GZSLClassifier(GaussianGenerator(), n_synthetic=5, random_state=0)
        >>> X = [[0.0, 0.1], [0.1, 1.0], [0.9, 0.1], [1.0, 0.0], [0.0, 0.0]]
        >>> y = ["ape", "bat", "cat", "cat", "ape"]
        >>> animals = {"ape": [1, 1], "bat": [1, 2], "cat": [2, 1], "emu": [2, 2]}
        >>> clf = clf.fit(X, y, class_attributes=animals)
        >>> clf.partial_fit([[0.9, 0.9]], ["emu"]).unseen_classes_.tolist()
        ['emu']
        """
        # As scikit-learn's incremental learners: a first call trains.
        if not hasattr(self, "classifier_"):
            return self.fit(X, y, class_attributes=class_attributes)
        if class_attributes is not None:
            raise ValueError(
                "class_attributes was given to partial_fit, but this estimator is "
                "fitted already; describe new classes with add_classes."
            )
        self._validate_params()
        self._check_rows("partial_fit")
        X, y = self._validate(X, y, reset=False)
        # Python's own types: numpy compares numbers with strings in its own way.
        known = set(self.classes_.tolist())
        unknown = [label for label in y.tolist() if label not in known]
        if unknown:
            raise ValueError(
                f"y holds {few(unknown)}, which have no description; describe them "
                "with add_classes first." + meant(unknown, known)
            )
        # New arrays: if what follows fails, all_or_nothing puts the old ones back.
        self._rows = np.concatenate([self._rows, self._preprocess(X)])
        self._labels = np.concatenate([self._labels, like(y, self.classes_)])
        say(f"adding {len(X)} rows")
        return self._fit_again()
