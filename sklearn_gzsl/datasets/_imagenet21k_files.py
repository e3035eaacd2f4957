"""Finding, reading and checking the files of the ImageNet-21K benchmark."""

import json
from pathlib import Path

import numpy as np

from ..attributes import ClassAttributes
from ..utils import few, ranked
from ._matfile import open_mat
from ._reading import BadFileError
from ._stored_rows import BinaryRows, MatrixRows
from ._xlsa17_files import Mat, require, whole_numbers

# Our name of a split -> the authors' name of its list of classes.
SPLITS = {
    "2-hops": "hops2",
    "3-hops": "hops3",
    **{f"most-{n}": f"mp{n}" for n in (500, 1000, 5000)},
    **{f"least-{n}": f"lp{n}" for n in (500, 1000, 5000)},
    "all": "all",
}
# Classes of a split without word vectors left out, as the papers count them.
COUNTS = {"2-hops": 1509, "3-hops": 7678, "all": 20345}
N_CLASSES = 21842
_SEEN, _TRAIN = "trainval_classes", "train"
FEATURES = "ILSVRC2012_res101_feature.mat"
_BINARIES = ("ImageNet2011_res101_feature/res101_1crop_feature", "res101_1crop_feature")


def find(folder: Path, *names: str) -> Path:
    """The first of the names that is in the folder."""
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(
        f"{folder} has no {' and no '.join(names)}; see load_imagenet21k for the files "
        "that are needed."
    )


def read_words(mat: Mat) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class codes; their words; and word vectors, with rows of NaN where none is."""
    for key in ("wnids", "w2v"):
        require(mat, key, "it should have codes and vectors of all classes")
    wnids = np.array([wnid.strip() for wnid in mat.texts("wnids")])
    if len(set(wnids.tolist())) < len(wnids):
        raise BadFileError(f"{mat.path}: wnids has a code twice.")
    words = wnids
    if "words" in mat.shapes:
        words = np.array(mat.texts("words"))
        if len(words) != len(wnids):
            raise BadFileError(
                f"{mat.path}: words has {len(words)} entries, wnids {len(wnids)}."
            )
    if len(wnids) not in mat.shapes["w2v"]:
        raise BadFileError(
            f"{mat.path}: w2v has the shape {mat.shapes['w2v']}, but wnids has "
            f"{len(wnids)} codes; there must be a vector for each."
        )
    vectors = mat.rows("w2v", np.arange(len(wnids)), len(wnids))
    if "no_w2v_loc" in mat.shapes:
        vectors[ids(mat, "no_w2v_loc", len(wnids))] = np.nan
    return wnids, words, vectors


def ids(mat: Mat, key: str, n_classes: int) -> np.ndarray:
    """Class numbers, from 0; they count from 1 in the file."""
    numbers = whole_numbers(mat, key) - 1
    outside = numbers[(numbers < 0) | (numbers >= n_classes)]
    if outside.size:
        raise BadFileError(
            f"{mat.path}: {key} has the classes {few(outside + 1)}, but there are the "
            f"classes 1 to {n_classes} only."
        )
    return np.unique(numbers)


def read_split(
    path: Path, split: str, wnids: np.ndarray, max_bytes: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, from 0, of the seen classes and of the unseen ones of a split."""
    if path.suffix.lower() == ".json":
        seen, unseen = _read_json(path, split, wnids)
    else:
        mat = open_mat(path, max_bytes)
        known = {ours: key for ours, key in SPLITS.items() if key in mat.shapes}
        if split not in known:
            raise _unknown(path, split, known)
        require(mat, _SEEN, "it should list the classes with training rows")
        seen, unseen = (ids(mat, key, len(wnids)) for key in (_SEEN, known[split]))
    both = np.intersect1d(seen, unseen)
    if both.size or not unseen.size:
        what = f"has the seen classes {few(wnids[both])}" if both.size else "is empty"
        raise BadFileError(f"{path}: the split {split!r} {what}.")
    return seen, unseen


def _read_json(path, split, wnids):
    try:
        lists = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadFileError(f"{path} is no JSON file: {error}") from error
    if not isinstance(lists, dict):
        raise BadFileError(
            f"{path} holds no object of lists, such as "
            f'{{"{_TRAIN}": ["n01440764"], "2-hops": ["n02084071"]}}.'
        )
    if split not in lists or split == _TRAIN:
        raise _unknown(path, split, [name for name in lists if name != _TRAIN])
    number = {wnid: i for i, wnid in enumerate(wnids.tolist())}
    # The thousand of ILSVRC come first in the authors' numbering.
    parts = [lists.get(_TRAIN, wnids[:1000].tolist()), lists[split]]
    for part in parts:
        if not isinstance(part, list) or not all(isinstance(w, str) for w in part):
            raise BadFileError(f"{path}: a split must be a list of codes of classes.")
        unknown = [wnid for wnid in part if wnid not in number]
        if unknown:
            raise BadFileError(
                f"{path} names {few(unknown)}, which the file of word vectors has not."
            )
    return tuple(np.unique([number[w] for w in part]).astype(int) for part in parts)


def _unknown(path, split, known):
    return ValueError(f"split={split!r} is none of {path}; choose from {list(known)}.")


def read_seen(
    mat: Mat,
    wnids: np.ndarray,
    seen: np.ndarray,
    rows_per_class: int | None,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, MatrixRows]:
    """Training rows, their classes, and the validation rows, of the seen classes."""
    for key in ("features", "labels", "features_val", "labels_val"):
        require(mat, key, "it should have rows of the seen classes")
    codes, test_codes = (
        whole_numbers(mat, key) - 1 for key in ("labels", "labels_val")
    )
    for key, found in (("labels", codes), ("labels_val", test_codes)):
        strange = np.setdiff1d(found, seen)
        if strange.size:
            raise BadFileError(
                f"{mat.path}: {key} has the classes {few(strange + 1)}, which are not "
                "among the seen ones of the split."
            )
    lacking = np.setdiff1d(seen, codes)
    if lacking.size:
        raise BadFileError(
            f"{mat.path} has no rows of the seen classes {few(wnids[lacking])}."
        )
    chosen = np.arange(len(codes))
    if rows_per_class is not None:
        # In a random order, the first ones of each class; sorted, to read them in turn.
        drawn = rng.permutation(len(codes))
        order, rank, _ = ranked(codes[drawn])
        chosen = np.sort(drawn[order[rank < rows_per_class]])
    width = _width(mat, "features", len(codes))
    if _width(mat, "features_val", len(test_codes)) != width:
        raise BadFileError(
            f"{mat.path}: features and features_val have different numbers of features."
        )
    X = mat.rows("features", chosen, len(codes))
    if not np.isfinite(X).all():
        raise BadFileError(f"{mat.path}: features has NaN or infinite values.")
    test = MatrixRows(mat, "features_val", wnids[test_codes], width)
    return X, codes[chosen], test


def _width(mat, key, n_rows):
    """Columns of a matrix whose rows may lie along either side."""
    shape = mat.shapes[key]
    if len(shape) != 2 or n_rows not in shape:
        raise BadFileError(
            f"{mat.path}: {key} has the shape {tuple(shape)}, but there are {n_rows} "
            "labels of it; one side must have as many."
        )
    return shape[0] * shape[1] // n_rows


def find_unseen(
    folder: Path, split: str, unseen: np.ndarray, wnids: np.ndarray, n_features: int
) -> BinaryRows:
    """The files of the unseen classes, checked for their size."""
    binaries = find(folder, *_BINARIES)
    paths = [binaries / f"{i + 1}.bin" for i in unseen.tolist()]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{binaries} has no {few(missing)}, {len(missing)} of the {len(paths)} "
            f"files of split={split!r}; choose a split whose classes are there."
        )
    rows = BinaryRows(paths, wnids[unseen])
    if rows.n_features != n_features:
        raise BadFileError(
            f"{binaries}: rows have {rows.n_features} features, those of {FEATURES} "
            f"{n_features}."
        )
    if not len(rows):
        raise BadFileError(f"{binaries}: the files of split={split!r} have no rows.")
    return rows


def is_described(
    descriptions: ClassAttributes, wnids: np.ndarray, seen: np.ndarray
) -> np.ndarray:
    """Which classes are described; an error unless all seen ones are."""
    described = np.isin(wnids, descriptions.labels)
    lacking = seen[~described[seen]]
    if lacking.size:
        raise ValueError(
            f"descriptions has no row for the seen classes {few(wnids[lacking])}; "
            "describe every class by its code, such as 'n01440764'."
        )
    return described
