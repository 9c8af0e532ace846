"""Outcomes that a mapping states, alone or on top of what is inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from data_loaders.dates.columns import DateColumn
from data_loaders.endpoints.build import Outcome
from data_loaders.endpoints.competing import with_stated_competing
from data_loaders.endpoints.date_pairs import DateRoles, date_roles, later_dates, presence
from data_loaders.endpoints.find import Pair
from data_loaders.endpoints.terms import EndpointTerm, endpoint_term, is_fatal
from data_loaders.files.columns import TextColumn
from data_loaders.mapping.parts import EndpointMapping
from data_loaders.meaning.event_codes import (
    EventCoding,
    decode_events,
    events_from_codes,
    events_from_values,
)
from data_loaders.meaning.vocabulary import parse_name
from data_loaders.model import CohortError
from data_loaders.wording import shown


def stated_pair(
    endpoint: EndpointMapping,
    inferred: Pair | None,
    columns: Mapping[str, TextColumn],
    dates: Mapping[str, DateColumn],
) -> Pair:
    """The pair of columns that a mapping states, or amends.

    Parameters
    ----------
    inferred
        The pair that is inferred for it; None without one.

    Raises
    ------
    CohortError
        If the endpoint cannot be made of these columns.
    """
    for column in endpoint.columns:
        if column not in columns:
            raise CohortError(
                f"The mapping uses {shown(column)} for the endpoint {shown(endpoint.key)}, but it "
                "is the patients' identifier or ignored; choose another column."
            )
    time = endpoint.time or (inferred.time if inferred else None)
    event = endpoint.event or (inferred.event if inferred else None)
    if time is None or event is None:
        raise CohortError(
            f'The endpoint {shown(endpoint.key)} in the mapping needs "time" and "event", each the '
            "name of a column: none is inferred that it could amend."
        )
    same_time = inferred is not None and time == inferred.time and endpoint.time_zero is None
    same_event = inferred is not None and event == inferred.event
    if same_time and inferred is not None:
        zero, later = inferred.time_zero, inferred.later_times
    else:
        roles = date_roles(dates)
        zero = _time_zero(endpoint, time, roles, dates)
        later = later_dates(time, roles) if zero is not None else ()
    if zero is None and columns[time].share_numeric < 0.5:
        raise CohortError(
            f"The mapping uses {shown(time)} as the time of {shown(endpoint.key)}, but it does not "
            "hold numbers; choose the column with the follow-up time."
        )
    if zero is not None and endpoint.unit is not None:
        raise CohortError(
            f"The endpoint {shown(endpoint.key)} in the mapping is counted between dates and has "
            "no unit; leave the unit out."
        )
    unstated = endpoint.event_values is None and not endpoint.codes
    by_presence = event in dates and unstated
    if same_event and unstated and inferred is not None:
        coding: EventCoding | None = inferred.coding
        by_presence = inferred.by_presence
    else:
        coding = presence(columns[event]) if by_presence else _coding(endpoint, columns[event])
    if coding is None:
        raise CohortError(
            f"The coding of {shown(event)} is not understood; state in the mapping what each value "
            'means ("codes").'
        )
    named = parse_name(time).unit if inferred is None or not same_time else inferred.unit
    return Pair(
        _term(endpoint),
        time,
        event,
        "days" if zero is not None else endpoint.unit or named,  # type: ignore[arg-type]
        coding,
        later,
        time_zero=zero,
        by_presence=by_presence,
        entry=endpoint.entry or None,
        unit_stated=endpoint.unit is not None,
    )


def stated_competing(
    outcome: Outcome,
    coding: EventCoding,
    said: EndpointMapping | None,
    columns: Mapping[str, TextColumn],
) -> Outcome | None:
    """The outcome with the competing event as a mapping states it; None where it states nothing.

    Parameters
    ----------
    coding
        Of its event column; a stated one may tell competing events apart.

    Raises
    ------
    CohortError
        If the stated column does not say yes and no.
    """
    if said is None:
        return None
    if coding.competing is not None and coding.competing.any():
        event = outcome.variables[1].source_column or ""
        kinds = [str(code) for code, meaning in said.codes.items() if meaning == "competing"]
        return with_stated_competing(
            outcome,
            event,
            columns[event].spread(coding.competing.astype(float)),
            f"1 = a competing event came first ({', '.join(kinds)} in {shown(event)}), 0 = none.",
        )
    if said.competing is False:
        return outcome
    if said.competing is None:
        return None
    column = columns[said.competing]
    decoded = decode_events(column)
    if decoded is None:
        raise CohortError(
            f"The mapping uses {shown(column.name)} as the competing event of {shown(said.key)}, "
            "but it does not answer yes or no; choose another column."
        )
    return with_stated_competing(
        outcome,
        column.name,
        column.spread(decoded.values),
        f"1 = a competing event came first ({shown(column.name)}), 0 = none.",
    )


def _term(endpoint: EndpointMapping) -> EndpointTerm:
    term = endpoint_term(endpoint.key)
    return replace(
        term,
        label=endpoint.label or term.label,
        event_label=endpoint.event_label or term.event_label,
    )


def _coding(endpoint: EndpointMapping, event: TextColumn) -> EventCoding | None:
    if endpoint.codes:
        return events_from_codes(event, endpoint.codes)
    if endpoint.event_values is not None:
        return events_from_values(event, endpoint.event_values)
    return decode_events(event, fatal=is_fatal(_term(endpoint).key))


def _time_zero(
    endpoint: EndpointMapping, time: str, roles: DateRoles, dates: Mapping[str, DateColumn]
) -> str | None:
    """The column that a stated endpoint is counted from; None where its time is a number."""
    for column in (time, endpoint.time_zero):
        if endpoint.time_zero is not None and column not in dates:
            raise CohortError(
                f"The mapping counts {shown(endpoint.key)} from a date, but {shown(column)} does "
                "not hold dates that can be read; choose another column or state its "
                '"date_format".'
            )
    if time not in dates or endpoint.time_zero is not None:
        return endpoint.time_zero
    usual = next((name for name in roles.zeros if name != time), None)
    if usual is None:
        raise CohortError(
            f"The mapping uses the dates of {shown(time)} as the time of "
            f"{shown(endpoint.key)}; state the column with the date to count from as well "
            '("from").'
        )
    return usual
