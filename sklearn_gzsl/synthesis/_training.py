"""Training of the final classifier: on all rows at once, or on a stream of them."""

import warnings

import numpy as np
from sklearn import get_config
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import has_fit_parameter

from ..utils import learner_inside, say, seeded
from ._stream import RowStream

_MOST_PASSES = 25
# A million rows a second would be learned from for a day, in one pass.
_MOST_ROWS = 10**11


def train(classifier, rows, *, memory_limit):
    """Train a seeded clone of the classifier on real and synthetic rows.

    Parameters
    ----------
    classifier : classifier
    rows : TrainingRows
    memory_limit : int or None
        Bytes past which the synthetic rows are streamed.

    Returns
    -------
    classifier
        Fitted.
    """
    if isinstance(classifier, FrozenEstimator):
        return classifier  # learns nothing: no rows are drawn for it
    n_classes = len(rows.synthesized)
    size = n_classes, rows.n_synthetic, rows.n_features
    if is_streamed(classifier, *size, memory_limit):
        classifier = seeded(classifier, rows.seeds)
        # Built after the classifier has its seed: the order of draws decides the rows.
        return _learn(classifier, RowStream(rows, memory_limit))
    parts = []
    if n_classes:
        say(f"drawing {rows.n_synthetic} rows for each of {n_classes} classes")
        parts.append(rows.synthetic())
    classifier = seeded(classifier, rows.seeds)
    if len(rows.real):
        # In front, but drawn last: the order of draws is older than that of the rows.
        parts.insert(0, (rows.real_features(rows.real), rows.y[rows.real]))
    features, labels = _joined(parts)
    say(f"fitting the classifier on {len(features)} rows")
    known = {"class_attributes": rows.attributes.subset(rows.classes)}
    if rows.candidate_classes == "all":  # otherwise no row is of a seen class
        known["seen_classes"] = rows.seen
        known["synthetic"] = np.arange(len(labels)) >= len(rows.real)
    return classifier.fit(features, labels, **_asked_for(classifier, known))


def _joined(parts):
    """Features and labels of all parts, each of which is let go once it is copied."""
    labels = np.concatenate([labels for _, labels in parts])
    rows = [features for features, _ in parts]
    parts.clear()
    whole = np.empty((len(labels), rows[0].shape[1]), np.result_type(*rows))
    stop = len(labels)
    while rows:
        part = rows.pop()
        whole[stop - len(part) : stop] = part
        stop -= len(part)
        del part
    return whole, labels


def train_drawn(classifier, rows, *, memory_limit):
    """Let a fitted classifier learn synthetic rows anew, without any real row.

    It has ``_learn_drawn(chunks, attributes)``, as PrototypeClassifier has.
    """
    size = len(rows.synthesized), rows.n_synthetic, rows.n_features
    if is_streamed(classifier, *size, memory_limit):
        chunks = RowStream(rows, memory_limit).drawn()
    else:
        chunks = [rows.synthetic()] if len(rows.synthesized) else []
    classifier._learn_drawn(chunks, rows.attributes.subset(rows.classes))
    return classifier


def _asked_for(classifier, known):
    """What the classifier's ``fit``, inside pipelines and searches, has a name for.

    ``class_attributes`` are the descriptions of the classes, ``seen_classes`` those
    that the generator has learned from, and ``synthetic`` says of each row whether it
    was drawn.
    """
    learner, prefix = learner_inside(classifier)
    if get_config()["enable_metadata_routing"]:
        prefix = ""  # they find their way by name
    return {
        prefix + name: value
        for name, value in known.items()
        if has_fit_parameter(learner, name)
    }


def asks_for_seen(classifier):
    """Whether the classifier tells seen classes from unseen ones itself."""
    return has_fit_parameter(learner_inside(classifier)[0], "seen_classes")


def check_asks(classifier):
    """Refuse a part that wants descriptions in a wrapper that cannot pass them on.

    Raises
    ------
    ValueError
        If there is one: it would take the unseen classes for seen ones, in silence.
    """
    learner, _ = learner_inside(classifier)
    inside = learner.get_params() if hasattr(learner, "get_params") else {}
    for name, part in inside.items():
        lost = [
            asked
            for asked in ("class_attributes", "seen_classes")
            if hasattr(part, "fit")
            and has_fit_parameter(part, asked)
            and not has_fit_parameter(learner, asked)
        ]
        if lost:
            raise ValueError(
                f"The fit of {type(part).__name__}, {name} of the 'classifier' "
                f"parameter, asks for {lost[0]}, which {type(learner).__name__} "
                "cannot pass on. Use it alone, as last step of a pipeline or in a "
                "search such as GridSearchCV; or put another classifier in its place. "
                "A vote and a CalibratedStackingCV go around a GZSLClassifier."
            )


def is_streamed(classifier, n_classes, n_synthetic, n_features, memory_limit):
    """Whether the synthetic rows are too many to be held at once.

    Raises
    ------
    ValueError
        If they are, and the classifier cannot learn from a part at a time; or if
        nothing could ever learn from so many.
    """
    if isinstance(classifier, FrozenEstimator):  # no rows are drawn for it
        return False
    if n_classes * n_synthetic > _MOST_ROWS:
        raise ValueError(
            f"n_synthetic={n_synthetic} rows of {n_classes} classes are more than "
            "anything could learn from; a few hundred of each class are plenty."
        )
    n_bytes = 4 * n_classes * n_synthetic * n_features
    if memory_limit is None or n_bytes <= memory_limit:
        return False
    reason = None
    if not (hasattr(classifier, "partial_fit") or hasattr(classifier, "fit_stream")):
        reason = "it has no partial_fit"
    elif getattr(classifier, "early_stopping", False):
        reason = "its early_stopping needs all of them; turn that off"
    if reason:
        raise ValueError(
            f"{n_synthetic} synthetic rows of {n_classes} classes take "
            f"{n_bytes} bytes, more than memory_limit={memory_limit}, and "
            f"classifier={classifier!r} cannot learn from a part at a time: "
            f"{reason}. Raise memory_limit (None is without a limit), lower "
            "n_synthetic, or take SoftmaxClassifier, SGDClassifier or another "
            "classifier with partial_fit."
        )
    return True


def _learn(classifier, stream):
    """Train a classifier on a stream, by its own ``fit_stream`` or ``partial_fit``."""
    with warnings.catch_warnings():
        # A chunk may have few rows of each class; all of them have more.
        warnings.filterwarnings("ignore", "The number of unique classes")
        if hasattr(classifier, "fit_stream"):
            return classifier.fit_stream(stream)
        if getattr(classifier, "class_weight", None) == "balanced":
            classifier.set_params(class_weight=_balanced(stream))
        # What does not iterate, such as naive Bayes, has learned all after one pass.
        n_passes = min(int(getattr(classifier, "max_iter", 1)), _MOST_PASSES)
        stream.feed(classifier.partial_fit, 1, n_passes * stream.n_rows)
    return classifier


def _balanced(stream):
    """Numbers for class_weight="balanced", which a chunk cannot tell."""
    labels = stream.classes.tolist()
    weights = (stream.n_rows / (len(labels) * stream.counts)).tolist()
    # Of the class "07", releases of scikit-learn look for "07" or for 7.
    as_looked_up = [*map(_as_number, labels), *labels]
    return dict(zip(as_looked_up, weights * 2, strict=True))


def _as_number(label):
    try:
        return int(label)
    except ValueError:
        return label
