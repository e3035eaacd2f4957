"""Checks of descriptions, and pictures in the manner of scikit-learn's displays.

The pictures need matplotlib, which is loaded when something is drawn.
"""

from ._confusion import ClassConfusionDisplay
from ._curve import SeenUnseenCurveDisplay
from ._description_check import DescriptionReport, check_descriptions
from ._descriptions import DescriptionDisplay
from ._few_shot import FewShotCurveDisplay
from ._per_class import PerClassAccuracyDisplay
from ._seen_penalty import SeenPenaltyDisplay
from ._synthetic import SyntheticFeaturesDisplay
from ._synthetic_size import SyntheticSizeDisplay
from ._training import TrainingCurveDisplay

__all__ = [
    "ClassConfusionDisplay",
    "DescriptionDisplay",
    "DescriptionReport",
    "FewShotCurveDisplay",
    "PerClassAccuracyDisplay",
    "SeenPenaltyDisplay",
    "SeenUnseenCurveDisplay",
    "SyntheticFeaturesDisplay",
    "SyntheticSizeDisplay",
    "TrainingCurveDisplay",
    "check_descriptions",
]
