"""What the choice of the seen penalty was made from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..metrics._accuracy import harmonic_mean
from ..utils import path_inside
from ._drawing import Axes, legend_beside, load_pyplot
from ._members import check_no_vote
from ._score_lines import ScoreLinesDisplay

# Of the penalties at which a row changes sides, this share at each end is left out of
# the picture: a few rows that are certain would make it many times as wide.
_TAIL = 0.01


class SeenPenaltyDisplay(ScoreLinesDisplay):
    """U, S and H over the seen penalty, on the classes that were held out to choose it.

    Make one by :meth:`from_estimator`, which draws it, too. A flat top says that the
    choice matters little; a spread between folds wider than the differences along the
    line, that it was made on too few classes.

    Parameters
    ----------
    penalties : ndarray of shape (n_points,), rising
        Penalties on seen classes. Scores hold from each up to the next one.

    scores : dict of str to ndarray of shape (n_points, n_folds)
        ``"U"``, ``"S"`` and ``"H"`` of each fold.

    chosen : float, default=None
        The penalty that predictions are made with.

    Attributes
    ----------
    chosen_ : matplotlib Line2D or None
        The line at the chosen penalty.

    See Also
    --------
    sklearn_gzsl.CalibratedStackingCV : Chooses a penalty for any classifier.
    SeenUnseenCurveDisplay : The two accuracies against each other, on any rows.

    Notes
    -----
    .. versionadded:: 0.1

    Examples
    --------
    >>> from sklearn_gzsl import GZSLClassifier
    >>> from sklearn_gzsl.datasets import make_gzsl_classification
    >>> from sklearn_gzsl.inspection import SeenPenaltyDisplay
    >>> data = make_gzsl_classification(random_state=0)
    >>> X, y = data.data[data.train], data.target[data.train]
    >>> clf = GZSLClassifier(random_state=0)
    >>> clf = clf.fit(X, y, class_attributes=data.class_attributes)
    >>> display = SeenPenaltyDisplay.from_estimator(clf)
    >>> display.chosen == clf.seen_penalty_
    True
    >>> sorted(display.scores)
    ['H', 'S', 'U']
    """

    def __init__(
        self,
        penalties: np.ndarray,
        scores: dict[str, np.ndarray],
        *,
        chosen: float | None = None,
    ):
        self.penalties = penalties
        self.scores = scores
        self.chosen = chosen

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Axes | None = None, **options: Any
    ) -> SeenPenaltyDisplay:
        """Draw what a fitted estimator has chosen its penalty from.

        Parameters
        ----------
        estimator : object
            A fitted :class:`~sklearn_gzsl.CalibratedStackingCV` with
            ``store_cv_results=True``, or a :class:`~sklearn_gzsl.GZSLClassifier` with
            ``seen_penalty="auto"``, or a pipeline or search that ends in one.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : SeenPenaltyDisplay

        Raises
        ------
        ValueError
            If the estimator keeps no scores of penalties.
        TypeError
            If it is a vote, whose members have each their own.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        # Of the penalty in use, the outermost: what is held may have one of its own.
        part = path_inside(estimator, "seen_penalty_")[-1]
        results = getattr(part, "cv_results_", None) or {}
        if "seen_penalties" not in results:
            if not hasattr(part, "seen_penalty_"):
                check_no_vote(estimator, "seen penalty")
            raise ValueError(
                f"{estimator!r} keeps no scores of seen penalties; fit a "
                "GZSLClassifier with seen_penalty='auto', or a CalibratedStackingCV "
                "with store_cv_results=True, to descriptions of unseen classes."
            )
        n_folds = sum(key.endswith("_test_U") for key in results) - 1  # and their mean
        U, S = (
            np.column_stack([results[f"split{i}_test_{key}"] for i in range(n_folds)])
            for key in ("U", "S")
        )
        scores = {"U": U, "S": S, "H": harmonic_mean(U, S)}
        display = cls(results["seen_penalties"], scores, chosen=part.seen_penalty_)
        return display.plot(ax=ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        line_kwargs: dict[str, Any] | None = None,
    ) -> SeenPenaltyDisplay:
        """Draw the three lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        line_kwargs : dict, default=None
            Options of the lines for matplotlib's ``plot``.

        Returns
        -------
        display : SeenPenaltyDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = self._take(ax)
        finite = np.isfinite(self.penalties)
        x = np.asarray(self.penalties)[finite]
        scores = {key: values[finite] for key, values in self.scores.items()}
        self._draw_scores(ax, x, scores, step=True, **(line_kwargs or {}))
        low, high = np.quantile(x, [_TAIL, 1 - _TAIL])
        if self.chosen is not None:
            low, high = min(low, self.chosen), max(high, self.chosen)
        if low < high:
            ax.set_xlim(low, high)
        ax.set_xlabel("seen penalty")
        self.chosen_ = None
        if self.chosen is None:
            legend_beside(ax)
        else:
            self.chosen_ = self._mark(ax, self.chosen, f"chosen: {self.chosen:.3g}")
        return self
