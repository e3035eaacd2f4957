"""Files of the benchmarks that are damaged, missing or contradict each other."""

import sys

import numpy as np
import pytest
from xlsa17_files import NAMES, store, toy_files, write_v5, write_v7, write_v73

from sklearn_gzsl.datasets import load_xlsa17

files = pytest.fixture(toy_files)


def spoil(**changes):
    """Change variables of either file; None takes one away."""

    def change(features, splits):
        for key, new in changes.items():
            variables = features if key in features else splits
            value = new(variables[key]) if callable(new) else new
            variables.pop(key)
            if value is not None:
                variables[key] = value

    return change


SPOILT = {
    "no labels": (
        spoil(labels=None),
        r"res101.mat has no variable 'labels', only \['features', 'image_files'\]",
    ),
    "no features": (spoil(features=None), "res101.mat has no variable 'features'"),
    "no attributes": (spoil(att=None), "no variable 'att', .* parameter `attributes`"),
    "no split": (spoil(test_seen_loc=None), "att_splits.mat .* 'test_seen_loc'"),
    "labels without attributes": (
        spoil(
            att=lambda a: a[:, :4],
            allclasses_names=NAMES[:4],
        ),
        r"labels has the classes \[5\], but .*att_splits.mat has .* 1 to 4 only",
    ),
    "labels from 0": (spoil(labels=lambda y: y - 1), "labels .* class 0, .* from 1"),
    "half labels": (spoil(labels=lambda y: y + 0.5), "labels has the values .*whole"),
    "text labels": (spoil(labels=["a"] * 50), "labels.*no dense matrix"),
    "fewer names": (
        spoil(allclasses_names=NAMES[:4]),
        "allclasses_names has 4 names, but att describes 5 classes",
    ),
    "attributes transposed": (
        spoil(att=lambda a: a.T),
        "allclasses_names has 5 names, but att describes 3 classes.*transposed",
    ),
    "names twice": (
        spoil(allclasses_names=["a", "b", "a ", "c", "d"]),
        r"allclasses_names has the names \['a'\] twice",
    ),
    "NaN attributes": (
        spoil(att=lambda a: np.where(np.arange(5) == 1, np.nan, a)),
        r"att has missing .* columns \[2\] \(counted from 1\)",
    ),
    "features transposed": (
        spoil(features=lambda X: X.T),
        r"features has the shape \(50, 7\), but labels has 50 entries",
    ),
    "more features than labels": (
        spoil(features=lambda X: np.hstack([X, X])),
        r"features has the shape \(7, 100\), but labels has 50",
    ),
    "NaN features": (
        spoil(features=lambda X: np.where(np.arange(50) == 3, np.nan, X)),
        "features has NaN or infinite values among the rows 0 to 49",
    ),
    "cell features": (spoil(features=["a"] * 50), "features has the shape"),
    "complex features": (spoil(features=lambda X: X * 1j), "features.*no dense"),
    "row 0": (
        spoil(trainval_loc=lambda rows: rows - 1),
        r"trainval_loc lists the rows \[0\], but only the rows 1 to 50 have labels",
    ),
    "row beyond": (
        spoil(test_unseen_loc=lambda rows: rows + 50),
        "test_unseen_loc lists the rows .*51|test_unseen_loc lists the rows",
    ),
    "empty part": (spoil(test_seen_loc=np.zeros((0, 0))), "test_seen_loc is empty"),
    "row twice": (
        spoil(trainval_loc=lambda rows: np.vstack([rows, rows[:1]])),
        "trainval_loc lists the rows .* twice",
    ),
    "other order": (
        spoil(allclasses_names=NAMES[::-1]),
        r"labels and class names are in different orders.*/\w\.jpg shows",
    ),
    "fewer images": (
        spoil(image_files=["a/b.jpg"]),
        "image_files has 1 entries, labels 50",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_files_that_contradict_each_other_are_named(tmp_path, files, name):
    change, message = SPOILT[name]
    change(*files)
    store(tmp_path, *files)
    with pytest.raises(ValueError, match=message):
        load_xlsa17(tmp_path, "TOY")


def test_parts_that_share_rows(tmp_path, files):
    features, splits = files
    row = splits["trainval_loc"][0, 0]
    splits["test_seen_loc"] = np.vstack([splits["test_seen_loc"], [[row]]])
    message = rf"trainval_loc and test_seen_loc share the rows \[{row}\]"
    with pytest.raises(ValueError, match=message):
        load_xlsa17(store(tmp_path, features, splits), "TOY")


def test_unseen_class_with_training_rows_and_seen_class_without(tmp_path, files):
    features, splits = files
    rows = splits["test_unseen_loc"]
    moved = {**splits, "trainval_loc": np.vstack([splits["trainval_loc"], rows[:1]])}
    moved["test_unseen_loc"] = rows[1:]
    message = r"classes \['zebra'\] of test_unseen_loc have rows in trainval_loc"
    with pytest.raises(ValueError, match=message):
        load_xlsa17(store(tmp_path, features, moved), "TOY")
    moved = {**splits, "test_seen_loc": np.vstack([splits["test_seen_loc"], rows[:1]])}
    moved["test_unseen_loc"] = rows[1:]
    message = r"classes \['zebra'\] of test_seen_loc have no rows in trainval_loc"
    with pytest.raises(ValueError, match=message):
        load_xlsa17(store(tmp_path, features, moved), "TOY")


def test_folders_that_are_no_classes_prove_nothing(tmp_path, files):
    features, splits = files
    features["image_files"] = ["VOC/JPEGImages/1.jpg"] * 50
    features["image_files"][0] = f"VOC/{NAMES[int(features['labels'][0, 0]) - 1]}/1.jpg"
    data = load_xlsa17(store(tmp_path, features, splits), "TOY")
    assert len(data.filenames) == 50


def test_missing_files_say_where_they_should_be(tmp_path, files):
    with pytest.raises(FileNotFoundError, match=r"nowhere.*not exist.*fetch_xlsa"):
        load_xlsa17(tmp_path / "nowhere", "AWA2")
    expected = tmp_path / "AWA2" / "att_splits.mat"
    with pytest.raises(FileNotFoundError, match=str(expected)):
        load_xlsa17(tmp_path, "AWA2")
    store(tmp_path, *files)
    (tmp_path / "TOY" / "res101.mat").unlink()
    expected = tmp_path / "TOY" / "res101.mat"
    with pytest.raises(FileNotFoundError, match=f"res101.mat of toy .*{expected}"):
        load_xlsa17(tmp_path, "toy")


def test_a_missing_file_belongs_beside_the_other(tmp_path, files):
    folder = store(tmp_path, *files) / "TOY"
    for name in ("att_splits", "res101"):
        (folder / f"{name}.mat").rename(tmp_path / f"AWA2_{name}.mat")
    folder.rmdir()
    X = load_xlsa17(tmp_path, "AWA2").data
    expected = tmp_path / "AWA2_res101.mat"
    kept = expected.read_bytes()
    expected.unlink()
    with pytest.raises(FileNotFoundError, match=f"put it at {expected},"):
        load_xlsa17(tmp_path, "AWA2")
    expected.write_bytes(kept)
    np.testing.assert_array_equal(load_xlsa17(tmp_path, "AWA2").data, X)


def test_the_folder_of_another_set_is_not_read(tmp_path, files):
    store(tmp_path, *files, dataset="CUB")
    with pytest.raises(FileNotFoundError, match="another data set than 'AWA2'"):
        load_xlsa17(tmp_path / "CUB", "AWA2")


@pytest.mark.parametrize("write", [write_v5, write_v7, write_v73])
@pytest.mark.parametrize("keep", [0, 3, 100, 200, 0.5, 0.95])
def test_damaged_file(tmp_path, files, write, keep):
    features, splits = files
    del features["image_files"]  # so that the file ends with its features
    features = {"labels": features["labels"], "features": features["features"]}
    store(tmp_path, features, splits, write=write)
    path = tmp_path / "TOY" / "res101.mat"
    content = path.read_bytes()
    n_bytes = keep if keep > 1 else int(keep * len(content))
    path.write_bytes(content[:n_bytes])
    with pytest.raises(ValueError, match=r"res101\.mat"):
        load_xlsa17(tmp_path, "TOY")


def test_compressed_features_that_a_bad_disk_changed(tmp_path, files):
    features, splits = files
    features = {"labels": features["labels"], "features": features["features"]}
    store(tmp_path, features, splits, write=write_v7)
    path = tmp_path / "TOY" / "res101.mat"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1  # of the checksum
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"res101\.mat.*incorrect data"):
        load_xlsa17(tmp_path, "TOY")


def test_v73_without_h5py(tmp_path, files, monkeypatch):
    store(tmp_path, *files, write=write_v73)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"version 7\.3.*pip install h5py"):
        load_xlsa17(tmp_path, "TOY")


@pytest.mark.parametrize(
    "wrong",
    [{"dtype": "int32"}, {"dtype": np.float16}, {"features": 3}, {"attributes": None}],
)
def test_wrong_parameters_are_named(tmp_path, files, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        load_xlsa17(store(tmp_path, *files), "TOY", **wrong)
