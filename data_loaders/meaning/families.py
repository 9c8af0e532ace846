"""The family of a disease, from the words in which a diagnosis was written.

``data/disease_families.csv`` has one line a term: the family, the term in lower-case words, where
it counts (``phrase``: anywhere, ``start``: as the first word, ``exact``: alone) and who uses it:
the names of WHO 2022 (Khoury et al., Leukemia 2022; Alaggio et al., Leukemia 2022) and ICC 2022
(Arber et al., Blood 2022), usual abbreviations, FAB classes and OncoTree codes. A diagnosis that
holds terms of two families is not understood, unless one term holds the other (MDS in MDS/MPN).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from data_loaders.meaning.folding import diagnosis_names
from data_loaders.meaning.variables import ReadColumn
from data_loaders.meaning.vocabulary import term_of
from data_loaders.model import Issue, Variable
from data_loaders.wording import listed, plural, shown

FAMILIES = ("MPN", "MDS", "MDS/MPN", "AML", "ALL", "CLL", "lymphoma", "myeloma", "other")
_LYMPHOID = frozenset({"ALL", "CLL", "lymphoma", "myeloma"})
_DATA = Path(__file__).parents[1] / "data" / "disease_families.csv"
_DIAGNOSES = ("diagnosis", "diagnosis_detail", "who", "fab")
_NAME = "disease_family"
_RANK = 49  # after what the file itself has of disease and laboratory


def family_of(diagnosis: str) -> str | None:
    """The family of a diagnosis; None if it is not understood.

    Parameters
    ----------
    diagnosis
        In its own words: a name, an abbreviation or an OncoTree code.
    """
    words = f" {_plain(diagnosis)} "
    found = [
        (at, at + len(term), family)
        for term, (family, match) in _terms().items()
        if (at := words.find(f" {term} ")) >= 0
        and (match == "phrase" or at == 0)
        and (match != "exact" or len(words) == len(term) + 2)
    ]
    whole = {
        family
        for start, end, family in found
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b, _ in found)
    }
    if whole:
        return whole.pop() if len(whole) == 1 else None
    # A name in another language, or an old one, counts as the abbreviation that it stands for.
    short = diagnosis_names().get(words.strip())
    return family_of(short) if short is not None and short.lower() != words.strip() else None


def disease_family(reads: Iterable[ReadColumn]) -> ReadColumn | None:
    """The family of each patient's disease, from the columns of diagnoses, the first that tells.

    None where fewer than two families occur (one in everyone tells nothing that the diagnoses do
    not), and where the column says the families itself.
    """
    columns = []
    for read in reads:
        known = term_of(read.variable.source_column or read.variable.name)
        kind = read.variable.kind
        if known and known.key in _DIAGNOSES and kind in {"categorical", "ordinal", "text"}:
            columns.append((_DIAGNOSES.index(known.key), read))
    columns.sort(key=lambda pair: pair[0])
    if not columns:
        return None
    values = np.full(len(columns[0][1].cells), None, dtype=object)
    used, unknown, entries = [], np.zeros(len(values), dtype=bool), 0
    for _, read in columns:
        codes, texts = pd.factorize(np.asarray(read.cells, dtype=object))
        families = np.array([*(family_of(str(text)) for text in texts), None], dtype=object)
        own = families[codes]
        tells = np.array([family is not None for family in own], dtype=bool)
        told = np.array([family is not None for family in values], dtype=bool)
        unknown |= ~tells & (codes >= 0)
        if not (tells & ~told).any():
            continue
        used.append(read)
        entries += sum(family is not None for family in families)
        values[tells & ~told] = own[tells & ~told]
    told = np.array([family is not None for family in values], dtype=bool)
    if len(set(values[told])) < 2 or any(_says_itself(read, values) for read in used):
        return None
    names = [read.variable.source_column or read.variable.name for read in used]
    variable = Variable(
        _NAME,
        "Disease family",
        "categorical",
        role="disease",
        description="By names of WHO 2022 and ICC 2022, their abbreviations and OncoTree codes.",
        levels=tuple(family for family in FAMILIES if family in set(values[told])),
        reason=f"derived from {plural(entries, 'term')} in {listed(names)}",
        source_column=names[0],
    )
    return ReadColumn(variable, values, _RANK, tuple(_unknown(names, unknown & ~told)))


def only_lymphoid(reads: Iterable[ReadColumn]) -> bool:
    """Whether every diagnosis that is understood is a lymphoid one, and there is one."""
    own = [read for read in reads if read.key in _DIAGNOSES and read.variable.kind != "numeric"]
    texts = {str(cell) for read in own for cell in read.cells if cell is not None}
    families = {family_of(text) for text in texts} - {None}
    return bool(families) and families <= _LYMPHOID


def _says_itself(read: ReadColumn, values: np.ndarray[tuple[int], np.dtype[np.object_]]) -> bool:
    return all(
        family is None or _plain(str(cell)) == _plain(str(family))
        for cell, family in zip(read.cells, values, strict=True)
    )


def _unknown(names: list[str], unknown: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[Issue]:
    size = int(unknown.sum())
    if not size:
        return []
    return [
        Issue(
            "info",
            f"{plural(size, 'patient has', 'patients have')} a diagnosis in {listed(names)} whose "
            f"family is not known; it keeps its words and {shown(_NAME)} is missing.",
            names[0],
            size,
            code="unknown_family",
        )
    ]


def _plain(text: str) -> str:
    """Lower-case words separated by single spaces, without accents."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[\W_]+", " ", folded.lower()).strip()


@cache
def _terms() -> dict[str, tuple[str, str]]:
    with _DATA.open(encoding="utf-8", newline="") as stream:
        return {row["term"]: (row["family"], row["match"]) for row in csv.DictReader(stream)}
