"""Labels: shortened so that they stay apart, and on a map moved so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from data_loaders.arrays import Floats

_LETTER = 6.6
_HEIGHT = 20.0
_STEPS = 6
# A label may hide this share of the points of any group.
_HIDDEN = 0.25


@dataclass(frozen=True)
class Anchor:
    """Where a label belongs, in the map's units, what it says, and the points it stands for.

    Attributes
    ----------
    members
        The group's points, one row each: x and y.
    """

    text: str
    x: float
    y: float
    members: Floats = field(default_factory=lambda: np.empty((0, 2)))


def shortened(name: str, most: int) -> str:
    """A name cut in its middle: what tells names apart stands mostly at their ends.

    Parameters
    ----------
    name
        Such as ``Myelofibrotic transformation, event``.
    """
    if len(name) <= most:
        return name
    tail = max(most - 1, 1) * 2 // 5
    return f"{name[: max(most - 1 - tail, 1)].rstrip()}…{name[len(name) - tail :].lstrip()}"


def all_shortened(names: Sequence[str], most: int) -> list[str]:
    """Names cut in their middles, so that different ones stay different.

    Parameters
    ----------
    names
        Those that would look alike keep the words from the first in which they differ: ``BCR::ABL1
        (international scale) at 3 months`` beside that at 6 is ``BCR::ABL1 (i…3 months``.
    """
    short = [shortened(name, most) for name in names]
    for text in {one for one in short if short.count(one) > 1}:
        places = [place for place, one in enumerate(short) if one == text]
        alike = [names[place] for place in places]
        letters = enumerate(zip(*alike, strict=False))
        ends = next((at for at, one in letters if len(set(one)) > 1), 0)
        start = alike[0].rfind(" ", 0, ends) + 1
        for place in places:
            end = names[place][start:][: most - 2]
            if ends:
                short[place] = f"{names[place][: most - 1 - len(end)].rstrip()}…{end}"
    return short


def place_labels(
    anchors: Sequence[Anchor],
    extent: tuple[float, float, float, float],
    pixels: tuple[float, float],
) -> list[Anchor]:
    """Move labels until none covers another nor a group; leave out what finds no room.

    A small group vanishes under a label: where no place is free of that, the one that hides least
    is taken.

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
    corner = np.array([left, low])
    groups = [(anchor.members - corner) * scale for anchor in anchors if len(anchor.members)]
    taken: list[tuple[float, float, float]] = []
    placed = []
    for anchor in anchors:
        half = (_LETTER * len(anchor.text) + 8) / 2
        x, y = (anchor.x - left) * scale, (anchor.y - low) * scale
        width = (right - left) * scale
        x = float(np.clip(x, min(half, width / 2), max(width - half, width / 2)))
        free = [s for s in _spots(x, y, half) if not _covers(s, half, taken)]
        if not free:
            continue
        hidden = [_hidden(spot, half, groups) for spot in free]
        clear = next((i for i, share in enumerate(hidden) if share <= _HIDDEN), None)
        spot = free[int(np.argmin(hidden)) if clear is None else clear]
        taken.append((spot[0], spot[1], half))
        placed.append(Anchor(anchor.text, left + spot[0] / scale, low + spot[1] / scale))
    return placed


def central_member(x: Floats, y: Floats) -> tuple[float, float]:
    """The point nearest to the median of its group: a group in two islands is named on one."""
    distance = (x - np.nanmedian(x)) ** 2 + (y - np.nanmedian(y)) ** 2
    nearest = int(np.nanargmin(distance))
    return float(x[nearest]), float(y[nearest])


def _spots(x: float, y: float, half: float) -> list[tuple[float, float]]:
    moves = [(dx, dy) for dy in range(-_STEPS, _STEPS + 1) for dx in (-1.2, -0.5, 0.0, 0.5, 1.2)]
    moves.sort(key=lambda move: (abs(move[1]) + 1.5 * abs(move[0]), move))
    return [(x + dx * half, y + dy * _HEIGHT * 0.75) for dx, dy in moves]


def _hidden(spot: tuple[float, float], half: float, groups: Sequence[Floats]) -> float:
    """The largest share of a group's points that lie under a label."""
    shares = [
        np.mean((np.abs(own[:, 0] - spot[0]) < half) & (np.abs(own[:, 1] - spot[1]) < _HEIGHT / 2))
        for own in groups
    ]
    return float(max(shares, default=0.0))


def _covers(
    spot: tuple[float, float], half: float, taken: Sequence[tuple[float, float, float]]
) -> bool:
    return any(
        abs(spot[0] - x) < half + other and abs(spot[1] - y) < _HEIGHT for x, y, other in taken
    )
