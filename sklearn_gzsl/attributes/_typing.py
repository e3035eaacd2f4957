"""What ``class_attributes`` may be, for type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike
    from scipy.sparse import sparray, spmatrix

    from ._class_attributes import ClassAttributes

# DataFrames, and tables of polars and pyarrow, are array-likes.
ClassAttributesLike: TypeAlias = (
    "ClassAttributes | Mapping[Any, ArrayLike] | ArrayLike | sparray | spmatrix"
)
