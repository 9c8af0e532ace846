"""What a part of a formula is worth in every patient, and the algebra of units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from data_loaders.arrays import Bools
from data_loaders.endpoints.find import MONTHS_PER
from data_loaders.meaning.vocabulary import factor_between

ValueKind = Literal["number", "text", "date", "truth"]
Array = npt.NDArray[Any]
# Powers of units; None where none is stated, which goes with every unit.
Unit = Mapping[str, int] | None
NO_UNIT: Unit = {}
IN_WORDS: Mapping[ValueKind, str] = {
    "number": "a number",
    "text": "a category",
    "date": "a date",
    "truth": "a yes or no",
}


@dataclass(frozen=True, eq=False)
class Value:
    """One value a patient.

    Attributes
    ----------
    data
        Shape (n,): numbers (NaN missing), texts (None missing), dates (NaT missing), or truth as 1
        yes, 0 no, -1 not known.
    levels
        Of texts: those that occur or are known, in their order.
    ordered
        Whether the levels go from low to high.
    literal
        Whether it was typed as it is.
    """

    kind: ValueKind
    data: Array
    unit: Unit = None
    levels: tuple[str, ...] = ()
    ordered: bool = False
    literal: bool = False

    @property
    def missing(self) -> Bools:
        """Who has no value, shape (n,)."""
        if self.kind == "truth":
            return np.asarray(self.data < 0)
        if self.kind == "text":
            return np.array([value is None for value in self.data], dtype=bool)
        return np.asarray(np.isnat(self.data) if self.kind == "date" else np.isnan(self.data))

    def as_number(self) -> Value:
        """A yes or no as 1 and 0; a number stays."""
        if self.kind != "truth":
            return self
        return Value("number", np.where(self.data < 0, np.nan, self.data.astype(np.float64)))


@dataclass(eq=False)
class Losses:
    """Why a formula gives nothing in patients who have all that it needs: reason to patients."""

    held: dict[str, Bools] = field(default_factory=dict)

    def note(self, reason: str, who: Bools) -> None:
        """Remember patients who lost their value."""
        if who.any():
            self.held[reason] = self.held.get(reason, np.zeros(len(who), dtype=bool)) | who


def unit_of_text(text: str | None) -> Unit:
    """A unit as printed: ``g/L`` is one unit, never divided."""
    return {text: 1} if text else None


def unit_words(unit: Unit) -> str:
    """A unit for people: ``U/L per 10⁹/L``; empty where there is none."""
    if not unit:
        return ""

    def part(names: list[tuple[str, int]]) -> str:
        return " × ".join(n if abs(p) == 1 else f"({n})^{abs(p)}" for n, p in names)

    above = part([item for item in unit.items() if item[1] > 0])
    below = part([item for item in unit.items() if item[1] < 0])
    return f"{above or '1'} per {below}" if below else above


def multiplied(one: Unit, other: Unit, sign: int = 1) -> Unit:
    """The unit of a product, or of a ratio with ``sign=-1``; equal ones cancel."""
    if one is None and other is None:
        return None
    powers = dict(one or {})
    for name, power in (other or {}).items():
        powers[name] = powers.get(name, 0) + sign * power
    return {name: power for name, power in powers.items() if power}


def raised(unit: Unit, power: float) -> Unit:
    """The unit of a power; not stated where it is no whole number of units."""
    if not unit:
        return unit
    powers = {name: held * power for name, held in unit.items()}
    if all(float(held).is_integer() for held in powers.values()):
        return {name: int(held) for name, held in powers.items() if held}
    return None


def same_unit(one: Unit, other: Unit) -> bool:
    """Whether numbers of both may be added or compared; one that is not stated goes with all."""
    if one is None or other is None or dict(one) == dict(other):
        return True
    names = [list(unit.items()) for unit in (one, other)]
    if [powers for powers in names if len(powers) != 1 or powers[0][1] != 1]:
        return False
    return factor(names[0][0][0], names[1][0][0]) == 1


def factor(unit: str, target: str) -> float | None:
    """What turns a number of one unit into another; None where they measure different things."""
    if unit == target:
        return 1.0
    if unit in MONTHS_PER and target in MONTHS_PER:
        return MONTHS_PER[unit] / MONTHS_PER[target]
    return factor_between(unit, target)


def known_numbers(
    value: Value, losses: Losses, reason: str, work: Callable[[Array], Array]
) -> Value:
    """A function of numbers; where it has no finite result the value is missing, and counted."""
    with np.errstate(all="ignore"):
        found = np.asarray(work(value.data), dtype=np.float64)
    lost = ~np.isnan(value.data) & ~np.isfinite(found)
    losses.note(reason, lost)
    return replace(value, data=np.where(lost, np.nan, found), literal=False)
