"""How many synthetic rows of a class are enough, as held-out classes have it."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_scalar
from sklearn.utils.parallel import Parallel, delayed

from .._sklearn_compat import _safe_indexing
from ..attributes import check_class_attributes
from ..metrics import GZSLScorer
from ..metrics._accuracy import check_labels
from ..model_selection import GZSLKFold, GZSLShuffleSplit
from ._drawing import Axes, load_pyplot
from ._score_lines import ScoreLinesDisplay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..utils._typing import RandomState


class SyntheticSizeDisplay(ScoreLinesDisplay):
    """U, S and H over the number of synthetic rows of each unseen class.

    Scored on classes that are held out of the training rows: the truly unseen classes
    take no part, so ``n_synthetic`` may be chosen by it. Make one by
    :meth:`from_estimator`, which draws it, too.

    Parameters
    ----------
    sizes : ndarray of shape (n_sizes,)
        Numbers of synthetic rows, rising.

    scores : dict of str to ndarray of shape (n_sizes, n_folds)
        ``"U"``, ``"S"``, ``"H"`` and ``"AUSUC"`` of each fold.

    Attributes
    ----------
    best_size : int
        The size with the highest mean H, the smallest of these.
    best_size_ : matplotlib Line2D
        The line at this size.

    See Also
    --------
    sklearn_gzsl.GZSLClassifier : Has ``n_synthetic``, 12 rows for each real one or 3.
    sklearn.model_selection.ValidationCurveDisplay : For one score and any parameter.

    Notes
    -----
    More synthetic rows make unseen classes more likely, and few make them rare. A seen
    penalty of "auto" undoes that in each fit; ``seen_penalty=0.0`` shows it. AUSUC in
    ``scores`` does not depend on the balance: where it no longer rises, more rows say
    nothing new.

    .. versionadded:: 0.1

    Examples
    --------
    >>> from sklearn_gzsl import GaussianGenerator, GZSLClassifier, IncrementalLDA
    >>> from sklearn_gzsl.datasets import make_gzsl_classification
    >>> from sklearn_gzsl.inspection import SyntheticSizeDisplay
    >>> data = make_gzsl_classification(random_state=0)
    >>> clf = GZSLClassifier(
    ...     GaussianGenerator(), IncrementalLDA(), seen_penalty=0.0, random_state=0
    ... )
    >>> display = SyntheticSizeDisplay.from_estimator(
    ...     clf,
    ...     data.data[data.train],
    ...     data.target[data.train],
    ...     class_attributes=data.class_attributes,
    ...     sizes=[1, 100],
    ...     random_state=0,
    ... )
    >>> display.scores["H"].shape
    (2, 3)
    """

    def __init__(self, sizes: np.ndarray, scores: dict[str, np.ndarray]):
        self.sizes = sizes
        self.scores = scores

    @property
    def best_size(self) -> int:
        """The size with the highest mean H, the smallest of these."""
        return int(self.sizes[int(self.scores["H"].mean(axis=1).argmax())])

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        class_attributes: Any,
        sizes: Sequence[int] = (1, 3, 10, 30, 100, 300),
        cv: Any = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> SyntheticSizeDisplay:
        """Fit clones of an estimator with each size to each fold, and draw the scores.

        Parameters
        ----------
        estimator : GZSLClassifier
            Fitted or not, or what ends in one: a pipeline, say, or a
            ``CalibratedStackingCV``. Its ``memory`` lets each fold train the generator
            once for all sizes.

        X : array-like of shape (n_samples, n_features)
            Training rows, of seen classes.

        y : array-like of shape (n_samples,)
            Their labels.

        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array
            Descriptions of these classes, and perhaps others.

        sizes : int or sequence of int, default=(1, 3, 10, 30, 100, 300)
            Values of ``n_synthetic``.

        cv : int, cross-validation generator or iterable, default=None
            Folds with test rows of classes that have no training rows; three draws of
            :class:`~sklearn_gzsl.model_selection.GZSLShuffleSplit` by default, and a
            number of folds is that of
            :class:`~sklearn_gzsl.model_selection.GZSLKFold`.

        n_jobs : int, default=None
            Fits at the same time.

        random_state : int, RandomState instance or None, default=None
            Draws the folds if ``cv`` is None.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : SyntheticSizeDisplay

        Raises
        ------
        ValueError
            If ``sizes`` are no numbers of rows, or if no part of the estimator has the
            parameter ``n_synthetic``, or what a fit raises.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        sizes = [sizes] if np.ndim(sizes) == 0 else sizes
        sizes = sorted({int(_checked(size)) for size in sizes})
        if not sizes:
            raise ValueError("sizes is empty; give at least one number of rows.")
        prefix = _prefix(estimator)
        y = check_labels(y, "y")
        descriptions = check_class_attributes(class_attributes, y)
        if cv is None:
            cv = GZSLShuffleSplit(3, random_state=random_state)
        if isinstance(cv, Integral):
            cv = GZSLKFold(cv)
        folds = list(cv.split(X, y) if hasattr(cv, "split") else cv)

        def score(size, train, test):
            # The constructor's form: how a pipeline would pass descriptions on to fit
            # depends on its steps.
            model = clone(estimator).set_params(
                **{f"{prefix}n_synthetic": size},
                **{f"{prefix}class_attributes": descriptions},
            )
            model.fit(_safe_indexing(X, train), y[train])
            return GZSLScorer()(model, _safe_indexing(X, test), y[test])

        results = Parallel(n_jobs=n_jobs)(
            delayed(score)(size, *fold) for size in sizes for fold in folds
        )
        shape = len(sizes), len(folds)
        scores = {
            name: np.reshape([result[name] for result in results], shape)
            for name in results[0]
        }
        return cls(np.array(sizes), scores).plot(ax=ax, **options)

    def plot(
        self, ax: Axes | None = None, *, line_kwargs: dict[str, Any] | None = None
    ) -> SyntheticSizeDisplay:
        """Draw the three lines, over a logarithmic scale.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        line_kwargs : dict, default=None
            Options of the lines for matplotlib's ``plot``.

        Returns
        -------
        display : SyntheticSizeDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = self._take(ax)
        style = {"marker": "o", "markersize": 4, **(line_kwargs or {})}
        self._draw_scores(ax, self.sizes, self.scores, **style)
        ax.set(xscale="log", xlabel="synthetic rows of each unseen class")
        # The sizes tried, and no powers of ten between them.
        ax.set_xticks(self.sizes, self.sizes)
        ax.set_xticks([], minor=True)
        self.best_size_ = self._mark(ax, self.best_size, f"best H: {self.best_size}")
        return self


def _checked(size):
    return check_scalar(size, "sizes", Integral, min_val=1)


def _prefix(estimator):
    """What comes before n_synthetic in the name of the parameter."""
    params = {"": estimator, **estimator.get_params()}
    names = [name for name in params if name.endswith("n_synthetic")]
    if not names:
        raise ValueError(
            f"{estimator!r} has no parameter n_synthetic; give a GZSLClassifier, or "
            "what ends in one. What is in a FrozenEstimator is not fitted again: give "
            "it without."
        )
    shortest = min(names, key=len)
    # All that the classifier is in: a, a__b and so on, and the whole.
    words = shortest.split("__")
    around = [params["__".join(words[:i])] for i in range(len(words))]
    if any(hasattr(part, "estimators") for part in around):
        raise ValueError(
            f"{type(estimator).__name__}: the members of a vote have each its own "
            "number of synthetic rows; give one of the members."
        )
    return shortest.removesuffix("n_synthetic")
