import copy
import pickle
import tracemalloc
from contextlib import nullcontext

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from real_files import real_file
from scipy.io import loadmat, savemat
from sklearn.model_selection import GridSearchCV, cross_validate
from xlsa17_files import CLEAN, NAMES, store, toy_files, write_v5, write_v7, write_v73

from sklearn_gzsl.datasets import load_xlsa17
from sklearn_gzsl.metrics import GZSLScorer

files = pytest.fixture(toy_files)


@pytest.fixture
def toy(tmp_path, files):
    return load_xlsa17(store(tmp_path, *files), "TOY")


@pytest.mark.parametrize("write", [write_v5, write_v7, write_v73])
def test_what_is_read_is_what_the_files_hold(tmp_path, files, write):
    features, splits = files
    data = load_xlsa17(store(tmp_path, *files, write=write), "TOY")
    X = features["features"].T.astype(np.float32)
    assert_array_equal(data.data, X)
    assert data.data.dtype == np.float32
    assert data.data.flags.c_contiguous
    labels = features["labels"].ravel().astype(int)
    assert_array_equal(data.target, np.array(CLEAN)[labels - 1])
    assert_array_equal(data.target_names, CLEAN)
    assert data.original_names == NAMES
    assert data.filenames == features["image_files"]
    for name, column in zip(CLEAN, splits["att"].T, strict=True):
        assert_array_equal(data.class_attributes[name], column.astype(np.float32))
    for key, rows in [
        ("trainval_loc", data.train),
        ("test_seen_loc", data.test_seen),
        ("test_unseen_loc", data.test_unseen),
    ]:
        assert_array_equal(rows + 1, splits[key].ravel())
    assert_array_equal(data.test, np.r_[data.test_seen, data.test_unseen])
    assert_array_equal(data.seen_classes, CLEAN[:4])
    assert_array_equal(data.unseen_classes, CLEAN[4:])
    assert "50 (32 to train on, 8 of seen and" in data.DESCR


@pytest.mark.parametrize("version", ["4", "5", "5 compressed", "7.3"])
@pytest.mark.parametrize("dtype", ["f8", "f4", "u1", "i2", "u2", "i4"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 5), (400, 700)])
def test_features_of_any_type_come_as_scipy_reads_them(tmp_path, version, dtype, shape):
    from sklearn_gzsl.datasets._matfile import open_mat

    rng = np.random.default_rng(0)
    matrix = (rng.random(shape) * 100).astype(dtype)
    variables = {"first": np.ones((2, 3)), "features": matrix, "x": np.ones((1, 1))}
    path = tmp_path / "any.mat"
    if version == "7.3":
        write_v73(path, variables)
    else:
        compress = "compressed" in version
        savemat(path, variables, format=version[0], do_compression=compress)
        assert_array_equal(loadmat(path)["features"], matrix)
    for wanted in (np.float32, np.float64):
        columns = open_mat(path).columns("features", wanted)
        assert columns.dtype == wanted
        assert_array_equal(columns, matrix.T.astype(wanted))


def test_big_endian_file_with_doubles_stored_as_bytes(tmp_path):
    """MATLAB stores a double matrix of small whole numbers as bytes."""
    from sklearn_gzsl.datasets._matfile import open_mat

    def element(kind, data):
        head = np.array([kind, len(data)], ">u4").tobytes()
        return head + data + b"\0" * (-len(data) % 8)

    matrix = element(6, np.array([6, 0], ">u4").tobytes())
    matrix += element(5, np.array([2, 5], ">i4").tobytes())
    matrix += element(1, b"features")
    matrix += element(2, bytes(range(10)))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI"
    path = tmp_path / "foreign.mat"
    path.write_bytes(header + element(14, matrix))
    expected = np.arange(10).reshape(5, 2)
    assert_array_equal(loadmat(path)["features"].T, expected)
    assert_array_equal(open_mat(path).columns("features", "f4"), expected)


@pytest.mark.parametrize("write", [write_v5, write_v7])
def test_memory_for_float32_only(tmp_path, files, write):
    features, splits = files
    features["features"] = np.random.default_rng(0).random((60_000, 50))
    store(tmp_path, features, splits, write=write)
    load_xlsa17(tmp_path, "TOY")  # imports what it needs
    tracemalloc.start()
    data = load_xlsa17(tmp_path, "TOY")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    tracemalloc.start()
    path = tmp_path / "TOY" / "res101.mat"
    converted = loadmat(path)["features"].T.astype(np.float32)
    _, usual = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert_array_equal(data.data, converted)
    assert peak < 1.4 * data.data.nbytes  # with a chunk of a megabyte and the rest
    assert usual > 2.9 * data.data.nbytes


@pytest.mark.parametrize("dataset", ["TOY", "toy", "ToY"])
@pytest.mark.parametrize("inside", ["", "data", "xlsa17/data", "xlsa17"])
def test_folder_of_the_archive_of_its_data_and_of_the_set(
    tmp_path, files, dataset, inside
):
    store(tmp_path / inside, *files)
    assert len(load_xlsa17(tmp_path, dataset).data) == 50
    assert len(load_xlsa17(str(tmp_path / inside / "TOY"), dataset).data) == 50


def test_files_that_start_with_the_name_of_the_set(tmp_path, files):
    write_v5(tmp_path / "Toy_res101.MAT", files[0])
    write_v5(tmp_path / "TOY_att_splits.mat", files[1])
    assert len(load_xlsa17(tmp_path, "toy").data) == 50


def test_other_files_other_attributes_other_type(tmp_path, files):
    features, splits = files
    store(tmp_path, features, splits)
    write_v5(tmp_path / "TOY" / "vgg.mat", {**features, "features": np.ones((2, 50))})
    write_v5(tmp_path / "TOY" / "sent_splits.mat", {**splits, "att": np.eye(9, 5)})
    options = {"features": "vgg", "splits": "sent_splits", "dtype": np.float64}
    data = load_xlsa17(tmp_path, "TOY", **options)
    assert data.data.shape == (50, 2)
    assert data.data.dtype == np.float64
    assert data.class_attributes.values.shape == (5, 9)
    data = load_xlsa17(tmp_path, "TOY", attributes="original_att")
    assert_array_equal(
        data.class_attributes.values, splits["original_att"].T.astype(np.float32)
    )


@pytest.mark.parametrize("names", [None, np.arange(101.0, 106)[:, None]])
def test_classes_without_names_are_numbered(tmp_path, files, names):
    features, splits = files
    del splits["allclasses_names"]
    first = 1
    if names is not None:
        splits["allclasses_names"] = names
        first = 101
    data = load_xlsa17(store(tmp_path, features, splits), "TOY")
    assert data.target_names.tolist() == [str(first + i) for i in range(5)]
    assert data.unseen_classes.tolist() == [str(first + 4)]


def test_names_that_cleaning_would_make_equal_stay_apart(tmp_path, files):
    features, splits = files
    splits["allclasses_names"] = ["a_b", "a+b", " c ", "d", "e"]
    data = load_xlsa17(store(tmp_path, features, splits), "TOY")
    assert data.target_names.tolist() == ["a_b", "a+b", "c", "d", "e"]


def test_the_order_of_classes_does_not_matter(tmp_path, files):
    """Renumbering the classes in both files changes neither targets nor vectors."""
    features, splits = files
    plain = load_xlsa17(store(tmp_path / "a", features, splits), "TOY")
    order = np.array([3, 0, 4, 2, 1])
    renumbered = np.argsort(order)[features["labels"].astype(int) - 1] + 1
    splits["att"] = splits["att"][:, order]
    splits["allclasses_names"] = [NAMES[i] for i in order]
    features["labels"] = renumbered.astype(float)
    other = load_xlsa17(store(tmp_path / "b", features, splits), "TOY")
    assert_array_equal(other.target, plain.target)
    for name in CLEAN:
        assert_array_equal(other.class_attributes[name], plain.class_attributes[name])


def test_rows_of_the_leaking_split_are_refused(toy):
    for key in ("train_loc", "val_loc"):
        with pytest.raises(ValueError, match=f"{key} is not handed out.*tuning_cv"):
            toy[key]
        with pytest.raises(AttributeError, match=f"{key} is not handed out"):
            getattr(toy, key)
        assert key not in toy
    with pytest.raises(KeyError):
        toy["something"]
    for other in (copy.deepcopy(toy), pickle.loads(pickle.dumps(toy))):
        assert_array_equal(other.train, toy.train)
        assert not hasattr(other, "train_loc")


def check_tuning_split(data):
    (train, test), *more = data.tuning_cv.split(np.empty((len(data.train), 1)))
    assert not more
    assert data.tuning_cv.get_n_splits() == 1
    y = data.target[data.train]
    both = np.sort(np.concatenate([train, test]))
    assert_array_equal(both, np.arange(len(data.train)))
    assert_array_equal(np.unique(y[train]), np.sort(data.tuning_seen_classes))
    assert_array_equal(np.unique(y[test]), np.sort(data.seen_classes))
    unseen = np.isin(y, data.tuning_unseen_classes)
    for name in data.tuning_seen_classes:
        share = np.mean(y[test] == name) * len(test) / np.sum(y == name)
        assert 0.1 < share < 0.3
    assert_array_equal(np.flatnonzero(unseen), np.intersect1d(np.where(unseen), test))


def test_tuning_split_holds_out_the_authors_classes(toy):
    assert toy.tuning_seen_classes.tolist() == ["Black cat", "dog", "horse"]
    assert toy.tuning_unseen_classes.tolist() == ["grizzly bear"]
    check_tuning_split(toy)


def test_tuning_split_refuses_all_but_the_training_rows(toy):
    with pytest.raises(ValueError, match=r"32 training rows.*50 rows; pass data\.data"):
        next(toy.tuning_cv.split(toy.data, toy.target))


def test_tuning_classes_of_text_files(tmp_path, files):
    features, splits = files
    del splits["train_loc"], splits["val_loc"]
    store(tmp_path, features, splits)
    data = load_xlsa17(tmp_path, "TOY")
    assert data.tuning_cv is None
    assert data.tuning_unseen_classes is None
    train = "001.Black_cat\n003.dog\n"
    (tmp_path / "TOY" / "trainclasses1.txt").write_text(train)
    (tmp_path / "TOY" / "valclasses1.txt").write_text("004.horse\n002.grizzly+bear\n\n")
    data = load_xlsa17(tmp_path, "TOY")
    assert data.tuning_unseen_classes.tolist() == ["grizzly bear", "horse"]
    check_tuning_split(data)
    (tmp_path / "TOY" / "valclasses1.txt").write_text("004.horse\n005.zebra\n")
    with pytest.warns(UserWarning, match=r"valclasses1.txt do not divide the seen"):
        data = load_xlsa17(tmp_path, "TOY")
    assert data.tuning_cv is None


def test_a_search_and_a_final_score(toy, clf):
    scorer = GZSLScorer()
    search = GridSearchCV(
        clf, {"seen_penalty": [0.0, 1.0]}, cv=toy.tuning_cv, scoring=scorer, refit="H"
    )
    attributes = {"class_attributes": toy.class_attributes}
    search.fit(toy.data[toy.train], toy.target[toy.train], **attributes)
    assert_array_equal(search.best_estimator_.seen_classes_, np.sort(toy.seen_classes))
    scores = cross_validate(
        search.best_estimator_,
        toy.data,
        toy.target,
        cv=toy.cv,
        scoring=scorer,
        params=attributes,
    )
    expected = search.best_estimator_.predict(toy.data[toy.test_seen])
    assert scores["test_S"] == np.mean(expected == toy.target[toy.test_seen])


SIZES = {
    "APY": (5932, 1483, 7924, 20, 12, 64),
    "AWA1": (19832, 4958, 5685, 40, 10, 85),
    "AWA2": (23527, 5882, 7913, 40, 10, 85),
    "CUB": (7057, 1764, 2967, 150, 50, 312),
    "SUN": (10320, 2580, 1440, 645, 72, 102),
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("compressed", [False, True])
def test_true_splits(tmp_path, name, compressed):
    """Sizes are those of the papers; labels are made up, but fit the split."""
    path = real_file(f"att_splits/{name}_att_splits.mat")
    split = loadmat(path)
    n_train, n_test_seen, n_test_unseen, n_seen, n_unseen, n_attributes = SIZES[name]
    parts = [split[f"{k}_loc"].ravel() for k in ("trainval", "test_seen")]
    unseen_rows = split["test_unseen_loc"].ravel()
    labels = np.ones((max(map(np.max, (*parts, unseen_rows))), 1))
    for rows in parts:
        labels[rows - 1, 0] = np.arange(len(rows)) % n_seen + 1
    labels[unseen_rows - 1, 0] = n_seen + 1 + np.arange(len(unseen_rows)) % n_unseen
    if "train_loc" in split:  # its classes, too, depend on labels that we do not have
        expected_warning = pytest.warns(UserWarning, match="do not divide the seen")
    else:
        expected_warning = nullcontext()
    (tmp_path / name).mkdir()
    (tmp_path / name / "att_splits.mat").write_bytes(path.read_bytes())
    X = np.random.default_rng(0).random((4, len(labels)))
    savemat(
        tmp_path / name / "res101.mat",
        {"features": X, "labels": labels},
        do_compression=compressed,
    )
    with expected_warning:
        data = load_xlsa17(tmp_path, name)
    sizes = [len(rows) for rows in (data.train, data.test_seen, data.test_unseen)]
    assert sizes == [n_train, n_test_seen, n_test_unseen]
    assert [len(data.seen_classes), len(data.unseen_classes)] == [n_seen, n_unseen]
    assert data.class_attributes.values.shape == (n_seen + n_unseen, n_attributes)
    norms = np.linalg.norm(data.class_attributes.values, axis=1)
    np.testing.assert_allclose(norms, 1, atol=0.01)
    assert_array_equal(data.data, X.T.astype(np.float32))


def test_true_labels(tmp_path):
    """The rows of AWA1, with their true labels, lead to the split of the paper."""
    files = [*map(real_file, ("awa1_shallow.npz", "att_splits/AWA1_att_splits.mat"))]
    with np.load(files[0], allow_pickle=False) as bundled:
        X, labels = bundled["X"][:, :5].astype("f8"), bundled["labels"] + 1
        train = bundled["trainval_loc"]
    (tmp_path / "AWA1").mkdir()
    (tmp_path / "AWA1" / "att_splits.mat").write_bytes(files[1].read_bytes())
    savemat(
        tmp_path / "AWA1" / "res101.mat", {"features": X.T, "labels": labels[:, None]}
    )
    data = load_xlsa17(tmp_path, "AWA1")
    assert_array_equal(data.data, X.astype(np.float32))
    assert_array_equal(data.train, train)
    # The ten unseen classes of Xian et al., proposed split.
    unseen = "bat,blue whale,bobcat,dolphin,giraffe,horse,rat,seal,sheep,walrus"
    assert sorted(data.unseen_classes) == unseen.split(",")
    assert len(data.tuning_seen_classes) == 27
    assert len(data.tuning_unseen_classes) == 13
    check_tuning_split(data)
