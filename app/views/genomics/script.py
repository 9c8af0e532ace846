"""The frame of scripts of views of groups."""

from __future__ import annotations

from typing import Protocol

from app.cohort.filters import Filter
from app.cohort.groupings import Arrangement, GroupingSpec
from app.study.scripts.parts import (
    grouping_part,
    heading_part,
    imports_part,
    script_of,
    selection_part,
)
from data_loaders import Cohort


class Grouped(Protocol):
    """How the patients were grouped: the specification and what the user changed about it."""

    @property
    def spec(self) -> GroupingSpec | None:
        """The grouping, None for everyone together."""

    @property
    def arrangement(self) -> Arrangement:
        """Names, colours and order as shown."""


def grouped_script(
    title: str,
    asked: tuple[Cohort, Filter, Grouped | None],
    imports: dict[str, set[str]],
    body: str,
) -> str:
    """The script of a view of groups: loading, selection, the groups as shown, then its own lines.

    Parameters
    ----------
    title
        What the script reproduces.
    asked
        The cohort before the filter, the filter, and how the patients were grouped; None for not.
    imports
        What the view's own lines need, by module.
    body
        These lines.
    """
    cohort, chosen, grouped = asked
    spec = None if grouped is None else grouped.spec
    arrangement = None if grouped is None else grouped.arrangement
    return script_of(
        heading_part(title, cohort, chosen, spec),
        imports_part(cohort, imports, spec, arrangement),
        selection_part(cohort, chosen),
        grouping_part(spec, arrangement),
        body,
    )
