"""What a click or a brush on a picture does to the filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from app.cohort.filters import All, Altered, Between, Clause, Filter, InSet, Not
from app.views.cohort.overview.analysis import Categories, Histogram

ONLY, EXCLUDE = "Only this", "Exclude this"


def after_categories(
    chosen: Filter, found: Categories, levels: tuple[int, ...], meaning: str
) -> Filter:
    """The filter after a click on bars of categories.

    "Only this" adds the level to those wanted of the variable, and takes it out where it is
    wanted already; "exclude this" does the same with those not wanted.
    """
    name = found.variable.name
    clicked = [value for level in levels for value in found.values[level]]
    if not clicked:
        return chosen
    steps = list(chosen.steps)
    for position, step in enumerate(steps):
        inner = step.clause if isinstance(step, Not) else step
        same = isinstance(step, Not) == (meaning == EXCLUDE)
        if isinstance(inner, InSet) and inner.column == name and same:
            values = _toggled(inner.values, clicked)
            if not values:
                del steps[position]
            else:
                changed: Clause = replace(inner, values=values)
                steps[position] = Not(changed) if meaning == EXCLUDE else changed
            return Filter(All(tuple(steps)))
    # Wanting what was not wanted takes back that it was not.
    wanted: Clause = InSet(name, tuple(clicked))
    return Filter(All((*steps, Not(wanted) if meaning == EXCLUDE else wanted)))


def after_range(chosen: Filter, name: str, low: float, high: float, meaning: str) -> Filter:
    """The filter after a range of a number was brushed: it replaces the range there was.

    Parameters
    ----------
    low, high
        Both ends, included.
    meaning
        :data:`ONLY` or :data:`EXCLUDE`; exclusions add up.
    """
    between = Between(name, low, high)
    if meaning == EXCLUDE:
        return Filter(All((*chosen.steps, Not(between))))
    kept = [s for s in chosen.steps if not (isinstance(s, Between) and s.column == name)]
    return Filter(All((*kept, between)))


def after_alteration(chosen: Filter, feature: str, meaning: str) -> Filter:
    """The filter after a click on an alteration: altered, or not altered; again takes it out."""
    wanted: Clause = Not(Altered(feature)) if meaning == EXCLUDE else Altered(feature)
    against = Altered(feature) if meaning == EXCLUDE else Not(Altered(feature))
    steps = [step for step in chosen.steps if step not in (wanted, against)]
    if wanted in chosen.steps:
        return Filter(All(tuple(steps)))
    return Filter(All((*steps, wanted)))


def clicked_bars(event: Mapping[str, Any] | None) -> tuple[int, ...]:
    """Positions of the bars that a selection event names, each once."""
    points = ((event or {}).get("selection") or {}).get("points") or ()
    found = [point.get("point_index", point.get("point_number")) for point in points]
    return tuple(dict.fromkeys(int(place) for place in found if place is not None))


def brushed_range(event: Mapping[str, Any] | None, found: Histogram) -> tuple[float, float] | None:
    """The range of a number that was brushed or whose bars were clicked; None if nothing was.

    Brushed ends are rounded to what the eye can tell. A clicked bar gives the smallest and the
    largest value in it, so that exactly its patients are kept.
    """
    boxes = ((event or {}).get("selection") or {}).get("box") or ()
    if boxes:
        ends = sorted(float(end) for end in boxes[0]["x"])
        width = float(found.edges[1] - found.edges[0])
        if found.logarithmic:
            low, high = (float(f"{10.0**end:.2g}") for end in ends)
        elif _whole(found):
            low, high = float(np.ceil(ends[0])), float(np.floor(ends[1]))
        else:
            digits = int(max(0, np.ceil(-np.log10(width / 10))))
            low, high = (round(end, digits) for end in (ends[0], ends[1]))
        # The first and the last bin hold what lies beyond them as well.
        reach = ends if found.logarithmic else (low, high)
        if reach[0] <= found.edges[0]:
            low = float(np.nanmin(found.lows))
        if reach[1] >= found.edges[-1]:
            high = float(np.nanmax(found.highs))
        return (low, high) if low <= high else None
    bars = [bar for bar in clicked_bars(event) if found.everyone[bar]]
    if not bars:
        return None
    places = np.array(bars)
    return float(np.nanmin(found.lows[places])), float(np.nanmax(found.highs[places]))


def _whole(found: Histogram) -> bool:
    """Whether the number comes in whole steps, as far as its bins tell."""
    ends = np.concatenate([found.lows, found.highs])
    ends = ends[np.isfinite(ends)]
    return bool((ends == np.round(ends)).all())


def _toggled(
    held: tuple[str | int | float | bool, ...], clicked: list[str | float]
) -> tuple[str | int | float | bool, ...]:
    """Values with the clicked ones added; taken out where all of them are held."""
    words = {str(value) for value in clicked}
    if words <= {str(value) for value in held}:
        return tuple(value for value in held if str(value) not in words)
    return (*(value for value in held if str(value) not in words), *clicked)
