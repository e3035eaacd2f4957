"""What ``class_attributes`` may be, for type checkers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from ._class_attributes import ClassAttributes

# DataFrames, and any other table that numpy can read, are array-likes.
ClassAttributesLike: TypeAlias = ClassAttributes | Mapping[Any, ArrayLike] | ArrayLike
