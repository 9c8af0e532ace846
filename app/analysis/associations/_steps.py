"""A cohort's numbers as steps: its distinct values, sorted once whatever is selected later.

How many patients of a group have each value is all that ranks, quartiles, means and spreads need.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import Floats, Ints
from data_loaders import Cohort
from data_loaders.once import once_per_value

Positions = npt.NDArray[np.int32]

_QUARTERS = (0.25, 0.5, 0.75)


@once_per_value
def in_steps(cohort: Cohort, column: str) -> tuple[Floats, Positions]:
    """The distinct finite values of a column, ascending, and each patient's; -1 for none."""
    values = cohort.numbers(column)
    known = np.isfinite(values)
    steps, places = np.unique(values[known], return_inverse=True)
    own = np.full(cohort.n, -1, dtype=np.int32)
    own[known] = places
    return steps, own


def counted(
    groups: npt.NDArray[np.int16], places: npt.NDArray[np.integer], k: int, width: int
) -> Ints:
    """Patients by group and step, shape (k, width); negative groups and places are none."""
    # Those in no group and at no step are counted too, first of each: one pass, nothing copied.
    cells = (np.maximum(groups, -1) + 1).astype(np.int32) * np.int32(width + 1)
    cells += np.maximum(places, -1)
    cells += 1
    table = np.bincount(cells, minlength=(k + 1) * (width + 1)).reshape(k + 1, width + 1)
    return table[1:, 1:].astype(np.int64, copy=False)


def quartiles(steps: Floats, counts: Ints) -> tuple[float, float, float]:
    """Quartiles of numbers, interpolated as numpy's ``percentile`` does by default.

    Parameters
    ----------
    steps
        Distinct values, ascending.
    counts
        How many there are of each, at least one in all.
    """
    until = np.cumsum(counts)
    last = int(until[-1]) - 1
    found = []
    for share in _QUARTERS:
        place = share * last
        low = int(place)
        first, second = steps[np.searchsorted(until, [low, min(low + 1, last)], side="right")]
        part = place - low
        gap = second - first
        found.append(
            float(first + gap * part if part < _QUARTERS[1] else second - gap * (1 - part))
        )
    return found[0], found[1], found[2]


class Moments(NamedTuple):
    """How many numbers, their mean and sample variance; NaN where there are too few for it."""

    n: int
    mean: float
    variance: float


def moments(steps: Floats, counts: Ints) -> Moments:
    """The moments of numbers, of which there are so many of each."""
    used = np.flatnonzero(counts)
    values, copies = steps[used], counts[used]
    n = int(copies.sum())
    if not n:
        return Moments(0, float("nan"), float("nan"))
    # Of equal numbers the mean is exactly that number, and the spread nothing.
    mean = float(values[0]) if len(used) == 1 else float((copies * values).sum()) / n
    spread = float((copies * (values - mean) ** 2).sum()) if len(used) > 1 else 0.0
    return Moments(n, mean, spread / (n - 1) if n > 1 else float("nan"))
