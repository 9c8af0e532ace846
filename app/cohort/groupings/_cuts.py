"""Numbers cut into groups: at quantiles, at published thresholds, at typed values.

A value equal to a cut falls below it ("up to 60 years") unless a published threshold says "or
more"; the names of the groups say which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from app.cohort.groupings._grouping import (
    MAX_GROUPS,
    MISSING,
    Grouping,
    GroupingError,
    NoSuchVariableError,
)
from app.cohort.groupings._thresholds import Threshold, clinical_thresholds
from app.cohort.later_columns import comes_later, measured_at
from app.cohort.number_colours import number_colours
from data_loaders import Cohort, Variable
from data_loaders.arrays import Bools, Floats, Ints

MEDIAN, TERTILES, QUARTILES, CLINICAL = "median", "tertiles", "quartiles", "clinical"
TYPED, OPTIMAL = "typed", "optimal"
_PARTS = {MEDIAN: 2, TERTILES: 3, QUARTILES: 4}
_DIGITS = 12


@dataclass(frozen=True)
class Cut:
    """How a number is cut, as plain data: ``age_years@median``, ``age_years@40,60``.

    Parameters
    ----------
    rule
        ``median``, ``tertiles``, ``quartiles``, ``clinical``, ``typed``, or ``optimal``: one value
        that was found to separate survival most, written ``age_years@optimal=61``.
    values
        Ascending; for ``typed``, and the one found for ``optimal``.
    """

    column: str
    rule: str
    values: tuple[float, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Cut:
        """Read the form that ``str()`` writes.

        Raises
        ------
        GroupingError
            If it names no column, or the rule is not known.
        """
        column, _, rule = text.rpartition("@")
        if not column:
            raise GroupingError(
                f"{text!r} does not say how to cut; write it as age_years@median or age_years@60."
            )
        if rule in {*_PARTS, CLINICAL, OPTIMAL}:
            return cls(column, rule)
        found = rule.removeprefix(f"{OPTIMAL}=")
        values = typed_values(found)
        if found != rule and len(values) != 1:
            raise GroupingError("An optimal cut is at one value.")
        return cls(column, TYPED if found == rule else OPTIMAL, values)

    def __str__(self) -> str:
        numbers = ",".join(_plain(value) for value in self.values)
        if self.rule == TYPED:
            return f"{self.column}@{numbers}"
        return f"{self.column}@{self.rule}{'=' * bool(numbers)}{numbers}"


def typed_values(text: str) -> tuple[float, ...]:
    """Values to cut at from ``40, 60``: ascending, each once.

    Raises
    ------
    GroupingError
        If these are not one to nine numbers.
    """
    words = text.replace(",", " ").replace(";", " ").split()
    try:
        values = sorted({float(word) for word in words})
    except ValueError:
        values = []
    if not 1 <= len(values) < MAX_GROUPS or not np.isfinite(values).all():
        raise GroupingError(
            f"Type one to {MAX_GROUPS - 1} numbers to cut at, such as 40, 60 (a decimal point, "
            "not a comma)."
        )
    return tuple(value + 0.0 for value in values)


def by_cut(cohort: Cohort, cut: Cut, mask: Bools | None = None) -> Grouping:
    """Patients by a number, in intervals named with their unit; those without a value are in none.

    Parameters
    ----------
    mask
        The patients selected, shape (cohort.n,): quantiles are theirs. None for everyone.

    Raises
    ------
    GroupingError
        If there is no such number, nobody has a value, no threshold is known for it, or so many
        have the same value that a quantile leaves a group empty.
    """
    variable = cohort.variables.get(cut.column)
    if variable is None or cut.column not in cohort.patients.columns:
        raise NoSuchVariableError(cohort.name, cut.column)
    if variable.kind != "numeric":
        raise GroupingError(f"{variable.label} is not a number that can be cut; choose another.")
    values = cohort.numbers(cut.column)
    thresholds, note = _thresholds(variable, cut, values if mask is None else values[mask])
    codes = np.zeros(cohort.n, dtype=np.int16)
    for step in thresholds:
        codes += values >= step.value if step.equal_above else values > step.value
    codes[np.isnan(values)] = MISSING
    names = _names(variable, thresholds)
    return Grouping(
        label=variable.label,
        names=names,
        codes=codes,
        colours=number_colours(len(names)),
        ordered=True,
        data_driven=cut.rule == OPTIMAL,
        after_baseline=comes_later(cohort, cut.column),
        known_from=measured_at(cohort, cut.column),
        note=note,
    )


def fixed_cut(cohort: Cohort, cut: Cut, mask: Bools) -> Cut:
    """The cut at the values that its quantiles have in some patients; other cuts as they are.

    Raises
    ------
    GroupingError
        If there is no such number, or so many have the same value that a group would be empty.
    """
    if cut.rule not in _PARTS:
        return cut
    variable = cohort.variables.get(cut.column)
    if variable is None or variable.kind != "numeric":
        raise GroupingError(f"This cohort has no number called {cut.column}.")
    values = cohort.numbers(cut.column)[mask]
    steps, _ = _thresholds(variable, cut, values)
    return Cut(cut.column, TYPED, tuple(step.value for step in steps))


def fixed_by_counts(cohort: Cohort, cut: Cut, values: Floats, counts: Ints) -> Cut:
    """The same, of patients of whom it is only known how many have each value.

    Parameters
    ----------
    values, counts
        Distinct values, ascending, and patients with each, shape (k,).
    """
    if cut.rule not in _PARTS:
        return cut
    steps = _quantiles(cohort.variables[cut.column], cut.rule, values, counts)
    return Cut(cut.column, TYPED, tuple(step.value for step in steps))


def fixed_steps(cohort: Cohort, cut: Cut) -> tuple[Threshold, ...]:
    """Where a cut lies that depends on no patient: values that were typed, or clinical ones.

    Raises
    ------
    GroupingError
        If no threshold is known for it.
    """
    return _thresholds(cohort.variables[cut.column], cut, np.empty(0))[0]


def cut_options(cohort: Cohort) -> list[str]:
    """Numbers known at baseline that patients can be grouped by, in the dictionary's order."""
    return [
        variable.name
        for variable in cohort.variables.values()
        if variable.kind == "numeric" and variable.role not in {"outcome", "treatment"}
    ]


def _thresholds(variable: Variable, cut: Cut, values: Floats) -> tuple[tuple[Threshold, ...], str]:
    """Where to cut, ascending, and what to say about it."""
    if cut.rule in _PARTS:
        known = np.sort(values[~np.isnan(values)])
        steps = _quantiles(variable, cut.rule, *np.unique(known, return_counts=True))
        note = f"Cut at the {cut.rule} of the {len(known):,} selected patients with a value."
        if cut.rule == MEDIAN and not (known > np.median(known)).any():
            note += " Nobody is above the median, so the cut is below it."
        return steps, note
    if cut.rule == CLINICAL:
        found = clinical_thresholds(variable)
        if found is None:
            raise GroupingError(
                f"No clinical threshold is known here for {variable.label}; cut it at the median "
                "or type values."
            )
        return found[0], f"Thresholds of {found[1]}."
    if not cut.values:
        raise GroupingError(
            f"The best cut of {variable.label} has yet to be found for an endpoint; choose it "
            "under Compare by, or type values."
        )
    return tuple(Threshold(value) for value in cut.values), ""


def _quantiles(
    variable: Variable, rule: str, values: Floats, counts: Ints
) -> tuple[Threshold, ...]:
    """Cuts at quantiles, as :func:`numpy.quantile` has them, of values that some patients share."""
    if not len(values):
        raise GroupingError(f"None of the selected patients has a value of {variable.label}.")
    upto = np.cumsum(counts)
    places = []
    for share in np.arange(1, _PARTS[rule]) / _PARTS[rule]:
        position = (upto[-1] - 1) * share
        first = int(position)
        over = position - first
        i, j = np.searchsorted(upto, [first, min(first + 1, upto[-1] - 1)], side="right")
        low, high = values[i], values[j]
        at = high - (high - low) * (1 - over) if over >= 0.5 else low + (high - low) * over
        places.append(int(j if at >= high else i))
    last = len(values) - 1
    if rule == MEDIAN and places[0] == last > 0:
        places[0] -= 1  # see median_split
    if places[-1] == last or len(set(places)) < len(places):
        raise GroupingError(
            f"Too many patients have the same value of {variable.label} to be cut at the {rule}: "
            "a group would be empty. Choose fewer groups or type values."
        )
    return tuple(Threshold(readable_cut(values[i], values[i + 1])) for i in places)


def median_split(known: Floats) -> float:
    """The value at which patients are halved, up to it and above; it leaves no side empty.

    The median; where nobody is above it, the next value below it.

    Parameters
    ----------
    known
        Known values, shape (n,), n at least 1. If all are the same, so is the result.
    """
    middle = float(np.median(known))
    below = known[known < middle]
    return float(below.max()) if len(below) and not (known > middle).any() else middle


def readable_cut(low: float, high: float) -> float:
    """The number of fewest decimals from ``low`` to below ``high``.

    Parameters
    ----------
    low, high
        Neighbouring values of the patients: any cut from the one to below the other divides them
        alike.
    """
    for digits in range(_DIGITS):
        value = float(np.ceil(low * 10.0**digits) / 10.0**digits)
        if low <= value < high:
            return value
    return float(low)


def _names(variable: Variable, thresholds: Sequence[Threshold]) -> tuple[str, ...]:
    what = variable.label.removesuffix(" at diagnosis")
    first, last = thresholds[0], thresholds[-1]
    between = [
        f"{what} {_low(a)} {'to below' if b.equal_above else 'up to'} {_amount(b, variable.unit)}"
        for a, b in pairwise(thresholds)
    ]
    highest = _amount(last, variable.unit)
    return (
        f"{what} {'below' if first.equal_above else 'up to'} {_amount(first, variable.unit)}",
        *between,
        f"{what} {highest} or more" if last.equal_above else f"{what} above {highest}",
    )


def _low(step: Threshold) -> str:
    return f"{'from' if step.equal_above else 'above'} {_plain(step.value)}"


def _amount(step: Threshold, unit: str | None) -> str:
    number = _plain(step.value)
    if unit is None:
        return number
    if unit == "%":
        return f"{number}%"
    return f"{number} × {unit}" if unit.startswith("10") else f"{number} {unit}"


def _plain(value: float) -> str:
    """The shortest form that reads back as the same number: ``61``, ``0.8``."""
    return repr(value).removesuffix(".0")
