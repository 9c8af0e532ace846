"""How an event column is coded: 0/1, Alive/Dead, ``1:DECEASED``, 1/2, TRUE/FALSE, yes/no."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data_loaders.arrays import Bools, Floats, Texts
from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn
from data_loaders.meaning.spelling import folded, legend, spoken, without_brackets
from data_loaders.wording import shown

_EVENT_WORDS = frozenset(
    {
        "1", "1.0", "event", "yes", "y", "true", "t", "progressed", "progression", "recurred",
        "recurred/progressed", "recurrence", "relapse", "relapsed", "transformed", "failure",
        "occurred", "with event", "smn", "second malignant neoplasm", "second malignancy",
        "secondary malignancy", "induction failure",
        "ja", "j", "si", "oui", "ereignis", "evento", "evenement",
        "rezidiv", "recidiva", "rechute", "recaida", "progress", "progressione", "progresion",
    }
)  # fmt: skip
_CENSORED_WORDS = frozenset(
    {
        "0", "0.0", "censored", "censor", "no", "n", "false", "f", "no event", "event free",
        "disease free", "diseasefree", "progression free", "relapse free", "no relapse",
        "no progression", "in remission",
        "none", "not transformed", "without event", "nein", "non", "kein ereignis", "zensiert",
        "censurato", "censure", "censurado", "pdv", "nessun evento", "sin evento",
    }
)  # fmt: skip
# A status of life in the languages of European registries, by its first word: it may go on
# ("dead of other causes", "vivo in remissione").
_DEAD = frozenset(
    {
        "dead", "deceased", "died", "death", "exitus", "dcd", "dod", "doc", "dooc", "dwd", "doid",
        "expired", "verstorben", "verstorbene", "verstorbener", "gestorben", "tot", "tod",
        "verst", "decede", "decedee", "mort", "morte", "morto", "morta", "deces", "deceduto",
        "deceduta", "decesso", "dec", "fallecido", "fallecida", "fallecimiento", "muerto",
        "muerta", "muerte",
        "defuncion", "obito", "overleden",
    }
)  # fmt: skip
_ALIVE = frozenset(
    {
        "alive", "living", "awd", "ned", "awod", "lebt", "lebend", "lebendig", "am leben", "vivant",
        "vivante", "viv", "en vie", "vivo", "viva", "vivi", "vivente", "in vita", "vive",
        "en vida", "levend", "surviving", "survivor", "no evidence of disease",
    }
)  # fmt: skip
_LOST = frozenset({"lost", "ltfu", "perso", "persa", "perdu", "perdue", "perdido", "perdida"})
_NEGATIONS = frozenset({"not", "nicht", "non", "no", "pas", "never"})
_SPECIFIC = frozenset({"dss", "css", "specific"})
_OTHER_CAUSE = re.compile(r"^(doc|dooc)\b|other cause|other disease|unrelated|tumor free")
_MOST_STATUSES = 20  # distinct entries; a column of more is free text
# Numbers that stand for "not known" beside codes such as 0 and 1.
UNKNOWN_CODES = frozenset({9.0, 99.0, 999.0, 9999.0, 99999.0, -1.0, -9.0, -99.0, -999.0, -9999.0})


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
    unknown_codes
        Entries such as 9 that were taken for "unknown"; they are among ``unrecognised``.
    """

    values: Floats
    words: str
    warning: str
    unrecognised: Bools
    merges: bool = False
    competing: Bools | None = None
    unknown_codes: tuple[str, ...] = ()


def decode_events(column: TextColumn, *, fatal: bool = True) -> EventCoding | None:
    """The coding of an event column; None if it is none that is known.

    Parameters
    ----------
    fatal
        Whether death is (part of) the event; if not, words of death have no meaning here. In a
        status of disease-specific survival death of other causes is none.

    Codes 1 and 2 are read as in R (1 = censored, 2 = event) when both occur and nothing else
    does. A column named "censored" is read the other way round: 1 = censored. Numbers such as 9,
    99 and -9 beside 0 and 1 (or 1 and 2) stand for "unknown" and stay unknown.
    """
    if not len(column.texts):
        return None
    words = [re.sub(r"\.0$", "", folded(word)) for word in column.words]
    unknown_code = np.isin(column.numbers, list(UNKNOWN_CODES))
    words = ["unknown" if code else word for word, code in zip(words, unknown_code, strict=True)]
    known_words = set(words) - UNKNOWN_WORDS
    said = {code: _meaning(word) for code, word in legend(column.name).items()}
    if said and known_words <= set(said) and not any(map(np.isnan, said.values())):
        values = np.array([said.get(word, np.nan) for word in words])
        return EventCoding(
            values, _in_words(column.texts, values), "", unknown_code,
            unknown_codes=_codes(column, unknown_code),
        )  # fmt: skip
    if _inverted(column.name) and known_words <= _YES_NO:
        values = 1 - np.array([_meaning(word) for word in words])
        return EventCoding(
            values,
            "1 = censored, 0 = event",
            "its name says that it marks who is alive or censored, so 0 was read as the event",
            unknown_code,
            unknown_codes=_codes(column, unknown_code),
        )
    if known_words == {"1", "2"}:
        values = np.array([{"1": 0.0, "2": 1.0}.get(word, np.nan) for word in words])
        return EventCoding(
            values,
            "2 = event, 1 = censored",
            "the codes 1 and 2 were read as in R: 1 = censored, 2 = event",
            unknown_code,
            unknown_codes=_codes(column, unknown_code),
        )
    values = np.array([_meaning(word) for word in words])
    dead = np.array([_life(word) == 1 for word in words], dtype=bool)
    if not fatal:
        values[dead] = np.nan
    elif set(spoken(column.name)) & _SPECIFIC:
        values[dead & np.array([bool(_OTHER_CAUSE.search(word)) for word in words])] = 0.0
    known = ~np.isnan(values)
    unknown_words = np.array([word in UNKNOWN_WORDS for word in words]) & ~unknown_code
    unrecognised = ~known & ~unknown_words
    strange = unrecognised & ~unknown_code
    understood = column.counts[~strange].sum() / column.counts.sum()
    if not known.any() or understood < 0.8 or (strange & ~np.isnan(column.numbers)).any():
        return None
    merges = len(known_words) > len(set(values[known].tolist()))
    return EventCoding(
        values, _in_words(column.texts, values), "", unrecognised, merges,
        unknown_codes=_codes(column, unknown_code),
    )  # fmt: skip


def is_status_of_life(column: TextColumn) -> bool:
    """Whether entries say dead and alive, in words or by the legend of the column's name.

    And none says something that is no status.
    """
    if len(column.texts) > _MOST_STATUSES:
        return False
    said = legend(column.name)
    words = [said.get(word, folded(word)) for word in column.words if word not in UNKNOWN_WORDS]
    lives = {_life(re.sub(r"^\d\s*[:=.)-]?\s*", "", word)) for word in words}
    return lives >= {0.0, 1.0} and not any(np.isnan(_meaning(word)) for word in words)


def names_both_lives(name: str) -> bool:
    """Whether a column's name says alive and dead, but not which code is which: ``alive_dead``."""
    words = set(spoken(name))
    return bool(words & _ALIVE) and bool(words & _DEAD)


def says_alive(word: str) -> bool:
    """Whether an entry in lower case says that the patient is alive: ``lebt``, ``vivo``."""
    tokens = folded(word).split()
    return bool(tokens) and tokens[0] not in _LOST and _life(folded(word)) == 0


def not_understood(column: TextColumn) -> list[str]:
    """Words of an event column that have no meaning; all entries where numbers are among these."""
    texts = [str(text) for text in column.texts]
    strange = [
        text
        for text, word in zip(texts, column.words, strict=True)
        if word not in UNKNOWN_WORDS and np.isnan(_meaning(folded(word)))
    ]
    return texts if not strange or any(text[-1:].isdigit() for text in strange) else strange


def _codes(column: TextColumn, marked: Bools) -> tuple[str, ...]:
    return tuple(str(text) for text in column.texts[marked])


def events_from_values(column: TextColumn, event_values: Sequence[object]) -> EventCoding:
    """The coding that a mapping states: the given values are events, all others censored.

    Blank cells, words such as "unknown" and the codes that usually stand for it (9, 99, -9) stay
    unknown unless the mapping lists them.
    """
    wanted = {str(value).strip().lower() for value in event_values}
    numbers = {float(word) for word in wanted if re.fullmatch(r"-?\d+(\.\d+)?", word)}
    values = np.zeros(len(column.texts))
    unknown_code = np.zeros(len(values), dtype=bool)
    for i, (text, number) in enumerate(zip(column.texts, column.numbers, strict=True)):
        if str(text).lower() in wanted or number in numbers:
            values[i] = 1.0
        elif folded(column.words[i]) in UNKNOWN_WORDS or number in UNKNOWN_CODES:
            values[i] = np.nan
            unknown_code[i] = number in UNKNOWN_CODES
    return EventCoding(
        values, _in_words(column.texts, values), "", unknown_code, merges=len(values) > 2,
        unknown_codes=_codes(column, unknown_code),
    )  # fmt: skip


_YES_NO = frozenset(
    {"0", "1", "true", "false", "yes", "no", "y", "n", "ja", "nein", "j", "si", "oui", "non"}
)


def events_from_codes(column: TextColumn, codes: Mapping[str, str]) -> EventCoding:
    """The coding that a mapping states value by value; a value that it does not list is unknown.

    Parameters
    ----------
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
    """
    return next((said for code, said in codes.items() if _plain(code) == _plain(text)), None)


def _plain(code: str) -> str:
    return re.sub(r"^(-?\d+)\.0+$", r"\1", " ".join(code.lower().split()))


def _inverted(name: str) -> bool:
    words = spoken(without_brackets(name))
    return bool(
        words
        and (
            re.search(r"censor(ed|ing)\b|censor(ed|ing)_", name.lower())
            or (len(words) == 1 and words[0] in {"alive", "living", *_ALIVE})
        )
    )


def _meaning(word: str) -> float:
    prefixed = re.match(r"^(\d)(\s*[:=-]\s*|[.)]?\s+)(\D.*)$", word)
    if prefixed:
        said = _meaning(prefixed[3])
        by_code = {"0": 0.0, "1": 1.0} if prefixed[2].strip(" .)") else {}
        return by_code.get(prefixed[1], np.nan) if np.isnan(said) else said
    if word in _EVENT_WORDS:
        return 1.0
    return 0.0 if word in _CENSORED_WORDS else _life(word)


def _life(word: str) -> float:
    """1 dead, 0 alive or lost, from the first words; NaN where they say neither or both."""
    tokens = re.sub(r"[\W_]+", " ", word).split()
    if tokens and tokens[0] in _LOST:
        return 0.0
    negated = bool(tokens) and tokens[0] in _NEGATIONS
    first = tokens[1:] if negated else tokens
    starts = {" ".join(first[:length]) for length in (1, 2, 4)}
    dead, alive = bool(starts & _DEAD), bool(starts & _ALIVE)
    other = _ALIVE if dead else _DEAD
    if dead == alive or set(first[1:]) & other:
        return np.nan
    return float(dead != negated)


def _in_words(texts: Texts, values: Floats) -> str:
    """The codes and their meaning; only codes of the closed lists above can occur here."""
    events = [str(text) for text, value in zip(texts, values, strict=True) if value == 1]
    others = [str(text) for text, value in zip(texts, values, strict=True) if value == 0]
    parts = []
    if events:
        parts.append(f"{', '.join(events)} = event")
    if others:
        parts.append(f"{', '.join(others)} = censored")
    return "; ".join(parts)
