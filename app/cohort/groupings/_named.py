"""Filters given names, compared with each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from app.cohort.colours import assign_colours
from app.cohort.filters import Filter, FilterError
from app.cohort.groupings._grouping import (
    MAX_GROUPS,
    OUTSIDE,
    SEVERAL,
    UNKNOWN,
    Grouping,
    GroupingError,
)
from app.cohort.later_columns import later_columns
from app.cohort.spec_text import join_parts, split_parts
from data_loaders import Cohort
from data_loaders.arrays import States


def filters_to_text(filters: Mapping[str, Filter]) -> str:
    """Named filters as one line of text, complete: ``name=filter|name=filter``."""
    return join_parts(
        [join_parts([name, held.to_json()], "=") for name, held in filters.items()], "|"
    )


def filters_from_text(text: str) -> dict[str, Filter]:
    """Read the form that ``filters_to_text`` writes.

    Raises
    ------
    GroupingError
        If these are not two to nine filters with different names.
    """
    filters = {}
    parts = [split_parts(part, "=") for part in split_parts(text, "|")]
    try:
        filters = {name: Filter.from_json(held) for name, held in parts}
    except ValueError as error:
        raise GroupingError("The filters to compare cannot be read; save them again.") from error
    if len(filters) != len(parts) or not 2 <= len(filters) < MAX_GROUPS:
        raise GroupingError(f"Choose two to {MAX_GROUPS - 1} saved filters to compare.")
    return filters


def by_filters(cohort: Cohort, filters: Mapping[str, Filter]) -> Grouping:
    """Patients whom exactly one of several filters selects, by that filter.

    Patients whom several filters select are in no group and counted as such, as are those of whom
    it is not known, and those whom none selects.

    Raises
    ------
    GroupingError
        If a filter names what the cohort does not have.
    """
    truths = truths_of(cohort, filters)
    number = np.count_nonzero(truths == 1, axis=0)
    unknown = (truths < 0).any(axis=0)
    codes = np.select(
        [number > 1, unknown, number == 1], [SEVERAL, UNKNOWN, truths.argmax(axis=0)], OUTSIDE
    )
    note = "Each group is a filter: {}. A patient whom more than one of them selects is left out."
    return of_filters(cohort, filters, tuple(filters), codes, note)


def truths_of(cohort: Cohort, filters: Mapping[str, Filter]) -> States:
    """Whom each filter selects, one row a filter: 1, 0, or -1 where it is not known.

    Raises
    ------
    GroupingError
        If a filter names what the cohort does not have.
    """
    try:
        return np.stack([held.root.evaluate(cohort) for held in filters.values()])
    except FilterError as error:
        raise GroupingError(str(error)) from error


def of_filters(
    cohort: Cohort,
    filters: Mapping[str, Filter],
    names: tuple[str, ...],
    codes: npt.NDArray[np.integer],
    note: str,
) -> Grouping:
    """Groups that saved filters make; the note has ``{}`` where the filters are told."""
    told = "; ".join(f"{name} is {held.describe(cohort)}" for name, held in filters.items())
    return Grouping(
        label="Saved filters",
        names=names,
        codes=codes.astype(np.int16),
        colours=assign_colours(names),
        after_baseline=bool(later_columns(cohort, filters.values())),
        note=note.format(told),
    )
