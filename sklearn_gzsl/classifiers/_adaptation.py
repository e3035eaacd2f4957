"""How prototypes of unseen classes move towards rows that nobody has labelled."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp
from sklearn.utils.extmath import softmax
from sklearn.utils.validation import check_is_fitted

from ..persistence import Stored
from ..utils import ranked, row_chunks, say, unit_rows, validate_data
from ._adapting import AdaptMixin, check_can_adapt, turns, warn_of_strangers
from ._prototype_model import SCALE, PrototypeModel

if TYPE_CHECKING:
    from typing_extensions import Self

# Share of the rows set apart that counts as far from every class.
_FAR = 0.01
# Parts of the rows, each judged by what the others say.
_N_PARTS = 4
# A class with less than this part of the rows that classes have in the mean seems to be
# absent; it counts as that much rarer, but not more than this.
_FEW_OF, _LEAST_OF = 0.5, 0.2
# Labelled rows set apart. More tell the share of errors no better.
_MOST_SET_APART = 3_000


def set_apart(codes, share):
    """Mask of the rows that are set apart: this share of each class, evenly spread."""
    share = min(share, _MOST_SET_APART / len(codes))
    order, rank, _ = ranked(codes)
    # Of each class one more whenever its share is full: never the first row.
    mask = np.zeros(len(codes), dtype=bool)
    mask[order] = np.floor((rank + 1) * share) > np.floor(rank * share)
    return mask


class UnlabelledRows(Stored):
    """Sums over rows without labels, and how far each prototype goes by them.

    Rows of seen classes that are taken for a class are subtracted, as many as there
    are among labelled rows which were set apart: what is left over is the excess.

    Parameters
    ----------
    labels : ndarray of shape (n_unseen,)
        The unseen classes.

    Attributes
    ----------
    n_rows, n_far : int
        Rows so far, and those of them that are like no class.
    taken, mistaken : ndarray of shape (n_unseen,)
        Sums of the rows' probabilities of the classes, and how much of these is
        expected from rows of seen classes.
    sums, twin_sums, row_sums : ndarray of shape (n_unseen, width)
        Of rows weighted by probability, less those expected from seen classes, in the
        space of the model, in that of its twin, and as they came; a column of zeros
        before the first rows. The spaces differ in width where rows are few.
    """

    def __init__(self, labels):
        self.labels, self.n_rows, self.n_far = labels, 0, 0
        self.taken, self.mistaken, self._variance = np.zeros((3, len(labels)))
        self._n_judged = np.zeros(len(labels))
        self.sums, self.twin_sums, self.row_sums = np.zeros((3, len(labels), 1))

    def of(self, labels):
        """The same for other classes, of which some may be new."""
        other = UnlabelledRows(labels)
        at, known = np.searchsorted(labels, self.labels), np.isin(self.labels, labels)
        other.n_rows, other.n_far = self.n_rows, self.n_far
        for name in set(vars(self)) - {"labels", "n_rows", "n_far"}:
            before = getattr(self, name)
            after = np.zeros((len(labels), *before.shape[1:]))
            after[at[known]] = before[known]
            setattr(other, name, after)
        return other

    @property
    def excess(self):
        """Rows that each class is believed to have, (n_unseen,)."""
        return np.maximum(self.taken - self.mistaken, 0.0)

    @property
    def _trusted(self):
        """Share of the excess that is no chance and no error."""
        noise = np.sqrt(self.taken + self._variance)
        with np.errstate(divide="ignore", invalid="ignore"):
            certain = np.clip(self.excess / (2 * noise), 0, 1)
            trusted = self.excess / self.taken * certain
        return np.nan_to_num(trusted)

    def moved(self, model, prior, *, twin=False):
        """A model's prototypes of the classes, moved, and how far each went, 0 to 1."""
        pull = self._trusted[:, None] * (self.twin_sums if twin else self.sums)
        strength = np.linalg.norm(pull, axis=1)
        prior = prior * max(model.length, 1e-9)  # 0 where all rows are the same
        prototypes = unit_rows(prior * model.prototypes[~model.is_seen] + pull)
        return prototypes, strength / (prior + strength)

    def pulls(self, prior):
        """How far the mean of each class goes, 0 to 1, and that times where to."""
        weight = self._trusted
        share = weight * self.excess
        share, total = share / (prior + share), prior + share
        return share, (weight / total)[:, None] * self.row_sums

    def with_rows(self, X, model, twin, apart, *, prior, max_iter):
        """What is known after further rows.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Rows without labels.
        model, twin : PrototypeModel
            The second has not learned from the rows set apart.
        apart : BothSpaces
            The rows set apart.
        prior : float
            Rows that a prediction counts as much as.
        max_iter : int
            Passes over the rows.

        Returns
        -------
        UnlabelledRows
        """
        now = self
        for some in turns(X, len(self.labels)):
            rows = BothSpaces(some, model, twin)
            now = now._with_turn(rows, apart, twin, prior, max_iter)
        return now

    def _with_turn(self, rows, known, twin, prior, max_iter):
        parts = [rows[i::_N_PARTS] for i in range(min(_N_PARTS, len(rows)))]
        found = []
        for _ in range(max_iter):
            # A row that has moved a prototype would be taken for its class ever more,
            # where rows set apart are not: each part is judged by what the others say.
            judges = [self._and(found[:i] + found[i + 1 :]) for i in range(len(parts))]
            found = [
                Found(part, known, *judge._judging(twin, prior))
                for part, judge in zip(parts, judges, strict=True)
            ]
        now = self._and(found)
        # Of prototypes as predicted: rows of one kind draw others to themselves.
        now.n_far += int((rows.closest < np.quantile(known.closest, _FAR)).sum())
        now.n_rows += len(rows)
        now.sums = self.sums + sum(part.sums(known, "own") for part in found)
        now.row_sums = self.row_sums + sum(part.sums(known, "rows") for part in found)
        return now

    def _judging(self, twin, prior):
        """Prototypes of the classes, as far as is known, and what their scores lose."""
        prototypes, went = self.moved(twin, prior, twin=True)
        return prototypes, (1 - went) * twin.offsets[~twin.is_seen] + self._absent()

    def _absent(self):
        """What scores of classes lose of which there seem to be hardly any rows.

        All others count as equally frequent: what one has taken may be another's, and
        would let it take more. But one that is not there takes what lies near.
        """
        judged = self._n_judged > 0  # neither before a pass, nor of what came later
        if not self.excess[judged].any():
            return 0.0
        # Of the rows that came since the class is known, and with something for chance:
        # where rows are few, one class or another has found hardly any of its own.
        n_rows = np.maximum(self._n_judged, 1)
        usual = (self.excess / n_rows)[judged].mean()
        chance = 0.5 * np.sqrt(self.taken + self._variance)
        share = (self.excess + chance) / n_rows
        part = np.where(judged, share / (_FEW_OF * usual), 1.0)
        # A part at least: some may be yet to come.
        return np.log(np.clip(part, _LEAST_OF, 1.0))

    def _and(self, found):
        """What is known with what was found in parts of further rows: what judges."""
        now = copy(self)
        mistaken = sum(part.factor * part.mistaken for part in found)
        now.taken = self.taken + sum(part.taken for part in found)
        now.mistaken = self.mistaken + mistaken
        now._n_judged = self._n_judged + sum(len(part) for part in found)
        # A count by probabilities varies no more than one by chance. The same rows are
        # set apart from all parts.
        factor = sum(part.factor for part in found)
        now._variance = self._variance + factor * mistaken
        now.twin_sums = self.twin_sums + sum(part.twin_sums for part in found)
        return now


class Found:
    """What rows without labels are taken for, and those set apart mistaken for."""

    def __init__(self, rows, known, prototypes, offsets):
        self._rows = rows
        self._taken, self._mistaken = (
            some.taken(prototypes, offsets) for some in (rows, known)
        )
        self.taken, self.mistaken = self._taken.sum(axis=0), self._mistaken.sum(axis=0)
        # Rows of seen classes among all: those that are taken for seen, for each of
        # those set apart that still is.
        stay = len(known) - self.mistaken.sum()
        n_seen = (len(rows) - self.taken.sum()) * len(known) / max(stay, 1e-9)
        self.factor = min(n_seen, len(rows)) / len(known)
        self.twin_sums = self.sums(known, "twin")

    def __len__(self):
        return len(self._rows)

    def sums(self, known, space):
        """Of rows in a space, weighted, less those that mistakes bring."""
        taken = self._taken.T @ getattr(self._rows, space)
        return taken - self.factor * (self._mistaken.T @ getattr(known, space))


class MovingPrototypes(AdaptMixin):
    """``adapt`` of PrototypeClassifier: its model, a twin, and rows set apart."""

    # Whether nothing learns from the rows set apart: enough to find classes in others.
    _twin_alone = False

    def _fit_models(self, X, y, codes, seen, compared, n_classes):
        self._twin, self._apart = None, None
        # Rows of seen classes as new as those that will come without labels: what a
        # twin that has not learned from them makes of them tells errors from finds.
        if self.calibration_size and n_classes > len(seen):
            apart = set_apart(codes, self.calibration_size)
            if apart.any():
                self._twin = PrototypeModel(X[~apart], y[~apart], seen, compared, self)
                self._apart = X[apart]
        self._model = self._twin
        if self._twin is None or not self._twin_alone:
            self._model = PrototypeModel(X, y, seen, compared, self)

    @property
    def _models(self):
        """The model and its twin, if there is another one."""
        both = self._model, self._twin
        return both[:1] if both[1] is None or both[0] is both[1] else both

    @property
    def adaptation_prior_(self) -> float:
        given = self.adaptation_prior
        return self._model.worth if given == "auto" else float(given)

    def _move(self):
        """Set prototypes, moved towards rows without labels if there were any."""
        self.prototypes_ = self._model.prototypes
        unseen = ~self._model.is_seen
        self.adaptation_ = np.zeros(len(self.classes_))
        rows = self._unlabelled or UnlabelledRows(self.unseen_classes_)
        if self._unlabelled is not None:
            rows = self._unlabelled = rows.of(self.unseen_classes_)
            self.prototypes_ = self.prototypes_.copy()
            self.prototypes_[unseen], self.adaptation_[unseen] = rows.moved(
                self._model, self.adaptation_prior_
            )
        # As far as prototypes are predictions; the others lie where their rows are.
        self._offsets = (1 - self.adaptation_) * self._model.offsets
        self.n_unlabelled_, self.unlabelled_counts_ = rows.n_rows, rows.excess

    def recall(self, other):
        """Know what another one knows of rows without labels, if spaces are equal."""
        if not isinstance(other, MovingPrototypes):
            return
        models = (self._model, other._model), (self._twin, other._twin)
        if all(
            None not in pair and pair[0].space.equals(pair[1].space) for pair in models
        ):
            self._unlabelled = other._unlabelled
            self._move()

    def found(self):
        """Where rows without labels show classes to be, for synthetic rows of them.

        For each such class, by its label, how far the mean goes, 0 to 1, and that times
        where to, in the space of the rows.
        """
        if self._unlabelled is None:
            return {}
        share, pull = self._unlabelled.pulls(self.adaptation_prior_)
        moving = zip(self.unseen_classes_.tolist(), share, pull, strict=True)
        return {label: (a, b) for label, a, b in moving if a}

    def forget_rows(self) -> Self:
        """Drop the training rows that were set apart for ``adapt``, and their model.

        Predictions stay as they are, moved towards rows without labels if there were
        any, and ``add_classes`` needs no rows; ``adapt`` then says why it can not.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        self._twin, self._apart = None, None
        return self

    @property
    def _adapts(self):
        return self._twin is not None and len(self.unseen_classes_) > 0

    def _adapt(self, X, reset):
        self._validate_params()
        if reset:
            self._unlabelled = None
        if X is not None:
            # As they come: many rows twice would be too many, a chunk of them is not.
            X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
            before = self._unlabelled
            if before is None:
                before = UnlabelledRows(self.unseen_classes_)
            check_can_adapt(self, before.n_rows + len(X))
            self._unlabelled = before.with_rows(
                X,
                self._model,
                self._twin,
                self._apart,
                prior=self.adaptation_prior_,
                max_iter=self.adaptation_iter,
            )
            warn_of_strangers(self._unlabelled.n_far - before.n_far, len(X))
        self._move()
        if X is not None:
            say(
                f"about {self.unlabelled_counts_.sum():.0f} of "
                f"{self.n_unlabelled_} rows without labels are of unseen classes"
            )


class BothSpaces(Stored):
    """Rows in both spaces, and their probabilities of the unseen classes.

    The twin gives these: to it, rows set apart are as new as those without labels.
    """

    def __init__(self, X, model, twin):
        self.rows = X.astype(np.float32, copy=False)
        self.own = self.twin = _whitened(X, twin)
        if model is not twin:
            self.own = _whitened(X, model)
        prototypes = twin.prototypes.astype(np.float32)
        self._seen = np.empty((len(X), 1), np.float32)
        self.closest = np.empty(len(X), np.float32)
        for some, Z in row_chunks(self.twin, len(prototypes))[1]:
            scores = twin.scores(Z, prototypes, 0.0)[:, twin.is_seen]
            self._seen[some] = logsumexp(scores, axis=1, keepdims=True)
            self.closest[some] = (Z @ prototypes.T).max(axis=1)

    def __len__(self):
        return len(self.own)

    def __getitem__(self, some):
        part = copy(self)
        for name, values in vars(self).items():
            setattr(part, name, values[some])
        return part

    def taken(self, prototypes, offsets):
        """Probabilities of the unseen classes, with these prototypes and offsets."""
        scores = SCALE * (self.twin @ prototypes.T.astype(np.float32)) + offsets
        return softmax(np.hstack([self._seen, scores]), copy=False)[:, 1:]


def _whitened(X, model):
    # Half the memory, and the time; sums over many rows need no more digits. What
    # float64 takes on the way is for some rows at a time.
    whitened = np.empty((len(X), model.space.width), np.float32)
    for rows, part in model.whitened(X):
        whitened[rows] = part
    return whitened
