"""What a few real rows of unseen classes change, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..model_selection import few_shot_curve
from ._drawing import Axes, legend_beside, load_pyplot
from ._score_lines import ScoreLinesDisplay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..utils._typing import RandomState


class FewShotCurveDisplay(ScoreLinesDisplay):
    """U, S and H over the number of real rows that each unseen class was given.

    Make one by :meth:`from_estimator`, or of what
    :func:`~sklearn_gzsl.model_selection.few_shot_curve` returned by
    ``FewShotCurveDisplay(curve.shots, curve).plot()``. The point at 0 is zero-shot
    learning. Numbers of rows stand at equal distances, as the first few matter most.

    Parameters
    ----------
    shots : ndarray of shape (n_shots,)
        Numbers of rows.

    scores : mapping of str to ndarray of shape (n_shots, n_repeats)
        ``"U"``, ``"S"`` and ``"H"``; more are allowed, and not drawn.

    See Also
    --------
    sklearn_gzsl.model_selection.few_shot_curve : The numbers.

    Notes
    -----
    .. versionadded:: 0.1

    Examples
    --------
    >>> from sklearn_gzsl.inspection import FewShotCurveDisplay
    >>> scores = {"U": [[0.4], [0.6]], "S": [[0.8], [0.8]], "H": [[0.53], [0.69]]}
    >>> display = FewShotCurveDisplay([0, 5], scores).plot()
    >>> display.lines_["H"].get_ydata()
    array([0.53, 0.69])
    """

    def __init__(self, shots: Sequence[int], scores: Any):
        self.shots = shots
        self.scores = scores

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X_few: ArrayLike,
        y_few: ArrayLike,
        X_test: ArrayLike,
        y_test: ArrayLike,
        *,
        shots: Sequence[int] = (0, 1, 2, 5, 10),
        n_repeats: int = 1,
        random_state: RandomState = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> FewShotCurveDisplay:
        """Compute the curve of a fitted estimator, which is not changed, and draw it.

        Parameters
        ----------
        estimator : object
            A fitted classifier with ``partial_fit`` and ``seen_classes_``.

        X_few : array-like of shape (n_few, n_features)
            Rows of unseen classes to draw the shots from.

        y_few : array-like of shape (n_few,)
            Their labels.

        X_test : array-like of shape (n_test, n_features)
            Rows to score, of seen and of unseen classes, apart from ``X_few``.

        y_test : array-like of shape (n_test,)
            Their labels.

        shots : sequence of int, default=(0, 1, 2, 5, 10)
            Numbers of rows of each class.

        n_repeats : int, default=1
            How often to draw the rows anew; from two on, the picture shows the spread.

        random_state : int, RandomState instance or None, default=None
            Draws the rows.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : FewShotCurveDisplay

        Raises
        ------
        ValueError
            As for :func:`~sklearn_gzsl.model_selection.few_shot_curve`.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        curve = few_shot_curve(
            *(estimator, X_few, y_few, X_test, y_test),
            shots=shots,
            n_repeats=n_repeats,
            random_state=random_state,
        )
        return cls(curve.shots, curve).plot(ax=ax, **options)

    def plot(
        self, ax: Axes | None = None, *, line_kwargs: dict[str, Any] | None = None
    ) -> FewShotCurveDisplay:
        """Draw the three lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        line_kwargs : dict, default=None
            Options of the lines for matplotlib's ``plot``.

        Returns
        -------
        display : FewShotCurveDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = self._take(ax)
        order = np.argsort(self.shots)  # they come in any
        scores = {key: np.asarray(self.scores[key])[order] for key in ("U", "S", "H")}
        places = np.arange(len(order))
        style = {"marker": "o", "markersize": 4, **(line_kwargs or {})}
        self._draw_scores(ax, places, scores, **style)
        ax.set_xticks(places, np.asarray(self.shots)[order])
        ax.set_xlabel("real rows of each unseen class")
        legend_beside(ax)
        return self
