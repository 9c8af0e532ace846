"""Survival of the groups of a cohort: curves, test, who was left out, and what it says in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.survival import (
    ConfType,
    KaplanMeier,
    administrative_censoring,
    kaplan_meier,
    logrank_test,
    pairwise_logrank,
    risk_table,
)
from app.analysis.wording import (
    MONTHS_PER_YEAR,
    TimeUnit,
    count,
    format_p,
    format_percent_ci,
    format_time_ci,
    listing,
)
from app.cohort.colours import BLUE
from app.cohort.groupings import Grouping
from data_loaders import Cohort, CohortError, Endpoint

MIN_GROUP_FOR_TEST = 10
YEARS = (1, 3, 5)


@dataclass(frozen=True)
class GroupCurve:
    """One group's Kaplan-Meier curve; ``km`` is None where the group has nobody to follow."""

    name: str
    colour: str
    km: KaplanMeier | None

    @property
    def n(self) -> int:
        """Patients followed."""
        return 0 if self.km is None else self.km.n

    @property
    def events(self) -> int:
        """Events among them."""
        return 0 if self.km is None else self.km.events


@dataclass(frozen=True, eq=False)
class GroupSurvival:
    """Survival by group.

    Parameters
    ----------
    endpoint
        What was followed.
    label
        What the groups are groups of; empty for everyone together.
    curves
        One a group, in order, empty ones included.
    p_value
        Log-rank over the groups that have anybody; None where it was withheld or there is nothing
        to compare, and ``p_note`` says why.
    test_method
        How the p-value was computed, in words.
    pairwise
        Log-rank of every pair with Holm's adjustment, or None: a, b, p_value, p_adjusted.
    selected, analysed
        Patients selected, and those of them in the curves.
    left_out
        Why the others are not: reason to number.
    limit
        Time limit in months (administrative censoring), or None.
    notes
        What a reader must know before reading the figure, one sentence each.
    """

    endpoint: Endpoint
    label: str
    curves: tuple[GroupCurve, ...]
    p_value: float | None
    p_note: str
    test_method: str
    pairwise: pd.DataFrame | None
    selected: int
    analysed: int
    left_out: dict[str, int]
    limit: float | None
    notes: tuple[str, ...]
    times: npt.NDArray[np.float64]
    events: npt.NDArray[np.float64]
    groups: npt.NDArray[np.int16]

    @property
    def drawn(self) -> tuple[GroupCurve, ...]:
        """The groups that have a curve."""
        return tuple(curve for curve in self.curves if curve.km is not None)

    @property
    def n_events(self) -> int:
        """Events in all groups."""
        return sum(curve.events for curve in self.curves)

    @property
    def last_time(self) -> float:
        """End of the longest follow-up in months, or the time limit."""
        return float(self.times.max()) if len(self.times) else 0.0

    def risk_table(self, ticks: npt.NDArray[np.floating]) -> pd.DataFrame:
        """At risk, cumulative events and censored at the ticks (months), by group name."""
        names = np.array([curve.name for curve in self.curves], dtype=object)
        return risk_table(self.times, self.events, ticks, groups=names[self.groups])


def survival_by_group(
    cohort: Cohort,
    mask: npt.NDArray[np.bool_],
    endpoint_key: str,
    grouping: Grouping | None = None,
    *,
    limit: float | None = None,
    conf_type: ConfType = "log-log",
) -> GroupSurvival:
    """Kaplan-Meier curves, log-rank test and accounting of the selected patients by group.

    Parameters
    ----------
    cohort
        The cohort.
    mask
        The patients selected.
    endpoint_key
        Which endpoint.
    grouping
        Groups to compare; None for everyone together.
    limit
        Time in months at which follow-up ends for the purpose of every number.
    conf_type
        Scale of the confidence band.

    Raises
    ------
    CohortError
        If the cohort has no such endpoint.
    """
    endpoint = cohort.endpoints.get(endpoint_key)
    if endpoint is None:
        raise CohortError(
            f"This cohort has no endpoint called {endpoint_key}; it needs a pair of columns with a "
            "time and an event."
        )
    time = cohort.patients[endpoint.time].to_numpy(dtype=float, na_value=np.nan)
    event = cohort.patients[endpoint.event].to_numpy(dtype=float, na_value=np.nan)
    everyone = np.zeros(cohort.n, dtype=np.int16)
    codes = everyone if grouping is None else grouping.codes
    known = ~(np.isnan(time) | np.isnan(event))
    used = mask & known & (codes >= 0)
    selected = int(np.count_nonzero(mask))
    left_out = {} if grouping is None else grouping.left_out(mask)
    unknown = int(np.count_nonzero(mask & (codes >= 0) & ~known))
    if unknown:
        left_out[f"{endpoint.label.lower()} not recorded"] = unknown
    times, events, groups = time[used], event[used], codes[used]
    if limit is not None and len(times):
        times, events = administrative_censoring(times, events, limit)
    names = ("All patients",) if grouping is None else grouping.names
    colours = (BLUE,) if grouping is None else grouping.colours
    curves = tuple(
        _curve(name, colour, times[groups == code], events[groups == code], conf_type)
        for code, (name, colour) in enumerate(zip(names, colours, strict=True))
    )
    p_value, p_note, method = _overall_test(curves, times, events, groups)
    return GroupSurvival(
        endpoint=endpoint,
        label="" if grouping is None else grouping.label,
        curves=curves,
        p_value=p_value,
        p_note=p_note,
        test_method=method,
        pairwise=_pairs(curves, times, events, groups) if p_value is not None else None,
        selected=selected,
        analysed=len(times),
        left_out=left_out,
        limit=limit,
        notes=_notes(endpoint, curves, grouping),
        times=times,
        events=events,
        groups=groups,
    )


def _curve(
    name: str,
    colour: str,
    times: npt.NDArray[np.float64],
    events: npt.NDArray[np.float64],
    conf_type: ConfType,
) -> GroupCurve:
    if not len(times):
        return GroupCurve(name, colour, None)
    return GroupCurve(name, colour, kaplan_meier(times, events, conf_type=conf_type))


def _overall_test(
    curves: tuple[GroupCurve, ...],
    times: npt.NDArray[np.float64],
    events: npt.NDArray[np.float64],
    groups: npt.NDArray[np.int16],
) -> tuple[float | None, str, str]:
    present = [curve for curve in curves if curve.n]
    if len(present) < 2:
        return None, "There is only one group with patients, so nothing to compare.", ""
    if not events.any():
        return None, "No event was observed, so the curves cannot be compared.", ""
    small = [curve.name for curve in present if curve.n < MIN_GROUP_FOR_TEST]
    if small:
        verb = "has" if len(small) == 1 else "have"
        note = (
            f"No p-value is given: {listing(small)} {verb} fewer than "
            f"{MIN_GROUP_FOR_TEST} patients."
        )
        return None, note, ""
    result = logrank_test(times, events, groups)
    return result.p_value, "", f"log-rank test, {count(result.df, 'degree')} of freedom"


def _pairs(
    curves: tuple[GroupCurve, ...],
    times: npt.NDArray[np.float64],
    events: npt.NDArray[np.float64],
    groups: npt.NDArray[np.int16],
) -> pd.DataFrame | None:
    if sum(curve.n > 0 for curve in curves) < 3:
        return None
    names = np.array([curve.name for curve in curves], dtype=object)
    return pairwise_logrank(times, events, names[groups], adjust="holm")


def _notes(
    endpoint: Endpoint, curves: tuple[GroupCurve, ...], grouping: Grouping | None
) -> tuple[str, ...]:
    notes = []
    if not any(curve.n for curve in curves):
        notes.append(
            "Nobody is left to follow: widen the filter, or choose another endpoint or grouping."
        )
    elif not any(curve.events for curve in curves):
        notes.append(
            f"No {endpoint.event_label} was observed in these patients, so the curves stay at 100%."
        )
    empty = [curve.name for curve in curves if not curve.n]
    if empty and len(empty) < len(curves):
        notes.append(f"No patient to follow in: {listing(empty)}.")
    if grouping is not None and grouping.after_baseline:
        notes.append(
            f"{grouping.label} happens during follow-up. Comparing these groups from time zero "
            "credits the treated with the time they had to survive to be treated (immortal time): "
            "read the difference as biased."
        )
    if grouping is not None and grouping.data_driven:
        notes.append(
            "These groups were found in the same patients: the comparison describes them and does "
            "not confirm that the groups matter in others."
        )
    if endpoint.competing is not None and any(curve.events for curve in curves):
        notes.append(
            f"Deaths without {endpoint.event_label} count as censored here, so one minus the curve "
            "overstates the risk: it is the risk if nobody could die of anything else."
        )
    return tuple(notes)


# What it says -------------------------------------------------------------------------------


def summary_table(result: GroupSurvival, unit: TimeUnit) -> pd.DataFrame:
    """One row a group: n, events, median with interval, survival at 1, 3 and 5 years, follow-up.

    Numbers are printed as they stand in a paper; ``numbers_table`` has them unrounded.
    """
    rows = []
    for curve in result.curves:
        row: dict[str, object] = {"Group": curve.name, "n": curve.n, "Events": curve.events}
        km = curve.km
        row[f"Median, {unit} (95% CI)"] = (
            "–" if km is None else format_time_ci(km.median, *km.median_ci, unit)
        )
        for year in YEARS:
            row[f"{year}-year (95% CI)"] = _percent_at(km, year)
        row[f"Follow-up, {unit}"] = (
            "–"
            if km is None
            else format_time_ci(km.median_followup, *km.median_followup_ci, unit).split(" (")[0]
        )
        rows.append(row)
    return pd.DataFrame(rows)


def _percent_at(km: KaplanMeier | None, year: int) -> str:
    if km is None:
        return "–"
    at = km.at([year * MONTHS_PER_YEAR]).iloc[0]
    return format_percent_ci(at["survival"], at["lower"], at["upper"])


def numbers_table(result: GroupSurvival, unit: TimeUnit) -> pd.DataFrame:
    """The numbers behind the curves: every step of every group, times in the unit given."""
    parts = []
    for curve in result.drawn:
        if curve.km is None:
            continue
        table = curve.km.table.copy()
        table["time"] /= MONTHS_PER_YEAR if unit == "years" else 1.0
        table.insert(0, "group", curve.name)
        parts.append(table.rename(columns={"time": f"time_{unit}"}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def reading(result: GroupSurvival) -> list[str]:
    """The result in plain words, one sentence each, from rules."""
    sentences = []
    drawn = result.drawn
    year = _year_to_read(result)
    if year is not None and result.n_events:
        sentences += [_at_year(result, curve, year) for curve in drawn[:6]]
        if len(drawn) > 6:
            sentences.append(f"The other {len(drawn) - 6} groups are in the table.")
    if result.p_value is not None:
        verdict = "differ" if result.p_value < 0.05 else "do not differ clearly"
        sentences.append(
            f"The curves {verdict} ({result.test_method}, {format_p(result.p_value)})."
        )
    elif len(result.curves) > 1 and result.p_note:
        sentences.append(result.p_note)
    return sentences


def _year_to_read(result: GroupSurvival) -> int | None:
    """The latest of 5, 3 and 1 years at which every drawn group is still followed."""
    for year in sorted(YEARS, reverse=True):
        at = [
            int(curve.km.at([year * MONTHS_PER_YEAR])["n_risk"].iloc[0])
            for curve in result.drawn
            if curve.km is not None
        ]
        if at and min(at) > 0:
            return year
    return None


def _at_year(result: GroupSurvival, curve: GroupCurve, year: int) -> str:
    if curve.km is None:
        return ""
    at = curve.km.at([year * MONTHS_PER_YEAR]).iloc[0]
    label = result.endpoint.event_label
    state = "alive" if label == "death" else f"free of {label}"
    name = "" if not result.label else f"{curve.name}: "
    start = "At" if not name else "at"
    return (
        f"{name}{start} {count(year, 'year')} "
        f"{format_percent_ci(at['survival'], at['lower'], at['upper'])} of {curve.n:,} were "
        f"{state}; {int(at['n_risk']):,} still at risk."
    )
