"""A scorer that knows which classes the model of each fold has seen."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..exceptions import UndefinedScoreWarning
from ..utils import adapt, path_inside, warn
from ._accuracy import class_means, harmonic_mean
from ._curve import area_under, curve_of_best
from ._rejection import is_rejected
from ._response import BOTH_SIDES, best_of_fold, missing_side

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_METRICS = ("U", "S", "H", "AUSUC")
_CANDIDATES = ("present", "all")


@dataclass(frozen=True)
class GZSLScorer:
    """Scorer of generalized zero-shot classifiers, for ``scoring=``.

    Each fold of a cross-validation trains a model with seen classes of its own. The
    scorer asks the fitted model which ones they are, through pipelines and
    searches, and calls every other class of the scored rows unseen.

    Parameters
    ----------
    metric : {"U", "S", "H", "AUSUC"} or None, default=None
        What to return: accuracy per class on unseen classes, the same on seen
        classes, their harmonic mean, or the area under the seen-unseen curve.
        ``None`` is a dict of all four, from one pass; choose one of them by
        ``refit="H"`` in a search. Successive halving, ``learning_curve`` and
        ``cross_val_score`` take one number only: give them ``GZSLScorer("H")``.

    candidates : {"present", "all"}, default="present"
        The classes a row may be given. ``"present"`` is the model's seen classes and
        those in the scored rows; ``"all"`` is every class the model knows. The
        difference shows in cross-validation, where the classes of the final test
        have a description, too, but no row in any fold.

    transductive : bool, default=False
        Let a copy of the model ``adapt`` to the scored rows without their labels, and
        score that. Such figures, of models that have met the rows, are *transductive*,
        and not to be compared with others.

    Raises
    ------
    ValueError
        If ``metric`` or ``candidates`` is none of the above. When called: if the
        rows hold labels that the model does not know, or if the model's scores are
        NaN or +inf.
    TypeError
        When called: if no part of the estimator has ``seen_classes_``.

    Warns
    -----
    UndefinedScoreWarning
        When called: if the rows hold no unseen class or no seen class, so that some
        of the scores are NaN; once for each scorer.

    See Also
    --------
    gzsl_scores : The same accuracies from labels and predictions.
    ausuc_score : The same area from labels and scores.
    sklearn_gzsl.model_selection.GZSLShuffleSplit : Folds that can be scored.
    sklearn_gzsl.model_selection.GZSLKFold : Such folds, each class unseen in one.

    Notes
    -----
    Classes are ranked by the outermost estimator's ``predict_log_proba``, else by
    the logarithm of its ``predict_proba``, else by its ``decision_function``, so
    that the preprocessing of a pipeline takes part. U, S and H are those of
    ``predict``, except that ``candidates="present"`` leaves classes out; rows that a
    ``RejectingClassifier`` rejects are errors there, and not in AUSUC.

    Training rows hold no unseen class. With ``return_train_score=True``, the default of
    successive halving, which is best set to False there, and in ``learning_curve`` and
    ``validation_curve``, their U, H and AUSUC are NaN, with a warning; S is defined,
    with ``candidates="present"`` among the seen classes alone. Searches turn errors
    into NaN and a warning, and with ``metric=None`` may then fail on the NaN with a
    message of their own: ``error_score="raise"`` shows the cause.

    Examples
    --------
    Any classifier with ``seen_classes_`` can be scored. Here one is told of three
    classes and declares that it has seen two:

    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_gzsl.metrics import GZSLScorer
    >>> X = np.array([[0.0], [1.0], [4.0], [5.0], [7.0], [8.0]])
    >>> y = np.array(["cat", "cat", "dog", "dog", "zebra", "zebra"])
    >>> model = GaussianNB().fit(X, y)
    >>> model.seen_classes_ = np.array(["cat", "dog"])
    >>> GZSLScorer()(model, X - 1, y)
    {'U': 0.5, 'S': 1.0, 'H': 0.666..., 'AUSUC': 1.0}
    >>> GZSLScorer("H")
    GZSLScorer(metric='H', candidates='present', transductive=False)
    """

    metric: Literal["U", "S", "H", "AUSUC"] | None = None
    _: KW_ONLY
    candidates: Literal["present", "all"] = "present"
    transductive: bool = False

    def __post_init__(self):
        if self.metric is not None and self.metric not in _METRICS:
            raise ValueError(
                f"metric={self.metric!r} is unknown; choose one of {_METRICS}, or "
                "None for all of them."
            )
        if self.candidates not in _CANDIDATES:
            raise ValueError(
                f"candidates={self.candidates!r} is unknown; choose one of "
                f"{_CANDIDATES}."
            )

    def __call__(
        self, estimator: Any, X: ArrayLike, y: ArrayLike, **kwargs: Any
    ) -> float | dict[str, float]:
        """Score a fitted estimator on rows of seen and of unseen classes.

        Parameters
        ----------
        estimator : object
            A fitted classifier with ``classes_`` and ``seen_classes_``, or a
            pipeline, search or meta-estimator that ends in one.

        X : array-like of shape (n_samples, n_features)
            Rows as the estimator takes them.

        y : array-like of shape (n_samples,)
            True labels.

        **kwargs : dict
            No metadata is used; passing some is a TypeError.

        Returns
        -------
        score : float, or dict of str to float if ``metric`` is None
            Between 0 and 1.
        """
        if kwargs:
            raise TypeError(
                f"GZSLScorer uses no metadata, but got {sorted(kwargs)}; every class "
                "counts the same and so does every row in it."
            )
        if self.transductive:
            estimator = deepcopy(estimator)
            adapt(estimator, X)
        y, best, winners, y_pred, seen_classes = best_of_fold(
            estimator, X, y, self.candidates
        )
        seen = np.isin(y, seen_classes)
        right = y == y_pred
        rejecting = path_inside(estimator, "reject_label_")[-1]
        if hasattr(rejecting, "reject_label_"):
            right &= ~is_rejected(estimator.predict(X), rejecting.reject_label_)
        result = {
            "U": _accuracy(y[~seen], right[~seen]),
            "S": _accuracy(y[seen], right[seen]),
        }
        result["H"] = float(harmonic_mean(result["U"], result["S"]))
        result["AUSUC"] = np.nan
        side = missing_side(y, seen_classes)
        # The area is left out where it is not asked for: it takes a sort of all rows.
        if side is None and self.metric in (None, "AUSUC"):
            result["AUSUC"] = area_under(*curve_of_best(y, seen, best, winners)[:2])
        if self.metric is not None:
            result = {self.metric: result[self.metric]}
        self._warn_of_nan(result, side)
        return result if self.metric is None else result[self.metric]

    def _warn_of_nan(self, result, missing):
        undefined = [name for name, value in result.items() if np.isnan(value)]
        # The folds of a search share the scorer: one warning is enough for all. A
        # frozen dataclass refuses new attributes, but not new entries in their dict.
        warned_of = vars(self).setdefault("_warned_of", set())
        if not undefined or missing in warned_of:
            return
        warned_of.add(missing)
        # No error: that would end a search by several metrics, after all its fits.
        warn(
            f"The scored rows hold no {missing} class: {', '.join(undefined)} became "
            f"NaN. If these are test rows, {BOTH_SIDES}",
            UndefinedScoreWarning,
        )

    def _accept_sample_weight(self):
        # Searches ask this of the scorers in a dict when fit gets sample_weight.
        return False


def _accuracy(y, right):
    return class_means(y, right, None, "y") if len(y) else np.nan
