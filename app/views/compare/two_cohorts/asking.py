"""The same question put to two cohorts, each in its own names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.cohort.filters import Filter
from app.cohort.groupings import (
    Arrangement,
    Grouping,
    GroupingError,
    GroupingSpec,
    SavedGroups,
    arranged,
    only_groups,
)
from app.views.compare.match import match_cohorts, matched, unmatched
from app.views.compare.two_cohorts.analysis import TwoCohorts, compare_cohorts
from data_loaders import Cohort
from data_loaders.arrays import Bools

# Of names that only one cohort has: which are the same.
Same = Callable[[Sequence[str], Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True)
class AskedInBoth:
    """What was asked, in either cohort's own names.

    Parameters
    ----------
    filters, specs
        Which patients and groups, one a cohort.
    arrangement
        How the groups are shown.
    same
        Groups matched by hand: the second's name by the first's.
    settings
        Further keywords of the comparison.
    """

    filters: tuple[Filter, Filter]
    specs: tuple[GroupingSpec, GroupingSpec]
    arrangement: Arrangement = field(default_factory=Arrangement)
    same: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Both:
    """The same groups in both cohorts, and what was asked of either."""

    result: TwoCohorts
    asked: AskedInBoth


def put_to_both(  # noqa: PLR0917 - a question in its parts
    cohort: Cohort,
    other: Cohort,
    chosen: Filter,
    spec: GroupingSpec,
    grouping: Grouping,
    arrangement: Arrangement,
    *,
    endpoint_key: str = "",
    same: Same | None = None,
    saved: SavedGroups | None = None,
) -> Both:
    """Ask both cohorts what the first was asked.

    Parameters
    ----------
    grouping
        The groups that are compared in the first.
    same
        Says which groups of other names are the same; None where none are.
    saved
        Groups saved of the second cohort.

    Raises
    ------
    ValueError
        If the filter or the groups cannot be had in the second one.
    """
    selection = chosen.apply(cohort)
    matching = match_cohorts(cohort, other)
    theirs, where = matching.spec(spec, selection.mask), matching.filter(chosen)
    selections = (selection, where.apply(other))
    if not selections[1].n:
        raise GroupingError(f"The filter selects nobody in {other.name}.")
    masks = (selections[0].mask, selections[1].mask)
    there = arranged(theirs.build(other, masks[1], saved or {}), arrangement)
    alone = unmatched(grouping, there, masks)
    called = dict(same(*alone)) if same is not None and all(alone) else {}
    ours, others = matched(grouping, there, masks, called)
    settings: dict[str, Any] = {"endpoint_key": endpoint_key}
    asked = AskedInBoth((chosen, where), (spec, theirs), arrangement, called, settings)
    return Both(compare_cohorts(selections, (ours, others), **settings), asked)


def asked_of_both(
    cohort: Cohort,
    mask: Bools,  # noqa: ARG001 - the filter selects in either cohort
    *,
    other: Cohort,
    where: str,
    by: str,
    grouping: Grouping,
    arrangement: str = "{}",
    groups: Sequence[str] = (),
    same: Mapping[str, str] | None = None,
    endpoint_key: str = "",
    saved: SavedGroups | None = None,  # noqa: ARG001 - the grouping is made of them already
    saved_of_other: SavedGroups | None = None,
) -> Both:
    """As :func:`put_to_both`, of plain data.

    Parameters
    ----------
    where, by, arrangement
        The filter as JSON, the grouping as text, and how its groups are shown, as JSON.
    groups
        Which groups of the first are compared; none for all.
    same
        What the second cohort calls groups of other names.
    saved, saved_of_other
        Groups saved of the first and of the second cohort, where ``by`` names some.
    """
    return put_to_both(
        cohort, other, Filter.from_dict(json.loads(where)), GroupingSpec.parse(by),
        only_groups(grouping, groups) if groups else grouping,
        Arrangement.from_dict(json.loads(arrangement)), endpoint_key=endpoint_key,
        same=lambda *_: same or {}, saved=saved_of_other,
    )  # fmt: skip
