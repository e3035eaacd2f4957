"""Files that were damaged, forged or written by others: refused, or told of."""

import json
import pickle
import sys
from hashlib import sha256

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import InconsistentVersionWarning
from stored import make_model, make_path

import sklearn_gzsl
from sklearn_gzsl import (
    IncrementalLDA,
    VAECFlow,
    load,
)

path = pytest.fixture(make_path)
model = pytest.fixture(make_model)


VERSIONS = "sklearn_gzsl.persistence._versions.versions"


def test_every_flipped_bit_is_noticed(animals, path):
    """Or it is of no consequence, such as one of the blanks behind the header."""
    clf = IncrementalLDA().fit(animals.X, animals.y)
    clf.save(path)
    whole, expected = path.read_bytes(), clf.predict_proba(animals.X_test)
    rng = np.random.default_rng(0)
    n_noticed = 0
    for at in rng.choice(8 * len(whole), 200, replace=False):
        data = bytearray(whole)
        data[at // 8] ^= 1 << at % 8
        path.write_bytes(data)
        try:
            found = load(path).predict_proba(animals.X_test)
        except ValueError:
            n_noticed += 1
        else:
            assert_array_equal(found, expected)
    assert n_noticed > 180


@pytest.mark.parametrize("keep", [0, 5, 8, 100, 3000, -1])
def test_files_of_another_length(model, path, keep):
    model.save(path)
    whole = path.read_bytes()
    for data in (whole[:keep], whole + whole[:keep] + b"x", whole[:keep] + b"\0" * 9):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="is damaged, or no file of save"):
            load(path)


def test_where_no_file_can_be_written(model, tmp_path):
    missing = tmp_path / "none" / "m.gzsl"
    with pytest.raises(FileNotFoundError, match=r"m\.gzsl: its folder does not exist"):
        model.save(missing)
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        model.save(tmp_path)
    assert not list(tmp_path.iterdir())


def forged(path, change, text=str):
    """Change the description in a file, with checksums as they should be."""
    data = path.read_bytes()
    n = int.from_bytes(data[:8], "little")
    table, arrays = json.loads(data[8 : 8 + n]), data[8 + n :]
    about = table["__metadata__"]
    described = json.loads(about["estimator"])
    change(described["state"])
    about["estimator"] = text(json.dumps(described))
    about["sha256"] = sha256(about["estimator"].encode()).hexdigest()
    header = json.dumps(table).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + arrays)


HOSTILE = {
    "another package's class": {"type": "object", "class": "this.s", "state": {}},
    "a function": {"type": "object", "class": "sklearn_gzsl.load", "state": {}},
    "a module": {"type": "object", "class": "sklearn_gzsl.benchmark", "state": {}},
    "an abstract class": {
        "type": "object",
        "class": "sklearn_gzsl.BaseGenerator",
        "state": {},
    },
    "compiled code": {"type": "object", "class": "sklearn.svm.SVC", "state": {}},
    "a private module": {
        "type": "object",
        "class": "sklearn.pipeline._private.Pipeline",
        "state": {},
    },
    "pickled folders": {
        "type": "object",
        "class": "sklearn.pipeline.Pipeline",
        "state": {"memory": "/tmp/somebody's"},
    },
    "a random state beyond its numbers": {
        "type": "RandomState",
        "state": {
            "type": "dict",
            "items": [
                ["bit_generator", "MT19937"],
                ["state", {"type": "dict", "items": [["pos", 10**9]]}],
            ],
        },
    },
    "pickled objects": {"type": "array", "name": "means_", "dtype": "|O", "shape": [1]},
    "a dtype of dtypes": {"type": "scalar", "dtype": "(9,)f8", "value": 1},
    "something that was not met": {"type": "same", "as": 10**6},
    "no type": {"state": 1},
    "a size of its own": {"type": "objects", "shape": [10**12], "items": [1]},
}


@pytest.mark.parametrize("node", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files(animals, path, node):
    IncrementalLDA().fit(animals.X, animals.y).save(path)
    forged(path, lambda state: state["state"].update(shrinkage=node))
    with pytest.raises(ValueError, match="is damaged, or no file of save"):
        load(path)
    assert "this" not in sys.modules


def places(node, path=()):
    """Paths to all values inside of JSON."""
    inside = node.items() if isinstance(node, dict) else ()
    inside = enumerate(node) if isinstance(node, list) else inside
    for key, value in inside:
        yield (*path, key)
        yield from places(value, (*path, key))


def test_descriptions_that_were_edited(model, path):
    """Whatever stands where: a ValueError, or an estimator, and nothing else."""
    model.save(path)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    junk = [None, -1, 10**20, "x", [1], {}, *HOSTILE.values()]

    def change(state):
        options = list(places(state))
        *before, last = options[rng.integers(len(options))]
        for key in before:
            state = state[key]
        if rng.random() < 0.2:
            del state[last]
        else:
            state[last] = junk[rng.integers(len(junk))]

    n_refused = 0
    for _ in range(100):
        path.write_bytes(whole)
        forged(path, change)
        try:
            assert hasattr(load(path), "save")
        except ValueError:
            n_refused += 1
    assert 20 < n_refused < 100


def test_nesting_without_end(animals, path):
    IncrementalLDA().fit(animals.X, animals.y).save(path)
    deep = "[" * 100_000 + "]" * 100_000  # no version of Python goes that far
    forged(
        path,
        lambda state: state["state"].update(shrinkage="deep"),
        text=lambda described: described.replace('"deep"', deep),
    )
    with pytest.raises(ValueError, match="no file of save"):
        load(path)


def test_a_small_file_asks_for_no_more_memory_than_it_has(animals, path, tiny_flow):
    flow = VAECFlow(**tiny_flow).fit(animals.X, animals.y, animals.attributes)
    flow.save(path)
    assert path.stat().st_size < 10**5

    def enlarge(state):
        sizes = dict(state["state"]["_built_from"]["items"]) | {"hidden_dim": 10**6}
        state["state"]["_built_from"]["items"] = list(map(list, sizes.items()))

    forged(path, enlarge)
    with pytest.raises(ValueError, match="larger than its weights"):
        load(path)
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match="it does not begin like one"):
        load(path)


@pytest.fixture
def newer(monkeypatch):
    """Whatever is loaded was written by an older version."""

    def use():
        monkeypatch.setattr(
            VERSIONS, lambda: {"sklearn_gzsl": "9.9", "scikit-learn": "9", "torch": "9"}
        )

    return use


def test_other_versions_warn(model, path, newer):
    model.save(path)
    stored = pickle.dumps(model)
    written = f"sklearn_gzsl {sklearn_gzsl.__version__}"
    newer()
    for read in (lambda: load(path), lambda: pickle.loads(stored)):
        with pytest.warns(InconsistentVersionWarning, match="sklearn_gzsl 9.9") as got:
            loaded = read()
        assert written in str(got[0].message)
        assert got[0].filename == __file__
        assert loaded.predict(np.zeros((1, 5))) == model.predict(np.zeros((1, 5)))


def test_the_same_versions_do_not(model, path, recwarn):
    model.save(path)
    load(path)
    pickle.loads(pickle.dumps(model))
    assert not recwarn.list


@pytest.mark.parametrize("missing", ["_unlabelled", "_model", "_model.space"])
def test_an_attribute_that_an_older_version_did_not_write(model, newer, missing):
    owner = model
    *path, name = missing.split(".")
    for part in path:
        owner = getattr(owner, part)
    del vars(owner)[name]
    stored = pickle.dumps(model)
    newer()
    with pytest.warns(InconsistentVersionWarning):
        loaded = pickle.loads(stored)
    with pytest.raises(
        AttributeError, match=f"no attribute '{name}'. It was stored by"
    ):
        loaded.add_classes({"emu": np.ones(7)}).predict(np.zeros((1, 5)))
