"""Real and synthetic rows side by side, to see where the generator puts a class."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import (
    check_consistent_length,
    check_random_state,
    check_scalar,
)

from .._sklearn_compat import _safe_indexing
from ..metrics._accuracy import check_labels
from ..metrics._response import path_to
from ..utils import as_last_step_sees, few
from ._drawing import Axes, Display, legend_beside, load_pyplot, width_with_legend
from ._members import check_no_vote
from ._planes import embed, own_reducer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..utils._typing import RandomState

# As many as colours that can be told apart, with two kinds of marks for each.
_MOST_CLASSES = 8


class SyntheticFeaturesDisplay(Display):
    """Real rows of some classes, and what the generator draws for them, in a plane.

    If synthetic rows of unseen classes do not lie where the real ones do, no classifier
    trained on them can be good. Make one by :meth:`from_estimator`, which draws it,
    too. Mind that it looks at real rows of unseen classes: choose no parameter by it,
    unless these classes are held out of training for the purpose.

    Parameters
    ----------
    real : ndarray of shape (n_real, 2)
        Real rows in the plane.

    y_real : ndarray of shape (n_real,)
        Their labels.

    synthetic : ndarray of shape (n_synthetic, 2)
        Synthetic rows in the plane.

    y_synthetic : ndarray of shape (n_synthetic,)
        Their labels.

    classes : ndarray of shape (n_classes,)
        The classes, in the order of the two numbers below.

    mean_shift : ndarray of shape (n_classes,), default=None
        Distance of the means of real and synthetic rows, relative to the spread of the
        real ones: the root of the mean squared distance from their mean. Measured in
        all features, not in the plane. NaN for a class of one row or without spread.

    spread_ratio : ndarray of shape (n_classes,), default=None
        Spread of the synthetic rows relative to that of the real ones; below 1, the
        class is drawn too narrow.

    reducer : transformer, default=None
        What has brought the rows into the plane, fitted; it names the axes.

    Attributes
    ----------
    real_ : list of matplotlib PathCollection
        The real rows, class by class.
    synthetic_ : list of matplotlib PathCollection
        The synthetic rows, class by class.
    shifts_ : list of matplotlib Line2D
        From the mean of the real to that of the synthetic rows, class by class, in the
        plane.

    See Also
    --------
    sklearn_gzsl.GZSLClassifier : ``transform`` and ``generator_.sample`` give the rows.
    ClassConfusionDisplay : What comes of it.

    Notes
    -----
    With n real and m synthetic rows, the means of a perfect generator still differ by
    chance, with a ``mean_shift`` of about ``sqrt(1 / n + 1 / m)``: 0.33 for ten rows
    and a hundred. Spreads are unbiased (divided by n - 1).

    PCA and the like learn the plane from the real rows alone, and synthetic ones fall
    where they fall. So does UMAP, which is fitted on the real rows and has
    ``transform``. t-SNE, MDS and spectral embedding know no other rows than those they
    are fitted on, so they get both, and each side shapes the picture of the other: rows
    that mix may be right, but how far apart groups lie and how wide they are means
    nothing. Go by ``mean_shift`` and ``spread_ratio``, which no reducer changes.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_gzsl import GaussianGenerator, GZSLClassifier
    >>> from sklearn_gzsl.inspection import SyntheticFeaturesDisplay
    >>> corners = [[4, 0], [0, 4], [-4, 0], [0, -4], [3, 3]]  # descriptions, too
    >>> X, y = make_blobs(n_samples=250, centers=corners, random_state=0)
    >>> clf = GZSLClassifier(GaussianGenerator(), GaussianNB(), random_state=0)
    >>> clf = clf.fit(X[y < 4], y[y < 4], class_attributes=corners)
    >>> display = SyntheticFeaturesDisplay.from_estimator(clf, X, y)
    >>> display.classes.tolist()
    [4]
    >>> display.real.shape, display.synthetic.shape
    ((50, 2), (100, 2))
    >>> bool(display.mean_shift[0] < 0.5)
    True

    The same rows by t-SNE, real and synthetic ones embedded together:

    >>> from sklearn.manifold import TSNE
    >>> together = SyntheticFeaturesDisplay.from_estimator(clf, X, y, reducer=TSNE())
    >>> together.ax_.get_xlabel()
    'TSNE: first column'
    >>> bool(together.mean_shift == display.mean_shift)
    True
    """

    def __init__(
        self,
        real: np.ndarray,
        y_real: np.ndarray,
        synthetic: np.ndarray,
        y_synthetic: np.ndarray,
        *,
        classes: np.ndarray,
        mean_shift: np.ndarray | None = None,
        spread_ratio: np.ndarray | None = None,
        reducer: Any = None,
    ):
        self.real = real
        self.y_real = y_real
        self.synthetic = synthetic
        self.y_synthetic = y_synthetic
        self.classes = classes
        self.mean_shift = mean_shift
        self.spread_ratio = spread_ratio
        self.reducer = reducer

    @classmethod
    def from_estimator(
        cls,
        clf: Any,
        X: Any,
        y: ArrayLike,
        *,
        classes: ArrayLike | None = None,
        n_samples: int = 100,
        reducer: Any = None,
        random_state: RandomState = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> SyntheticFeaturesDisplay:
        """Draw real rows, and synthetic ones of the same classes.

        Parameters
        ----------
        clf : GZSLClassifier
            A fitted one, or a pipeline, search or meta-estimator that ends in one.

        X : array-like of shape (n_samples, n_features)
            Real rows as the classifier takes them; best such that it was not trained
            on.

        y : array-like of shape (n_samples,)
            Their labels; rows of other classes than ``classes`` are left out.

        classes : array-like, default=None
            The classes to show, seen or unseen; by default the first eight unseen
            classes of ``y``.

        n_samples : int, default=100
            Synthetic rows for each class.

        reducer : transformer, default=None
            Fitted on the real rows shown (a copy of it), and applied to the synthetic
            ones; its first two columns are drawn. ``PCA(n_components=2)`` by default.
            One without ``transform``, such as ``TSNE``, is fitted on real and synthetic
            rows together; see the Notes of the class.

        random_state : int, RandomState instance or None, default=None
            Seed of the synthetic rows and of the reducer, where that has none of its
            own; by default the generator's.

        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        **options : dict
            Further arguments of :meth:`plot`.

        Returns
        -------
        display : SyntheticFeaturesDisplay

        Raises
        ------
        ValueError
            If a class has no row in ``y`` or is unknown to the classifier, if there
            is no unseen class to show, or if the reducer gives less than two columns.
        TypeError
            If no part of the estimator has ``generator_``, if it is a vote, whose
            members have each their own, or if the reducer has no ``fit_transform``.
        ImportError
            If matplotlib is not installed.
        """
        load_pyplot(f"{cls.__name__}.from_estimator")
        check_scalar(n_samples, "n_samples", Integral, min_val=2)
        check_no_vote(clf, "generator")
        *outer, model = path_to(clf, "generator_")
        y = check_labels(y, "y", like=check_labels(model.classes_, "classes_"))
        check_consistent_length(X, y)
        classes = _check_classes(classes, y, model)

        shown = np.flatnonzero(np.isin(y, classes))
        X, y = _safe_indexing(X, shown), y[shown]
        # As in predict: through the steps before, into the space of the generator.
        for part in outer:
            X = as_last_step_sees(part, X)
        X = np.asarray(model.transform(X))
        seeds = _seeds(random_state, model.generator_)
        synthetic, y_synthetic = model.generator_.sample(
            model.class_attributes_.subset(classes),
            n_samples,
            random_state=int(seeds.integers(2**31 - 1)),
        )

        reducer = own_reducer(reducer, seeds)
        real_plane, synthetic_plane = embed(reducer, X, y, synthetic, y_synthetic)
        # In all features: in a plane, distances are those that the reducer leaves.
        mean_shift, spread_ratio = _compare(X, y, synthetic, y_synthetic, classes)
        display = cls(
            real_plane,
            y,
            synthetic_plane,
            y_synthetic,
            classes=classes,
            mean_shift=mean_shift,
            spread_ratio=spread_ratio,
            reducer=reducer,
        )
        return display.plot(ax=ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        real_kwargs: dict[str, Any] | None = None,
        synthetic_kwargs: dict[str, Any] | None = None,
    ) -> SyntheticFeaturesDisplay:
        """Draw the rows: dots are real, crosses synthetic, colours are classes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        real_kwargs : dict, default=None
            Options of the real rows for matplotlib's ``scatter``.

        synthetic_kwargs : dict, default=None
            Options of the synthetic rows.

        Returns
        -------
        display : SyntheticFeaturesDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot(f"{type(self).__name__}.plot")
        ax = self._take(ax, (width_with_legend(7.0, len(self.classes)), 4.8))
        self.real_, self.synthetic_, self.shifts_ = [], [], []
        defaults = {"s": 14, "alpha": 0.6, "linewidths": 0.8}
        real_options = {**defaults, "marker": "o", **(real_kwargs or {})}
        options = {**defaults, "marker": "x", **(synthetic_kwargs or {})}
        for i, label in enumerate(self.classes):
            color = _color(plt, i, len(self.classes))
            real = self.real[self.y_real == label]
            synthetic = self.synthetic[self.y_synthetic == label]
            text = str(label)
            if self.mean_shift is not None:
                text += f" (shift {self.mean_shift[i]:.2f})"
            self.real_.append(
                ax.scatter(*real.T, **{"color": color, "label": text, **real_options})
            )
            self.synthetic_.append(
                ax.scatter(*synthetic.T, **{"color": color, **options})
            )
            # One line from mean to mean says more than two clouds of points.
            means = np.stack([real.mean(axis=0), synthetic.mean(axis=0)])
            line = {"color": color, "linewidth": 2, "zorder": 3}
            self.shifts_ += ax.plot(*means.T, **line)
            for mean, marker in zip(means, "oX", strict=True):
                edge = {"markeredgecolor": "black", "markersize": 8, "zorder": 4}
                ax.plot(*mean, marker=marker, color=color, linestyle="none", **edge)
        name = type(self.reducer).__name__ if self.reducer is not None else "plane"
        ax.set(xlabel=f"{name}: first column", ylabel=f"{name}: second column")
        ax.set_title("dots: real rows, crosses: synthetic", fontsize="medium")
        legend_beside(ax)
        return self


def _check_classes(classes, y, model):
    known = check_labels(model.classes_, "classes_")
    if classes is None:
        seen = check_labels(model.seen_classes_, "seen_classes_")
        unseen = np.setdiff1d(np.intersect1d(y, known), seen)
        if not unseen.size:
            raise ValueError(
                "y holds no row of an unseen class; name the classes to show, as in "
                f"classes={few(y, most=2)}."
            )
        return unseen[:_MOST_CLASSES]
    classes = check_labels(classes, "classes", like=y)
    # Each once, in the order in which the user named them.
    classes = classes[np.sort(np.unique(classes, return_index=True)[1])]
    for where, text in (
        (y, "have no row in y"),
        (known, "the classifier does not know"),
    ):
        missing = np.setdiff1d(classes, where)
        if missing.size:
            raise ValueError(
                f"classes holds {few(missing)}, which {text}; leave them out."
            )
    return classes


def _seeds(random_state, generator):
    """Source of seeds; the generator's parameter is the start if there is no other."""
    if random_state is None:
        random_state = getattr(generator, "random_state", None)
    if random_state is not None:
        random_state = check_random_state(random_state).randint(2**31 - 1)
    # None stays None: new numbers in every call.
    return np.random.default_rng(random_state)


def _compare(X, y, synthetic, y_synthetic, classes):
    """Distance of the means over the real spread, and ratio of the spreads."""
    numbers = []
    for label in classes:
        real = X[y == label].astype(np.float64)
        drawn = synthetic[y_synthetic == label].astype(np.float64)
        if len(real) < 2:  # one row shows no spread
            numbers.append((np.nan, np.nan))
            continue
        distance = np.linalg.norm(real.mean(axis=0) - drawn.mean(axis=0))
        spread, drawn_spread = (
            np.sqrt(rows.var(axis=0, ddof=1).sum()) for rows in (real, drawn)
        )
        unit = spread if spread > 0 else np.nan
        numbers.append((distance / unit, drawn_spread / unit))
    return np.array(numbers).T


def _color(plt, i, n):
    # matplotlib's cycle repeats after ten.
    return f"C{i}" if n <= 10 else plt.get_cmap("turbo")(i / (n - 1))
