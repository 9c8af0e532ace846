"""What the scores ask of a karyotype: groups and tiers, from ISCN text as far as it was read.

An answer is the lowest and the highest that it may be: a karyotype read in part leaves more than
one, and none at all leaves all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product

from data_loaders.karyotype import IPSSR_GROUPS, Karyotype
from data_loaders.karyotype.events import Event, read_events
from data_loaders.karyotype.rules import COMPLEX
from data_loaders.karyotype.rules import ipssr_group as group_of_events

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


# Lesions of columns -----------------------------------------------------------------------------

# A name says less than ISCN: what it may be in full, where a rule asks for the band.
_IN_FULL = {
    "del(11q)": ("del(11)(q23)", "del(11)(q14)"), "inv(3)": ("inv(3)(q21q26)",),
    "t(3;3)": ("t(3;3)(q21;q26)",), "t(9;11)": ("t(9;11)(p22;q23)",),
    "t(6;11)": ("t(6;11)(q27;q23)",), "t(10;11)": ("t(10;11)(p12;q23)",),
    "t(11;19)": ("t(11;19)(q23;p13)",), "t(4;11)": ("t(4;11)(q21;q23)",),
}  # fmt: skip
_OTHER = "add(9)(p24)"  # an abnormality that no rule names
# What each rule tells apart, to be tried where nobody looked for it.
_ASKED = {
    "cyto_ipssr": ("-Y", "del(11q)", "del(5q)", "del(12p)", "del(20q)", "-7", "del(7q)", "inv(3)"),
    "mf_karyotype": ("+21", "-Y", "del(13q)", "del(20q)", "+9"),
    "dipss_karyotype": (*sorted(_DIPSS), "t(9;11)"),
    "cpss_karyotype": ("+8", "-7", "+7", "del(7q)", "-Y"),
}
_INTERMEDIATE = float(IPSSR_GROUPS.index("intermediate"))
_MANY = COMPLEX + 1  # from here on a further abnormality changes nothing but by its name


@lru_cache(maxsize=20_000)
def tier_of_lesions(
    key: str,
    present: tuple[tuple[str, ...], ...],
    absent: frozenset[str],
    least: int,
    most: int | None,
) -> Range:
    """What lesions that were looked for one by one say of an input of :data:`TIERS`.

    Whatever was not looked for may be there, as far as the number of abnormalities allows, in the
    clone of what was found. Two lesions that were found may be of one clone or of two, which the
    IPSS-R calls intermediate whatever they are.

    Parameters
    ----------
    present
        Each lesion that was found: its name, or the names of which it is one.
    absent
        Lesions that were looked for and not found.
    least, most
        Abnormalities in all; None where nobody counted them.
    """
    highest = TIERS[key][1]
    fewest = max(least, len(present))
    if most is not None and fewest > most:
        return 0.0, highest  # the columns contradict each other
    rule = TIERS[key][0]
    found = [
        rule(_of_names(names))
        for lesions in product(*(_written(names, absent) for names in present))
        for further in _further(key, {*lesions, *absent}, fewest - len(present),
                                max(_MANY, fewest) if most is None else most, len(present))
        for names in product(*(_IN_FULL.get(name, (name,)) for name in (*lesions, *further)))
    ]  # fmt: skip
    if key == "cyto_ipssr" and len(present) == fewest == COMPLEX - 1:
        found.append((_INTERMEDIATE, _INTERMEDIATE))
    return min(low for low, _ in found), max(high for _, high in found)


def _written(names: tuple[str, ...], absent: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in absent) or names


def _further(
    key: str, settled: set[str], fewest: int, most: int, known: int
) -> Iterator[tuple[str, ...]]:
    """What else may be there: nothing, one lesion that the rule asks for, others beside."""
    for n in range(fewest, max(fewest, most - known) + 1):
        yield (_OTHER,) * n
        if n:
            for name in _ASKED[key]:
                if name not in settled:
                    yield (name, *(_OTHER,) * (n - 1))


def _of_names(names: tuple[str, ...]) -> Karyotype:
    """A karyotype of one clone with these abnormalities and no other."""
    events: dict[Event, int] = {}
    for name in names:
        for event in read_events(name.lower()) or ():
            events[event] = events.get(event, 0) + 1
    n = len(names)
    return Karyotype(
        ",".join(names), tuple(dict.fromkeys(event.name for event in events)), n_abnormalities=n,
        complex=n >= COMPLEX, ipssr_group=group_of_events([events], n, 0, more=False),
    )  # fmt: skip


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
