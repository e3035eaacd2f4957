"""Tables in files: read, checked, and written."""

from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import numpy as np

from ..attributes._tables import UNNAMED, strays
from ..utils import check_place, few, meant, warn
from ..utils._labels import is_missing

_PARQUET = "parquet"
_KINDS = {
    ".csv": ",",
    ".csv.gz": ",",
    ".tsv": "\t",
    ".parquet": _PARQUET,
    ".pq": _PARQUET,
}


def check_free(path, force, *inputs):
    """Refuse an output before anything is done, if it would replace what is needed.

    That is a file that is there, without ``force``, and one of the inputs in any case;
    so is a path at which none can be written.
    """
    path = Path(path)
    check_place(path)
    for given in inputs:  # by any spelling, and through links
        if path.exists() and Path(given).exists() and path.samefile(given):
            raise ValueError(
                f"{given} is read, and {path} would overwrite it; choose another name."
            )
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists; choose another name, or --force.")


def check_there(path):
    """Refuse to read a file that is not there."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no file {path}.")


def read(path, text=None):
    """A table of a CSV or Parquet file; the column ``text`` as text."""
    pd = _pandas()
    check_there(path)
    sep = kind(path, "read")
    if sep is not _PARQUET:
        with _naming(path):
            table = pd.read_csv(path, sep=sep)
            header = pd.read_csv(
                path, sep=sep, header=None, nrows=1, dtype=str, keep_default_na=False
            )
            if text in table:  # as it stands there: a class may be called NA, or 07
                column = {"usecols": [text], "dtype": str, "keep_default_na": False}
                table[text] = pd.read_csv(path, sep=sep, **column)[text].to_numpy()
        names = header.iloc[0]
        names = names[names != ""]
        if names.duplicated().any():  # of which pandas would make others, as "a.1"
            raise ValueError(
                f"{path} has several columns {few(names[names.duplicated()])}; give "
                "each a name of its own."
            )
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
        check_columns(path, table, [text])
        table[text] = [as_text(label) for label in table[text].tolist()]
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


def write(table, path):
    """Write a table to a file, or as CSV to a stream."""
    sep = "," if hasattr(path, "write") else kind(path, "written")
    if sep is _PARQUET:
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, sep=sep)


def without_index(path, table):
    """The table without a first column that has no name, with a warning."""
    name = table.columns[0] if table.shape[1] else None
    if name not in ("", UNNAMED):
        return table
    warn(
        f"{path}: the first column has no name and is left out, as it is where pandas "
        "writes the numbers of rows; give it a name if it says something."
    )
    return table.drop(columns=[name])


def kind(path, done):
    """What is between the cells of a file, by its name, or that it is Parquet."""
    name = Path(path).name.lower()
    for suffix, separator in _KINDS.items():
        if name.endswith(suffix):
            return separator
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


def as_text(label):
    """A label as text; nothing for a missing one."""
    if is_missing(label):
        return ""
    # A column of whole numbers with gaps is one of floats.
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return "" if str(label).isspace() else str(label)


def check_columns(path, table, names):
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise ValueError(
            f"{path} has no column {few(missing)}; its columns are "
            f"{few(list(table.columns))}.{meant(missing, table.columns)}"
        )


def features(path, X, *, may_ignore):
    """The columns as numbers, of which none may be missing.

    ``may_ignore`` is whether the command leaves columns out.
    """
    if not X.shape[1]:
        raise ValueError(f"{path} has no column of features; give columns of numbers.")
    text = [name for name in X if X[name].dtype.kind not in "iufb"]
    if text:
        _refuse_text(path, X[text], may_ignore)
    numbers = {name: X[name].to_numpy(np.float64, na_value=np.nan) for name in X}
    X = _pandas().DataFrame(numbers, index=X.index)
    most = np.finfo(np.float32).max
    empty = [name for name in X if not X[name].between(-most, most).all()]
    if empty:
        row = np.flatnonzero(~X[empty[0]].between(-most, most))[0] + 1
        raise ValueError(
            f"{path}: the columns {few(empty)} have empty cells or infinite numbers, "
            f"the first of them in row {row} below the header; fill these in, or leave "
            "the rows out."
        )
    return X


def _refuse_text(path, table, may_ignore):
    """Name the columns, or the first cell without a number in a column of numbers."""
    for name in table:
        filled = np.flatnonzero(table[name].notna())
        cells = table[name].iloc[filled].tolist()
        wrong = strays(cells)
        if not wrong:
            continue
        remedy = "put numbers there, or leave such rows out"
        if may_ignore:
            remedy += f", or the column with --ignore {quote(name)}"
        raise ValueError(
            f"{path}: column {name!r}, row {filled[wrong[0]] + 1} below the header: "
            f"{cells[wrong[0]]!r} is no number ({len(wrong)} of {len(table)} cells are "
            f"none); {remedy}."
        )
    remedy = "turn them into numbers"
    remedy += ", or leave them out with --ignore COLUMN" if may_ignore else ""
    raise ValueError(
        f"{path}: the columns {few(list(table))} hold no numbers; {remedy}."
    )


def warn_of_numbering(path, table):
    """Warn of columns that may number the rows, of which a model learns their order."""
    numbering = [name for name in table if _numbers_rows(table[name])]
    if 0 < len(numbering) < table.shape[1]:
        warn(
            f"{path}: the columns {few(numbering)} hold another whole number in each "
            "row, as an id does, and are taken for features; leave such a column out, "
            f"as with --ignore {quote(numbering[0])}, unless it tells of the class."
        )


def _numbers_rows(column):
    if column.dtype.kind == "f" and (column % 1 != 0).any():
        return False
    return column.dtype.kind in "iuf" and column.is_unique
