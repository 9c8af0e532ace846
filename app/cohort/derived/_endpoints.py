"""A time to the first of several events, from endpoints of the cohort, dates or months."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np

from app.cohort.derived._definition import DerivedEndpoint, DerivedError
from app.cohort.derived._evaluate import Evaluation
from app.cohort.derived._functions import months_between
from app.cohort.derived._names import Names, typed
from app.cohort.derived._parsing import parse
from app.cohort.derived._values import IN_WORDS, Array, unit_words
from data_loaders.arrays import Bools, Floats, States
from data_loaders.endpoints.find import MONTHS_PER
from data_loaders.model import Cohort, Endpoint
from data_loaders.wording import listing, mid_sentence, plural

Scale = Literal["months", "dates"]
T = TypeVar("T")
_DATED = re.compile(r"(?:date|time) (?:of|to) (.+)|(.+?),? (?:date|time from .+)\Z", re.IGNORECASE)
_TOLD = {"months": "counts months", "dates": "is a date"}


@dataclass(frozen=True, eq=False)
class FollowUp:
    """What a derived endpoint gives.

    Attributes
    ----------
    time, event, competing, entry
        Months and 0/1, shape (n,), NaN where not known; the last two None where there are none.
    left_out
        Why patients have no time or event: reason to number.
    notes
        Sentences on what was decided, with the patients it concerns.
    event_label
        What happens, as a noun.
    needs
        What the formulas are made of, with how many patients have no value of it.
    """

    time: Floats
    event: Floats
    competing: Floats | None
    entry: Floats | None
    left_out: dict[str, int]
    notes: tuple[str, ...]
    event_label: str
    needs: dict[str, int]


@dataclass(frozen=True, eq=False)
class _Event:
    """One event: who had it (1, 0, -1 not known) and when, and the endpoint it is, if one."""

    words: str
    happened: States
    at: Array
    endpoint: Endpoint | None = None


@dataclass(eq=False)
class _Parts:
    """Reads the parts of a definition, all on one scale."""

    names: Names
    scale: Scale | None = None
    needs: dict[str, int] = field(default_factory=dict)

    def read(self, text: str, what: str, one: Callable[[Evaluation, ast.expr], T]) -> list[T]:
        """What stands between the commas of a part; nothing where it is empty."""
        if not text.strip():
            return []
        with _about(what):
            parsed = parse(text)
            of = Evaluation(parsed, self.names)
            nodes = parsed.root.elts if isinstance(parsed.root, ast.Tuple) else [parsed.root]
            found = [one(of, node) for node in nodes]
        for (_, name), missing in of.used.items():
            self.needs[name] = int(missing.sum())
        return found

    def event(self, of: Evaluation, node: ast.expr) -> _Event:
        """An endpoint, ``event(time, condition)``, or a moment at which it has happened."""
        cohort, endpoint = self.names.cohort, self._endpoint(of, node)
        if endpoint is not None:
            time, event = cohort.numbers(endpoint.time), cohort.numbers(endpoint.event)
            unknown = np.isnan(time) | np.isnan(event)
            happened = np.where(unknown, -1, np.nan_to_num(event)).astype(np.int8)
            self.needs[endpoint.label] = int(unknown.sum())
            return _Event(endpoint.event_label, happened, self.moment(of, node), endpoint)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "event"
        ):
            if len(node.args) != 2:
                raise of.refusal(node, "event takes a time and a condition: event(time, condition)")
            moments, states = self.moment(of, node.args[0]), of.truth(node.args[1]).data
            happened = np.where((states == 1) & _gone(moments), -1, states).astype(np.int8)
            return _Event(_unquoted(of.parsed.words(node.args[1])), happened, moments)
        self._refuse_time_alone(of, node)
        moments = self.moment(of, node)
        return _Event(self._noun(of, node), (~_gone(moments)).astype(np.int8), moments)

    def moment(self, of: Evaluation, node: ast.expr) -> Array:
        """A date, or months from the cohort's time zero, missing where there is none."""
        words, endpoint = of.parsed.words(node), self._endpoint(of, node)
        if endpoint is not None:
            self._on(of, node, "months")
            return self.names.cohort.numbers(endpoint.time)
        value = of.value(node)
        if value.kind == "date":
            self._on(of, node, "dates")
            return value.data
        if value.kind != "number":
            raise of.refusal(
                node,
                f"{words} is {IN_WORDS[value.kind]}; a date or a number of months is needed, or "
                "event(time, condition)",
            )
        unit = unit_words(value.unit)
        if unit and unit not in MONTHS_PER:
            raise of.refusal(node, f"{words} is in {unit}, which is no time")
        self._on(of, node, "months")
        months: Array = value.data * MONTHS_PER[unit or "months"]
        return months

    def _noun(self, of: Evaluation, node: ast.expr) -> str:
        """What happens at a moment: ``relapse`` at the "Date of relapse", else as it was typed."""
        found = self.names.find(of.parsed.name(node)) if isinstance(node, ast.Name) else None
        if found is None or found[0] != "variable":
            return _unquoted(of.parsed.words(node))
        label = self.names.described[found[1]].label
        named = _DATED.match(label)
        return mid_sentence(label if named is None else str(named[1] or named[2]))

    def _refuse_time_alone(self, of: Evaluation, node: ast.expr) -> None:
        """The time of an endpoint is there whether or not it happened."""
        if not isinstance(node, ast.Name):
            return
        found = self.names.find(of.parsed.name(node))
        for endpoint in self.names.cohort.endpoints.values():
            if found == ("variable", endpoint.time):
                raise of.refusal(
                    node,
                    f"{of.parsed.words(node)} is the time of {mid_sentence(endpoint.label)}, "
                    f"whether or not it happened: write {typed(endpoint.key)} instead",
                )

    def _endpoint(self, of: Evaluation, node: ast.expr) -> Endpoint | None:
        if not isinstance(node, ast.Name):
            return None
        found = self.names.find(of.parsed.name(node), endpoints=True)
        if found is None:
            near = self.names.nearest(of.parsed.name(node), endpoints=True)
            hint = f"; did you mean {near}" if near else ""
            raise of.refusal(node, f"This cohort has no {of.parsed.words(node)}{hint}")
        return self.names.cohort.endpoints[found[1]] if found[0] == "endpoint" else None

    def _on(self, of: Evaluation, node: ast.expr, scale: Scale) -> None:
        if self.scale is not None and self.scale != scale:
            raise of.refusal(
                node,
                f"{of.parsed.words(node)} {_TOLD[scale]} while what was read before it "
                f"{_TOLD[self.scale]}; give all of them as dates or all as months",
            )
        self.scale = scale


def follow_up(cohort: Cohort, definition: DerivedEndpoint) -> FollowUp:
    """Times and events of a definition.

    The first event that counts ends follow-up; so does a competing event or a censoring before
    it. On the same day an event comes before a competing one, and both before a censoring. A
    patient without any is followed to ``follow_up``. Who had an event, or left, before time zero
    is not in it; nor is anyone of whom one of the events is not known.

    Raises
    ------
    DerivedError
        If a part cannot be read, or they do not fit together.
    """
    parts = _Parts(Names(cohort))
    events = parts.read(definition.events, "events", parts.event)
    if not events:
        raise DerivedError("Events: name what counts, such as relapse, os")
    competing = parts.read(definition.competing, "competing", parts.event)
    starts = parts.read(definition.start, "time zero", parts.event)
    stops = parts.read(definition.censor_at, "censored at", parts.event)
    ends = parts.read(definition.follow_up, "followed to", parts.moment)
    for what, held in (("Time zero", starts), ("Followed to", ends)):
        if len(held) > 1:
            raise DerivedError(
                f"{what}: one value is needed; earliest(a, b) and latest(a, b) choose among several"
            )
    start = _when(starts[0]) if starts else None
    if parts.scale == "dates" and start is None:
        raise DerivedError("Time zero: dates need one, such as the date of diagnosis")
    followed = [one.endpoint for one in (*events, *competing) if one.endpoint is not None]
    if not ends and not followed:
        raise DerivedError(
            "Followed to: say when a patient without an event was last seen, such as the date of "
            "last contact"
        )

    def months(at: Array) -> Floats:
        if start is None:
            return np.asarray(at, dtype=np.float64)
        return months_between(start, at) if parts.scale == "dates" else np.asarray(at - start)

    carried = [
        (one, cohort.numbers(one.endpoint.competing) == 1, months(one.at))
        for one in events
        if one.endpoint is not None and one.endpoint.competing is not None
    ]
    first = _first(months, events)
    other = _first(months, competing, carried=[(who, at) for _, who, at in carried])
    stop = _first(months, stops)
    if ends:
        end = months(ends[0])
    else:
        end = np.minimum.reduce([months(cohort.numbers(one.time)) for one in followed])
    no_event = np.isinf(first) & np.isinf(other)
    time = np.minimum(np.minimum(first, other), stop)
    time = np.where(no_event, np.minimum(end, stop), time)
    event = (first <= time).astype(np.float64)
    by_other = ((event == 0) & (other <= time)).astype(np.float64)
    unknown = np.logical_or.reduce([one.happened < 0 for one in (*events, *competing, *stops)])
    started = np.zeros(cohort.n, dtype=bool) if start is None else _gone(start)
    # A moment that is known and lies before time zero: an event, or the end of follow-up.
    reasons = {
        "without time zero": started,
        "of whom an event is not known": unknown,
        "without a follow-up": np.isnan(time),
        "with an event before time zero": (np.minimum(first, other) < 0),
        "whose follow-up ended before time zero": (time < 0),
    }
    out, left_out = np.zeros(cohort.n, dtype=bool), dict[str, int]()
    for reason, who in reasons.items():
        new = who & ~out
        if new.any():
            left_out[reason] = int(new.sum())
        out |= new
    late = ~out & ~no_event & (np.minimum(first, other) > end) & (time > end)
    cut = ~out & (time == stop) & (event == 0) & (by_other == 0)
    label = definition.event_label or listing([*dict.fromkeys(e.words for e in events)], "or")
    return FollowUp(
        time=np.where(out, np.nan, time),
        event=np.where(out, np.nan, event),
        competing=np.where(out, np.nan, by_other) if competing or carried else None,
        entry=_entry(cohort, followed, months),
        left_out=left_out,
        notes=_notes(definition, left_out, late, cut),
        event_label=label,
        needs=parts.needs,
    )


def _first(
    months: Callable[[Array], Floats],
    events: Sequence[_Event],
    carried: Sequence[tuple[Bools, Floats]] = (),
) -> Floats | np.float64:
    """When the first of events happened, infinite where none did."""
    found = [np.where(one.happened == 1, months(one.at), np.inf) for one in events]
    found += [np.where(who, at, np.inf) for who, at in carried]
    return np.fmin.reduce(found) if found else np.float64(np.inf)


def _when(event: _Event) -> Array:
    """When an event happened, missing where it did not or is not known."""
    never = np.datetime64("NaT") if event.at.dtype.kind == "M" else np.nan
    return np.where(event.happened == 1, event.at, never)


def _entry(
    cohort: Cohort, followed: Sequence[Endpoint], months: Callable[[Array], Floats]
) -> Floats | None:
    """When patients came under observation: the latest entry among the endpoints named."""
    entries = [months(cohort.numbers(one.entry)) for one in followed if one.entry is not None]
    return np.asarray(np.maximum(np.maximum.reduce(entries), 0.0)) if entries else None


def _notes(
    definition: DerivedEndpoint, left_out: dict[str, int], late: Bools, cut: Bools
) -> tuple[str, ...]:
    notes = []
    if left_out:
        verb = "was" if list(left_out.values()) == [1] else "were"
        notes.append(f"{listing(list(_counted(left_out)))} {verb} left out.")
    if late.any():
        what = "the follow-up stated" if definition.follow_up else "another endpoint's follow-up"
        events = plural(int(late.sum()), "event")
        verb = "was" if int(late.sum()) == 1 else "were"
        notes.append(f"{events} that came after {what} had ended {verb} counted.")
    if cut.any():
        verb = "was" if int(cut.sum()) == 1 else "were"
        where = _unquoted(definition.censor_at)
        notes.append(f"{plural(int(cut.sum()), 'patient')} {verb} censored at {where}.")
    return tuple(notes)


def _counted(left_out: dict[str, int]) -> Iterator[str]:
    for reason, number in left_out.items():
        yield f"{plural(number, 'patient')} {reason}"


def _unquoted(words: str) -> str:
    """Words of a formula as prose has them: without backticks, in one line."""
    return " ".join(words.replace("`", "").split())


def _gone(moments: Array) -> Bools:
    return np.asarray(np.isnat(moments) if moments.dtype.kind == "M" else np.isnan(moments))


@contextmanager
def _about(what: str) -> Iterator[None]:
    """Refusals say which part they are about."""
    try:
        yield
    except DerivedError as error:
        sentence = f"{what[:1].upper()}{what[1:]}: {error.sentence}"
        raise DerivedError(sentence, error.position) from error
