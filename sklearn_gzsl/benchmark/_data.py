"""What a benchmark runs on: an .npz file, an xlsa17 folder or a built-in set."""

import hashlib
import tokenize
from itertools import chain
from math import prod
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from .. import datasets
from ..attributes import ClassAttributes
from ..datasets._reading import BadFileError, check_memory, memory_limit
from ..datasets._stored_rows import StoredRows
from ..utils import MALFORMED, few
from ._options import ALL_TABLES, BUILT_IN, TABLE

# What damaged archives, and entries that are encrypted or packed otherwise, lead to.
_UNREADABLE = (*MALFORMED, OSError, tokenize.TokenError, SyntaxError)
_SPLITS = ("train", "test_seen", "test_unseen")
_XLSA17_FILES = ("res101.mat", "att_splits.mat")


def load_data(source, descriptions=TABLE, split=None):
    """Rows, labels, descriptions and split, checked, as a Bunch with a ``name``.

    ``source`` is a path or a built-in name, or a Bunch as the loaders of
    ``sklearn_gzsl.datasets`` return it; ``descriptions`` is the name of a table in an
    ``.npz`` file, or ``"all"``; ``split`` one of ImageNet-21K.
    """
    if split is not None:
        return _open_imagenet21k(source, descriptions, split)
    name, bunch = _open(source, descriptions)
    data = Bunch(
        name=name,
        descriptions=descriptions,
        X=np.asarray(bunch["data"], dtype=np.float32),
        y=np.asarray(bunch["target"]),
        class_attributes=bunch["class_attributes"],
        **{split: np.asarray(bunch[split]) for split in _SPLITS},
    )
    _check_rows(data)
    _check_classes(data)
    return data


def _open_imagenet21k(source, descriptions, split):
    _refuse_table(descriptions, "ImageNet-21K")
    if isinstance(source, dict) or not Path(source).is_dir():
        raise FileNotFoundError(
            f"split={split!r} is one of ImageNet-21K, but data={source!r} is no folder "
            "with its files; see load_imagenet21k."
        )
    bunch = datasets.load_imagenet21k(source, split)
    return Bunch(
        name=f"ImageNet-21K {split}",
        descriptions=descriptions,
        # The protocol of VAE-cFlow's Table 6.
        n_synthetic=600,
        X=bunch.data,
        y=bunch.target,
        class_attributes=bunch.class_attributes,
        train=np.arange(len(bunch.data)),
        test_seen=bunch.test_seen,
        test_unseen=bunch.test_unseen,
    )


def _open(source, descriptions):
    if isinstance(source, dict):
        missing = [
            key
            for key in ("data", "target", "class_attributes", *_SPLITS)
            if key not in source
        ]
        if missing:
            raise ValueError(
                f"data has no {few(missing)}; give it the fields that the loaders of "
                "sklearn_gzsl.datasets return."
            )
        _refuse_table(descriptions, "what a loader returned")
        return source.get("name", "data"), source
    path = Path(source)
    if path.is_dir():
        _refuse_table(descriptions, f"the folder {str(path)!r}")
        return path.resolve().name, _open_xlsa17(path)
    if path.is_file():
        return path.stem, _open_npz(path, descriptions)
    loader = getattr(datasets, BUILT_IN.get(str(source), ""), None)
    if loader is None:
        raise FileNotFoundError(
            f"data={str(source)!r} is neither a file, nor a folder, nor one of the "
            f"built-in sets {sorted(BUILT_IN)}; check the path."
        )
    _refuse_table(descriptions, f"the built-in set {str(source)!r}")
    return str(source), loader()


def _refuse_table(descriptions, data):
    if descriptions != TABLE:
        raise ValueError(
            f"descriptions={descriptions!r} chooses a table of an .npz file, but data "
            f"is {data}, whose descriptions are taken as they are; leave it out."
        )


def _open_xlsa17(path):
    missing = [name for name in _XLSA17_FILES if not (path / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"The folder {str(path)!r} has no {few(missing)}; name the folder of one "
            "data set, such as xlsa17/data/AWA2."
        )
    path = path.resolve()
    return datasets.load_xlsa17(path.parent, path.name)


_OTHER_KIND = (
    "it is of another kind. A benchmark needs features, labels, descriptions and a "
    'split in one file, whose arrays the page "The command and protocol" of the '
    "documentation lists; of a table of rows, sklearn-gzsl fit makes a model"
)


def _open_npz(path, descriptions):
    try:
        # A file of somebody else's must not run code.
        file = np.load(path, allow_pickle=False)
    except _UNREADABLE as error:
        # Of a file of any other kind numpy says how to load it unsafely.
        reason = _OTHER_KIND if "pickle" in str(error) else error
        raise ValueError(f"{str(path)!r} is no whole .npz file: {reason}.") from error
    if isinstance(file, np.ndarray):
        raise ValueError(  # noqa: TRY004 - the type of the content, not of an argument
            f"{str(path)!r} holds a single array, no .npz archive; see the "
            "documentation of the benchmark for the arrays that are needed."
        )
    with file:
        tables = _table_names(file, path, descriptions)
        needed = ["X", "labels", *tables, *_SPLIT_ARRAYS.values()]
        missing = [key for key in needed if key not in file.files]
        if missing:
            raise ValueError(
                f"{str(path)!r} has no array {few(missing)}; it has "
                f"{few(sorted(file))}."
            )
        arrays = {key: _read_array(file, key, path) for key in [*needed, _NAMES]}
    tables = {name: arrays[name] for name in tables}
    names = _class_names(tables, arrays[_NAMES])
    labels = arrays["labels"].ravel()
    # Labels from 1, MATLAB's way, would shift every class by one and fail nowhere.
    strange = np.setdiff1d(labels, np.arange(len(names)))
    if len(strange):
        table = next(iter(tables))
        raise ValueError(
            f"labels holds {few(strange)}, but {table} has rows for 0 to "
            f"{len(names) - 1} only; labels count from 0 and each needs a row of "
            f"{table}."
        )
    # One table has no name of its own: the same values are the same data, wherever
    # they come from.
    several = descriptions == ALL_TABLES
    values = tables if several else tables[descriptions]
    try:
        attributes = ClassAttributes(names, values)
    except ValueError as error:
        raise ValueError(
            f"{str(path)!r}, descriptions={descriptions!r}: {error}"
        ) from error
    return Bunch(
        data=arrays["X"],
        target=names[labels.astype(int)],
        class_attributes=attributes,
        **{key: arrays[array].ravel() for key, array in _SPLIT_ARRAYS.items()},
    )


def _table_names(file, path, descriptions):
    """Which arrays of the archive describe the classes, as asked for."""
    # Sorted: methods start from other weights where sources change places, and two
    # files with the same arrays are to give the same figures.
    there = sorted(
        key for key in file.files if key == TABLE or key.startswith(f"{TABLE}_")
    )
    if descriptions == ALL_TABLES and there:
        return there
    # A file without any table lacks more, as a rule, and is told all of it.
    if descriptions in there or (descriptions == TABLE and not there):
        return [descriptions]
    found = f"choose from {[*there, ALL_TABLES]}" if there else "it has none"
    raise ValueError(
        f"descriptions={descriptions!r} is no table of {str(path)!r}; {found}. Tables "
        f"are the array {TABLE} and those whose names begin with {TABLE}_."
    )


def _class_names(tables, names):
    """Names of the classes, numbers if they have none; one for each row of a table."""
    for table, values in tables.items():
        if values.ndim != 2:
            raise ValueError(
                f"{table} has shape {values.shape}, and so describes no classes; a "
                "table has a row for each class. Rename the array, or choose another "
                "table with descriptions (--descriptions)."
            )
    first, values = next(iter(tables.items()))
    expected = f"{first} describes {len(values)}"
    if names is None:
        names = np.arange(len(values))
    else:
        # MATLAB's vectors are matrices of one row or column, and so are what comes
        # from them.
        names = names.ravel().astype(str)
        expected = f"{_NAMES} has {len(names)} names"
    for table, values in tables.items():
        if len(values) != len(names):
            raise ValueError(
                f"{table} describes {len(values)} classes, but {expected}; row i of "
                f"{table} belongs to name i and to label i."
            )
    return names


def _read_array(file, key, path):
    """An array of the archive, or None if it is not there."""
    if key not in file.files:
        return None
    try:
        # What the archive says of the array, before memory is taken for it.
        info = file.zip.getinfo(f"{key}.npy")
        check_memory(info.file_size, memory_limit(path), path, key)
        with file.zip.open(info) as member:
            shape, dtype = _npy_header(member)
        if dtype.itemsize * prod(shape) > info.file_size:
            raise ValueError(f"it has {info.file_size} bytes, too few for {shape}")
        return file[key]
    except BadFileError:
        raise
    except _UNREADABLE as error:
        raise ValueError(f"{str(path)!r}: {key} cannot be read: {error}") from error


def _npy_header(member):
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(member)[::2]
    return np.lib.format.read_array_header_2_0(member)[::2]


_NAMES = "allclasses_names"
_SPLIT_ARRAYS = {
    "train": "trainval_loc",
    "test_seen": "test_seen_loc",
    "test_unseen": "test_unseen_loc",
}


def _check_rows(data):
    """Shapes, finite features, and a split of rows that there are, each used once."""
    if data.X.ndim != 2 or len(data.X) != len(data.y):
        raise ValueError(
            f"The features have shape {data.X.shape} and there are {len(data.y)} "
            "labels; give one row of features for each label."
        )
    if not np.isfinite(data.X).all():
        raise ValueError(
            "The features hold NaN or infinity; remove or impute these rows."
        )
    for split in _SPLITS:
        rows = data[split]
        if rows.dtype.kind not in "iu" or not len(rows):
            raise ValueError(
                f"{split} holds {len(rows)} values of type {rows.dtype}; it must hold "
                "the numbers of rows, at least one."
            )
        outside = rows[(rows < 0) | (rows >= len(data.X))]
        if len(outside):
            raise ValueError(
                f"{split} has the row numbers {few(outside)}, but rows go from 0 to "
                f"{len(data.X) - 1}; MATLAB's count from 1."
            )
        data[split] = rows.astype(np.intp)
    # A test row that was trained on is the commonest fault of splits made by hand.
    used = np.concatenate([data[split] for split in _SPLITS])
    rows, times = np.unique(used, return_counts=True)
    if times.max() > 1:
        raise ValueError(
            f"The split uses the rows {few(rows[times > 1])} more than once; training "
            "and test rows must not overlap."
        )


def _check_classes(data):
    """Seen classes are trained on, unseen ones are not, and all are described."""
    train, seen, unseen = (np.unique(data.y[data[split]]) for split in _SPLITS)
    # With a single training row a class is no longer what U measures.
    leaked = np.intersect1d(train, unseen)
    if len(leaked):
        raise ValueError(
            f"The classes {few(leaked)} are among the unseen ones of test_unseen, but "
            "have rows in train; leave these out of one of the two."
        )
    untrained = np.setdiff1d(seen, train)
    if len(untrained):
        raise ValueError(
            f"The classes {few(untrained)} of test_seen have no row in train; they are "
            "unseen, so move them to test_unseen."
        )
    described = data.class_attributes.labels
    lacking = np.setdiff1d(np.concatenate([train, unseen]), described)
    if len(lacking):
        raise ValueError(
            f"The classes {few(lacking)} have no class attributes; describe every "
            "class of the split."
        )


def describe_data(data):
    """Sizes and checksums, JSON-able: equal for two runs on equal data."""
    seen = np.unique(data.y[data.train])
    attributes = data.class_attributes
    # Names, too: the same table as another source is another benchmark.
    sources = [part for item in sorted(attributes.sources.items()) for part in item]
    # Where none is chosen, there is no entry: older files are of the same data.
    chosen = {} if data.descriptions == TABLE else {"descriptions": data.descriptions}
    return {
        "name": data.name,
        **chosen,
        "n_features": int(data.X.shape[1]),
        "n_seen": len(seen),
        "n_unseen": len(np.setdiff1d(attributes.labels, seen)),
        "n_attributes": {
            name: int(table.shape[1]) for name, table in attributes.sources.items()
        },
        "n_rows": {split: len(data[split]) for split in _SPLITS},
        "sha256": {
            "features": _sha256(data.X),
            "labels": _sha256(data.y),
            "class_attributes": _sha256(attributes.labels, *sources),
            "split": _sha256(*chain(*(_parts(data[split]) for split in _SPLITS))),
        },
    }


def _parts(rows):
    """What tells rows apart: their numbers or, on disk, how many there are of whom."""
    return (rows.classes, rows.counts) if isinstance(rows, StoredRows) else (rows,)


def _sha256(*parts):
    """Of shapes and values, whatever the machine's byte order and integers."""
    digest = hashlib.sha256()
    for part in parts:
        values = np.asarray(part)
        # Otherwise the same values in another shape would be the same data.
        digest.update(str(values.shape).encode())
        if values.dtype.kind == "f":
            digest.update(np.ascontiguousarray(values, dtype="<f4").data)
        elif values.dtype.kind in "iu":
            digest.update(np.ascontiguousarray(values, dtype="<i8").data)
        else:
            digest.update("\n".join(map(str, values.ravel().tolist())).encode())
    return digest.hexdigest()
