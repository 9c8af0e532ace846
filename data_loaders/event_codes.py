"""How an event column is coded: 0/1, Alive/Dead, ``1:DECEASED``, 1/2, TRUE/FALSE, yes/no."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_loaders.columns import UNKNOWN_WORDS, Floats, TextColumn
from data_loaders.wording import shown

_EVENT_WORDS = frozenset(
    {
        "1", "1.0", "dead", "deceased", "died", "death", "exitus", "event", "yes", "y", "true",
        "t", "progressed", "progression", "recurred", "recurred/progressed", "recurrence",
        "relapse", "relapsed", "transformed", "dod", "failure", "occurred", "with event",
        "verstorben", "gestorben", "tot", "décédé", "décédée", "deceduto", "fallecido",
    }
)  # fmt: skip
_CENSORED_WORDS = frozenset(
    {
        "0", "0.0", "alive", "living", "censored", "censor", "no", "n", "false", "f", "no event",
        "event free", "disease free", "diseasefree", "progression free", "relapse free",
        "no relapse", "no progression", "in remission", "lost to follow-up", "lost to follow up",
        "ltfu", "lost", "alive with disease", "alive without disease", "none", "not transformed",
        "without event", "lebt", "lebend", "am leben", "vivant", "vivante", "vivo",
    }
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class EventCoding:
    """The meaning of each entry of an event column.

    Parameters
    ----------
    values
        One number an entry of the column: 1 event, 0 censored, NaN not recognised.
    words
        The coding in words: ``1 = event, 0 = censored``.
    warning
        What was assumed, as a sentence to be checked by the user; empty if nothing was.
    unrecognised
        Which entries have no meaning, words of "unknown" excepted.
    merges
        Whether different words came to mean the same, such as "alive" and "lost to follow-up".
    competing
        Which entries mean a competing event, where a mapping tells them apart; they are 0 among
        the values.
    """

    values: Floats
    words: str
    warning: str
    unrecognised: npt.NDArray[np.bool_]
    merges: bool = False
    competing: npt.NDArray[np.bool_] | None = None


def decode_events(column: TextColumn) -> EventCoding | None:
    """The coding of an event column; None if it is none that is known.

    Codes 1 and 2 are read as in R (1 = censored, 2 = event) when both occur and nothing else
    does. A column named "censored" is read the other way round: 1 = censored.
    """
    if not len(column.texts):
        return None
    words = [re.sub(r"\.0$", "", word) for word in column.words]
    if _inverted(column.name) and set(words) <= {"0", "1", "true", "false", "yes", "no"}:
        values = 1 - np.array([_meaning(word) for word in words])
        return EventCoding(
            values,
            "1 = censored, 0 = event",
            "its name says that it marks censoring, so 0 was read as the event",
            np.zeros(len(words), dtype=bool),
        )
    if set(words) == {"1", "2"}:
        values = np.array([0.0 if word == "1" else 1.0 for word in words])
        return EventCoding(
            values,
            "2 = event, 1 = censored",
            "the codes 1 and 2 were read as in R: 1 = censored, 2 = event",
            np.zeros(len(words), dtype=bool),
        )
    values = np.array([_meaning(word) for word in words])
    known = ~np.isnan(values)
    unknown_words = np.array([word in UNKNOWN_WORDS for word in words])
    unrecognised = ~known & ~unknown_words
    understood = column.counts[~unrecognised].sum() / column.counts.sum()
    if not known.any() or understood < 0.8 or (unrecognised & ~np.isnan(column.numbers)).any():
        return None
    merges = len(set(words)) > len(set(values[known].tolist()))
    return EventCoding(values, _in_words(column.texts, values), "", unrecognised, merges)


def events_from_values(column: TextColumn, event_values: Sequence[object]) -> EventCoding:
    """The coding that a mapping states: the given values are events, all others censored.

    Blank cells and words such as "unknown" stay unknown unless the mapping lists them.
    """
    wanted = {str(value).strip().lower() for value in event_values}
    numbers = {float(word) for word in wanted if re.fullmatch(r"-?\d+(\.\d+)?", word)}
    values = np.zeros(len(column.texts))
    for i, (text, number) in enumerate(zip(column.texts, column.numbers, strict=True)):
        if str(text).lower() in wanted or number in numbers:
            values[i] = 1.0
        elif column.words[i] in UNKNOWN_WORDS:
            values[i] = np.nan
    nothing = np.zeros(len(values), dtype=bool)
    return EventCoding(values, "as the mapping states", "", nothing, merges=len(values) > 2)


def events_from_codes(column: TextColumn, codes: Mapping[str, str]) -> EventCoding:
    """The coding that a mapping states value by value; a value that it does not list is unknown.

    Parameters
    ----------
    column
        As it stands in the file.
    codes
        What a value means: event, competing, censored or unknown. Numbers are compared as such.
    """
    meanings = [meaning_of(codes, str(text)) for text in column.texts]
    values = {"event": 1.0, "competing": 0.0, "censored": 0.0}
    words = [f"{shown(code)} = {meaning}" for code, meaning in codes.items()]
    return EventCoding(
        np.array([values.get(meaning or "", np.nan) for meaning in meanings], dtype=np.float64),
        f"{', '.join(words)} as stated",
        "",
        np.array([meaning is None for meaning in meanings], dtype=bool)
        & np.array([word not in UNKNOWN_WORDS for word in column.words], dtype=bool),
        merges=len(meanings) > len(set(meanings)),
        competing=np.array([meaning == "competing" for meaning in meanings], dtype=bool),
    )


def meaning_of(codes: Mapping[str, str], text: str) -> str | None:
    """What a value means by stated codes, ``1.0`` and ``1`` being alike; None if it is not listed.

    Parameters
    ----------
    codes
        Meanings by value.
    text
        The value as it stands in the file.
    """
    return next((said for code, said in codes.items() if _plain(code) == _plain(text)), None)


def _plain(code: str) -> str:
    return re.sub(r"^(-?\d+)\.0+$", r"\1", " ".join(code.lower().split()))


def _inverted(name: str) -> bool:
    return bool(re.search(r"censor(ed|ing)\b|censor(ed|ing)_|^(alive|living)$", name.lower()))


def _meaning(word: str) -> float:
    prefixed = re.match(r"^([01])\s*:\s*\S", word)
    if prefixed:
        return float(prefixed[1])
    if word in _EVENT_WORDS:
        return 1.0
    return 0.0 if word in _CENSORED_WORDS else np.nan


def _in_words(texts: npt.NDArray[np.object_], values: Floats) -> str:
    """The codes and their meaning; only codes of the closed lists above can occur here."""
    events = [str(text) for text, value in zip(texts, values, strict=True) if value == 1]
    others = [str(text) for text, value in zip(texts, values, strict=True) if value == 0]
    parts = []
    if events:
        parts.append(f"{', '.join(events)} = event")
    if others:
        parts.append(f"{', '.join(others)} = censored")
    return "; ".join(parts)
