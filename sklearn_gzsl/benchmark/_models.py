"""Models of tables: fitted to one file, stored in another, applied to a third."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..attributes import ClassAttributes, lies_on_its_side
from ..attributes._tables import UNNAMED
from ..classifiers._calibrated_stacking import CalibratedStackingCV
from ..classifiers._gzsl_classifier import GZSLClassifier
from ..persistence import load
from ..utils import few, heard, meant, warn
from ..utils._labels import is_missing
from ._methods import (
    build,
    check_methods,
    chooses_penalty,
    resolved,
    set_known,
    typical_rows,
)
from ._options import HEADS

_UNLABELLED = -1
_PARQUET = "parquet"
_KINDS = {
    ".csv": ",",
    ".csv.gz": ",",
    ".tsv": "\t",
    ".parquet": _PARQUET,
    ".pq": _PARQUET,
}
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
    described = _descriptions(attributes, target)
    labels = rows[target].to_numpy(dtype=object)
    if target in ignore:
        raise ValueError(f"--ignore {target} is the target; leave that out.")
    rows = _without_index(data, rows.drop(columns=[target]))
    X = _features(data, rows, ignore)
    labelled = labels != ""
    if not labelled.any():
        raise ValueError(f"{data}: column {target!r} is empty throughout.")
    _check_described(labels[labelled], described, data, target, attributes)
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
    return f"{said}\n{_expected(clf)}"


def predict_table(model, rows, *, out, keep, proba, force):
    """Predict the classes of a table's rows with a stored model; a table of these."""
    if out:
        check_free(out, force, model, rows)
        _kind(out, "written")
    clf = load(model)
    if not hasattr(clf, "predict"):
        raise ValueError(f"{model} holds a {type(clf).__name__}, which has no predict.")
    check_is_fitted(clf)
    table = read(rows)
    _check_columns(rows, table, keep)
    taken = [name for name in keep if name in _WRITTEN]
    if taken:
        raise ValueError(
            f"{rows}: --keep {taken[0]} has the name of a column of predictions; give "
            "the column another name."
        )
    X = _features(rows, _as_in_fit(clf, rows, table))
    found = table[list(dict.fromkeys(keep))].copy()
    found["prediction"] = clf.predict(X)
    if hasattr(clf, "seen_classes_"):
        found["seen"] = np.isin(found["prediction"], clf.seen_classes_)
    if hasattr(clf, "predict_proba"):
        probabilities = clf.predict_proba(X)
        found["probability"] = probabilities.max(axis=1)
    elif proba:
        raise ValueError(f"{model} gives no probabilities; leave --proba out.")
    if proba:
        for i, label in enumerate(clf.classes_):
            found[f"probability of {label}"] = probabilities[:, i]
    return found


def check_free(path, force, *inputs):
    """Refuse an output before anything is done, if it would replace what is needed.

    That is a file that is there, without ``force``; one of the inputs in any case; and
    one whose folder is not there.
    """
    path = Path(path)
    for given in inputs:  # by any spelling, and through links
        if path.exists() and Path(given).exists() and path.samefile(given):
            raise ValueError(
                f"{given} is read, and {path} would overwrite it; choose another name."
            )
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists; choose another name, or --force.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: its folder does not exist; create it first.")


def read(path, text=None):
    """A table of a CSV or Parquet file; the column ``text`` as stripped text."""
    pd = _pandas()
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    sep = _kind(path, "read")
    if sep is not _PARQUET:
        with _naming(path):
            table = pd.read_csv(path, sep=sep)
            if text in table:  # as it stands there: a class may be called NA, or 07
                column = {"usecols": [text], "dtype": str, "keep_default_na": False}
                table[text] = pd.read_csv(path, sep=sep, **column)[text].to_numpy()
        if table.shape[1] == 1 and ";" in str(table.columns[0]):
            raise ValueError(
                f"{path} has one column, {table.columns[0]!r}; separate cells by "
                "commas and not by semicolons, and write numbers with a point."
            )
    else:
        with _naming(path):
            table = pd.read_parquet(path)
        # Labels that pandas has made the index are a column like any other.
        if table.index.names == [None] and table.index.dtype.kind == "O":
            table.index.name = UNNAMED  # text: what read_csv would make of it
        table = table.reset_index([name for name in table.index.names if name])
    if not len(table):
        raise ValueError(f"{path} has no rows.")
    table.columns = [str(name) for name in table.columns]
    if text is not None:
        _check_columns(path, table, [text])
        table[text] = [_as_text(label) for label in table[text].tolist()]
    return table


@contextmanager
def _naming(path):
    """Name the file in what pandas says of it."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is no text in UTF-8; save it as that, which spreadsheets call "
            "CSV UTF-8."
        ) from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def _without_index(path, table):
    """The table without a first column that has no name, with a warning."""
    name = table.columns[0] if table.shape[1] else None
    if name not in ("", UNNAMED):
        return table
    warn(
        f"{path}: the first column has no name and is left out, as it is where pandas "
        "writes the numbers of rows; give it a name if it says something."
    )
    return table.drop(columns=[name])


def write(table, path):
    """Write a table to a file, or as CSV to a stream."""
    sep = "," if hasattr(path, "write") else _kind(path, "written")
    if sep is _PARQUET:
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, sep=sep)


def _kind(path, done):
    """What is between the cells of a file, by its name, or that it is Parquet."""
    name = Path(path).name.lower()
    for suffix, kind in _KINDS.items():
        if name.endswith(suffix):
            return kind
    raise ValueError(
        f"{path} is no table that can be {done}; give .csv, .csv.gz, .tsv or .parquet."
    )


def _pandas():
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            "tables are read by pandas, which is not installed; install it, as in "
            "pip install 'sklearn-gzsl[tables]'."
        ) from error
    return pd


def _as_text(label):
    """A label as text; nothing for a missing one."""
    if is_missing(label):
        return ""
    # A column of whole numbers with gaps is one of floats.
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return "" if str(label).isspace() else str(label)


def _check_columns(path, table, names):
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise ValueError(
            f"{path} has no column {few(missing)}; its columns are "
            f"{few(list(table.columns))}.{meant(missing, table.columns)}"
        )


def _descriptions(path, target):
    """Descriptions of classes, by the column of the target's name or by the first."""
    names = list(read(path).columns)
    if not names:
        raise ValueError(f"{path} has no columns.")
    column = target if target in names else names[0]
    table = read(path, column)
    if (table[column] == "").any():
        raise ValueError(f"{path}: column {column!r} has rows without a class.")
    if column != names[0]:
        table = _without_index(path, table)
    try:
        return ClassAttributes(column, table)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check_described(labels, described, data, target, attributes):
    """Refuse labels without a description, in words of files and not of arguments."""
    known = described.labels.tolist()
    missing = sorted(set(labels) - set(known))
    if missing:
        further = ""
        if "-1" in missing:
            further = " Cells of rows without a label are to be empty."
        elif lies_on_its_side(described, labels, missing):
            further = " They are columns there: write it with a row for each class."
        raise ValueError(
            f"{data}: column {target!r} has the classes {few(missing)}, which "
            f"{attributes} does not describe (its classes are {few(known)}); add a row "
            f"for each there.{meant(missing, known)}{further}"
        )


def _features(path, table, ignore=()):
    """The columns of numbers, of which none may be missing."""
    _check_columns(path, table, ignore)
    X = table.drop(columns=list(ignore))
    if not X.shape[1]:
        raise ValueError(f"{path} has no column of features; give columns of numbers.")
    text = [name for name in X if X[name].dtype.kind not in "iufb"]
    if text:
        _check_cells(path, X[text])
        raise ValueError(
            f"{path}: the columns {few(text)} hold no numbers; turn them into numbers, "
            "or leave them out with --ignore COLUMN."
        )
    numbers = {name: X[name].to_numpy(np.float32, na_value=np.nan) for name in X}
    X = _pandas().DataFrame(numbers, index=X.index)
    empty = [name for name in X if not np.isfinite(X[name]).all()]
    if empty:
        row = np.flatnonzero(~np.isfinite(X[empty[0]]))[0] + 1
        raise ValueError(
            f"{path}: the columns {few(empty)} have empty cells or infinite numbers, "
            f"the first of them in row {row} below the header; fill these in, or leave "
            "the rows out."
        )
    return X


def _check_cells(path, table):
    """Name the first cell without a number in a column of numbers."""
    for name in table:
        cells = table[name].astype(object)
        filled = cells.notna().to_numpy()
        found = _pandas().to_numeric(cells, errors="coerce").isna().to_numpy()
        wrong = np.flatnonzero(filled & found)
        if not 0 < len(wrong) < filled.sum():
            continue
        raise ValueError(
            f"{path}: column {name!r}, row {wrong[0] + 1} below the header: "
            f"{cells.iloc[wrong[0]]!r} is no number ({len(wrong)} of {len(cells)} "
            "cells are none); put numbers there, leave such rows out, or the column "
            f"with --ignore {name}."
        )


def _as_in_fit(clf, path, table):
    """The columns that the model was fitted to, in their order."""
    names = getattr(clf, "feature_names_in_", None)
    if names is not None:
        _check_columns(path, table, names)
        return table[list(names)]
    if table.shape[1] != clf.n_features_in_:
        raise ValueError(
            f"{path} has {table.shape[1]} columns, but the model was fitted to "
            f"{clf.n_features_in_}, and knows no names of them."
        )
    return table.set_axis(range(table.shape[1]), axis=1)


def _unfitted(method, params, n_typical):
    if method is None:
        clf = GZSLClassifier().set_params(**resolved(params, n_typical))
    else:
        (method,) = check_methods(method)
        clf = build(
            method, preset=None, head=HEADS[0], params=params, n_typical=n_typical
        )
    # What does not choose a penalty by itself, and was given none, has it chosen.
    if chooses_penalty(clf) or "seen_penalty" in params:
        return clf
    return CalibratedStackingCV(clf)


def _expected(clf):
    score = getattr(clf, "best_score_", getattr(clf, "held_out_score_", None))
    penalty = getattr(clf, "seen_penalty_", 0.0)
    if score is None:
        return f"seen penalty {penalty:.4g}; no classes were held out to tell H"
    return (
        f"H {100 * score:.1f} on held-out classes, which is about what to expect; "
        f"seen penalty {penalty:.4g}"
    )
