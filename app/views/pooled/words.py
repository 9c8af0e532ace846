"""What pooled counts say, in sentences; and how they came about."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from app.analysis.pooling import PooledEffect
from app.study.files.software import product
from app.study.wording import (
    count,
    format_p,
    format_percent_ci,
    format_ratio,
    format_years,
    mid_sentence,
    signed,
)
from app.views.pooled.analysis import PooledSurvival
from app.views.pooled.incidence import EVENT, PooledIncidence
from data_loaders.wording import listing

_LOW, _HIGH = 0.25, 0.5


def pooled_title(result: PooledSurvival | PooledIncidence, sites: int) -> str:
    """What is shown, and of how many."""
    many = f"{'' if result.exact else 'about '}{count(result.n, 'patient')}"
    if isinstance(result, PooledIncidence):
        what = f"Cumulative incidence of {mid_sentence(result.endpoint)}"
        return f"{what}, {sites} sites pooled, {many}"
    return f"{result.endpoint}, {sites} sites pooled, {many}"


def forest_title(result: PooledSurvival) -> str:
    """What the hazard ratios by site are of: which groups, how many patients and events."""
    about = "" if result.exact else "about "
    events = sum(curve.events for curve in result.curves.values())
    reference, other = result.compared
    return (
        f"{result.endpoint}: hazard ratio by site, {other} against {reference}, "
        f"{about}{count(result.n, 'patient')}, {about}{count(events, 'event')}"
    )


def releases_named(agreed: pd.DataFrame) -> str:
    """The releases by their sites, each with the beginning of its hash."""
    named = [f"{row.site} ({row.release})" for row in agreed.itertuples()]
    return f"the releases of {listing(named)}"


def pooled_reading(result: PooledSurvival) -> list[str]:
    """Sentences from rules: the curves, the test within sites, how far the sites differ."""
    said = []
    for name, curve in result.curves.items():
        at = curve.at([60.0 if curve.time[-1] >= 60 else 12.0]).iloc[0]
        if math.isnan(at["survival"]):
            continue
        share = format_percent_ci(at["survival"], at["lower"], at["upper"])
        said.append(
            f"{name}: {share} free of the event at {format_years(at['time'])}; "
            f"{count(curve.events, 'event')} in {count(curve.n, 'patient')}."
        )
    if result.test is not None and not math.isnan(result.test.p_value):
        said.append(
            f"Patients were compared within their site only ({mid_sentence(result.test.method)}): "
            f"{format_p(result.test.p_value)}."
        )
    if result.means is not None:
        said += [_mean(row) for row in result.means.to_dict("records")]
    if result.ratios is not None:
        one = result.ratios.iloc[0]
        said.append(
            f"Hazard ratio of {one['group']} against {one['reference']} in one Cox model with a "
            f"baseline for each site: {format_ratio(one['hr'], one['lower'], one['upper'])}, "
            f"{format_p(one['p_value'])}."
        )
    if result.together is not None:
        said += _effect(result.together, *result.compared)
    return said


def incidence_reading(result: PooledIncidence) -> list[str]:
    """Sentences from rules: how many have had the event, and Gray's test within sites."""
    said = []
    for name, curve in result.curves.items():
        found = curve.at([60.0 if curve.time[-1] >= 60 else 12.0])
        row = found[found["cause"] == EVENT]
        if len(row) and not math.isnan(row["incidence"].iloc[0]):
            at = row.iloc[0]
            share = format_percent_ci(at["incidence"], at["lower"], at["upper"])
            said.append(
                f"{name}: {share} had the event within {format_years(at['time'])}, the competing "
                f"event taken into account; {count(curve.events.get(EVENT, 0), 'event')} in "
                f"{count(curve.n, 'patient')}."
            )
    if result.test is not None:
        told = result.test.note or f"{format_p(result.test.p_value)}."
        said.append(
            f"Patients were compared within their site only ({mid_sentence(result.test.method)}): "
            f"{told}"
        )
    return said


def _mean(row: Mapping[Hashable, Any]) -> str:
    """The restricted mean of a group against that of the reference."""
    low, high = signed(row["lower"]), signed(row["upper"])
    span = f"{signed(row['difference'])} ({low} to {high})"
    return (
        f"Within {format_years(row['tau'])} {row['group']} were free of the event for "
        f"{row['rmst']:.1f} months on average, {row['reference']} for {row['rmst_reference']:.1f}: "
        f"a difference of {span} months."
    )


def _effect(together: PooledEffect, reference: str, other: str) -> list[str]:
    ratio = format_ratio(*np.exp([together.random, *together.random_limits]))
    said = [
        f"Hazard ratio of {other} against {reference} over {count(together.n, 'site')}: {ratio}, "
        "allowing for sites that differ."
    ]
    if together.n > 1:
        share = together.i_squared
        words = "little" if share < _LOW else "some" if share < _HIGH else "a good deal"
        said.append(
            f"The sites differ {words} more than chance explains (I² {share:.0%}, τ "
            f"{together.tau:.2f} on the log scale, Q {format_p(together.p_value)})."
        )
    if not math.isnan(together.prediction[0]):
        low, high = np.exp(together.prediction)
        said.append(f"In another such site it would lie between {low:.2f} and {high:.2f} (95%).")
    return said


# Held to the published cohorts by the tests.
GROUPING_COSTS = (
    "What half years cost by age in three published cohorts, beside exact times: survival at 1, 2 "
    "and 5 years up to 2.2 percentage points, a hazard ratio up to 0.3 standard errors, restricted "
    "means to 5 years up to 2.8 months too long and their difference up to 1.0; a median is the "
    "next point of the grid or the one after."
)


def pooled_notes(
    result: PooledSurvival | PooledIncidence, same: list[tuple[str, str]]
) -> list[str]:
    """What to know before reading it: what is exact, what is grouped, what is rounded."""
    notes = [f"{one} and {other} released the same data: they count twice." for one, other in same]
    if result.exact:
        notes.append(
            "Counts are exact. Times are grouped: who left between two points of the grid is "
            "counted at the later one, and all numbers are those of the pooled rows on this grid."
        )
    else:
        notes.append(
            "At least one site rounded its counts: curves and ratios are close, not exact, and an "
            "interval does not know of the rounding. Times are grouped by the grid."
        )
    notes.append(GROUPING_COSTS)
    left = {why: n for why, n in result.left_out.items() if n}
    if left:
        notes.append(
            "Not in the curves: " + ", ".join(f"{n:,} {why}" for why, n in left.items()) + "."
        )
    return notes


def pooled_methods(result: PooledSurvival | PooledIncidence, agreed: pd.DataFrame) -> str:
    """The methods paragraph."""
    rounded = agreed[agreed["rounding"] > 1]
    parts = [
        f"Event tables of {len(agreed)} sites ({', '.join(agreed['site'])}) were pooled; no row of "
        "a patient left a site."
    ]
    if isinstance(result, PooledIncidence):
        parts.append(
            f"The cumulative incidence of {mid_sentence(result.endpoint)} was estimated after "
            "Aalen and Johansen from the sums of events, competing events and censored at each "
            "point of the common grid (Gray's variance, 95% log-log band)."
        )
    else:
        parts.append(
            f"{result.endpoint} was estimated by Kaplan-Meier from the sums of events and censored "
            "at each point of the common grid (Greenwood's standard error, 95% log-log band)."
        )
    sealed = int((agreed["signed"] == "signed, unaltered").sum())
    if sealed:
        parts.append(
            f"{sealed} of the {len(agreed)} releases were signed with an agreed key (HMAC-SHA256) "
            "and unaltered."
        )
    if len(rounded):
        parts.append(
            f"{count(len(rounded), 'site')} rounded cumulative counts to multiples of "
            f"{', '.join(map(str, sorted(set(rounded['rounding']))))} and left out groups below "
            f"{', '.join(map(str, sorted(set(rounded['minimum']))))} patients."
        )
    if result.test is not None:
        parts.append(f"Groups were compared by a {mid_sentence(result.test.method)}.")
    if isinstance(result, PooledIncidence):
        return " ".join([*parts, f"{product()}."])
    if result.means is not None:
        horizon = format_years(result.means["tau"].iloc[0])
        parts.append(
            f"Restricted means are areas under the pooled curves to {horizon}, their "
            "differences with Wald intervals (Royston and Parmar 2013)."
        )
    if result.effects is not None:
        parts.append(
            "Within each site the hazard ratio is that of a Cox model of its counts (Efron ties); "
            "sites were combined by random effects (DerSimonian and Laird 1986) with I² (Higgins "
            "and Thompson 2002) and a prediction interval (Higgins et al. 2009)."
        )
    if result.ratios is not None:
        parts.append(
            "Over all sites it is that of a Cox model stratified by site (Efron ties), beside it "
            "by Breslow's ties, the exact partial likelihood for grouped times (Cox 1972) and one "
            "step of the score (Yusuf et al. 1985)."
        )
    return " ".join([*parts, f"{product()}."])
