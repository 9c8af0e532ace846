"""Names of cytogenetic events that hold more than the event: bands, FISH, one or both alleles.

``del17p13``, ``del(11)(q22.3)``, ``13q14_loss_biallelic`` and ``FISH_del(17p)`` all name a lesion
that people know by its arm. The band is kept: two bands of one arm stay two events.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LOSSES = "del|deletion|deleted|loss|minus|monosomy"
_GAINS = "gain|gained|plus|dup|duplication"
_AMPLIFIED = "amp|ampl|amplification|amplified"
_ONE_PARENT = "upd|cnloh|loh"
_BOTH_LOST = "homdel|homozygous deletion|biallelic deletion|hd"
_VERB = f"(?P<verb>{_LOSSES}|{_GAINS}|{_AMPLIFIED}|{_ONE_PARENT}|{_BOTH_LOST})"
_PARTS = {
    "": "any|all|total",
    "biallelic": "bi|biallelic|homozygous|homo|hom",
    "monoallelic": "mono|monoallelic|heterozygous|hetero|het",
    "isolated": "isolated|isol|sole|only",
}
_PART = rf"(?:[\s_.\-]*(?P<part>{'|'.join(_PARTS.values())}))?"
_BAND = r"\d{1,2}(?:\.\d{1,2})?"
_PLACE = (
    r"\(?(?P<chromosome>\d{1,2}|x|y)\)?[\s_]*\(?(?P<arm>[pq])"
    rf"(?P<band>{_BAND}(?:(?:[\s_\-]|{_BAND})*[pq]{_BAND})?)?\)?"
)
_EVENTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_VERB}[\s_.]*{_PLACE}\.?{_PART}",
        # GISTIC writes 9P21.3:DEL, R puts an X before a name that begins with a digit.
        rf"(?:X(?=\d))?{_PLACE}[\s_.:\-]*{_VERB}{_PART}",
        rf"{_PLACE}(?P<verb>[+-]){_PART}",
    )
)
_FISH = re.compile(r"^i?fish[\s_:.\-]+|[\s_:.\-]+(?:by[\s_]+)?i?fish$", re.IGNORECASE)
# The probes of a panel by their place alone: what they look for in lymphoid neoplasms.
_PROBES = {"12": "+12", **{arm: f"del({arm})" for arm in ("6q", "11q", "13q", "17p")}}
# The genes that those probes lie on, as panels name them: FISH 17p13 (TP53), ATM by FISH.
_ON_PROBES = {"TP53": "17p", "P53": "17p", "ATM": "11q", "D13S319": "13q", "DLEU": "13q",
              "DLEU1": "13q", "RB1": "13q", "MYB": "6q", "SEC63": "6q", "CEP12": "12",
              "D12Z3": "12"}  # fmt: skip
_IN_BRACKETS = re.compile(r"[\s_]*[(\[]([^()\[\]]+)[)\]]$")
_WITH_BANDS = re.compile(r"(?P<event>(?:t|inv|ins)\([\dxy;]+\))\([pqcen\d.;]+\)", re.IGNORECASE)
# R writes t.11.14. for t(11;14), and del.17p. for del(17p).
_DOTTED = re.compile(
    r"(?P<verb>t|inv)\.(?P<a>\d{1,2}|x|y|v)(?:\.(?P<b>\d{1,2}|x|y))?\.?", re.IGNORECASE
)


@dataclass(frozen=True)
class PlainEvent:
    """An event by the name that people use, and what more its column's name says.

    Parameters
    ----------
    base
        The event without bands: ``del(13q)``.
    exact
        The event with its bands: ``del(13q14)``; empty where the name holds none.
    part
        ``biallelic``, ``monoallelic`` or ``isolated``; empty for the event as a whole.
    """

    base: str
    exact: str = ""
    part: str = ""


def plain_event(text: str) -> PlainEvent | None:
    """The event that a name with bands, a method or alleles is about; None for any other name.

    Parameters
    ----------
    text
        Of a column, such as ``del13q14_bi`` or ``FISH_del17p``.
    """
    name = _FISH.sub("", text).strip()
    for pattern in _EVENTS:
        match = pattern.fullmatch(name)
        if match is None:
            continue
        # "1q+", "20q-" and "del5q" are read as they are.
        told = match["band"] or match["part"] or "." in name
        if told or (pattern is _EVENTS[1] and match["verb"].isalpha()):
            return _event(match)
    banded = _WITH_BANDS.fullmatch(name)
    if banded:
        return PlainEvent(banded["event"], name)
    dotted = _DOTTED.fullmatch(name)
    if dotted and "." in name:
        places = ";".join(place for place in (dotted["a"], dotted["b"]) if place)
        return PlainEvent(f"{dotted['verb']}({places})")
    if name == text:
        return None
    bracket = _IN_BRACKETS.search(name)
    if bracket and (bracket[1].upper() in _ON_PROBES or re.match(_PLACE, bracket[1])):
        name = name[: bracket.start()]
    name = _ON_PROBES.get(name.upper(), name)
    probe = re.fullmatch(r"(\d{1,2}(?:[pq])?)(?:[\d.]*)", name.lower())
    return PlainEvent(_PROBES.get(probe[1], name) if probe else name)


def _event(match: re.Match[str]) -> PlainEvent:
    verb = match["verb"].lower()
    arm = match["chromosome"].upper() + match["arm"].lower()
    band = (match["band"] or "").lower().replace(" ", "").replace("_", "")
    said = (match["part"] or "").lower()
    part = next(part for part, words in _PARTS.items() if said in {"", *words.split("|")})
    if verb in _BOTH_LOST.split("|"):
        part = "biallelic"
    if verb in {"-", *_LOSSES.split("|"), *_BOTH_LOST.split("|")}:
        form = "del({})"
    elif verb in {"+", *_GAINS.split("|")}:
        form = "+{}"
    else:
        form = "amp({})" if verb in _AMPLIFIED.split("|") else "{}UPD"
    return PlainEvent(form.format(arm), form.format(arm + band) if band else "", part)
