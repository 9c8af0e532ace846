"""A cohort's numbers in ascending order: sorted once, whatever is selected and grouped later."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import Floats
from data_loaders import Cohort

Positions = npt.NDArray[np.int32]

_HELD: WeakKeyDictionary[Cohort, dict[str, tuple[Positions, Floats]]] = WeakKeyDictionary()
_QUARTERS = (0.25, 0.5, 0.75)


def in_order(cohort: Cohort, column: str) -> tuple[Positions, Floats]:
    """Positions of the patients with a finite value of a column, ascending, and these values."""
    held = _HELD.setdefault(cohort, {})
    if column not in held:
        values = cohort.numbers(column)
        known = np.flatnonzero(np.isfinite(values))
        order = known[np.argsort(values[known], kind="stable")].astype(np.int32)
        held[column] = (order, values[order])
    return held[column]


def quartiles(ordered: Floats) -> tuple[float, float, float]:
    """Quartiles of ascending numbers, interpolated as numpy's ``percentile`` does by default."""
    found = []
    for share in _QUARTERS:
        place = share * (len(ordered) - 1)
        low = int(place)
        first, second = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
        part = place - low
        gap = second - first
        found.append(
            float(first + gap * part if part < _QUARTERS[1] else second - gap * (1 - part))
        )
    return found[0], found[1], found[2]
