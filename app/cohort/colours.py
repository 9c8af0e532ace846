"""One palette, by meaning: the same thing has the same colour on every page and in every export.

The hues follow Okabe and Ito (2008), moved in lightness so that each reads on a white and on a
near-black page (contrast of at least 3 to 1 on both, see tests/cohort/test_colours.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from data_loaders.derived import is_triple_negative

BLUE = "#2a7fc1"
VERMILION = "#d9541e"
GREEN = "#0f9a74"
PURPLE = "#c05f9f"
AMBER = "#b98300"
SKY = "#3b98c4"
INDIGO = "#7569d6"
OLIVE = "#7d8f22"
BROWN = "#a8703f"
TEAL = "#2b9a9a"
CRIMSON = "#d2466b"
GREY = "#7d8796"
SLATE = "#66768d"

# The order gives neighbours the largest distance, also for colour-blind eyes.
SERIES = (BLUE, VERMILION, GREEN, PURPLE, AMBER, INDIGO, SKY, BROWN, CRIMSON, OLIVE, TEAL)
NEUTRAL = GREY

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
        "m": TEAL,
        "female": PURPLE,
        "male": TEAL,
        # Never a hue: what is not known, not certain or not a group
        "other": GREY,
        "unknown": GREY,
        "uncertain": GREY,
        "no alteration": GREY,
    }
)

# Risk from low to high, for any number of steps: green to amber to deep red.
_RISK = ("#0f9a74", "#7d8f22", "#b98300", "#d2701e", "#cf4a3a", "#b23a72")


def colour_of(name: str) -> str | None:
    """The colour reserved for a name such as ``CALR``; None if it has none."""
    if is_triple_negative(name):
        return PURPLE
    return _BY_MEANING.get(name.strip().lower())


def assign_colours(names: Sequence[str], *, ordered: bool = False) -> tuple[str, ...]:
    """A colour for each group name.

    Reserved names keep their own colour; the others take the first free ones of the series, in
    order. Ordered levels (risk classes, quartiles) take steps of one ramp instead.

    Parameters
    ----------
    names
        Group names in their order.
    ordered
        Whether the groups are steps of one scale.
    """
    if ordered and len(names) > 1:
        last = len(_RISK) - 1
        return tuple(_RISK[round(i * last / (len(names) - 1))] for i in range(len(names)))
    reserved = [colour_of(name) for name in names]
    free = [colour for colour in SERIES if colour not in reserved] or list(SERIES)
    colours, used = [], 0
    for colour in reserved:
        if colour is None:
            colour = free[used % len(free)]  # noqa: PLW2901
            used += 1
        colours.append(colour)
    return tuple(colours)
