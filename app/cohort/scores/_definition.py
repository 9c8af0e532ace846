"""What a score is, as plain data: items with points, bands, where it was published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

import numpy as np

from data_loaders.arrays import Floats, States

Formula = Callable[[Floats, Mapping[str, Floats]], Floats]

# How well the points are documented: what was read for this engine.
GRADES = {
    "A": "read in the authors' own abstract, calculator or code, and recomputed where data allow",
    "B": "two independent secondary tables agree",
    "C": "one secondary table",
    "D": "points from memory, the structure read in a secondary source: check before use",
}


@dataclass(frozen=True)
class Step:
    """From ``cut`` on (or above it) an input is worth ``points``."""

    cut: float
    points: float
    side: Literal[">=", ">"] = ">="


@dataclass(frozen=True)
class Item:
    """Points of one input: ``start`` below the first step, then those of the last step passed."""

    input: str
    steps: tuple[Step, ...]
    start: float = 0.0

    @property
    def points(self) -> tuple[float, ...]:
        """The points of each level, the lowest values first."""
        return (self.start, *(step.points for step in self.steps))

    def level(self, values: Floats) -> States:
        """How many steps each value has passed."""
        passed = np.zeros(len(values), dtype=np.int8)
        for step in self.steps:
            passed += values >= step.cut if step.side == ">=" else values > step.cut
        return passed


@dataclass(frozen=True)
class Nested:
    """Points of the total of other items: a score within a score.

    ``points[t]`` is what a total of ``t`` is worth; the last holds for all above.
    """

    label: str
    items: tuple[Item, ...]
    points: tuple[float, ...]


@dataclass(frozen=True)
class Band:
    """A class of a score, up to ``upto``; its published outcome in words."""

    name: str
    upto: float = inf
    outcome: str = ""


@dataclass(frozen=True)
class Sum:
    """A formula that is a sum, so that each of its inputs contributes a part.

    Parameters
    ----------
    terms
        What each number contributes, by input.
    weight
        What a point of the items contributes.
    logarithm
        Whether the sum is the natural logarithm of the value.
    """

    terms: Mapping[str, Callable[[Floats], Floats]]
    weight: float = 1
    logarithm: bool = False

    def __call__(self, points: Floats, numbers: Mapping[str, Floats]) -> Floats:
        """The value from the points of the items and the numbers."""
        total = self.weight * points
        for name, term in self.terms.items():
            total = total + term(numbers[name])
        return np.exp(total) if self.logarithm else total


@dataclass(frozen=True)
class Definition:
    """A published score.

    Parameters
    ----------
    bands
        Classes from good to bad.
    source, grade
        Publication; how well its points are documented, a key of :data:`GRADES`.
    items
        What gives points.
    numbers
        Inputs that enter ``formula`` as numbers: with 1 the value rises with them, with -1 falls.
    formula
        The value from the points of ``items`` and from ``numbers``; None if it is the points.
    closed
        Whether a value on a bound belongs to the class below it (``below``) or above it.
    other_rules
        The same score as others print it: label and definition; shown where they differ.
    """

    key: str
    label: str
    disease: str
    bands: tuple[Band, ...]
    source: str
    grade: str
    items: tuple[Item | Nested, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    formula: Formula | None = None
    closed: Literal["below", "above"] = "below"
    outcome: str = "median overall survival"
    other_rules: tuple[tuple[str, Definition], ...] = ()
    note: str = ""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the classes, from good to bad."""
        return tuple(band.name for band in self.bands)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every input that it needs, each once."""
        names = [name for item in self.items for name in leaves(item)]
        return tuple(dict.fromkeys([*names, *self.numbers]))

    def category_of(self, values: Floats) -> States:
        """Position of the class of each value."""
        bounds = [band.upto for band in self.bands[:-1]]
        side: Literal["left", "right"] = "left" if self.closed == "below" else "right"
        # Sums of decimals: 0.1 + 0.2 lies on a bound of 0.3.
        return np.searchsorted(bounds, np.round(values, 9), side=side).astype(np.int8)


def leaves(item: Item | Nested) -> tuple[str, ...]:
    """The inputs of an item."""
    if isinstance(item, Item):
        return (item.input,)
    return tuple(inner.input for inner in item.items)


def yes(name: str, points: float = 1) -> Item:
    """Points if the answer is yes."""
    return Item(name, (Step(1, points),))


def at_least(name: str, cut: float, points: float = 1) -> Item:
    """Points from a value on."""
    return Item(name, (Step(cut, points),))


def above(name: str, cut: float, points: float = 1) -> Item:
    """Points above a value."""
    return Item(name, (Step(cut, points, ">"),))


def below(name: str, cut: float, points: float = 1) -> Item:
    """Points below a value; the value itself gives none."""
    return Item(name, (Step(cut, 0),), start=points)


def counted(name: str, *points: float) -> Item:
    """Points of 1, 2, ... and more."""
    return Item(name, tuple(Step(i, worth) for i, worth in enumerate(points, start=1)))


def bands(*entries: tuple[str, float, str]) -> tuple[Band, ...]:
    """Classes from good to bad: name, upper bound, published outcome."""
    return tuple(Band(*entry) for entry in entries)
