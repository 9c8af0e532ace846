"""What the cells of a column named after a gene say: altered, not altered, not tested.

Besides yes and no in five languages a cell may hold what was found: a protein change
(``p.R248Q``), a part of the gene (``ITD``), an allele fraction (``35%``), or two of them
(``pos (0,45)``). A column that only tells the mutated (a fraction or a change, else blank) does not
say who was tested, and is not taken for an alteration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data_loaders.alterations.genes import is_fusion
from data_loaders.alterations.hgvs import is_nameless, is_understood, protein_change
from data_loaders.arrays import Bools, Floats, Texts
from data_loaders.files.columns import UNKNOWN_WORDS, YES_WORDS, TextColumn
from data_loaders.model import FeatureKind
from data_loaders.variants.allele_fractions import fractions
from data_loaders.variants.words import FOUND_WORDS, NOT_TESTED_WORDS, WILD_WORDS

_FEWEST_WITHOUT = 0.1
_ENOUGH = 0.95  # share of the filled cells that has to be understood
_YES = YES_WORDS - {"1", "t", "y"} | FOUND_WORDS | frozenset(
    {
        "ja", "j", "sì", "si", "s", "oui", "o", "sí", "y", "+", "++", "+++", "pos.", "vorhanden",
        "nachgewiesen", "nachweisbar", "mutation nachgewiesen", "positiv", "mutiert", "mutation",
        "auffällig", "positivo", "positiva", "mutato", "mutata", "presente", "rilevato", "rilevata",
        "alterato", "alterata", "positif", "positive", "muté", "mutée", "mute", "mutee", "présent",
        "présente", "détecté", "détectée", "altéré", "altérée", "mutado", "mutada", "detectado",
        "detectada", "alterado", "alterada", "het", "hom", "hemi", "heterozygous", "homozygous",
        "hemizygous", "heterozygot", "homozygot", "found", "gefunden", "trouvé", "trovato",
        "présence", "presence", "presenza", "presencia", "pathogenic", "pathogen",
        "likely pathogenic", "hrd", "hyperdiploid",
    }
)  # fmt: skip
_NO = WILD_WORDS | frozenset(
    {
        "no", "nein", "non", "neg.", "nicht vorhanden", "nicht nachweisbar", "unauffällig",
        "kein nachweis", "non mutés", "non mutée", "absente", "non détectée", "non rilevata",
        "non presente", "non alterato", "ausente", "no detectada", "no mutado", "no mutada",
        "no presente", "no alterado", "non altéré", "n", "f", "false",
        "absence", "assenza", "ausencia", "nhrd", "non-hrd", "non hrd", "non-hyperdiploid",
    }
)  # fmt: skip
_NOT_TESTED = UNKNOWN_WORDS | NOT_TESTED_WORDS | frozenset({"nt", "n.t.", "n.e.", "n/e", "ne"})
# Of an event of the chromosomes; a mutation of the germline is one.
_MOVED = frozenset({"rearranged", "rearrangement", "translocated", "split"})
_NOT_MOVED = frozenset(
    {"not rearranged", "non rearranged", "non-rearranged", "unrearranged", "germline", "germ line",
     "no rearrangement", "not translocated", "intact"}
)  # fmt: skip
_NOTHING = frozenset({"none", "keine", "nessuna", "aucune", "ninguna", "-", "0"})
_PART = re.compile(
    r"(?:(?:itd|ptd|tkd)\+?|itd\+?tkd|ty?pe?[\s-]*[12abd]|del[\s-]*52|ins[\s-]*5|ex(?:on)?[\s-]*\d{1,2}|"
    r"frameshift|missense|nonsense|splice|truncating|indel|"
    r"(?:single|double|bi-?allelic|mono-?allelic|multi-?hit))",
    re.IGNORECASE,
)
# "No_ITD", "ITD negative", "ITD pos".
_WITHOUT_PART = re.compile(
    r"(?:no|non|not|kein|keine|without|ohne|sans|senza|sin)[ -]?(.{2,12})|"
    r"(.{2,12}?)[ -]?(?:neg(?:ati[vf]o?e?)?|absent|nicht nachweisbar|not detected)"
)
_WITH_PART = re.compile(r"(.{2,12}?)[ -]?(?:pos(?:iti[vf]o?e?)?|present|nachweisbar|detected)")
_CODING = re.compile(r"(?:nm_\d+(?:\.\d+)?:)?c\.[-\d]\S*")
_RESIDUE = re.compile(r"[ACDEFGHIKLMNPQRSTVWY]\d{2,4}")
_SEVERAL = re.compile(r"(?:[≥>]=?\s*[1-9]|[2-9]\s*\+|"
                      r"[1-9] (?:or|oder|ou|o) (?:more|mehr|plus|più|más)|"
                      r"multiple|several|mehrere)")  # fmt: skip
_NUMBER = re.compile(r"[<>≤≥~]?\s*\d{1,3}(?:[.,]\d+)?\s*%?")
_PIECES = re.compile(r"\s*[()\[\];:/|]\s*|\s+(?=[<>~\d])|,\s+|\s+-\s+")


class _Cell(NamedTuple):
    """What an entry says: 1 altered, 0 not, NaN not tested; and what was found."""

    state: float
    change: str | None = None
    share: float = np.nan


@dataclass(frozen=True, eq=False)
class Calls:
    """A column named after a gene, read.

    Parameters
    ----------
    states
        Per entry: 1 altered, 0 not altered, NaN not tested or not understood.
    changes
        Protein change or part of the gene per entry, None where it names none.
    vaf
        Allele fraction per entry, NaN where it gives none.
    """

    states: Floats
    unread: Bools
    changes: Texts
    vaf: Floats


def read_calls(column: TextColumn, kind: FeatureKind) -> Calls | None:
    """Read a column that is named after an alteration; None if it is not understood.

    Parameters
    ----------
    kind
        Of the alteration: a cytogenetic event has neither changes nor allele fractions, because the
        share of cells from which it counts depends on the probe.
    """
    n = len(column.texts)
    cells = [_cell(str(text), word) for text, word in zip(column.texts, column.words, strict=True)]
    if kind == "cytogenetic":
        cells = [_moved(word) or cell for word, cell in zip(column.words, cells, strict=True)]
    states = np.array([np.nan if cell is None else cell.state for cell in cells])
    unread = np.array([cell is None for cell in cells], dtype=bool)
    changes = np.full(n, None, dtype=object)
    vaf = np.full(n, np.nan)
    if kind != "cytogenetic":
        for place, cell in enumerate(cells):
            if cell is not None:
                changes[place], vaf[place] = cell.change, cell.share
        numeric = unread & ~np.isnan(column.numbers) & (column.numbers >= 0)
        if numeric.any() and (column.numbers[numeric] <= 100).all():
            shares = fractions(column)
            states[numeric] = (column.numbers[numeric] > 0).astype(float)
            vaf[numeric] = np.where(shares > 0, shares, np.nan)[numeric]
            unread &= ~numeric
    elif any(cell is not None and cell.change for cell in cells):
        return None
    fused = [is_fusion(str(text)) for text in column.texts]
    positive = column.words.count("+") > 0
    found = (
        positive
        or any(fused)
        or any(change is not None for change in changes)
        or not np.isnan(vaf).all()
    )
    for place, word in enumerate(column.words):
        if found and word in _NOTHING:
            states[place], unread[place] = 0.0, False
    counts = column.counts
    told = counts[~unread].sum()
    without = counts[states == 0].sum()
    if told < _ENOUGH * max(counts.sum(), 1) or not without:
        return None
    if column.share_numeric > _ENOUGH and without < _FEWEST_WITHOUT * told:
        return None  # measurements such as an expression, of which few are 0
    return Calls(states, unread, changes, vaf)


def says_more(column: TextColumn, calls: Calls) -> bool:
    """Whether a column's entries say more than altered, not altered and not tested."""
    plain = np.array([word in _YES or word == "1" for word in column.words], dtype=bool)
    return bool((calls.unread | ((calls.states == 1) & ~plain)).any())


def _cell(text: str, word: str) -> _Cell | None:
    """What one entry says; None if it is not understood, or a number alone."""
    plain = word.strip()
    if plain in _YES or _SEVERAL.fullmatch(plain):
        return _Cell(1.0)
    if plain in _NO:
        return _Cell(0.0)
    if plain in _NOT_TESTED:
        return _Cell(np.nan)
    change = protein_change(text)
    if change.startswith("p.") and (is_understood(change) or is_nameless(change)):
        percent = re.search(r"(\d{1,3}(?:[.,]\d+)?)\s*%", text)
        share = float(percent[1].replace(",", ".")) / 100 if percent else np.nan
        return _Cell(0.0 if change == "p.=" else 1.0, change, share if share <= 1 else np.nan)
    if _CODING.fullmatch(plain):
        return _Cell(1.0, text)
    if _PART.fullmatch(plain):
        return _Cell(1.0, text)
    if (without := _WITHOUT_PART.fullmatch(plain)) and _PART.fullmatch(without[1] or without[2]):
        return _Cell(0.0)
    if (part := _WITH_PART.fullmatch(plain)) and _PART.fullmatch(part[1]):
        return _Cell(1.0, part[1].upper())
    if is_fusion(text):
        return _Cell(1.0)
    if _RESIDUE.fullmatch(text):
        return _Cell(1.0, f"p.{text}")
    if _NUMBER.fullmatch(text):
        return None
    pieces = [piece for piece in _PIECES.split(text) if piece]
    return _together(pieces) if len(pieces) > 1 else None


def _moved(word: str) -> _Cell | None:
    """What an entry says in words that only a rearrangement has."""
    if word in _MOVED or word in _NOT_MOVED:
        return _Cell(float(word in _MOVED))
    return None


def _together(pieces: list[str]) -> _Cell | None:
    """What the pieces of an entry say together; None if one is unknown or they contradict."""
    states, change, share = set(), [], np.nan
    for piece in pieces:
        if _NUMBER.fullmatch(piece):
            number = float(re.sub(r"[^\d.]", "", piece.replace(",", ".")) or "nan")
            share = number / 100 if piece.endswith("%") or number > 1 else number
            continue
        cell = _cell(piece, piece.lower())
        if cell is None:
            return None
        states.add(cell.state)
        change += [cell.change] if cell.change else []
    known = {state for state in states if not np.isnan(state)}
    if len(known) != 1:
        return None
    state = known.pop()
    return _Cell(state, ";".join(change) or None, share if state == 1 and share <= 1 else np.nan)
