"""What the final classifier learns from: real and synthetic rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils import like
from ._moves import moved, shift

if TYPE_CHECKING:
    from ..attributes import ClassAttributes

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
    found : dict
        Unseen classes that rows without labels were found for: how far the mean goes,
        0 to 1, and that times where to.
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
    found: dict = field(default_factory=dict)

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
        # All of them, as mostly, without a copy, which may be half a gigabyte.
        X = self.X if np.array_equal(rows, np.arange(len(self.X))) else self.X[rows]
        # Any object with fit, sample and transform is a generator; this method is ours.
        if not hasattr(self.generator, "training_features"):
            return np.asarray(self.generator.transform(X))
        return self.generator.training_features(X, random_state=self._seed())

    def real_rows(self):
        """Features and labels of the real rows to learn from, if there are any."""
        if not len(self.real):
            return np.empty((0, self.n_features), np.float32), self.classes[:0]
        return self.real_features(self.real), self.y[self.real]

    def synthetic(self):
        """All synthetic rows, moved where rows of their class are known, and labels."""
        drawn, labels = self._sample(self.synthesized, self.n_synthetic)
        for label in self._moving():
            own = labels == label
            drawn[own] += self._shift(label, drawn[own])
        return drawn, labels

    def draws(self, classes, n_samples, moves):
        """Synthetic rows, of so many classes at a time as the generator can hold."""
        step = max(DRAW_ROWS // max(n_samples, 1), 1)
        for start in range(0, len(classes) if n_samples else 0, step):
            drawn, labels = self._sample(classes[start : start + step], n_samples)
            yield moved(drawn, labels, *moves), labels

    def moves(self):
        """Classes whose synthetic rows move, and where to.

        Seen from a first draw: in the chunks to come, the rows of a class are too few.
        """
        labels = self._moving()
        n_drawn = min(self.n_synthetic, DRAW_ROWS)
        shifts = [
            self._shift(label, self._sample([label], n_drawn)[0]) for label in labels
        ]
        return labels, np.array(shifts, dtype=np.float32)

    def _sample(self, classes, n_samples):
        drawn, labels = self.generator.sample(
            self.attributes.subset(classes), n_samples, random_state=self._seed()
        )
        # Generators give back the labels of the descriptions, which may be wider
        # strings than those of y.
        return drawn, like(labels, self.classes)

    def _moving(self):
        """Unseen classes of which rows are known by now, with labels or without."""
        found = [label in self.found for label in self.unseen.tolist()]
        return self.unseen[np.isin(self.unseen, self.y) | np.array(found, dtype=bool)]

    def _shift(self, label, drawn):
        """How far the synthetic rows of a class move."""
        move = np.zeros(drawn.shape[1], drawn.dtype)
        first = self.y == label
        if first.any():
            move = shift(np.asarray(self.generator.transform(self.X[first])), drawn)
        if label in self.found:
            share, pull = self.found[label]
            # From where the first rows have moved them.
            move = move + (pull - share * (drawn.mean(axis=0) + move))
        return move

    def _seed(self):
        return int(self.seeds.integers(2**31))
