"""What GZSLClassifier trains its classifier on: real and synthetic rows."""

from copy import deepcopy

import numpy as np

from ._softmax import SoftmaxClassifier
from ._utils import like, seeded

# 1 is best for the mean as such; with 3, classifiers were better on held-out classes.
_CAUTION = 3


class TrainingMixin:
    """Training of ``classifier_``, after ``preprocessor_`` and ``generator_``.

    Works from ``_rows`` and ``_labels``, the preprocessed real rows; the classes and
    ``class_attributes_``; ``n_synthetic_``; and ``_seeds``, a random generator that is
    never advanced: so the classifier depends on which classes are known, and not on the
    order in which they came.
    """

    def _checked_classifier(self):
        if self.candidate_classes == "unseen" and not len(self.unseen_classes_):
            raise ValueError(
                "candidate_classes='unseen', but every class of class_attributes has "
                "rows in y; describe classes without rows, or use 'all'."
            )
        classifier = SoftmaxClassifier() if self.classifier is None else self.classifier
        if getattr(classifier, "decision_function_shape", None) == "ovo":
            raise ValueError(
                f"classifier={classifier!r} scores pairs of classes; give it "
                "decision_function_shape='ovr', so that there is one score per class."
            )
        return classifier

    def _fit_classifier(self):
        seeds = deepcopy(self._seeds)
        real = self._real_rows(seeds)
        synthesize = self.unseen_classes_
        if self.candidate_classes == "all" and self.synthesize == "all":
            synthesize = self.classes_
        parts = []
        if len(synthesize):
            parts.append(self._synthetic_rows(synthesize, seeds))
        classifier = seeded(self._checked_classifier(), seeds)
        if len(real):
            parts.insert(0, (self._real_features(real, seeds), self._labels[real]))
        features, labels = map(np.concatenate, zip(*parts, strict=True))
        self._n_features_out = features.shape[1]
        self._say(f"fitting the classifier on {len(features)} rows")
        self.classifier_ = classifier.fit(features, labels)
        return self

    def _real_rows(self, seeds):
        """Indices of the real rows, some repeated."""
        unseen = np.isin(self._labels, self.unseen_classes_)
        if self.candidate_classes == "unseen":
            return np.flatnonzero(unseen)
        if self.n_real is None:
            return np.arange(len(self._labels))
        chosen = []
        for label in self.seen_classes_:
            rows = seeds.permutation(np.flatnonzero(self._labels == label))
            chosen.append(np.resize(rows, self.n_real))
        return np.concatenate([*chosen, np.flatnonzero(unseen)])

    def _real_features(self, rows, seeds):
        X = self._rows[rows]
        if not hasattr(self.generator_, "training_features"):
            return np.asarray(self.generator_.transform(X))
        seed = int(seeds.integers(2**31))
        return self.generator_.training_features(X, random_state=seed)

    def _synthetic_rows(self, classes, seeds):
        """Synthetic rows, those of few-shot classes moved, with labels."""
        self._say(f"drawing {self.n_synthetic_} rows of {len(classes)} classes")
        drawn, labels = self.generator_.sample(
            self.class_attributes_.subset(classes),
            self.n_synthetic_,
            random_state=int(seeds.integers(2**31)),
        )
        labels = like(labels, self.classes_)
        for label in np.intersect1d(self._labels, self.unseen_classes_):
            real = self.generator_.transform(self._rows[self._labels == label])
            own = labels == label
            drawn[own] += _shift(np.asarray(real), drawn[own])
        return drawn, labels


def _shift(real, drawn):
    """From the mean of drawn rows some way towards that of real rows of the class.

    The squared distance of the two is noise, the variance of a mean of so few rows,
    and error of the description. The part of the way is error / (error + 3 noise).
    """
    gap = real.mean(axis=0) - drawn.mean(axis=0)
    noise = drawn.var(axis=0).sum() / len(real)
    error = max(np.square(gap).sum() - noise, 0.0)
    # Without error there is no way to go, and without noise too nothing to divide by.
    return gap * (error / (error + _CAUTION * noise) if error else 0.0)
