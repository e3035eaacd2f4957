"""A check of what descriptions are worth, before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_X_y

from ..attributes import check_class_attributes, learn_scaling, rescale, varying
from ..linear_model._class_means import best_prediction
from ..utils import few, mean_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Lines of a report name no more than this many columns, classes or pairs.
_MOST = 3
_FEWEST_SEEN = 3


@dataclass(frozen=True, repr=False)
class DescriptionReport:
    """What :func:`check_descriptions` found; printing it tells all in a few lines.

    .. versionadded:: 0.1

    Attributes
    ----------
    labels : ndarray of shape (n_classes,)
        The classes.

    n_classes, n_attributes : int
        Numbers of rows and of columns.

    constant_columns : ndarray
        Names, or numbers, of the columns that are the same for all classes.

    equal_classes : list of list
        Groups of classes with the same description.

    spread : ndarray of shape (n_attributes,)
        Standard deviation of each column over the classes.

    attribute_scaling : str or None
        What ``attribute_scaling="auto"`` would do to the columns in `fit`: "standard"
        where they are in different units, otherwise None.

    nearest : ndarray of shape (n_classes,)
        Label of the class whose description is the most similar, for each label.

    distances : ndarray of shape (n_classes,)
        One minus the cosine of the two, in the units in which they are compared.

    r2 : float or None
        Share of the variance of the seen classes' means that descriptions predict for
        a class left out. None without rows.

    class_r2 : dict of label to float, or None
        The same of each seen class by itself.

    Examples
    --------
    >>> from sklearn_gzsl.inspection import check_descriptions
    >>> report = check_descriptions(
    ...     {"ox": [1, 0, 1], "elk": [1, 0.1, 1], "owl": [0, 2, 1]}
    ... )
    >>> report
    Descriptions of 3 classes by 3 columns
    constant columns  [2]
    equal rows        none
    units             alike: columns are compared as they are
    closest classes   'ox' and 'elk' 0.00, 'owl' and 'elk' 0.62
    >>> report.nearest
    array(['elk', 'ox', 'elk'], dtype='<U3')
    """

    labels: np.ndarray
    n_attributes: int
    constant_columns: np.ndarray
    equal_classes: list[list[Any]]
    spread: np.ndarray
    attribute_scaling: str | None
    nearest: np.ndarray
    distances: np.ndarray
    r2: float | None = None
    class_r2: dict[Any, float] | None = None

    @property
    def n_classes(self) -> int:
        return len(self.labels)

    def __repr__(self):
        lines = [f"Descriptions of {self.n_classes} classes by {self.n_attributes}"]
        lines[0] += " columns"
        constant, equal = self.constant_columns, self.equal_classes
        groups = ", ".join(few(group) for group in equal[:_MOST])
        lines += [
            f"constant columns  {few(constant) if len(constant) else 'none'}",
            f"equal rows        {groups or 'none'}{', ...' * (len(equal) > _MOST)}",
            f"units             {self._units()}",
            f"closest classes   {self._closest()}",
        ]
        if self.r2 is not None:
            worst = sorted(self.class_r2, key=self.class_r2.get)[:_MOST]
            named = ", ".join(f"{c!r} {self.class_r2[c]:.2f}" for c in worst)
            seen = f"{len(self.class_r2)} seen classes"
            lines += [
                f"leave-one-out R2  {self.r2:.2f} of the means of {seen}",
                f"worst predicted   {named}",
            ]
        return "\n".join(lines)

    def _units(self):
        if self.attribute_scaling is None:
            return "alike: columns are compared as they are"
        return "different: columns are standardised in fit, by attribute_scaling"

    def _closest(self):
        labels, nearest = self.labels.tolist(), self.nearest.tolist()
        pairs = {}
        for i in np.argsort(self.distances, kind="stable").tolist():
            pair = labels[i], nearest[i]
            text = f"{pair[0]!r} and {pair[1]!r} {self.distances[i]:.2f}"
            pairs.setdefault(frozenset(pair), text)
        return ", ".join([*pairs.values()][:_MOST])


def check_descriptions(
    class_attributes: Any, X: ArrayLike | None = None, y: ArrayLike | None = None
) -> DescriptionReport:
    r"""Check what descriptions of classes are worth.

    No method knows more of an unseen class than its description says. This tells
    whether it says anything: whether columns vary, classes differ, and units agree;
    and with rows of seen classes, how well the mean of each of these is predicted by
    all others. It takes no row of an unseen class, and so may choose between
    descriptions.

    .. versionadded:: 0.1

    Parameters
    ----------
    class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
        Descriptions of all classes, as for `fit`; of several sources, choose one with
        ``class_attributes.select(name)``.

    X : array-like of shape (n_samples, n_features), default=None
        Rows of seen classes.

    y : array-like of shape (n_samples,), default=None
        Their labels.

    Returns
    -------
    report : DescriptionReport
        Its attributes have the findings; printing it tells the most important ones.

    Raises
    ------
    ValueError
        If there are several sources, fewer than two classes, only one of ``X`` and
        ``y``, labels without description, or fewer than three seen classes.

    See Also
    --------
    sklearn_gzsl.GaussianGenerator : Predicts the means in the same way.
    sklearn_gzsl.model_selection.check_gzsl_split : The same for a split.

    Notes
    -----
    With :math:`\mu_c` the mean of the rows of class c, features at unit variance,
    :math:`\bar\mu` the mean of these, and :math:`\hat\mu_{-c}` what kernel ridge
    regression on the other seen classes predicts from the description of c,

    .. math::

       R^2 = 1 - \frac{\sum_c \|\mu_c - \hat\mu_{-c}\|^2}
                      {\sum_c \|\mu_c - \bar\mu\|^2}.

    It is 1 where descriptions tell all, and 0 where the mean of all classes would do
    as well. Degree and ridge are those with the best of these sums, so that a few
    hundredths above 0 may be chance. Compare descriptions of the same classes by it;
    between data sets it says little, as how features differ is another matter there.

    Examples
    --------
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> from sklearn_gzsl.inspection import check_descriptions
    >>> numbers = load_two_digit_numbers(n_train=20, n_test=1)
    >>> rows = numbers.train
    >>> report = check_descriptions(
    ...     numbers.class_attributes, numbers.data[rows], numbers.target[rows]
    ... )
    >>> report
    Descriptions of 100 classes by 20 columns
    constant columns  none
    equal rows        none
    units             alike: columns are compared as they are
    closest classes   ...
    leave-one-out R2  0.8... of the means of 80 seen classes
    worst predicted   ...
    """
    if X is not None and np.ndim(X) == 1 and (y is None or np.ndim(y) != 1):
        raise ValueError(
            "X has one dimension, as labels have: unlike in fit, descriptions come "
            "first, as in check_descriptions(class_attributes, X, y)."
        )
    holder = check_class_attributes(class_attributes)
    labels, A = holder.labels, holder.values.astype(np.float64)
    if len(A) < 2:
        raise ValueError(
            f"class_attributes describes {len(A)} class; at least two are needed to "
            "tell how they differ."
        )
    if (X is None) != (y is None):
        raise ValueError("Pass X and y, or neither: rows of seen classes have labels.")
    names = holder.feature_names
    names = np.arange(A.shape[1]) if names is None else names
    if y is None:
        seen, targets = np.arange(len(A)), None
    else:
        seen, targets = _seen_means(holder, X, y)
    scaling = learn_scaling(A[seen], "auto")
    compared = rescale(A, scaling.location, scaling.spread)
    distances, nearest = (
        found[:, 0]
        for found in NearestNeighbors(n_neighbors=1, metric="cosine")
        .fit(compared)
        .kneighbors()
    )
    r2, class_r2 = None, None
    if targets is not None:
        residuals = best_prediction(compared[seen], targets)[3]
        missed, total = np.square(residuals).sum(axis=1), np.square(targets).sum(axis=1)
        total = np.maximum(total, np.finfo(np.float64).tiny)  # constant rows
        r2 = float(1 - missed.sum() / total.sum())
        class_r2 = dict(
            zip(labels[seen].tolist(), (1 - missed / total).tolist(), strict=True)
        )
    return DescriptionReport(
        labels=labels,
        n_attributes=A.shape[1],
        constant_columns=names[~varying(A)],
        equal_classes=_equal(labels, A),
        spread=A.std(axis=0),
        attribute_scaling=scaling.method,
        nearest=labels[nearest],
        distances=np.maximum(distances, 0.0),  # rounding
        r2=r2,
        class_r2=class_r2,
    )


def _seen_means(holder, X, y):
    """Places of the seen classes in the table, and their means less that of these."""
    # Labels may be text, which the check of numbers would turn away.
    classes, codes = np.unique(np.asarray(y), return_inverse=True)
    X, codes = check_X_y(X, codes)
    seen = holder.positions(classes)
    if len(seen) < _FEWEST_SEEN:
        raise ValueError(
            f"y has {len(seen)} class(es); at least {_FEWEST_SEEN} seen classes are "
            "needed to predict one from the others."
        )
    spread = X.std(axis=0)
    means = mean_rows(X / np.where(varying(X), spread, 1.0), codes, len(seen))
    return seen, means - means.mean(axis=0)


def _equal(labels, A):
    """Groups of classes whose rows are the same."""
    _, group = np.unique(A, axis=0, return_inverse=True)
    groups = (
        labels[group == g].tolist() for g in np.flatnonzero(np.bincount(group) > 1)
    )
    return sorted(groups, key=lambda members: labels.tolist().index(members[0]))
