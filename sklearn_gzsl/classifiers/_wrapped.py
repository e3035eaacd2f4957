"""Descriptions where a wrapper of scikit-learn has numbered the classes anew."""

import sys

import numpy as np

from ..attributes import check_class_attributes
from ..utils import few, is_on_trial, warn

# Modules whose wrappers know no classes but those in y: the name of the wrapper, and
# what does instead. With n_jobs nothing is left of it but a helper in its module.
_WRAPPERS = {
    "sklearn.calibration": (
        "CalibratedClassifierCV",
        "Use CalibratedStackingCV, or give a FrozenEstimator and rows of all classes",
    ),
    "sklearn.ensemble._bagging": ("BaggingClassifier", "Use GZSLVotingClassifier"),
    "sklearn.ensemble._base": (
        "VotingClassifier or StackingClassifier",
        "Use GZSLVotingClassifier",
    ),
    "sklearn.multiclass": (
        "OneVsRestClassifier or its like",
        "Use this classifier itself, which is for many classes",
    ),
    "sklearn.model_selection._validation": (
        "cross_val_predict",
        "Use method='predict', or cross_validate with GZSLScorer",
    ),
}
# In the last module, cross_val_predict alone numbers classes, and for these alone.
_SCORES = ("decision_function", "predict_proba", "predict_log_proba")


def check_described(class_attributes, y):
    """Descriptions for a fit; an error inside a wrapper that cannot do with them.

    A warning if there are none. Such wrappers number the classes 0, 1, ..., most of
    them before they fit. Other descriptions than those given would then be looked up,
    in silence where labels are integers; and a class without rows is no outcome for the
    wrapper.
    """
    if class_attributes is not None:
        _refuse_wrappers(class_attributes, np.asarray(y))
    else:
        warn(
            "class_attributes is None, so no class is unseen, and this is an ordinary "
            "classifier of the classes in y. Give fit a description of each class, "
            "those without rows too."
        )
    attributes = check_class_attributes(class_attributes, y)
    n_others = len(attributes.labels) - 1
    if n_others and len(seen := np.unique(y)) == 1 and not is_on_trial():
        warn(
            f"y holds one class alone, {few(seen)}, so nothing tells how rows go by "
            f"descriptions, and which of the other {n_others} a row is of is a guess; "
            "give rows of more classes."
        )
    return attributes


def _refuse_wrappers(class_attributes, y):
    callers = list(_wrappers())
    if not callers:
        return
    (_, known), (module, _) = callers[0], callers[-1]
    # Labels that are text have been put back by someone in between. The calibration
    # is the exception: it numbers classes after the fit.
    if y.dtype.kind not in "iuf" and module != "sklearn.calibration":
        return
    described = set(check_class_attributes(class_attributes).labels.tolist())
    if not described <= known:
        name, instead = _WRAPPERS[module]
        raise ValueError(
            f"class_attributes describes {len(described)} classes, but {name} knows "
            f"the {len(known)} in its y alone, and numbers them anew. {instead}; or "
            'put the wrapper inside, GZSLClassifier(classifier=...). See "Inside '
            "scikit-learn's wrappers\" in the user guide."
        )


def _wrappers():
    """Modules of such wrappers in whose fit this is called, and the labels they know.

    Nothing else can tell, as labels that were numbered anew look like any others. The
    innermost wrapper comes first.
    """
    frame = sys._getframe()
    while frame is not None:
        module, names = frame.f_globals.get("__name__"), frame.f_locals
        numbers = not str(module).endswith("_validation")
        numbers = numbers or names.get("method") in _SCORES
        if module in _WRAPPERS and numbers and names.get("y") is not None:
            yield module, set(np.asarray(names["y"]).ravel().tolist())
        frame = frame.f_back
