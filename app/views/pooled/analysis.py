"""Survival of several sites' patients from their releases: pooled, and site by site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from app.analysis.pooling import PooledEffect, peto_by_site, pooled_effect
from app.analysis.survival import (
    KaplanMeier,
    LogrankResult,
    kaplan_meier_from_events,
    logrank_from_events,
)
from app.cohort.colours import assign_colours
from app.cohort.filters import Filter
from app.cohort.tally import Release, ReleasePolicy, TallyError, pool, tally_of
from data_loaders import Cohort

EVERYONE = "All patients"
_FEWEST, _MOST_SITES = 30, 12


@dataclass(frozen=True, eq=False)
class PooledSurvival:
    """What the sites' counts say together.

    Attributes
    ----------
    endpoint
        Its label.
    curves
        By group, all sites together.
    site_curves
        By site, all groups together.
    colours
        By group.
    test
        Of the groups, stratified by site; None with fewer than two groups, or where there is no
        test.
    compared
        Of two groups the reference and the other; empty otherwise.
    effects
        Hazard ratio of the other against the reference within each site; None otherwise.
    together
        These taken together; None where no site has one.
    left_out
        Patients without follow-up or group, by reason.
    exact
        Whether every site's counts are exact.
    synthetic
        Whether any site's patients are simulated.
    """

    endpoint: str
    curves: Mapping[str, KaplanMeier]
    site_curves: Mapping[str, KaplanMeier]
    colours: Mapping[str, str]
    test: LogrankResult | None
    compared: tuple[str, ...]
    effects: pd.DataFrame | None
    together: PooledEffect | None
    left_out: Mapping[str, int]
    exact: bool
    synthetic: bool

    @property
    def n(self) -> int:
        """Patients in the curves, as the sites tell it."""
        return sum(curve.n for curve in self.curves.values())


def pooled_survival(
    releases: Sequence[Release], endpoint: str, group: str | None = None
) -> PooledSurvival:
    """Pool the event tables of an endpoint, by groups if asked.

    Raises
    ------
    TallyError
        If a release does not hold it, or the sites' grids of follow-up differ.
    ValueError
        If nobody is in any group.
    """
    grids = [release.content["policy"]["grid"] for release in releases]
    shortest = min(map(len, grids))
    if any(grid[:shortest] != grids[0][:shortest] for grid in grids):
        raise TallyError(
            "The sites counted follow-up on different grids: agree on one and release again."
        )
    table = pool(releases).events(common_filter(releases), endpoint, group, by_site=True)
    names = [str(name) for name in table["group"].cat.categories]
    own = {name: table[table["group"] == name] for name in names}
    curves = {name: kaplan_meier_from_events(part) for name, part in own.items() if len(part)}
    sites = {
        str(site): kaplan_meier_from_events(part)
        for site, part in table.groupby("site", sort=False)
    }
    test = effects = together = None
    compared: tuple[str, ...] = ()
    if len(curves) > 1:
        test = logrank_from_events(table)
    if len(curves) == 2:
        reference = table.attrs["reference"]
        compared = tuple(sorted(curves, key=lambda name: name != reference))
        effects = peto_by_site(table, reference)
        if effects["log_hr"].notna().any():
            together = pooled_effect(
                effects["log_hr"].to_numpy(dtype=np.float64),
                effects["std_error"].to_numpy(dtype=np.float64),
            )
    return PooledSurvival(
        endpoint=str(releases[0].endpoints[endpoint]["label"]),
        curves={EVERYONE: curves[names[0]]} if group is None else curves,
        site_curves=sites,
        colours=dict(zip(names, assign_colours(names), strict=True))
        if group is not None
        else {EVERYONE: assign_colours([EVERYONE])[0]},
        test=test,
        compared=compared,
        effects=effects,
        together=together,
        left_out=table.attrs["left_out"],
        exact=all(release.content["policy"]["rounding"] == 1 for release in releases),
        synthetic=any(release.synthetic for release in releases),
    )


def agreement(releases: Sequence[Release]) -> pd.DataFrame:
    """What each site released and how: a row a site.

    Returns
    -------
    DataFrame
        site, patients (-1 where hidden), made, minimum, rounding, endpoints, groups, same_patients
        (the site whose data have the same fingerprint, else empty).
    """
    seen: dict[str, str] = {}
    rows = []
    for release in releases:
        content = release.content
        held = content["events"]
        rows.append(
            {
                "site": release.name,
                "patients": int(content["counts"][0]["table"]["n"][0]),
                "made": content["made"],
                "minimum": content["policy"]["minimum"],
                "rounding": content["policy"]["rounding"],
                "endpoints": tuple(e["label"] for e in release.endpoints.values()),
                "groups": tuple(dict.fromkeys(e["group"] for e in held if e["group"])),
                "same_patients": seen.get(content["fingerprint"], ""),
            }
        )
        seen.setdefault(content["fingerprint"], release.name)
    return pd.DataFrame(rows)


def common_filter(releases: Sequence[Release]) -> Filter:
    """The patients that every site selected.

    Raises
    ------
    TallyError
        If they selected different ones.
    """
    selected = [Filter.from_dict(release.content["counts"][0]["filter"]) for release in releases]
    for release, other in zip(releases, selected, strict=True):
        if other != selected[0]:
            raise TallyError(
                f"{releases[0].name} released {selected[0].describe()}, {release.name} "
                f"{other.describe()}: agree on whom to count and release again."
            )
    return selected[0]


def shared_questions(releases: Sequence[Release]) -> dict[str, list[str | None]]:
    """What every site can answer: groupings by endpoint, None for no groups first."""
    asked = [{(held["endpoint"], held["group"]) for held in r.content["events"]} for r in releases]
    both = set.intersection(*asked) if asked else set()
    order = [(h["endpoint"], h["group"]) for h in releases[0].content["events"]] if releases else []
    found: dict[str, list[str | None]] = {}
    for endpoint, group in order:
        if (endpoint, group) in both:
            found.setdefault(endpoint, []).append(group)
    return found


def centres_of(cohort: Cohort, column: str) -> dict[str, Cohort]:
    """The centres of one cohort as if each were a hospital of its own: an example.

    Centres of fewer than 30 patients are passed over.
    """
    codes, values = cohort.factor(column)
    inside = {str(value): codes == place for place, value in enumerate(values[:_MOST_SITES])}
    return {
        name: cohort.subset(who, name) for name, who in inside.items() if int(who.sum()) >= _FEWEST
    }


def releases_by_centre(
    cohort: Cohort, column: str, policy: ReleasePolicy, groups: Sequence[str], made: date
) -> list[Release]:
    """The centres of one cohort as if each had released its own counts: an example."""
    return [
        tally_of(own).release(policy, site=name, made=made, groups=groups)
        for name, own in centres_of(cohort, column).items()
    ]
