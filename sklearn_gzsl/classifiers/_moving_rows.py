"""How GZSLClassifier adapts: its classifier does, or synthetic rows move for it."""

from __future__ import annotations

from copy import copy, deepcopy

import numpy as np
from sklearn.frozen import FrozenEstimator

from ..synthesis import TrainingRows, train, train_drawn
from ..utils import adapt, path_inside, say, unchanged_if_it_fails, warn
from ._adaptation import set_apart
from ._adapting import AdaptMixin, strangers_together, turns, warn_if_useless
from ._parts import chosen_settings
from ._prototypes import PrototypeClassifier


class RowFinder(PrototypeClassifier):
    """Finds classes in rows without labels; predicts nothing, so a twin is enough."""

    _twin_alone = True


class MovingRowsMixin(AdaptMixin):
    """``adapt`` of GZSLClassifier, and the training of its classifier.

    A classifier with ``adapt`` learns from rows without labels itself. For any other,
    ``adapter_`` finds the classes in them; the synthetic rows move there, and the
    classifier is trained on them once, at the end.

    Attributes
    ----------
    adapter_ : PrototypeClassifier or None
        Tells the classes of rows without labels; fitted when it is first needed.
    adaptation_ : ndarray of shape (n_classes,)
        How far each class has moved towards rows without labels, from 0 to 1.
    """

    adapter_: PrototypeClassifier | None

    @property
    def adaptation_(self) -> np.ndarray:
        known = getattr(self._adapting, "adaptation_", None)
        return np.zeros(len(self.classes_)) if known is None else known

    @property
    def n_unlabelled_(self) -> int:
        return getattr(self._adapting, "n_unlabelled_", 0)

    @property
    def unlabelled_counts_(self) -> np.ndarray:
        counts = getattr(self._adapting, "unlabelled_counts_", None)
        return np.zeros(len(self.unseen_classes_)) if counts is None else counts

    @property
    def _head(self):
        """What the classifier is in the end, inside of pipelines and searches."""
        return path_inside(self.classifier_, "adapt")[-1]

    @property
    def _adapting(self):
        """What knows of rows without labels: the classifier, or what moves its rows."""
        return self._head if hasattr(self._head, "adapt") else self.adapter_

    @property
    def _moves_rows(self):
        """Whether synthetic rows can move for a classifier that does not itself."""
        if hasattr(self._head, "adapt") or not len(self.unseen_classes_):
            return False
        if isinstance(self.classifier_, FrozenEstimator) or not len(self._rows):
            return False
        labels = self._labels[np.isin(self._labels, self.seen_classes_)]
        _, codes = np.unique(labels, return_inverse=True)
        share = self._part("adapter").calibration_size
        one_table = len(self.class_attributes_.sources) == 1
        return one_table and bool(set_apart(codes, share).any())

    @property
    def _adapts(self):
        return getattr(self._head, "_adapts", False) or self._moves_rows

    def _adapt(self, X, reset):
        useless = X is not None and self._is_auto
        if useless and warn_if_useless(self._adapted):
            for rows in turns(X, len(self.unseen_classes_)):
                self._preprocess(self._validate(rows, reset=False))  # or an error
            X = None
        if X is None and not reset:
            return
        if not hasattr(self._head, "adapt"):
            self._move_rows(X, reset)
            return
        head = self._head
        # In place, as it may be deep inside; nothing comes after it that could fail.
        with unchanged_if_it_fails(head), strangers_together():
            if reset:
                adapt(self.classifier_, None, reset=True)
            for rows in self._feature_turns(X):
                adapt(self.classifier_, rows)

    def _move_rows(self, X, reset):
        if X is None and self.adapter_ is None:
            return
        if isinstance(self.classifier_, FrozenEstimator):
            raise ValueError(  # noqa: TRY004 - no argument of adapt
                f"{self.classifier_!r} is frozen, so it cannot learn from rows that "
                "move towards those without labels; give it unfrozen."
            )
        self._check_rows("adapt")
        adapter = self._fitted_adapter() if self.adapter_ is None else self.adapter_
        adapter = copy(adapter)
        if reset:
            adapter.adapt(reset=True)
        with strangers_together():
            for rows in self._feature_turns(X):
                adapter.adapt(rows)
                del rows  # not to be held while the classifier is trained
        self.adapter_ = adapter
        self._fit_classifier(before=self.classifier_)

    def _feature_turns(self, X):
        """Features of the rows, of many in turns: they are never all held at once."""
        if X is None:
            return
        for rows in turns(X, len(self.unseen_classes_)):
            features = self._transform(rows)
            say(f"adapting to {len(features)} rows without labels")
            yield features

    def _fitted_adapter(self):
        """What finds classes in rows, with the settings of the one before it."""
        adapter = RowFinder(**self._part("adapter").get_params(deep=False))
        adapter.set_params(**chosen_settings(adapter, self.adapter_))
        say("fitting the adapter")
        features = np.asarray(self.generator_.transform(self._rows))
        return adapter.fit(
            features,
            self._labels,
            class_attributes=self.class_attributes_,
            seen_classes=self.seen_classes_,
            synthetic=np.zeros(len(features), dtype=bool),
        )

    def _fit_classifier(self, before=None):
        """Train the classifier anew, on the rows and classes that are known by now."""
        classifier = self._checked_classifier(before)
        rows = self._training_rows(classifier)
        self._n_features_out = rows.n_features
        self._unseen_alone = self.candidate_classes == "unseen"
        self.classifier_ = train(
            classifier,
            rows,
            memory_limit=self.memory_limit,
        )

    def _fit_drawn(self):
        """Let a copy of the classifier learn the synthetic rows, and these alone."""
        self.classifier_ = train_drawn(
            deepcopy(self.classifier_),
            self._training_rows(self.classifier_),
            memory_limit=self.memory_limit,
        )

    def _training_rows(self, classifier):
        """What the classifier learns from; its seeds may be drawn from."""
        return TrainingRows(
            generator=self.generator_,
            X=self._rows,
            y=self._labels,
            attributes=self.class_attributes_,
            seen=self.seen_classes_,
            unseen=self.unseen_classes_,
            n_synthetic=self.n_synthetic_,
            # A copy: the classifier depends on which classes and rows are known, and
            # not on the order in which they came.
            seeds=deepcopy(self._seeds),
            n_real=self.n_real if len(self._rows) else None,
            synthesize=self.synthesize,
            candidate_classes=self._taught(classifier),
            found={} if self.adapter_ is None else self.adapter_.found(),
        )

    def _check_rows(self, method):
        """Refuse what trains the classifier anew once ``forget_rows`` was called."""
        if not len(self._rows):
            raise ValueError(
                f"{method} trains the classifier anew on all rows, which forget_rows "
                "has dropped. Call fit again, or keep a copy that has its rows."
            )

    def _fit_again(self):
        """Train the classifier anew, which then knows the same rows without labels."""
        before, known = self._adapting, self.n_unlabelled_
        if self.adapter_ is not None:
            self.adapter_ = self._fitted_adapter()
            self.adapter_.recall(before)
        self._fit_classifier(before=self.classifier_)
        if known and hasattr(self._head, "recall"):
            self._head.recall(before)
        if known and not self.n_unlabelled_:
            warn(
                "The classifier was trained anew on other rows of seen classes and has "
                "forgotten the rows without labels; call adapt again."
            )
        return self
