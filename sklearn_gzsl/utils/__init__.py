"""The few helpers that serve many rooms, by subject."""

from ._docstrings import InheritedDocs
from ._files import (
    MALFORMED,
    check_place,
    jsonable,
    locked,
    read_arrays,
    replacing,
    write_arrays,
)
from ._fitting import (
    all_or_nothing,
    as_last_step_sees,
    fit_transform,
    learner_inside,
    path_inside,
    seeded,
    unchanged_if_it_fails,
)
from ._labels import (
    NOT_LABELLED,
    check_complete,
    check_target,
    like,
)
from ._messages import few, is_on_trial, meant, naming_sizes, on_trial, warn
from ._methods import METHODS, SPLITS, Published, register
from ._parameters import DeclaredParameters
from ._progress import counted, heard, progress, say
from ._rows import (
    add_rows,
    chunk_size,
    float_chunks,
    mean_rows,
    ranked,
    ranks_nothing,
    row_chunks,
    scatter_within,
    sum_rows,
    unit_rows,
)
from ._threads import one_thread
from ._unlabelled import adapt, is_unlabelled, labels_of
from ._validation import (
    ROUNDING,
    exact,
    is_number,
    no_table,
    validate_data,
    validate_rows,
    warn_of_lost_digits,
)

__all__ = [
    "MALFORMED",
    "METHODS",
    "NOT_LABELLED",
    "ROUNDING",
    "SPLITS",
    "DeclaredParameters",
    "InheritedDocs",
    "Published",
    "adapt",
    "add_rows",
    "all_or_nothing",
    "as_last_step_sees",
    "check_complete",
    "check_place",
    "check_target",
    "chunk_size",
    "counted",
    "exact",
    "few",
    "fit_transform",
    "float_chunks",
    "heard",
    "is_number",
    "is_on_trial",
    "is_unlabelled",
    "jsonable",
    "labels_of",
    "learner_inside",
    "like",
    "locked",
    "mean_rows",
    "meant",
    "naming_sizes",
    "no_table",
    "on_trial",
    "one_thread",
    "path_inside",
    "progress",
    "ranked",
    "ranks_nothing",
    "read_arrays",
    "register",
    "replacing",
    "row_chunks",
    "say",
    "scatter_within",
    "seeded",
    "sum_rows",
    "unchanged_if_it_fails",
    "unit_rows",
    "validate_data",
    "validate_rows",
    "warn",
    "warn_of_lost_digits",
    "write_arrays",
]
