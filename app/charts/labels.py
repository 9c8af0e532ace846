"""Labels on a map, moved so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LETTER = 6.6
_HEIGHT = 20.0
_STEPS = 4


@dataclass(frozen=True)
class Anchor:
    """Where a label belongs, in the map's units, and what it says."""

    text: str
    x: float
    y: float


def place_labels(
    anchors: Sequence[Anchor],
    extent: tuple[float, float, float, float],
    pixels: tuple[float, float],
) -> list[Anchor]:
    """Move labels up, down and aside until none covers another; leave out what finds no room.

    Parameters
    ----------
    anchors
        The most important label first: it stays nearest to its place.
    extent
        Lowest x, highest x, lowest y, highest y of the map, equal units on both axes.
    pixels
        Width and height that the map is drawn in, about.
    """
    left, right, low, high = extent
    scale = min(pixels[0] / max(right - left, 1e-9), pixels[1] / max(high - low, 1e-9))
    taken: list[tuple[float, float, float]] = []
    placed = []
    for anchor in anchors:
        half = (_LETTER * len(anchor.text) + 8) / 2
        x, y = (anchor.x - left) * scale, (anchor.y - low) * scale
        width = (right - left) * scale
        x = float(np.clip(x, min(half, width / 2), max(width - half, width / 2)))
        spot = next((s for s in _spots(x, y, half) if not _covers(s, half, taken)), None)
        if spot is None:
            continue
        taken.append((spot[0], spot[1], half))
        placed.append(Anchor(anchor.text, left + spot[0] / scale, low + spot[1] / scale))
    return placed


def central_member(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The point nearest to the median of its group: a group in two islands is named on one."""
    distance = (x - np.nanmedian(x)) ** 2 + (y - np.nanmedian(y)) ** 2
    nearest = int(np.nanargmin(distance))
    return float(x[nearest]), float(y[nearest])


def _spots(x: float, y: float, half: float) -> list[tuple[float, float]]:
    moves = [(dx, dy) for dy in range(-_STEPS, _STEPS + 1) for dx in (-0.5, 0.0, 0.5)]
    moves.sort(key=lambda move: (abs(move[1]) + 1.5 * abs(move[0]), move))
    return [(x + dx * half, y + dy * _HEIGHT * 0.75) for dx, dy in moves]


def _covers(
    spot: tuple[float, float], half: float, taken: Sequence[tuple[float, float, float]]
) -> bool:
    return any(
        abs(spot[0] - x) < half + other and abs(spot[1] - y) < _HEIGHT for x, y, other in taken
    )
