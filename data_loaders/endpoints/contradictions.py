"""Where what a table says twice does not agree: status and dates, times and dates, endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from data_loaders.arrays import Bools, Floats, Ints
from data_loaders.dates.columns import DateColumn
from data_loaders.endpoints.build import Check, Outcome, counted_months, findings
from data_loaders.endpoints.date_pairs import DateRoles, date_roles
from data_loaders.endpoints.terms import endpoint_named, endpoint_term, is_fatal
from data_loaders.meaning.spelling import spoken
from data_loaders.model import Cohort, Endpoint, Issue
from data_loaders.wording import mid_sentence, shown

_MOSTLY = 0.5
_DAY = 1.0 / 30.4375  # months; times converted from days and from months differ by rounding
_ROUNDING = 0.1  # months; follow-ups that were rounded to days or weeks agree
_MONTH = 1.0  # by how much a stated time may differ from the dates, which are often rounded
# Endpoints of which death is part, and the event that they hold besides.
_COMPOSITES: Mapping[str, str | None] = {
    "lfs": "aml", "rfs": "relapse", "dfs": "relapse", "pfs": "ttp", "efs": None,
}  # fmt: skip


def against_dates(outcome: Outcome, dates: Mapping[str, DateColumn], rows: Ints) -> Outcome:
    """An outcome with findings on what its status and times say against the dates.

    Alive with a date of death is a contradiction that no rule decides: the status of these patients
    is set missing. Where most of the living have a date of death, that column holds the date of
    death or last contact, and the status counts. The same holds of relapse and other events with a
    date of their own. A death without a date is counted on the date of last contact; another event
    without one has no time.

    Parameters
    ----------
    outcome
        As built, before competing events.
    dates
        The table's columns of dates, by name.
    """
    roles = date_roles(dates)
    time, event = outcome.time.copy(), outcome.event.copy()
    status = str(outcome.variables[1].source_column)
    fatal = outcome.endpoint.key == "os"
    name = roles.death if fatal else outcome.variables[0].source_column
    checks, originals = [], set(outcome.originals)
    own = fatal or (
        roles.events.get(str(name)) == endpoint_term(outcome.endpoint.key)
        and not is_fatal(outcome.endpoint.key)
    )
    column = dates.get(str(name)) if own and status not in dates else None
    if column is not None:
        what = outcome.endpoint.event_label
        has_date = ~np.isnat(column.past)
        contradicted = (event == 0) & has_date
        told = np.isnan(event) & has_date & ~_backwards(outcome, column, dates)
        if contradicted.sum() > max(_MOSTLY * (event == 0).sum(), 1):
            sentence = (
                f"{{patients}} without {what} by {shown(status)} have a date in {shown(name)} "
                f"({{rows}}), as most of those without: it was taken for the date of {what} or "
                f"last contact, and {shown(status)} says who had it."
            )
        else:
            event[told], event[contradicted] = 1.0, np.nan
            originals |= {status} if (told | contradicted).any() else set()
            checks.append(
                Check(told, "warning", "status_from_date", name,
                      f"{{patients}} have no known status in {shown(status)} but a date of {what} "
                      f"({shown(name)}; {{rows}}); it was counted as {what}.")
            )  # fmt: skip
            alive = f"alive by {shown(status)}" if fatal else f"without {what} by {shown(status)}"
            sentence = (
                f"{{patients}} are {alive} but have a date of {what} ({shown(name)}; {{rows}}); "
                "which is right cannot be told, so their status counts as missing and analyses "
                "leave them out: correct one of the two."
            )
        checks.append(Check(contradicted, "warning", "alive_dead", name, sentence))
        undated = (event == 1) & ~has_date & ~np.isnan(time) & (outcome.time_zero is not None)
        if not fatal:
            time[undated] = np.nan
        done = (
            "the death was counted on the date of last contact"
            if fatal
            else "their time is missing and analyses leave them out"
        )
        checks.append(
            Check(undated, "warning", "event_undated", name,
                  f"{{patients}} had {what} by {shown(status)} without a date in {shown(name)} "
                  f"({{rows}}); {done}.")
        )  # fmt: skip
    if fatal:
        checks += _order(roles, dates, event)
        if outcome.time_zero is None:
            checks += _time_against_dates(outcome, roles, dates)
    return replace(
        outcome,
        columns={**outcome.columns, outcome.endpoint.time: time, outcome.endpoint.event: event},
        originals=frozenset(originals),
        issues=(*outcome.issues, *findings(outcome.endpoint.label, checks, rows)),
    )


def _backwards(outcome: Outcome, end: DateColumn, dates: Mapping[str, DateColumn]) -> Bools:
    """Patients whose event was set missing because their time is negative."""
    if outcome.time_zero is None:
        return np.isnan(outcome.time)
    before: Bools = end.past < dates[outcome.time_zero].past
    return before


def _order(roles: DateRoles, dates: Mapping[str, DateColumn], event: Floats) -> Iterable[Check]:
    """Contact after death, and dates before birth."""
    if roles.death is not None and roles.follow_up is not None:
        death, last = dates[roles.death].past, dates[roles.follow_up].past
        # Days of grace: a record is often closed after the death.
        after = (last - death) / np.timedelta64(86_400, "s") > 1
        yield Check(after & ~(event == 0) & ~np.isnan(event), "warning", "after_death",
                    roles.follow_up,
                    f"{{patients}} have a last contact ({shown(roles.follow_up)}) after death "
                    f"({shown(roles.death)}; {{rows}}); survival ends with the death.")  # fmt: skip
    if roles.birth is not None:
        born = dates[roles.birth].past
        for name in dict.fromkeys([*roles.zeros[:1], *roles.ends]):
            yield Check(dates[name].cells < born, "warning", "date_order", name,
                        f"{{patients}} have a date in {shown(name)} before their birth ({{rows}}); "
                        "the dates are kept, check them.")  # fmt: skip


def _time_against_dates(
    survival: Outcome, roles: DateRoles, dates: Mapping[str, DateColumn]
) -> Iterable[Check]:
    """A stated follow-up that the dates do not confirm."""
    if not roles.zeros or not roles.ends:
        return
    zero = dates[roles.zeros[0]]
    counted = np.full(len(survival.time), np.nan)
    for name in reversed(roles.ends):
        months = counted_months(zero, dates[name])
        counted = np.where(np.isnan(months), counted, months)
    both = ~np.isnan(counted) & ~np.isnan(survival.time)
    apart = both & (np.abs(counted - survival.time) > _MONTH)
    time = shown(survival.variables[0].source_column)
    ends = " or ".join(shown(name) for name in roles.ends)
    if apart.sum() > _MOSTLY * both.sum():
        sentence = (
            f"{time} differs by more than a month from the time between {shown(zero.name)} and "
            f"{ends} in {{patients}} ({{rows}}), so it seems to run from another day or to be in "
            "another unit; it was taken as it stands, check it."
        )
    else:
        sentence = (
            f"{{patients}} have a time in {time} that differs by more than a month from the time "
            f"between {shown(zero.name)} and {ends} ({{rows}}); the time was taken as it stands."
        )
    source = survival.variables[0].source_column
    yield Check(apart, "warning", "time_contradicts_dates", source, sentence)


def contradictions(cohort: Cohort) -> Iterable[Issue]:
    """Findings on endpoints of a cohort that contradict each other; nothing is changed.

    Parameters
    ----------
    cohort
        The cohort; rows are told by position (1 = first patient), never by identity.
    """
    rows = np.arange(1, cohort.n + 1)
    survival = cohort.endpoints.get("os")
    if survival is not None:
        for key, part in _COMPOSITES.items():
            endpoint = cohort.endpoints.get(key)
            if endpoint is not None:
                component = cohort.endpoints.get(part or "")
                checks = _composite(cohort, survival, endpoint, component)
                yield from findings(endpoint.label, checks, rows)
    yield from _relapse_without_remission(cohort, rows)


def _composite(
    cohort: Cohort, survival: Endpoint, endpoint: Endpoint, component: Endpoint | None
) -> list[Check]:
    """What a composite endpoint says against survival and against its own part, on one clock."""
    time, event = _values(cohort, endpoint)
    os_time, died = _values(cohort, survival)
    beyond = Check(
        (event == 0) & (time > os_time + _DAY), "warning", "contradiction", endpoint.time,
        "{patients} were followed without the event beyond death or the last follow-up of "
        "overall survival ({rows}); the file's values are kept, check them.",
    )  # fmt: skip
    free = (event == 0) & (died == 0) & ~np.isnan(time) & ~np.isnan(os_time)
    if free.any() and np.mean(np.abs(time - os_time)[free] <= _ROUNDING) < _MOSTLY:
        # Counted from another day, which is a later one unless most are followed for longer.
        return [beyond] if np.mean((time > os_time + _DAY)[free]) < _MOSTLY else []
    checks = [
        Check((died == 1) & (event == 0), "warning", "contradiction", endpoint.event,
              "{patients} died without an event, though death is part of it ({rows}); the file's "
              "values are kept, check them."),
        beyond,
    ]  # fmt: skip
    if component is None:
        return checks
    part_time, part = _values(cohort, component)
    early = (event == 1) & (died == 1) & (part == 0) & (time < os_time - _DAY)
    gap = os_time[early] - time[early]
    by = f"on average {gap.mean():.1f} and up to {gap.max():.1f} months" if early.any() else ""
    name = component.event_label
    return [
        *checks,
        Check(early, "warning", "contradiction", endpoint.time,
              f"{{patients}} died without {name} and have their event {by} before the death "
              "({rows}), as if on the day of the last assessment; the file's times are kept, so "
              f"{mid_sentence(endpoint.label)} comes out shorter than the deaths say."),
        Check((event == 0) & (part == 1), "warning", "contradiction", endpoint.event,
              f"{{patients}} have {name} but no event ({{rows}}); the file's values are kept, "
              "check them."),
        Check((event == 1) & (died == 0) & (part == 0), "warning", "contradiction", endpoint.event,
              f"{{patients}} have an event but neither {name} nor death ({{rows}}); the file's "
              "values are kept, check them."),
        Check((event == 1) & (part == 1) & (part_time > time + _DAY), "warning", "contradiction",
              endpoint.time,
              f"{{patients}} have the event before {name}, which is part of it ({{rows}}); the "
              "file's values are kept, check them."),
    ]  # fmt: skip


def _relapse_without_remission(cohort: Cohort, rows: Ints) -> Iterable[Issue]:
    relapse, remission = _recorded(cohort, "relapse"), _recorded(cohort, "cr")
    if relapse is None or remission is None:
        return
    relapsed, remitted = (
        cohort.patients[column].to_numpy(dtype=float, na_value=np.nan)
        for column in (relapse, remission)
    )
    check = Check((relapsed == 1) & (remitted == 0), "warning", "contradiction", relapse,
                  f"{{patients}} relapsed without a remission ({shown(remission)}; {{rows}}); the "
                  "values are kept, check them.")  # fmt: skip
    yield from findings("Relapse", [check], rows)


def _recorded(cohort: Cohort, key: str) -> str | None:
    """The column that says who had an event: that of the endpoint, or one of yes and no."""
    endpoint = cohort.endpoints.get(key)
    if endpoint is not None:
        return endpoint.event
    for name, variable in cohort.variables.items():
        if variable.kind == "binary" and variable.role != "outcome":
            known = endpoint_named("".join(spoken(variable.source_column or name)))
            if known is not None and known.key == key:
                return name
    return None


def _values(cohort: Cohort, endpoint: Endpoint) -> tuple[Floats, Floats]:
    time, event = (
        cohort.patients[column].to_numpy(dtype=float, na_value=np.nan)
        for column in (endpoint.time, endpoint.event)
    )
    return time, event
