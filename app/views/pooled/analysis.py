"""Survival of several sites' patients from their releases: pooled, and site by site."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd

from app.analysis.pooling import FEWEST_SITES, PooledEffect, cox_by_site, pooled_effect
from app.analysis.survival import (
    KaplanMeier,
    LogrankResult,
    kaplan_meier_from_events,
    logrank_from_events,
    longest_common_time,
    rmst_differences,
)
from app.cohort.colours import assign_colours
from app.cohort.filters import Filter
from app.cohort.tally import Release, ReleasePolicy, TallyError, digest_of, pool, tally_of
from app.views.survival.curves.shape import ratios_of
from data_loaders import Cohort
from data_loaders.wording import listing

EVERYONE = "All patients"
_FEWEST, _MOST_SITES = 30, 12
# Months that restricted means may reach to; the last that all curves reach is taken.
_HORIZONS = (12.0, 24.0, 60.0, 120.0)


@dataclass(frozen=True, eq=False)
class PooledSurvival:
    """What the sites' counts say together.

    Attributes
    ----------
    test
        Of the groups, stratified by site; None with fewer than two groups, or where there is no
        test.
    compared
        Of two groups the reference and the other; empty otherwise.
    effects
        Hazard ratio of the other against the reference within each site; None otherwise.
    together
        These taken together; None where no site has one.
    ratios
        One hazard ratio for all sites, each with a baseline of its own, as
        :func:`app.analysis.competing_risks.hazard_ratios_from_events` gives it; None otherwise.
    means
        Restricted mean survival times of the groups and their differences from the reference, as
        :func:`app.analysis.survival.rmst_differences` gives them; None with fewer than two groups.
    exact
        Whether every site's counts are exact.
    """

    endpoint: str
    curves: Mapping[str, KaplanMeier]
    site_curves: Mapping[str, KaplanMeier]
    colours: Mapping[str, str]
    test: LogrankResult | None
    compared: tuple[str, ...]
    effects: pd.DataFrame | None
    together: PooledEffect | None
    ratios: pd.DataFrame | None
    means: pd.DataFrame | None
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
    table, names = pooled_events(releases, endpoint, group)
    own = {name: table[table["group"] == name] for name in names}
    curves = {name: kaplan_meier_from_events(part) for name, part in own.items() if len(part)}
    sites = {
        str(site): kaplan_meier_from_events(part)
        for site, part in table.groupby("site", sort=False)
    }
    test = effects = together = means = ratios = None
    compared: tuple[str, ...] = ()
    if len(curves) > 1:
        test = logrank_from_events(table)
        base = table.attrs["reference"] if table.attrs["reference"] in curves else names[0]
        by_name = cast("Mapping[Hashable, KaplanMeier]", curves)
        last = longest_common_time(by_name)
        horizon = max((months for months in _HORIZONS if months <= last), default=last)
        means = rmst_differences(by_name, horizon, base)
    if len(curves) == 2:
        reference = table.attrs["reference"]
        compared = tuple(sorted(curves, key=lambda name: name != reference))
        effects = cox_by_site(table, reference)
        ratios = ratios_of(table, reference)
        if effects["log_hr"].notna().any():
            together = pooled_effect(
                effects["log_hr"].to_numpy(dtype=np.float64),
                effects["std_error"].to_numpy(dtype=np.float64),
            )
    return PooledSurvival(
        endpoint=str(releases[0].endpoints[endpoint]["label"]),
        curves={EVERYONE: curves[names[0]]} if group is None else curves,
        site_curves=sites,
        colours=colours_of(names, group),
        test=test,
        compared=compared,
        effects=effects,
        together=together,
        ratios=ratios,
        means=means,
        left_out=table.attrs["left_out"],
        exact=are_exact(releases),
        synthetic=any(release.synthetic for release in releases),
    )


def pooled_events(
    releases: Sequence[Release], endpoint: str, group: str | None
) -> tuple[pd.DataFrame, list[str]]:
    """The event tables of all sites in one, and the names of the groups.

    Raises
    ------
    TallyError
        If there are fewer than three sites, a release does not hold it, or the sites' grids of
        follow-up differ.
    """
    if len(releases) < FEWEST_SITES:
        raise TallyError(
            f"Pooling needs at least {FEWEST_SITES} sites: of two, each could take its own counts "
            "away and have the other's."
        )
    grids = [release.content["policy"]["grid"] for release in releases]
    shortest = min(map(len, grids))
    if any(grid[:shortest] != grids[0][:shortest] for grid in grids):
        raise TallyError(
            "The sites counted follow-up on different grids: agree on one and release again."
        )
    table = pool(releases).events(common_filter(releases), endpoint, group, by_site=True)
    return table, [str(name) for name in table["group"].cat.categories]


def colours_of(names: Sequence[str], group: str | None) -> dict[str, str]:
    """A colour for each group; for everyone together without groups."""
    shown = [EVERYONE] if group is None else list(names)
    return dict(zip(shown, assign_colours(shown), strict=True))


def are_exact(releases: Sequence[Release]) -> bool:
    """Whether every site's counts are exact."""
    return all(release.content["policy"]["rounding"] == 1 for release in releases)


def agreement(releases: Sequence[Release]) -> pd.DataFrame:
    """What each site released and how: a row a site.

    Returns
    -------
    DataFrame
        site, patients (-1 where hidden), made, minimum, rounding, signed (in words), endpoints,
        groups, same_patients (the site whose data have the same fingerprint, else empty),
        release (the beginning of its hash, under which the site's own record has it).
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
                "signed": release.seal.words,
                "endpoints": tuple(e["label"] for e in release.endpoints.values()),
                "groups": tuple(dict.fromkeys(e["group"] for e in held if e["group"])),
                "same_patients": seen.get(content["fingerprint"], ""),
                "release": digest_of(content)[:12],
            }
        )
        seen.setdefault(content["fingerprint"], release.name)
    return pd.DataFrame(rows)


def differences(releases: Sequence[Release]) -> list[str]:
    """Where the sites' definitions do not agree, as sentences; what is not named agrees."""
    said = []
    ends: dict[str, dict[str, dict[str, Any]]] = {}
    units: dict[str, dict[str, str]] = {}
    for release in releases:
        for key, held in release.endpoints.items():
            ends.setdefault(key, {})[release.name] = held
        for name, held in release.content.get("variables", {}).items():
            units.setdefault(name, {})[release.name] = f"{held['kind']} {held['unit']}".strip()
    for key, by_site in ends.items():
        labels = sorted({held["label"] for held in by_site.values()})
        if len(labels) > 1:
            said.append(f"The endpoint {key} is called {listing(labels)}: check what is meant.")
        competing = [site for site, held in by_site.items() if held["competing"]]
        if competing and len(competing) < len(by_site):
            said.append(f"{labels[0]} has a competing event only at {listing(competing)}.")
        absent = [release.name for release in releases if release.name not in by_site]
        if absent:
            said.append(f"{labels[0]} is not released by {listing(absent)}, so it is not pooled.")
    for name, told_by in units.items():
        if len(set(told_by.values())) > 1:
            told = listing([f"{what} at {site}" for site, what in told_by.items()])
            said.append(f"{name} is {told}: it is shown by site and not pooled.")
    return said


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
        name: cohort.subset(who, name)
        for name, who in sorted(inside.items())
        if int(who.sum()) >= _FEWEST
    }


def releases_by_centre(
    cohort: Cohort, column: str, policy: ReleasePolicy, groups: Sequence[str], made: date
) -> list[Release]:
    """The centres of one cohort as if each had released its own counts: an example."""
    return [
        tally_of(own).release(policy, site=name, made=made, groups=groups)
        for name, own in centres_of(cohort, column).items()
    ]
