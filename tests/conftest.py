"""Data and helpers that several test files use."""

import io
import os
import pickle
import random
from contextlib import contextmanager

import joblib
import numpy as np
import pytest
import torch
from instances import TINY
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch
from threadpoolctl import threadpool_limits
from zoo import make_zoo

from sklearn_gzsl import ClassAttributes, GaussianGenerator, GZSLClassifier, VAECFlow
from sklearn_gzsl.datasets import load_two_digit_numbers


@pytest.fixture
def tiny_flow():
    """Arguments of a VAECFlow that trains in no time, and learns little."""
    return dict(TINY[VAECFlow])


@pytest.fixture(scope="session")
def small_numbers():
    """Handwritten two-digit numbers with few rows; 20 of 100 classes are unseen."""
    return load_two_digit_numbers(n_train=10, n_test=5)


@pytest.fixture(scope="session")
def numbers_rows(small_numbers):
    """Training rows, labels and descriptions of these numbers."""
    rows = small_numbers.train
    return (
        small_numbers.data[rows],
        small_numbers.target[rows],
        small_numbers.class_attributes,
    )


def blobs(n_features=5, n_seen=4, n_unseen=0, n_rows=30, seed=0):
    """Rows of seen classes whose means depend linearly on 3 attributes."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n_seen + n_unseen, 3)).astype(np.float32)
    y = np.repeat(np.arange(n_seen), n_rows)
    X = (A @ rng.normal(size=(3, n_features)))[y] + rng.normal(
        scale=0.5, size=(len(y), n_features)
    )
    return X.astype(np.float32), y, ClassAttributes(np.arange(len(A)), A)


def make_animals():
    """Nine seen and three unseen classes: three shapes in four colours.

    The names of two unseen classes are longer than those of all seen ones.
    """
    seen = np.array(["ant", "ape", "bat", "cat", "dog", "eel", "fox", "gnu", "owl"])
    unseen = np.array(["elk", "elephant", "hippopotamus"])
    rng = np.random.default_rng(0)
    shapes, colours = np.divmod([0, 2, 3, 4, 5, 7, 8, 9, 10, 1, 6, 11], 4)
    vectors = np.hstack([np.eye(3)[shapes], np.eye(4)[colours]])
    means = vectors @ rng.normal(size=(7, 5))

    def draw(classes, n):
        codes = rng.permutation(np.repeat(classes, n))
        return means[codes] + 0.1 * rng.normal(size=(len(codes), 5)), codes

    X, codes = draw(np.arange(9), 10)
    X_test, test_codes = draw(np.arange(12), 10)
    labels = np.concatenate([seen, unseen])
    return Bunch(
        X=X,
        y=seen[codes],
        codes=codes,
        X_test=X_test,
        y_test=labels[test_codes],
        test_codes=test_codes,
        labels=labels,
        vectors=vectors,
        seen=seen,
        unseen=np.sort(unseen),
        attributes=ClassAttributes(labels, vectors),
    )


def fit(model, animals):
    return model.fit(animals.X, animals.y, animals.attributes)


@pytest.fixture(scope="session")
def zoo():
    return make_zoo()


@pytest.fixture(scope="session")
def animals():
    return make_animals()


@pytest.fixture
def clf():
    """A quick classifier that recognises the animals."""
    return GZSLClassifier(
        GaussianGenerator(),
        LogisticRegression(C=10, max_iter=1000),
        n_synthetic=20,
        random_state=0,
        seen_penalty=0.0,
    )


@pytest.fixture
def blurred(animals):
    """Test rows of the animals that are hard to tell apart."""
    noise = np.random.default_rng(1).normal(size=animals.X_test.shape)
    return animals.X_test + 1.2 * noise


@pytest.fixture
def close_figures():
    """Draw without windows, and leave no figure open."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture
def fitted(clf, animals):
    return clf.fit(animals.X, animals.y, class_attributes=animals.attributes)


def _through_pickle(obj):
    return pickle.loads(pickle.dumps(obj))


def _through_joblib(obj):
    file = io.BytesIO()
    joblib.dump(obj, file)
    return joblib.load(file)


def _through_skops(obj):
    skops_io = pytest.importorskip("skops.io")
    data = skops_io.dumps(obj)
    untrusted = skops_io.get_untrusted_types(data=data)
    foreign = [name for name in untrusted if not name.startswith("sklearn_gzsl.")]
    assert not foreign, "a user would have to trust code from outside the package"
    return skops_io.loads(data, trusted=untrusted)


@pytest.fixture(params=[_through_pickle, _through_joblib, _through_skops])
def round_trip(request):
    """Store and load an object, in each way that users do it."""
    return request.param


@pytest.fixture
def seed_everything():
    """Set the global generators, and put them back after the test."""
    before = _global_states()

    def seed(value):
        random.seed(value)
        np.random.seed(value)  # noqa: NPY002
        torch.manual_seed(value)

    yield seed
    random.setstate(before[0])
    np.random.set_state(before[1])  # noqa: NPY002
    torch.set_rng_state(before[2])


@contextmanager
def unchanged_global_states():
    """Fail if the block changes a global random generator."""
    before = _global_states()
    yield
    after = _global_states()
    assert before[0] == after[0], "random"
    for old, new in zip(before[1], after[1], strict=True):
        np.testing.assert_array_equal(old, new, "numpy")
    assert torch.equal(before[2], after[2]), "torch"


@pytest.fixture
def global_states_unchanged():
    """Fail the test if it changes a global random generator."""
    with unchanged_global_states():
        yield


def _global_states():
    return (
        random.getstate(),
        np.random.get_state(),  # noqa: NPY002
        torch.get_rng_state(),
    )


# The nets of the tests are tiny: on a busy machine, such as one with a pytest worker on
# each core, two threads that wait for each other at every step make them a hundred
# times slower. The variable is for processes that tests start; a user's own counts.
if "OMP_NUM_THREADS" not in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"
    threadpool_limits(1)
    torch.set_num_threads(1)
