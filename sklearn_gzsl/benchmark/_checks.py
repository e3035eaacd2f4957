"""Options of a benchmark that contradict each other, told before anything is fitted."""

import numpy as np

from ._options import HEADS, PROTOCOLS, UNLABELLED

_MOST_FITS = 10_000


def check_options(
    *,
    protocol,
    head,
    tune,
    calibrate,
    oracle,
    unlabelled,
    grid,
    tune_by,
    tune_iter,
    folds,
    memory,
    out,
    resume,
    split=None,
):
    """Refuse options that are out of range or would have no effect."""
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol={protocol!r}; choose from {sorted(PROTOCOLS)}.")
    if head not in HEADS:
        raise ValueError(f"head={head!r}; choose one of {list(HEADS)}.")
    # A figure that was picked on the test rows must never stand beside an honest one.
    if protocol == "published" and (calibrate or oracle):
        raise ValueError(
            "protocol='published' repeats the papers' figures, which have no "
            "calibration: use it without calibrate and oracle, or the honest protocol."
        )
    if unlabelled is not None and unlabelled not in UNLABELLED:
        raise ValueError(
            f"unlabelled={unlabelled!r}; choose from {list(UNLABELLED)}, or None for "
            "inductive figures."
        )
    if unlabelled is not None and protocol == "published":
        raise ValueError(
            "protocol='published' repeats inductive figures of papers; use it without "
            "unlabelled."
        )
    if split is not None and (protocol == "published" or oracle or unlabelled):
        raise ValueError(
            f"split={split!r} leaves the test rows on disk, where they are scored "
            "once; leave out oracle, unlabelled and protocol='published'."
        )
    for name, value in (("folds", folds), ("tune_iter", tune_iter)):
        if value is not None and value < 1:
            raise ValueError(f"{name}={value}: give at least 1, or leave it out.")
    given = {"grid": grid, "tune_by": tune_by, "tune_iter": tune_iter, "memory": memory}
    # An option that would do nothing was meant to do something.
    idle = [name for name, value in given.items() if value is not None and value != {}]
    if idle and not tune:
        raise ValueError(f"{idle} has a meaning with tune=True only; leave it out.")
    if folds is not None and not (tune or calibrate):
        raise ValueError(f"folds={folds} has a meaning with tune or calibrate only.")
    if resume and out is None:
        raise ValueError("resume=True goes on with a file: give its name as out.")


def check_seeds(seeds):
    """The seeds as a list, each once; a number n stands for 0 to n - 1."""
    if isinstance(seeds, int | np.integer) and seeds > _MOST_FITS:
        raise ValueError(
            f"seeds={seeds:.3g} asks for more than {_MOST_FITS:,} fits of a method; "
            "give fewer, or a list if it is a seed."
        )
    listed = range(seeds) if isinstance(seeds, int | np.integer) else list(seeds)
    if not listed or min(listed) < 0:
        raise ValueError(f"seeds={seeds}: at least one is needed, and none below 0.")
    if max(listed) >= 2**32:
        raise ValueError(f"seeds: {max(listed):.10g} is above 2**32 - 1, the largest.")
    return [int(seed) for seed in dict.fromkeys(listed)]
