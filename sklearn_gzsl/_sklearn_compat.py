"""What the package uses of scikit-learn without its promise to keep it.

Every private name comes through here, so that a release of scikit-learn that moves one
is answered in one place; a test keeps the other modules from importing any.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sklearn.base import is_regressor
from sklearn.ensemble._base import _BaseHeterogeneousEnsemble
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _param_validation, _safe_indexing
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils._repr_html.estimator import _VisualBlock
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import (
    _check_method_params,
    _check_sample_weight,
    _check_y,
)

_Method = TypeVar("_Method", bound=Callable[..., Any])

if TYPE_CHECKING:
    # These decorators have no type hints, and would take away those of our methods.
    def _fit_context(
        *, prefer_skip_nested_validation: bool
    ) -> Callable[[_Method], _Method]: ...

    def available_if(check: Callable[[Any], Any]) -> Callable[[_Method], _Method]: ...
else:
    from sklearn.base import _fit_context
    from sklearn.utils.metaestimators import available_if


class HasMethods(_param_validation.HasMethods):
    """An object with these methods; its class, which has them too, is not meant."""

    def is_satisfied_by(self, val):
        return not isinstance(val, type) and super().is_satisfied_by(val)

    def __str__(self):
        return f"{super().__str__()} (an instance, with brackets, not the class)"


class IsClassifier(HasMethods):
    """What can be fitted, and does not say that it is a regressor."""

    def __init__(self):
        super().__init__("fit")

    def is_satisfied_by(self, val):
        if not super().is_satisfied_by(val):
            return False
        try:
            return not is_regressor(val)
        except AttributeError:  # not of scikit-learn
            return True

    def __str__(self):
        return f"a classifier and no regressor, {super().__str__()}"


__all__ = [
    "BaseSearchCV",
    "HasMethods",
    "Interval",
    "IsClassifier",
    "StrOptions",
    "_BaseHeterogeneousEnsemble",
    "_VisualBlock",
    "_check_method_params",
    "_check_partial_fit_first_call",
    "_check_sample_weight",
    "_check_y",
    "_fit_context",
    "_safe_indexing",
    "available_if",
    "check_matplotlib_support",
    "validate_parameter_constraints",
    "validate_params",
]
