"""Which genomic subgroups groups of patients are made of: the search, and the shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from app.analysis.subgroups import Quality, SubgroupResult
from app.cohort.groupings import Grouping, only_groups
from app.views.compare.analysis import composition
from app.views.subgroups.analysis import KINDS, SubgroupsFound, found_of, subgroups_of
from data_loaders import Cohort
from data_loaders.arrays import Bools


@dataclass(frozen=True, eq=False)
class Composed:
    """Groups made up of genomic subgroups.

    Attributes
    ----------
    grouping, mask
        The groups, and whom they divide.
    found
        What the search found in the patients selected.
    shares
        From :func:`app.views.compare.analysis.composition`.
    """

    grouping: Grouping
    mask: Bools
    found: SubgroupsFound
    shares: pd.DataFrame

    @classmethod
    def of(cls, grouping: Grouping, mask: Bools, found: SubgroupsFound) -> Composed:
        """The shares of what was found."""
        return cls(grouping, mask, found, composition(grouping, found.shown.grouping, mask))


def composed(
    cohort: Cohort,
    mask: Bools,
    *,
    grouping: Grouping,
    groups: Sequence[str] = (),
    kinds: Sequence[str] = tuple(KINDS),
    quality: Quality = "standard",
    seed: int = 0,
    names: Mapping[str, str] | None = None,
) -> Composed:
    """Search for genomic subgroups, and say what groups of patients are made of.

    Parameters
    ----------
    groups
        Which groups are compared; none for all.
    kinds, quality, seed, names
        Of the search, see :func:`app.views.subgroups.analysis.subgroups_of`.

    Raises
    ------
    SubgroupError
        If there is nothing to find subgroups in.
    """
    found = subgroups_of(
        cohort, mask, kinds=kinds, quality=quality, seed=seed, evidence=False, names=names
    )
    return Composed.of(only_groups(grouping, groups) if groups else grouping, mask, found)


def composed_of(
    cohort: Cohort,
    mask: Bools,
    result: SubgroupResult,
    *,
    grouping: Grouping,
    groups: Sequence[str] = (),
    kinds: Sequence[str] = tuple(KINDS),
    names: Mapping[str, str] | None = None,
) -> Composed:
    """As :func:`composed`, of what a search found already."""
    found = found_of(cohort, mask, result, kinds=kinds, names=names)
    return Composed.of(only_groups(grouping, groups) if groups else grouping, mask, found)
