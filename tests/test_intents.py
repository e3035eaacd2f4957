"""The intents are what their description says, and may be passed on."""

from importlib.resources import files

import numpy as np
import pytest

from sklearn_gzsl.datasets import load_intents
from sklearn_gzsl.utils import unit_rows


@pytest.fixture(scope="module")
def intents():
    return load_intents()


def test_rows_and_classes(intents):
    assert intents.data.shape == (7800, len(intents.feature_names))
    assert intents.data.dtype == np.float32
    parts = intents.train, intents.test_seen, intents.test_unseen
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(7800))
    np.testing.assert_array_equal(np.concatenate(parts[1:]), intents.test)
    expected = (
        (intents.seen_classes, 40),
        (intents.seen_classes, 20),
        (intents.unseen_classes, 20),
    )
    for rows, (classes, n) in zip(parts, expected, strict=True):
        found, counts = np.unique(intents.target[rows], return_counts=True)
        np.testing.assert_array_equal(found, classes)
        assert set(counts.tolist()) == {n}
    assert len(intents.unseen_classes) == 30
    assert intents.target_names.tolist() == intents.class_attributes.labels.tolist()
    unseen = np.isin(intents.target_names, intents.unseen_classes)
    for of_class, n in ((intents.domains, 15), (intents.domains[unseen], 3)):
        domains, counts = np.unique(of_class, return_counts=True)
        assert len(domains) == 10
        assert set(counts.tolist()) == {n}


def test_no_test_row_is_a_training_row(intents):
    train = {row.tobytes() for row in intents.data[intents.train]}
    repeated = sum(row.tobytes() in train for row in intents.data[intents.test])
    assert repeated <= 3  # people say the same at times


def test_features_are_principal_components_of_the_training_rows(intents):
    X = intents.data[intents.train].astype(float)
    step = np.diff(np.unique(intents.data)).min()
    assert np.abs(X.mean(axis=0)).max() < step
    covariance = np.cov(X.T)
    assert np.all(np.diff(np.diag(covariance)) < step**2)
    correlation = np.corrcoef(X.T) - np.eye(X.shape[1])
    assert np.abs(correlation).max() < 0.01


def test_names_describe_the_unseen_classes(intents):
    names = intents.class_attributes.take(intents.unseen_classes)
    rows = intents.data[intents.test_unseen]
    nearest = (unit_rows(rows) @ unit_rows(names).T).argmax(axis=1)
    right = intents.unseen_classes[nearest] == intents.target[intents.test_unseen]
    assert right.mean() > 0.7


def test_the_file_is_small_and_says_whose_it_is(intents):
    folder = files("sklearn_gzsl.datasets").joinpath("data")
    assert len(folder.joinpath("intents.npz").read_bytes()) < 2**20
    licence = folder.joinpath("LICENSE-intents.txt").read_text("utf-8")
    for text in (licence, intents.DESCR):
        assert "CC BY 3.0" in text
        assert "https://github.com/clinc/oos-eval" in text
