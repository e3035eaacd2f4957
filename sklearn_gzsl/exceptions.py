"""Warnings of the package, by which they can be told from those of others."""

from sklearn.exceptions import UndefinedMetricWarning

__all__ = ["GZSLWarning", "UndefinedScoreWarning"]


class GZSLWarning(UserWarning):
    """What the package warns of: likely mistakes, each with what to do about it.

    A fit of data and settings as they should be gives none. Only files of other
    versions have a warning of scikit-learn's, ``InconsistentVersionWarning``.

    .. versionadded:: 0.1

    See Also
    --------
    UndefinedScoreWarning : The one of scores that are NaN.

    Examples
    --------
    Let a test suite or a nightly job fail, rather than print:

    >>> import warnings
    >>> from sklearn_gzsl import PrototypeClassifier
    >>> from sklearn_gzsl.exceptions import GZSLWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", GZSLWarning)
    ...     PrototypeClassifier().fit([[0.0], [1.0], [0.1]], ["cat", "dog", "cat"])
    Traceback (most recent call last):
    sklearn_gzsl.exceptions.GZSLWarning: class_attributes is None, so no class is ...
    """


class UndefinedScoreWarning(GZSLWarning, UndefinedMetricWarning):
    """A score that rows do not define, such as U where no row is of an unseen class.

    It is one of scikit-learn's ``UndefinedMetricWarning``, too.

    .. versionadded:: 0.1

    Examples
    --------
    >>> import warnings
    >>> from sklearn_gzsl.exceptions import UndefinedScoreWarning
    >>> from sklearn_gzsl.metrics import top_k_per_class_accuracy
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UndefinedScoreWarning)
    ...     top_k_per_class_accuracy(
    ...         [0, 1], [[0.9, 0.1], [0.8, 0.2]], k=2, labels=[0, 1]
    ...     )
    1.0
    """
