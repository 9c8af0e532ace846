"""From a time and an event column to months, 0/1 and the competing event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_loaders.columns import Floats, TextColumn
from data_loaders.endpoints import MONTHS_PER, Pair, TimeUnit
from data_loaders.model import Endpoint, Issue, Severity, Variable
from data_loaders.wording import at_rows, plural, shown

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
_EXAMPLE_ROWS = 5


@dataclass(frozen=True, eq=False)
class Outcome:
    """An endpoint with its columns.

    Parameters
    ----------
    endpoint
        As the cohort will hold it.
    columns
        The values by column name: time in months, event 0/1/NaN, competing event 0/1/NaN.
    variables
        Their entries in the data dictionary.
    originals
        Columns of the file whose content the conversion does not preserve: to be kept as well.
    issues
        What was assumed and what was found wrong.
    """

    endpoint: Endpoint
    columns: Mapping[str, Floats]
    variables: tuple[Variable, ...]
    originals: frozenset[str]
    issues: tuple[Issue, ...]

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

    mask: Mask
    severity: Severity
    code: str
    column: str | None
    sentence: str


def findings(label: str, checks: Iterable[Check], rows: Rows) -> list[Issue]:
    """One issue for each check that holds in somebody."""
    issues = []
    for check in checks:
        hits = rows[check.mask].tolist()
        if hits:
            words = check.sentence.replace("{patients}", plural(len(hits), "patient"))
            words = f"{label}: {words.replace('{rows}', at_rows(hits))}"
            examples = tuple(hits[:_EXAMPLE_ROWS])
            issues.append(
                Issue(check.severity, words, check.column, len(hits), examples, check.code)
            )
    return issues


def build_outcome(pair: Pair, columns: Mapping[str, TextColumn], rows: Rows) -> Outcome:
    """Convert a pair of columns: time to months, event to 0/1.

    A negative time is impossible: the patient's time and event are set missing and the file's
    columns are kept beside the converted ones.
    """
    term, key = pair.term, pair.term.key
    raw_time, raw_event = columns[pair.time], columns[pair.event]
    days = raw_time.spread(raw_time.numbers)
    if pair.later_time:
        later = columns[pair.later_time]
        days = np.where(np.isnan(days), later.spread(later.numbers), days)
    unit, guessed = (pair.unit, "") if pair.unit else guess_time_unit(days)
    time = days * MONTHS_PER[unit]
    event = raw_event.spread(pair.coding.values)
    unreadable = raw_time.filled & np.isnan(raw_time.spread(raw_time.numbers))
    negative = time < 0
    unknown_code = raw_event.rows_holding(pair.coding.unrecognised)
    time[negative] = np.nan
    event[negative] = np.nan
    originals = {pair.time, pair.later_time} if pair.later_time else set()
    originals |= {pair.time} if (unreadable | negative).any() else set()
    originals |= {pair.event} if negative.any() or pair.coding.merges else set()
    checks = (
        Check(unreadable, "warning", "text_in_number", pair.time,
              "{patients} had no number as time ({rows}); it counts as missing."),
        Check(negative, "warning", "negative_time", pair.time,
              "{patients} had a negative time ({rows}); time and event were set missing, the "
              "file's columns are kept."),
        Check(unknown_code, "warning", "event_coding", pair.event,
              "{patients} had an event code that is not known ({rows}); it counts as missing."),
        Check(np.isnan(time) & ~np.isnan(event) & ~unreadable, "warning", "missing_time", pair.time,
              "{patients} had an event status but no time ({rows}); analyses leave them out."),
        Check(~np.isnan(time) & np.isnan(event) & ~unknown_code, "warning", "missing_event",
              pair.event,
              "{patients} had a time but no event status ({rows}); analyses leave them out."),
        Check(np.isnan(time) & np.isnan(event) & ~negative, "info", "no_follow_up", pair.time,
              "{patients} had neither time nor event; analyses leave them out."),
        Check(time == 0, "info", "zero_time", pair.time, "{patients} had a time of zero ({rows})."),
    )  # fmt: skip
    endpoint = Endpoint(
        key, term.label, f"{key}_months", f"{key}_event", event_label=term.event_label
    )
    variables = (
        Variable(
            endpoint.time,
            f"{term.label}: time",
            "numeric",
            unit="months",
            role="outcome",
            description=f"Time to {term.event_label} or last follow-up"
            + (f", converted from {unit}." if unit != "months" else "."),
            reason=f"forms a pair with {shown(pair.event)}; "
            + ("unit guessed from the values" if guessed else f"{unit} from the name"),
            source_column=pair.time,
        ),
        Variable(
            endpoint.event,
            f"{term.label}: event",
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
    )


def guess_time_unit(values: Floats) -> tuple[TimeUnit, str]:
    """The unit of follow-up times without one, and why.

    Nobody is followed for 600 months, and few cohorts for less than 25 units of time with
    fractions unless these are years.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return "months", "there are no values"
    longest = float(known.max())
    if longest > 600:
        return "days", f"the longest is {longest:,.0f}"
    if longest <= 25 and bool((known % 1 != 0).any()):
        return "years", f"the longest is {longest:.1f}, with fractions"
    return "months", f"the longest is {longest:,.0f}"


def _assumptions(pair: Pair, unit: TimeUnit, guessed: str, event: Floats) -> list[Issue]:
    """What had to be assumed about the pair, for the user to check."""
    issues: list[Issue] = []
    label = pair.term.label
    if pair.generic:
        issues.append(
            Issue(
                "warning",
                f"{shown(pair.time)} and {shown(pair.event)} do not say of what; they were taken "
                f"for {label.lower()}. A mapping can name the endpoint.",
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
