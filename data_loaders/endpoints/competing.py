"""Competing events: those that keep a patient from ever having the event of an endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from data_loaders.arrays import Floats, Ints
from data_loaders.endpoints.build import Check, Outcome, findings
from data_loaders.endpoints.terms import endpoint_term, subject, time_label
from data_loaders.files.columns import TextColumn
from data_loaders.model import Endpoint, Issue, Variable
from data_loaders.wording import mid_sentence, plural, shown

_SAME_CLOCK = 0.5  # share of patients without the event whose two follow-ups have to agree
_TOLERANCE = 0.1  # months; follow-ups that were rounded to days or weeks agree


# The endpoint inside a composite one: relapse in "relapse or death".
_COMPONENT = {"rfs": "relapse", "dfs": "relapse", "lfs": "aml", "pfs": "ttp"}


def by_cause(
    outcome: Outcome, columns: Mapping[str, TextColumn], survival: Outcome | None
) -> Outcome | None:
    """The event of a composite endpoint without death, where a column tells its causes apart.

    Such a column holds 0, 1 and 2 and is other than 0 exactly in the patients with the composite
    event. The code whose patients had all died is death without the event; where survival does not
    tell, it is 2, as in R's cmprsk.

    Parameters
    ----------
    outcome
        The composite endpoint, such as relapse-free survival.
    survival
        Overall survival, if the table has it.

    Returns
    -------
    Outcome or None
        The endpoint with its competing event; None without such a column.
    """
    component = _COMPONENT.get(outcome.endpoint.key)
    known = ~np.isnan(outcome.event)
    if component is None:
        return None
    for name, column in columns.items():
        if len(column.texts) != 3 or set(column.numbers.tolist()) != {0.0, 1.0, 2.0}:
            continue
        codes = column.spread(column.numbers)
        if not np.array_equal(known, ~np.isnan(codes)) or not np.array_equal(
            codes[known] > 0, outcome.event[known] == 1
        ):
            continue
        return _component(outcome, component, name, codes, _death_code(codes, survival))
    return None


def _death_code(codes: Floats, survival: Outcome | None) -> float:
    if survival is None:
        return 2.0
    died = [bool((survival.event[codes == code] == 1).all()) for code in (1.0, 2.0)]
    return 1.0 if died == [True, False] else 2.0


def _component(outcome: Outcome, key: str, column: str, codes: Floats, death: float) -> Outcome:
    term = endpoint_term(key)
    wanted = 3.0 - death
    known = ~np.isnan(codes)
    endpoint = Endpoint(
        key, term.label, f"{key}_months", f"{key}_event", f"{key}_competing",
        entry=outcome.endpoint.entry, event_label=term.event_label,
        source=f"{outcome.endpoint.source.partition(';')[0]}; event {shown(column)} "
        f"({wanted:.0f} = event, {death:.0f} = competing)",
    )  # fmt: skip
    time, event = outcome.variables[0], outcome.variables[1]
    reason = f"{shown(column)} tells the events of {shown(event.source_column)} apart"
    variables = (
        replace(time, name=endpoint.time, label=time_label(term)),
        replace(
            event,
            name=endpoint.event,
            label=f"Event: {subject(term)}",
            description=f"1 = {term.event_label} ({wanted:.0f} in {shown(column)}), 0 = not.",
            reason=reason,
            source_column=column,
        ),
        replace(
            event,
            name=f"{key}_competing",
            label=f"Competing event: {subject(term)}",
            description=f"1 = died without {term.event_label} ({death:.0f} in {shown(column)}).",
            reason=reason,
            source_column=column,
        ),
    )
    issue = Issue(
        "info",
        f"{term.label}: taken from {shown(column)}, in which {wanted:.0f} is {term.event_label} "
        f"and {death:.0f} death without it; the time is that of "
        f"{mid_sentence(outcome.endpoint.label)}.",
        column,
        int((codes == wanted).sum()),
        code="by_cause",
    )
    return Outcome(
        endpoint,
        {
            endpoint.time: outcome.time,
            endpoint.event: np.where(known, (codes == wanted).astype(float), np.nan),
            f"{key}_competing": np.where(known, (codes == death).astype(float), np.nan),
        },
        variables,
        frozenset(),
        (issue,),
        outcome.unit,
        outcome.time_zero,
    )


def with_death(outcome: Outcome, survival: Outcome | None) -> Outcome | None:
    """Progression-free survival, where progression is known and death without it competes.

    Returns
    -------
    Outcome or None
        Ended by progression or death, whichever came first; None for other endpoints, and where
        something else than death competes or follow-up is another one than that of survival.
    """
    first = outcome.endpoint
    if survival is None or first.key != _COMPONENT["pfs"] or first.competing is None:
        return None
    without = outcome.columns[first.competing]
    died = without == 1
    if not (survival.event[died] == 1).all() or not (outcome.time == survival.time)[died].all():
        return None
    term = endpoint_term("pfs")
    event = np.where(np.isnan(outcome.event) | np.isnan(without), np.nan, outcome.event + died)
    endpoint = Endpoint(
        term.key, term.label, f"{term.key}_months", f"{term.key}_event", entry=first.entry,
        event_label=term.event_label, source=f"{first.source.partition(';')[0]}; event "
        f"{first.event} or death without it",
    )  # fmt: skip
    reason = f"derived from {first.event} and {survival.endpoint.event}"
    time, happened = outcome.variables[:2]
    variables = (
        replace(time, name=endpoint.time, label=time_label(term), reason=reason),
        replace(
            happened, name=endpoint.event, label=f"Event: {subject(term)}", reason=reason,
            description=f"1 = {term.event_label}, 0 = neither.",
        ),
    )  # fmt: skip
    issue = Issue(
        "info",
        f"{term.label} was derived: it ends with {first.event_label} or with death without it.",
        count=int((event == 1).sum()),
        code="with_death",
    )
    columns = {endpoint.time: outcome.time, endpoint.event: event}
    return replace(
        outcome, endpoint=endpoint, columns=columns, variables=variables, originals=frozenset(),
        issues=(issue,),
    )  # fmt: skip


def with_stated_competing(
    outcome: Outcome, source: str, values: Floats, description: str = ""
) -> Outcome:
    """Add the competing event that a column of the file states.

    Times stay as they are: the file has its own rule.

    Parameters
    ----------
    values
        1 = the competing event ended the follow-up, 0 = not, NaN = unknown; one a patient.
    description
        Of the new variable; default that it is death without the event.
    """
    return _with_competing(
        outcome,
        outcome.time,
        np.where(outcome.event == 1, 0.0, np.where(np.isnan(outcome.event), np.nan, values)),
        reason=f"the name {shown(source)}" if not description else "as stated",
        source=source,
        description=description,
    )


def same_clock(time: Floats, survival: Floats) -> bool:
    """Whether two follow-ups of the same patients, in months, agree in at least half of them."""
    return bool((np.abs(time - survival) <= _TOLERANCE).mean() >= _SAME_CLOCK)


def with_competing_death(outcome: Outcome, survival: Outcome, rows: Ints) -> Outcome:
    """Add death without the event as the competing event, from overall survival.

    The rule is that of a cumulative incidence with death competing: a patient with the event is
    followed to the event; everyone else to death (competing event) or to the last follow-up, which
    are the time of overall survival. ``competing`` is 1 where the patient died without the event, 0
    where the patient had it or was alive at last follow-up, and missing where the event, or the
    survival of a patient without it, is unknown.

    A file that gives times to those with the event only leaves the others blank; where most others
    have one, a blank time is missing and stays so.

    Files often stop the clock of a transformation at its last assessment, weeks before the death
    that is recorded elsewhere. Where that changes a time, the file's column is kept beside it.

    An endpoint that runs from another day than overall survival (relapse from remission) cannot
    borrow its times: where the two follow-ups agree in fewer than half of the patients without the
    event, the file's times stay and death competes at the last assessment.
    """
    event, time = outcome.event, outcome.time
    without = event == 0
    competing = np.where(event == 1, 0.0, np.where(without, survival.event, np.nan))
    followed = without & ~np.isnan(survival.time) & ~np.isnan(competing)
    reason = f"derived from {outcome.endpoint.event} and {survival.endpoint.event}"
    timed = followed & ~np.isnan(time)
    if 2 * timed.sum() > followed.sum():
        # Most without the event have a time of their own: where it is blank, it is not known.
        followed = timed
    agree = np.abs(time - survival.time) <= _TOLERANCE
    if timed.any() and not same_clock(time[timed], survival.time[timed]):
        issue = Issue(
            "warning",
            f"{outcome.endpoint.label}: its follow-up differs from that of overall survival in "
            "most patients, so it is taken to run from another day; death competes at the last "
            "assessment.",
            outcome.variables[0].source_column,
            int((timed & ~agree).sum()),
            code="time_zero",
        )
        return _with_competing(outcome, time, competing, reason=reason, issues=[issue])
    full_time = np.where(followed, survival.time, time)
    earlier = followed & ~(full_time <= time + 1e-6)
    later = (time > survival.time + 1e-6) & ~np.isnan(event)
    source = outcome.variables[0].source_column
    checks = (
        Check(later & ~followed, "warning", "after_follow_up", source,
              "{patients} had a time after death or last follow-up ({rows}); the values are kept, "
              "check the dates."),
        Check(followed & later, "warning", "after_follow_up", source,
              "{patients} without the event had a time after death or last follow-up ({rows}); it "
              "was shortened to the latter, and the file's column is kept; check the dates."),
        Check(earlier, "info", "competing_time", source,
              "{patients} without the event were last assessed before death or last follow-up "
              "({rows}); they are followed to the latter, so that death competes at its own time, "
              "and the file's column is kept."),
    )  # fmt: skip
    changed = bool((earlier | (followed & later)).any())
    longer, shorter = int(earlier.sum()), int((followed & later).sum())
    notes = [
        f"{plural(count, 'patient')} without {outcome.endpoint.event_label} "
        f"{'was' if count == 1 else 'were'} {words}"
        for count, words in (
            (longer, "last assessed before death or last follow-up and followed to it instead."),
            (shorter, "assessed after death or last follow-up and followed to it only."),
        )
        if count
    ]
    return _with_competing(
        outcome,
        full_time,
        competing,
        reason=reason,
        issues=findings(outcome.endpoint.label, checks, rows),
        note=" Patients without the event are followed to death or last follow-up.",
        notes=notes,
        kept=frozenset({str(source)}) if changed else frozenset(),
    )


def _with_competing(
    outcome: Outcome,
    time: Floats,
    competing: Floats,
    *,
    reason: str,
    source: str | None = None,
    issues: list[Issue] | None = None,
    note: str = "",
    notes: Iterable[str] = (),
    kept: frozenset[str] = frozenset(),
    description: str = "",
) -> Outcome:
    endpoint = outcome.endpoint
    column = f"{endpoint.key}_competing"
    time_variable, event_variable = outcome.variables
    return replace(
        outcome,
        endpoint=replace(
            endpoint,
            competing=column,
            source=f"{endpoint.source}; competing event {source or 'death without it'}",
            notes=tuple(notes),
        ),
        columns={endpoint.time: time, endpoint.event: outcome.event, column: competing},
        variables=(
            replace(time_variable, description=time_variable.description + note),
            event_variable,
            Variable(
                column,
                f"Competing event: {subject(endpoint)}",
                "binary",
                role="outcome",
                description=description or f"1 = died without {endpoint.event_label}, 0 = did not.",
                reason=reason,
                source_column=source,
            ),
        ),
        originals=outcome.originals | kept,
        issues=(*outcome.issues, *(issues or [])),
    )
