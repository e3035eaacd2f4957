"""The classes of which files may hold instances: these, and no others."""

from importlib import import_module
from typing import Any

from ._versions import ROOT

# Parts of our estimators, by the file of each. Of the estimators themselves, the names
# in the package's root are enough, and stay when files move.
_PARTS = {
    "AdaptedPenalty": "classifiers._penalty",
    "BothSpaces": "classifiers._adaptation",
    "ClassMeansRegression": "linear_model._class_means",
    "ClassSums": "classifiers._prototype_space",
    "GZSLKFold": "model_selection",
    "GZSLScorer": "metrics",
    "GZSLShuffleSplit": "model_selection",
    "PredictedPrototypes": "classifiers._prototype_space",
    "PrototypeModel": "classifiers._prototype_model",
    "RowFinder": "classifiers._moving_rows",
    "UnlabelledRows": "classifiers._adaptation",
    "WhitenedSpace": "classifiers._prototype_space",
}
# Those of scikit-learn that are arrays, numbers and each other, and predict by numpy.
# Compiled code trusts numbers in its state, which a file could have made up: a label of
# KNeighborsClassifier is a place in memory, and so are sizes in SVC and OneHotEncoder.
_SKLEARN = {
    "compose": "ColumnTransformer",
    "covariance": "EmpiricalCovariance LedoitWolf OAS ShrunkCovariance",
    "decomposition": "FactorAnalysis FastICA IncrementalPCA PCA TruncatedSVD",
    "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "dummy": "DummyClassifier",
    "ensemble": "BaggingClassifier StackingClassifier VotingClassifier",
    "feature_selection": "SelectFromModel VarianceThreshold",
    "frozen": "FrozenEstimator",
    "impute": "MissingIndicator SimpleImputer",
    "kernel_approximation": "Nystroem RBFSampler",
    "linear_model": "LinearRegression LogisticRegression LogisticRegressionCV "
    "Perceptron Ridge RidgeClassifier RidgeClassifierCV SGDClassifier",
    "multiclass": "OneVsOneClassifier OneVsRestClassifier",
    "naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "neighbors": "NearestCentroid",
    "pipeline": "FeatureUnion Pipeline",
    "preprocessing": "Binarizer FunctionTransformer LabelBinarizer LabelEncoder "
    "MaxAbsScaler MinMaxScaler Normalizer OrdinalEncoder PolynomialFeatures "
    "PowerTransformer QuantileTransformer RobustScaler StandardScaler",
    "random_projection": "GaussianRandomProjection",
    "svm": "LinearSVC",
}


def class_of(name: Any) -> type:
    """The class that a file may call so.

    Raises
    ------
    ValueError
        If there is none. Nothing is imported by a name that is not in the lists.
    """
    package, _, short = str(name).rpartition(".")
    library, _, room = package.partition(".")
    found: Any = None
    if package == ROOT:
        root = import_module(ROOT)
        if short in _PARTS:
            found = getattr(import_module(f"{ROOT}.{_PARTS[short]}"), short)
        elif short in root._HOME:
            found = getattr(root, short)
    elif library == "sklearn" and short in _SKLEARN.get(room, "").split():
        found = getattr(import_module(package), short)
    # Of the root's names, some are functions.
    is_class = isinstance(found, type)
    if not is_class:
        raise ValueError(f"it holds a {name!r}, which is not among what may be loaded")
    return found


def name_of(cls: type) -> str | None:
    """What a file calls this class; None if it may not hold any of it."""
    package = ROOT
    if cls.__module__.startswith("sklearn."):
        package = ".".join(cls.__module__.split(".")[:2])
    name = f"{package}.{cls.__name__}"
    try:
        # A class of the user's may have the name of one of ours.
        return name if class_of(name) is cls else None
    except ValueError:
        return None
