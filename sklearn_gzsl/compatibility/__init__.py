"""Classifiers that score a row and a description together; one method, one file."""

from ._eszsl import ESZSL

__all__ = ["ESZSL"]
