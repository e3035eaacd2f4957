"""Models of tables: fitted to one file, stored in another, applied to a third."""

from shlex import quote

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..attributes import ClassAttributes, lies_on_its_side
from ..classifiers._calibrated_stacking import CalibratedStackingCV
from ..classifiers._gzsl_classifier import GZSLClassifier
from ..persistence import load
from ..utils import few, heard, meant, warn
from ._figures import check_labels, expected, scored
from ._methods import (
    build,
    check_method,
    chooses_penalty,
    resolved,
    set_known,
    typical_rows,
)
from ._options import HEADS
from ._table_files import (
    as_text,
    check_columns,
    check_free,
    check_there,
    features,
    kind,
    read,
    warn_of_numbering,
    without_index,
)

_UNLABELLED = -1
_WRITTEN = ("prediction", "seen", "probability")


def fit_table(
    data,
    *,
    target,
    attributes,
    model,
    method=None,
    params,
    ignore=(),
    seed=0,
    force=False,
    verbose=1,
):
    """Fit a classifier to a table of rows and store it; what to say about it.

    Parameters
    ----------
    data, attributes, model : str
        Files: rows, descriptions of classes, and where the model goes.
    target : str
        Column of the rows with their labels; a row without one is adapted to.
    method : str or None
        As in the benchmark; by default ``GZSLClassifier()``.
    params : dict
        Parameters of the method's classifier.
    ignore : list of str
        Columns of the rows that are no features.
    seed : int
    force : bool
        Whether to replace a model that is there.
    verbose : int
        Whether to show progress on stderr.

    Returns
    -------
    str
    """
    check_free(model, force, data, attributes)
    rows = read(data, target)
    labels = rows[target].to_numpy(dtype=object)
    described = _descriptions(attributes, target, data, labels)
    if target in ignore:
        raise ValueError(f"--ignore {target} is the target; leave that out.")
    labelled = labels != ""
    if not labelled.any():
        raise ValueError(f"{data}: column {target!r} is empty throughout.")
    rows = without_index(data, rows.drop(columns=[target]))
    check_columns(data, rows, ignore)
    _check_described(labels[labelled], described, rows, data, target, attributes)
    if len(set(labels[labelled])) == len(described.labels):
        warn(
            f"{attributes} describes the classes of {data} alone, so that none is "
            "unseen, and no other can be predicted; add a row there for each class "
            "that has none here."
        )
    rows = rows.drop(columns=list(ignore))
    X = features(data, rows, may_ignore=True)
    warn_of_numbering(data, rows)
    y = np.where(labelled, labels, _UNLABELLED)
    clf = _unfitted(method, params, typical_rows(labels[labelled].astype(str)))
    set_known(clf, random_state=seed)
    with heard(None, verbose, "fit"):
        clf.fit(X, y.tolist(), class_attributes=described)
    clf.save(model)
    n_seen, n_unseen = len(clf.seen_classes_), len(clf.unseen_classes_)
    n_unlabelled = int((~labelled).sum())
    said = f"{model}: {n_seen} seen and {n_unseen} unseen classes, "
    said += f"{X.shape[1]} features, {labelled.sum()} rows"
    if n_unlabelled:
        said += f" and {n_unlabelled} without labels"
    return f"{said}\n{expected(clf)}"


def predict_table(model, rows, *, target, out, keep, proba, force):
    """Predict the classes of a table's rows with a stored model.

    Returns
    -------
    DataFrame
        A row for each.
    str
        What is to be said of it: with a ``target``, U, S and H.
    """
    if out:
        check_free(out, force, model, rows)
        kind(out, "written")
    check_there(model)
    clf = load(model)
    if not hasattr(clf, "predict"):
        raise ValueError(f"{model} holds {type(clf).__name__}, which has no predict.")
    check_is_fitted(clf)
    table = read(rows, target)
    check_columns(rows, table, keep)
    taken = [name for name in keep if name in _WRITTEN]
    if taken:
        raise ValueError(
            f"{rows}: --keep {taken[0]} has the name of a column of predictions; give "
            "the column another name."
        )
    given = table
    if target is not None:
        labels = table[target].to_numpy(dtype=object)
        check_labels(clf, labels, rows=rows, target=target, model=model)
        given = table.drop(columns=[target])
    if proba and not hasattr(clf, "predict_proba"):
        raise ValueError(f"{model} gives no probabilities; leave --proba out.")
    X = features(rows, _as_in_fit(clf, rows, given), may_ignore=False)
    found = table[list(dict.fromkeys(keep))].copy()
    _add_predictions(found, clf, X, proba)
    said = "" if target is None else scored(clf, labels, found["prediction"])
    return found, said


def _add_predictions(found, clf, X, proba):
    """The columns that predict writes, at the end of a table."""
    found["prediction"] = clf.predict(X)
    if hasattr(clf, "seen_classes_"):
        found["seen"] = np.isin(found["prediction"], clf.seen_classes_)
    if hasattr(clf, "predict_proba"):
        probabilities = clf.predict_proba(X)
        found["probability"] = probabilities.max(axis=1)
    if proba:
        for i, label in enumerate(clf.classes_):
            found[f"probability of {label}"] = probabilities[:, i]


def _descriptions(path, target, data, labels):
    """Descriptions of classes, by the column of the target's name or by the first.

    ``labels`` are those of the rows in ``data``, which may have taken their place.
    """
    names = list(read(path).columns)
    if not names:
        raise ValueError(f"{path} has no columns.")
    column = target if target in names else names[0]
    table = read(path, column)
    if (table[column] == "").any():
        raise ValueError(f"{path}: column {column!r} has rows without a class.")
    own, one_each = set(table[column]), len(set(labels)) == len(labels)
    if len(own) < len(table) and one_each and own <= set(labels):
        raise ValueError(
            f"{path} has several rows of a class, and {data} one row of each: the two "
            "seem to have changed places; rows to learn from come first, and one "
            "description of each class comes with --attributes."
        )
    if column != names[0]:
        table = without_index(path, table)
    try:
        return ClassAttributes(column, table)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check_described(labels, described, rows, data, target, attributes):
    """Refuse labels without a description, in words of files and not of arguments.

    ``rows`` has all columns but that of the labels.
    """
    known = described.labels.tolist()
    missing = sorted(set(labels) - set(known))
    if missing:
        further = ""
        if "-1" in missing:
            further = " Cells of rows without a label are to be empty."
        elif lies_on_its_side(described, labels, missing):
            further = " They are columns there: write it with a row for each class."
        elif other := _column_of(known, rows):
            further = f" Did you mean --target {quote(other)}, whose classes it has?"
        raise ValueError(
            f"{data}: column {target!r} has the classes {few(missing)}, which "
            f"{attributes} does not describe (its classes are {few(known)}); add a row "
            f"for each there.{meant(missing, known)}{further}"
        )


def _column_of(classes, table):
    """The first column of a table that holds some of these classes, and no others."""
    for name in table:
        found = {as_text(label) for label in table[name].unique()} - {""}
        if found and found <= set(classes):
            return name
    return None


def _as_in_fit(clf, path, table):
    """The columns that the model was fitted to, in their order."""
    names = getattr(clf, "feature_names_in_", None)
    if names is not None:
        check_columns(path, table, names)
        return table[list(names)]
    if table.shape[1] != clf.n_features_in_:
        raise ValueError(
            f"{path} has {table.shape[1]} columns, but the model was fitted to "
            f"{clf.n_features_in_}, and knows no names of them; give those alone, and "
            "--target where the classes stand beside them."
        )
    return table.set_axis(range(table.shape[1]), axis=1)


def _unfitted(method, params, n_typical):
    if method is None:
        clf = GZSLClassifier().set_params(**resolved(params, n_typical))
    else:
        method = check_method(method)
        clf = build(
            method, preset=None, head=HEADS[0], params=params, n_typical=n_typical
        )
    # What does not choose a penalty by itself, and was given none, has it chosen.
    if chooses_penalty(clf) or "seen_penalty" in params:
        return clf
    return CalibratedStackingCV(clf)
