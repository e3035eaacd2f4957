"""Splits that keep whole classes out of training; scikit-learn only."""

from ._split import GZSLShuffleSplit

__all__ = ["GZSLShuffleSplit"]
