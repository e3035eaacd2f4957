"""Splits that keep whole classes out of training; scikit-learn only."""

from ._check import check_gzsl_split
from ._few_shot import few_shot_curve
from ._kfold import GZSLKFold
from ._split import GZSLShuffleSplit

__all__ = ["GZSLKFold", "GZSLShuffleSplit", "check_gzsl_split", "few_shot_curve"]
