"""Columns of descriptions in different units: told by their values, standardised."""

from typing import NamedTuple

import numpy as np

from ..utils import InheritedDocs, few, warn

# Real attributes and embeddings stay below 2.7 (the sentences of CUB; all others below
# 1.5). Of twelve columns a single one may be 14 times as large as the others, of 768
# one may be 109 times as large: embeddings with such dimensions lose nothing by them,
# and 3 points of H by being standardised.
_FACTOR = 4.0
# The typical column, as that of this share of the columns. Less than a half, so that
# half of the columns in another unit stand out; not the smallest, as columns of small
# values are no danger to the others.
_TYPICAL = 0.4
# Where columns are left as they are, on purpose or as there are many beside the one:
# of two columns whose spreads differ so much, the smaller one tells classes apart by
# nothing. U of the two-digit numbers fell from .90 to .02.
_DROWNED = 100.0


class Scaling(NamedTuple):
    """What is done to columns: nothing, or ``(A - location) / spread``."""

    method: str | None
    location: np.ndarray | None
    spread: np.ndarray | None


class UnitsMixin(InheritedDocs):
    """For estimators with the parameter ``attribute_scaling``.

    Parameters
    ----------
    attribute_scaling : {"auto", "standard"} or None, default="auto"
        Whether columns of descriptions are standardised before they are compared;
        "auto" does where these differ in units, as
        :class:`~sklearn_gzsl.BaseGenerator` says.

    Attributes
    ----------
    attribute_scaling_, attribute_location_, attribute_spread_ : str and arrays, or None
        What was done to columns, as in :class:`~sklearn_gzsl.BaseGenerator`.
    """

    def _learn_units(self, A):
        """What is to be done to columns, from the seen classes' rows."""
        self.attribute_scaling_, self.attribute_location_, self.attribute_spread_ = (
            learn_scaling(A, self.attribute_scaling)
        )

    def _in_one_unit(self, A):
        """Descriptions with columns standardised, if those in fit were."""
        return rescale(A, self.attribute_location_, self.attribute_spread_)


def learn_scaling(seen: np.ndarray, attribute_scaling: str | None) -> Scaling:
    """Learn from the descriptions of the seen classes how to bring all to one unit.

    Parameters
    ----------
    seen : ndarray of shape (n_seen, n_attributes)
        A row for each seen class; rows of NaN, of classes that a source does not
        describe, are left out.
    attribute_scaling : {"auto", "standard"} or None
        "auto" standardises where columns are in different units, None never does.

    Returns
    -------
    Scaling
        With float64 arrays of shape (n_attributes,), or None three times.
    """
    seen = seen[~np.isnan(seen).any(axis=1)].astype(np.float64)
    if not len(seen):
        return Scaling(None, None, None)
    largest, varies = np.abs(seen).max(axis=0), varying(seen)
    auto = attribute_scaling == "auto"
    if attribute_scaling is None or (auto and not _in_different_units(largest, varies)):
        _warn_of_spreads(seen, varies)
        return Scaling(None, None, None)
    spread = np.where(varies, seen.std(axis=0), 1.0)
    return Scaling("standard", seen.mean(axis=0), spread)


def varying(X: np.ndarray) -> np.ndarray:
    """Which columns differ by more than rounding to float32.

    To divide others by their spread would make noise of nothing.
    """
    return np.ptp(X, axis=0) > 2 * np.finfo(np.float32).eps * np.abs(X).max(axis=0)


def rescale(
    A: np.ndarray, location: np.ndarray | None, spread: np.ndarray | None
) -> np.ndarray:
    """Descriptions with what was learned done to them, in their own dtype."""
    if location is None or spread is None:
        return A
    # Entry by entry, so that equal rows stay equal to the bit, whatever is beside them.
    return ((A - location) / spread).astype(A.dtype)


def _warn_of_spreads(seen, varies):
    """Warn of columns beside which the others count for nothing."""
    spread = seen.std(axis=0)
    if not varies.any():
        return
    drowning = varies & (spread > _DROWNED * np.median(spread[varies]))
    if drowning.any():
        warn(
            f"class_attributes: the columns {few(np.flatnonzero(drowning))}, counted "
            "from 0, vary a hundred times as much as the others, which hardly count "
            "beside them. Give attribute_scaling='standard', or all columns one unit."
        )


def _in_different_units(largest, varies):
    """Whether the length of descriptions is that of a few columns among them.

    It is told by the largest absolute value of each column: their root mean square
    against the typical one. Not by ranges: far from 0, a column makes all descriptions
    alike, whether it varies or not. Not by standard deviations: the largest value of a
    binary attribute is 1 however rare it is, and its deviation is then near 0.
    """
    if not varies.any():
        return False
    typical = np.quantile(largest[varies], _TYPICAL, method="lower")
    length = np.sqrt(np.square(largest).sum() / varies.sum())
    return bool(length > _FACTOR * typical)
