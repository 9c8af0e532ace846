"""Which columns of a table belong together as time and event of an outcome."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from data_loaders.endpoints.terms import (
    EndpointTerm,
    endpoint_named,
    endpoint_term,
    is_fatal,
    is_known,
    rank_of,
)
from data_loaders.files.columns import TextColumn
from data_loaders.meaning.event_codes import (
    EventCoding,
    decode_events,
    is_status_of_life,
    names_both_lives,
)
from data_loaders.meaning.spelling import (
    ARTICLES,
    CONTACT_WORDS,
    LAST_WORDS,
    folded,
    without_brackets,
)
from data_loaders.meaning.vocabulary import parse_name, term_of

TimeUnit = Literal["days", "weeks", "months", "years"]
MONTHS_PER: Mapping[str, float] = {
    "days": 12 / 365.25,
    "weeks": 7 * 12 / 365.25,
    "months": 1.0,
    "years": 12.0,
}


_TIME_WORDS = frozenset(
    {
        "time",
        "times",
        "duration",
        "fu",
        "futime",
        "followup",
        "follow",
        "up",
        "last",
        "length",
        "zeit",
        "dauer",
        "nachbeobachtung",
        "nachbeobachtungszeit",
        "beobachtungszeit",
        "tempo",
        "durata",
        "osservazione",
        "temps",
        "duree",
        "delai",
        "suivi",
        "tiempo",
        "duracion",
        "seguimiento",
    }
)
_EVENT_WORDS = frozenset(
    {
        "event", "events", "status", "stat", "evt", "cens", "censor", "censored", "censoring",
        "indicator", "ind", "stato", "estado", "statut", "etat", "ereignis", "evento", "evenement",
    }
)  # fmt: skip
# A single letter is a unit or part of a name.
_FILLERS = {word for word in ARTICLES if len(word) > 1} | {
    "to", "from", "since", "until", "diagnosis", "dx", "diagnose", "erstdiagnose", "diagnosi",
    "diagnostic", "diagnostico", "seit", "ab", "depuis", "desde",
}  # fmt: skip
_UNIT_WORDS = {
    "d": "days", "w": "weeks", "m": "months", "y": "years", "mo": "months", "mos": "months",
    "yr": "years", "day": "days", "days": "days", "week": "weeks", "weeks": "weeks",
    "month": "months", "months": "months", "year": "years", "years": "years", "yrs": "years",
    "tag": "days", "tage": "days", "tagen": "days", "giorni": "days", "jours": "days",
    "dias": "days", "wochen": "weeks", "settimane": "weeks", "semaines": "weeks",
    "semanas": "weeks", "monat": "months", "monate": "months", "monaten": "months",
    "mesi": "months", "mois": "months", "meses": "months", "jahre": "years", "jahren": "years",
    "anni": "years", "ans": "years", "annees": "years", "anos": "years",
}  # fmt: skip
_CALENDAR_YEAR = 1900
_CLOCK_TIMES = 20  # different times of a column that may be a follow-up
_KNOWN_TOGETHER = 0.9
_MOST_CLOCKS = 3  # of more columns without a known name nobody knows which is meant
_AN_AGE = re.compile(r"age|alter|eta(?![a-z])|edad")
_GLUED = re.compile(
    r"^(os|efs|rfs|pfs|dfs|lfs|ttp|fu)(stat|status|event|cens|time|days|months|years)$"
)
# "ttcos" is the time to death or censoring, "ttos" to death alone, "censos" who died.
_PREFIXED = re.compile(r"(?P<part>ttc?|cens)(?P<stem>os|efs|rfs|pfs|dfs|lfs|ffs)")
_LETTER = re.compile(r"(os|efs|rfs|pfs|dfs|lfs|ffs|ttp)[_. ](?:e|ev)")  # os_e beside os_m
_SAID_BEFORE: Mapping[str, tuple[str, ...]] = {"ttc": ("time",), "tt": (), "cens": ("cens",)}
# Of these two words the first does not say that the column tells who had the event.
_ONE_WORD = (("event", "free"), ("first", "event"))
# Times and states of these are covariates, whatever stands beside them.
_NOT_OUTCOMES = frozenset(
    {
        "transplant", "hsct", "sct", "hct", "tpl", "treatment", "therapy", "sample", "sampling",
        "birth", "age", "hma", "chemo", "disease", "smoking", "performance", "menopause",
        "mutation", "gene", "response",
    }
)  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """What a column's name says about its place in an outcome."""

    column: str
    stem: str
    part: Literal["time", "event", "bare"]
    unit: TimeUnit | None


@dataclass(frozen=True, eq=False)
class Pair:
    """The two columns of an outcome.

    Parameters
    ----------
    time, event
        Column names in the file.
    unit
        Unit of the time as its name states it; None if it does not.
    coding
        How the event column is coded.
    later_times
        Columns with the follow-up of patients for whom ``time`` is blank (``days_to_death`` with
        ``days_to_last_followup``), the first filled one counts.
    generic
        Whether the names say "time" and "status" without saying of what.
    time_zero
        Column with the date that times are counted from, where they are dates; else None.
    by_presence
        Whether a blank ``event`` means that it did not happen, as in a date of relapse.
    entry
        Column with the time or date at which patients came under observation, where a mapping
        states one; else None, and the names are looked through.
    unit_stated
        Whether a mapping states the unit.
    """

    term: EndpointTerm
    time: str
    event: str
    unit: TimeUnit | None
    coding: EventCoding
    later_times: tuple[str, ...] = ()
    generic: bool = False
    time_zero: str | None = None
    by_presence: bool = False
    entry: str | None = None
    unit_stated: bool = False


def time_unit_of(name: str) -> TimeUnit | None:
    """The unit of time that a column's name states; None if it states none.

    Parameters
    ----------
    name
        Such as ``os_days`` or ``months_to_entry``.
    """
    parsed = parse_name(name)
    if parsed.unit in MONTHS_PER:
        return cast("TimeUnit", parsed.unit)
    ends = parsed.tokens[:1] + parsed.tokens[-1:]
    found = [_UNIT_WORDS[word] for word in ends if len(word) > 1 and word in _UNIT_WORDS]
    return cast("TimeUnit", found[0]) if found and len(parsed.tokens) > 1 else None


def find_event(key: str, columns: Mapping[str, TextColumn]) -> tuple[str, EventCoding] | None:
    """The column that says who had the event of an outcome, and its coding.

    Parameters
    ----------
    key
        Of the outcome; a column named "status" alone is that of overall survival, and so is the
        only one whose entries are words such as alive and dead.
    columns
        Where to look, by name.
    """
    parts = [part for part in map(_part_of, columns) if part is not None and part.part != "time"]
    own = [part for part in parts if part.stem == key]
    own.sort(key=lambda part: part.part == "bare")
    generic = [part for part in parts if not part.stem and key == "os"]
    names = [part.column for part in (*own, *generic)]
    if key == "os":
        names += _statuses_of_life(columns)
    for name in names:
        coding = decode_events(columns[name], fatal=is_fatal(key))
        if coding is not None:
            return name, coding
    return None


def _statuses_of_life(columns: Mapping[str, TextColumn]) -> list[str]:
    """The one column whose entries say dead and alive, whatever its name; none where two do."""
    found = [name for name, column in columns.items() if is_status_of_life(column)]
    return found if len(found) == 1 else []


def statuses_not_read(key: str, columns: Mapping[str, TextColumn]) -> list[str]:
    """Columns named as the status of an outcome whose codes are not known, the surest first.

    Parameters
    ----------
    key, columns
        As in :func:`find_event`.
    """
    parts = [part for part in map(_part_of, columns) if part is not None and part.part == "event"]
    return [part.column for part in parts if part.stem == key or (not part.stem and key == "os")]


def find_pairs(columns: Mapping[str, TextColumn]) -> tuple[list[Pair], list[tuple[str, str]]]:
    """Pairs of time and event columns, overall survival first, then in the file's order.

    Parameters
    ----------
    columns
        Those that may belong to an outcome, by name.

    Returns
    -------
    pairs
        What was found.
    unread
        Time and event columns that belong together by name, but whose event codes are not known.
    """
    parts = [part for part in map(_part_of, columns) if part is not None]
    stems = list(dict.fromkeys(part.stem for part in parts if part.stem))
    if "os" not in stems:
        stems.insert(0, "os")
    stems.sort(key=lambda stem: stem != "os")
    pairs, unread = [], []
    for stem in stems:
        own = [part for part in parts if part.stem == stem]
        generic = [part for part in parts if not part.stem] if stem == "os" else []
        times, events = _candidates(stem, own, generic, columns)
        pair = _pair(stem, times, events, columns)
        if pair is None and times and stem == "os":
            by_entries = [_Part(name, "", "event", None) for name in _statuses_of_life(columns)]
            pair = _pair(stem, times, by_entries, columns)
        if pair:
            pairs.append(pair)
        elif times and events:
            unread.append((times[0].column, events[0].column))
        elif times and stem == "os":
            unread += [(times[0].column, name) for name in columns if names_both_lives(name)]
    return pairs, unread


def untimed_events(
    columns: Mapping[str, TextColumn], taken: Collection[str]
) -> list[tuple[EndpointTerm, str, list[str]]]:
    """Events that no column's name gives a time to, with the columns that may hold it.

    These are measurements under names without a meaning, from 0 on and known wherever the event
    is; the longest comes first.

    Parameters
    ----------
    columns
        Those that belong to no outcome, by name.
    taken
        Keys of the outcomes that were found.

    Returns
    -------
    list of (EndpointTerm, str, list of str)
        The outcome, the column of its event and the candidates for its time.
    """
    measured = {name: column for name, column in columns.items() if _may_be_a_clock(name, column)}
    found = []
    for name, column in columns.items():
        part = _part_of(name)
        if part is None or part.part == "time" or not is_known(part.stem) or part.stem in taken:
            continue
        if decode_events(column, fatal=is_fatal(part.stem)) is None:
            continue
        beside = {
            other: float(np.mean(clock.numbers))
            for other, clock in measured.items()
            if (clock.filled & column.filled).sum() >= _KNOWN_TOGETHER * column.filled.sum()
        }
        if 0 < len(beside) <= _MOST_CLOCKS:
            found.append(
                (endpoint_term(part.stem), name, sorted(beside, key=lambda other: -beside[other]))
            )
    return sorted(found, key=lambda question: rank_of(question[0].key))


def _may_be_a_clock(name: str, column: TextColumn) -> bool:
    """Whether a column without a known name holds numbers from 0 on that may be times."""
    if term_of(name) is not None or _part_of(name) is not None or _AN_AGE.match(folded(name)):
        return False
    many = len(column.texts) >= _CLOCK_TIMES and column.share_numeric == 1
    return many and bool((column.numbers >= 0).all()) and not bool((column.numbers % 1 == 0).all())


def _candidates(
    stem: str, own: list[_Part], generic: list[_Part], columns: Mapping[str, TextColumn]
) -> tuple[list[_Part], list[_Part]]:
    """Columns that may be the time and the event of an outcome, the surest first."""
    known = is_known(stem)
    times = [part for part in own if _may_be_time(part, columns[part.column], loose=known)]
    times.sort(key=lambda part: _time_preference(part, stem))
    times += [part for part in generic if _may_be_time(part, columns[part.column], loose=False)]
    events = [part for part in own if part.part == "event" or (part.part == "bare" and known)]
    events = [part for part in events if part not in times]
    events.sort(key=lambda part: (part.column.lower() != f"{stem}_event", part.part == "bare"))
    events += [part for part in generic if part.part == "event"]
    return times, events


def _pair(
    stem: str, times: list[_Part], events: list[_Part], columns: Mapping[str, TextColumn]
) -> Pair | None:
    if not times:
        return None
    time, *others = times
    for event in events:
        coding = decode_events(columns[event.column], fatal=is_fatal(stem))
        if coding is None:
            continue
        deaths_only = "death" in parse_name(time.column).tokens and time.unit is not None
        later = next((part.column for part in others if part.unit == time.unit), None)
        return Pair(
            endpoint_term(stem),
            time.column,
            event.column,
            time.unit,
            coding,
            later_times=(later,) if deaths_only and later else (),
            generic=not time.stem and not event.stem,
        )
    return None


def _may_be_time(part: _Part, column: TextColumn, *, loose: bool) -> bool:
    if part.part == "event" or (part.part == "bare" and not loose):
        return False
    if part.unit == "years" and np.nanmin(column.numbers, initial=np.inf) >= _CALENDAR_YEAR:
        return False  # the year of death
    return column.share_numeric >= 0.5 and not (part.part == "bare" and column.is_binary)


def _time_preference(part: _Part, key: str) -> tuple[bool, int, bool]:
    """Sort key: a column of months with the final name, then the finest unit."""
    order = ("days", "weeks", "months", "years", None)
    return part.column != f"{key}_months", order.index(part.unit), part.part == "bare"


def _part_of(column: str) -> _Part | None:
    """The part that a column's name says, with or without what stands in its brackets."""
    whole = _part_of_name(column, column)
    bare = without_brackets(column)
    if bare == column or (whole is not None and (not whole.stem or is_known(whole.stem))):
        return whole
    return _part_of_name(bare, column) or whole


def _part_of_name(name: str, column: str) -> _Part | None:
    glued = _GLUED.match(name.lower())
    tokens = glued.groups() if glued else parse_name(name).tokens
    if letter := _LETTER.fullmatch(name.lower()):
        tokens = (letter[1], "event")
    if before := _PREFIXED.fullmatch(name.lower()):
        tokens = (before["stem"], *_SAID_BEFORE[before["part"]])
    unit = None if glued else parse_name(name).unit
    if tokens in {("day",), ("week",), ("month",), ("year",)}:
        return None
    words = [token for token in tokens if token not in _FILLERS]
    if tuple(words[:2]) in _ONE_WORD:
        words = ["".join(words[:2]), *words[2:]]
    if words and words[-1] in _UNIT_WORDS and (len(words) > 1 or len(words[0]) > 2):
        unit = _UNIT_WORDS[words.pop()]
    elif len(words) > 1 and words[0] in _UNIT_WORDS and len(words[0]) > 2:
        unit = _UNIT_WORDS[words.pop(0)]
    stem_words = [word for word in words if word not in _TIME_WORDS | _EVENT_WORDS]
    is_event = any(word in _EVENT_WORDS for word in words)
    if is_event and LAST_WORDS & set(stem_words):
        # "Status at the last contact" is the status.
        stem_words = [word for word in stem_words if word not in LAST_WORDS | CONTACT_WORDS]
    is_time = unit in MONTHS_PER or any(word in _TIME_WORDS for word in words)
    if stem_words == ["fustat"]:
        stem_words, is_event = [], True
    joined = "".join(stem_words)
    term = endpoint_named(joined)
    if term is None and any(word in _NOT_OUTCOMES for word in words):
        return None
    stem = term.key if term else "_".join(stem_words)
    if is_event:
        return _Part(column, stem, "event", None)
    if is_time:
        return _Part(column, stem, "time", unit if unit in MONTHS_PER else None)  # type: ignore[arg-type]
    return _Part(column, stem, "bare", None) if term else None
