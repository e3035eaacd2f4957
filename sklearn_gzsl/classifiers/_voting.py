"""GZSLVotingClassifier: several generalized zero-shot classifiers vote as one."""

from __future__ import annotations

from copy import deepcopy
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn import get_config
from sklearn.base import ClassifierMixin, clone
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, indexable

from .._sklearn_compat import _BaseHeterogeneousEnsemble, _fit_context, _safe_indexing
from ..metrics._response import class_scores, find_model
from ..persistence import linear_form, not_linear, union_of
from ..utils import adapt, all_or_nothing, check_target, counted
from ._adapting import strangers_together, takes_unlabelled
from ._pooling import check_alike, check_weights, evenly_per_class, pool, spread
from ._prediction import PredictionMixin
from ._wrapping import (
    WrapperMixin,
    check_tells_seen,
    path_to_descriptions,
    warn_of_rejecting,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike


class GZSLVotingClassifier(
    WrapperMixin, PredictionMixin, ClassifierMixin, _BaseHeterogeneousEnsemble
):
    """Average the scores of several generalized zero-shot classifiers.

    Models that err in unlike ways can be better together: on classes held out of the
    CLINC150 data, a closed form and a flow had an H of 90.2 together, and of 89.6 and
    89.3 alone. Where one is much better than the others, the mean is not.

    The counterpart of scikit-learn's ``VotingClassifier(voting="soft")``, which numbers
    the labels of ``y`` and so cannot predict a class without rows.

    Parameters
    ----------
    estimators : list of (str, estimator) tuples
        Names, and classifiers with ``classes_`` and ``seen_classes_`` after ``fit``:
        ``GZSLClassifier``, ``PrototypeClassifier``, ``CalibratedStackingCV``, or a
        pipeline or search that ends in one. ``set_params(name="drop")`` leaves one
        out.

    weights : array-like of shape (n_estimators,), default=None
        How much each counts, not negative; equally by default. One with weight 0 is
        trained, but has no say.

    n_jobs : int, default=None
        Members to train at the same time.

    verbose : int, default=0
        Show on stderr how many members are trained, and how far each is.

    Attributes
    ----------
    estimators_ : list of classifiers
        The fitted members, without those dropped.
    named_estimators_ : Bunch
        The same by name; ``"drop"`` for those dropped.
    scales_ : ndarray of shape (n_members,)
        Standard deviation of the scores of each of ``estimators_``, by which they are
        divided.
    weights_ : ndarray of shape (n_members,)
        Weights of ``estimators_``; they sum to 1.

    See Also
    --------
    CalibratedStackingCV : Balances seen and unseen classes, of this one too.
    sklearn.ensemble.VotingClassifier : The same for ordinary classifiers.

    Notes
    -----
    A member's scores are its log-probabilities, or its decision function if it has no
    probabilities. From those of each row the mean of the row is taken; then all are
    divided by one number for each member, the standard deviation of its scores over
    training rows (about 2,000 at most, as many of each class as possible), for an
    over-confident model would outvote the others. The scores of the ensemble are the
    weighted mean over members, times the weighted mean of the members' standard
    deviations, which makes them as large as log-probabilities again. With a single
    member the probabilities are its own.

    A class that a member with a positive weight rules out (a score of -inf) is ruled
    out. Where the members leave no class to a row, those stay that the least weight is
    against; a member that rules them out gives them the lowest score that it gives to
    any class of the row.

    Seen penalties of the members are part of their scores, and averaged with these. To
    balance the ensemble as a whole, wrap it in ``CalibratedStackingCV``.

    Examples
    --------
    >>> from sklearn_gzsl import (
    ...     GaussianGenerator,
    ...     GZSLClassifier,
    ...     GZSLVotingClassifier,
    ...     IncrementalLDA,
    ...     PrototypeClassifier,
    ... )
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> from sklearn_gzsl.metrics import GZSLScorer
    >>> numbers = load_two_digit_numbers(n_train=10, n_test=10)
    >>> X, y = numbers.data, numbers.target
    >>> synthetic = GZSLClassifier(
    ...     GaussianGenerator(), IncrementalLDA(), random_state=0
    ... )
    >>> both = GZSLVotingClassifier(
    ...     [("synthetic", synthetic), ("prototypes", PrototypeClassifier())]
    ... )
    >>> both = both.fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> together, *alone = (
    ...     GZSLScorer("H")(model, X[numbers.test], y[numbers.test])
    ...     for model in (both, *both.estimators_)
    ... )
    >>> bool(together > min(alone))
    True
    """

    _parameter_constraints: dict = {
        "estimators": [list],
        "weights": ["array-like", None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimators: Sequence[tuple[str, BaseEstimator | Literal["drop"]]],
        *,
        weights: ArrayLike | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ):
        super().__init__(estimators=estimators)
        self.weights = weights
        self.n_jobs = n_jobs
        self.verbose = verbose

    @all_or_nothing
    @takes_unlabelled
    @_fit_context(prefer_skip_nested_validation=False)  # the members are unchecked
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        class_attributes: ClassAttributesLike | None = None,
        **params: Any,
    ) -> Self:
        """Fit all members on the same rows and descriptions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of seen classes.
        y : array-like of shape (n_samples,)
            Their labels; where classes are described, -1 is a row for ``adapt``.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of seen and unseen classes, for every member; the last step
            of a pipeline gets them.
        **params : dict
            Further arguments of the members' ``fit``. With metadata routing on, each
            gets what it requests. Otherwise ``<name>__<argument>`` is for the member of
            that name, and any other argument for all.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If names are not unique or not valid, if weights do not fit, or if a member
            knows or has seen other classes than the first one.
        """
        y = check_target(y)
        X, y = indexable(X, y)
        names, given = self._validate_estimators()
        weights = check_weights(self.weights, given)
        if class_attributes is not None:
            params["class_attributes"] = class_attributes
        routed = self._route(params)
        # Dropped ones keep their place in weights, as in scikit-learn's votes.
        kept = [i for i, estimator in enumerate(given) if estimator != "drop"]
        for i in kept:
            check_tells_seen(given[i], f"estimators, {names[i]!r}")
            warn_of_rejecting(given[i], self)
        fitted = counted(
            (delayed(_fit_member)(given[i], X, y, routed[names[i]]) for i in kept),
            "members",
            n_jobs=self.n_jobs,
        )
        self._names = list(names)
        # Names as they were in fit; the parameter may be changed later.
        self._fitted = [names[i] for i in kept]
        self._keep(fitted)
        self.weights_ = weights[kept] / weights[kept].sum()
        # Training rows: only the spread of the scores is read off them, not their
        # order.
        rows = _safe_indexing(X, evenly_per_class(y))
        n_classes = len(self.classes_)
        self.scales_ = np.array(
            [spread(class_scores(m, rows, n_classes)) for m in self.estimators_]
        )
        return self

    def _route(self, params):
        """Arguments of the fit of each member, by its name."""
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **params)
            return {
                name: routed[name].fit for name, e in self.estimators if e != "drop"
            }
        members = dict(self.estimators)
        own = {
            key: value
            for key, value in params.items()
            # Only members' names: an argument of fit may have two underscores itself.
            if "__" in key and key.split("__", 1)[0] in members
        }
        common = {key: params[key] for key in params.keys() - own.keys()}
        routed = {}
        for name, member in members.items():
            routed[name] = dict(common)
            if "class_attributes" in common:
                path = path_to_descriptions(member)
                routed[name][path] = routed[name].pop("class_attributes")
            for key, value in own.items():
                owner, argument = key.split("__", 1)
                if owner == name:
                    routed[name][argument] = value
        return routed

    def _keep(self, members):
        """Set the fitted members, if they know the same classes."""
        # Members may be pipelines or searches around the model that knows its classes.
        models = map(find_model, members)
        check_alike(dict(zip(self._fitted, models, strict=True)))
        self.estimators_ = members
        return self

    @property
    def named_estimators_(self) -> Bunch:
        check_is_fitted(self)
        fitted = zip(self._fitted, self.estimators_, strict=True)
        return Bunch(**(dict.fromkeys(self._names, "drop") | dict(fitted)))

    def _scores(self, X):
        """Pooled scores, one column for each class."""
        check_is_fitted(self)
        n_classes = len(self.classes_)
        # A member of weight 0 is not asked: its scores may cost much, or be infinite.
        heard = np.flatnonzero(self.weights_)
        return pool(
            (class_scores(self.estimators_[i], X, n_classes) for i in heard),
            self.weights_[heard],
            self.scales_[heard],
        )

    def _linear_form(self):
        heard = np.flatnonzero(self.weights_)
        forms = {self._fitted[i]: linear_form(self.estimators_[i]) for i in heard}
        for name, form in forms.items():
            if not np.array_equal(form.classes, self.classes_):
                raise not_linear(self, f"its member {name!r} rules classes out")
        weights, scales = self.weights_[heard], self.scales_[heard]
        return union_of(forms, np.dot(weights, scales) * weights / scales)

    def _wrapped(self, *, fitted=False):
        if fitted or hasattr(self, "estimators_"):
            return self.estimators_
        return [estimator for _, estimator in self.estimators if estimator != "drop"]

    @property
    def _wrapped_names(self):
        if hasattr(self, "estimators_"):
            return self._fitted
        return [name for name, estimator in self.estimators if estimator != "drop"]

    def __sklearn_is_fitted__(self):
        return hasattr(self, "estimators_")

    def _update(self, method, *args, **kwargs):
        """Let copies of all members learn more, and keep them if none fails."""
        return self._keep(
            Parallel(n_jobs=self.n_jobs)(
                delayed(_updated)(member, method, *args, **kwargs)
                for member in self.estimators_
            )
        )

    def _adapt(self, X, reset):
        members = deepcopy(self.estimators_)
        with strangers_together():
            for member in members:
                adapt(member, X, reset)
        self._keep(members)

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which arguments of ``fit`` go to which member.

        Returns
        -------
        MetadataRouter
        """
        router = MetadataRouter(owner=self.__class__.__name__)
        fit = MethodMapping().add(caller="fit", callee="fit")
        for name, estimator in self.estimators:
            if estimator != "drop":
                router.add(**{name: estimator}, method_mapping=fit)
        return router


def _fit_member(estimator, X, y, params):
    return clone(estimator).fit(X, y, **params)


def _updated(member, method, *args, **kwargs):
    # A copy: what one member has learned is no use if another one fails.
    member = deepcopy(member)
    getattr(member, method)(*args, **kwargs)  # a frozen one returns what is inside
    return member
