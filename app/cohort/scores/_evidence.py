"""What is known of an input in each patient, and three-valued logic for what was not tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from data_loaders.arrays import Floats, States


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of an input.

    Parameters
    ----------
    low, high
        Lowest and highest that it may be, shape (n,); equal where it is known.
    column
        Where it comes from: a column, several, or nothing.
    unit
        Unit of the column; empty if it has none.
    conversion
        What was done with it, in words; empty if nothing.
    bounds
        What is thought possible where it is missing; for formulas.
    """

    low: Floats
    high: Floats
    column: str = ""
    unit: str = ""
    conversion: str = ""
    bounds: tuple[float, float] = field(default=(-inf, inf))


def of_numbers(
    values: Floats, column: str = "", unit: str = "", conversion: str = "",
    bounds: tuple[float, float] = (-inf, inf),
) -> Evidence:  # fmt: skip
    """Evidence from numbers, NaN where missing."""
    unknown = np.isnan(values)
    return Evidence(
        np.where(unknown, -inf, values), np.where(unknown, inf, values), column, unit, conversion,
        bounds,
    )  # fmt: skip


def of_states(states: States, column: str = "", conversion: str = "") -> Evidence:
    """Evidence from yes, no and not known (1, 0, -1)."""
    low, high = (states == 1).astype(np.float64), (states != 0).astype(np.float64)
    return Evidence(low, high, column, "", conversion, (0, 1))


def states_of(held: Evidence) -> States:
    """Yes, no and not known (1, 0, -1) of an input that is 0 or 1."""
    return np.where(held.low >= 1, 1, np.where(held.high < 1, 0, -1)).astype(np.int8)


def unknown(n: int) -> States:
    """Not known in anybody."""
    return np.full(n, -1, dtype=np.int8)


def either(*states: States) -> States:
    """Whether any is: no only where each is no."""
    some = np.any(np.equal(states, 1), axis=0)
    return np.where(some, 1, np.where(np.any(np.less(states, 0), axis=0), -1, 0)).astype(np.int8)


def both(*states: States) -> States:
    """Whether all are: yes only where each is yes."""
    return negated(either(*map(negated, states)))


def negated(states: States) -> States:
    """The opposite."""
    return np.where(states < 0, -1, 1 - states).astype(np.int8)


def first_known(states: Sequence[States]) -> States:
    """Of several sources the first that knows."""
    known = states[0]
    for further in states[1:]:
        known = np.where(known < 0, further, known)
    return known.astype(np.int8)


def count(states: Sequence[States]) -> tuple[Floats, Floats]:
    """The least and the most that may be: those that are, and with those not tested."""
    least = np.sum(np.equal(states, 1), axis=0).astype(np.float64)
    return least, least + np.sum(np.less(states, 0), axis=0)
