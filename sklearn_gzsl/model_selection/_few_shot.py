"""How a few real rows of unseen classes change the scores."""

from __future__ import annotations

from copy import deepcopy
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import Interval, _safe_indexing, validate_params
from ..metrics import GZSLScorer
from ..metrics._accuracy import check_labels
from ..utils import few
from ._check import warn_of_duplicates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from ..utils._typing import RandomState


@validate_params(
    {
        "estimator": "no_validation",  # below, by an error that says what to give
        "shots": ["array-like"],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "scoring": [callable, None],
    },
    prefer_skip_nested_validation=False,
)
def few_shot_curve(
    estimator: Any,
    X_few: ArrayLike,
    y_few: ArrayLike,
    X_test: ArrayLike,
    y_test: ArrayLike,
    *,
    shots: Sequence[int] = (0, 1, 2, 5, 10),
    n_repeats: int = 1,
    random_state: RandomState = None,
    scoring: Callable | None = None,
) -> Bunch:
    """Scores after the first rows of each unseen class, by their number.

    For each number of shots k, a copy of the fitted estimator is given k real rows of
    each unseen class through ``partial_fit``, and scored on the test rows: generalized
    few-shot learning as in [1]_. Zero shots are zero-shot learning.

    Parameters
    ----------
    estimator : object
        A fitted classifier with ``partial_fit`` and ``seen_classes_``, which
        ``partial_fit`` leaves as they are, such as a
        :class:`~sklearn_gzsl.GZSLClassifier`. It is not changed.

    X_few : array-like of shape (n_few, n_features)
        Rows of unseen classes to draw the shots from. Rows of seen classes are left
        out.

    y_few : array-like of shape (n_few,)
        Their labels. Unseen classes that are not among them get no rows.

    X_test : array-like of shape (n_test, n_features)
        Rows to score, of seen and of unseen classes, apart from ``X_few``.

    y_test : array-like of shape (n_test,)
        Their labels.

    shots : sequence of int, default=(0, 1, 2, 5, 10)
        Numbers of rows of each class, in any order.

    n_repeats : int, default=1
        How often to draw the rows anew. One row of a class may be far from typical:
        draw several times where there are few shots.

    random_state : int, RandomState instance or None, default=None
        Draws the rows.

    scoring : callable or None, default=None
        A scorer ``(estimator, X, y)`` that returns a number, or a dict of numbers;
        ``GZSLScorer()`` by default.

    Returns
    -------
    curve : Bunch
        ``shots``, an array of shape (n_shots,), and each score as an array of shape
        (n_shots, n_repeats): ``U``, ``S``, ``H`` and ``AUSUC``, or whatever the dict of
        ``scoring`` holds; ``score`` if it returns a number.

    Raises
    ------
    ValueError
        If ``shots`` are not whole numbers, if a class has fewer rows than the most
        shots (the message lists such classes), if no class in ``y_few`` is unseen, if
        lengths differ, or what ``partial_fit`` and ``scoring`` raise.
    AttributeError
        If the estimator has no ``seen_classes_``.
    TypeError
        If it has no ``partial_fit``.

    Warns
    -----
    GZSLWarning
        If test rows are equal to rows of ``X_few``, with the numbers of both.

    See Also
    --------
    sklearn_gzsl.GZSLClassifier.partial_fit : What few rows change.
    sklearn.model_selection.learning_curve : Scores by the size of the whole training
        set.

    Notes
    -----
    Within a repeat the draws are nested: more shots contain the rows of fewer, and
    every estimator is scored on the same test rows, so that points differ by what the
    additional rows teach, not by luck. A class counts as unseen however many of its
    rows were given, in U as in calibrated stacking.

    References
    ----------
    .. [1] Schönfeld, Ebrahimi, Sinha, Darrell and Akata. Generalized zero- and
       few-shot learning via aligned variational autoencoders. CVPR, 2019.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_gzsl import GaussianGenerator, GZSLClassifier
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> from sklearn_gzsl.model_selection import few_shot_curve
    >>> numbers = load_two_digit_numbers(n_train=10, n_test=15)
    >>> X, y = numbers.data, numbers.target
    >>> classifier = GaussianNB(var_smoothing=0.1)
    >>> clf = GZSLClassifier(
    ...     GaussianGenerator(), classifier, seen_penalty=0.0, random_state=0
    ... )
    >>> clf = clf.fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> few, unseen = numbers.test_unseen[::3], numbers.test_unseen[1::3]
    >>> test = [*numbers.test_seen, *unseen]
    >>> curve = few_shot_curve(
    ...     clf, X[few], y[few], X[test], y[test], shots=[0, 3], random_state=0
    ... )
    >>> curve.shots
    array([0, 3])
    >>> curve.H.shape
    (2, 1)
    >>> bool(curve.U[1, 0] > curve.U[0, 0])
    True
    """
    if not hasattr(estimator, "partial_fit"):
        raise TypeError(
            f"estimator: {type(estimator).__name__} has no partial_fit, or what is in "
            "it has none. Give a classifier that has, such as GZSLClassifier: of a "
            "search its best_estimator_; of a Pipeline the last step, and rows that "
            "the steps before it have transformed."
        )
    check_is_fitted(estimator)
    scoring = GZSLScorer() if scoring is None else scoring
    numbers = _check_shots(shots)
    y_few, y_test = check_labels(y_few, "y_few"), check_labels(y_test, "y_test")
    check_consistent_length(X_few, y_few)
    check_consistent_length(X_test, y_test)
    rows = _rows_of_unseen(y_few, estimator.seen_classes_, numbers.max())
    warn_of_duplicates(
        X_few,
        X_test,
        np.concatenate(rows),
        range(len(y_test)),
        ("X_few", "X_test"),
    )
    rng = check_random_state(random_state)
    scores = {}
    for _ in range(n_repeats):
        # One order for all numbers of shots: the first k of it are k more than none.
        drawn = [rng.permutation(own) for own in rows]
        for k in numbers:
            model = estimator
            if k:
                chosen = np.concatenate([own[:k] for own in drawn])
                # clone would forget what it has learned.
                model = deepcopy(estimator)
                model.partial_fit(_safe_indexing(X_few, chosen), y_few[chosen])
            result = scoring(model, X_test, y_test)
            if not isinstance(result, dict):
                result = {"score": result}
            for name, score in result.items():
                scores.setdefault(name, []).append(score)
    # Scores came repeat by repeat; the result has a row for each number of shots.
    shape = n_repeats, len(numbers)
    return Bunch(
        shots=numbers,
        **{name: np.reshape(found, shape).T for name, found in scores.items()},
    )


def _check_shots(shots):
    shots = np.asarray(shots)
    whole = shots.ndim == 1 and shots.size and shots.dtype.kind in "iu"
    if not whole or (shots < 0).any():
        raise ValueError(
            f"shots={shots.tolist()} are no numbers of rows; give a list of whole "
            "numbers, 0 or more."
        )
    return shots


def _rows_of_unseen(y_few, seen_classes, most):
    """Row numbers of each class that is unseen; an error if one has too few."""
    seen_classes = check_labels(seen_classes, "seen_classes_", like=y_few)
    unseen, counts = np.unique(y_few[~np.isin(y_few, seen_classes)], return_counts=True)
    if not unseen.size:
        raise ValueError(
            "y_few holds no unseen class, but only classes among the estimator's "
            "seen_classes_; few shots are rows of unseen classes."
        )
    if counts.min() < most:
        raise ValueError(
            f"shots asks for {most} rows of each unseen class, but y_few has "
            f"{counts.min()} of one; {few(unseen[counts < most])} have too few. Give "
            "more rows or ask for fewer shots."
        )
    return [np.flatnonzero(y_few == label) for label in unseen]
