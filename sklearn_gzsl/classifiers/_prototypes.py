"""PrototypeClassifier: cosine to prototypes that ridge regression predicts."""

from __future__ import annotations

from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import HasMethods, Interval, StrOptions, _fit_context
from ..attributes import UnitsMixin
from ..utils import all_or_nothing, register, validate_data, validate_rows
from ._adaptation import BothSpaces, MovingPrototypes
from ._adapting import takes_unlabelled
from ._described import DescribedClassesMixin
from ._parts import DefaultPartsMixin
from ._prediction import PredictionMixin
from ._prototype_choice import GRID, choose_settings
from ._prototype_space import ClassSums
from ._wrapped import check_described

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from ..attributes._typing import ClassAttributesLike

_AUTO = StrOptions({"auto"})
# As rows come: the double of many float32 ones, in which all is computed, is made of
# some of them at a time.
_FLOATS = [np.float64, np.float32]


class PrototypeClassifier(
    MovingPrototypes,
    DefaultPartsMixin,
    UnitsMixin,
    DescribedClassesMixin,
    PredictionMixin,
    ClassifierMixin,
    BaseEstimator,
):
    """Cosine similarity to class prototypes predicted from descriptions, closed form.

    Rows are whitened with the covariance within classes and brought to length 1. The
    mean of a class there is its prototype; kernel ridge regression from descriptions
    predicts the prototypes of unseen classes, as exemplars are predicted in [1]_. A row
    gets the class whose prototype has the largest cosine with it, and among the seen
    classes a discriminative classifier, which needs rows, has its say, too.

    What is "auto" it chooses itself, on classes that it holds out, in seconds.
    As the final classifier of a :class:`~sklearn_gzsl.GZSLClassifier`, as by default,
    their synthetic rows are a quarter of the prototypes of unseen classes.

    Parameters
    ----------
    power : float, None or "auto", default="auto"
        Raise the absolute values of the features to this power, keep their signs, and
        bring rows to length 1 before all else (power normalisation [2]_). About 0.5
        suits counts, histograms and activations of a network.

    shrinkage : float in (0, 1] or "auto", default="auto"
        Share of the covariance within classes that is replaced by a multiple of the
        identity. Small values suit many rows of few features.

    degree : positive int or "auto", default="auto"
        Exponent of the kernel. With 1, prototypes are linear in the directions of the
        descriptions; the larger, the less classes unlike another one have a say in it.

    alpha : positive float or "auto", default="auto"
        Strength of the ridge. The kernel of a description with itself is 1.

    own_weight : float, default=0.7
        Weight, in the prototype of a seen class, of the mean of its own rows; the rest
        is what its description predicts. Less than 1 makes seen and unseen classes
        alike.

    description_weight : float or "auto", default="auto"
        Shrink predictions towards this multiple of the description itself, where
        descriptions live in the space of the features, as embeddings of texts and of
        class names by one encoder do; 0 elsewhere.

    hubness_weight : float or "auto", default="auto"
        How much an unseen class loses whose prototype lies among those of seen ones: it
        is close to rows of many classes, a hub [3]_. 0 leaves it out.

    seen_weight : float, default=1.0
        Weight of the log-probabilities of ``seen_classifier``, added to the scores of
        the seen classes; 0 leaves it out.

    synthetic_weight : float, default=0.25
        Weight, in the prototype of an unseen class, of the mean of its synthetic rows,
        if there are any; the rest is what its description predicts.

    adaptation_prior : positive float or "auto", default="auto"
        Rows without labels, in :meth:`adapt`, that a predicted prototype counts as much
        as. The more, the more cautious. "auto" takes as many as have a mean that is as
        wrong as the prediction of a seen class from all others.

    adaptation_iter : int, default=6
        How often ``adapt`` goes through its rows.

    calibration_size : float in [0, 1) , default=0.2
        Share of the rows of each seen class that are set apart for ``adapt``, 3,000
        rows at most. A second model learns without them, which takes half of the time
        of a fit; with 0 there is none, and no ``adapt``.

    seen_classifier : classifier, default=None
        Tells the seen classes from each other, from whitened rows of length 1.
        ``LogisticRegression(C=10)`` by default.

    Attributes
    ----------
    prototypes_ : ndarray of shape (n_classes, n_features)
        Prototypes of ``classes_`` in the whitened space, of length 1.
    adaptation_prior_ : float
        What is used for ``adaptation_prior``.
    seen_classifier_ : classifier or None
        The fitted classifier of the seen classes.
    settings_ : dict
        What was used for ``power``, ``shrinkage``, ``degree``, ``alpha``,
        ``description_weight`` and ``hubness_weight``, given or chosen.

    See Also
    --------
    CalibratedStackingCV : Chooses the balance of seen and unseen classes, which this
        classifier does not.
    GZSLClassifier : Lets it learn from synthetic rows as well.
    GaussianGenerator : A closed form, too, that generates rows.

    Notes
    -----
    With rows x, centre m (the mean of the class means), and within-class covariance S
    shrunk to ``(1 - shrinkage) S + shrinkage tr(S)/d I = L L'``, the features are
    ``z = L^-1 (x - m)``, divided by their length. The kernel of two descriptions is
    ``((1 + cos) / 2) ** degree``. The score of a class is 20 times the cosine of z and
    its prototype, plus, if it is seen, ``seen_weight`` times its log-probability by
    ``seen_classifier_``, less, if it is not, 20 times ``hubness_weight`` h: the mean
    cosine of its prototype with the three nearest of seen classes, less the mean of
    that over the unseen classes, and times ``1 - a`` where the prototype has moved by a
    share a towards rows without labels, or ``a = n / (p + n)`` where n rows of its own
    are known, with the p of ``adaptation_prior="auto"``.

    "auto" takes what serves held-out classes best. Ten times a group of the seen
    classes is held out, with prototypes predicted from the descriptions of the others,
    and rows that took no part are classified: those of the group among the group's
    classes, and all among all classes at the best seen penalty. The sum of that
    accuracy and that H decides; ``hubness_weight`` is chosen last. Of more than 200
    seen classes 200 take part, drawn at random, and no truly unseen class does. With
    fewer than four, or fewer than three rows of each, there is no search, but
    ``power=None``, ``shrinkage=0.8``, ``degree=1``, ``alpha=0.03``,
    ``description_weight=0`` and ``hubness_weight=0``.

    Of an unseen class with a few real rows among the synthetic ones, the prototype
    moves towards these as far as ``GZSLClassifier.partial_fit`` moves synthetic rows.

    References
    ----------
    .. [1] Changpinyo, Chao and Sha. Predicting visual exemplars of unseen classes for
       zero-shot learning. ICCV, 2017.
    .. [2] Perronnin, Sánchez and Mensink. Improving the Fisher kernel for large-scale
       image classification. ECCV, 2010.
    .. [3] Dinu, Lazaridou and Baroni. Improving zero-shot learning by mitigating the
       hubness problem. ICLR workshop, 2015.

    Examples
    --------
    >>> from sklearn_gzsl import PrototypeClassifier
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> X, y = numbers.data, numbers.target
    >>> clf = PrototypeClassifier().fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> len(clf.seen_classes_), len(clf.unseen_classes_)
    (80, 20)
    >>> bool(clf.score(X[numbers.test], y[numbers.test]) > 0.7)
    True
    """

    _default_parts = {
        "seen_classifier": partial(LogisticRegression, C=10, max_iter=1000)
    }

    __metadata_request__fit = dict.fromkeys(
        ("class_attributes", "seen_classes", "synthetic"), True
    )

    # Synthetic rows of a class for each real one that GZSLClassifier draws for it.
    _auto_synthetic = 3

    _parameter_constraints: dict = {
        "power": [Interval(Real, 0, None, closed="neither"), _AUTO, None],
        "shrinkage": [Interval(Real, 0, 1, closed="right"), _AUTO],
        "degree": [Interval(Integral, 1, None, closed="left"), _AUTO],
        "alpha": [Interval(Real, 0, None, closed="neither"), _AUTO],
        "own_weight": [Interval(Real, 0, 1, closed="both")],
        "description_weight": [Interval(Real, 0, None, closed="left"), _AUTO],
        "hubness_weight": [Interval(Real, 0, None, closed="left"), _AUTO],
        "seen_weight": [Interval(Real, 0, None, closed="left")],
        "synthetic_weight": [Interval(Real, 0, 1, closed="both")],
        "adaptation_prior": [Interval(Real, 0, None, closed="neither"), _AUTO],
        "adaptation_iter": [Interval(Integral, 1, None, closed="left")],
        "calibration_size": [Interval(Real, 0, 1, closed="left")],
        "seen_classifier": [HasMethods(["fit", "predict_log_proba"]), None],
        "attribute_scaling": [StrOptions({"auto", "standard"}), None],
    }

    def __init__(
        self,
        *,
        power: float | Literal["auto"] | None = "auto",
        shrinkage: float | Literal["auto"] = "auto",
        degree: int | Literal["auto"] = "auto",
        alpha: float | Literal["auto"] = "auto",
        own_weight: float = 0.7,
        description_weight: float | Literal["auto"] = "auto",
        hubness_weight: float | Literal["auto"] = "auto",
        seen_weight: float = 1.0,
        synthetic_weight: float = 0.25,
        adaptation_prior: float | Literal["auto"] = "auto",
        adaptation_iter: int = 6,
        calibration_size: float = 0.2,
        seen_classifier: ClassifierMixin | None = None,
        attribute_scaling: Literal["auto", "standard"] | None = "auto",
    ):
        self.power = power
        self.shrinkage = shrinkage
        self.degree = degree
        self.alpha = alpha
        self.own_weight = own_weight
        self.description_weight = description_weight
        self.hubness_weight = hubness_weight
        self.seen_weight = seen_weight
        self.synthetic_weight = synthetic_weight
        self.adaptation_prior = adaptation_prior
        self.adaptation_iter = adaptation_iter
        self.calibration_size = calibration_size
        self.seen_classifier = seen_classifier
        self.attribute_scaling = attribute_scaling

    @all_or_nothing
    @takes_unlabelled
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        class_attributes: ClassAttributesLike | None = None,
        *,
        seen_classes: ArrayLike | None = None,
        synthetic: ArrayLike | None = None,
    ) -> Self:
        """Whiten the rows, and predict a prototype for each described class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of seen classes, and synthetic ones of unseen classes.
        y : array-like of shape (n_samples,)
            Their labels; where classes are described, -1 is a row for ``adapt``.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of seen and unseen classes, as for ``GZSLClassifier``. Without
            any, this is an ordinary classifier of the classes in ``y``.
        seen_classes : array-like of shape (n_seen,), optional
            Classes in ``y`` whose rows are real; by default all of them.
        synthetic : array-like of bool of shape (n_samples,), optional
            Which rows are synthetic; by default all of classes that are not seen.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a label has no description, if ``description_weight`` is a number other
            than 0 and descriptions are not as long as rows, or if X or y are not valid.
        """
        X, y = validate_rows(self, X, y, dtype=_FLOATS)
        attributes = check_described(class_attributes, y)
        of_seen = np.isin(y, y if seen_classes is None else seen_classes)
        drawn = ~of_seen if synthetic is None else np.asarray(synthetic, dtype=bool)
        of_seen &= ~drawn
        # When it is asked for: half a gigabyte, which what comes before can do without.
        chunks = ((X[some], y[some]) for some in [drawn])
        return self._learn(X, y, of_seen, ~(of_seen | drawn), chunks, attributes)

    @all_or_nothing
    def fit_stream(self, stream: Any) -> Self:
        """Learn from more synthetic rows than memory holds.

        ``GZSLClassifier`` does so past its ``memory_limit``. Of the synthetic rows
        only sums are kept, so that this is what ``fit`` does.

        Parameters
        ----------
        stream : sklearn_gzsl.synthesis.RowStream
            Or what has its ``real``, ``drawn``, ``attributes`` and ``seen``.

        Returns
        -------
        self : object
        """
        X, y = stream.real()
        X, y = validate_rows(self, X, y, dtype=_FLOATS)
        of_seen = np.isin(y, stream.seen)
        return self._learn(X, y, of_seen, ~of_seen, stream.drawn(), stream.attributes)

    def _learn(self, X, y, of_seen, first, chunks, attributes):
        """Learn from rows of seen classes, first ones of others, and synthetic ones."""
        n_own = of_seen.sum()
        # A view where they come first, as those of GZSLClassifier do.
        own = slice(n_own) if of_seen[:n_own].all() else of_seen
        self._fit_seen(X[own], y[own], attributes)
        for model in self._models:
            model.first = ClassSums(np.unique(y[first]))
            model.first.add(model.whiten(X[first]), y[first])
        self._unlabelled = None
        self._learn_drawn(chunks, attributes)
        if self._twin is not None:
            # Once: each adapt asks for them.
            self._apart = BothSpaces(self._apart, self._model, self._twin)
        return self

    def _learn_drawn(self, chunks, attributes):
        """Learn synthetic rows anew; what was learned from others stays.

        By it, ``GZSLClassifier.add_classes`` needs no training rows.
        """
        self._set_classes(attributes)
        for model in self._models:
            model.drawn = ClassSums(self.unseen_classes_)
        for drawn, labels in chunks:
            unseen = ~np.isin(labels, self.seen_classes_)
            for model in self._models:
                for rows, part in model.whitened(drawn):
                    own = unseen[rows]
                    model.drawn.add(part[own], labels[rows][own])
        self._describe(attributes)

    def _fit_seen(self, X, y, attributes):
        """Learn all that does not depend on unseen classes."""
        self.seen_classes_, codes = np.unique(y, return_inverse=True)
        if not len(self.seen_classes_):
            raise ValueError(
                "seen_classes has no class of y; name those whose rows are real."
            )
        seen = attributes.take(self.seen_classes_).astype(np.float64)
        if self.description_weight not in (0, "auto") and seen.shape[1] != X.shape[1]:
            raise ValueError(
                f"description_weight={self.description_weight} compares descriptions "
                f"with rows, but they have {seen.shape[1]} and {X.shape[1]} columns; "
                "use 0 or 'auto', or embed classes and rows alike."
            )
        self._learn_units(seen)
        compared = self._in_one_unit(seen)
        given = {name: getattr(self, name) for name in GRID}
        # Scores go by these, whatever set_params does later.
        self.settings_ = choose_settings(
            given, X, codes, seen, compared=compared, own_weight=self.own_weight
        )
        y = self.seen_classes_[codes]
        self._fit_models(X, y, codes, seen, compared, len(attributes.labels))
        self.seen_classifier_ = self._model.seen_classifier

    def _describe(self, attributes):
        """Set classes and prototypes."""
        self._set_classes(attributes)
        A = self.class_attributes_.values.astype(np.float64)
        for model in self._models:
            model.describe(self.classes_, A, self._in_one_unit(A))
        self._move()

    def _linear_form(self):
        known = self.classes_, self.prototypes_, self._offsets
        return self._model.linear_form(self, *known)

    def _has(self, _method):  # for PredictionMixin
        return True

    def _scores(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        Z = self._model.whiten(X)
        return self._model.scores(Z, self.prototypes_, self._offsets)


register(
    PrototypeClassifier,
    name="prototypes",
    # The rest is "auto", which chooses in seconds.
    search={"own_weight": [0.5, 0.7, 0.9]},
)
