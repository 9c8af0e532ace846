"""Points of a whole cohort at once, and what is still possible where an input is missing.

The totals that a patient can still reach are the bits of one integer: an item shifts them by its
points, by each of several where its value is not known. That is exact, and a few operations on
arrays an item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.cohort.scores._definition import Definition, Item, Nested
from app.cohort.scores._evidence import Evidence
from data_loaders.arrays import Bools, Floats, Ints, States, Texts

Bits = npt.NDArray[np.uint64]
_ONE = np.uint64(1)
# A patient without the karyotype never gets a certain class of a score that asks for it.
KARYOTYPES = frozenset({"cyto_ipssr", "mf_karyotype", "dipss_karyotype", "cpss_karyotype"})


@dataclass(frozen=True, eq=False)
class Scored:
    """A score of each patient.

    Parameters
    ----------
    value
        NaN where an input is missing.
    lowest, highest
        The value over all that the missing inputs may be.
    category
        Position of the class, -1 where it is not certain.
    possible
        The classes still possible, one bit each.
    missing
        The inputs that are missing, one bit each, in the order of ``inputs``.
    further
        Columns of this score alone, by name.
    """

    value: Floats
    lowest: Floats
    highest: Floats
    category: States
    possible: Bits
    missing: Bits
    inputs: tuple[str, ...]
    further: Mapping[str, Texts]


def scored(definition: Definition, evidence: Mapping[str, Evidence]) -> Scored:
    """Compute a score from tables.

    Parameters
    ----------
    evidence
        Of each input: the lowest and highest that it may be in each patient.
    """
    n = len(next(iter(evidence.values())).low)
    inputs = definition.inputs
    missing = np.zeros(n, dtype=np.uint64)
    scale = _scale(definition.items)
    bits = np.full(n, 1, dtype=np.uint64)
    for item in definition.items:
        bits = _added(bits, item, evidence, scale, n)
    for place, name in enumerate(inputs):
        undecided = _undecided(definition, name, evidence[name])
        missing |= undecided.astype(np.uint64) << np.uint64(place)
    lows = {name: bound(evidence[name], -sign) for name, sign in definition.numbers.items()}
    highs = {name: bound(evidence[name], sign) for name, sign in definition.numbers.items()}
    least, most = _lowest_bit(bits) / scale, _highest_bit(bits) / scale
    lowest, highest = _value(definition, least, lows), _value(definition, most, highs)
    possible = _possible(definition, bits, scale, lows, highs)
    category = sole(possible)
    category[karyotype_missing(inputs, missing)] = -1
    further = {
        f"as {words}": _elsewhere(other, evidence, category) for words, other in
        definition.other_rules
    }  # fmt: skip
    value = np.where(lowest == highest, lowest, np.nan)
    return Scored(value, lowest, highest, category, possible, missing, inputs, further)


def sole(possible: Bits) -> States:
    """The class where only one is possible, -1 elsewhere."""
    alone = (possible != 0) & ((possible & (possible - _ONE)) == 0)
    return np.where(alone, _highest_bit(possible), -1).astype(np.int8)


def span(first: States, last: States) -> Bits:
    """Bits of the classes from one to another, both included."""
    low, high = first.astype(np.uint64), last.astype(np.uint64)
    bits: Bits = (_ONE << (high + _ONE)) - (_ONE << low)
    return bits


def karyotype_missing(inputs: Sequence[str], missing: Bits) -> Bools:
    """Who lacks a karyotype that the score asks for."""
    asked = sum(1 << place for place, name in enumerate(inputs) if name in KARYOTYPES)
    lacking: Bools = (missing & np.uint64(asked)).astype(np.bool_)
    return lacking


def _scale(items: Sequence[Item | Nested]) -> int:
    """2 where there are half points, else 1."""
    points = [worth for item in items for worth in item.points]
    return 1 if all(float(worth).is_integer() for worth in points) else 2


def _added(
    bits: Bits, item: Item | Nested, evidence: Mapping[str, Evidence], scale: int, n: int
) -> Bits:
    if isinstance(item, Nested):
        inner = np.full(n, 1, dtype=np.uint64)
        for part in item.items:
            inner = _added(inner, part, evidence, 1, n)
        top = int(_highest_bit(inner).max(initial=0))
        reached = [
            ((inner >> np.uint64(total)) & _ONE == 1, item.points[min(total, len(item.points) - 1)])
            for total in range(top + 1)
        ]
    else:
        held = evidence[item.input]
        first, last = item.level(held.low), item.level(held.high)
        reached = [
            ((first <= level) & (level <= last), worth) for level, worth in enumerate(item.points)
        ]
    total = np.zeros(n, dtype=np.uint64)
    for may, worth in reached:
        total |= np.where(may, bits << np.uint64(round(worth * scale)), np.uint64(0))
    return total


def _undecided(definition: Definition, name: str, held: Evidence) -> Bools:
    """Whose points depend on an input that is not known."""
    if name in definition.numbers:
        return np.asarray(held.low != held.high)
    open_ = np.zeros(len(held.low), dtype=bool)
    for item in definition.items:
        for part in item.items if isinstance(item, Nested) else (item,):
            if part.input == name:
                open_ |= part.level(held.low) != part.level(held.high)
    return open_


def bound(held: Evidence, direction: int) -> Floats:
    """The end of what an input may be: its highest for 1, its lowest for -1."""
    low, high = held.bounds
    if direction > 0:
        return np.where(np.isinf(held.high), high, held.high)
    return np.where(np.isinf(held.low), low, held.low)


def _value(definition: Definition, points: Floats, numbers: Mapping[str, Floats]) -> Floats:
    return definition.formula(points, numbers) if definition.formula else points


def _possible(
    definition: Definition,
    bits: Bits,
    scale: int,
    lows: Mapping[str, Floats],
    highs: Mapping[str, Floats],
) -> Bits:
    totals = range(int(_highest_bit(bits).max(initial=0)) + 1)
    possible = np.zeros(len(bits), dtype=np.uint64)
    if definition.formula is None:
        # All patients with a total have its class: one operation a class.
        places = definition.category_of(np.array(totals, dtype=np.float64) / scale)
        for place in set(places.tolist()):
            of_class = sum(1 << total for total in totals if places[total] == place)
            may = (bits & np.uint64(of_class)) != 0
            possible |= may.astype(np.uint64) << np.uint64(place)
        return possible
    for total in totals:
        may = (bits >> np.uint64(total)) & _ONE == 1
        if not may.any():
            continue
        points = np.full(len(bits), total / scale)
        first = definition.category_of(_value(definition, points, lows))
        last = definition.category_of(_value(definition, points, highs))
        possible |= np.where(may, span(first, last), np.uint64(0))
    return possible


def _elsewhere(other: Definition, evidence: Mapping[str, Evidence], category: States) -> Texts:
    """The class by another printed rule where it is another, None elsewhere."""
    theirs = scored(other, evidence).category
    names = np.array([*other.categories, None], dtype=object)
    return names[np.where((theirs >= 0) & (theirs != category), theirs, -1)]


def _highest_bit(bits: Bits) -> Ints:
    """Position of the highest bit; exact below 2**53, more points than any score has."""
    return (np.frexp(bits.astype(np.float64))[1] - 1).astype(np.int64)


def _lowest_bit(bits: Bits) -> Ints:
    return _highest_bit(bits & (~bits + _ONE))
