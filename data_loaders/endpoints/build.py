"""From a time and an event column to months, 0/1 and the competing event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np

from data_loaders.arrays import Bools, Floats, Ints
from data_loaders.dates.columns import DateColumn
from data_loaders.endpoints.find import MONTHS_PER, Pair, TimeUnit
from data_loaders.endpoints.terms import subject, time_label
from data_loaders.files.columns import TextColumn
from data_loaders.meaning.unknown_codes import time_codes
from data_loaders.model import Endpoint, Issue, Severity, Variable
from data_loaders.wording import at_rows, listed, mid_sentence, plural, shown

LONGEST_FOLLOW_UP = 600.0  # months: nobody is followed for longer


@dataclass(frozen=True, eq=False)
class Outcome:
    """An endpoint with its columns.

    Parameters
    ----------
    endpoint
        As the cohort will hold it.
    columns
        The values by column name: time in months, event 0/1/NaN, competing event 0/1/NaN.
    originals
        Columns of the file whose content the conversion does not preserve: to be kept as well.
    unit
        Of the time in the file; days between dates.
    time_zero
        Column with the date that the time is counted from; None where it is a number.
    """

    endpoint: Endpoint
    columns: Mapping[str, Floats]
    variables: tuple[Variable, ...]
    originals: frozenset[str]
    issues: tuple[Issue, ...]
    unit: TimeUnit = "months"
    time_zero: str | None = None

    @property
    def time(self) -> Floats:
        """Months, NaN where missing."""
        return self.columns[self.endpoint.time]

    @property
    def event(self) -> Floats:
        """1 event, 0 censored, NaN unknown."""
        return self.columns[self.endpoint.event]


@dataclass(frozen=True, eq=False)
class Check:
    """Something looked for in every patient.

    ``{patients}`` and ``{rows}`` in the sentence become the count and the row positions.
    """

    mask: Bools
    severity: Severity
    code: str
    column: str | None
    sentence: str


def findings(label: str, checks: Iterable[Check], rows: Ints) -> list[Issue]:
    """One issue for each check that holds in somebody."""
    issues = []
    for check in checks:
        hits = rows[check.mask].tolist()
        if hits:
            words = check.sentence
            if len(hits) == 1:
                words = words.replace("{patients} are", "{patients} is")
                words = words.replace("{patients} have", "{patients} has")
            words = words.replace("{patients}", plural(len(hits), "patient"))
            words = f"{label}: {words.replace('{rows}', at_rows(hits))}"
            issues.append(Issue.at(check.severity, words, hits, check.column, check.code))
    return issues


def build_outcome(
    pair: Pair,
    columns: Mapping[str, TextColumn],
    rows: Ints,
    dates: Mapping[str, DateColumn] | None = None,
) -> Outcome:
    """Convert a pair of columns: time to months, event to 0/1.

    A negative time is impossible: the patient's time and event are set missing and the file's
    columns are kept beside the converted ones. Times between two dates are days / 30.4375; a date
    in the future counts as missing.

    Parameters
    ----------
    pair
        The columns and what is known of them.
    dates
        Those that hold dates; needed where the pair has a time zero.
    """
    term, key = pair.term, pair.term.key
    raw_time, raw_event = columns[pair.time], columns[pair.event]
    days = _counted(pair, columns, dates or {})
    in_cells = None if pair.time_zero else unit_in_cells(raw_time)
    known = pair.unit if pair.unit_stated else in_cells or pair.unit
    unit, guessed = (known, "") if known else guess_time_unit(days)
    time = days * MONTHS_PER[unit]
    event = raw_event.spread(pair.coding.values)
    if pair.by_presence:
        event = _present((dates or {})[pair.event], raw_event.filled)
    unreadable = raw_time.filled & np.isnan(raw_time.spread(raw_time.numbers))
    timeless = np.zeros(len(time), dtype=bool)
    if not pair.time_zero:
        timeless = raw_time.rows_holding(time_codes(raw_time)) & np.isnan(time)
    negative = time < 0
    no_zero = np.zeros(len(time), dtype=bool)
    if pair.time_zero:
        # What is wrong with a date is said once for its column.
        unreadable = np.zeros(len(time), dtype=bool)
        no_zero = np.isnat((dates or {})[pair.time_zero].cells) & ~np.isnan(event)
    unknown_code = raw_event.rows_holding(pair.coding.unrecognised)
    coded = raw_event.rows_holding(np.isin(raw_event.texts, pair.coding.unknown_codes))
    time[negative] = np.nan
    event[negative] = np.nan
    originals = {pair.time, *pair.later_times} if pair.later_times or pair.time_zero else set()
    originals |= {pair.time} if (unreadable | negative | timeless).any() else set()
    changed = negative.any() or coded.any() or pair.coding.merges
    originals |= {pair.event} if changed else set()
    checks = (
        Check(unreadable, "warning", "text_in_number", pair.time,
              "{patients} had no number as time ({rows}); it counts as missing."),
        Check(timeless, "warning", "unknown_code", pair.time,
              f"{{patients}} had {listed(_codes_in(raw_time), 'or')} in {shown(pair.time)} "
              "({rows}), taken for \"unknown\": the time counts as missing, and the file's column "
              "is kept."),
        *_too_long(pair, time, unit, guessed=bool(guessed)),
        Check(negative, "warning", "negative_time", pair.time,
              "{patients} had a negative time ({rows}); time and event were set missing, the "
              "file's columns are kept."),
        Check(unknown_code & ~coded, "warning", "event_coding", pair.event,
              "{patients} had an event code that is not known ({rows}); it counts as missing."),
        Check(coded, "warning", "unknown_code", pair.event,
              f"{{patients}} had {listed(pair.coding.unknown_codes, 'or')} in {shown(pair.event)} "
              "({rows}), taken for \"unknown\" and counted as missing, neither with the event "
              "nor without; if it means something else, state in a mapping what each code means."),
        Check(no_zero, "warning", "no_time_zero", pair.time_zero,
              "{patients} had no date to count from ({rows}); analyses leave them out."),
        Check(np.isnan(time) & ~np.isnan(event) & ~unreadable & ~no_zero
              & ~timeless, "warning", "missing_time", pair.time,
              "{patients} had an event status but no time ({rows}); analyses leave them out."),
        Check(~np.isnan(time) & np.isnan(event) & ~unknown_code, "warning", "missing_event",
              pair.event,
              "{patients} had a time but no event status ({rows}); analyses leave them out."),
        Check(np.isnan(time) & np.isnan(event) & ~negative, "info", "no_follow_up", pair.time,
              "{patients} had neither time nor event; analyses leave them out."),
        Check(time == 0, "info", "zero_time", pair.time, "{patients} had a time of zero ({rows})."),
    )  # fmt: skip
    endpoint = Endpoint(
        key, term.label, f"{key}_months", f"{key}_event", event_label=term.event_label,
        source=_source(pair, unit),
    )  # fmt: skip
    variables = (
        Variable(
            endpoint.time,
            time_label(term),
            "numeric",
            unit="months",
            role="outcome",
            description=f"Time to {term.event_label} or last follow-up"
            + (f", converted from {unit}." if unit != "months" else "."),
            reason=_counted_how(pair)
            if pair.time_zero
            else f"forms a pair with {shown(pair.event)}; " + _unit_how(pair, unit, guessed),
            source_column=pair.time,
        ),
        Variable(
            endpoint.event,
            f"Event: {subject(term)}",
            "binary",
            role="outcome",
            description=f"1 = {term.event_label}, 0 = censored ({pair.coding.words} in the file).",
            reason=f"forms a pair with {shown(pair.time)}; {pair.coding.words}",
            source_column=pair.event,
        ),
    )
    return Outcome(
        endpoint,
        {endpoint.time: time, endpoint.event: event},
        variables,
        frozenset(column for column in originals if column),
        (*_assumptions(pair, unit, guessed, event), *findings(term.label, checks, rows)),
        unit,
        pair.time_zero,
    )


def time_zero_of(variable: Variable, candidates: Iterable[str]) -> str | None:
    """The column that an outcome's time is counted from; None if it is not counted from a date.

    Parameters
    ----------
    variable
        The entry of the time in the data dictionary.
    """
    return next((name for name in candidates if variable.reason.startswith(_from(name))), None)


def counted_months(zero: DateColumn, end: DateColumn) -> Floats:
    """Months from one date to another (days / 30.4375), NaN where one is missing or to come."""
    seconds = (end.past - zero.past) / np.timedelta64(1, "s")
    # Whole days: the time of day that some exports add is no follow-up.
    return np.floor(seconds / 86_400) * MONTHS_PER["days"]


def _unit_how(pair: Pair, unit: TimeUnit, guessed: str) -> str:
    if guessed:
        return "unit guessed from the values"
    if pair.unit_stated:
        return f"{unit} as stated"
    return f"{unit} from the name" if pair.unit else f"{unit} from the cells"


def _from(zero: str) -> str:
    return f"months from {shown(zero)} to "


def _source(pair: Pair, unit: TimeUnit) -> str:
    """The file's columns and what was done with them: ``OS_YEARS x 12; event OS_STATUS``."""
    factor = {"days": " / 30.4375", "weeks": " x 7 / 30.4375", "months": "", "years": " x 12"}
    if pair.time_zero:
        time = f"days from {shown(pair.time_zero)} to {shown(pair.time)}"
        time += f" (else {listed(pair.later_times, 'or')})" if pair.later_times else ""
    else:
        time = listed([pair.time, *pair.later_times], "or")
    return f"{time}{factor[unit]}; event {shown(pair.event)} ({pair.coding.words})"


def _counted_how(pair: Pair) -> str:
    later = f"; where it is blank, {listed(pair.later_times, 'or')}" if pair.later_times else ""
    return f"{_from(pair.time_zero or '')}{shown(pair.time)}{later}"


def _counted(
    pair: Pair, columns: Mapping[str, TextColumn], dates: Mapping[str, DateColumn]
) -> Floats:
    """Follow-up in the unit of the file, or in days between dates."""

    def values(name: str) -> Floats:
        if pair.time_zero is None:
            numbers = columns[name].numbers
            return columns[name].spread(np.where(time_codes(columns[name]), np.nan, numbers))
        return counted_months(dates[pair.time_zero], dates[name]) / MONTHS_PER["days"]

    found = values(pair.time)
    for name in pair.later_times:
        found = np.where(np.isnan(found), values(name), found)
    return found


def _codes_in(column: TextColumn) -> list[str]:
    return [str(text) for text in column.texts[time_codes(column)]]


def _too_long(pair: Pair, time: Floats, unit: TimeUnit, *, guessed: bool) -> Iterable[Check]:
    """Times beyond any follow-up; where most are, it is the unit that is in question."""
    over = time > LONGEST_FOLLOW_UP
    years = f"{LONGEST_FOLLOW_UP / 12:.0f} years"
    in_days = time / MONTHS_PER[unit] * MONTHS_PER["days"] <= LONGEST_FOLLOW_UP
    if over.sum() > np.count_nonzero(~np.isnan(time)) / 4 and unit != "days" and not guessed:
        look = ", as if they were days" if in_days[over].all() else ""
        sentence = (
            f"{{patients}} have a follow-up of more than {years} in {unit} ({{rows}}){look}; are "
            f"the times of {shown(pair.time)} really in {unit}? They were taken so: give the unit "
            "in a mapping."
        )
    else:
        sentence = (
            f"{{patients}} have a follow-up of more than {years} ({{rows}}); the times are kept, "
            "check them."
        )
    yield Check(over, "warning", "implausible", pair.time, sentence)


def _present(column: DateColumn, filled: Bools) -> Floats:
    """1 where there is a date, 0 where there is nothing, NaN where it is not a date that can be."""
    happened = ~np.isnat(column.past)
    return np.where(happened, 1.0, np.where(filled & ~column.none, np.nan, 0.0))


def unit_in_cells(column: TextColumn) -> TimeUnit | None:
    """The unit of time that a column's cells state behind their numbers, if they do."""
    return next((unit for unit in get_args(TimeUnit) if unit == column.notation.unit), None)


def guess_time_unit(values: Floats) -> tuple[TimeUnit, str]:
    """The unit of follow-up times without one, and why.

    Nobody is followed for 600 months, and few cohorts for less than 25 units of time with
    fractions unless these are years.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return "months", "there are no values"
    longest = float(known.max())
    if longest > LONGEST_FOLLOW_UP:
        return "days", f"the longest is {longest:,.0f}"
    if longest <= 25 and bool((known % 1 != 0).any()):
        return "years", f"the longest is {longest:.1f}, with fractions"
    return "months", f"the longest is {longest:,.0f}"


def _assumptions(pair: Pair, unit: TimeUnit, guessed: str, event: Floats) -> list[Issue]:
    """What had to be assumed about the pair, for the user to check."""
    issues: list[Issue] = []
    label = pair.term.label
    if pair.time_zero:
        issues.append(
            Issue(
                "info",
                f"{label} was counted in {_counted_how(pair)}; a mapping can name another time "
                'zero ("from").',
                pair.time_zero,
                code="time_zero",
            )
        )
    if pair.generic:
        issues.append(
            Issue(
                "warning",
                f"{shown(pair.time)} and {shown(pair.event)} do not say of what; they were taken "
                f"for {mid_sentence(label)}. A mapping can name the endpoint.",
                pair.time,
                code="endpoint_guess",
            )
        )
    if guessed:
        issues.append(
            Issue(
                "warning",
                f"{label}: the name {shown(pair.time)} states no unit; {unit} was assumed because "
                f"{guessed}. Name the column {pair.term.key}_{unit} or give the unit in a mapping.",
                pair.time,
                code="unit_guess",
            )
        )
    if pair.coding.warning:
        issues.append(
            Issue(
                "warning",
                f"{label}: in {shown(pair.event)} {pair.coding.warning}. "
                "A mapping can state it otherwise.",
                pair.event,
                code="event_coding",
            )
        )
    if not (event == 1).any():
        issues.append(
            Issue("warning", f"{label}: nobody had the event.", pair.event, code="no_events")
        )
    return issues
