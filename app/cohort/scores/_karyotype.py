"""What the scores ask of a karyotype: groups and tiers, from ISCN text as far as it was read.

An answer is the lowest and the highest that it may be: a karyotype read in part leaves more than
one, and none at all leaves all.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from data_loaders.karyotype import IPSSR_GROUPS, Karyotype

Range = tuple[float, float]
_BREAKS = re.compile(
    r"(?:t|inv|ins|der|del|add|dic|dup)\(([\dxy;]{1,11})\)\(([pq\d.;]{1,40})\)", re.IGNORECASE
)
_DIPSS = frozenset({"+8", "-7", "del(7q)", "i(17q)", "inv(3)", "-5", "del(5q)", "del(12p)"})
_KMT2A = ("11", "q23")
_CHROMOSOME_7 = re.compile(r"[-+]7$|.*\((?:\d{1,2};)?7[pq;)]")


def breaks(karyotype: Karyotype) -> set[tuple[str, str]]:
    """Chromosome and band of every break that is written: ``("11", "q23.3")``."""
    found: set[tuple[str, str]] = set()
    for match in _BREAKS.finditer(karyotype.text):
        chromosomes = match[1].split(";")
        places = match[2].lower().split(";")
        if len(chromosomes) == 1:
            places = [part for text in places for part in re.findall(r"[pq][\d.]*", text)]
            chromosomes *= len(places)
        found |= set(zip(chromosomes, places, strict=False))
    return found


def breaks_at(karyotype: Karyotype, chromosome: str, band: str) -> bool:
    """Whether anything breaks in a band."""
    return any(c == chromosome and place.startswith(band) for c, place in breaks(karyotype))


def ipssr_group(karyotype: Karyotype) -> Range:
    """0 very good to 4 very poor (Schanz 2012)."""
    if karyotype.ipssr_group is not None:
        place = float(IPSSR_GROUPS.index(karyotype.ipssr_group))
        return place, place
    return (3.0 if karyotype.complex else 0.0), 4.0


def mf_tier(karyotype: Karyotype) -> Range:
    """0 favourable, 1 unfavourable, 2 very high risk (Tefferi 2018, Leukemia 32:1189)."""
    events = _sure(karyotype)
    if (
        any(map(_is_very_high, events))
        or breaks_at(karyotype, "3", "q21")
        or breaks_at(karyotype, *_KMT2A)
        or breaks_at(karyotype, "12", "p11.2")
    ):
        return 2.0, 2.0
    n = karyotype.n_abnormalities or 0
    low = 0.0 if n == 0 or (n == 1 and _is_favourable(*(events or ("",)))) else 1.0
    return low, 2.0 if _open(karyotype) else low


def dipss_unfavourable(karyotype: Karyotype) -> Range:
    """Unfavourable for DIPSS-Plus (Gangat 2011): complex, or one or two with a named event."""
    events = set(_sure(karyotype))
    bad = (
        bool(karyotype.complex) or bool(events & _DIPSS) or breaks_at(karyotype, *_KMT2A)
        or ("del(11q)" in events and breaks_at(karyotype, *_KMT2A))
    )  # fmt: skip
    return float(bad), 1.0 if bad or _open(karyotype) else 0.0


def cpss_risk(karyotype: Karyotype) -> Range:
    """0 low, 1 intermediate, 2 high for the CPSS: normal or -Y, others, +8 or 7 or complex."""
    events = _sure(karyotype)
    if karyotype.complex or "+8" in events or any(map(_CHROMOSOME_7.match, events)):
        return 2.0, 2.0
    n = karyotype.n_abnormalities or 0
    low = 0.0 if n == 0 or (n == 1 and events == ("-Y",)) else 1.0
    return low, 2.0 if _open(karyotype) else low


# What each input asks, and the highest that it may be where there is no karyotype.
TIERS: dict[str, tuple[Callable[[Karyotype], Range], float]] = {
    "cyto_ipssr": (ipssr_group, 4.0),
    "mf_karyotype": (mf_tier, 2.0),
    "dipss_karyotype": (dipss_unfavourable, 1.0),
    "cpss_karyotype": (cpss_risk, 2.0),
}


def tier_of(karyotype: Karyotype, key: str) -> Range:
    """What a karyotype says of an input of :data:`TIERS`; all of it without a karyotype."""
    rule, highest = TIERS[key]
    return rule(karyotype) if karyotype.readable else (0.0, highest)


def _sure(karyotype: Karyotype) -> tuple[str, ...]:
    return tuple(event for event in karyotype.events if event not in karyotype.uncertain)


def _open(karyotype: Karyotype) -> bool:
    """Whether there may be more than was read."""
    return bool(karyotype.problems or karyotype.incomplete or karyotype.uncertain)


def _is_very_high(event: str) -> bool:
    if event in {"-7", "i(17q)", "inv(3)", "t(3;3)", "del(12p)", "del(11q)"}:
        return True
    gain = re.fullmatch(r"\+(\d{1,2})", event)
    return gain is not None and gain[1] not in {"8", "9"}


def _is_favourable(event: str) -> bool:
    return event in {"del(13q)", "+9", "del(20q)"} or bool(
        re.fullmatch(
            r"[+-][XY]|dup\(1[pq]\)|t\(1;[\dXY]{1,2}\)|t\(X;1\)|der\(1\).*|\+1[pq]?", event
        )
    )
