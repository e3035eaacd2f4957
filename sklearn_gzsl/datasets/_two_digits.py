"""Handwritten two-digit numbers, made of the scans that scikit-learn ships."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch, check_random_state

from .._sklearn_compat import Interval, validate_params
from ..attributes import ClassAttributes
from ..utils._typing import RandomState

_N_DIGITS = 10
# Two shifted diagonals of the ten by ten table of numbers: each digit is missing from
# the training set twice as tens and twice as units, and seen eight times in each place.
_UNSEEN_SHIFTS = (3, 7)
# Share of each digit's scans that training images are made of.
_TRAIN_SHARE = 0.6

_DESCR = """\
Handwritten two-digit numbers
-----------------------------

**Data Set Characteristics:**

:Number of Instances: {n_rows} ({n_train} per class to train on, {n_test} to test)
:Number of Attributes: 128, an image of 8 x 16 pixels, each in the range 0..16
:Number of Classes: 100 ("00" to "99"), of which 80 seen and 20 unseen
:Class Attributes: 20, one-hot tens digit and one-hot units digit
:Missing Attribute Values: None

A benchmark for generalized zero-shot learning that needs no download, trains in
seconds and can be looked at. The left half of each image is a scan of a digit, the
right half another one: together they are a number. The scans are those of
:func:`sklearn.datasets.load_digits`, a copy of the test set of the UCI "Optical
Recognition of Handwritten Digits" data by E. Alpaydin and C. Kaynak (1998), reduced
from NIST forms to 8 x 8 pixels.

Twenty numbers are unseen: they have test images but no training images. They are the
numbers whose units digit exceeds the tens digit by three or by seven, modulo ten.
Every digit is therefore unseen with two partners in each place and seen with eight,
so a model that understands the attributes ("a three, then a six") has met each part
of an unseen number, but never the whole.

Training and test images are made from disjoint sets of scans, split digit by digit:
no half of a test image, of a seen or of an unseen number, occurs in training.
"""


@validate_params(
    {
        "n_train": [Interval(Integral, 1, None, closed="left")],
        "n_test": [Interval(Integral, 1, None, closed="left")],
        "as_frame": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def load_two_digit_numbers(
    *,
    n_train: int = 50,
    n_test: int = 25,
    as_frame: bool = False,
    random_state: RandomState = 0,
) -> Bunch:
    """Load images of handwritten two-digit numbers, 20 of the 100 unseen.

    Each row is an image of 8 x 16 pixels: a scan of a tens digit beside a scan of
    a units digit, both from :func:`sklearn.datasets.load_digits`. Nothing is
    downloaded. A class is described by its two digits, one-hot. Twenty fixed
    classes have no training rows; every digit still occurs in seen classes, in both
    places. Training and test images come from disjoint sets of scans.

    Parameters
    ----------
    n_train : int, default=50
        Training rows per seen class.

    n_test : int, default=25
        Test rows per class, seen and unseen.

    as_frame : bool, default=False
        Whether `data` is a DataFrame and `target` a Series; needs pandas.

    random_state : int, RandomState instance or None, default=0
        Determines which scans are kept for test images, and which scans are put
        together. The unseen classes are always the same.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes. Training rows come
        first; both parts are ordered by class.

        data : ndarray of shape (80 * n_train + 100 * n_test, 128), float32
            Pixels, row by row of the image; whole numbers from 0 (paper) to 16
            (ink), as scikit-learn has them. A DataFrame if `as_frame`.
        target : ndarray of shape (n_rows,) of str
            Numbers "00" to "99". A Series if `as_frame`.
        images : ndarray of shape (n_rows, 8, 16), float32
            The same pixels as pictures.
        class_attributes : ClassAttributes
            Rows for all 100 classes, with 20 named columns.
        feature_names : list of str
            "pixel_0_0" to "pixel_7_15": row, then column.
        attribute_names : list of str
            "tens=0" to "tens=9", then "units=0" to "units=9".
        target_names : ndarray of shape (100,) of str
            All classes.
        seen_classes : ndarray of shape (80,) of str
            The classes that have training rows.
        unseen_classes : ndarray of shape (20,) of str
            The classes that have none.
        train : ndarray of shape (80 * n_train,) of int
            Indices of the training rows.
        test : ndarray of shape (100 * n_test,) of int
            Indices of the test rows.
        test_seen : ndarray of shape (80 * n_test,) of int
            Indices of the test rows of seen classes.
        test_unseen : ndarray of shape (20 * n_test,) of int
            Indices of the test rows of unseen classes.
        scans : ndarray of shape (n_rows, 2) of int
            Rows of `load_digits` that the left and the right half come from.
        DESCR : str
            Description of the data set.

    See Also
    --------
    sklearn_gzsl.GZSLClassifier : Classifies unseen classes, too.

    Notes
    -----
    The halves of an image are drawn independently and with replacement from about
    108 training or 72 test scans of the digit.

    Examples
    --------
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> numbers.data.shape, numbers.images.shape
    ((6500, 128), (6500, 8, 16))
    >>> numbers.unseen_classes[:4].tolist()
    ['03', '07', '14', '18']
    >>> numbers.class_attributes
    ClassAttributes(n_classes=100, n_attributes=20)
    >>> X_train = numbers.data[numbers.train]
    >>> y_train = numbers.target[numbers.train]
    >>> len(set(y_train.tolist()))
    80
    """
    rng = check_random_state(random_state)
    # Row c of the table says which digits stand in class c.
    tens, units = np.divmod(np.arange(_N_DIGITS**2), _N_DIGITS)
    digits = np.column_stack([tens, units])
    target_names = np.char.add(tens.astype("U1"), units.astype("U1"))
    unseen = np.isin((units - tens) % _N_DIGITS, _UNSEEN_SHIFTS)

    bundled: Any = load_digits()  # a Bunch, or a tuple where one asks for it
    # Scans are parted first and put together afterwards: no half of a test image was
    # ever seen in training.
    train_pool, test_pool = _split_scans(bundled.target, rng)
    train_codes = np.repeat(np.flatnonzero(~unseen), n_train)
    test_codes = np.repeat(np.arange(len(digits)), n_test)
    codes = np.concatenate([train_codes, test_codes])
    scans = np.concatenate(
        [
            _draw_scans(digits[train_codes], train_pool, rng),
            _draw_scans(digits[test_codes], test_pool, rng),
        ]
    )

    pixels = bundled.images.astype(np.float32)
    images = np.concatenate([pixels[scans[:, 0]], pixels[scans[:, 1]]], axis=2)
    data = images.reshape(len(images), -1)
    target = target_names[codes]
    feature_names = [f"pixel_{i}_{j}" for i, j in np.ndindex(images.shape[1:])]
    attribute_names = [
        f"{place}={d}" for place in ("tens", "units") for d in range(_N_DIGITS)
    ]
    one_hot = np.eye(_N_DIGITS, dtype=np.float32)
    class_attributes = ClassAttributes(
        target_names,
        np.hstack([one_hot[tens], one_hot[units]]),
        feature_names=attribute_names,
    )
    if as_frame:
        # Optional, and slow to import.
        import pandas as pd  # noqa: PLC0415

        data = pd.DataFrame(data, columns=feature_names)
        target = pd.Series(target, name="number")

    test = np.arange(len(train_codes), len(codes))
    return Bunch(
        data=data,
        target=target,
        images=images,
        class_attributes=class_attributes,
        feature_names=feature_names,
        attribute_names=attribute_names,
        target_names=target_names,
        seen_classes=target_names[~unseen],
        unseen_classes=target_names[unseen],
        train=np.arange(len(train_codes)),
        test=test,
        test_seen=test[~unseen[test_codes]],
        test_unseen=test[unseen[test_codes]],
        scans=scans,
        DESCR=_DESCR.format(n_rows=len(codes), n_train=n_train, n_test=n_test),
    )


def _split_scans(labels, rng):
    """Split the scans of each digit in two: lists of index arrays, by digit."""
    # Digit by digit: each has its share on both sides.
    shuffled = [rng.permutation(np.flatnonzero(labels == d)) for d in range(_N_DIGITS)]
    cuts = [round(_TRAIN_SHARE * len(scans)) for scans in shuffled]
    train = [scans[:cut] for scans, cut in zip(shuffled, cuts, strict=True)]
    test = [scans[cut:] for scans, cut in zip(shuffled, cuts, strict=True)]
    return train, test


def _draw_scans(digits, pool, rng):
    """Draw for each entry of `digits` one scan of that digit from the pool."""
    scans = np.empty(digits.shape, dtype=np.intp)
    for d, candidates in enumerate(pool):
        wanted = digits == d
        scans[wanted] = rng.choice(candidates, size=np.count_nonzero(wanted))
    return scans
