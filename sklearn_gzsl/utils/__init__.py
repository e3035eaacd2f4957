"""The few helpers that serve many rooms, by subject."""

from ._fitting import all_or_nothing, fit_transform, seeded
from ._labels import like
from ._messages import few
from ._rows import mean_rows, row_chunks

__all__ = [
    "all_or_nothing",
    "few",
    "fit_transform",
    "like",
    "mean_rows",
    "row_chunks",
    "seeded",
]
