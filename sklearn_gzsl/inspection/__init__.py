"""Pictures of what a fitted classifier does, in the manner of scikit-learn's displays.

They need matplotlib, which is loaded when something is drawn.
"""

from ._confusion import ClassConfusionDisplay
from ._curve import SeenUnseenCurveDisplay
from ._synthetic import SyntheticFeaturesDisplay

__all__ = [
    "ClassConfusionDisplay",
    "SeenUnseenCurveDisplay",
    "SyntheticFeaturesDisplay",
]
