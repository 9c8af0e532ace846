"""Where patients are drawn: islands outside the map, and ties spread so that each is seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from app.analysis.arrays import Floats
from app.analysis.subgroups._search.profiles import Ints

_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
# Share of the map's area that all patients' dots together may fill.
_FILL = 0.12
# Discs at least this many times as wide as a single dot push others away; at most so many.
_LARGE_FROM = 2.0
_LARGE_DISCS = 400
_MAX_ROUNDS = 30
_STILL = 0.05


def island(coordinates: Floats) -> Floats:
    """A place below the map for the patients without alterations.

    Parameters
    ----------
    coordinates
        Patients or profiles x 2 of those on the map.
    """
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    extent = np.maximum(high - low, 1.0)
    return np.array([low[0] + 0.1 * extent[0], low[1] - 0.2 * extent[1]])


def display_coordinates(coordinates: pd.DataFrame) -> pd.DataFrame:
    """Spread patients who share a point, so that 597 identical patients are seen as 597.

    Patients at one point fill a disc like the seeds of a sunflower, in the order of their
    identifiers, its area proportional to their number. Discs that overlap push each other apart.
    For display only: distances between spread points mean nothing.

    Parameters
    ----------
    coordinates
        Columns x and y, index patient_id; missing where a patient has no place.

    Returns
    -------
    DataFrame
        The same index and columns.
    """
    placed = coordinates.dropna()
    result = coordinates.astype(np.float64).copy()
    if not len(placed):
        return result
    # By identifier, so that the order of the rows cannot matter.
    placed = placed.iloc[placed.index.astype(str).argsort(kind="stable")]
    points, spot, counts = np.unique(
        placed[["x", "y"]].to_numpy(dtype=np.float64),
        axis=0,
        return_inverse=True,
        return_counts=True,
    )
    spot = spot.ravel()
    extent = np.maximum(points.max(axis=0) - points.min(axis=0), 1.0)
    spacing = np.sqrt(_FILL * extent.prod() / (np.pi * len(placed)))
    centres = _push_apart(points, spacing * np.sqrt(counts), spacing)
    order = np.argsort(spot, kind="stable")
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    seed_number = np.empty(len(placed))
    seed_number[order] = np.arange(len(placed)) - starts
    alone = counts[spot] == 1
    radius = np.where(alone, 0.0, spacing * np.sqrt(seed_number + 0.5))
    angle = seed_number * _GOLDEN_ANGLE
    spread = centres[spot] + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    result.loc[placed.index, ["x", "y"]] = spread
    return result


def _push_apart(points: Floats, radii: Floats, spacing: float) -> Floats:
    """Move discs until no large one covers another; the larger a disc, the less it moves."""
    centres = points.copy()
    large = np.argsort(-radii, kind="stable")[:_LARGE_DISCS]
    large = large[radii[large] >= _LARGE_FROM * spacing]
    small_radius = float(np.delete(radii, large).max(initial=0.0))
    for _ in range(_MAX_ROUNDS):
        moved = 0.0
        reach = radii[large] + small_radius
        around = cKDTree(centres).query_ball_point(centres[large], reach, return_sorted=True)
        for one, near in zip(large, around, strict=True):
            others = np.union1d(near, large).astype(np.int64)
            moved = max(moved, _push_from(centres, radii, one, others[others != one]))
        if moved < _STILL * spacing:
            break
    return centres


def _push_from(centres: Floats, radii: Floats, one: int, others: Ints) -> float:
    """Move ``others`` out of one disc, in place; the longest move along an axis."""
    offset = centres[others] - centres[one]
    distance = np.sqrt((offset**2).sum(axis=1))
    overlap = radii[one] + radii[others] - distance
    inside = overlap > 0
    if not inside.any():
        return 0.0
    offset, distance, overlap = offset[inside], distance[inside], overlap[inside]
    coincident = distance < 1e-12
    offset[coincident], distance[coincident] = (1.0, 0.0), 1.0
    moving = others[inside]
    give = radii[one] ** 2 / (radii[one] ** 2 + radii[moving] ** 2)
    shift = (overlap * give / distance)[:, None] * offset
    centres[moving] += shift
    return float(np.abs(shift).max())
