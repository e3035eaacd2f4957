"""Random classification problems with unseen classes."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch, check_random_state

from .._sklearn_compat import Interval, validate_params
from ..attributes import ClassAttributes
from ..utils._typing import RandomState

# Root mean square distance between two class means at class_sep=1, in units of a row's
# standard deviation: classes overlap, but most rows can be told apart.
_DISTANCE = 5.0
_N_WAVES = 100  # of which the nonlinear part of each feature is a mixture

_DESCR = """\
Random generalized zero-shot classification problem
---------------------------------------------------

**Data Set Characteristics:**

:Number of Instances: {n_rows} ({n_train} to train on, {n_test} to test)
:Number of Attributes: {n_features}
:Number of Classes: {n_classes}, of which {n_seen} seen and {n_unseen} unseen
:Class Attributes: {n_attributes}, drawn at random, observed with noise of standard
    deviation {attribute_noise:g}
:Class means: a map of the attributes, {share:.0%} of whose variance is not linear

Drawn by sklearn_gzsl.datasets.make_gzsl_classification.
"""


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "n_attributes": [Interval(Integral, 1, None, closed="left")],
        "n_seen": [Interval(Integral, 1, None, closed="left")],
        "n_unseen": [Interval(Integral, 1, None, closed="left")],
        "attribute_noise": [Interval(Real, 0, None, closed="left")],
        "class_sep": [Interval(Real, 0, None, closed="left")],
        "nonlinearity": [Interval(Real, 0, 1, closed="both")],
        "test_size": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_gzsl_classification(
    n_samples: int = 1000,
    n_features: int = 20,
    *,
    n_attributes: int = 5,
    n_seen: int = 10,
    n_unseen: int = 3,
    attribute_noise: float = 0.0,
    class_sep: float = 1.0,
    nonlinearity: float = 0.0,
    test_size: float = 0.2,
    random_state: RandomState = None,
) -> Bunch:
    """Draw a random classification problem with unseen classes.

    Each class has an attribute vector, drawn from a standard normal distribution.
    A random map, the same for all classes, leads from it to the class's mean, and
    the rows are normally distributed around it with a random covariance, the same
    for all classes. So attributes tell where an unseen class lies as far as the map
    can be learned: the number of seen classes, noise in the attributes and the map's
    nonlinearity say how far that is.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows, spread evenly over all classes.

    n_features : int, default=20
        Features of a row.

    n_attributes : int, default=5
        Attributes of a class.

    n_seen : int, default=10
        Classes with training rows. From `n_attributes` on, a linear map is
        determined by their means.

    n_unseen : int, default=3
        Classes without.

    attribute_noise : float, default=0.0
        Standard deviation of noise in the attributes that are returned; those that
        the means are made of have 1.

    class_sep : float, default=1.0
        Distance between classes: their means are typically ``5 * class_sep``
        standard deviations of a row apart, whatever the number of features.

    nonlinearity : float, default=0.0
        Share of the variance of class means that is nonlinear, from 0, a linear map,
        to 1, a smooth map of which no linear one predicts anything.

    test_size : float, default=0.2
        Share of the rows of each seen class to test on, rounded, at least one row and
        never all of them.

    random_state : int, RandomState instance or None, default=None
        Determines all random numbers. They are drawn in the same order whatever
        `attribute_noise`, `class_sep` and `nonlinearity` are, so that with the same
        int these change nothing but what they are about.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes. Rows are shuffled.

        data : ndarray of shape (n_samples, n_features), float32
            Features; in each class, the variance is 1 on the average feature.
        target : ndarray of shape (n_samples,) of int
            Classes, from 0.
        class_attributes : ClassAttributes
            The noisy attributes of all classes.
        target_names : ndarray of shape (n_seen + n_unseen,) of int
            All classes.
        seen_classes : ndarray of shape (n_seen,) of int
            The first classes.
        unseen_classes : ndarray of shape (n_unseen,) of int
            The last classes.
        train : ndarray of int
            Indices of the training rows.
        test : ndarray of int
            Indices of the test rows: those of seen classes, then of unseen ones.
        test_seen : ndarray of int
            Indices of the test rows of seen classes.
        test_unseen : ndarray of int
            Indices of the test rows of unseen classes.
        class_means : ndarray of shape (n_seen + n_unseen, n_features)
            Where the rows of each class scatter around.
        covariance : ndarray of shape (n_features, n_features)
            How they scatter. With the means, it gives the best possible classifier.
        DESCR : str
            Description of the data set.

    Raises
    ------
    ValueError
        If a parameter is out of range, or `n_samples` too small for two rows of each
        seen and one of each unseen class.

    See Also
    --------
    load_two_digit_numbers : Images instead of random numbers.
    sklearn.datasets.make_classification : Without attributes and unseen classes.

    Notes
    -----
    The linear part of the map has independent normal coefficients. The nonlinear part
    is a mixture of cosine waves over the space of attributes, symmetric about its
    origin, so that it is uncorrelated with every linear function. Both have the same
    variance, and are added up with the weights ``sqrt(1 - nonlinearity)`` and
    ``sqrt(nonlinearity)``.

    Examples
    --------
    >>> from sklearn_gzsl.datasets import make_gzsl_classification
    >>> data = make_gzsl_classification(n_seen=8, n_unseen=2, random_state=0)
    >>> data.data.shape, data.unseen_classes
    ((1000, 20), array([8, 9]))
    >>> len(data.train), len(data.test_seen), len(data.test_unseen)
    (640, 160, 200)
    >>> data.class_attributes
    ClassAttributes(n_classes=10, n_attributes=5)
    """
    n_classes = n_seen + n_unseen
    # Earlier classes get the rows that are left over.
    counts = n_samples // n_classes + (np.arange(n_classes) < n_samples % n_classes)
    if counts[-1] < 1 or counts[n_seen - 1] < 2:
        raise ValueError(
            f"n_samples={n_samples} is too small for {n_seen} seen classes with two "
            f"rows each and {n_unseen} unseen classes with one."
        )
    rng = check_random_state(random_state)
    attributes = rng.standard_normal((n_classes, n_attributes))
    linear, waves = _draw_maps(rng, attributes, n_features)
    means = np.sqrt(1 - nonlinearity) * linear + np.sqrt(nonlinearity) * waves
    # Two means of independent classes differ by twice the variance of one.
    means *= class_sep * _DISTANCE / np.sqrt(2 * n_features)
    noise = rng.standard_normal(attributes.shape)
    root = _draw_root(rng, n_features)

    target = rng.permutation(np.repeat(np.arange(n_classes), counts))
    X = means[target] + rng.standard_normal((n_samples, n_features)) @ root.T
    n_test = np.clip(np.floor(test_size * counts + 0.5), 1, counts - 1)
    n_test[n_seen:] = counts[n_seen:]
    # Rows are in random order already, so the first ones of a class are a random part.
    by_class = np.argsort(target, kind="stable")
    place = np.empty(n_samples, dtype=int)
    place[by_class] = np.concatenate([np.arange(n) for n in counts])
    to_test = place < n_test[target]
    test_seen = np.flatnonzero(to_test & (target < n_seen))
    test_unseen = np.flatnonzero(target >= n_seen)

    classes = np.arange(n_classes)
    train, test = np.flatnonzero(~to_test), np.concatenate([test_seen, test_unseen])
    return Bunch(
        data=X.astype(np.float32),
        target=target,
        class_attributes=ClassAttributes(classes, attributes + attribute_noise * noise),
        target_names=classes,
        seen_classes=classes[:n_seen],
        unseen_classes=classes[n_seen:],
        train=train,
        test=test,
        test_seen=test_seen,
        test_unseen=test_unseen,
        class_means=means,
        covariance=root @ root.T,
        DESCR=_DESCR.format(
            n_rows=n_samples,
            n_train=len(train),
            n_test=len(test),
            n_features=n_features,
            n_classes=n_classes,
            n_seen=n_seen,
            n_unseen=n_unseen,
            n_attributes=n_attributes,
            attribute_noise=attribute_noise,
            share=nonlinearity,
        ),
    )


def _draw_maps(rng, attributes, n_features):
    """Draw a linear and a nonlinear map, both of variance 1: their values."""
    n_attributes = attributes.shape[1]
    linear = attributes @ rng.standard_normal((n_attributes, n_features))
    directions = rng.standard_normal((n_attributes, _N_WAVES))
    directions /= np.linalg.norm(directions, axis=0)
    # So the argument of a wave is standard normal, and these are its cosine's moments.
    mean, mean_square = np.exp(-1 / 2), (1 + np.exp(-2)) / 2
    waves = (np.cos(attributes @ directions) - mean) / np.sqrt(mean_square - mean**2)
    mixture = rng.standard_normal((_N_WAVES, n_features)) / np.sqrt(_N_WAVES)
    return linear / np.sqrt(n_attributes), waves @ mixture


def _draw_root(rng, n_features):
    """Draw a root of a covariance matrix with eigenvalues of 1 on average."""
    rotation, _ = np.linalg.qr(rng.standard_normal((n_features, n_features)))
    eigenvalues = np.exp(rng.uniform(-1, 1, n_features))
    return rotation * np.sqrt(eigenvalues / eigenvalues.mean())
