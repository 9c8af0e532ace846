"""Several tallies answered as one: the sum of what each site counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from app.cohort.filters import Filter
from app.cohort.groupings import CUT, MEDIAN, OPTIMAL, QUARTILES, TERTILES, Cut, GroupingSpec
from app.cohort.tally._events import COUNTS
from app.cohort.tally._tally import N, Tally, TallyError

SITE = "site"


@dataclass(frozen=True, eq=False)
class PooledTally:
    """Sites taken together; see :class:`Tally`. Counts are exact where each site's are."""

    sites: Mapping[str, Tally]

    @property
    def name(self) -> str:
        """The names of all sites."""
        return " + ".join(self.sites)

    def counts(self, selected: Filter | None = None, by: Sequence[str] = ()) -> pd.DataFrame:
        """See :meth:`Tally.counts`; ``site`` may be among ``by``."""
        inner = [name for name in by if name != SITE]
        for name in inner:
            _same_everywhere(name)
        parts = [
            tally.counts(selected, inner).assign(**{SITE: site})
            for site, tally in self.sites.items()
        ]
        table = pd.concat(parts, ignore_index=True)
        if not by:
            return pd.DataFrame({N: [int(table[N].sum())]})
        return table.groupby(list(by), sort=True)[N].sum().reset_index()

    def events(
        self,
        selected: Filter | None,
        endpoint: str,
        group: GroupingSpec | str | None = None,
        grid: Sequence[float] | None = None,
        *,
        by_site: bool = False,
    ) -> pd.DataFrame:
        """See :meth:`Tally.events`.

        Parameters
        ----------
        by_site
            Keep the sites apart in a column ``site``, as a stratified test needs them.
        """
        if group is not None:
            _same_everywhere(str(group))
        parts = {
            site: tally.events(selected, endpoint, group, grid)
            for site, tally in self.sites.items()
        }
        groups = [part["group"].cat.categories for part in parts.values()]
        left_out: dict[str, int] = {}
        for part in parts.values():
            for reason, n in part.attrs["left_out"].items():
                left_out[reason] = left_out.get(reason, 0) + n
        table = pd.concat(
            [
                part.assign(group=part["group"].astype(str), site=site)
                for site, part in parts.items()
            ],
            ignore_index=True,
        )
        table["group"] = pd.Categorical(
            table["group"], list(dict.fromkeys(chain(*groups))), ordered=True
        )
        if not by_site:
            held = table.groupby(["group", "time"], observed=True, sort=True)[list(COUNTS)]
            table = held.sum().reset_index()
        table.attrs["left_out"] = left_out
        table.attrs["reference"] = next(iter(parts.values())).attrs["reference"]
        return table

    def moments(
        self,
        selected: Filter | None,
        variables: Sequence[str],
        bins: Mapping[str, Sequence[float]] | None = None,
    ) -> pd.DataFrame:
        """See :meth:`Tally.moments`."""
        parts = [tally.moments(selected, variables, bins) for tally in self.sites.values()]
        table = parts[0].copy()
        for column in (N, "missing", "sum", "sum_squares"):
            table[column] = np.sum([part[column].to_numpy() for part in parts], axis=0)
        table["histogram"] = [
            tuple(int(n) for n in np.sum(held, axis=0))
            for held in zip(*(part["histogram"] for part in parts), strict=True)
        ]
        return table

    def features(self, selected: Filter | None = None) -> pd.DataFrame:
        """See :meth:`Tally.features`; a site that has no such alteration tested nobody for it."""
        table = pd.concat(
            [tally.features(selected) for tally in self.sites.values()], ignore_index=True
        )
        return (
            table.groupby(["feature", "kind"], sort=False)[["tested", "altered"]]
            .sum()
            .reset_index()
        )


def pool(tallies: Sequence[Tally]) -> PooledTally:
    """Take several sites together.

    Raises
    ------
    TallyError
        If there is none, or two have the same name, by which they could not be told apart.
    """
    names = [tally.name for tally in tallies]
    if not names:
        raise TallyError("There is no site to pool: give at least one tally.")
    if doubled := {name for name in names if names.count(name) > 1}:
        raise TallyError(
            f"Two sites are called {min(doubled)}: give each a name of its own, so that no site is "
            "counted twice."
        )
    return PooledTally(dict(zip(names, tallies, strict=True)))


def _same_everywhere(group: str) -> None:
    """Refuse limits that every site would draw at other values."""
    kind, _, name = group.partition(":")
    if kind == CUT and Cut.parse(name).rule in (MEDIAN, TERTILES, QUARTILES, OPTIMAL):
        raise TallyError(
            "Each site has a median of its own: cut at values that are the same everywhere, such "
            f"as cut:{Cut.parse(name).column}@60."
        )
