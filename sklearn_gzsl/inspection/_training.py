"""Losses in the course of a training, and the validation that ended it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..utils import few, path_inside
from ._drawing import Axes, Display, load_pyplot
from ._members import check_no_vote

_PARTS = ("generator", "classifier")
# In skorch's history beside the losses.
_NO_LOSSES = {"epoch", "iter"}


class TrainingCurveDisplay(Display):
    """Losses over the steps of a training, and H on held-out classes if it was watched.

    Make one by :meth:`from_estimator`, which draws it, too. A loss that still falls at
    the end asks for more steps; H that has fallen since long, for ``early_stopping``.

    Parameters
    ----------
    losses : dict of str to ndarray of shape (n_intervals,)
        Mean of each loss in each interval.

    steps : ndarray of shape (n_intervals,)
        The last step of each interval.

    validation : tuple of two ndarray of shape (n_validations,), default=None
        Steps of the trial training of early stopping at which it was validated, and
        the scores.

    stop : int, default=None
        Number of steps that was chosen by these.

    Attributes
    ----------
    lines_ : dict of name to matplotlib Line2D
        The losses.
    validation_ax_ : matplotlib Axes or None
        The scale on the right, of the validation.
    validation_line_, stop_line_ : matplotlib Line2D or None
        The scores, and the line at the step that was chosen.

    See Also
    --------
    sklearn_gzsl.generators.NeuralGenerator : Has ``history_`` and ``early_stopping``.
    sklearn_gzsl.SoftmaxClassifier : Has ``loss_curve_``.

    Notes
    -----
    With early stopping the validation is that of a trial, from which classes were held
    out. The losses are of the training on all rows after it, up to the step with the
    best score: so the validation goes on beyond them.

    .. versionadded:: 0.1

    Examples
    --------
    >>> from sklearn_gzsl import VAECFlow
    >>> from sklearn_gzsl.datasets import make_gzsl_classification
    >>> from sklearn_gzsl.inspection import TrainingCurveDisplay
    >>> data = make_gzsl_classification(random_state=0)
    >>> X, y = data.data[data.train], data.target[data.train]
    >>> flow = VAECFlow(hidden_dim=16, max_iter=100, random_state=0)
    >>> flow = flow.fit(X, y, class_attributes=data.class_attributes)
    >>> display = TrainingCurveDisplay.from_estimator(flow)
    >>> sorted(display.losses)
    ['cls', 'flow', 'loss', 'rec', 'reg']
    """

    def __init__(
        self,
        losses: dict[str, np.ndarray],
        steps: np.ndarray,
        *,
        validation: tuple[np.ndarray, np.ndarray] | None = None,
        stop: int | None = None,
    ):
        self.losses = losses
        self.steps = steps
        self.validation = validation
        self.stop = stop

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        part: str | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> TrainingCurveDisplay:
        """Draw the training of a fitted estimator, or of a part of it.

        Parameters
        ----------
        estimator : object
            A fitted generator that is trained in steps, or classifier with
            ``history_`` or ``loss_curve_``; a ``GZSLClassifier`` with such a part; or
            a pipeline, search or meta-estimator that ends in one.

        part : {"generator", "classifier"}, default=None
            Of a ``GZSLClassifier``, what to draw; by default the first of these that
            was trained in steps.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        ValueError
            If there is no such part, or none that kept its losses.
        TypeError
            If it is a vote, whose members have each their own.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        if part is not None and part not in _PARTS:
            raise ValueError(f"part={part!r} is none of {_PARTS}.")
        trained = _trained(estimator, part)
        steps, losses = _losses(trained)
        validation = stop = None
        if getattr(trained, "validation_steps_", None) is not None:
            validation = trained.validation_steps_, trained.validation_scores_
            stop = trained.n_iter_
        display = cls(losses, steps, validation=validation, stop=stop)
        return display.plot(ax=ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        terms: Any = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> TrainingCurveDisplay:
        """Draw the losses, and the validation over a scale on the right.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        terms : str or list of str, default=None
            The losses to draw, by name; all by default.

        line_kwargs : dict, default=None
            Options of the losses for matplotlib's ``plot``.

        Returns
        -------
        display : TrainingCurveDisplay
            Itself.

        Raises
        ------
        ValueError
            If ``terms`` has a name that no loss has.
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot(f"{type(self).__name__}.plot")
        terms = [terms] if isinstance(terms, str) else list(terms or self.losses)
        unknown = [term for term in terms if term not in self.losses]
        if unknown:
            raise ValueError(
                f"terms holds {few(unknown)}, but the losses are {few([*self.losses])}."
            )
        ax = self._take(ax, (7.5, 4.8))
        self.lines_ = {
            term: ax.plot(
                self.steps, self.losses[term], **{"label": term, **(line_kwargs or {})}
            )[0]
            for term in terms
        }
        ax.set(xlabel="step", ylabel="loss, mean of an interval")
        self.validation_ax_ = self.validation_line_ = self.stop_line_ = None
        entries = [*self.lines_.values()]
        if self.validation is not None:
            # Not fixed black: some styles draw on black.
            color = plt.rcParams["text.color"]
            self.validation_ax_ = right = ax.twinx()
            right.set(ylim=(0, 1), ylabel="H on held-out classes, in a trial")
            style = {"color": color, "marker": ".", "label": "validation"}
            (self.validation_line_,) = right.plot(*self.validation, **style)
            entries.append(self.validation_line_)
            if self.stop is not None:
                style = {"color": color, "linestyle": ":"}
                text = f"stop: {self.stop} steps"
                self.stop_line_ = right.axvline(self.stop, label=text, **style)
                entries.append(self.stop_line_)
        # Beyond the scale on the right, where there is one.
        x = 1.01 if self.validation is None else 1.17
        place = {"loc": "upper left", "bbox_to_anchor": (x, 1), "borderaxespad": 0}
        ax.legend(handles=entries, fontsize="small", **place)
        return self


def _trained(estimator, part):
    """The estimator or the part of it that kept losses, as ``part`` says."""
    inside = path_inside(estimator, "generator_")[-1]
    if not hasattr(inside, "generator_"):
        # Not always a classifier of ours: a search over a generator, or the generator.
        found = [
            path_inside(estimator, name)[-1] for name in ("history_", "loss_curve_")
        ]
    else:
        names = _PARTS if part is None else [part]
        found = [getattr(inside, f"{name}_") for name in names]
    for candidate in found:
        if hasattr(candidate, "history_") or hasattr(candidate, "loss_curve_"):
            return candidate
    check_no_vote(estimator, "losses")
    raise ValueError(
        f"{estimator!r} has kept no losses of its {part or 'training'}; only what is "
        "trained in steps has some once it is fitted: a generator such as VAECFlow, or "
        "SoftmaxClassifier."
    )


def _losses(trained):
    """Steps, and losses by name."""
    if hasattr(trained, "history_"):
        rows = trained.history_
        names = [name for name in rows[0] if name not in _NO_LOSSES]
        losses = {name: np.array([row[name] for row in rows]) for name in names}
        return np.array([row["iter"] for row in rows]), losses
    curve = np.array(trained.loss_curve_)
    # Intervals of equal length, as in SoftmaxClassifier.fit and scikit-learn's nets.
    steps = np.arange(1, len(curve) + 1) * (trained.n_iter_ / len(curve))
    return steps, {"loss": curve}
