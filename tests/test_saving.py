"""``save`` and ``load``: what predictions need comes back, and nothing is executed."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from instances import ESTIMATORS, hurried
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skorch.callbacks import EpochScoring
from stored import make_model, make_path

import sklearn_gzsl
from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    VAECFlow,
    load,
)
from sklearn_gzsl.model_selection import GZSLKFold

path = pytest.fixture(make_path)
model = pytest.fixture(make_model)


def seeded(estimator):
    estimator = hurried(estimator)
    params = estimator.get_params()
    names = [n for n in params if n.rpartition("__")[2] == "random_state"]
    return estimator.set_params(**dict.fromkeys(names, 0))


def outcome(estimator, data):
    """What it predicts, or draws, bit by bit."""
    if hasattr(estimator, "decision_function"):
        return estimator.decision_function(data["X_test"])
    return estimator.sample(data["attributes"], 3)[0]


@pytest.fixture(scope="module")
def saved(animals, tmp_path_factory):
    """A folder with every estimator, fitted, and what each predicts."""
    folder = tmp_path_factory.mktemp("saved")
    fitted, outcomes = [], {}
    for i, estimator in enumerate(map(seeded, ESTIMATORS)):
        few = (animals.X, animals.y)
        known = isinstance(estimator, (IncrementalLDA, sklearn_gzsl.SoftmaxClassifier))
        estimator.fit(*few, *(() if known else (animals.attributes,)))
        estimator.save(folder / str(i))
        outcomes[str(i)] = outcome(estimator, animals)
        fitted.append(estimator)
    data = pickle.dumps((animals.X_test, animals.attributes))
    (folder / "data").write_bytes(data)
    np.savez(folder / "outcomes.npz", **outcomes)
    return folder, fitted, outcomes


@pytest.mark.parametrize("i", range(len(ESTIMATORS)))
def test_what_is_loaded_is_what_was_saved(saved, animals, i, tmp_path):
    folder, fitted, outcomes = saved
    loaded = load(folder / str(i))
    assert repr(loaded) == repr(fitted[i])
    assert vars(loaded).keys() == vars(fitted[i]).keys()
    assert_array_equal(outcome(loaded, animals), outcomes[str(i)])
    # What was loaded can be saved, and learns as the one that was not saved.
    loaded.save(tmp_path / "again")
    assert_array_equal(outcome(load(tmp_path / "again"), animals), outcomes[str(i)])
    if hasattr(loaded, "add_classes"):
        emu = {"emu": [1, 0, 0, 0.5, 0.5, 0, 0]}
        before = fitted[i]
        assert_array_equal(
            outcome(loaded.add_classes(emu), animals),
            outcome(pickle.loads(pickle.dumps(before)).add_classes(emu), animals),
        )


def test_a_new_process_predicts_the_same(saved):
    code = """
import sys, pickle, numpy as np
from pathlib import Path
from sklearn_gzsl import load
folder = Path(sys.argv[1])
X, attributes = pickle.loads((folder / "data").read_bytes())
with np.load(folder / "outcomes.npz") as outcomes:
    for name in outcomes.files:
        loaded = load(folder / name)
        if hasattr(loaded, "decision_function"):
            found = loaded.decision_function(X)
        else:
            found = loaded.sample(attributes, 3)[0]
        assert (found == outcomes[name]).all(), name
print("all", len(outcomes.files))
"""
    command = [sys.executable, "-c", code, str(saved[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == f"all {len(ESTIMATORS)}\n", done.stderr


def test_a_file_is_a_safetensors_file(model, path):
    """By the format's own rules; the arrays are called as the attributes are."""
    model.save(path)
    data = path.read_bytes()
    n = int.from_bytes(data[:8], "little")
    table = json.loads(data[8 : 8 + n])
    about = table.pop("__metadata__")
    assert all(isinstance(value, str) for value in about.values())
    end = 0
    for entry in table.values():
        start, stop = entry["data_offsets"]
        assert start == end
        end = stop
        dtype = {"BOOL": "?", "U8": "u1"}.get(entry["dtype"]) or (
            entry["dtype"][0].lower() + str(int(entry["dtype"][1:]) // 8)
        )
        assert stop - start == np.prod(entry["shape"]) * np.dtype(dtype).itemsize
    assert len(data) == 8 + n + end
    # Those of classes that have not moved: one array, by the first of its names.
    start, stop = table["_model.prototypes"]["data_offsets"]
    stored = np.frombuffer(data[8 + n + start : 8 + n + stop])
    assert_array_equal(stored, model.prototypes_.ravel())
    facts = json.loads(about["estimator"])["facts"]
    assert (facts["n_features"], facts["n_seen_classes"]) == (5, 9)


def test_what_is_shared_stays_so(model, path):
    model.save(path)
    loaded = load(path)
    assert loaded._model._predicted._space is loaded._model.space
    assert loaded.seen_classifier_ is loaded._model.seen_classifier


def test_awkward_values(animals, path):
    rng = np.random.RandomState(3)
    rng.normal()  # leaves a second number for the next call
    attributes = ClassAttributes(animals.labels.astype(object), animals.vectors)
    generator = GaussianGenerator(random_state=rng).fit(
        animals.X, animals.y, attributes
    )
    values = {
        "numbers": (np.float64("nan"), -np.inf, np.float32(0.1), np.int8(3), 2**70),
        "nested": {("a", 1): [None, {True: frozenset({"b"})}]},
        "fortran": np.asfortranarray(np.ones((2, 3))),
        "empty": np.empty((0, 3), "U5"),
        "one": np.array(3.0),
        "dates": np.array(["2020-01-01"], "M8[D]"),
        "swapped": np.arange(3, dtype=">i4"),
        "types": (np.dtype("f4"), np.float64),
        "rng": np.random.default_rng(1),
    }
    generator.set_params(random_state=rng)
    vars(generator).update(values)
    generator.save(path)
    loaded = load(path)
    assert repr(loaded.numbers) == repr(values["numbers"])
    assert loaded.nested == values["nested"]
    for name in ("fortran", "empty", "one", "dates", "swapped"):
        assert_array_equal(getattr(loaded, name), values[name])
        assert getattr(loaded, name).shape == values[name].shape
    assert loaded.fortran.flags.f_contiguous
    assert loaded.types == values["types"]
    assert loaded.rng.spawn(1)[0].random() == generator.rng.spawn(1)[0].random()
    assert loaded.rng.random() == generator.rng.random()
    assert loaded.random_state.normal() == rng.normal()
    assert loaded.classes_.dtype == generator.classes_.dtype


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classifier": KNeighborsClassifier()}, "classifier is a sklearn.neighbors"),
        ({"generator": VAECFlow(callbacks=[EpochScoring(print)])}, r"callbacks\[0\]"),
        (
            {"preprocessor": FunctionTransformer(np.sqrt)},
            "preprocessor.func is a numpy",
        ),
        ({"class_attributes": np.ma.ones(3)}, "class_attributes is a numpy.ma"),
        (
            {"classifier": type("PrototypeClassifier", (PrototypeClassifier,), {})()},
            "_",
        ),
    ],
)
def test_what_cannot_be_saved_is_named(change, message, path):
    path.write_text("what was here before")
    with pytest.raises(TypeError, match=message) as error:
        GZSLClassifier(**change).save(path)
    assert "pickle or skops" in str(error.value)
    assert path.read_text() == "what was here before"


def test_folders_of_this_machine_stay_here(path):
    clf = GZSLClassifier(classifier=make_pipeline(StandardScaler(), memory="here"))
    clf.set_params(memory="/somewhere").save(path)
    assert b"somewhere" not in path.read_bytes()
    assert load(path).memory is None
    VAECFlow(checkpoint="/somewhere").save(path)
    assert load(path).checkpoint is None
    assert clf.memory == "/somewhere"


def test_splitters_are_saved(path):
    clf = sklearn_gzsl.CalibratedStackingCV(GZSLClassifier(), cv=GZSLKFold(3))
    clf.save(path)
    assert load(path).cv.n_splits == 3


def test_a_file_that_is_not_there(path):
    with pytest.raises(FileNotFoundError):
        load(path)


def test_errors_of_attributes_are_as_ever(animals):
    clf = GZSLClassifier(classifier=LogisticRegression())
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = clf.nothing
    with pytest.raises(AttributeError, match="has no attribute '_penalty'"):
        _ = clf.seen_penalty_
