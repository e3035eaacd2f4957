"""Scores of generalized zero-shot classifiers; numpy and scikit-learn only."""

from ._accuracy import gzsl_scores, harmonic_mean_score, per_class_accuracy
from ._curve import ausuc_score, seen_unseen_curve
from ._rejection import rejection_scores
from ._scorer import GZSLScorer
from ._top_k import top_k_per_class_accuracy

__all__ = [
    "GZSLScorer",
    "ausuc_score",
    "gzsl_scores",
    "harmonic_mean_score",
    "per_class_accuracy",
    "rejection_scores",
    "seen_unseen_curve",
    "top_k_per_class_accuracy",
]
