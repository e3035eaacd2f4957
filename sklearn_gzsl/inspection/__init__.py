"""Checks of descriptions, and pictures in the manner of scikit-learn's displays.

The pictures need matplotlib, which is loaded when something is drawn.
"""

from ._confusion import ClassConfusionDisplay
from ._curve import SeenUnseenCurveDisplay
from ._description_check import DescriptionReport, check_descriptions
from ._synthetic import SyntheticFeaturesDisplay

__all__ = [
    "ClassConfusionDisplay",
    "DescriptionReport",
    "SeenUnseenCurveDisplay",
    "SyntheticFeaturesDisplay",
    "check_descriptions",
]
