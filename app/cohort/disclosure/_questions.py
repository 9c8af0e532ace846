"""The questions that are answered while disclosure control is on: a finite, published list.

A question fixes at most one value of a variable, from a list that is drawn up once for the whole
cohort: categories with enough patients, decades of age, ranges of other numbers. There are no
unions, no ranges and no limits of one's own choice: selections of one's own choice can be made to
differ by one patient. Beside the disease it has at most two conditions, or one condition and one
alteration; alterations are asked one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from app.cohort.filters import Altered, Between, Clause, Filter, InSet, Not
from data_loaders import Cohort, Variable
from data_loaders.arrays import Floats, Ints

MISSING, OTHER = "Missing", "Other values"
ALTERED, NOT_ALTERED, NOT_TESTED = "Altered", "Not altered", "Not tested"
DECADE = 10
MOST_VARIABLES = 8
MOST_ALTERATIONS = 20
_MOST_LEVELS = 12
_MOST_RANGES = 6
_GROUPED = ("categorical", "ordinal", "binary")
_STEPS = (1, 2, 5)

Kind = Literal["disease", "variable", "alteration"]


@dataclass(frozen=True, eq=False)
class Dimension:
    """One thing that may be asked about, with the values that are published.

    Attributes
    ----------
    kind
        ``disease``, ``variable`` or ``alteration``.
    levels
        The values, last what says that there is none: missing or not tested.
    conditions
        The condition that asks for each level; None where it cannot be asked for.
    codes
        Position of each patient's level.
    """

    name: str
    label: str
    kind: Kind
    levels: tuple[str, ...]
    conditions: tuple[Clause | None, ...]
    codes: Ints


@dataclass(frozen=True)
class Condition:
    """One published value: the dimension's name and the position of the level."""

    name: str
    level: int


@dataclass(frozen=True, eq=False)
class Published:
    """What may be asked of a cohort, by name: the disease first, then variables and alterations."""

    dimensions: dict[str, Dimension]

    def of_kind(self, kind: Kind) -> list[Dimension]:
        """The dimensions of one kind, in their order."""
        return [d for d in self.dimensions.values() if d.kind == kind]

    def words(self, condition: Condition) -> str:
        """A condition in words: ``Sex: F``."""
        dimension = self.dimensions[condition.name]
        return f"{dimension.label}: {dimension.levels[condition.level]}"


def published_of(cohort: Cohort, threshold: int) -> Published:
    """Draw up the list for a cohort.

    A category is published where it has at least twice the threshold of patients; rarer ones are
    pooled. A variable of more than 12 such categories is too fine and left out.
    """
    made: list[Dimension] = []
    known = [v for v in cohort.variables.values() if v.name in cohort.patients.columns]
    grouped = [v for v in known if v.kind in _GROUPED]
    diseases = [v for v in grouped if v.role == "disease"]
    for variable in diseases:
        found = _of_categories(cohort, variable, threshold, "disease")
        if found is not None:
            made.append(found)
            break
    people = [v for v in known if v.role == "demographic"]
    rest = [v for v in known if v not in people and v.role in {"clinical", "laboratory"}]
    for variable in (*people, *(v for v in grouped if v not in people), *rest):
        if any(d.name == variable.name for d in made):
            continue
        if sum(d.kind == "variable" for d in made) == MOST_VARIABLES:
            break
        found = (
            _of_categories(cohort, variable, threshold, "variable")
            if variable.kind in _GROUPED
            else _of_numbers(cohort, variable, threshold)
        )
        if found is not None:
            made.append(found)
    made += _of_alterations(cohort, threshold)
    return Published({d.name: d for d in made})


def conditions_of(chosen: Filter, published: Published) -> tuple[Condition, ...] | str:
    """The published question that a filter asks; else what is wrong with it, as a sentence."""
    found: dict[str, Condition] = {}
    for clause in () if chosen.is_empty else chosen.steps:
        condition = _condition(clause, published)
        if condition is None:
            return (
                "filters are answered by one published value of a variable (a category, a decade "
                "of age, an alteration), not by identifiers, several values, ranges or limits of "
                "one's own."
            )
        if condition.name in found:
            return "a filter fixes one value of a variable at most."
        found[condition.name] = condition
    conditions = tuple(found.values())
    return (
        conditions
        if is_asked(conditions, published)
        else ("a filter has at most two conditions beside the disease, or one and one alteration.")
    )


def is_asked(conditions: Sequence[Condition], published: Published) -> bool:
    """Whether conditions together are one of the questions."""
    kinds = [published.dimensions[c.name].kind for c in conditions]
    alterations, variables = kinds.count("alteration"), kinds.count("variable")
    return alterations <= 1 and variables + alterations <= 2


def _condition(clause: Clause, published: Published) -> Condition | None:
    match clause:
        case Altered(feature) | Not(Altered(feature)):
            name = feature
        case InSet(column, _) | Between(column, _, _):
            name = column
        case _:
            return None
    dimension = published.dimensions.get(name)
    if dimension is None:
        return None
    same = [i for i, c in enumerate(dimension.conditions) if c is not None and _same(c, clause)]
    return Condition(name, same[0]) if same else None


def _same(published: Clause, asked: Clause) -> bool:
    if isinstance(published, InSet) and isinstance(asked, InSet):
        return [_text(value) for value in asked.values] == [_text(v) for v in published.values]  # noqa: PD011
    return published == asked


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _of_categories(
    cohort: Cohort, variable: Variable, threshold: int, kind: Kind
) -> Dimension | None:
    codes, values = cohort.factor(variable.name)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    large = [i for i in range(len(values)) if counts[i] >= 2 * threshold]
    if not 2 <= len(large) <= _MOST_LEVELS:
        return None
    order = {level: place for place, level in enumerate(variable.levels)}
    large.sort(key=lambda i: (order.get(str(values[i]), len(order)), str(values[i])))
    pooled = bool((counts > 0).sum() > len(large))
    names = [_text(values[i]) for i in large] + [OTHER] * pooled + [MISSING]
    if variable.kind == "binary" and set(names) <= {"0", "1", MISSING}:
        names = [{"0": "No", "1": "Yes"}.get(name, name) for name in names]
    place = np.full(len(values) + 1, len(large), dtype=np.int64)
    place[large] = np.arange(len(large))
    place[-1] = len(names) - 1
    asked: list[Clause | None] = [InSet(variable.name, (values[i],)) for i in large]
    asked += [None] * (len(names) - len(large))
    return Dimension(
        variable.name, variable.label, kind, tuple(names), tuple(asked), place[codes]
    )  # fmt: skip


def _of_numbers(cohort: Cohort, variable: Variable, threshold: int) -> Dimension | None:
    column = cohort.patients[variable.name]
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return None
    values = column.to_numpy(dtype=float, na_value=np.nan)
    known = values[~np.isnan(values)]
    if len(known) < 4 * threshold:
        return None
    is_age = variable.label.lower().startswith("age")
    edges = _edges(known, threshold, DECADE if is_age else None)
    if not len(edges):
        return None
    codes = np.where(
        np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, "right")
    ).astype(np.int64)
    whole = bool((known == np.round(known)).all())
    # The largest number below the next limit: neighbouring ranges share nobody.
    below = [edge - 1 if whole else float(np.nextafter(edge, -np.inf)) for edge in edges]
    inner = [
        f"{low:g} to {high:g}" if whole else f"{low:g} to below {edge:g}"
        for low, high, edge in zip(edges[:-1], below[1:], edges[1:], strict=True)
    ]
    levels = (f"below {edges[0]:g}", *inner, f"{edges[-1]:g} or more", MISSING)
    asked: list[Clause | None] = [
        Between(variable.name, low, high)
        for low, high in zip([None, *map(float, edges)], [*map(float, below), None], strict=True)
    ]
    unit = f", {variable.unit}" if variable.unit else ""
    return Dimension(
        variable.name, f"{variable.label}{unit}", "variable", levels, (*asked, None), codes
    )  # fmt: skip


def _edges(known: Floats, threshold: int, width: float | None) -> Ints:
    """Round limits with at least twice the threshold of patients in every range."""
    ordered = np.sort(known)
    low, high = np.percentile(ordered, [5, 95])
    width = width or _nice((high - low) / _MOST_RANGES)
    if not width:
        return np.array([])
    edges: list[float] = []
    before = 0
    for edge in np.round(np.arange(np.ceil(low / width), np.floor(high / width) + 1) * width, 10):
        place = int(np.searchsorted(ordered, edge, "left"))
        if min(place - before, len(ordered) - place) >= 2 * threshold:
            edges.append(float(edge))
            before = place
    return np.array(edges)


def _nice(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is no smaller."""
    if not least > 0:
        return 0.0
    power = float(10.0 ** np.floor(np.log10(least)))
    return next((step * power for step in _STEPS if step * power >= least), 10 * power)


def _of_alterations(cohort: Cohort, threshold: int) -> list[Dimension]:
    names = set(cohort.features_of_kind(["gene", "cytogenetic"]))
    counts = cohort.altered_counts
    order = [i for i in np.argsort(-counts, kind="stable") if counts[i] >= threshold]
    leading = [str(cohort.alterations.columns[i]) for i in order]
    # In the order of the alphabet: an order by number would tell of numbers.
    leading = sorted([name for name in leading if name in names][:MOST_ALTERATIONS])
    made = []
    for name in leading:
        state = cohort.feature_state(name)
        codes = np.select([state == 1, state == 0], [0, 1], 2).astype(np.int64)
        asked = (Altered(name), Not(Altered(name)), None)
        label = str(cohort.features.loc[name, "label"])
        made.append(
            Dimension(name, label, "alteration", (ALTERED, NOT_ALTERED, NOT_TESTED), asked, codes)
        )
    return made
