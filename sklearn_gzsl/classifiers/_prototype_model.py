"""What PrototypeClassifier learns from rows once its settings are known."""

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import Normalizer
from sklearn.utils import gen_batches

from ..persistence import LinearForm, Stored, not_linear
from ..synthesis import trusted_part
from ..utils import add_rows, float_chunks, one_thread, unit_rows
from ._prototype_space import ClassSums, PredictedPrototypes, WhitenedSpace, nearness

# A cosine of 1 counts as much as 20 nats: as steep as the posterior of the seen
# classes on three sets of real data.
SCALE = 20.0
# Classes whose prototypes are made at a time: of 2,048 features 32 MiB.
_DESCRIBED = 2048


class PrototypeModel(Stored):
    """Whitened space, prototypes and seen classifier, from rows of the seen classes.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Rows of seen classes.
    y : ndarray of shape (n_samples,)
        Their labels.
    A, compared : ndarray of shape (n_seen, n_attributes)
        Descriptions of the seen classes, and as the kernel compares them.
    clf : PrototypeClassifier
        Its parameters, and ``settings_``, count as they are now.

    Attributes
    ----------
    prototypes : ndarray of shape (n_classes, n_features)
        Set by ``describe``, of length 1.
    offsets : ndarray of shape (n_classes,)
        Set by it, too: what is added to the scores.
    """

    def __init__(self, X, y, A, compared, clf):
        settings = clf.settings_
        self._own_weight, self._seen_weight = clf.own_weight, clf.seen_weight
        self._synthetic_weight = clf.synthetic_weight
        self._seen, codes = np.unique(y, return_inverse=True)
        self._shrinkage = settings["shrinkage"]
        self._hubness_weight = settings["hubness_weight"]
        self.space = WhitenedSpace(X, codes, len(self._seen), settings["power"])
        # For the seen classifier: in half the time of float64, and to no other end.
        Z = np.empty((len(X), self.space.width), np.float32)
        sums = np.zeros((len(self._seen), self.space.width))
        for rows, part in self.whitened(X):
            add_rows(sums, part, codes[rows])
            Z[rows] = part
        counts = np.bincount(codes)
        self._own = sums / counts[:, None]
        self._predicted = PredictedPrototypes(
            self.space, settings, self._own, counts, A, compared
        )
        self.drawn = self.first = ClassSums(self._seen[:0])
        self.seen_classifier = None
        if self._seen_weight and len(self._seen) > 1:
            seen_classifier = clone(clf._part("seen_classifier"))
            with one_thread():
                self.seen_classifier = seen_classifier.fit(Z, y)

    @property
    def length(self):
        """How long means of rows are."""
        return self._predicted.length

    @property
    def worth(self):
        """How many rows of a class a predicted prototype is worth."""
        return self._predicted.worth

    def whiten(self, X):
        """Rows in the space of the prototypes, of length 1."""
        return self.space.whiten(X, self._shrinkage)

    def whitened(self, X):
        """Some of the rows at a time: where they are, and what they are whitened."""
        for rows, part in float_chunks(X):
            yield rows, self.whiten(part)

    def describe(self, classes, A, compared):
        """Set the prototypes of these classes, from all that is known of them."""
        self.is_seen = np.isin(classes, self._seen)
        self.prototypes = np.empty((len(classes), self.space.width))
        for some in gen_batches(len(classes), _DESCRIBED):
            self.prototypes[some] = self._prototypes(
                classes[some], self.is_seen[some], A[some], compared[some]
            )
        self.offsets = self._offsets(classes)

    def _offsets(self, classes):
        """What is added to the scores of the classes: less for those among others."""
        offsets = np.zeros(len(classes))
        if not self._hubness_weight or self.is_seen.all():
            return offsets
        seen, unseen = self.prototypes[self.is_seen], self.prototypes[~self.is_seen]
        near = [
            nearness(unseen[some] @ seen.T)
            for some in gen_batches(len(unseen), _DESCRIBED)
        ]
        near = np.concatenate(near)
        offsets[~self.is_seen] = near - near.mean()
        # The more rows of its own a prototype has, the less it is a prediction.
        _, n_first = self.first.of(classes)
        predicted = self.worth / (self.worth + n_first.ravel())
        return -SCALE * self._hubness_weight * offsets * predicted

    def _prototypes(self, classes, seen, A, compared):
        prototypes = self._predicted.of(A, compared)
        # Seen classes have a mean of their own. A part of the predicted prototype makes
        # them as blurred as unseen ones, which have nothing else.
        own = self._own[np.searchsorted(self._seen, classes[seen])]
        own = self._own_weight * unit_rows(own)
        prototypes[seen] = own + (1 - self._own_weight) * prototypes[seen]
        drawn, n_drawn = self.drawn.of(classes)
        weight = self._synthetic_weight * (n_drawn > 0)
        prototypes = weight * unit_rows(drawn) + (1 - weight) * prototypes
        prototypes = self._predicted.length * unit_rows(prototypes)
        first, n_first = self.first.of(classes)
        for i in np.flatnonzero(n_first):
            # Rows of length 1 have this total variance about their mean.
            noise = (1 - self._predicted.length**2) / n_first[i]
            prototypes[i] += trusted_part(first[i] / n_first[i] - prototypes[i], noise)
        return unit_rows(prototypes)

    def linear_form(self, of, classes, prototypes, offsets):
        """The decision of ``of``, whose prototypes and offsets these are."""
        if self.seen_classifier is not None:
            raise not_linear(
                of,
                "its seen_classifier adds log-probabilities to some scores alone; "
                "PrototypeClassifier(seen_weight=0, power=None), alone or in a "
                "GZSLClassifier, has none",
            )
        if self.space.power is not None:
            raise not_linear(
                of,
                "rows are raised to a power; power=None in fit leaves them as they are",
            )
        return LinearForm(
            classes=classes,
            coef=SCALE * prototypes,
            intercept=offsets,
            steps=[self.space.whitener(self._shrinkage), Normalizer()],
        )

    def scores(self, Z, prototypes, offsets):
        """Scores of whitened rows, a column for each class."""
        scores = SCALE * (Z @ prototypes.T)
        scores += offsets
        if self.seen_classifier is not None:
            # Its constant for all seen classes shifts their balance with the unseen
            # ones; that is what the seen penalty is chosen for.
            log_p = self.seen_classifier.predict_log_proba(Z)
            scores[:, self.is_seen] += self._seen_weight * log_p
        return scores
