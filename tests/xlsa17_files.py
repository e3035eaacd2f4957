"""Toy files of the benchmark's layout, in each version of MATLAB's format."""

import numpy as np
import pytest
from scipy.io import savemat

NAMES = ["001.Black_cat", "002.grizzly+bear", "003.dog", "004.horse", "005.zebra"]
CLEAN = ["Black cat", "grizzly bear", "dog", "horse", "zebra"]


def toy_files():
    """Variables of both files: 4 seen classes and 1 unseen one, 10 rows of each."""
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat(np.arange(1, 6), 10))
    seen = np.flatnonzero(labels < 5) + 1
    # Eight of ten rows of each class are for training.
    place = np.array([np.sum(labels[:i] == label) for i, label in enumerate(labels)])
    trainval = seen[place[seen - 1] < 8]
    means = rng.normal(size=(5, 7)) @ np.diag([3, 3, 1, 1, 1, 1, 1])
    X = means[labels - 1] + 0.1 * rng.normal(size=(50, 7))
    features = {
        "features": X.T,
        "labels": labels[:, None].astype(float),
        "image_files": [f"/old//images/{NAMES[c - 1]}/{c}.jpg" for c in labels],
    }
    splits = {
        "att": rng.random((3, 5)),
        "original_att": rng.random((3, 5)) * 100,
        "allclasses_names": NAMES,
        "trainval_loc": trainval[:, None].astype("u2"),
        "test_seen_loc": np.setdiff1d(seen, trainval)[:, None].astype("u2"),
        "test_unseen_loc": (np.flatnonzero(labels == 5) + 1)[:, None].astype("u2"),
        "train_loc": seen[labels[seen - 1] != 2][:, None].astype("u2"),
        "val_loc": seen[labels[seen - 1] == 2][:, None].astype("u2"),
    }
    return features, splits


def write_v5(path, variables, **options):
    savemat(
        path,
        {
            key: np.array(value, dtype=object)[:, None]
            if isinstance(value, list)
            else value
            for key, value in variables.items()
        },
        **options,
    )


def write_v7(path, variables):
    write_v5(path, variables, do_compression=True)


def write_v73(path, variables):
    """As MATLAB does: a header, arrays transposed, cells as references to texts."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w", userblock_size=512) as file:
        for key, value in variables.items():
            if isinstance(value, list):
                cells = file.create_dataset(key, (1, len(value)), dtype=h5py.ref_dtype)
                cells.attrs["MATLAB_class"] = np.bytes_("cell")
                for i, text in enumerate(value):
                    codes = np.array([ord(c) for c in text], dtype="u2")[:, None]
                    stored = file.create_dataset(f"#refs#/{key}{i}", data=codes)
                    stored.attrs["MATLAB_class"] = np.bytes_("char")
                    cells[0, i] = stored.ref
            else:
                file.create_dataset(key, data=value.T)
    with path.open("r+b") as file:
        header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + b" " * 8
        file.write(header + b"\x00\x02IM")


def store(folder, features, splits, *, dataset="TOY", write=write_v5):
    (folder / dataset).mkdir(parents=True, exist_ok=True)
    write(folder / dataset / "res101.mat", features)
    write(folder / dataset / "att_splits.mat", splits)
    return folder
