"""What a database's counts say, in sentences; and how they came about."""

from __future__ import annotations

import math
from collections.abc import Iterator

from app.cohort.groupings import MIN_GROUP_FOR_TEST
from app.study.files.software import made_with
from app.study.wording import (
    count,
    format_p,
    format_percent_ci,
    format_ratio,
    format_time,
    format_time_ci,
    listing,
    signed,
)
from app.views.pooled.database.analysis import DatabaseAlterations, DatabaseOutcome

NOT_HERE = (
    "Asked of the database: curves, competing risks, tests and hazard ratios of groups, "
    "frequencies and pairs of alterations, table one. Cox models with numbers, genomic subgroups, "
    "prognostic scores and transplant timing need rows: draw a random sample for them."
)
_YEARS = 60.0


def outcome_title(result: DatabaseOutcome) -> str:
    """What is shown, by what, and of how many."""
    by = f" by {result.label}" if result.label else ""
    return f"{result.endpoint.label}{by}, {count(result.n, 'patient')}"


def outcome_reading(result: DatabaseOutcome) -> list[str]:
    """Sentences from rules: each curve at five years, its median, tests and effects."""
    return [*_curves(result), *_tests(result), *_restricted_means(result)]


def _curves(result: DatabaseOutcome) -> Iterator[str]:
    what = result.endpoint.event_label
    for name, curve in result.curves.items():
        many = f"{count(curve.events, 'event')} in {count(curve.n, 'patient')}"
        incidence = result.incidences.get(name)
        if incidence is not None:
            at = incidence.at(_YEARS)
            row = at[at["cause"] == 1].squeeze()
            if len(row) and not math.isnan(row["incidence"]):
                share = format_percent_ci(row["incidence"], row["lower"], row["upper"])
                yield f"{name}: {share} had {what} within 5 years; {many}."
            continue
        row = curve.at(_YEARS).iloc[0]
        if not math.isnan(row["survival"]):
            share = format_percent_ci(row["survival"], row["lower"], row["upper"])
            median = format_time_ci(curve.median, *curve.median_ci, "years")
            yield (
                f"{name}: {share} without {what} at 5 years, {int(row['n_risk']):,} still at risk; "
                f"{many}, median {median} years."
            )


def _tests(result: DatabaseOutcome) -> Iterator[str]:
    for label, test in (("Gray's test", result.gray), ("Log-rank test", result.logrank)):
        if test is not None and not math.isnan(test.p_value):
            yield f"{label} of the groups: {format_p(test.p_value)}."
    if result.cox is None:
        return
    for row in result.cox.summary.itertuples():
        ratio = format_ratio(row.hr, row.lower, row.upper)
        yield f"Hazard ratio of {row.group} against {result.cox.reference}: {ratio}."
    if result.cox.ph_p_value is not None:
        yield f"Test of proportional hazards: {format_p(result.cox.ph_p_value)}."


def _restricted_means(result: DatabaseOutcome) -> Iterator[str]:
    if result.rmst is None:
        return
    over = f"{format_time(result.tau, 'years')} years"
    for row in result.rmst.itertuples():
        if not math.isnan(row.lower):
            apart = f"{signed(row.difference)} months ({signed(row.lower)} to {signed(row.upper)})"
            yield f"Restricted mean over {over} of {row.group} against {row.reference}: {apart}."


def outcome_notes(result: DatabaseOutcome) -> list[str]:
    """What to know before reading it."""
    notes = [result.note] if result.note else []
    if result.left_out:
        left = listing([f"{n:,} {why}" for why, n in result.left_out.items()])
        notes.append(f"Not in the curves: {left}.")
    small = [name for name, curve in result.curves.items() if curve.n < MIN_GROUP_FOR_TEST]
    if small:
        notes.append(
            f"In no test, with fewer than {MIN_GROUP_FOR_TEST} patients: {listing(small)}."
        )
    return notes


def outcome_methods(result: DatabaseOutcome, source: str, patients: str) -> str:
    """The methods paragraph."""
    parts = [
        f"Patients ({patients}) were counted where their rows lie ({source}): by group, distinct "
        "time and end of follow-up, and estimates from these counts are those of the rows. What "
        "the columns mean was decided on a random sample and on the values that each column has.",
        f"{result.endpoint.label} was estimated "
        + (
            "by Aalen-Johansen cumulative incidence (log-log intervals)."
            if result.incidences
            else "by Kaplan-Meier (Greenwood's standard error, 95% log-log band)."
        ),
    ]
    tests = [test.method for test in (result.gray, result.logrank) if test is not None]
    if tests:
        parts.append(f"Groups were compared by {listing(tests)}.")
    if result.cox is not None:
        parts.append(f"Hazard ratios are of a {result.cox.method}.")
    if result.rmst is not None:
        parts.append(
            "Restricted means were compared over "
            f"{format_time(result.tau, 'years')} years (Royston and Parmar 2013)."
        )
    return " ".join([*parts, made_with()])


def alterations_reading(result: DatabaseAlterations) -> list[str]:
    """The most frequent alterations, and the pairs that occur together most unlike chance."""
    first = result.frequencies[result.frequencies["altered"] > 0].head(3)
    said = [
        f"{result.labels[row.feature]}: {row.altered:,} of {row.tested:,} tested, "
        f"{format_percent_ci(row.frequency, row.lower, row.upper)}."
        for row in first.itertuples()
    ]
    told = result.pairs[result.pairs["q_value"] < 0.05].sort_values("q_value").head(3)
    for row in told.itertuples():
        way = "together more" if row.odds_ratio > 1 else "together less"
        pair = f"{result.labels[row.a]} and {result.labels[row.b]}"
        ratio = format_ratio(row.odds_ratio, row.lower, row.upper)
        said.append(f"{pair} occur {way} often than by chance: odds ratio {ratio}.")
    return said
