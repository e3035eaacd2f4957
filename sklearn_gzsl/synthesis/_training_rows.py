"""What the final classifier learns from: real and synthetic rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..attributes import ClassAttributes
from ..utils import like
from ._moves import moved, shift

# Rows to ask a generator for at a time: it makes copies too.
DRAW_ROWS = 8192


@dataclass(kw_only=True, eq=False)
class TrainingRows:
    """Real and synthetic rows, in the space that the generator draws in.

    Nothing is drawn before a method asks for it, and every draw takes its seed from
    ``seeds``: the order of the calls decides the rows.

    Parameters
    ----------
    generator : generator
        Fitted.
    X, y : ndarray of shape (n_real, n_features) and (n_real,)
        Preprocessed real rows, those of unseen classes (few-shot) too, and labels.
    attributes : ClassAttributes
        Descriptions of all classes.
    seen, unseen : ndarray
        Sorted labels of the classes that the generator has, and has not, learned from.
    n_synthetic : int
        Synthetic rows of each class.
    seeds : numpy.random.Generator
    n_real : int or None
        Real rows of each seen class; all by default.
    synthesize, candidate_classes : str
        As in GZSLClassifier.
    """

    generator: Any
    X: np.ndarray
    y: np.ndarray
    attributes: ClassAttributes
    seen: np.ndarray
    unseen: np.ndarray
    n_synthetic: int
    seeds: np.random.Generator
    n_real: int | None = None
    synthesize: str = "unseen"
    candidate_classes: str = "all"

    def __post_init__(self):
        # Chosen first, so that all other draws come after it, at once or streamed.
        self.real = self._chosen()

    @property
    def classes(self):
        """Sorted labels that the final classifier gets to know."""
        if self.candidate_classes == "unseen":
            return self.unseen
        return np.union1d(self.seen, self.unseen)

    @property
    def synthesized(self):
        """Sorted labels of the classes that get synthetic rows."""
        return self.classes if self.synthesize == "all" else self.unseen

    @cached_property
    def n_features(self):
        """Width of the rows, which a generator with a latent space chooses."""
        # Not a real row, of which there may be none any more.
        row = np.zeros((1, self.X.shape[1]), self.X.dtype)
        return self.generator.transform(row).shape[1]

    def _chosen(self):
        """Indices of the real rows to learn from, some repeated."""
        unseen = np.isin(self.y, self.unseen)
        if self.candidate_classes == "unseen":
            return np.flatnonzero(unseen)
        if self.n_real is None:
            return np.arange(len(self.y))
        chosen = []
        for label in self.seen:
            # Repeated in order, not drawn with replacement: counts differ by one at
            # most.
            rows = self.seeds.permutation(np.flatnonzero(self.y == label))
            chosen.append(np.resize(rows, self.n_real))
        return np.concatenate([*chosen, np.flatnonzero(unseen)])

    def real_features(self, rows):
        """Features of real rows, drawn where the generator encodes distributions."""
        X = self.X[rows]
        # Any object with fit, sample and transform is a generator; this method is ours.
        if not hasattr(self.generator, "training_features"):
            return np.asarray(self.generator.transform(X))
        return self.generator.training_features(X, random_state=self._seed())

    def synthetic(self):
        """All synthetic rows, those of few-shot classes moved, with labels."""
        drawn, labels = self._sample(self.synthesized, self.n_synthetic)
        for label in self._few_shot():
            own = labels == label
            drawn[own] += shift(self._first_rows(label), drawn[own])
        return drawn, labels

    def draws(self, classes, n_samples, moves):
        """Synthetic rows, of so many classes at a time as the generator can hold."""
        step = max(DRAW_ROWS // max(n_samples, 1), 1)
        for start in range(0, len(classes) if n_samples else 0, step):
            drawn, labels = self._sample(classes[start : start + step], n_samples)
            yield moved(drawn, labels, *moves), labels

    def moves(self):
        """Few-shot classes, and where their synthetic rows move.

        Seen from a first draw: in the chunks to come, the rows of a class are too few.
        """
        labels = self._few_shot()
        n_drawn = min(self.n_synthetic, DRAW_ROWS)
        shifts = [
            shift(self._first_rows(label), self._sample([label], n_drawn)[0])
            for label in labels
        ]
        return labels, np.array(shifts, dtype=np.float32)

    def _sample(self, classes, n_samples):
        drawn, labels = self.generator.sample(
            self.attributes.subset(classes), n_samples, random_state=self._seed()
        )
        # Generators give back the labels of the descriptions, which may be wider
        # strings than those of y.
        return drawn, like(labels, self.classes)

    def _few_shot(self):
        """Unseen classes that have real rows by now."""
        return np.intersect1d(self.y, self.unseen)

    def _first_rows(self, label):
        """Features of the real rows of an unseen class."""
        return np.asarray(self.generator.transform(self.X[self.y == label]))

    def _seed(self):
        return int(self.seeds.integers(2**31))
