"""Events of the timeline: the first transplant of each patient becomes a variable."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_loaders.arrays import Bools, Floats, Positions, Texts
from data_loaders.cbioportal.tsv import TextTable, find_column
from data_loaders.model import DAYS_PER_MONTH, CohortError, Issue, Variable
from data_loaders.wording import at_rows, listed, plural, shown

_TRANSPLANT = re.compile(
    r"\b(allo|auto|haplo)?[\s-]*(hsct|hct|sct|bmt|asct|allohct|allohsct|allosct|hsct\w*)\b"
    r"|stem[\s-]*cell[\s-]*(transplant|infusion|rescue)|(bone[\s-]*marrow|cord[\s-]*blood|allogen\w*|"
    r"autolog\w*|haploident\w*)[\s-]*(\w+[\s-]*){0,3}transplant|^\W*transplant(ation)?\W*$",
    re.IGNORECASE,
)
_AUTOLOGOUS = re.compile(r"autolog|\basct\b|\bauto[\s-]*(sct|hct|hsct)", re.IGNORECASE)
_NOT_DONE = re.compile(
    r"\b(no|not|without|planned|eligib\w*|candidate|declined|evaluation|work-?up|donor search|"
    r"conditioning|pre-?transplant|post-?transplant|relapse after|gvhd|gvh)\b",
    re.IGNORECASE,
)
_IDENTIFIERS = frozenset({"PATIENT_ID", "SAMPLE_ID", "START_DATE", "STOP_DATE"})


@dataclass(frozen=True, eq=False)
class TimelineVariable:
    """A variable taken from the timeline.

    Parameters
    ----------
    months
        Months from time zero, one a patient, NaN for none.
    """

    variable: Variable
    months: Floats


def transplants(
    tables: Collection[TextTable], patients: pd.Index, taken: Collection[str]
) -> tuple[list[TimelineVariable], list[Issue]]:
    """Months from time zero (day 0 of the timeline, the diagnosis) to the first transplant.

    Allogeneic transplants, and those of an unstated kind, are ``transplant_months``; autologous
    ones ``autologous_transplant_months``.

    Parameters
    ----------
    patients
        Identifiers in the cohort's order.
    taken
        Names of variables that exist already.

    Raises
    ------
    CohortError
        If a timeline has no column of patients or of days.
    """
    first = {kind: np.full(len(patients), np.nan) for kind in ("", "autologous_")}
    issues: list[Issue] = []
    events, types = 0, set()
    for table in tables:
        owner, days, kind, more = _events(table, patients)
        issues += more
        events += len(owner)
        types |= _types(table)
        for name, months in first.items():
            here = (owner >= 0) & ~np.isnan(days) & (kind == (name or "transplant"))
            np.fmin.at(months, owner[here], days[here] / DAYS_PER_MONTH)
    found = []
    for prefix, months in first.items():
        who = int((~np.isnan(months)).sum())
        if who:
            found.append(_variable(prefix, months, taken))
            issues.append(_found_issue(found[-1].variable, months, who))
    if tables:
        issues.append(
            Issue(
                "info",
                f"The timeline holds {plural(events, 'event')} ({listed(sorted(types), limit=6)}); "
                "only transplants became a variable.",
                count=events,
                code="timeline",
            )
        )
    return found, issues


def _variable(prefix: str, months: Floats, taken: Collection[str]) -> TimelineVariable:
    name = f"{prefix}transplant_months"
    while name in taken:
        name = f"{name}_timeline"
    label = "Autologous transplant: time" if prefix else "Transplant: time"
    return TimelineVariable(
        Variable(
            name,
            label,
            "numeric",
            unit="months",
            role="treatment",
            description="Months from day 0 of the timeline, the diagnosis, to the first "
            f"{'autologous ' if prefix else ''}transplant; empty for patients without one.",
            reason="a transplant among the treatments and procedures of the timeline",
        ),
        months,
    )


def _found_issue(variable: Variable, months: Floats, who: int) -> Issue:
    early = int((months < 0).sum())
    words = (
        f"The timeline shows a transplant in {plural(who, 'patient')}; the time of the first one "
        f"is kept as {variable.name}"
    )
    if early:
        words += f" ({plural(early, 'patient')} had it before time zero)"
    return Issue("warning" if early else "info", f"{words}.", variable.name, who, code="transplant")


def _events(table: TextTable, patients: pd.Index) -> tuple[Positions, Floats, Texts, list[Issue]]:
    """Patient, day and kind of transplant of each event."""
    raw, file = table.raw(), shown(table.filename)
    patient = find_column(table.header, "PATIENT_ID")
    start = find_column(table.header, "START_DATE")
    if patient is None or start is None:
        raise CohortError(
            f"{file} has no column {'PATIENT_ID' if patient is None else 'START_DATE'}; a timeline "
            "has one row an event, with the patient and the day."
        )
    column, days = raw.columns[patient], raw.columns[start]
    places = patients.get_indexer(pd.Index(column.texts.astype(str)))
    owner = np.append(places, -1)[column.codes]
    values = days.spread(days.numbers)
    issues: list[Issue] = list(raw.issues)
    unreadable = raw.rows[days.filled & np.isnan(values)].tolist()
    if unreadable:
        issues.append(
            Issue.at(
                "warning",
                f"{file}: {plural(len(unreadable), 'event')} had no number of days as START_DATE "
                f"({at_rows(unreadable)}); they were left out.",
                unreadable,
                start,
                "text_in_number",
            )
        )
    if (owner < 0).any():
        issues.append(
            Issue(
                "warning",
                f"{file}: {plural(int((owner < 0).sum()), 'event')} left out, of patients that the "
                "clinical table does not list.",
                patient,
                int((owner < 0).sum()),
                code="strangers",
            )
        )
    return owner.astype(np.intp), values, _transplant_of(table), issues


def _transplant_of(table: TextTable) -> Texts:
    """Whether each event is a transplant, and of which kind; None for other events."""
    raw = table.raw()
    texts = [column for name, column in raw.columns.items() if name.upper() not in _IDENTIFIERS]
    kinds = np.full(raw.n, None, dtype=object)
    done = np.zeros(raw.n, dtype=bool)
    denied, own = np.zeros(raw.n, dtype=bool), np.zeros(raw.n, dtype=bool)
    for column in texts:
        words = [str(text) for text in column.texts]
        done |= column.rows_holding(_holding(words, _TRANSPLANT))
        denied |= column.rows_holding(_holding(words, _NOT_DONE))
        own |= column.rows_holding(_holding(words, _AUTOLOGOUS))
    kinds[done & ~denied & ~own] = "transplant"
    kinds[done & ~denied & own] = "autologous_"
    return kinds


def _holding(words: list[str], pattern: re.Pattern[str]) -> Bools:
    return np.array([pattern.search(word) is not None for word in words], dtype=bool)


def _types(table: TextTable) -> set[str]:
    name = find_column(table.header, "EVENT_TYPE")
    return {str(text) for text in table.raw().columns[name].texts} if name else set()
