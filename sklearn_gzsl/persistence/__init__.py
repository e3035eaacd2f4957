"""Fitted estimators in files that hold data alone, and as scikit-learn's pipelines."""

from ._files import load
from ._linear_form import (
    LinearForm,
    LinearFormMixin,
    linear_form,
    not_linear,
    projection,
    union_of,
)
from ._saving import SavingMixin
from ._versions import Stored

__all__ = [
    "LinearForm",
    "LinearFormMixin",
    "SavingMixin",
    "Stored",
    "linear_form",
    "load",
    "not_linear",
    "projection",
    "union_of",
]
