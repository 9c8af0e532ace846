"""Every outcome of a table: those that a mapping states and those that its columns show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from data_loaders.arrays import Ints
from data_loaders.dates.columns import DateColumn
from data_loaders.endpoints._entry import find_entry, with_entry
from data_loaders.endpoints._stated import stated_competing, stated_pair
from data_loaders.endpoints.build import Outcome, build_outcome
from data_loaders.endpoints.competing import (
    by_cause,
    same_clock,
    with_competing_death,
    with_death,
    with_stated_competing,
)
from data_loaders.endpoints.contradictions import against_dates
from data_loaders.endpoints.date_pairs import find_date_pairs
from data_loaders.endpoints.find import MONTHS_PER, Pair, find_pairs, untimed_events
from data_loaders.endpoints.terms import EndpointTerm, endpoint_term
from data_loaders.files.columns import TextColumn
from data_loaders.mapping.parts import EndpointMapping
from data_loaders.mapping.record import TableMapping
from data_loaders.meaning.event_codes import not_understood
from data_loaders.model import CohortError, Issue
from data_loaders.wording import listed, mid_sentence, shown

_FEW_CODES, _LONGEST_CODE = 8, 30  # codes may be shown; free text of a patient may not


def find_outcomes(
    columns: Mapping[str, TextColumn],
    rows: Ints,
    mapping: TableMapping,
    dates: Mapping[str, DateColumn] | None = None,
) -> tuple[list[Outcome], list[Issue]]:
    """The outcomes of a table, overall survival first, and what stood in the way of others.

    Parameters
    ----------
    columns
        Those that may belong to an outcome, by name.
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
    said = {endpoint_term(endpoint.key).key: endpoint for endpoint in mapping.endpoints}
    if len(said) < len(mapping.endpoints):
        raise CohortError(
            "The mapping states one endpoint twice under different spellings; keep one of them."
        )
    # Only what a column is takes it from the outcomes, not its label or unit.
    other_use = {n for n, stated in mapping.columns.items() if {"role", "kind"} & set(stated)}
    other_use |= set(mapping.alterations)
    gone = {endpoint_term(key).key for key in mapping.no_endpoints}
    inferred, issues = _inferred(columns, dates, mapping, other_use, gone)
    stated = {
        key: stated_pair(endpoint, inferred.get(key), columns, dates)
        for key, endpoint in said.items()
    }
    whole = {key: stated[key] for key, endpoint in said.items() if endpoint.time and endpoint.event}
    used = {column for pair in whole.values() for column in (pair.time, pair.event)} | other_use
    pairs = dict(whole)
    for key, pair in inferred.items():
        # Columns that are stated to be another outcome are that; one of them may serve two.
        if key in stated or not {pair.time, pair.event} <= used:
            pairs[key] = stated.get(key) or _with_stated_unit(pair, mapping)
    ordered = sorted(pairs.values(), key=lambda pair: pair.term.key != "os")
    built = [
        against_dates(build_outcome(pair, columns, rows, dates), dates, rows) for pair in ordered
    ]
    survival = built[0] if built and built[0].endpoint.key == "os" else None
    free = {name: column for name, column in columns.items() if name not in used}
    outcomes = [
        _with_competing(
            (outcome, pair),
            survival,
            said.get(pair.term.key),
            columns=columns,
            free=free,
            rows=rows,
        )
        for pair, outcome in zip(ordered, built, strict=True)
    ]
    if survival is not None:
        issues += [issue for outcome in outcomes for issue in _other_clock(outcome, survival)]
    known = {name: column for name, column in columns.items() if name in free or name in dates}
    for i, (pair, outcome) in enumerate(zip(ordered, outcomes, strict=True)):
        own_word = said.get(pair.term.key)
        if own_word is not None and own_word.entry is False:
            continue
        # A time of entry that names no endpoint belongs to those on the clock of survival.
        same = survival is None or _on_one_clock(outcome, survival)
        entry = pair.entry or (find_entry(outcome, known, dates, own_only=not same))
        if entry is not None:
            outcomes[i] = with_entry(
                outcome, entry, columns, dates, rows, stated=pair.entry is not None
            )
    found = {outcome.endpoint.key for outcome in outcomes} | gone
    for outcome in list(outcomes):
        for more in (by_cause(outcome, free, survival), with_death(outcome, survival)):
            if more is not None and more.endpoint.key not in found:
                found.add(more.endpoint.key)
                outcomes.append(more)
    used |= {v.source_column or "" for outcome in outcomes for v in outcome.variables}
    left = {name: c for name, c in columns.items() if name not in used and name not in dates}
    issues += [_untimed(*question) for question in untimed_events(left, found)]
    return outcomes, issues


def _untimed(term: EndpointTerm, event: str, times: list[str]) -> Issue:
    example = {"endpoints": {term.key: {"time": times[0], "event": event, "unit": "years"}}}
    names = listed(times[:_FEW_CODES], "or")
    return Issue(
        "warning",
        f"{shown(event)} says who had the event of {mid_sentence(term.label)}, but no column's "
        f"name says when: is it {names}, and in which unit? State it under Correct or in a "
        f"mapping: {json.dumps(example)}.",
        event,
        code="untimed_event",
    )


def _with_competing(
    made: tuple[Outcome, Pair],
    survival: Outcome | None,
    said: EndpointMapping | None,
    *,
    columns: Mapping[str, TextColumn],
    free: Mapping[str, TextColumn],
    rows: Ints,
) -> Outcome:
    """The outcome with its competing event: as stated, in a column of its own, or death."""
    outcome, pair = made
    stated = stated_competing(outcome, pair.coding, said, columns)
    if stated is not None:
        return stated
    name = f"{pair.term.key}_competing"
    own = next((column for n, column in free.items() if n.lower() == name), None)
    if own is not None and own.is_binary:
        return with_stated_competing(outcome, own.name, own.spread(own.answers))
    if pair.term.competing and survival is not None:
        return with_competing_death(outcome, survival, rows)
    return outcome


def _inferred(
    columns: Mapping[str, TextColumn],
    dates: Mapping[str, DateColumn],
    mapping: TableMapping,
    other_use: set[str],
    gone: set[str],
) -> tuple[dict[str, Pair], list[Issue]]:
    """The pairs that the columns show, by key, and what stood in the way of others."""
    whole = [endpoint for endpoint in mapping.endpoints if endpoint.time and endpoint.event]
    used = {str(column) for e in whole for column in (e.time, e.event)} | other_use
    open_columns = {n: c for n, c in columns.items() if n not in other_use}
    pairs: dict[str, Pair] = {}
    unread: list[tuple[str, str]] = []
    for taken in [set[str](), used] if whole else [set[str]()]:
        left = {n: c for n, c in open_columns.items() if n not in taken and n not in dates}
        found, unread = find_pairs(left)
        for pair in found:
            if not {pair.time, pair.event} <= used:
                pairs.setdefault(pair.term.key, pair)
    # A date stays a date, whatever else the user said of its column.
    dated = {n: c for n, c in columns.items() if n not in used or n in dates}
    known = {*pairs, *(endpoint_term(endpoint.key).key for endpoint in whole), *gone}
    from_dates, issues = find_date_pairs(dated, dates, known)
    pairs |= {pair.term.key: pair for pair in from_dates}
    issues += [_unread(time, columns[event]) for time, event in unread]
    if gone:
        labels = [endpoint_term(key).label for key in sorted(gone)]
        words = (
            f"The mapping takes out the endpoints {listed(labels)}; their columns are variables."
        )
        issues.append(Issue("info", words, count=len(gone), code="ignored"))
    return {key: pair for key, pair in pairs.items() if key not in gone}, issues


def _with_stated_unit(pair: Pair, mapping: TableMapping) -> Pair:
    unit = mapping.columns.get(pair.time, {}).get("unit")
    if unit not in MONTHS_PER or pair.time_zero is not None:
        return pair
    return replace(pair, unit=unit, unit_stated=True)


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


def _unread(time: str, event: TextColumn) -> Issue:
    codes = not_understood(event)
    few = len(codes) <= _FEW_CODES and max(map(len, codes), default=0) <= _LONGEST_CODE
    return Issue(
        "warning",
        f"{shown(time)} and {shown(event.name)} belong together by name, but the codes of "
        f"{shown(event.name)} are not known{f' ({listed(codes)})' if few else ''}; what does each "
        'mean? State it in a mapping ("codes").',
        event.name,
        code="event_coding",
    )
