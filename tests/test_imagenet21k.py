"""ImageNet-21K in the layout of its files: a miniature, and the sizes of the splits."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.io import savemat
from xlsa17_files import write_v5, write_v7, write_v73

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.benchmark import format_results, run_benchmark
from sklearn_gzsl.benchmark._cli import main
from sklearn_gzsl.datasets import load_imagenet21k
from sklearn_gzsl.metrics import (
    per_class_accuracy,
    top_k_per_class_accuracy,
)

N, SEEN, D = 30, 8, 6
WNIDS = [f"n{7919 * (i + 1) % 100003:08d}" for i in range(N)]
NO_VECTOR = [11, 25]
LISTS = {
    "trainval_classes": np.arange(SEEN),
    "hops2": np.arange(SEEN, 14),
    "hops3": np.arange(SEEN, 22),
    "all": np.arange(SEEN, N),
    "mp500": np.array([9, 11, 20]),
}


def miniature():
    """Rows near what their word vectors say, 12 of each class, the seen ones more."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(N, 4)).astype(np.float32)
    means = vectors @ rng.normal(size=(4, D))

    def draw(classes, n):
        y = rng.permutation(np.repeat(classes, n))
        return means[y] + 0.3 * rng.normal(size=(len(y), D)), y

    return vectors, draw(np.arange(SEEN), 20), draw(np.arange(SEEN), 5), draw


def write_old(path, variables):
    """MATLAB 4 has no cells; what needs some is of version 5."""
    cells = any(isinstance(value, list) for value in variables.values())
    savemat(path, variables, format="4") if not cells else write_v5(path, variables)


def write_folder(folder, *, write=write_v73, transposed=False, as_json=False):
    vectors, (X, y), (X_val, y_val), draw = miniature()
    turn = np.transpose if transposed else np.asarray
    column = {
        "labels": (y + 1)[:, None] * 1.0,
        "labels_val": (y_val + 1)[:, None] * 1.0,
    }
    features = {"features": turn(X), "features_val": turn(X_val.copy()).copy()}
    write(folder / "ILSVRC2012_res101_feature.mat", features | column)
    words = {"wnids": WNIDS, "words": [f"word {i}" for i in range(N)]}
    none = np.array(NO_VECTOR)[:, None] + 1.0
    write(
        folder / "ImageNet_w2v.mat", words | {"w2v": turn(vectors), "no_w2v_loc": none}
    )
    if as_json:
        lists = {"2-hops": LISTS["hops2"], "mine": [20, 28], "train": range(SEEN)}
        named = {name: [WNIDS[i] for i in lists[name]] for name in lists}
        (folder / "ImageNet_splits.json").write_text(json.dumps(named))
    else:
        plain = write_old if write is write_old else write_v7
        plain(
            folder / "ImageNet_splits.mat",
            {key: ids[:, None] + 1.0 for key, ids in LISTS.items()},
        )
    binaries = folder / "ImageNet2011_res101_feature" / "res101_1crop_feature"
    binaries.mkdir(parents=True)
    rows = {}
    for i in range(SEEN, N):
        rows[WNIDS[i]], _ = draw([i], 12 if i != 9 else 0)
        size = np.array(rows[WNIDS[i]].shape, "<i4").tobytes()
        data = rows[WNIDS[i]].astype("<f8").tobytes()
        (binaries / f"{i + 1}.bin").write_bytes(size + data)
    return X, y, X_val, y_val, vectors, rows


@pytest.fixture
def folder(tmp_path):
    write_folder(tmp_path)
    return tmp_path


def stored(rows, n_rows=7):
    """All of the rows, and the sizes of the blocks that they came in."""
    blocks = list(rows.blocks(n_rows))
    X, y = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return X, y, [len(block[1]) for block in blocks]


@pytest.mark.parametrize("write", [write_old, write_v5, write_v7, write_v73])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_read_is_what_the_files_hold(tmp_path, write, transposed, as_json):
    options = {"write": write, "transposed": transposed, "as_json": as_json}
    X, y, X_val, y_val, vectors, rows = write_folder(tmp_path, **options)
    data = load_imagenet21k(tmp_path, "2-hops", rows_per_class=None)
    codes = np.array(WNIDS)
    assert_array_equal(data.data, X.astype(np.float32))
    assert_array_equal(data.target, codes[y])
    assert_array_equal(data.seen_classes, codes[:SEEN])
    assert_array_equal(data.unseen_classes, codes[[8, 9, 10, 12, 13]])
    assert data.words[WNIDS[3]] == "word 3"
    assert len(data.class_attributes.labels) == SEEN + 5
    for i in (0, 7, 8, 13):
        assert_array_equal(data.class_attributes[WNIDS[i]], vectors[i])
    found, labels, sizes = stored(data.test_seen)
    assert_array_equal(found, X_val.astype(np.float32))
    assert_array_equal(labels, codes[y_val])
    assert set(sizes[:-1]) == {7}
    found, labels, sizes = stored(data.test_unseen)
    there = [WNIDS[i] for i in (8, 10, 12, 13)]  # 9 has no rows, and stays a candidate
    expected = np.concatenate([rows[wnid] for wnid in there]).astype(np.float32)
    assert_array_equal(found, expected)
    assert_array_equal(labels, np.repeat(there, 12))
    assert set(sizes[:-1]) == {7}
    assert len(data.test_unseen) == 48
    described = " ".join(data.DESCR.split())
    assert "8 seen and 5 unseen, 1 of the split left out" in described


@pytest.mark.parametrize("transposed", [False, True])
def test_compressed_features_in_chunks(folder, transposed, monkeypatch):
    h5py = pytest.importorskip("h5py")
    monkeypatch.setattr("sklearn_gzsl.datasets._hdf5_mat._BLOCK", 1000)
    expected = load_imagenet21k(folder, rows_per_class=7)
    turn = np.transpose if transposed else np.asarray
    with h5py.File(folder / "ILSVRC2012_res101_feature.mat", "r+") as file:
        for key in ("features", "features_val"):
            X = turn(file[key][()])
            del file[key]
            chunks = tuple(max(n // 4, 1) for n in X.shape)
            file.create_dataset(key, data=X, chunks=chunks, compression="gzip")
    data = load_imagenet21k(folder, rows_per_class=7)
    assert_array_equal(data.data, expected.data)
    for found, due in zip(
        stored(data.test_seen), stored(expected.test_seen), strict=True
    ):
        assert_array_equal(found, due)


def test_rows_of_each_class_are_drawn(folder):
    X = load_imagenet21k(folder, rows_per_class=None).data
    data = load_imagenet21k(folder, rows_per_class=6)
    assert set(np.unique(data.target, return_counts=True)[1]) == {6}
    assert len({row.tobytes() for row in data.data}) == 6 * SEEN
    assert {row.tobytes() for row in data.data} < {row.tobytes() for row in X}
    again = load_imagenet21k(folder, rows_per_class=6, random_state=0)
    assert_array_equal(again.data, data.data)
    other = load_imagenet21k(folder, rows_per_class=6, random_state=1)
    assert not np.array_equal(other.data, data.data)
    assert len(load_imagenet21k(folder, rows_per_class=100).data) == len(X)


def test_other_descriptions_and_other_splits(folder, tmp_path):
    described = {wnid: [i, 1.0, i % 3] for i, wnid in enumerate(WNIDS)}
    data = load_imagenet21k(folder, "most-500", descriptions=described)
    assert_array_equal(data.unseen_classes, np.array(WNIDS)[[9, 11, 20]])
    assert data.class_attributes.values.shape == (SEEN + 3, 3)
    described.pop(WNIDS[11])
    data = load_imagenet21k(folder, "most-500", descriptions=described)
    assert_array_equal(data.unseen_classes, np.array(WNIDS)[[9, 20]])
    described.pop(WNIDS[2])
    with pytest.raises(ValueError, match=f"seen classes .'{WNIDS[2]}'.; describe"):
        load_imagenet21k(folder, descriptions=described)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"train": WNIDS[:SEEN], "mine": [WNIDS[20], WNIDS[28]]}))
    data = load_imagenet21k(folder, "mine", splits=path)
    assert_array_equal(data.unseen_classes, [WNIDS[20], WNIDS[28]])


def spoil_bin(change):
    def spoil(folder):
        path = folder / "ImageNet2011_res101_feature/res101_1crop_feature/11.bin"
        path.write_bytes(change(path.read_bytes()))

    return spoil


def size(n, d):
    return np.array([n, d], "<i4").tobytes()


FAULTS = {
    "truncated": (spoil_bin(lambda b: b[:-3]), r"11\.bin states 12 rows .* cut short"),
    "header only": (spoil_bin(lambda b: b[:3]), r"11\.bin has 3 bytes"),
    "longer": (spoil_bin(lambda b: b + b"x"), r"11\.bin states 12 rows of 6"),
    "negative": (spoil_bin(lambda _: size(-1, 6)), r"11\.bin states -1 rows"),
    "width": (
        spoil_bin(lambda _: size(1, 3) + bytes(24)),
        r"different numbers.*11\.bin",
    ),
    "missing": (
        lambda f: next(f.rglob("11.bin")).unlink(),
        r"no .'11.bin'., 1 of the 5 files of split='2-hops'",
    ),
    "no words": (lambda f: (f / "ImageNet_w2v.mat").unlink(), "no ImageNet_w2v.mat"),
    "no splits": (
        lambda f: (f / "ImageNet_splits.mat").unlink(),
        r"no ImageNet_splits\.mat and no ImageNet_splits\.json",
    ),
    "json": (
        lambda f: (f / "ImageNet_splits.mat").rename(f / "ImageNet_splits.json"),
        r"ImageNet_splits\.json is no JSON file",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(folder, name):
    spoil, message = FAULTS[name]
    spoil(folder)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load_imagenet21k(folder)


def test_unknown_splits_and_bad_lists(folder, tmp_path):
    with pytest.raises(ValueError, match=r"split='4-hops' is none of .*'2-hops'"):
        load_imagenet21k(folder, "4-hops")
    for content, message in [
        ('["n1"]', "holds no object of lists"),
        ('{"2-hops": 3}', "a split must be a list of codes"),
        ('{"2-hops": ["n1"]}', r"names \['n1'\]"),
        ('{"2-hops": []}', "the split '2-hops' is empty"),
        (json.dumps({"2-hops": WNIDS[:2]}), "'2-hops' has the seen classes"),
        ("[" * 100_000, "is no JSON file"),
    ]:
        path = tmp_path / "mine.json"
        path.write_text(content)
        with pytest.raises(ValueError, match=message):
            load_imagenet21k(folder, splits=path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_imagenet21k(folder / "nowhere")


def test_rows_that_are_no_numbers_show_when_they_are_read(folder):
    spoil_bin(lambda b: b[:-8] + np.array(np.nan).tobytes())(folder)
    rows = load_imagenet21k(folder).test_unseen
    with pytest.raises(ValueError, match=r"11\.bin holds NaN"):
        list(rows.blocks())


def test_counts_of_the_papers(tmp_path, recwarn):
    """Of 1,549 classes within two hops 1,509 have a word vector."""
    from sklearn_gzsl.datasets import _imagenet21k_files as files

    wnids = [f"n{i:08d}" for i in range(files.N_CLASSES)]
    # Forty of those within two hops are among the 497 without a vector.
    none = np.r_[1000 : 1000 + 40, 20_000 : 20_000 + 457][:, None] + 1.0
    vectors = np.random.default_rng(0).normal(size=(len(wnids), 2))
    content = {"wnids": wnids, "w2v": vectors, "no_w2v_loc": none}
    write_v5(tmp_path / "ImageNet_w2v.mat", content)
    y = np.arange(1000)[:, None] + 1.0
    rows = {"features": np.ones((1, 1000)), "features_val": np.ones((1, 1000))}
    write_v5(
        tmp_path / "ILSVRC2012_res101_feature.mat",
        rows | {"labels": y, "labels_val": y},
    )
    folder = tmp_path / "res101_1crop_feature"
    folder.mkdir()
    every = np.arange(1000, len(wnids))
    assert len(every) - len(none) == files.COUNTS["all"]
    for i in every[:1549]:
        (folder / f"{i + 1}.bin").write_bytes(size(1, 1) + bytes(8))
    for n_classes, n_warnings in ((1549, 0), (1548, 1)):
        lists = {"trainval_classes": np.arange(1000), "hops2": every[:n_classes]}
        named = {key: ids[:, None] + 1.0 for key, ids in lists.items()}
        write_v7(tmp_path / "ImageNet_splits.mat", named)
        data = load_imagenet21k(tmp_path, "2-hops")
        assert len(data.unseen_classes) == n_classes - 40
        warned = [w for w in recwarn if "in the papers" in str(w.message)]
        assert len(warned) == n_warnings


def test_figures_are_those_of_rows_in_memory(folder):
    params = {"n_synthetic": 20, "classifier__max_iter": 300}
    options = {"seeds": [3], "verbose": 0, "params": params}
    results = run_benchmark(folder, "gaussian", split="3-hops", **options)
    scores = results["methods"]["gaussian"]["fits"][0]["scores"]
    data = load_imagenet21k(folder, "3-hops")
    clf = GZSLClassifier(
        GaussianGenerator(),
        SoftmaxClassifier(max_iter=300),
        n_synthetic=20,
        random_state=3,
        seen_penalty=0.0,
    )
    clf.fit(data.data, data.target, class_attributes=data.class_attributes)
    X, y, _ = stored(data.test_unseen)
    X_seen, y_seen, _ = stored(data.test_seen)
    U = per_class_accuracy(y, clf.predict(X))
    S = per_class_accuracy(y_seen, clf.predict(X_seen))
    assert scores["U"] == pytest.approx(U)
    assert scores["S"] == pytest.approx(S)
    assert scores["H"] == pytest.approx(2 * U * S / (U + S))
    assert scores["pooled U"] == pytest.approx(np.mean(clf.predict(X) == y))
    logs, unseen = clf.predict_log_proba(X), np.isin(clf.classes_, data.unseen_classes)
    for k in (2, 5, 10):
        every = {"k": k, "labels": clf.classes_}
        own = {"k": k, "labels": clf.classes_[unseen]}
        assert scores[f"unseen hit@{k}"] == pytest.approx(
            top_k_per_class_accuracy(y, logs, **every)
        )
        assert scores[f"ZSL hit@{k}"] == pytest.approx(
            top_k_per_class_accuracy(y, logs[:, unseen], **own)
        )
        best = np.sort(logs, axis=1)[:, -k]
        right = logs[np.arange(len(y)), np.searchsorted(clf.classes_, y)] >= best
        assert scores[f"unseen pooled hit@{k}"] == pytest.approx(right.mean())
    assert scores["ZSL hit@20"] == 1.0
    assert 0 < scores["H"] < scores["ZSL hit@5"] < 1


def test_command(folder, tmp_path, capsys):
    out = tmp_path / "results.json"
    command = ["benchmark", str(folder), "--split", "2-hops", "--method", "prototypes"]
    assert main([*command, "--seeds", "1", "--quiet", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "ImageNet-21K 2-hops: 8 seen and 5 unseen classes" in printed
    assert "unseen rows, all classes" in printed
    assert "hit@20" in printed
    results = json.loads(out.read_text())
    assert results["data"]["n_rows"] == {
        "train": 160,
        "test_seen": 40,
        "test_unseen": 48,
    }
    assert main([*command, "--seeds", "1", "--out", str(out), "--resume"]) == 0
    assert "1 fits are there already" in capsys.readouterr().err
    for style in ("markdown", "rst"):
        assert "hit@10" in format_results(results, style)


def test_generators_make_six_hundred_rows(folder):
    options = {"seeds": 1, "verbose": 0, "params": {"classifier__max_iter": 5}}
    results = run_benchmark(folder, "gaussian", split="2-hops", **options)
    assert results["methods"]["gaussian"]["fits"][0]["fitted"]["n_synthetic"] == 600


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--oracle"], "leave out oracle"),
        (["--protocol", "published"], "leave out oracle"),
        (["--split", "5-hops"], "split='5-hops' is none of"),
        (["--descriptions", "att_x"], "descriptions='att_x' chooses a table"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(folder, capsys, options, message):
    command = ["benchmark", str(folder), "--split", "2-hops", "--method", "gaussian"]
    assert main([*command, *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert main(["benchmark", "two-digit-numbers", "--split", "all"]) == 2
    assert "no folder with its files" in capsys.readouterr().err
