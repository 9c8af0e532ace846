"""The words of haematology tables: what a column's name says about its meaning and unit.

``data/vocabulary.csv`` has one line a variable: label, kind, role, the units it occurs in with the
range of plausible values in each, and the names it goes by. Ranges are wide on purpose: outside
them lies an error of entry or of unit, not a sick patient.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from data_loaders.meaning.spelling import folded, glued
from data_loaders.model import VariableKind, VariableRole
from data_loaders.wording import capitalised

_DATA = Path(__file__).parents[1] / "data" / "vocabulary.csv"
UNRANKED = 55
_NAMES_KEPT = 4096  # names of columns whose words and terms are not looked up again

# Endings of a name that state a unit, longest first.
_UNIT_ENDINGS: tuple[tuple[str, str], ...] = (
    (r"(?:x ?)?(?:1e9|10e9|10 ?9|109|e9|giga|gpt|10 ?9 cells)(?: per)? ?l", "10⁹/L"),
    (r"(?:x ?)?(?:k|thou|tsd|1e3|10e3|10 ?3|e3)(?: per)? ?(?:(?:u|mc)l|mm ?3)", "10⁹/L"),
    (r"(?:1 |per )?nl", "10⁹/L"),
    (r"(?:x ?)?(?:1e12|10e12|10 ?12|1012|e12|tera|tpt|t)(?: per)? ?l", "10¹²/L"),
    (r"(?:x ?)?(?:mio|mill?|1e6|10e6|10 ?6|e6)(?: per)? ?(?:(?:u|mc)l|mm ?3)", "10¹²/L"),
    (r"(?:per )?pl", "10¹²/L"),
    (r"(?:cells |per )*(?:(?:per )?(?:u|mc)l|(?:per )?mm ?3)", "/µL"),
    (r"g(?: per)? ?dl", "g/dL"),
    (r"g(?: per)? ?l", "g/L"),
    (r"mg(?: per)? ?dl", "mg/dL"),
    (r"mg(?: per)? ?l", "mg/L"),
    (r"mmol(?: per)? ?l", "mmol/L"),
    (r"(?:u|mc)mol(?: per)? ?l", "µmol/L"),
    (r"ng(?: per)? ?ml", "ng/mL"),
    (r"(?:u|mc)g(?: per)? ?l", "µg/L"),
    (r"i?u(?: per)? ?l", "U/L"),
    (r"(?:u|mc)kat(?: per)? ?l", "µkat/L"),
    (r"(?:percent|pct|perc|percentage)", "%"),
    (r"(?:kg(?: per)? ?m ?2)", "kg/m²"),
    (r"fl", "fL"),
    (r"kg", "kg"),
    (r"cm", "cm"),
    (r"(?:years?|yrs?|jahren?|anni|ans|annees|anos)", "years"),
    (r"(?:months?|mos?|mths?|monaten?|mesi|mois|meses)", "months"),
    (r"(?:weeks?|wks?|wochen|settimane|semaines|semanas)", "weeks"),
    (r"(?:days?|tagen?|giorni|jours|dias)", "days"),
)
# Units that are multiples of each other, each as a share of the first of its family.
_FAMILIES: tuple[dict[str, float], ...] = (
    {"years": 12.0, "months": 1.0, "weeks": 7 * 12 / 365.25, "days": 12 / 365.25},
    {"g/dL": 10.0, "g/L": 1.0, "mg/dL": 0.01, "mg/L": 0.001, "µg/L": 1e-6, "ng/mL": 1e-6},
    {"10⁹/L": 1000.0, "/µL": 1.0},
    {"10¹²/L": 1.0}, {"mmol/L": 1000.0, "µmol/L": 1.0}, {"U/L": 1.0}, {"µkat/L": 1.0},
    {"kg/m²": 1.0}, {"fL": 1.0}, {"kg": 1.0}, {"cm": 1.0},
)  # fmt: skip
# How cells state a unit besides the endings of names: 50y, 12 mo.
_CELL_UNITS = {
    "y": "years", "yo": "years", "y o": "years", "ans": "years", "an": "years", "anni": "years",
    "años": "years", "jahr": "years", "j": "years", "mon": "months", "monat": "months",
    "mois": "months", "mesi": "months", "meses": "months", "wochen": "weeks", "d": "days",
    "tag": "days", "jours": "days", "giorni": "days", "días": "days",
}  # fmt: skip
_BRACKET = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
# G/L is giga, 10⁹/L; a name in capitals throughout (HB G/L) may mean grams.
_CAPITAL_G = re.compile(r"(?:^|[\W_])G(?:[\W_]|[\W_]?per[\W_])?[lL]$")
_CELLS, _MASS = "10⁹/L", "g/L"

# Orders of words that speak for themselves, the first that holds every level of a variable wins.
_ORDERS: tuple[tuple[str, ...], ...] = (
    ("very low", "low", "int|intermediate", "high", "very high"),
    ("very low", "low", "moderate low", "moderate high", "high", "very high"),
    ("low", "int 1|intermediate 1|intermediate i|int i",
     "int 2|intermediate 2|intermediate ii|int ii", "high", "very high"),
    ("very good", "good", "int|intermediate", "poor", "very poor"),
    ("favorable|favourable|good|inter 1 good", "int|intermediate|inter|inter 1|intermediate i",
     "inter 2|intermediate ii", "adverse|poor|unfavorable|unfavourable"),
    ("low|lr|niedrig|basso|bassa|faible|bajo|baja",
     "moderate|medium|standard|int|intermediate|ir|mittel|intermediar|intermedio|intermedia|"
     "intermediaire", "high|hr|hoch|alto|alta|eleve|elevee"),
    ("low", "low intermediate", "high intermediate", "high"),
    ("l", "i", "h"),
    ("cp|chronic|chronic phase", "ap|accelerated|accelerated phase",
     "bp|bc|blast|blast phase|blast crisis"),
    ("none|absent", "mild", "moderate", "severe"),
    ("mf 0|mf0|0", "mf 1|mf1|1", "mf 2|mf2|2", "mf 3|mf3|3"),
    ("0", "1", "2", "3", "4", "5"),
    ("i", "ii", "iii", "iv"),
)  # fmt: skip
_NOMINAL_ORDERS: tuple[tuple[str, ...], ...] = (
    ("f|female|w|weiblich", "m|male|männlich"),
    ("calr", "jak2", "mpl", "triple negative|triple neg|triple negativ|tn|3neg|none|wt"),
)
_LAST = frozenset(
    {"other", "others", "unknown", "not classified", "unclassified", "nos", "missing"}
)


@dataclass(frozen=True)
class Term:
    """A variable of the vocabulary.

    Parameters
    ----------
    kind, role
        As in :class:`data_loaders.model.Variable`.
    units
        Unit, lowest and highest plausible value; the usual unit first.
    rank
        Place in the data dictionary, smaller first.
    """

    key: str
    label: str
    kind: VariableKind
    role: VariableRole
    units: tuple[tuple[str, float, float], ...]
    rank: int


@dataclass(frozen=True)
class ParsedName:
    """A column name taken apart: its words in lower case without the unit, and the unit."""

    words: str
    unit: str | None

    @property
    def tokens(self) -> tuple[str, ...]:
        """The single words."""
        return tuple(self.words.split())


@lru_cache(maxsize=_NAMES_KEPT)
def parse_name(name: str) -> ParsedName:
    """Take a column name apart: ``hb_g_per_l`` is haemoglobin in g/L.

    Underscores, points, hyphens and camel case all separate words; a unit stands at the end or in
    brackets; a per cent sign anywhere is the unit. A name that is known as a whole
    (``diagnosis_year``) holds no unit.
    """
    unit: str | None = "%" if "%" in name else None
    bracket = _BRACKET.search(name)
    if bracket:
        found = _unit_of(_plain(bracket[1]))
        if found:
            name = name[: bracket.start()] + name[bracket.end() :]
            words = _plain(name)
            return ParsedName(words, _giga_or_grams(found, bracket[1].strip(), words, name))
    words = _plain(name)
    if (
        unit is None
        and words.replace(" ", "") not in _terms_by_name()
        and _ANY_ENDING.fullmatch(words)
    ):
        for pattern, candidate in _ENDING_PATTERNS:
            match = pattern.fullmatch(words)
            if match:
                rest = match[1].removesuffix(" in").removesuffix(" per")
                return ParsedName(rest, _giga_or_grams(candidate, name.strip(), rest, rest))
    return ParsedName(words, unit)


def without_unit(name: str) -> str:
    """A column's name without the unit that stands in brackets in it."""
    bracket = _BRACKET.search(name)
    if bracket is None or (bracket[1].strip() != "%" and not _unit_of(_plain(bracket[1]))):
        return name
    return re.sub(r"\s+", " ", name[: bracket.start()] + name[bracket.end() :]).strip() or name


def _giga_or_grams(unit: str, raw: str, words: str, rest: str) -> str | None:
    """What ``G/L`` and ``g/l`` are: what the variable is measured in, else what capitals say."""
    if unit != _MASS:
        return unit
    term = _terms_by_name().get(words.replace(" ", ""))
    if term is not None:
        return fitting_unit(unit, term)
    if not _CAPITAL_G.search(raw):
        return unit
    return None if rest.isupper() else _CELLS


def fitting_unit(unit: str, term: Term | None) -> str:
    """10⁹/L in place of g/L, or the reverse, where the variable is measured in that alone."""
    units = {own for own, _, _ in term.units} if term else set()
    if unit == _MASS and _CELLS in units and _MASS not in units:
        return _CELLS
    return _MASS if unit == _CELLS and _CELLS not in units and _MASS in units else unit


@lru_cache(maxsize=_NAMES_KEPT)
def term_of(name: str) -> Term | None:
    """The variable that a column of this name holds; None if the name is not in the vocabulary."""
    terms = _terms_by_name()
    for words in (_plain(name), parse_name(name).words, _plain(_BRACKET.sub("", name))):
        found = terms.get(words.replace(" ", "")) or terms.get(glued(words))
        if found:
            return found
    beside = _BESIDE.sub("", parse_name(name).words)
    return terms.get(beside.replace(" ", "")) if beside else None


def term(key: str) -> Term:
    """The variable with this key."""
    return _terms()[key]


def human_label(name: str) -> str:
    """A readable name for a column that is not in the vocabulary: ``bone_age`` -> ``Bone age``.

    Abbreviations of the field and names of people and places are spelt as they are in print:
    ``ipi`` -> ``IPI``, ``ann_arbor_stage`` -> ``Ann Arbor stage``.
    """
    words = re.sub(r"[_.]+", " ", name).strip()
    words = re.sub(r"\s+", " ", words)
    if words.islower():
        words = " ".join(_SPELT.get(word, word) for word in words.split(" "))
        words = words.replace("ann arbor", "Ann Arbor")
        return capitalised(words)
    return words or name


_ABBREVIATIONS = (
    "abc", "aml", "apl", "asct", "bmi", "cll", "cml", "cmml", "cns", "coo", "cr", "dfs",
    "dlbcl", "dna", "ebv", "efs", "eln", "fab", "fish", "flipi", "gcb", "hbv", "hcv", "hct",
    "hiv", "hsct", "ipi", "ipss", "itd", "ldh", "lfs", "mds", "mipi", "mpn", "mrd", "nos", "os",
    "pet", "pfs", "rna", "sct", "vaf",
)  # fmt: skip
_SPELT = {
    **{word: word.upper() for word in _ABBREVIATIONS},
    "binet": "Binet", "ipssm": "IPSS-M", "ipssr": "IPSS-R", "lugano": "Lugano", "rai": "Rai",
    "ripi": "R-IPI",
}  # fmt: skip


def order_of(levels: list[str]) -> tuple[str, ...] | None:
    """The levels in the order their words have; None where words such as these have no order."""
    return _ordered(levels, _ORDERS)


def nominal_order(levels: list[str]) -> tuple[str, ...]:
    """Levels without an inherent order as they are usually listed; "other" and "unknown" last.

    ``levels`` come in the order to fall back on (largest group first).
    """
    known = _ordered(levels, _NOMINAL_ORDERS)
    if known:
        return known
    return tuple(sorted(levels, key=lambda level: _plain(level) in _LAST))


def _ordered(levels: list[str], orders: tuple[tuple[str, ...], ...]) -> tuple[str, ...] | None:
    if len(levels) < 2:
        return None
    for order in orders:
        place = {word: i for i, words in enumerate(order) for word in words.split("|")}
        places = [place.get(_plain(level).removesuffix(" risk")) for level in levels]
        if None not in places and len(set(places)) == len(levels):
            return tuple(
                sorted(levels, key=lambda level: place[_plain(level).removesuffix(" risk")])
            )
    return None


def _plain(name: str) -> str:
    """Lower-case words separated by single spaces."""
    spaced = _CAMEL.sub(" ", name)
    if not spaced.isascii():
        spaced = spaced.replace("µ", "u").replace("μ", "u").replace("⁹", "9")
        spaced = spaced.replace("¹²", "12").replace("³", "3").replace("²", "2")
    return _NO_WORD.sub(" ", folded(spaced)).strip()


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_NO_WORD = re.compile(r"[\W_]+")
_ENDING_PATTERNS = tuple((re.compile(rf"(.+) {pattern}"), unit) for pattern, unit in _UNIT_ENDINGS)
_UNIT_PATTERNS = tuple((re.compile(pattern), unit) for pattern, unit in _UNIT_ENDINGS)
_ANY_UNIT = re.compile("|".join(pattern for pattern, _ in _UNIT_ENDINGS))
# What stands beside the name of a measurement and only says where or when: WBC at diagnosis.
_BESIDE = re.compile(
    r"^(?:(?:d|pt|lab|chem|cbc|serum|baseline|screening) )+"
    r"|(?: at)? (?:diagnosis|dx|baseline|presentation|enroll?ment|study entry|screening)$"
)
_ANY_ENDING = re.compile(rf".+ (?:{_ANY_UNIT.pattern})")


def _unit_of(text: str) -> str | None:
    if text in {"%", ""}:
        return "%" if text else None
    if not _ANY_UNIT.fullmatch(text):  # nearly every text
        return None
    for pattern, unit in _UNIT_PATTERNS:
        if pattern.fullmatch(text):
            return unit
    return None


def unit_named(text: str) -> str | None:
    """The unit that a cell states behind its number; None if it is no known one.

    Parameters
    ----------
    text
        What stands behind the number: ``y``, ``g/dL``, ``x10^9/L``.
    """
    plain = _plain(text)
    return _giga(text) or _CELL_UNITS.get(plain) or _unit_of(plain)


def factor_between(unit: str, target: str) -> float | None:
    """What turns a number of one unit into another; None if the units measure different things.

    Parameters
    ----------
    unit, target
        As :func:`unit_named` gives them.
    """
    for family in _FAMILIES:
        if unit in family and target in family:
            return family[unit] / family[target]
    return None


def _giga(text: str) -> str | None:
    """10⁹/L where the text is its symbol with a capital G, which grams never have."""
    return "10⁹/L" if "G" in text and _GIGA_PER_L.fullmatch(text) else None


_GIGA_PER_L = re.compile(r"\s*G\s?/\s?[lL]\s*")


@cache
def _terms() -> dict[str, Term]:
    terms = {}
    with _DATA.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            units = []
            for part in filter(None, row["units"].split("|")):
                unit, low, high = part.rsplit(":", 2)
                units.append((unit, float(low), float(high)))
            terms[row["key"]] = Term(
                key=row["key"],
                label=row["label"],
                kind=cast("VariableKind", row["kind"]),
                role=cast("VariableRole", row["role"]),
                units=tuple(units),
                rank=int(row["rank"]),
            )
    return terms


@cache
def _terms_by_name() -> dict[str, Term]:
    named: dict[str, Term] = {}
    with _DATA.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for name in row["names"].split("|"):
                named[name.replace(" ", "")] = _terms()[row["key"]]
            for name in filter(None, row["translated"].split("|")):
                named[glued(_plain(name))] = _terms()[row["key"]]
    return named
