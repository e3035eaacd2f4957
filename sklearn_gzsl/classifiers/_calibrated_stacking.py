"""CalibratedStackingCV: the seen penalty, chosen on classes held out of training."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_is_fitted, indexable

from .._sklearn_compat import HasMethods, Interval, StrOptions, _fit_context
from ..metrics._response import class_scores
from ..persistence import linear_form
from ..utils import adapt, all_or_nothing, check_target, counted, on_trial, say
from ._adapting import takes_unlabelled, warn_if_useless
from ._folded import FoldedMixin
from ._folds import (
    fit_and_score,
    held_whole,
    like_unseen,
    list_folds,
    make_cv,
    n_held_out,
    prefit_curves,
)
from ._parts import settled
from ._penalty import (
    FEW_CLASSES,
    check_scoring,
    choose_adapted,
    choose_penalty,
    penalised,
    wanted_by_few,
    warn_if_guessed,
    without_penalty,
)
from ._prediction import PredictionMixin
from ._wrapping import check_tells_seen, warn_of_rejecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike
    from ..utils._typing import RandomState


class CalibratedStackingCV(
    FoldedMixin, PredictionMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Choose the penalty on seen classes by cross-validation over classes.

    A generalized zero-shot classifier favours the classes it has seen rows of.
    Calibrated stacking [1]_ subtracts one number, the seen penalty, from their
    log-probabilities. Here the number is chosen without a single row of the truly
    unseen classes: in each fold some of the seen classes are held out to play the
    unseen ones, a clone of the estimator is trained without any of their rows, and
    scored on these and on rows of the other classes that it was not trained on. The
    penalty with the best mean score over the folds is kept, and the estimator is
    trained on all rows.

    Parameters
    ----------
    scoring : "H" or callable, default="H"
        What to maximise: the harmonic mean of the accuracies per class, or any
        function ``scoring(unseen_accuracy, seen_accuracy)`` of two arrays that
        returns an array of the same shape.

    cv : int, float, cross-validation generator, iterable or "prefit", default=None
        The folds, of which each needs test rows of classes without training rows:

        * ``None``: ``GZSLKFold``, with so many folds that the share of classes held
          out is close to the share of unseen classes, but two at least and five at
          most;
        * an int: ``GZSLKFold`` with so many folds. The fewer, the larger the share of
          classes held out, and a penalty that suits many unseen classes may not suit
          few;
        * a float between 0 and 1: one ``GZSLShuffleSplit``, with this share of
          classes and of the other classes' rows held out;
        * a splitter such as ``GZSLShuffleSplit``, or pairs of row numbers;
        * ``"prefit"``, with ``refit=False``: ``estimator`` is fitted already, as in a
          ``FrozenEstimator``, which needs neither.

    refit : bool, default=True
        Train on all rows once the penalty is found. ``False`` keeps the estimator of
        a single fold, or the one given with ``cv="prefit"``, and is an error with
        several folds.

    store_cv_results : bool, default=False
        Keep the scores of all penalties in ``cv_results_``.

    verbose : int, default=0
        Show on stderr how many folds are done, and how far each is; in the end, the
        score of each.

    Attributes
    ----------
    seen_penalty_ : float
        What is subtracted from the log-probabilities of the seen classes, in nats,
        on top of a ``seen_penalty`` of the estimator's own.
    adapted_seen_penalty_ : float or None
        What it becomes after ``adapt`` for classes that adapted as far as those held
        out, in the same folds; None where the estimator can not adapt.
    best_score_ : float or None
        Mean score over the folds at this penalty; None without unseen classes.
    fold_scores_ : ndarray of shape (n_folds,) or None
        Score of each fold, of which that is the mean.
    cv_results_ : dict of str to ndarray of shape (n_points,)
        With ``store_cv_results=True``: ``"seen_penalties"``, all at which anything
        changes; ``"mean_test_score"``, ``"mean_test_U"`` and ``"mean_test_S"`` from
        each penalty up to the next one; and the same of each fold,
        ``"split0_test_U"``...

    See Also
    --------
    GZSLClassifier : Chooses its own ``seen_penalty``, or takes a fixed one.
    GZSLVotingClassifier : Several classifiers as one, which can be calibrated.
    sklearn_gzsl.metrics.seen_unseen_curve : Both accuracies at every penalty.
    sklearn.model_selection.TunedThresholdClassifierCV : The same idea for the
        threshold of a binary classifier.

    Notes
    -----
    The score changes only where a row moves from its best seen to its best unseen
    class. All of these penalties are looked at, so the maximum is exact; the middle
    between it and the next one is taken.

    In each fold the estimator is told of the classes in ``y`` only: the held-out
    classes take the whole part of the unseen ones. Each class is scored by models
    that have met none of its rows. But settings of ``PrototypeClassifier`` and
    ``GaussianGenerator`` that are "auto" are chosen once, on all rows, and hold in the
    folds, also in a pipeline or a ``GZSLClassifier``: that takes half the time, and the
    penalty suits the model that it is for.

    Without unseen classes the penalty has no effect: it is 0, and no fold is trained.
    Scores are the log-probabilities of the estimator, or its decision function if it
    has no probabilities, minus the penalty for seen classes.

    References
    ----------
    .. [1] Chao, Changpinyo, Gong and Sha. An empirical study and analysis of
       generalized zero-shot learning for object recognition in the wild. ECCV, 2016.

    Examples
    --------
    >>> from sklearn_gzsl import (
    ...     CalibratedStackingCV,
    ...     GaussianGenerator,
    ...     GZSLClassifier,
    ...     SoftmaxClassifier,
    ... )
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> from sklearn_gzsl.metrics import GZSLScorer
    >>> numbers = load_two_digit_numbers(n_train=20, n_test=10)
    >>> X, y = numbers.data, numbers.target
    >>> few_steps = SoftmaxClassifier(lr=0.01, max_iter=1000)
    >>> clf = GZSLClassifier(
    ...     GaussianGenerator(), few_steps, n_synthetic=20, random_state=0
    ... )
    >>> clf = CalibratedStackingCV(clf, cv=2).fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> plain, calibrated = (
    ...     GZSLScorer("H")(model, X[numbers.test], y[numbers.test])
    ...     for model in (clf.estimator_, clf)
    ... )
    >>> bool(calibrated > plain)
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "scoring": [StrOptions({"H"}), callable],
        "cv": [
            "cv_object",
            StrOptions({"prefit"}),
            Interval(Real, 0.0, 1.0, closed="neither"),
        ],
        "refit": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "store_cv_results": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        scoring: Literal["H"] | Callable[..., Any] = "H",
        cv: Any = None,
        refit: bool = True,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        store_cv_results: bool = False,
        verbose: int = 0,
    ):
        self.estimator = estimator
        self.scoring = scoring
        self.cv = cv
        self.refit = refit
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.store_cv_results = store_cv_results
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
        """Choose the seen penalty, then fit the estimator on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of seen classes; of seen and unseen ones with ``cv="prefit"`` or a
            frozen estimator.
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
            If a fold has rows in common between training and test, or no test rows
            of classes without training rows, or if ``refit`` does not go with ``cv``.
        NotFittedError
            With ``cv="prefit"`` or a frozen estimator, if that is not fitted.
        """
        y = check_target(y)
        X, y = indexable(X, y)
        # Of an earlier fit with store_cv_results.
        vars(self).pop("cv_results_", None)
        check_scoring(self.scoring)
        check_tells_seen(self.estimator, "estimator")
        warn_of_rejecting(self.estimator, self)
        if class_attributes is not None:
            params["class_attributes"] = class_attributes
        if isinstance(self.cv, str) or isinstance(self.estimator, FrozenEstimator):
            curves = prefit_curves(self, X, y, params)
            self.estimator_ = self.estimator
            return self._choose(*curves)

        fit_params, split_params = self._route(params)
        # Before anything is cut: a table as long as X would be taken for rows.
        fit_params = held_whole(fit_params, y)
        cv = make_cv(self.cv, self.random_state)
        # By default their number depends on the classes that the estimator will know.
        folds = None
        if self.cv is not None or not self.refit:
            folds = list_folds(cv, X, y, split_params)
        if not self.refit and len(folds) > 1:
            raise ValueError(
                f"refit=False, but cv has {len(folds)} folds, so as many estimators; "
                "use refit=True, or a cv with one fold."
            )
        alike = self.estimator
        if self.refit:
            # First of all: it tells which classes are unseen, or what is wrong.
            with on_trial():  # its balance is yet to be found
                fitted = without_penalty(self.estimator).fit(X, y, **fit_params)
            self.estimator_ = fitted
            n_seen, n_unseen = len(self.seen_classes_), len(self.unseen_classes_)
            # An ordinary classifier, as in scikit-learn's own checks.
            if not n_unseen:
                self.seen_penalty_, self._adapted = 0.0, None
                self.best_score_ = self.fold_scores_ = None
                return self
            if folds is None:
                cv = like_unseen(n_seen, n_unseen, self.random_state)
                folds = list_folds(cv, X, y, split_params)
            alike = settled(fitted)
        results = counted(
            (
                delayed(fit_and_score)(
                    *(alike, X, y, fit_params, *fold),
                    keep=not self.refit,
                    failed=f"CalibratedStackingCV failed in fold {i} of {len(folds)}",
                    instead="Fit the estimator alone, or give a cv that holds fewer "
                    "out.",
                )
                for i, fold in enumerate(folds, start=1)
            ),
            "folds",
            n_jobs=self.n_jobs,
        )
        if not self.refit:
            # The only fold's: list_folds has refused several.
            self.estimator_ = results[0][0]
        curves = [curve for _, curve, _ in results]
        if len(self.seen_classes_) < FEW_CLASSES:
            wanted_by_few(curves, self.scoring, len(self.seen_classes_))
        self._choose(curves, [adapted for _, _, adapted in results])
        if self.scoring == "H":
            n_seen = len(self.seen_classes_)
            warn_if_guessed(self.best_score_, n_seen, n_held_out(folds, y))
        return self

    def _choose(self, curves, adapted):
        """Set the penalty that is best in the mean over the curves of all folds."""
        choice = choose_penalty(curves, self.scoring)
        self._adapted = choose_adapted(choice, adapted, self.scoring)
        self.seen_penalty_, self.best_score_ = choice.penalty, choice.score
        self.fold_scores_ = choice.fold_scores
        per_fold = ", ".join(f"{score:.4f}" for score in choice.fold_scores)
        say(f"seen_penalty_={choice.penalty:.4g}: {choice.score:.4f} ({per_fold})")
        if self.store_cv_results:
            self.cv_results_ = choice.cv_results()
        return self

    @property
    def adapted_seen_penalty_(self) -> float | None:
        return self._adapted and self._adapted.penalty

    def _scores(self, X):
        """Penalised scores, one column for each class."""
        check_is_fitted(self)
        return self._penalised(class_scores(self.estimator_, X, len(self.classes_)))

    def _penalised(self, scores):
        return penalised(self, scores, self.seen_penalty_, self._adapted)

    def _linear_form(self):
        offsets = self._penalised(np.zeros(len(self.classes_)))
        return linear_form(self.estimator_).plus(self.classes_, offsets)

    def _adapt(self, X, reset):
        if X is not None and warn_if_useless(self._adapted):
            self.estimator_.predict(X)  # an error of what are no rows
            X = None
        if X is not None or reset:
            adapt(self._own(), X, reset)
