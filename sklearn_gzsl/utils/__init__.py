"""The few helpers that serve many rooms, by subject."""

from ._docstrings import InheritedDocs
from ._files import jsonable, locked, read_arrays, replacing, write_arrays
from ._fitting import (
    all_or_nothing,
    fit_transform,
    learner_inside,
    path_inside,
    seeded,
    unchanged_if_it_fails,
)
from ._labels import check_complete, check_target, like, validate_rows
from ._messages import few, is_on_trial, naming_sizes, on_trial, warn
from ._methods import METHODS, SPLITS, Published, register
from ._parameters import DeclaredParameters
from ._rows import (
    chunk_size,
    mean_rows,
    ranked,
    ranks_nothing,
    row_chunks,
    sum_rows,
    unit_rows,
)
from ._unlabelled import adapt, is_unlabelled, labels_of

__all__ = [
    "METHODS",
    "SPLITS",
    "DeclaredParameters",
    "InheritedDocs",
    "Published",
    "adapt",
    "all_or_nothing",
    "check_complete",
    "check_target",
    "chunk_size",
    "few",
    "fit_transform",
    "is_on_trial",
    "is_unlabelled",
    "jsonable",
    "labels_of",
    "learner_inside",
    "like",
    "locked",
    "mean_rows",
    "naming_sizes",
    "on_trial",
    "path_inside",
    "ranked",
    "ranks_nothing",
    "read_arrays",
    "register",
    "replacing",
    "row_chunks",
    "seeded",
    "sum_rows",
    "unchanged_if_it_fails",
    "unit_rows",
    "validate_rows",
    "warn",
    "write_arrays",
]
