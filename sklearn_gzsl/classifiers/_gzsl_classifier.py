"""GZSLClassifier: generator, synthetic rows, and any classifier on top."""

from __future__ import annotations

from numbers import Integral, Real
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import MinMaxScaler

from .._sklearn_compat import (
    HasMethods,
    Interval,
    IsClassifier,
    StrOptions,
    _fit_context,
)
from ..generators import GaussianGenerator
from ..linear_model._lda import IncrementalLDA
from ..training import draw_seed
from ..utils import all_or_nothing, like, say
from ._adapting import takes_unlabelled
from ._generator_fit import fit_generator, keeps_features, ready
from ._lost_side import warn_of_lost_side
from ._own_penalty import choose_own_penalty
from ._parts import DefaultPartsMixin, FinalClassifierMixin, warn_of_met_classes
from ._prototypes import PrototypeClassifier
from ._scoring import ScoringMixin
from ._updates import UpdatesMixin
from ._wrapped import check_described

if TYPE_CHECKING:
    from joblib import Memory
    from numpy.typing import ArrayLike
    from sklearn.base import TransformerMixin
    from typing_extensions import Self

    from ..attributes import ClassAttributes
    from ..attributes._typing import ClassAttributesLike
    from ..generators import BaseGenerator
    from ..utils._typing import RandomState

# Synthetic rows of a class for each real one, unless the classifier asks for fewer.
_AUTO_FACTOR = 12
_AUTO = StrOptions({"auto"})


def _closed_form():
    # The folds of seen_penalty="auto" adapt, too: not to be paid for by who never does.
    return PrototypeClassifier(seen_classifier=IncrementalLDA())


class GZSLClassifier(
    FinalClassifierMixin,
    DefaultPartsMixin,
    ScoringMixin,
    ClassifierMixin,
    UpdatesMixin,
    BaseEstimator,
):
    """Generalized zero-shot classifier: recognises seen and unseen classes.

    Learns p(features | description) on the rows of the seen classes, draws synthetic
    rows for the unseen classes from their descriptions, trains a classifier on real and
    synthetic rows together, and chooses the balance of seen and unseen classes on
    classes that it holds out.

    Parameters
    ----------
    generator : generator, default=None
        What draws the synthetic rows; ``GaussianGenerator()`` by default. Parameters of
        default parts can be set, too: ``set_params(generator__shrinkage=0.5)``.

    classifier : classifier, default=None
        Any scikit-learn classifier; ``PrototypeClassifier()`` by default, and where
        descriptions come from several sources ``SoftmaxClassifier()``, which is the
        papers' choice everywhere.

    class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, default=None
        Descriptions of the seen and unseen classes, for wrappers that cannot pass
        them to ``fit`` and for searching over them.

    preprocessor : transformer or "passthrough", default=None
        Fitted on the training rows before all else; ``MinMaxScaler()`` by default,
        as in every reference implementation.

    adapter : PrototypeClassifier, default=None
        For a classifier without ``adapt``: tells the classes of rows without labels, to
        which synthetic rows move. By default a ``PrototypeClassifier`` with
        ``IncrementalLDA`` for the seen classes; with ``calibration_size=0`` there is no
        ``adapt``, and ``seen_penalty="auto"`` trains the classifier half as often.

    n_synthetic : int or "auto", default="auto"
        Synthetic rows for each class; "auto" is 12 times the median number of
        training rows of a seen class (Gu et al. 2020, section 7.2), and 3 times for
        ``PrototypeClassifier``, which goes by their mean.

    n_real : int or None, default=None
        Real rows of each seen class that the classifier sees, drawn at random,
        repeated where a class has fewer; all of them by default.

    synthesize : {"unseen", "all"}, default="unseen"
        Classes that get synthetic rows.

    candidate_classes : {"all", "unseen"}, default="all"
        "unseen" is conventional zero-shot learning: seen classes have probability 0,
        and no rows in the training of the classifier, unless its ``fit`` asks for
        ``seen_classes``, as that of ``PrototypeClassifier`` does: it learns from them
        how unseen classes look.

    seen_penalty : float or "auto", default="auto"
        Subtracted from the log-probabilities of the seen classes before the largest
        is taken (calibrated stacking, Chao et al. 2016). Positive values favour the
        unseen classes. "auto" chooses it in ``fit`` as :class:`CalibratedStackingCV`
        does, with the best H on classes held out of the training rows: in one fold, at
        the cost of one more fit, with a generator that is trained in steps
        (``max_iter``), otherwise in up to five folds. There the parts keep the
        settings that they chose by themselves, for which rows of the held-out classes
        counted, too. With fewer than five seen classes it is the median of what each
        fold would choose, with a warning; 0 with a warning where no class can be held
        out, and without descriptions. Later classes and rows do not change it.

    memory : str, Path or joblib.Memory, default=None
        Where to keep fitted generators, as in a pipeline. A search over what comes
        after the generator, such as ``n_synthetic``, ``classifier``, ``seen_penalty``
        or ``generator__temperature``, then trains the generator once for each fold.
        Needs an int as ``random_state``: without a seed no two fits are alike.

    memory_limit : int or None, default=2**29
        Bytes that the synthetic rows may take, in float32: half a gibibyte by default,
        65,536 rows of 2048 features. Past it they are never held at once: rows are
        made in chunks, which with all copies take less than this, and the classifier
        learns from these through its ``partial_fit``. None sets no limit.

    random_state : int, RandomState instance or None, default=None
        Seeds the synthetic rows, and the generator and the classifier where they
        have no ``random_state`` of their own.

    verbose : int, default=0
        Show on stderr what is being done, and how far each part is.

    Attributes
    ----------
    generator_ : generator
        The fitted generator.
    classifier_ : classifier
        The fitted classifier.
    preprocessor_ : transformer
        The fitted preprocessor.
    class_attributes_ : ClassAttributes
        Descriptions of ``classes_``.
    n_synthetic_ : int
        Synthetic rows drawn for each class.
    cv_results_ : dict of str to ndarray of shape (n_points,), or None
        What ``seen_penalty="auto"`` was chosen from, as in
        :class:`CalibratedStackingCV`, at a thousand penalties at most.
    fold_scores_ : ndarray of shape (n_folds,) or None
        H of each of its folds: how far a set of classes may be from their mean.
    held_out_score_ : float or None
        Mean H on the classes held out to choose ``seen_penalty="auto"``, at the one
        that was chosen: about what to expect; None where none was chosen.

        .. versionadded:: 0.1

    See Also
    --------
    sklearn_gzsl.metrics.GZSLScorer : Scores it by U, S, H and AUSUC.
    sklearn_gzsl.model_selection.GZSLShuffleSplit : Holds classes out to choose
        parameters.

    Notes
    -----
    Scores are the classifier's log-probabilities, or its own decision function if it
    has no probabilities, minus the penalty for seen classes; -inf for classes that are
    no candidates. A classifier that only predicts gives 1 to its choice and 0 to the
    others.

    Past ``memory_limit``, each chunk has a share of every class, seen and unseen, so
    long as there are rows enough in it, in random order. ``SoftmaxClassifier`` takes as
    many gradient steps as it would in ``fit``; another classifier makes as many passes
    over the rows as its ``max_iter`` says, 25 at most, or one if it has none, such as
    naive Bayes. One with a method ``fit_stream``, as ``SoftmaxClassifier`` has, does as
    it likes. A chunk is learned from in five passes and drawn anew for the next five,
    so that the classifier sees more rows than ``n_synthetic`` of each class.
    ``class_weight="balanced"`` goes by the rows of a whole pass.

    Descriptions reach the generator, and prototypes as classifier, as they are; the
    ``attribute_scaling`` of each sees to columns in different units.

    A part in a ``FrozenEstimator`` is used as it was fitted. A frozen classifier must
    know exactly the classes that are to be told apart, and a frozen generator is for
    the rows it was fitted on: where classes are held out, it has met them.

    The preprocessed training rows are kept, float32, for ``add_classes`` and
    ``partial_fit``: a stored estimator contains them, 4 bytes for each of their
    ``n_samples * n_features`` numbers, until ``forget_rows`` drops them. These methods
    go by the parameters of the
    classifier and of its rows as they are at the time, but for ``n_synthetic`` and
    ``random_state``, which are those of ``fit``, and for what the classifier chose by
    itself there, its ``settings_``: a few rows are no reason to choose anew.

    References
    ----------
    Xian, Lampert, Schiele and Akata (2018): see GZSLKFold. Gu et al. (2020): see
    VAECFlow.

    Examples
    --------
    >>> from sklearn_gzsl import GaussianGenerator, GZSLClassifier
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers(n_train=20)
    >>> X, y = numbers.data, numbers.target
    >>> clf = GZSLClassifier(GaussianGenerator(), random_state=0)
    >>> clf = clf.fit(
    ...     X[numbers.train],
    ...     y[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> len(clf.seen_classes_), len(clf.unseen_classes_)
    (80, 20)
    >>> unseen = numbers.test_unseen
    >>> bool(clf.score(X[unseen], y[unseen]) > 0.8)
    True
    """

    classes_: np.ndarray
    seen_classes_: np.ndarray
    unseen_classes_: np.ndarray
    generator_: BaseGenerator
    class_attributes_: ClassAttributes
    n_synthetic_: int
    n_features_in_: int

    _default_parts = {
        "generator": GaussianGenerator,
        "classifier": PrototypeClassifier,
        "preprocessor": MinMaxScaler,
        "adapter": _closed_form,
    }

    __metadata_request__fit = {"class_attributes": True}
    __metadata_request__partial_fit = {"class_attributes": True}

    _parameter_constraints: dict = {
        "generator": [HasMethods(["fit", "sample", "transform"]), None],
        "classifier": [IsClassifier(), None],
        "class_attributes": "no_validation",
        "preprocessor": [
            HasMethods(["fit", "transform"]),
            StrOptions({"passthrough"}),
            None,
        ],
        "adapter": [PrototypeClassifier, None],
        "n_synthetic": [Interval(Integral, 1, None, closed="left"), _AUTO],
        "n_real": [Interval(Integral, 1, None, closed="left"), None],
        "synthesize": [StrOptions({"unseen", "all"})],
        "candidate_classes": [StrOptions({"all", "unseen"})],
        "seen_penalty": [Interval(Real, None, None, closed="neither"), _AUTO],
        "memory": [str, PathLike, HasMethods(["cache"]), None],
        "memory_limit": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        generator: BaseGenerator | None = None,
        classifier: ClassifierMixin | None = None,
        *,
        class_attributes: ClassAttributesLike | None = None,
        preprocessor: TransformerMixin | Literal["passthrough"] | None = None,
        adapter: PrototypeClassifier | None = None,
        n_synthetic: int | Literal["auto"] = "auto",
        n_real: int | None = None,
        synthesize: Literal["unseen", "all"] = "unseen",
        candidate_classes: Literal["all", "unseen"] = "all",
        seen_penalty: float | Literal["auto"] = "auto",
        memory: str | PathLike | Memory | None = None,
        memory_limit: int | None = 2**29,
        random_state: RandomState = None,
        verbose: int = 0,
    ):
        self.generator = generator
        self.classifier = classifier
        self.class_attributes = class_attributes
        self.preprocessor = preprocessor
        self.adapter = adapter
        self.n_synthetic = n_synthetic
        self.n_real = n_real
        self.synthesize = synthesize
        self.candidate_classes = candidate_classes
        self.seen_penalty = seen_penalty
        self.memory = memory
        self.memory_limit = memory_limit
        self.random_state = random_state
        self.verbose = verbose

    @all_or_nothing
    @takes_unlabelled
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        class_attributes: ClassAttributesLike | None = None,
    ) -> Self:
        """Fit generator and classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features of rows of seen classes; float32 once they are preprocessed.
        y : array-like of shape (n_samples,)
            Their labels; where classes are described, -1 is a row for ``adapt``.
        class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, optional
            Descriptions of seen and unseen classes: a holder that cross-validation
            never cuts, label to vector, a table indexed by label, or rows for the
            integer labels 0, 1, ... Without any, here and in the constructor, this
            is an ordinary classifier of the classes in ``y``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If a label of ``y`` has no description (the message lists them), if a
            table is as long as ``X`` and not in ``ClassAttributes``, if descriptions
            are given here and in the constructor, or if X or y are not valid.
        """
        if class_attributes is not None and self.class_attributes is not None:
            raise ValueError(
                "class_attributes was given to fit and to the constructor; give it "
                "once."
            )
        if class_attributes is None:
            class_attributes = self.class_attributes
        seeds = np.random.default_rng(draw_seed(self.random_state))
        # Apart: the rows of a fit do not depend on whether a penalty is chosen.
        fold_seeds = seeds.spawn(1)[0]
        given = X
        X, y = self._fit_preprocessor(X, y, seeds)
        attributes = check_described(class_attributes, y)
        self.seen_classes_ = np.unique(y)
        self._describe(attributes)
        generator = self._part("generator")
        # What can be refused is refused before the long training.
        classifier = self._checked_classifier()
        # Fixed here: classes that are added later get as many rows as the first ones.
        n_synthetic = self.n_synthetic
        if n_synthetic == "auto":
            factor = getattr(classifier, "_auto_synthetic", _AUTO_FACTOR)
            n_synthetic = factor * np.median(np.unique(y, return_counts=True)[1])
        # Products of small numpy integers overflow.
        self.n_synthetic_ = int(n_synthetic)
        warn_of_met_classes(generator, self.unseen_classes_)
        # Of latent features, there is one at least.
        width = X.shape[1] if keeps_features(generator) else 1
        self._check_memory(classifier, width)

        say(f"fitting the generator on {len(X)} rows")
        generator = ready(generator, self.random_state, seeds)
        self.generator_ = fit_generator(
            generator, X, y, self.class_attributes_, memory=self.memory
        )

        # For add_classes and partial_fit, which train the classifier anew.
        self._rows, self._labels, self._seeds = X, y, seeds
        self.adapter_ = self._adapted = None
        self.held_out_score_ = self.fold_scores_ = self.cv_results_ = None
        self._fit_classifier()
        if self.seen_penalty != "auto":
            self._penalty = float(self.seen_penalty)
        elif class_attributes is None:  # an ordinary classifier
            self._penalty = 0.0
        else:
            # Classes without rows may also come later, in add_classes.
            chosen = choose_own_penalty(self, given, y, attributes, fold_seeds)
            self._penalty, self._adapted, self.fold_scores_, self.cv_results_ = chosen
            if self.fold_scores_ is not None:
                self.held_out_score_ = float(self.fold_scores_.mean())
        warn_of_lost_side(self)
        return self

    def _describe(self, attributes):
        """Set the classes: those described, apart from the seen ones, are unseen."""
        described = like(attributes.labels, self.seen_classes_)
        self.unseen_classes_ = np.setdiff1d(described, self.seen_classes_)
        self.classes_ = np.union1d(self.seen_classes_, self.unseen_classes_)
        self.class_attributes_ = attributes.subset(self.classes_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        # With a preprocessor of the user's, an imputer say, NaN may be welcome.
        tags.input_tags.allow_nan = self.preprocessor not in (None, "passthrough")
        return tags
