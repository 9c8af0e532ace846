"""Every outcome of a table: those that a mapping states and those that its columns show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from data_loaders.columns import TextColumn
from data_loaders.competing import by_cause, same_clock, with_competing_death, with_stated_competing
from data_loaders.date_pairs import (
    DateRoles,
    date_roles,
    find_date_pairs,
    later_dates,
    presence,
)
from data_loaders.dates import DateColumn
from data_loaders.endpoints import Pair, endpoint_term, find_pairs
from data_loaders.entry import find_entry, with_entry
from data_loaders.event_codes import decode_events, events_from_values
from data_loaders.mapping import EndpointMapping, TableMapping
from data_loaders.model import CohortError, Issue
from data_loaders.outcomes import Outcome, Rows, build_outcome
from data_loaders.vocabulary import parse_name
from data_loaders.wording import shown


def find_outcomes(
    columns: Mapping[str, TextColumn],
    rows: Rows,
    mapping: TableMapping,
    dates: Mapping[str, DateColumn] | None = None,
) -> tuple[list[Outcome], list[Issue]]:
    """The outcomes of a table, overall survival first, and what stood in the way of others.

    Parameters
    ----------
    columns
        Those that may belong to an outcome, by name.
    rows
        Position of each row in the file.
    mapping
        Endpoints and columns that the user stated; they are left to the user's word.
    dates
        The columns that hold dates.

    Raises
    ------
    CohortError
        If an endpoint of the mapping cannot be made.
    """
    dates = dates or {}
    stated = [_stated_pair(endpoint, columns, dates) for endpoint in mapping.endpoints]
    used = {column for pair in stated for column in (pair.time, pair.event)}
    used |= set(mapping.columns) | set(mapping.alterations)
    keys = {pair.term.key for pair in stated}
    if len(keys) < len(stated):
        raise CohortError(
            "The mapping states one endpoint twice under different spellings; keep one of them."
        )
    unused = {n: c for n, c in columns.items() if n not in used}
    pairs, unread = find_pairs({n: c for n, c in unused.items() if n not in dates})
    pairs = [*stated, *(pair for pair in pairs if pair.term.key not in keys)]
    # A date stays a date, whatever else the user said of its column.
    dated = {n: c for n, c in columns.items() if n in unused or n in dates}
    from_dates, no_dates = find_date_pairs(dated, dates, (pair.term.key for pair in pairs))
    pairs += from_dates
    pairs.sort(key=lambda pair: pair.term.key != "os")
    built = [build_outcome(pair, columns, rows, dates) for pair in pairs]
    survival = built[0] if built and built[0].endpoint.key == "os" else None
    by_name = {name.lower(): column for name, column in columns.items() if name not in used}
    outcomes = []
    for pair, outcome in zip(pairs, built, strict=True):
        own = by_name.get(f"{pair.term.key}_competing")
        if own is not None and own.is_binary:
            outcomes.append(with_stated_competing(outcome, own))
        elif pair.term.competing and survival is not None:
            outcomes.append(with_competing_death(outcome, survival, rows))
        else:
            outcomes.append(outcome)
    issues = [*no_dates, *(_unread(time, event) for time, event in unread)]
    if survival is not None:
        issues += [issue for outcome in outcomes for issue in _other_clock(outcome, survival)]
    free = {name: column for name, column in columns.items() if name not in used}
    known = {name: column for name, column in columns.items() if name in free or name in dates}
    for i, (pair, outcome) in enumerate(zip(pairs, outcomes, strict=True)):
        # A time of entry that names no endpoint belongs to those on the clock of survival.
        same = survival is None or _on_one_clock(outcome, survival)
        entry = pair.entry or (find_entry(outcome, known, dates, own_only=not same))
        if entry is not None:
            outcomes[i] = with_entry(
                outcome, entry, columns, dates, rows, stated=pair.entry is not None
            )
    found = {outcome.endpoint.key for outcome in outcomes}
    for outcome in list(outcomes):
        component = by_cause(outcome, free, survival)
        if component is not None and component.endpoint.key not in found:
            found.add(component.endpoint.key)
            outcomes.append(component)
    return outcomes, issues


def _on_one_clock(outcome: Outcome, survival: Outcome) -> bool:
    """Whether follow-up without the event agrees with survival, so that both have one time zero."""
    both = (outcome.event == 0) & ~np.isnan(outcome.time) & ~np.isnan(survival.time)
    return not both.any() or same_clock(outcome.time[both], survival.time[both])


def _other_clock(outcome: Outcome, survival: Outcome) -> list[Issue]:
    """Say so where a composite endpoint such as relapse-free survival runs from another day."""
    if outcome.endpoint.competing or outcome.endpoint.key == survival.endpoint.key:
        return []
    if _on_one_clock(outcome, survival):
        return []
    both = (outcome.event == 0) & ~np.isnan(outcome.time) & ~np.isnan(survival.time)
    return [
        Issue(
            "info",
            f"{outcome.endpoint.label}: the follow-up of most patients without the event differs "
            "from that of overall survival, so it is taken to run from another day, such as that "
            "of the remission.",
            outcome.variables[0].source_column,
            int(both.sum()),
            code="time_zero",
        )
    ]


def _unread(time: str, event: str) -> Issue:
    return Issue(
        "warning",
        f"{shown(time)} and {shown(event)} belong together by name, but the codes of "
        f"{shown(event)} are not known; state in a mapping which value means the event "
        '("event_value").',
        event,
        code="event_coding",
    )


def _stated_pair(
    endpoint: EndpointMapping,
    columns: Mapping[str, TextColumn],
    dates: Mapping[str, DateColumn],
) -> Pair:
    """The pair that a mapping states."""
    for column in endpoint.columns:
        if column not in columns:
            raise CohortError(
                f"The mapping uses {shown(column)} for the endpoint {shown(endpoint.key)}, but it "
                "is the patients' identifier or ignored; choose another column."
            )
    event = columns[endpoint.event]
    roles = date_roles(dates)
    time_zero = _time_zero(endpoint, roles, dates)
    if time_zero is None and columns[endpoint.time].share_numeric < 0.5:
        raise CohortError(
            f"The mapping uses {shown(endpoint.time)} as the time of {shown(endpoint.key)}, but it "
            "does not hold numbers; choose the column with the follow-up time."
        )
    by_presence = endpoint.event in dates and endpoint.event_values is None
    coding = (
        presence(event)
        if by_presence
        else events_from_values(event, endpoint.event_values)
        if endpoint.event_values is not None
        else decode_events(event)
    )
    if coding is None:
        raise CohortError(
            f"The coding of {shown(endpoint.event)} is not understood; state in the mapping which "
            'value means the event ("event_value").'
        )
    term = endpoint_term(endpoint.key)
    term = replace(
        term,
        label=endpoint.label or term.label,
        event_label=endpoint.event_label or term.event_label,
    )
    unit = endpoint.unit or parse_name(endpoint.time).unit
    if time_zero is not None:
        later = later_dates(endpoint.time, roles)
        return Pair(
            term, endpoint.time, endpoint.event, "days", coding, later,
            time_zero=time_zero, by_presence=by_presence,
        )  # fmt: skip
    return Pair(
        term,
        endpoint.time,
        endpoint.event,
        unit,  # type: ignore[arg-type]
        coding,
        by_presence=by_presence,
    )


def _time_zero(
    endpoint: EndpointMapping, roles: DateRoles, dates: Mapping[str, DateColumn]
) -> str | None:
    """The column that a stated endpoint is counted from; None where its time is a number."""
    for column in (endpoint.time, endpoint.time_zero):
        if endpoint.time_zero is not None and column not in dates:
            raise CohortError(
                f"The mapping counts {shown(endpoint.key)} from a date, but {shown(column)} does "
                "not hold dates that can be read; choose another column or state its "
                '"date_format".'
            )
    if endpoint.time not in dates or endpoint.time_zero is not None:
        return endpoint.time_zero
    usual = next((name for name in roles.zeros if name != endpoint.time), None)
    if usual is None:
        raise CohortError(
            f"The mapping uses the dates of {shown(endpoint.time)} as the time of "
            f"{shown(endpoint.key)}; state the column with the date to count from as well "
            '("from").'
        )
    return usual
