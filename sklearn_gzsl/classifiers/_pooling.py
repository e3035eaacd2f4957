"""How GZSLVotingClassifier makes one score of several."""

import numpy as np

from ..utils import few

_ROWS = 2000  # for the spread of scores
_ROUNDING = 1e-12


def check_weights(weights, estimators):
    """A weight for each estimator, of which one that is not dropped is positive."""
    if weights is None:
        return np.ones(len(estimators))
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (len(estimators),):
        raise ValueError(
            f"weights has shape {weights.shape}, but there are {len(estimators)} "
            "estimators; give one weight for each, those dropped too."
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError(f"weights={weights.tolist()}; none may be negative or NaN.")
    kept = [estimator != "drop" for estimator in estimators]
    if not weights[kept].any():
        raise ValueError(
            f"weights={weights.tolist()}; one estimator that is not dropped needs a "
            "positive weight."
        )
    return weights


def check_alike(models):
    """Members must have the same classes: their scores are added column by column."""
    (first, reference), *others = models.items()
    for name, model in others:
        for attribute, verb in (("classes_", "knows"), ("seen_classes_", "has seen")):
            ours = getattr(reference, attribute)
            theirs = getattr(model, attribute)
            if not np.array_equal(ours, theirs):
                lacking = sorted(set(ours.tolist()) - set(theirs.tolist()))
                extra = sorted(set(theirs.tolist()) - set(ours.tolist()))
                raise ValueError(
                    f"estimators: {name!r} {verb} other classes than {first!r}: "
                    f"{few(extra)} are additional and {few(lacking)} are missing; "
                    "train all on the same rows and the same class_attributes."
                )


def evenly_per_class(y):
    """Some 2,000 rows at most, of each class a share, spread over all its rows."""
    _, codes = np.unique(np.asarray(y).ravel(), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    quota = max(_ROWS // len(counts), 1)
    chosen = [
        rows[np.linspace(0, len(rows) - 1, min(quota, len(rows))).astype(int)]
        for rows in np.split(order, np.cumsum(counts)[:-1])
    ]
    return np.sort(np.concatenate(chosen))


def spread(scores):
    """Standard deviation of the scores about the means of their rows."""
    possible = np.isfinite(scores)
    values = _centred(scores)[possible]
    scale = np.sqrt(np.mean(np.square(values))) if values.size else 0.0
    # Where all classes score the same but for rounding, noise must not be blown up.
    size = np.abs(scores[possible]).max(initial=0.0)
    return float(scale) if scale > _ROUNDING * max(size, 1.0) else 1.0


def pool(all_scores, weights, scales):
    """Weighted mean of the centred and scaled scores, at the members' mean scale.

    Weights sum to 1. Each array of scores has a row for each sample and a column for
    each class, with -inf for what the member rules out.
    """
    total = against = 0.0
    for raw, weight, scale in zip(all_scores, weights, scales, strict=True):
        scores = _centred(raw)
        out = np.isneginf(scores)
        lowest = np.where(out, np.inf, scores).min(axis=1, keepdims=True)
        lowest[np.isinf(lowest)] = 0.0  # a row without any class
        total = total + weight / scale * np.where(out, lowest, scores)
        against = against + weight * out
    # Zero for a class that all members admit, if there is one.
    least = against.min(axis=1, keepdims=True)
    admitted = against <= least * (1 + _ROUNDING)
    return np.where(admitted, np.dot(weights, scales) * total, -np.inf)


def _centred(scores):
    """Scores minus the mean of those of the row that are finite."""
    possible = np.isfinite(scores)
    n_possible = np.maximum(possible.sum(axis=1, keepdims=True), 1)
    sums = np.where(possible, scores, 0.0).sum(axis=1, keepdims=True)
    return scores - sums / n_possible
