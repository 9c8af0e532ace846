"""Filters that may overlap, made into groups that do not: by exactly which a patient is in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.cohort.filters import Filter
from app.cohort.groupings._grouping import (
    NOT_DRAWN,
    OUTSIDE,
    UNKNOWN,
    Grouping,
    GroupingError,
)
from app.cohort.groupings._named import of_filters, truths_of
from data_loaders import Cohort
from data_loaders.wording import listing

_MOST = 8


def by_combinations(cohort: Cohort, filters: Mapping[str, Filter]) -> Grouping:
    """Only the one, only the other, both: one group for each combination that somebody has.

    Of more than eight combinations the largest are kept. Patients of whom it is not known for every
    filter are in none.

    Raises
    ------
    GroupingError
        If there are more than eight filters, one names what the cohort does not have, or nobody is
        in any.
    """
    if not 2 <= len(filters) <= _MOST:
        raise GroupingError(f"Choose two to {_MOST} saved filters to compare.")
    truths = truths_of(cohort, filters)
    weights = 1 << np.arange(len(filters))
    pattern = weights @ (truths == 1)
    unknown = (truths < 0).any(axis=0)
    sizes = np.bincount(pattern[~unknown], minlength=1 << len(filters))
    sizes[0] = 0
    largest = sorted(np.flatnonzero(sizes), key=lambda code: (-sizes[code], code))[:_MOST]
    if not largest:
        raise GroupingError("Nobody is known to be in any of these filters.")
    # One set before two before three, in the order of the sets.
    shown = sorted(largest, key=lambda code: (int(code).bit_count(), code))
    lookup = np.full(len(sizes), NOT_DRAWN, dtype=np.int16)
    lookup[0] = OUTSIDE
    lookup[shown] = np.arange(len(shown))
    codes = lookup[pattern]
    codes[unknown] = UNKNOWN
    overlapping = any(int(code).bit_count() > 1 for code in np.flatnonzero(sizes))
    names = tuple(_name(list(filters), int(code), overlapping=overlapping) for code in shown)
    note = "Each group is a combination of filters, and nobody is in two groups: {}."
    return of_filters(cohort, filters, names, codes, note)


def _name(names: list[str], code: int, *, overlapping: bool) -> str:
    inside = [name for place, name in enumerate(names) if code >> place & 1]
    if len(inside) == 1:
        return f"Only {inside[0]}" if overlapping else inside[0]
    return listing(inside)
