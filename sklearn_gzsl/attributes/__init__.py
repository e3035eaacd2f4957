"""Descriptions of classes, and the guards around them."""

from ._checks import check_class_attributes, extend_class_attributes
from ._class_attributes import ClassAttributes, lies_on_its_side
from ._scaling import UnitsMixin, learn_scaling, rescale, varying

__all__ = [
    "ClassAttributes",
    "UnitsMixin",
    "check_class_attributes",
    "extend_class_attributes",
    "learn_scaling",
    "lies_on_its_side",
    "rescale",
    "varying",
]
