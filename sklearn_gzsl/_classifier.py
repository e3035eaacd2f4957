"""GZSLClassifier: generator, synthetic rows, and any classifier on top."""

from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.utils import check_array
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_y,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from ._attributes import check_class_attributes
from ._softmax import SoftmaxClassifier
from ._utils import all_or_nothing
from .generators import VAECFlow
from .training import draw_seed

_AUTO_FACTOR = 12


def _classifier_has(method):
    """Whether the classifier, fitted or not yet, has the method."""

    def check(self):
        if hasattr(self, "classifier_"):
            return hasattr(self.classifier_, method)
        return self.classifier is None or hasattr(self.classifier, method)

    return check


class GZSLClassifier(
    ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Generalized zero-shot classifier: recognises seen and unseen classes.

    Learns p(features | description) on the rows of the seen classes, draws synthetic
    rows for the unseen classes from their descriptions, and trains an ordinary
    classifier on real and synthetic rows together.

    Parameters
    ----------
    generator : generator, default=None
        What draws the synthetic rows; ``VAECFlow()`` by default.

    classifier : classifier, default=None
        Any scikit-learn classifier; ``SoftmaxClassifier()`` by default.

    class_attributes : ClassAttributes, mapping, DataFrame or 2-d array, default=None
        Descriptions of the seen and unseen classes, for wrappers that cannot pass
        them to ``fit`` and for searching over them.

    preprocessor : transformer or "passthrough", default=None
        Fitted on the training rows before all else; ``MinMaxScaler()`` by default,
        as in every reference implementation.

    n_synthetic : int or "auto", default="auto"
        Synthetic rows for each class; "auto" is 12 times the median number of
        training rows of a seen class (Gu et al. 2020, section 7.2).

    n_real : int or None, default=None
        Real rows of each seen class that the classifier sees, drawn at random,
        repeated where a class has fewer; all of them by default.

    synthesize : {"unseen", "all"}, default="unseen"
        Classes that get synthetic rows.

    candidate_classes : {"all", "unseen"}, default="all"
        "unseen" is conventional zero-shot learning: the classifier knows the unseen
        classes alone, and the seen ones have probability 0.

    seen_penalty : float, default=0.0
        Subtracted from the log-probabilities of the seen classes before the largest
        is taken (calibrated stacking, Chao et al. 2016). Positive values favour the
        unseen classes.

    random_state : int, RandomState instance or None, default=None
        Seeds the synthetic rows, and the generator and the classifier where they
        have no ``random_state`` of their own.

    verbose : int, default=0
        Print what is being done; the parts have their own ``verbose``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted labels of all classes, seen and unseen.
    seen_classes_ : ndarray of shape (n_seen,)
        Labels that occur in ``y``.
    unseen_classes_ : ndarray of shape (n_unseen,)
        Labels that have a description and no rows.
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
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of str
        Names of the features, if X had any.

    See Also
    --------
    sklearn_gzsl.metrics.GZSLScorer : Scores it by U, S, H and AUSUC.
    sklearn_gzsl.model_selection.GZSLShuffleSplit : Holds classes out to choose
        parameters.

    Notes
    -----
    Descriptions reach the generator as they are; it divides them by the mean norm of
    the seen classes' rows, so that their unit does not count.

    References
    ----------
    Xian, Lampert, Schiele and Akata (2018). Zero-shot learning: a comprehensive
    evaluation of the good, the bad and the ugly. TPAMI.

    Gu, Lu, Zhu and Shen (2020). VAE-cFlow: zero-shot learning with a class
    conditional flow.

    Examples
    --------
    >>> from sklearn_gzsl import GaussianGenerator, GZSLClassifier
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
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

    __metadata_request__fit = {"class_attributes": True}

    _parameter_constraints: dict = {
        "generator": [HasMethods(["fit", "sample", "transform"]), None],
        "classifier": [HasMethods(["fit", "predict"]), None],
        "class_attributes": "no_validation",
        "preprocessor": [
            HasMethods(["fit", "transform"]),
            StrOptions({"passthrough"}),
            None,
        ],
        "n_synthetic": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "n_real": [Interval(Integral, 1, None, closed="left"), None],
        "synthesize": [StrOptions({"unseen", "all"})],
        "candidate_classes": [StrOptions({"all", "unseen"})],
        "seen_penalty": [Interval(Real, None, None, closed="neither")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        generator=None,
        classifier=None,
        *,
        class_attributes=None,
        preprocessor=None,
        n_synthetic="auto",
        n_real=None,
        synthesize="unseen",
        candidate_classes="all",
        seen_penalty=0.0,
        random_state=None,
        verbose=0,
    ):
        self.generator = generator
        self.classifier = classifier
        self.class_attributes = class_attributes
        self.preprocessor = preprocessor
        self.n_synthetic = n_synthetic
        self.n_real = n_real
        self.synthesize = synthesize
        self.candidate_classes = candidate_classes
        self.seen_penalty = seen_penalty
        self.random_state = random_state
        self.verbose = verbose

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, class_attributes=None):
        """Fit generator and classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features of rows of seen classes; cast to float32.
        y : array-like of shape (n_samples,)
            Their labels.
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
        X, y = self._validate(X, y, seeds)
        attributes = check_class_attributes(class_attributes, y)
        self.seen_classes_ = np.unique(y)
        described = _like(attributes.labels, y)
        self.unseen_classes_ = np.setdiff1d(described, self.seen_classes_)
        self.classes_ = np.union1d(self.seen_classes_, self.unseen_classes_)
        self.class_attributes_ = attributes.subset(self.classes_)
        if self.candidate_classes == "unseen" and not len(self.unseen_classes_):
            raise ValueError(
                "candidate_classes='unseen', but every class of class_attributes has "
                "rows in y; describe classes without rows, or use 'all'."
            )
        classifier = SoftmaxClassifier() if self.classifier is None else self.classifier
        if getattr(classifier, "decision_function_shape", None) == "ovo":
            raise ValueError(
                f"classifier={classifier!r} scores pairs of classes; give it "
                "decision_function_shape='ovr', so that there is one score per class."
            )

        self._say(f"fitting the generator on {len(X)} rows")
        generator = VAECFlow() if self.generator is None else self.generator
        self.generator_ = _seeded(generator, seeds)
        self.generator_.fit(X, y, class_attributes=self.class_attributes_)

        features, labels = self._training_rows(X, y, seeds)
        self._n_features_out = features.shape[1]
        self._say(f"fitting the classifier on {len(features)} rows")
        self.classifier_ = _seeded(classifier, seeds).fit(features, labels)
        return self

    def _validate(self, X, y, seeds):
        """Preprocessed float32 rows and labels; fits ``preprocessor_``."""
        self._takes_numbers = self.preprocessor in (None, "passthrough")
        if self._takes_numbers:
            X, y = validate_data(self, X, y, dtype=np.float32)
        else:
            X = self._validate_columns(X)
            y = _check_y(y, estimator=self)
            check_consistent_length(X, y)
        check_classification_targets(y)
        if self.preprocessor is None:
            self.preprocessor_ = MinMaxScaler()
        elif self.preprocessor == "passthrough":
            self.preprocessor_ = FunctionTransformer()
        else:
            self.preprocessor_ = _seeded(self.preprocessor, seeds)
        X = self.preprocessor_.fit_transform(X, y)
        return check_array(X, dtype=np.float32, estimator=self), y

    def _validate_columns(self, X, reset=True):
        # A transformer of the user's may want columns, strings or missing values.
        if (X if hasattr(X, "ndim") else np.asarray(X)).ndim != 2:
            check_array(X, dtype=None, estimator=self)  # raises its own error
        return validate_data(self, X, skip_check_array=True, reset=reset)

    def _training_rows(self, X, y, seeds):
        """Real and synthetic rows of the candidate classes, with labels."""
        counts = np.unique(y, return_counts=True)[1]
        self.n_synthetic_ = (
            int(_AUTO_FACTOR * np.median(counts))
            if self.n_synthetic == "auto"
            else int(self.n_synthetic)
        )
        features, labels = [], []
        synthesize = self.unseen_classes_
        if self.candidate_classes == "all":
            if self.synthesize == "all":
                synthesize = self.classes_
            real = self._real_rows(y, seeds)
            features.append(self._training_features(X[real], seeds))
            labels.append(y[real])
        if len(synthesize):
            self._say(f"drawing {self.n_synthetic_} rows of {len(synthesize)} classes")
            drawn, drawn_labels = self.generator_.sample(
                self.class_attributes_.subset(synthesize),
                self.n_synthetic_,
                random_state=int(seeds.integers(2**31)),
            )
            features.append(drawn)
            labels.append(_like(drawn_labels, y))
        return np.concatenate(features), np.concatenate(labels)

    def _training_features(self, X, seeds):
        """Real rows as the generator wants a classifier to see them."""
        if not hasattr(self.generator_, "training_features"):
            return np.asarray(self.generator_.transform(X))
        # Spawned: generators that draw nothing leave the later seeds as they are.
        seed = int(seeds.spawn(1)[0].integers(2**31))
        return np.asarray(self.generator_.training_features(X, random_state=seed))

    def _real_rows(self, y, seeds):
        """Indices of the rows that the classifier sees."""
        if self.n_real is None:
            return np.arange(len(y))
        chosen = []
        for label in self.seen_classes_:
            rows = seeds.permutation(np.flatnonzero(y == label))
            chosen.append(np.resize(rows, self.n_real))
        return np.concatenate(chosen)

    def transform(self, X):
        """Map rows to the features that the classifier works on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), float32
            Preprocessed rows in the generator's feature space.
        """
        return self._transform(X)

    def _transform(self, X):
        # Apart from the public method, which set_output may turn into DataFrames.
        check_is_fitted(self)
        if self._takes_numbers:
            X = validate_data(self, X, dtype=np.float32, reset=False)
        else:
            X = self._validate_columns(X, reset=False)
        X = check_array(
            self.preprocessor_.transform(X), dtype=np.float32, estimator=self
        )
        return np.asarray(self.generator_.transform(X))

    def predict(self, X):
        """Most probable class of each row, after the seen penalty.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels of the type of ``y``.
        """
        best = self._scores(X).argmax(axis=1)
        return self.classes_[best]

    def decision_function(self, X):
        """Scores of the classes, after the seen penalty: the largest wins.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            The classifier's log-probabilities, or its own decision function if it
            has no probabilities, minus the penalty; -inf for classes that are no
            candidates. For two classes the second's score minus the first's. A
            classifier that only predicts gives 1 to its choice and 0 to the others.
        """
        scores = self._scores(X)
        if scores.shape[1] != 2:
            return scores
        # Not a plain difference: both may be infinite.
        return np.where(scores[:, 1] == scores[:, 0], 0.0, scores[:, 1] - scores[:, 0])

    @available_if(_classifier_has("predict_proba"))
    def predict_log_proba(self, X):
        """Logarithm of the probabilities, after the seen penalty.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.
        """
        return log_softmax(self._scores(X), axis=1)

    @available_if(_classifier_has("predict_proba"))
    def predict_proba(self, X):
        """Probabilities of the classes, after the seen penalty; rows sum to 1.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.
        """
        return np.exp(self.predict_log_proba(X))

    def _scores(self, X):
        """Penalised scores, one column per class of ``classes_``."""
        features = self._transform(X)
        known = self.classifier_.classes_
        if hasattr(self.classifier_, "predict_log_proba"):
            with np.errstate(divide="ignore"):  # trees and neighbours give zeros
                scores = self.classifier_.predict_log_proba(features)
        elif hasattr(self.classifier_, "predict_proba"):
            with np.errstate(divide="ignore"):
                scores = np.log(self.classifier_.predict_proba(features))
        elif hasattr(self.classifier_, "decision_function"):
            scores = self.classifier_.decision_function(features)
            if scores.ndim == 1:
                scores = np.stack([np.zeros_like(scores), scores], axis=1)
        else:
            votes = self.classifier_.predict(features)
            scores = (votes[:, None] == known).astype(float)
        if len(known) < len(self.classes_):
            full = np.full((len(scores), len(self.classes_)), -np.inf, scores.dtype)
            full[:, np.searchsorted(self.classes_, known)] = scores
            scores = full
        if self.seen_penalty:
            seen = np.isin(self.classes_, self.seen_classes_)
            scores = np.where(seen, scores - self.seen_penalty, scores)
        return scores

    def _say(self, text):
        if self.verbose:
            print(f"[GZSLClassifier] {text}")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.input_tags.allow_nan = self.preprocessor not in (None, "passthrough")
        return tags


def _seeded(estimator, seeds):
    """A clone whose empty ``random_state`` parameters, nested ones too, are filled."""
    estimator = clone(estimator)
    # Sorted, so that the same parameter gets the same seed in every run.
    empty = {
        key: int(seeds.integers(2**31))
        for key, value in sorted(estimator.get_params(deep=True).items())
        if key.rsplit("__")[-1] == "random_state" and value is None
    }
    return estimator.set_params(**empty)


def _like(labels, y):
    """Labels as the type of y, so that predictions come in y's own type."""
    if y.dtype.kind in "US":
        return labels.astype(y.dtype.kind)  # without a length: long names stay whole
    cast = labels.astype(y.dtype)
    return cast if np.array_equal(cast, labels) else labels
