"""One palette, by meaning: the same thing has the same colour on every page and in every export.

The hues follow Okabe and Ito (2008), moved in lightness so that each reads on a white and on a
near-black page (contrast of at least 3 to 1 on both, see tests/cohort/test_colours.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from types import MappingProxyType

from app.cohort._colour_distance import colour_distance
from app.cohort.number_colours import number_colours
from data_loaders.meaning.derived import is_triple_negative

BLUE = "#2a7fc1"
VERMILION = "#d9541e"
GREEN = "#0f9a74"
PURPLE = "#c05f9f"
AMBER = "#c08b00"
INDIGO = "#6a58c8"
BROWN = "#9c540c"
CRIMSON = "#b43c54"
PLUM = "#90489c"
LILAC = "#b478f0"
PINE = "#007860"
SKY = "#3b98c4"
TEAL = "#2b9a9a"
GREY = "#8a93a1"
SLATE = "#586880"

# Any two of these look apart to everyone: see colour_distance and tests/cohort/test_colours.py.
SERIES = (BLUE, VERMILION, GREEN, PURPLE, AMBER, INDIGO, BROWN, CRIMSON, PLUM, LILAC, PINE)
NEUTRAL = GREY
# Nearer than this two colours could stand for one group.
_NEAR = 9.0

_BY_MEANING = MappingProxyType(
    {
        # Driver mutations of myeloproliferative neoplasms
        "jak2": BLUE,
        "jak2 v617f": BLUE,
        "calr": VERMILION,
        "mpl": GREEN,
        "calr type 1": VERMILION,
        "calr type 2": AMBER,
        # Diagnoses
        "et": SKY,
        "pv": CRIMSON,
        "mf": INDIGO,
        "pmf": INDIGO,
        # Two-way groups
        "yes": VERMILION,
        "no": BLUE,
        "f": PURPLE,
        "m": BLUE,
        "female": PURPLE,
        "male": BLUE,
        # Never a hue: what is not known, not certain or not a group
        "other": GREY,
        "unknown": GREY,
        "uncertain": GREY,
        "no alteration": GREY,
    }
)

# Risk from low to high: green to amber to deep red; where there are more steps, from blue on.
_RISK = (GREEN, AMBER, VERMILION, CRIMSON, PLUM)
_LONG_RISK = (BLUE, *_RISK)


def colour_of(name: str) -> str | None:
    """The colour reserved for a name such as ``CALR``; None if it has none."""
    if is_triple_negative(name):
        return PURPLE
    return _BY_MEANING.get(name.strip().lower())


def assign_colours(
    names: Sequence[str], *, ordered: bool = False, beside: Sequence[str] = ()
) -> tuple[str, ...]:
    """A colour for each group name.

    Reserved names keep their own colour; the others take the first free ones of the series, in
    order. Ordered levels (risk classes, quartiles) take steps of one ramp instead.

    Parameters
    ----------
    names
        Group names in their order.
    beside
        Colours that other groups of the same figure have.
    """
    if ordered and len(names) > 1:
        return _risk_colours(len(names))
    # A reserved colour goes to the first that bears it; what would look like it takes a free one.
    held: list[str | None] = []
    for name in names:
        own = colour_of(name)
        taken = [colour for colour in held if colour is not None]
        held.append(own if own is not None and _apart(own, [*taken, *beside]) else None)
    reserved = [colour for colour in held if colour is not None]
    free = [colour for colour in SERIES if _apart(colour, [*reserved, *beside])] or list(SERIES)
    spare = cycle(free)
    return tuple(next(spare) if colour is None else colour for colour in held)


def _apart(colour: str, others: Sequence[str]) -> bool:
    return all(colour_distance(colour, other) >= _NEAR for other in others)


def _risk_colours(steps: int) -> tuple[str, ...]:
    if steps > len(_LONG_RISK):
        return number_colours(steps)
    ramp = _RISK if steps <= len(_RISK) else _LONG_RISK
    last = len(ramp) - 1
    return tuple(ramp[round(i * last / (steps - 1))] for i in range(steps))
