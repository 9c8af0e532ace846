"""Spellings of one thing folded into one: sexes, diagnoses, capitals and spaces; each is said."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from data_loaders.files.columns import TextColumn, relabelled
from data_loaders.meaning.spelling import folded, legend
from data_loaders.meaning.vocabulary import Term
from data_loaders.model import Issue
from data_loaders.wording import listed, shown

_DATA = Path(__file__).parents[1] / "data" / "diagnosis_names.csv"
_DIAGNOSES = ("diagnosis", "diagnosis_detail", "who", "fab")
_FEMALE = frozenset(
    {"f", "female", "fem", "femal", "woman", "women", "girl", "w", "weiblich", "weibl", "frau",
     "femmina", "donna", "femminile", "femme", "feminin", "feminine", "mujer", "femenino",
     "femenina", "hembra", "vrouw", "vrouwelijk"}
)  # fmt: skip
_MALE = frozenset(
    {"m", "male", "mal", "man", "men", "boy", "mannlich", "maennlich", "mannl", "mann", "maschio",
     "uomo", "maschile", "homme", "masculin", "masculino", "hombre", "varon", "mannelijk"}
)  # fmt: skip
_ENGLISH = frozenset({"f", "m", "female", "male"})


def folded_sex(column: TextColumn) -> tuple[TextColumn, list[Issue]]:
    """Codes and spellings of sex as Female and Male.

    ``F`` and ``M``, or ``female`` and ``male``, each in one spelling, stay as they are. ``M``
    beside ``H`` is the Spanish mujer, ``H`` beside ``F`` the French homme; where a letter could be
    either sex (``V``, ``M`` beside hombre), nothing is folded and a finding asks.
    """
    codes = {word.removesuffix(".0") for word in column.words}
    if codes and codes <= {"0", "1", "2"} and not {"0", "2"} <= codes:
        return _from_numbers(column, codes)
    words = {folded(str(text)).strip(" .") for text in column.texts}
    female, male = _letters(words)
    if not words & (female | male | _FEMALE | _MALE):
        return column, []
    if not words <= female | male:
        return column, [_asked(column, words - female - male)]
    if words <= _ENGLISH and len(column.texts) <= 2 and len(words) == len(column.texts):
        return column, []
    spelt = {
        sex: sorted({str(t) for t in column.texts if folded(str(t)).strip(" .") in own})
        for sex, own in (("Female", female), ("Male", male))
    }
    if all(spellings in ([], [sex]) for sex, spellings in spelt.items()):
        return column, []
    said = [f"{listed(found)} as {sex}" for sex, found in spelt.items() if found]
    issue = Issue(
        "warning" if "h" in words and "f" not in words else "info",
        f"{shown(column.name)} writes the sexes in several ways or another language; read were "
        f"{' and '.join(said)}.",
        column.name,
        code="spellings",
    )
    return (
        relabelled(
            column,
            lambda text: "Female" if folded(text).strip(" .") in female else "Male",
        ),
        [issue],
    )


def _letters(words: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The words of each sex among those of a column; letters that could be either are in none."""
    female, male = set(_FEMALE), set(_MALE)
    women = words & (_FEMALE - {"f", "w"})
    if "h" in words:
        male.add("h")
        if words & {"m"} and not words & {"f"}:
            male.discard("m")
            female.add("m")
    elif "m" in words and words & {"hombre", "varon", "v"}:
        male.discard("m")  # mujer, or masculino
        if "mujer" in women or "femenino" in women:
            return frozenset(female), frozenset(male)
    if {"d", "u"} <= words and not words & {"f", "m"}:
        female.add("d")
        male.add("u")
    return frozenset(female), frozenset(male)


def _asked(column: TextColumn, words: set[str]) -> Issue:
    known = sorted({str(text) for text in column.texts if folded(str(text)).strip(" .") in words})
    return Issue(
        "warning",
        f"{shown(column.name)}: {listed(known, limit=6)} cannot be read as a sex beside the other "
        "entries; the column was kept as it is, which is which?",
        column.name,
        code="sex_coding",
    )


def _from_numbers(column: TextColumn, codes: set[str]) -> tuple[TextColumn, list[Issue]]:
    name = column.name.lower()
    female, male = _letters(set(legend(column.name).values()))
    said = {
        code: "Female" if word in female else "Male"
        for code, word in legend(column.name).items()
        if word in female | male
    }
    if codes <= set(said) and set(said.values()) == {"Female", "Male"}:
        words, what = said, listed([f"{code} = {sex.lower()}" for code, sex in said.items()])
        what += ", from the name"
    elif "0" not in codes:
        words, what = {"1": "Male", "2": "Female"}, "1 = male, 2 = female (ISO/IEC 5218)"
    elif "female" in name:
        words, what = {"0": "Male", "1": "Female"}, "1 = female, from the name"
    elif "male" in name:
        words, what = {"0": "Female", "1": "Male"}, "1 = male, from the name"
    else:
        words, what = {"0": "0", "1": "1"}, "0 and 1 without saying which is which"
    issue = Issue(
        "warning",
        f"{shown(column.name)} is coded in numbers; it was read as {what}.",
        column.name,
        code="sex_coding",
    )
    return relabelled(column, lambda text: words[text.removesuffix(".0")]), [issue]


def folded_spellings(column: TextColumn, term: Term | None) -> tuple[TextColumn, list[Issue]]:
    """Classes that differ in capitals and spaces only, and names of one diagnosis, as one.

    The most frequent spelling stays.

    Parameters
    ----------
    column
        Of classes, as it stands in the file.
    term
        The variable that it holds.
    """
    of_diagnoses = term is not None and term.key in _DIAGNOSES
    groups: dict[str, list[int]] = {}
    for i, text in enumerate(column.texts):
        plain = _plain(str(text))
        if of_diagnoses:
            # MDS-EB2, MDS EB-2 and mds eb2 are one diagnosis.
            plain = re.sub(r"[\s\-]", "", diagnosis_names().get(plain, plain).lower())
        groups.setdefault(plain or str(text), []).append(i)
    several = [own for own in groups.values() if len(own) > 1]
    if not several:
        return column, []
    chosen, said = {}, []
    for own in several:
        own.sort(key=lambda i: (-column.counts[i], str(column.texts[i])))
        best = str(column.texts[own[0]])
        chosen.update({str(column.texts[i]): best for i in own})
        said.append(f"{listed([str(column.texts[i]) for i in own[1:]])} as {best}")
    issue = Issue(
        "info",
        f"{shown(column.name)} spells {len(several)} of its classes in several ways; read were "
        f"{listed(said)}.",
        column.name,
        len(several),
        code="spellings",
    )
    return relabelled(column, lambda text: chosen.get(text, text)), [issue]


def _plain(text: str) -> str:
    """Folded, with single spaces; signs that tell classes apart (+, -, <) stay."""
    return re.sub(r"[\s_]+", " ", folded(text).replace("–", "-")).strip()


@cache
def diagnosis_names() -> Mapping[str, str]:
    """Names of diagnoses in five languages, folded, and the abbreviation that each stands for."""
    with _DATA.open(encoding="utf-8", newline="") as stream:
        return {
            name: row["diagnosis"]
            for row in csv.DictReader(stream)
            for name in (_plain(row["diagnosis"]), *row["names"].split("|"))
        }
