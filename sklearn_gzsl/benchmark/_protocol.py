"""Fitting, and looking at the test rows: once, or as often as the papers do."""

import numpy as np

from ..classifiers._calibrated_stacking import CalibratedStackingCV
from ..classifiers._penalty import leave_penalty
from ..datasets._stored_rows import StoredRows
from ..linear_model._softmax import SoftmaxClassifier
from ..metrics import ausuc_score, gzsl_scores, per_class_accuracy, seen_unseen_curve
from ..metrics._accuracy import harmonic_mean
from ..metrics._response import class_scores
from ..model_selection import GZSLShuffleSplit
from ._looks import LookingSoftmax
from ._methods import chooses_penalty
from ._streamed import streamed_scores


def score(estimator, model, data, *, oracle=False):
    """U, S, H, AUSUC and Z of a fitted estimator on the test rows, from one look.

    ``model`` is the part of the estimator that knows its classes. Of rows that stay on
    disk there are hits in place of AUSUC.
    """
    if isinstance(data.test_seen, StoredRows):
        return streamed_scores(estimator, model, data)
    rows = np.concatenate([data.test_seen, data.test_unseen])
    y, classes, seen = data.y[rows], model.classes_, model.seen_classes_
    scores = class_scores(estimator, data.X[rows], len(classes))
    result = gzsl_scores(y, classes[scores.argmax(axis=1)], seen_classes=seen)
    result["AUSUC"] = ausuc_score(y, scores, seen_classes=seen, labels=classes)
    unseen = ~np.isin(classes, seen)
    # The same scores without the seen columns: no second look.
    own = scores[len(data.test_seen) :, unseen].argmax(axis=1)
    result["Z"] = per_class_accuracy(data.y[data.test_unseen], classes[unseen][own])
    if oracle:
        result["oracle_H"] = best_h(y, scores, seen, classes)
    return {name: float(value) for name, value in result.items()}


def look(estimator, model, data, results):
    """Scores by the protocol and the options of the results."""
    if results["protocol"] == "published":
        scores, looks = best_look(model, data)
        return {"scores": scores, "looks": looks}
    options = results["options"]
    found = {"scores": score(estimator, model, data, oracle=options["oracle"])}
    if options["calibrate"]:
        found["scores_without_penalty"] = score(model, model, data)
    return found


def best_h(y, scores, seen_classes, classes):
    """H at the seen penalty that is best on these very rows."""
    S, U, _ = seen_unseen_curve(y, scores, seen_classes=seen_classes, labels=classes)
    return harmonic_mean(U, S).max()


def balanced(clf, data, results, n_jobs, seed):
    """The classifier, with its seen penalty chosen in ``fit`` if that is asked for."""
    options = results["options"]
    if results["protocol"] == "published":
        clf.set_params(classifier=looking(clf.classifier))
    if not options["calibrate"]:
        return leave_penalty(clf)
    if chooses_penalty(clf) and not options["folds"]:
        return clf
    cv = None
    if options["folds"]:
        # The share of classes that is unseen in earnest.
        seen = np.unique(data.y[data.train])
        share = 1 - len(seen) / len(data.class_attributes.labels)
        cv = GZSLShuffleSplit(options["folds"], unseen_size=share, random_state=seed)
    return CalibratedStackingCV(clf, cv=cv, n_jobs=n_jobs, random_state=seed)


def looking(classifier):
    """The softmax classifier, made to keep its weights for looks at the test rows."""
    # Not isinstance: a subclass may train in another way, which would be lost.
    if type(classifier) is not SoftmaxClassifier:
        raise ValueError(
            "protocol='published' looks at the passes of a SoftmaxClassifier, but "
            f"the classifier is {classifier!r}."
        )
    return LookingSoftmax(**classifier.get_params(deep=False))


def best_look(clf, data):
    """Scores of the best of the looks, of the last one, and which one was best.

    Leaves the classifier with the weights of the best look.
    """
    softmax = clf.classifier_
    tried = []
    # What the papers' code does after every pass, here in the open.
    for weights in softmax.looks_:
        softmax.coef_, softmax.intercept_ = weights
        tried.append(score(clf, clf, data))
    best = int(np.argmax([scores["H"] for scores in tried]))
    softmax.coef_, softmax.intercept_ = softmax.looks_[best]
    return tried[best], {
        "n_looks": len(tried),
        "best_look": best + 1,
        "last_look": tried[-1],
    }
