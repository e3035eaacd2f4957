"""Training rows in chunks, for a classifier that learns by partial_fit."""

import warnings
from contextlib import nullcontext

import numpy as np

from ..linear_model._lda import IncrementalLDA
from ..linear_model._softmax import SoftmaxClassifier

# Copies of a chunk that generator and classifier make while they work.
_COPIES = 4
# Fewer rows in a chunk would cost more than they spare.
_LEAST_ROWS = 64
# Times that a chunk is learned from before the next one is drawn.
_VISITS = 5
_MOST_PASSES = 25
# Rows to ask a generator for at a time: it makes copies too.
DRAW_ROWS = 8192


def n_chunk_rows(memory_limit, n_features, batch_size):
    """Float32 rows in a chunk: whole batches, which fit into the limit with copies."""
    n_rows = max(memory_limit // (4 * n_features * _COPIES), _LEAST_ROWS)
    return max(n_rows // batch_size, 1) * batch_size


def training_plan(classifier, n_rows):
    """Rows in a batch, and how many batches a training on so many rows has."""
    if isinstance(classifier, SoftmaxClassifier):
        return min(classifier.batch_size, n_rows), classifier._n_steps(n_rows)
    # What does not iterate, such as naive Bayes, has learned all after one pass.
    return 1, min(getattr(classifier, "max_iter", 1), _MOST_PASSES) * n_rows


def weigh_classes(classifier, classes, counts):
    """Put numbers for class_weight='balanced', which a chunk cannot tell."""
    if getattr(classifier, "class_weight", None) == "balanced":
        weights = counts.sum() / (len(classes) * counts)
        labels = classes.tolist()
        if not isinstance(classifier, SoftmaxClassifier):
            labels = map(_looked_up, labels)
        weights = dict(zip(labels, weights.tolist(), strict=True))
        classifier.set_params(class_weight=weights)


def _looked_up(label):
    """What scikit-learn looks for in class_weight: 7 for the class "07"."""
    try:
        return int(label)
    except ValueError:
        return label


class Passes:
    """Passes over real rows and over synthetic ones that are yet to be drawn.

    Each pass has an order of its own, in which every stretch has each class's share:
    synthetic rows go round the classes, and the real rows of a class are spread out
    evenly between those of the others. Nothing is held but numbers of real rows.

    Parameters
    ----------
    codes : ndarray of shape (n_real,)
        Classes of the real rows, as numbers.
    n_classes, n_each : int
        How many classes have synthetic rows, and how many each.
    rng : Generator
        Draws the orders.
    """

    def __init__(self, codes, n_classes, n_each, rng):
        self.codes = codes
        self.n_classes = n_classes
        self.n_rows = len(codes) + n_classes * n_each
        self.rng = rng

    def chunks(self, size):
        """Cut a new pass: numbers of real rows, and those of classes to draw.

        Yields
        ------
        real : ndarray
            Which real rows are in the chunk.
        n_each : int
            Rows that every class has in it at least.
        more : ndarray
            Classes that have one row more.
        """
        real = _spread(self.codes, self.rng)
        around = self.rng.permutation(self.n_classes)
        n_real, n_rows = len(real), self.n_rows
        for start in range(0, n_rows, size):
            stop = min(start + size, n_rows)
            first, last = start * n_real // n_rows, stop * n_real // n_rows
            n_each, n_more = 0, 0
            if self.n_classes:
                n_each, n_more = divmod(stop - start - (last - first), self.n_classes)
            places = (start - first + np.arange(n_more)) % max(self.n_classes, 1)
            yield real[first:last], n_each, around[places]


def _spread(codes, rng):
    """Rows in random order, each class's at about equal distances."""
    shuffled = rng.permutation(len(codes))
    by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
    counts = np.bincount(codes)
    own = counts[codes[by_class]]
    rank = np.arange(len(codes)) - (np.cumsum(counts) - counts)[codes[by_class]]
    return by_class[np.argsort((rank + rng.random(len(codes))) / own)]


def learn(classifier, passes, draw, size, classes, say):
    """Train on as many batches as the classifier would take of all rows at once.

    ``draw`` makes features and labels of what ``Passes.chunks`` yields. They are
    learned from a few times, as drawn rows cost more than learning from them where
    classes are few, and let go.
    """
    # A subclass may look at the weights, or change them, after each chunk.
    own = getattr(type(classifier), "partial_fit", None)
    as_it_is = own is SoftmaxClassifier.partial_fit
    with warnings.catch_warnings():
        # A chunk may have few rows of each class; all of them have more.
        warnings.filterwarnings("ignore", "The number of unique classes")
        start = None
        if as_it_is and classifier.init == "lda":
            # From a pass of its own: a chunk has too few rows of each class.
            start = IncrementalLDA()
            for chunk in passes.chunks(size):
                start.partial_fit(*draw(*chunk), classes)
        with classifier._in_place(start) if as_it_is else nullcontext():
            _learn(classifier, passes, draw, size, classes, say)
    return classifier


def _learn(classifier, passes, draw, size, classes, say):
    batch_size, n_batches = training_plan(classifier, passes.n_rows)
    per_pass = -(-passes.n_rows // batch_size)
    known = {"classes": classes}  # for the first call alone: checking takes time
    left, told = n_batches, 0
    while True:
        visits = max(min(_VISITS, left // per_pass), 1)
        for chunk in passes.chunks(min(size, n_batches * batch_size)):
            X, y = draw(*chunk)
            for _ in range(visits):
                n_rows = min(len(X), left * batch_size)
                classifier.partial_fit(X[:n_rows], y[:n_rows], **known)
                known = {}
                left -= -(-n_rows // batch_size)
                if not left:
                    return
            percent = 100 * (n_batches - left) // n_batches
            if percent > told:
                say(f"{percent} % of the classifier's training done")
                told = percent
