"""Finding, reading and checking the files of the xlsa17 layout."""

import re
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from ..utils import few, warn
from ._hdf5_mat import HDF5Mat
from ._matfile import ClassicMat, OldMat

Mat: TypeAlias = OldMat | ClassicMat | HDF5Mat

XLSA17_NAMES = ("APY", "AWA1", "AWA2", "CUB", "SUN")
_PARTS = ("trainval_loc", "test_seen_loc", "test_unseen_loc")
# Rows whose numbers are looked at together: a mask of all would take memory.
_CHECKED_AT_ONCE = 4096


def find_folder(folder: Path, dataset: str) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"folder={str(folder)!r} does not exist; fetch_xlsa17() downloads the "
            "archive and returns its folder."
        )
    # The archive unpacks to xlsa17/data/NAME: any folder on the way is accepted.
    for parent in ("", "data", "xlsa17", "xlsa17/data"):
        if (folder / parent).is_dir():
            for child in sorted((folder / parent).iterdir()):
                if child.name.lower() == dataset.lower() and child.is_dir():
                    return child
    # The folder may be the data set's own, by any name but that of another.
    known = [name.lower() for name in (*XLSA17_NAMES, "FLO")]
    if dataset.lower() != folder.name.lower() in known:
        raise FileNotFoundError(
            f"folder={str(folder)!r} is that of another data set than {dataset!r}."
        )
    return folder


def find_file(folder: Path, dataset: str, stem: str) -> Path:
    there = {path.name.lower(): path for path in sorted(folder.iterdir())}
    stem = stem.removesuffix(".mat")
    for name in (f"{stem}.mat", f"{dataset}_{stem}.mat"):
        if name.lower() in there:
            return there[name.lower()]
    # Advice in the layout that the user's folder already has.
    if folder.name.lower() == dataset.lower():
        name = f"{stem}.mat"
    elif any(other.startswith(f"{dataset.lower()}_") for other in there):
        name = f"{dataset}_{stem}.mat"
    else:
        name = f"{dataset}/{stem}.mat"
    raise FileNotFoundError(
        f"{stem}.mat of {dataset} is missing: put it at {folder / name}, or let "
        "fetch_xlsa17() download the authors' archive."
    )


def read_attributes(mat: Mat, key: str) -> np.ndarray:
    """Read the class attributes, (n_classes, n_attributes)."""
    require(mat, key, "choose the class attributes with the parameter `attributes`")
    values = _numbers(mat, key).T
    incomplete = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if incomplete.size:
        raise ValueError(
            f"{mat.path}: {key} has missing or infinite values for the classes in the "
            f"columns {few(incomplete + 1)} (counted from 1); fill them in."
        )
    return np.ascontiguousarray(values, dtype=np.float32)


def read_names(
    mat: Mat, n_classes: int, attributes: str
) -> tuple[list[str], np.ndarray]:
    """Read class names: as they are in the file, and cleaned."""
    key = "allclasses_names"
    if key not in mat.shapes:
        names = [str(i + 1) for i in range(n_classes)]
        return names, np.array(names)
    names = mat.texts(key)
    if len(names) != n_classes:
        raise ValueError(
            f"{mat.path}: {key} has {len(names)} names, but {attributes} describes "
            f"{n_classes} classes, one per column; the matrix may be transposed, or "
            "made for other classes."
        )
    stripped = [name.strip() for name in names]
    if len(set(stripped)) < n_classes:
        twice = [name for name in stripped if stripped.count(name) > 1]
        raise ValueError(f"{mat.path}: {key} has the names {few(twice)} twice.")
    # Only if names stay different without the numbers before them.
    cleaned = [_clean(name) for name in names]
    return names, np.array(cleaned if len(set(cleaned)) == n_classes else stripped)


def read_labels(mat: Mat, splits_mat: Mat, n_classes: int) -> np.ndarray:
    """Read the class of each row, counted from 0."""
    require(mat, "labels", "it should have the class of each column of features")
    codes = whole_numbers(mat, "labels") - 1
    if codes.size and codes.min() < 0:
        raise ValueError(
            f"{mat.path}: labels has the class {codes.min() + 1}, but the files count "
            "classes from 1; add 1 to all labels."
        )
    nameless = np.unique(codes[codes >= n_classes])
    if nameless.size:
        raise ValueError(
            f"{mat.path}: labels has the classes {few(nameless + 1)}, but "
            f"{splits_mat.path} has attributes for the classes 1 to {n_classes} only; "
            "the two files may belong to different data sets."
        )
    return codes


def read_split(
    mat: Mat, codes: np.ndarray, names: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the official split, and check that it is one: three arrays of rows."""
    rows = {key: _read_rows(mat, key, len(codes)) for key in _PARTS}
    for i, key in enumerate(_PARTS):
        for other in _PARTS[:i]:
            shared = np.intersect1d(rows[key], rows[other])
            if shared.size:
                raise ValueError(
                    f"{mat.path}: {other} and {key} share the rows {few(shared + 1)} "
                    "(counted from 1), so that one of them leaks into the other."
                )
    train, test_seen, test_unseen = rows.values()
    trained = np.intersect1d(codes[test_unseen], codes[train])
    if trained.size:
        raise ValueError(
            f"{mat.path}: the classes {few(names[trained])} of test_unseen_loc have "
            "rows in trainval_loc, so they are not unseen; are labels and split made "
            "for the same order of rows?"
        )
    strange = np.setdiff1d(codes[test_seen], codes[train])
    if strange.size:
        raise ValueError(
            f"{mat.path}: the classes {few(names[strange])} of test_seen_loc have no "
            "rows in trainval_loc, so they are not seen; are labels and split made "
            "for the same order of rows?"
        )
    return train, test_seen, test_unseen


def read_tuning_classes(
    mat: Mat, codes: np.ndarray, names: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, ...] | None:
    """Read the authors' division of the seen classes: two arrays of codes, or None."""
    if {"train_loc", "val_loc"} <= mat.shapes.keys():
        source = "train_loc and val_loc"
        parts = [
            np.unique(codes[_read_rows(mat, key, len(codes))])
            for key in ("train_loc", "val_loc")
        ]
    else:
        files = [mat.path.with_name(f"{s}classes1.txt") for s in ("train", "val")]
        if not all(file.is_file() for file in files):
            return None
        source = " and ".join(file.name for file in files)
        listed = [file.read_text(encoding="utf-8").splitlines() for file in files]
        # Names that are no class stand as -1, which is no seen class either.
        code_of = {name: code for code, name in enumerate(names.tolist())}
        parts = [
            np.array([code_of.get(_clean(name), -1) for name in names if name.strip()])
            for names in listed
        ]
    divided = np.sort(np.concatenate(parts))
    if not (all(map(len, parts)) and np.array_equal(divided, seen)):
        warn(
            f"{mat.path.parent}: {source} do not divide the seen classes in two, so "
            "there is no tuning_cv; tune with GZSLShuffleSplit on the training rows.",
        )
        return None
    return tuple(np.sort(part) for part in parts)


def read_filenames(mat: Mat, codes: np.ndarray, names: np.ndarray) -> list[str] | None:
    """Read the images' names; their folders tell whether the labels fit the names."""
    if "image_files" not in mat.shapes:
        return None
    files = mat.texts("image_files")
    if len(files) != len(codes):
        raise ValueError(
            f"{mat.path}: image_files has {len(files)} entries, labels {len(codes)}."
        )
    # Folders are named for classes in some sets only, and for something else in others.
    code_of = {name: code for code, name in enumerate(names.tolist())}
    folders = [_clean(PurePosixPath(file).parent.name) for file in files]
    found = np.array([code_of.get(folder, -1) for folder in folders])
    wrong = np.flatnonzero((found >= 0) & (found != codes))
    # A few may lie in a wrong folder; if most do, the names are in another order than
    # the labels, and every class would get another's description.
    if len(wrong) > np.count_nonzero(found >= 0) / 2:
        i = wrong[0]
        raise ValueError(
            f"{mat.path}: labels and class names are in different orders. By its label "
            f"and allclasses_names, {files[i]} shows {names[codes[i]]!r}; {len(wrong)} "
            "rows are like that."
        )
    return files


def read_features(mat: Mat, n_rows: int, dtype: DTypeLike) -> np.ndarray:
    """Read the features, (n_rows, n_features)."""
    require(mat, "features", "it should have a column for each row of the data set")
    shape = mat.shapes["features"]
    if len(shape) != 2 or shape[1] != n_rows or not shape[0]:
        raise ValueError(
            f"{mat.path}: features has the shape {tuple(shape)}, but labels has "
            f"{n_rows} entries; there must be a column for each label."
        )
    X = mat.columns("features", dtype)
    # NaN would only show as a loss that is NaN, hours later.
    for start in range(0, n_rows, _CHECKED_AT_ONCE):
        if not np.isfinite(X[start : start + _CHECKED_AT_ONCE]).all():
            raise ValueError(
                f"{mat.path}: features has NaN or infinite values among the rows "
                f"{start} to {min(start + _CHECKED_AT_ONCE, n_rows) - 1}; the file may "
                "be damaged."
            )
    return X


def _read_rows(mat, key, n_rows):
    """Read row numbers; they are counted from 1 in the file, from 0 here."""
    require(mat, key, "it should list rows of the data set")
    # Numbers are floats in MATLAB unless one asks for others, row numbers, too.
    rows = whole_numbers(mat, key) - 1
    outside = rows[(rows < 0) | (rows >= n_rows)]
    if not rows.size:
        raise ValueError(f"{mat.path}: {key} is empty.")
    if outside.size:
        raise ValueError(
            f"{mat.path}: {key} lists the rows {few(outside + 1)}, but only the rows "
            f"1 to {n_rows} have labels; the files may belong to different data sets."
        )
    unique, counts = np.unique(rows, return_counts=True)
    if len(unique) < len(rows):
        raise ValueError(
            f"{mat.path}: {key} lists the rows {few(unique[counts > 1] + 1)} twice."
        )
    return rows


def require(mat, key, advice):
    if key not in mat.shapes:
        raise ValueError(
            f"{mat.path} has no variable {key!r}, only {few(sorted(mat.shapes))}; "
            f"{advice}."
        )


def _numbers(mat, key):
    values = mat.array(key)
    if getattr(values, "ndim", 0) != 2 or values.dtype.kind not in "fiu":
        raise ValueError(f"{mat.path}: {key} is no dense matrix of real numbers.")
    return values


def whole_numbers(mat, key):
    values = _numbers(mat, key).ravel()
    whole = np.isfinite(values) & (values == np.floor(values))
    if not whole.all():
        raise ValueError(
            f"{mat.path}: {key} has the values {few(values[~whole])}, where whole "
            "numbers should be."
        )
    return values.astype(np.intp)


def _clean(name):
    """Make "007.Parakeet_Auklet" and "grizzly+bear" readable."""
    return re.sub(r"[\s_+]+", " ", re.sub(r"^\d+\.", "", name.strip())).strip()
