"""Times of entry: patients who came under observation after time zero (left truncation)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from data_loaders.arrays import Floats, Ints
from data_loaders.dates.columns import DateColumn
from data_loaders.endpoints.build import Check, Outcome, counted_months, findings
from data_loaders.endpoints.find import MONTHS_PER, TimeUnit, time_unit_of
from data_loaders.files.columns import TextColumn
from data_loaders.meaning.unknown_codes import time_codes
from data_loaders.meaning.vocabulary import parse_name
from data_loaders.model import CohortError, Issue, Variable
from data_loaders.wording import mid_sentence, plural, shown

# Words that say it alone, and those that do so only of a date or with a unit of time.
_ENTRIES = frozenset(
    {"entry", "delayedentry", "lateentry", "lefttruncation", "lefttrunc", "truncation",
     "studyentry", "registryentry", "cohortentry", "entryregistry", "entrystudy"}
)  # fmt: skip
_ARRIVALS = frozenset(
    {"enrolment", "enrollment", "inclusion", "registration", "randomisation", "randomization",
     "referral", "recruitment", "consent", "einschluss", "studieneinschluss", "registrierung",
     "überweisung", "arruolamento", "inclusione", "registrazione", "inclusión", "inscripción",
     "registro", "derivación", "enregistrement", "firstvisit", "firstpresentation",
     "erstvorstellung", "primavisita", "primeravisita", "premièrevisite"}
)  # fmt: skip
_FILLERS = frozenset(
    {"to", "of", "at", "in", "into", "from", "since", "time", "date", "datum", "data", "fecha",
     "until", "d", "de", "di", "del", "the", "am", "dt", "diagnosis"}
)  # fmt: skip
_CALENDAR_YEARS = (1900, 2100)
_MOSTLY = 0.1  # share of patients whose entry may come after the end before it is no entry


def find_entry(
    outcome: Outcome,
    columns: Mapping[str, TextColumn],
    dates: Mapping[str, DateColumn],
    *,
    own_only: bool = False,
) -> str | None:
    """The column that says when patients came under observation for an outcome.

    Parameters
    ----------
    outcome
        Its time is counted from a date of diagnosis, or is a number.
    columns
        Where to look; those with the outcome's own name come before those that name none.
    dates
        Those among them that hold dates; they count where the outcome's time zero is a date.
    own_only
        Whether only a column with the outcome's own name counts.
    """
    general, of = None, outcome.endpoint.key
    for name, column in columns.items():
        words = _words(name)
        if name in dates:
            fits = outcome.time_zero not in {None, name} and words in _ENTRIES | _ARRIVALS
        else:
            own = words.removeprefix(of) if words.startswith(of) else words.removesuffix(of)
            fits = (own in _ENTRIES or (own in _ARRIVALS and time_unit_of(name) is not None)) and (
                _is_time(column)
            )
            if fits and own != words:
                return name
        if fits and general is None and not own_only:
            general = name
    return general


def with_entry(
    outcome: Outcome,
    name: str,
    columns: Mapping[str, TextColumn],
    dates: Mapping[str, DateColumn],
    rows: Ints,
    *,
    stated: bool = False,
) -> Outcome:
    """The outcome with its patients at risk from the time in a column on.

    An entry before time zero is time zero. A column whose entries often come at or after the end of
    follow-up holds something else: it is left as it is, which a finding says.

    Parameters
    ----------
    name
        Column with the date of entry, or the time from the outcome's time zero in the unit that the
        name states, else in that of the outcome's own time.
    stated
        Whether a mapping names the column, so that it is taken whatever it holds.

    Raises
    ------
    CohortError
        If a stated column holds neither such times nor dates that can be counted to.
    """
    label = outcome.endpoint.label
    months = _months(outcome, name, columns[name], dates)
    if months is None:
        if not stated:
            return outcome
        raise CohortError(
            f"The mapping uses {shown(name)} as the time of entry for {mid_sentence(label)}, but "
            "it does not hold numbers, or dates where the time zero is a date; choose another "
            "column."
        )
    early = months < 0
    months = np.where(early, 0.0, months)
    observed = ~np.isnan(outcome.time) & ~np.isnan(outcome.event)
    known = observed & ~np.isnan(months)
    over = known & (months >= outcome.time) & (months > 0)
    late = int((known & (months > 0)).sum())
    if not late and not stated:
        return outcome
    if over.sum() > _MOSTLY * known.sum() and not stated:
        issue = Issue(
            "warning",
            f"{label}: {shown(name)} is named like a time of entry, but in "
            f"{plural(int(over.sum()), 'patient')} of {known.sum():,} it comes at or after the end "
            "of follow-up, so it was not used; everyone is at risk from time zero.",
            name,
            int(over.sum()),
            code="entry",
        )
        return replace(outcome, issues=(*outcome.issues, issue))
    column = f"{outcome.endpoint.key}_entry_months"
    checks = (
        Check(early & observed, "info", "entry", name,
              "{patients} came under observation before time zero ({rows}); they are at risk from "
              "time zero on."),
        Check(observed & np.isnan(months), "warning", "entry", name,
              "{patients} had no time of entry ({rows}); analyses that use it leave them out."),
        Check(over, "warning", "entry", name,
              "{patients} came under observation at or after the end of follow-up ({rows}); "
              "analyses leave them out, check the values."),
    )  # fmt: skip
    said = Issue(
        "info" if stated else "warning",
        f"{label}: patients count as at risk from {shown(name)} on (left truncation), "
        f"{late:,} of {int(known.sum()):,} of them after time zero; a mapping can state it "
        "otherwise.",
        name,
        late,
        code="entry",
    )
    variable = Variable(
        column,
        f"Time of entry: {mid_sentence(label)}",
        "numeric",
        unit="months",
        role="outcome",
        description="Patients are at risk from here on; missing where it is not known.",
        reason="the mapping" if stated else f"the name {shown(name)}",
        source_column=name,
    )
    kept = frozenset({name}) if name in dates or early.any() else frozenset()
    source = f"{outcome.endpoint.source}; entry {shown(name)}".removeprefix("; ")
    return replace(
        outcome,
        endpoint=replace(outcome.endpoint, entry=column, source=source),
        columns={**outcome.columns, column: months},
        variables=(*outcome.variables, variable),
        originals=outcome.originals | kept,
        issues=(*outcome.issues, said, *findings(label, checks, rows)),
    )


def _months(
    outcome: Outcome, name: str, column: TextColumn, dates: Mapping[str, DateColumn]
) -> Floats | None:
    if name in dates:
        zero = outcome.time_zero
        return counted_months(dates[zero], dates[name]) if zero else None
    unit: TimeUnit | None = time_unit_of(name) or (None if outcome.time_zero else outcome.unit)
    if unit is None or column.share_numeric < 0.5:
        return None
    return column.spread(np.where(time_codes(column), np.nan, column.numbers)) * MONTHS_PER[unit]


def _is_time(column: TextColumn) -> bool:
    numbers = column.numbers[~np.isnan(column.numbers)]
    if column.share_numeric < 0.5 or column.is_binary or not len(numbers):
        return False
    return not bool((numbers >= _CALENDAR_YEARS[0]).all() and (numbers <= _CALENDAR_YEARS[1]).all())


def _words(name: str) -> str:
    """The words of a name, joined, without those of time and date."""
    tokens = parse_name(name).tokens
    if time_unit_of(name):
        tokens = tuple(token for token in tokens if token.rstrip("s") not in _UNITS)
    return "".join(token for token in tokens if token not in _FILLERS)


_UNITS = frozenset({"day", "week", "month", "year", "mo", "yr", "tage", "monate", "jahre"})
