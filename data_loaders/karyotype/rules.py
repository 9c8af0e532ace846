"""What follows from the clonal events: complex, monosomal, the IPSS-R group.

Abnormalities are counted as the International Working Group on MDS Cytogenetics does (Chun 2010):
one for each gain or loss of a chromosome (-Y included), for each balanced or simple structural
change and for each derivative however complex; each marker by its number; tetraploidy one;
constitutional none; all of independent clones together, the same change in several clones once.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_loaders.karyotype.events import Event

IPSSR_GROUPS = ("very good", "good", "intermediate", "poor", "very poor")
COMPLEX = (
    3  # abnormalities (WHO 2016, ELN); that an AML-defining fusion takes precedence is not judged
)
_VERY_GOOD = frozenset({"-Y", "del(11q)"})
_GOOD = frozenset({"del(5q)", "del(12p)", "del(20q)"})
_CORE_BINDING = frozenset({"t(8;21)", "inv(16)", "t(16;16)"})
_SEX = frozenset({"X", "Y"})
_MAY_BE_3Q = frozenset({"t", "inv", "del"})


def is_complex(n: int, unread: int, *, more: bool) -> bool | None:
    """Whether there are three or more; None if what was not read decides."""
    if n >= COMPLEX:
        return True
    return None if more or n + unread >= COMPLEX else False


def is_monosomal(events: Mapping[Event, int], *, unsure: bool) -> bool | None:
    """Breems 2008: two autosomal monosomies, or one and a structural abnormality.

    A karyotype with a core-binding factor rearrangement is not monosomal. Losses of polyploid
    clones leave two copies or more and are no monosomies; they are not among ``events`` as losses.
    """
    names = {event.name for event in events}
    if names & _CORE_BINDING:
        return False
    lost = {e.chromosomes[0] for e in events if e.kind == "loss"} - _SEX
    if len(lost) > 1 or (lost and any(event.structural for event in events)):
        return True
    return None if unsure else False


def ipssr_group(clones: list[dict[Event, int]], n: int, unread: int, *, more: bool) -> str | None:
    """The cytogenetic group of the IPSS-R (Schanz 2012; Greenberg 2012).

    Two independent clones of one abnormality each are intermediate, whatever they are. A double
    with both del(5q) and a loss of 7q stands in two lines of the publication; the worse is taken.

    Parameters
    ----------
    clones
        Clonal, acquired events of each clone with their number.
    n
        Abnormalities of all clones together.
    unread, more
        How much was not read; whether there are more abnormalities than written.
    """
    if n > COMPLEX:
        return "very poor"
    if unread or more:
        return None
    if n in {0, COMPLEX}:
        return "poor" if n else "good"
    events = next((clone for clone in clones if sum(clone.values()) == n), None)
    if events is None:
        return "intermediate"
    undecided = {"3", "5", "11", "12", "20"} if n == 1 else {"5", "7"}
    if any(e.name == f"del({c})" for e in events for c in undecided):
        return None  # a deletion without its arm
    if any("?" in e.chromosomes and e.kind in (_MAY_BE_3Q if n == 1 else {"del"}) for e in events):
        return None  # of a chromosome that is not said
    return _single(*events) if n == 1 else _double(events)


def _double(events: Mapping[Event, int]) -> str:
    names = {event.name for event in events}
    if "-7" in names or any(_loses_7q(event) for event in events):
        return "poor"
    return "good" if "del(5q)" in names else "intermediate"


def _single(event: Event) -> str:
    if event.name in _VERY_GOOD:
        return "very good"
    if event.name in _GOOD:
        return "good"
    return "poor" if event.name == "-7" or _is_3q(event) else "intermediate"


def _loses_7q(event: Event) -> bool:
    """del(7q), or a whole-arm exchange such as der(1;7)(q10;p10) that leaves one 7q."""
    if event.name == "del(7q)":
        return True
    places = zip(event.chromosomes, event.bands, strict=False)
    return event.kind == "der" and len(event.chromosomes) == 2 and ("7", "p10") in places


def _is_3q(event: Event) -> bool:
    """inv(3), t(3q) or del(3q): with the break in the long arm, as far as bands are written."""
    if event.kind == "inv":
        return event.chromosomes == ("3",) and "p" not in "".join(event.bands)
    if event.kind == "t" and len(event.bands) == len(event.chromosomes):
        places = zip(event.chromosomes, event.bands, strict=True)
        return any(c == "3" and "q" in band for c, band in places)
    return event.name == "del(3q)"
