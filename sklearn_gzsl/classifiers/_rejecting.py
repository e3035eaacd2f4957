"""RejectingClassifier: rows of no described class, and sets of classes."""

from __future__ import annotations

from copy import deepcopy
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_scalar
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_is_fitted, indexable

from .._sklearn_compat import HasMethods, Interval, _fit_context
from ..metrics._accuracy import check_labels
from ..metrics._rejection import free_label, rejections_alike
from ..persistence import not_linear
from ..utils import adapt, all_or_nothing, check_target, counted
from ._adapting import takes_unlabelled
from ._folded import FoldedMixin
from ._folds import descriptions, held_whole, like_unseen, list_folds, make_cv
from ._held_out_rows import (
    as_chosen,
    before_and_after,
    best_of,
    chosen_after,
    least_best,
    most_surprising,
    nothing_held_out,
    raw_scores,
    seen_on_fold,
    together,
)
from ._prediction import PredictionMixin
from ._wrapping import check_tells_seen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike
    from ..utils._typing import RandomState


class RejectingClassifier(
    FoldedMixin, PredictionMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Reject rows that belong to no described class, at a wanted rate of false alarms.

    A zero-shot classifier gives every row one of the classes that it knows, also a row
    of none of them. Here a row whose best score is too low is rejected. How low is
    learned on classes that are held out of training, as new as the unseen ones: so many
    of the rows of described classes are rejected as ``false_alarm`` says. From the same
    rows come the sets of classes of :meth:`predict_set`, which hold the true class as
    often as is asked for.

    Parameters
    ----------
    false_alarm : float in (0, 1), default=0.05
        Share of the rows of described classes, seen and unseen, that are rejected; each
        class counts the same, however many rows it has. It may be changed later.

    reject_label : int, str or None, default="auto"
        What ``predict`` gives for rejected rows: "auto" is -1 where labels are numbers,
        and "rejected" where they are text, or the next that no class has. Beside labels
        of another type, as None always is, predictions are objects.

    cv : int, float, cross-validation generator or iterable, default=None
        The folds, as in :class:`~sklearn_gzsl.CalibratedStackingCV`.

    verbose : int, default=0
        Show on stderr how many folds are done, and how far each is.

    Attributes
    ----------
    reject_label_ : int, str or None
        What ``predict`` gives for rejected rows.
    thresholds_ : ndarray of shape (2,)
        The best score below which a row is rejected: of rows whose best class is a seen
        one, and of those whose best class is an unseen one; -inf if none is.
    calibration_ : dict of str to ndarray of shape (n_held_out,)
        What is known of rows that folds held out: ``"best"``, the best score;
        ``"taken_for_seen"``, whether it was that of a seen class; ``"surprise"``, how
        far below it that of the true class was; ``"seen"``, whether that was seen in
        the fold; ``"unit"``, a number for each class of each fold; ``"weight"``.

    See Also
    --------
    sklearn_gzsl.metrics.rejection_scores : False alarms, and how many were rightly
        rejected.
    CalibratedStackingCV : Chooses the balance of seen and unseen classes in the same
        way.

    Notes
    -----
    The best score is the largest value of the ``decision_function``, or of the
    log-probabilities where there is none or there are two classes. That of a row taken
    for an unseen class is lower, as there only a description vouches for the class;
    hence two thresholds. Densities of the generator were worse on held-out classes of
    two real data sets, with areas under the ROC curve of .75 and .59 where these are
    .86 and .66. Models of all classes must score as high as those of the folds, which
    know fewer: with SYNC, and often with SAE, more is rejected than was asked for.

    In each fold some of the seen classes are held out and described, and so many of the
    truly unseen ones that as many classes have no rows as later. What the fitted
    estimator chose by itself, such as ``seen_penalty``, holds in the folds. Each class
    counts the same, and so seen and unseen ones by their numbers in ``fit``. After
    ``adapt``, what counts is how folds scored that had adapted to their test rows, the
    more the farther unseen classes have gone of the way that they went there.

    ``predict_set`` is conformal prediction [1]_: a class is in the set if the true
    class of held-out rows is as surprising in a share ``coverage`` of cases, apart for
    seen and unseen classes. Surprising is how far its score is below the best, or below
    the threshold if that is higher; probabilities would depend on how many classes
    there are. For seen classes new rows are like held-out rows. For unseen ones the
    *classes* are what is exchangeable, so that the share is a mean over held-out
    classes, with one more of which nothing is known [2]_: with few classes sets hold
    all unseen classes rather than promise too much.

    Without descriptions, no class can be held out, and nothing is rejected.

    .. versionadded:: 0.1

    References
    ----------
    .. [1] Vovk, Gammerman and Shafer. Algorithmic learning in a random world. Springer,
       2005.
    .. [2] Dunn, Wasserman and Ramdas. Distribution-free prediction sets for two-layer
       hierarchical models. Journal of the American Statistical Association, 2023.

    Examples
    --------
    Numbers that begin with a nine are not described:

    >>> import numpy as np
    >>> from sklearn_gzsl import PrototypeClassifier, RejectingClassifier
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> from sklearn_gzsl.metrics import rejection_scores
    >>> numbers = load_two_digit_numbers(n_train=20, n_test=10)
    >>> X, y, described = numbers.data, numbers.target, numbers.class_attributes
    >>> known = np.array([label for label in described.labels if label < "90"])
    >>> train = numbers.train[y[numbers.train] < "90"]
    >>> clf = RejectingClassifier(PrototypeClassifier(), false_alarm=0.1).fit(
    ...     X[train], y[train], class_attributes=described.subset(known)
    ... )
    >>> y_true = np.where(y[numbers.test] < "90", y[numbers.test], "rejected")
    >>> y_pred = clf.predict(X[numbers.test])
    >>> scores = rejection_scores(y_true, y_pred, reject_label="rejected")
    >>> scores["false_alarms"] < 0.3 < scores["detected"]
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "false_alarm": [Interval(Real, 0.0, 1.0, closed="neither")],
        "reject_label": "no_validation",
        "cv": ["cv_object", Interval(Real, 0.0, 1.0, closed="neither")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        false_alarm: float = 0.05,
        reject_label: Any = "auto",
        cv: Any = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.estimator = estimator
        self.false_alarm = false_alarm
        self.reject_label = reject_label
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @all_or_nothing
    @takes_unlabelled
    @_fit_context(prefer_skip_nested_validation=False)  # the estimator is unchecked
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        class_attributes: ClassAttributesLike | None = None,
        **params: Any,
    ) -> Self:
        """Fit the estimator on all rows, and learn from folds when to reject.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of seen classes; of seen and unseen ones with a frozen estimator.
        y : array-like of shape (n_samples,)
            Their labels; where classes are described, -1 is a row for ``adapt``.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of seen and unseen classes, for the estimator's ``fit``; the
            last step of a pipeline gets them.
        **params : dict
            Further arguments of the estimator's ``fit``, and ``groups`` for ``cv``.
            What is as long as ``X`` is cut into folds.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a class has the label for rejected rows, or a fold has rows in common
            between training and test, or no test rows of classes without training rows.
        """
        y = check_target(y)
        check_tells_seen(self.estimator, "estimator")
        X, y = indexable(X, y)
        if class_attributes is not None:
            params["class_attributes"] = class_attributes
        if isinstance(self.estimator, FrozenEstimator):
            check_is_fitted(self.estimator)
            self.estimator_ = self.estimator
            return self._calibrate([before_and_after(deepcopy(self.estimator), X, y)])
        fit_params, split_params = self._route(params)
        fit_params = held_whole(fit_params, y)
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        if not descriptions(self.estimator.get_params() | fit_params):
            return self._calibrate(nothing_held_out(self.unseen_classes_))
        cv = make_cv(self.cv, self.random_state)
        if self.cv is None:
            sizes = len(self.seen_classes_), len(self.unseen_classes_)
            cv = like_unseen(*sizes, self.random_state)
        folds = list_folds(cv, X, y, split_params)
        alike, chosen = as_chosen(self.estimator_), chosen_after(self.estimator_)
        given = alike, X, y, fit_params, self.unseen_classes_, chosen
        tried = (delayed(seen_on_fold)(*given, *fold) for fold in folds)
        return self._calibrate(counted(tried, "folds", n_jobs=self.n_jobs))

    def _calibrate(self, parts):
        self._unseen = self.unseen_classes_  # not those that come later
        n_classes = len(self.seen_classes_), len(self._unseen)
        self.calibration_ = together([before for before, _, _ in parts], *n_classes)
        self._calibration_after = together([after for _, after, _ in parts], *n_classes)
        self._usual = sum(far for _, _, far in parts) / max(len(parts), 1)
        _ = self.reject_label_  # one that a class has is refused here
        return self

    @property
    def reject_label_(self) -> Any:
        label, classes = self.reject_label, self.classes_.tolist()
        if isinstance(label, str) and label == "auto":
            return free_label(classes)
        if label in classes:
            raise ValueError(
                f"reject_label={label!r} is the label of a class; give one that no "
                "class has, or None."
            )
        return label

    @property
    def thresholds_(self) -> np.ndarray:
        _check_share(self.false_alarm, "false_alarm")  # it may have been changed
        return self._held_out_says(least_best, self.false_alarm)

    def _held_out_says(self, function, *args):
        """What held-out rows tell, before adapting, after it, or in between."""
        before = function(self.calibration_, *args)
        far = self.adaptation_[np.isin(self.classes_, self._unseen)]
        if not far.any() or not self._usual:
            return before
        share, after = far / self._usual, function(self._calibration_after, *args)
        with np.errstate(invalid="ignore"):
            between = before + share.clip(max=1).mean() * (after - before)
        return np.where(np.isfinite(between), between, after)

    def novelty_score(self, X: ArrayLike) -> np.ndarray:
        """How far the best score of each row is below its threshold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            The larger, the less like any described class; rows above 0 are rejected.
        """
        return self._novelty(X)[0]

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Class of each row with the largest score, or ``reject_label_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels of the type of ``y``, or of int64 if that has no ``reject_label_``;
            objects if ``reject_label_`` is of another.
        """
        novelty, columns = self._novelty(X)
        label, y = self.reject_label_, self.classes_[columns]
        if label is None or isinstance(label, str) != (y.dtype.kind == "U"):
            y = y.astype(object)
        elif y.dtype.kind in "biu" and not np.can_cast(
            np.min_scalar_type(label), y.dtype
        ):
            y = y.astype(np.int64)  # unsigned ones, say, have no -1
        rejected = np.array(label, dtype=y.dtype.char)  # text of any length
        return np.where(novelty > 0, rejected, y) if (novelty > 0).any() else y

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Share of the rows that get their class, or are rejected and of none.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.
        y : array-like of shape (n_samples,)
            Their labels; ``reject_label_`` for those of no described class.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        float
            Between 0 and 1.
        """
        known = check_labels(self.classes_, "classes_")
        (y, y_pred), _ = rejections_alike(
            [y, self.predict(X)], known, self.reject_label_
        )
        y, y_pred = (check_labels(labels, "y", like=known) for labels in (y, y_pred))
        return float(np.average(y == y_pred, weights=sample_weight))

    def predict_set(self, X: ArrayLike, coverage: float = 0.9) -> np.ndarray:
        """All classes that each row may well be of.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.
        coverage : float in (0, 1), default=0.9
            Least share of rows whose class is in their set, of seen classes and of
            unseen classes.

        Returns
        -------
        ndarray of bool of shape (n_samples, n_classes)
            Whether each of ``classes_`` is in the set, among them that of ``predict``.
            The set of a rejected row may be empty: it is like none of the classes.
        """
        check_is_fitted(self)
        _check_share(coverage, "coverage")
        most = self._held_out_says(most_surprising, coverage, self.false_alarm)
        least, most = self._of_classes(self.thresholds_), self._of_classes(most)

        def likely(scores):
            best, columns = best_of(scores)
            return np.maximum(best, least[columns])[:, None] - scores <= most

        return self._from_scores(X, likely)

    def _of_classes(self, of_sides):
        return np.where(np.isin(self.classes_, self.seen_classes_), *of_sides)

    def _novelty(self, X):
        """Novelty of each row, and the column of its best class."""
        check_is_fitted(self)
        thresholds = self._of_classes(self.thresholds_)

        def told(scores):
            best, columns = best_of(scores)
            return np.stack([thresholds[columns] - best, columns], axis=1)

        novelty, columns = self._from_scores(X, told).T
        return novelty, columns.astype(int)

    def _scores(self, X):
        return raw_scores(self.estimator_, X, len(self.classes_))

    def _linear_form(self):
        raise not_linear(self, "it rejects rows; take that of estimator_")

    def _adapt(self, X, reset):
        adapt(self._own(), X, reset)


def _check_share(value, name):
    check_scalar(value, name, Real, min_val=0, max_val=1, include_boundaries="neither")
