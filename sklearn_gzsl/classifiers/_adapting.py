"""Rows without labels: how classifiers are given them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import _check_method_params, _safe_indexing
from ..attributes import check_class_attributes
from ..metrics._response import find_model
from ..utils import (
    InheritedDocs,
    all_or_nothing,
    is_on_trial,
    is_unlabelled,
    labels_of,
    warn,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

_Fit = TypeVar("_Fit", bound=Callable[..., Any])

# Rows a class below which adapting is hardly worth while.
_FEW = 5
# One in a hundred seen rows is so far from all, and on four sets of real data at most
# one in eight of unseen classes; of rows with other features a third and more.
_STRANGE = 0.25
# Rows that are gone through together.
_TURN = 10_000
# Rows like no class, and all, of each turn or member that one call goes through.
_COUNTS: ContextVar[list[tuple[int, int]] | None] = ContextVar("_COUNTS", default=None)


class AdaptMixin(InheritedDocs):
    """A method ``adapt``, for classifiers that write ``_adapt(X, reset)``.

    Attributes
    ----------
    n_unlabelled_ : int
        Rows without labels that ``adapt`` has been given.
    unlabelled_counts_ : ndarray of shape (n_unseen,)
        How many of them each of ``unseen_classes_`` is believed to have.
    """

    @all_or_nothing
    def adapt(self, X: ArrayLike | None = None, *, reset: bool = False) -> Self:
        """Move the unseen classes towards rows that nobody has labelled.

        The mean of an unseen class is predicted from its description, and seldom well.
        Rows of it show where it is, even among many others and without labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), optional
            Rows of seen and unseen classes in any mixture, such as those that labels
            are wanted for. Further ones may come in later calls: what is known of
            earlier rows is kept, as sums.
        reset : bool, default=False
            Forget rows of earlier calls first. Without X, this is back to ``fit``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X is not valid or missing, if no class is unseen, or if ``fit`` could
            set no rows apart.

        Notes
        -----
        What is learned here is *transductive* where the rows are those that are scored:
        such figures do not compare with others.
        """
        check_is_fitted(self)
        if X is None and not reset:
            raise ValueError(
                "adapt needs X, rows without labels; reset=True alone forgets those of "
                "earlier calls."
            )
        self._adapt(X, reset)
        return self


def check_can_adapt(clf: Any, n_rows: int) -> None:
    """Refuse rows without labels where nothing can be learned from them."""
    if not len(clf.unseen_classes_):
        raise ValueError(
            "There is no unseen class to move towards rows without labels; describe "
            "classes without rows in fit or add_classes."
        )
    if clf._twin is None:
        raise ValueError(
            "adapt needs rows of seen classes that fit has set apart, but it has none: "
            "that takes calibration_size > 0, an unseen class in fit, five rows or so "
            "of some class, and no forget_rows since."
        )
    if n_rows < _FEW * len(clf.unseen_classes_) and not is_on_trial():
        warn(
            f"adapt got {n_rows} rows so far for {len(clf.unseen_classes_)} unseen "
            f"classes; with fewer than {_FEW} a class, little can be learned from them."
        )


@contextmanager
def strangers_together() -> Iterator[None]:
    """Let ``warn_of_strangers`` warn at the end, once, of all rows that it was told."""
    if _COUNTS.get() is not None:
        yield  # there is one around
        return
    counts: list[tuple[int, int]] = []
    token = _COUNTS.set(counts)
    try:
        yield
    finally:
        _COUNTS.reset(token)
    if counts:
        warn_of_strangers(*(sum(numbers) for numbers in zip(*counts, strict=True)))


def warn_of_strangers(n_far: int, n_rows: int) -> None:
    """Warn where many rows are like no class."""
    if (counts := _COUNTS.get()) is not None:
        counts.append((n_far, n_rows))
        return
    share = n_far / n_rows
    if share > _STRANGE and not is_on_trial():
        warn(
            f"adapt got rows of which {share:.0%} are farther from every class than "
            "99% of the labelled rows are. They were made in another way, or are of no "
            "class, or few seen classes do not tell where the others are: hold some of "
            "the predictions against what you know before you rely on them."
        )


def turns(X: Any, n_unseen: int) -> Iterator[Any]:
    """The rows in no order, of many in turns, each of which is a sample of all."""
    n_rows = X.shape[0] if hasattr(X, "shape") and X.shape else len(X)
    # Too few of a class tell nothing.
    n_turns = min(-(-n_rows // _TURN), n_rows // max(_FEW * n_unseen, 1))
    n_turns = max(n_turns, 1)
    # Classes may take turns, too: every fourth row, say, would be of the same ones.
    order = np.random.default_rng(0).permutation(n_rows)
    for i in range(n_turns):
        yield _safe_indexing(X, order[i::n_turns])


def warn_if_useless(chosen: Any) -> bool:
    """Whether held-out classes advise against adapting, and say so."""
    if chosen is None or chosen.worthwhile:
        return False
    if not is_on_trial():
        warn(
            f"adapt leaves the model as it is: on held-out classes it {_found(chosen)}"
            ". A number as seen_penalty adapts all the same."
        )
    return True


def _found(chosen):
    change = "gained" if chosen.gain > 0 else "lost"
    points = f"{change} {abs(100 * chosen.gain):.1f} points of H"
    if chosen.error == 0:  # one fold has none
        return points
    return f"{points}, with a standard error of {100 * chosen.error:.1f}"


def can_adapt(estimator: Any) -> bool:
    """Whether the model inside a fitted estimator can adapt as it is."""
    return getattr(find_model(estimator), "_adapts", False)


def takes_unlabelled(fit: _Fit) -> _Fit:
    """Let ``fit`` or ``partial_fit`` adapt to the rows whose label is -1.

    They are rows without labels where classes are described, and none of them is -1.
    """

    @wraps(fit)
    def with_unlabelled(self, X, y, *args, **params):
        try:
            given = signature(fit).bind_partial(self, X, y, *args, **params).arguments
        except TypeError:  # which names no method; what follows does
            return fit(self, X, y, *args, **params)
        rows = _without_label(self, y, given.get("class_attributes"))
        if rows is None:
            return fit(self, X, y, *args, **params)
        cv = getattr(self, "cv", None)
        if not (cv is None or np.isscalar(cv) or hasattr(cv, "split")):
            raise ValueError(
                "cv has row numbers, which rows labelled -1 would shift; give a "
                "splitter such as GZSLKFold, or those rows to adapt after the fit."
            )
        if rows.all():
            raise ValueError(
                "y holds -1 alone, which stands for rows without a label; give rows "
                "with labels, and the others to adapt."
            )
        labelled = np.flatnonzero(~rows)
        labels = labels_of(y, labelled)
        params = _check_method_params(X, params, indices=labelled)
        fit(self, _safe_indexing(X, labelled), labels, *args, **params)
        return self.adapt(_safe_indexing(X, np.flatnonzero(rows)))

    return with_unlabelled  # type: ignore[return-value]


def _without_label(estimator, y, given):
    """Mask of the rows without labels; None if there are none."""
    if y is None or not (rows := is_unlabelled(y)).any():
        return None
    if given is None:
        known = getattr(estimator, "_known_attributes", None)  # of what is wrapped
        given = getattr(estimator, "class_attributes_", known)
    if given is None:
        given = getattr(estimator, "class_attributes", None)
    if given is None:  # an ordinary classifier, to which -1 is a class
        return None
    labels = check_class_attributes(given).labels.tolist()
    return None if -1 in labels else rows
