"""From a time and an event column to months, 0/1 and the competing event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

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
    originals |= {pair.event} if (unknown_code | negative).any() else set()
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


def with_competing_death(outcome: Outcome, survival: Outcome, rows: Rows) -> Outcome:
    """Add death without the event as the competing event, from overall survival.

    The rule is that of a cumulative incidence with death competing: a patient with the event is
    followed to the event; everyone else to death (competing event) or to the last follow-up, which
    are the time of overall survival. ``competing`` is 1 where the patient died without the event, 0
    where the patient had it or was alive at last follow-up, and missing where the event, or the
    survival of a patient without it, is unknown.

    Files often stop the clock of a transformation at its last assessment, weeks before the death
    that is recorded elsewhere. Where that changes a time, the file's column is kept beside it.
    """
    key, label = outcome.endpoint.key, outcome.endpoint.label
    event, time = outcome.event, outcome.time
    without = event == 0
    competing = np.where(event == 1, 0.0, np.where(without, survival.event, np.nan))
    followed = without & ~np.isnan(survival.time) & ~np.isnan(competing)
    full_time = np.where(followed, survival.time, time)
    tolerance = 1e-6
    earlier = followed & ~(full_time <= time + tolerance)
    later = (time > survival.time + tolerance) & ~np.isnan(event)
    source = outcome.variables[0].source_column
    checks = (
        Check(later, "warning", "after_follow_up", source,
              "{patients} had a time after death or last follow-up ({rows}); check the dates."),
        Check(earlier, "info", "competing_time", source,
              "{patients} without the event were last assessed before death or last follow-up "
              "({rows}); they are followed to the latter, so that death competes at its own time, "
              "and the file's column is kept."),
    )  # fmt: skip
    changed = bool((earlier | (followed & later)).any())
    column = f"{key}_competing"
    note = " Patients without the event are followed to death or last follow-up."
    time_variable, event_variable = outcome.variables
    return Outcome(
        replace(outcome.endpoint, competing=column),
        {outcome.endpoint.time: full_time, outcome.endpoint.event: event, column: competing},
        (
            replace(time_variable, description=time_variable.description + note),
            event_variable,
            Variable(
                column,
                f"{label}: death without it",
                "binary",
                role="outcome",
                description=f"1 = died without {outcome.endpoint.event_label}, 0 = did not.",
                reason=f"derived from {outcome.endpoint.event} and {survival.endpoint.event}",
            ),
        ),
        outcome.originals | ({str(source)} if changed else set()),
        (*outcome.issues, *findings(label, checks, rows)),
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
