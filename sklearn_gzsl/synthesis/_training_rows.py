"""What GZSLClassifier trains its classifier on: real and synthetic rows."""

from copy import deepcopy

import numpy as np

from ..linear_model._softmax import SoftmaxClassifier
from ..utils import like, seeded
from ._streaming import (
    DRAW_ROWS,
    Passes,
    learn,
    n_chunk_rows,
    training_plan,
    weigh_classes,
)

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

    def _is_streamed(self, classifier, n_features):
        """Whether the synthetic rows are too many to be held at once."""
        n_classes = len(self._synthesized())
        n_bytes = 4 * n_classes * self.n_synthetic_ * n_features
        if self.memory_limit is None or n_bytes <= self.memory_limit:
            return False
        reason = None
        if not hasattr(classifier, "partial_fit"):
            reason = "it has no partial_fit"
        elif getattr(classifier, "early_stopping", False):
            reason = "its early_stopping needs all of them; turn that off"
        if reason:
            raise ValueError(
                f"{self.n_synthetic_} synthetic rows of {n_classes} classes take "
                f"{n_bytes} bytes, more than memory_limit={self.memory_limit}, and "
                f"classifier={classifier!r} cannot learn from a part at a time: "
                f"{reason}. Raise memory_limit (None is without a limit), lower "
                "n_synthetic, or take SoftmaxClassifier, SGDClassifier or another "
                "classifier with partial_fit."
            )
        return True

    def _synthesized(self):
        """Classes that get synthetic rows."""
        if self.candidate_classes == "all" and self.synthesize == "all":
            return self.classes_
        return self.unseen_classes_

    def _fit_classifier(self):
        seeds = deepcopy(self._seeds)
        real = self._real_rows(seeds)
        classifier = self._checked_classifier()
        self._n_features_out = self.generator_.transform(self._rows[:1]).shape[1]
        if self._is_streamed(classifier, self._n_features_out):
            self.classifier_ = self._streamed(classifier, real, seeds)
        else:
            self.classifier_ = self._at_once(classifier, real, seeds)
        return self

    def _at_once(self, classifier, real, seeds):
        parts = []
        synthesize = self._synthesized()
        if len(synthesize):
            parts.append(self._synthetic_rows(synthesize, seeds))
        classifier = seeded(classifier, seeds)
        if len(real):
            parts.insert(0, (self._real_features(real, seeds), self._labels[real]))
        features, labels = map(np.concatenate, zip(*parts, strict=True))
        del parts
        self._say(f"fitting the classifier on {len(features)} rows")
        return classifier.fit(features, labels)

    def _streamed(self, classifier, real, seeds):
        classifier = seeded(classifier, seeds)
        synthesize, known = self._synthesized(), self.classes_
        if self.candidate_classes == "unseen":
            known = self.unseen_classes_
        codes = np.searchsorted(known, self._labels[real])
        n_real = np.bincount(codes, minlength=len(known))
        n_drawn = self.n_synthetic_ * np.isin(known, synthesize)
        weigh_classes(classifier, known, n_real + n_drawn)
        moves = self._moves(seeds)

        def draw(rows, n_each, more):
            rows = real[rows]
            n_rows = len(rows) + n_each * len(synthesize) + len(more)
            X = np.empty((n_rows, self._n_features_out), np.float32)
            y = np.empty(n_rows, known.dtype)
            places = seeds.permutation(n_rows)
            if len(rows):
                own, places = np.split(places, [len(rows)])
                X[own], y[own] = self._real_features(rows, seeds), self._labels[rows]
            for classes, n_samples in ((synthesize, n_each), (synthesize[more], 1)):
                for drawn, labels in self._draws(classes, n_samples, seeds):
                    own, places = np.split(places, [len(labels)])
                    X[own], y[own] = _moved(drawn, labels, *moves), labels
            return X, y

        passes = Passes(codes, len(synthesize), self.n_synthetic_, seeds)
        batch_size = training_plan(classifier, passes.n_rows)[0]
        size = n_chunk_rows(self.memory_limit, self._n_features_out, batch_size)
        self._say(f"fitting the classifier on {passes.n_rows} rows, {size} at a time")
        return learn(classifier, passes, draw, size, known, self._say)

    def _draws(self, classes, n_samples, seeds):
        """Synthetic rows, of so many classes at a time as the generator can hold."""
        step = max(DRAW_ROWS // max(n_samples, 1), 1)
        for start in range(0, len(classes) if n_samples else 0, step):
            yield self._sample(classes[start : start + step], n_samples, seeds)

    def _moves(self, seeds):
        """Unseen classes with real rows, and where their synthetic rows move.

        Seen from a first draw: in the chunks to come, the rows of a class are too few.
        """
        labels = np.intersect1d(self._labels, self.unseen_classes_)
        n_drawn = min(self.n_synthetic_, DRAW_ROWS)
        drawn = (self._sample([label], n_drawn, seeds)[0] for label in labels)
        shifts = [
            _shift(self._few(label), rows)
            for label, rows in zip(labels, drawn, strict=True)
        ]
        return labels, np.array(shifts, dtype=np.float32)

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
        drawn, labels = self._sample(classes, self.n_synthetic_, seeds)
        for label in np.intersect1d(self._labels, self.unseen_classes_):
            own = labels == label
            drawn[own] += _shift(self._few(label), drawn[own])
        return drawn, labels

    def _sample(self, classes, n_samples, seeds):
        drawn, labels = self.generator_.sample(
            self.class_attributes_.subset(classes),
            n_samples,
            random_state=int(seeds.integers(2**31)),
        )
        return drawn, like(labels, self.classes_)

    def _few(self, label):
        """Features of the real rows of an unseen class."""
        return np.asarray(self.generator_.transform(self._rows[self._labels == label]))


def _moved(drawn, labels, few, shifts):
    """Synthetic rows, those of the few-shot classes moved by their shifts."""
    if len(few):
        at = np.searchsorted(few, labels).clip(max=len(few) - 1)
        own = few[at] == labels
        drawn[own] += shifts[at[own]]
    return drawn


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
