"""Cumulative incidence of several sites' patients from their releases: pooled, and site by site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.analysis.competing_risks import (
    CumulativeIncidence,
    GrayTest,
    cumulative_incidence_from_events,
    gray_test_from_events,
)
from app.cohort.tally import Release
from app.views.pooled.analysis import EVERYONE, are_exact, colours_of, pooled_events

EVENT = 1


@dataclass(frozen=True, eq=False)
class PooledIncidence:
    """What the sites' counts say of an event that others compete with.

    Attributes
    ----------
    test
        Gray's, of the groups, stratified by site; None with fewer than two groups or late entries.
    """

    endpoint: str
    curves: Mapping[str, CumulativeIncidence]
    site_curves: Mapping[str, CumulativeIncidence]
    colours: Mapping[str, str]
    test: GrayTest | None
    left_out: Mapping[str, int]
    exact: bool
    synthetic: bool

    @property
    def n(self) -> int:
        """Patients in the curves, as the sites tell it."""
        return sum(curve.n for curve in self.curves.values())


def competes_everywhere(releases: Sequence[Release], endpoint: str) -> bool:
    """Whether every site counts competing events of an endpoint."""
    return all(release.endpoints[endpoint]["competing"] for release in releases)


def pooled_incidence(
    releases: Sequence[Release], endpoint: str, group: str | None = None
) -> PooledIncidence:
    """Pool the event tables of an endpoint with competing events, by groups if asked.

    Raises
    ------
    TallyError
        As :func:`app.views.pooled.analysis.pooled_events`.
    ValueError
        If nobody is in any group.
    """
    table, names = pooled_events(releases, endpoint, group)
    own = {name: table[table["group"] == name] for name in names}
    curves = {name: cumulative_incidence_from_events(t) for name, t in own.items() if len(t)}
    # Gray's test is of patients who were all followed from the start.
    late = bool((table.loc[table["time"] > 0, "entered"] > 0).any())
    return PooledIncidence(
        endpoint=str(releases[0].endpoints[endpoint]["label"]),
        curves={EVERYONE: curves[names[0]]} if group is None else curves,
        site_curves={
            str(site): cumulative_incidence_from_events(part)
            for site, part in table.groupby("site", sort=False)
        },
        colours=colours_of(names, group),
        test=gray_test_from_events(table) if len(curves) > 1 and not late else None,
        left_out=table.attrs["left_out"],
        exact=are_exact(releases),
        synthetic=any(release.synthetic for release in releases),
    )
