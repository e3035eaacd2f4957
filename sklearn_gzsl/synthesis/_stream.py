"""More training rows than memory holds: drawn, learned from and let go.

A classifier that can learn from such a stream offers one method,

``fit_stream(stream)``
    Train from scratch, and return self. ``stream.n_rows``, ``stream.classes`` and
    ``stream.counts`` tell how many rows a pass has, and how many of each class.
    ``stream.chunks(batch_size)`` makes one pass, in chunks of whole batches;
    ``stream.feed(partial_fit, batch_size, n_batches)`` makes as many passes as it takes
    to learn from so many batches, and says how far it is. Where the two kinds of rows
    are to be told apart, ``stream.real()`` has the real ones and ``stream.drawn()``
    yields the synthetic ones; ``stream.attributes`` and ``stream.seen`` are what
    ``fit`` is given as ``class_attributes`` and ``seen_classes`` if it asks for them.

``SoftmaxClassifier`` has it. Any other classifier is fed through ``partial_fit``.
"""

from collections import deque
from copy import deepcopy
from itertools import islice

import numpy as np

from ..utils import progress, say
from ._passes import Passes

# Copies of a chunk that generator and classifier make while they work.
_COPIES = 4
# Fewer rows in a chunk would cost more than they spare.
_LEAST_ROWS = 64
# Times that a chunk is learned from before the next one is drawn: where classes are
# few, to draw rows costs more than to learn from them.
_VISITS = 5
# Of which a row is drawn to tell one generator from another.
_FEW_CLASSES = 10


class RowStream:
    """Real and synthetic rows in chunks, for ``fit_stream`` and ``partial_fit``.

    Parameters
    ----------
    rows : TrainingRows
        What to draw from.
    memory_limit : int
        Bytes that a chunk may take in float32, copies included.

    Attributes
    ----------
    n_rows : int
        Rows of a pass.
    classes : ndarray of shape (n_classes,)
        Sorted labels.
    counts : ndarray of shape (n_classes,)
        Rows of each class in a pass.
    attributes : ClassAttributes
        Descriptions of ``classes``.
    seen : ndarray
        Those of the classes that the generator has learned from.
    """

    def __init__(self, rows, memory_limit):
        self._rows = rows
        self._memory_limit = int(memory_limit)  # products of numpy numbers overflow
        self.classes = rows.classes
        self.attributes = rows.attributes.subset(rows.classes)
        self.seen = np.intersect1d(rows.seen, rows.classes)
        codes = np.searchsorted(self.classes, rows.y[rows.real])
        n_real = np.bincount(codes, minlength=len(self.classes))
        drawn = np.isin(self.classes, rows.synthesized)
        self.counts = n_real + rows.n_synthetic * drawn
        self._moves = rows.moves()
        self._passes = Passes(codes, int(drawn.sum()), rows.n_synthetic, rows.seeds)
        self.n_rows = self._passes.n_rows

    def chunks(self, batch_size):
        """One pass in an order of its own: features and labels of each chunk.

        Parameters
        ----------
        batch_size : int
            A chunk has whole batches of so many rows, but for the last one.

        Yields
        ------
        X : ndarray of shape (n, n_features), float32
        y : ndarray of shape (n,)
        """
        return self._drawn(self._chunk_rows(batch_size))

    def real(self):
        """Features and labels of the real rows of a pass, not to be changed."""
        return self._rows.real_rows()

    def drawn(self):
        """The synthetic rows of one pass, class by class, in chunks like ``chunks``."""
        rows = self._rows
        n_classes = len(rows.synthesized)
        say(f"drawing {rows.n_synthetic} rows for each of {n_classes} classes")
        size = self._chunk_rows(1)
        for start in range(0, rows.n_synthetic, size):
            n_samples = min(size, rows.n_synthetic - start)
            step = max(size // n_samples, 1)
            for first in range(0, len(rows.synthesized), step):
                some = rows.synthesized[first : first + step]
                yield from rows.draws(some, n_samples, self._moves)

    def facts(self, batch_size):
        """Arrays by which a stream is told from others, by name.

        Parameters
        ----------
        batch_size : int
            Rows of a batch.

        Returns
        -------
        dict of str to ndarray
        """
        rows = self._rows
        facts = {
            "X": rows.X,
            "y": np.searchsorted(self.classes, rows.y),
            "n_synthetic": self.counts,
            "memory_limit": np.array(self._chunk_rows(batch_size)),
        }
        if len(rows.synthesized):
            some = self.attributes.subset(rows.synthesized[:_FEW_CLASSES])
            seed = int(deepcopy(rows.seeds).integers(2**31))  # of the seeds, too
            drawn, _ = rows.generator.sample(some, 1, random_state=seed)
            facts["synthetic rows"] = drawn
        return facts

    def feed(
        self, partial_fit, batch_size, n_batches, *, position=None, after_chunk=None
    ):
        """Let a classifier learn from so many batches, in as many passes as it takes.

        Parameters
        ----------
        partial_fit : callable
            Called with features and labels, the first time with ``classes``, too.
        batch_size : int
            Rows of a batch.
        n_batches : int
            Batches that all calls have together.
        position : dict, default=None
            Where to go on, with a ``partial_fit`` that has learned what comes before.
        after_chunk : callable, default=None
            Called with the position after each chunk.
        """
        size = self._chunk_rows(batch_size)
        say(f"fitting the classifier on {self.n_rows} rows, {size} at a time")
        per_pass = -(-self.n_rows // batch_size)
        known = {} if position else {"classes": self.classes}  # checks take time
        left = position["left"] if position else n_batches
        with progress(n_batches, "batches", "classifier") as done:
            while left:
                visits = max(min(_VISITS, left // per_pass), 1)
                if position:
                    visits = position["visits"]
                for X, y in self._drawn(min(size, n_batches * batch_size), position):
                    for _ in range(visits):
                        n_rows = min(len(X), left * batch_size)
                        partial_fit(X[:n_rows], y[:n_rows], **known)
                        known = {}
                        left -= -(-n_rows // batch_size)
                        if not left:
                            break
                    if after_chunk:
                        after_chunk({"left": left, "visits": visits, **self._place})
                    done(n_batches - left)
                    if not left:
                        return
                position = None

    def _chunk_rows(self, batch_size):
        """Rows in a chunk: whole batches, which fit into the limit with copies."""
        row_bytes = 4 * self._rows.n_features * _COPIES
        n_rows = max(self._memory_limit // row_bytes, _LEAST_ROWS)
        return max(n_rows // batch_size, 1) * batch_size

    def _drawn(self, size, position=None):
        rows, seeds = self._rows, self._rows.seeds
        synthesized = rows.synthesized
        began, n_done = seeds.bit_generator.state, 0
        if position:
            began, n_done = position["began"], position["n_done"]
            seeds.bit_generator.state = began
        chunks = self._passes.chunks(size)
        if position:
            # The order of a pass is drawn at its beginning; what comes after depends
            # on where the seeds were.
            deque(islice(chunks, n_done), maxlen=0)
            seeds.bit_generator.state = position["now"]
        for i, (real, n_each, more) in enumerate(chunks, start=n_done + 1):
            n_rows = len(real) + n_each * len(synthesized) + len(more)
            X = np.empty((n_rows, rows.n_features), np.float32)
            y = np.empty(n_rows, self.classes.dtype)
            # Each part is written straight to where a shuffle would put it: no part
            # is ever held twice.
            places = seeds.permutation(n_rows)
            if len(real):
                at, places = np.split(places, [len(real)])
                own = rows.real[real]
                X[at], y[at] = rows.real_features(own), rows.y[own]
            for classes, n_samples in ((synthesized, n_each), (synthesized[more], 1)):
                for drawn, labels in rows.draws(classes, n_samples, self._moves):
                    at, places = np.split(places, [len(labels)])
                    X[at], y[at] = drawn, labels
            now = seeds.bit_generator.state
            self._place = {"began": began, "n_done": i, "now": now}
            yield X, y
