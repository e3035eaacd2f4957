import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits

from sklearn_gzsl.datasets import load_two_digit_numbers


@pytest.fixture(scope="module")
def numbers():
    return load_two_digit_numbers()


def test_shapes_types_and_ranges(numbers):
    n = 80 * 50 + 100 * 25
    assert numbers.data.shape == (n, 128)
    assert numbers.data.dtype == np.float32
    assert numbers.data.min() == 0
    assert numbers.data.max() == 16
    assert numbers.images.shape == (n, 8, 16)
    assert_array_equal(numbers.images.reshape(n, -1), numbers.data)
    assert numbers.target.shape == (n,)
    assert numbers.target.dtype.kind == "U"
    assert numbers.feature_names[17] == "pixel_1_1"
    assert len(numbers.feature_names) == 128
    assert "zero-shot" in numbers.DESCR
    assert str(n) in numbers.DESCR


def test_images_are_the_scans_of_the_target(numbers):
    digits = load_digits()
    tens, units = numbers.scans.T
    assert_array_equal(numbers.images[:, :, :8], digits.images[tens])
    assert_array_equal(numbers.images[:, :, 8:], digits.images[units])
    label = np.char.add(
        digits.target[tens].astype(str), digits.target[units].astype(str)
    )
    assert_array_equal(numbers.target, label)


def test_no_scan_is_in_both_training_and_test_images(numbers):
    train, test = numbers.scans[numbers.train], numbers.scans[numbers.test]
    assert not np.intersect1d(train, test).size


def test_rows_are_split_by_seen_and_unseen(numbers):
    y, n = numbers.target, len(numbers.target)
    assert_array_equal(np.sort(np.concatenate([numbers.train, numbers.test])), range(n))
    assert_array_equal(
        np.sort(np.concatenate([numbers.test_seen, numbers.test_unseen])), numbers.test
    )
    assert_array_equal(np.unique(y[numbers.train]), numbers.seen_classes)
    assert_array_equal(np.unique(y[numbers.test_seen]), numbers.seen_classes)
    assert_array_equal(np.unique(y[numbers.test_unseen]), numbers.unseen_classes)
    assert set(np.unique(y[numbers.train], return_counts=True)[1]) == {50}
    assert set(np.unique(y[numbers.test], return_counts=True)[1]) == {25}


def test_every_digit_is_seen_in_both_places_and_unseen_twice(numbers):
    assert len(numbers.unseen_classes) == 20
    assert not np.intersect1d(numbers.seen_classes, numbers.unseen_classes).size
    for classes, times in [(numbers.unseen_classes, 2), (numbers.seen_classes, 8)]:
        for place in (0, 1):
            digits, counts = np.unique(
                [label[place] for label in classes], return_counts=True
            )
            assert len(digits) == 10
            assert set(counts) == {times}


def test_class_attributes_say_the_digits(numbers):
    A = numbers.class_attributes
    assert_array_equal(A.labels, numbers.target_names)
    assert_array_equal(A.labels, [f"{i:02d}" for i in range(100)])
    assert A.values.shape == (100, 20)
    assert A.values.dtype == np.float32
    assert list(A.feature_names) == numbers.attribute_names
    for label, row in zip(A.labels, A.values, strict=True):
        said = np.array(numbers.attribute_names)[row == 1]
        assert_array_equal(said, [f"tens={label[0]}", f"units={label[1]}"])


def test_sizes_and_seed():
    small = load_two_digit_numbers(n_train=2, n_test=3, random_state=1)
    assert len(small.train) == 160
    assert len(small.test) == 300
    again = load_two_digit_numbers(n_train=2, n_test=3, random_state=1)
    other = load_two_digit_numbers(n_train=2, n_test=3, random_state=2)
    assert_array_equal(small.data, again.data)
    assert not np.array_equal(small.data, other.data)
    assert_array_equal(small.unseen_classes, other.unseen_classes)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    load_two_digit_numbers(n_train=1, n_test=1)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(
    "wrong",
    [{"n_train": 0}, {"n_test": 2.5}, {"as_frame": "yes"}, {"random_state": "a"}],
)
def test_wrong_parameters_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        load_two_digit_numbers(**wrong)


def test_as_frame(numbers):
    pytest.importorskip("pandas")
    framed = load_two_digit_numbers(as_frame=True)
    assert list(framed.data.columns) == numbers.feature_names
    assert_array_equal(framed.data.to_numpy(), numbers.data)
    assert_array_equal(framed.target.to_numpy(), numbers.target)
