"""What is said of a model in figures: the H to expect, and U, S and H of rows."""

import numpy as np

from ..classifiers._folds import like_unseen
from ..classifiers._penalty import FEW_CLASSES, hardly_better
from ..metrics import per_class_accuracy
from ..metrics._accuracy import harmonic_mean
from ..utils import few, meant
from ._table_files import as_text


def expected(clf):
    """The H to expect of a fitted classifier, if it can be told, and its penalty."""
    penalty = f"seen penalty {getattr(clf, 'seen_penalty_', 0.0):.4g}"
    n_seen, n_unseen = len(clf.seen_classes_), len(clf.unseen_classes_)
    if not n_unseen:
        return f"{penalty}; no class is unseen, so that there is no H to expect"
    scores = getattr(clf, "fold_scores_", None)
    if scores is None:
        return f"{penalty}; no classes were held out to tell H"
    # Also where of these folds one alone was taken.
    n_held_out = n_seen / like_unseen(n_seen, n_unseen, None).n_splits
    score, spread = np.mean(scores), _spread(scores, n_held_out)
    worth = _worth(score, n_seen, n_held_out)
    return f"H {100 * score:.1f} on held-out classes ({spread}), {worth}; {penalty}"


def _spread(scores, n_held_out):
    """How far folds are apart: so far may the classes be that are truly unseen."""
    least, most = int(n_held_out), int(np.ceil(n_held_out))
    classes = f"{most} class{'es' if most > 1 else ''}"
    of = classes if least == most else f"{least} or {classes}"
    if len(scores) == 1:
        return f"one fold of {of}"
    low, high = 100 * np.min(scores), 100 * np.max(scores)
    return f"{low:.1f} to {high:.1f} in {len(scores)} folds of {of}"


def _worth(score, n_seen, n_held_out):
    """What the mean over the folds is worth."""
    if n_seen < FEW_CLASSES:
        return "which are too few to rely on"
    if hardly_better(score, n_seen, n_held_out):
        return "hardly better than guesses"
    return "which is about what to expect"


def check_labels(clf, labels, *, rows, target, model):
    """Refuse labels that a stored model cannot be scored by, before it predicts."""
    if not hasattr(clf, "seen_classes_"):
        raise ValueError(
            f"{model} holds {type(clf).__name__}, which knows no seen and unseen "
            "classes to tell U and S of; leave --target out."
        )
    if target in getattr(clf, "feature_names_in_", ()):
        raise ValueError(
            f"--target {target} is a feature of {model}; name the column of {rows} "
            "that has the classes."
        )
    if not any(labels):
        raise ValueError(
            f"{rows}: column {target!r} is empty throughout; leave --target out."
        )
    known = _as_texts(clf.classes_)
    unknown = sorted(set(labels) - {*known, ""})
    if unknown:
        raise ValueError(
            f"{rows}: column {target!r} has the classes {few(unknown)}, which {model} "
            f"does not know (its classes are {few(known)}); empty these cells, or fit "
            f"a model that they are described to.{meant(unknown, known)}"
        )


def scored(clf, labels, predicted):
    """U, S and H of predictions, of the rows that have a label."""
    predicted = np.array(_as_texts(predicted))
    labelled, seen = labels != "", np.isin(labels, _as_texts(clf.seen_classes_))
    sides = {"unseen": labelled & ~seen, "seen": labelled & seen}
    there = {side: rows for side, rows in sides.items() if rows.any()}
    accuracy = {
        side[0].upper(): per_class_accuracy(labels[rows], predicted[rows])
        for side, rows in there.items()
    }
    if len(there) == 2:
        accuracy["H"] = harmonic_mean(*accuracy.values())
    figures = ", ".join(f"{name} {100 * of:.1f}" for name, of in accuracy.items())
    classes = " and ".join(
        f"{len(set(labels[rows]))} {side}" for side, rows in there.items()
    )
    said = f"{figures} on {labelled.sum()} rows of {classes} classes"
    if not labelled.all():
        said += f"; {(~labelled).sum()} without a label"
    for side in sides.keys() - there:
        said += f"; none is of {side} classes, so that there is no H"
    return said


def _as_texts(labels):
    return [as_text(label) for label in np.asarray(labels).tolist()]
