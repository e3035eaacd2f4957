"""Fitted estimators in files that hold data alone, and as scikit-learn's pipelines."""

from ._files import load
from ._saving import SavingMixin
from ._versions import Stored

__all__ = ["SavingMixin", "Stored", "load"]
