"""Colours of steps of a number: low to high from blue to amber, without a verdict.

Green to red is kept for risk classes: a low haemoglobin is not a low risk. Blue to amber also keeps
its ends apart for colour-blind eyes.
"""

from __future__ import annotations

from itertools import pairwise

_ANCHORS = ("#2b62c4", "#7569d6", "#c05f9f", "#d9541e", "#b98300")


def number_colours(steps: int) -> tuple[str, ...]:
    """One colour a step, evenly spaced on one ramp; every number of steps has different ones."""
    if steps == 1:
        return _ANCHORS[:1]
    last = len(_ANCHORS) - 1
    return tuple(_on_ramp(step * last / (steps - 1)) for step in range(steps))


def _on_ramp(place: float) -> str:
    """The colour at a place between 0 and the last anchor."""
    before = min(int(place), len(_ANCHORS) - 2)
    low, high = tuple(pairwise(_ANCHORS))[before]
    share = place - before
    mixed = [
        round(int(low[i : i + 2], 16) * (1 - share) + int(high[i : i + 2], 16) * share)
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
