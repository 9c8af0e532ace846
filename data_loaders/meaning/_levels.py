"""Classes that the field writes in many ways, each under one name and in its order.

``data/level_names.csv`` has one line a class: the variable of the vocabulary, the class, and the
words it goes by; the lines of an ordinal variable stand in its order. Sources: Rai (Blood
1975;46:219), Binet (Cancer 1981;48:198), Ann Arbor with the Lugano revision (J Clin Oncol
2014;32:3059), responses of Cheson and Lugano, iwCLL (Hallek, Blood 2018;131:2745) and ELN
(Hochhaus, Leukemia 2020;34:966).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from data_loaders.files.columns import UNKNOWN_WORDS, TextColumn, relabelled
from data_loaders.meaning.spelling import folded
from data_loaders.meaning.vocabulary import Term
from data_loaders.model import Issue
from data_loaders.variants.words import NOT_TESTED_WORDS
from data_loaders.wording import listed, shown

_DATA = Path(__file__).parents[1] / "data" / "level_names.csv"
_ROMAN = ("", "I", "II", "III", "IV")
_STAGED = frozenset({"ann_arbor", "stage"})
# II1 and II2 are stages of lymphomas of the gut.
_STAGE = re.compile(
    r"(?:stage|ann arbor|stadium|st\.?)?\s*(ii[12](?=\W|e|$)|iv|i{1,3}|[1-4])\s*([abexs]{0,3})"
    r"( bulky)?"
)
_MUTATED = "ighv"


def named_levels(column: TextColumn, term: Term | None) -> tuple[TextColumn, list[Issue]]:
    """The classes of a column under the names of the field; what is not known stays as it is."""
    if term is None or not (term.key in _STAGED or term.key in _levels()):
        return column, []
    if term.key == _MUTATED and column.is_binary and not _said_in_words(column):
        return _mutated_or_not(column)
    chosen = {
        str(text): level
        for text in column.texts
        if (level := _level(term.key, str(text))) is not None and level != str(text)
    }
    if not chosen:
        return column, []
    issue = Issue(
        "info",
        f"{shown(column.name)}: read were "
        + listed([f"{text} as {level}" for text, level in chosen.items()])
        + ".",
        column.name,
        len(chosen),
        code="spellings",
    )
    return relabelled(column, lambda text: chosen.get(text, text)), [issue]


def names_all(column: TextColumn, term: Term) -> bool:
    """Whether all that a column tells is classes of the variable, and not by digits alone."""
    own = [
        str(text)
        for text, word in zip(column.texts, column.words, strict=True)
        if word not in UNKNOWN_WORDS and word not in NOT_TESTED_WORDS
    ]
    said = any(not re.fullmatch(r"[\d.]+", text) for text in own)
    return said and all(_level(term.key, text) is not None for text in own)


def order_for(term: Term | None, levels: Sequence[str]) -> tuple[str, ...] | None:
    """The levels of an ordinal variable in its order; None where one of them is not known."""
    if term is None or term.kind != "ordinal" or len(levels) < 2:
        return None
    if term.key in _STAGED:
        places = [(_STAGE.fullmatch(level.lower()), level) for level in levels]
        if all(match for match, _ in places):
            return tuple(sorted(levels, key=lambda level: (_numeral(level), level)))
        return None
    own = list(dict.fromkeys(_levels().get(term.key, {}).values()))
    if not own or not set(levels) <= set(own):
        return None
    return tuple(sorted(levels, key=own.index))


def _numeral(level: str) -> int:
    match = _STAGE.fullmatch(level.lower())
    return _ROMAN.index(match[1].upper().rstrip("12")) if match else 0


def _level(key: str, text: str) -> str | None:
    plain = re.sub(r"[\s_]+", " ", folded(text)).strip(" .")
    plain = re.sub(r"(?<=\d)\.0$", "", plain)
    if key not in _STAGED:
        return _levels()[key].get(plain)
    match = _STAGE.fullmatch(plain)
    if match is None:
        return None
    number = match[1]
    stage = _ROMAN[int(number)] if number.isdigit() else number.upper()
    return stage + match[2].upper() + (match[3] or "")


def _said_in_words(column: TextColumn) -> bool:
    return all(_level(_MUTATED, str(text)) is not None for text in column.texts)


def _mutated_or_not(column: TextColumn) -> tuple[TextColumn, list[Issue]]:
    """Yes and no in a column of IGHV: what yes means is in its name, or taken for mutated."""
    name = folded(column.name)
    unmutated = "unmut" in name
    said = unmutated or "mutated" in name
    yes, no = ("Unmutated", "Mutated") if unmutated else ("Mutated", "Unmutated")
    answers = dict(zip(map(str, column.texts), column.answers, strict=True))
    words = [
        f"{text} as {yes if answer == 1 else no}"
        for text, answer in answers.items()
        if not np.isnan(answer)
    ]
    issue = Issue(
        "info" if said else "warning",
        f"{shown(column.name)}: read were {listed(words)}"
        + (
            ", as its name says." if said else "; check them, the name does not say what yes means."
        ),
        column.name,
        code="spellings",
    )
    renamed = {
        text: yes if answer == 1 else no for text, answer in answers.items() if not np.isnan(answer)
    }
    return relabelled(column, lambda text: renamed.get(text, text)), [issue]


@cache
def _levels() -> Mapping[str, Mapping[str, str]]:
    levels: dict[str, dict[str, str]] = {}
    with _DATA.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            own = levels.setdefault(row["key"], {})
            own.update(
                dict.fromkeys((row["level"].lower(), *row["names"].split("|")), row["level"])
            )
    return levels
