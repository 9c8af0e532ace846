"""Filters and groupings as Ibis expressions: what is not known is NULL, as SQL has it.

A condition is TRUE, FALSE or NULL where on rows it is 1, 0 or -1: ``AND``, ``OR`` and ``NOT`` know
Kleene's logic in SQL, too, and ``WHERE`` keeps what is TRUE alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.cohort.filters import (
    All,
    Altered,
    AnyOf,
    Between,
    Clause,
    Filter,
    InSet,
    Known,
    Not,
    Tested,
)
from app.cohort.groupings import (
    CUT,
    FILTERS,
    GENES,
    HIERARCHY,
    MISSING,
    NOT_TESTED,
    OUTSIDE,
    SEVERAL,
    UNKNOWN,
    Cut,
    Grouping,
    GroupingSpec,
    by_levels,
    fixed_by_counts,
    fixed_steps,
)
from app.cohort.tally._engine_forms import where
from app.cohort.tally._engine_reading import Understood
from app.cohort.tally._tally import ExposureColumns, TallyError

# Distinct values of a column among the selected patients, ascending, and how many have each.
CountValues = Callable[[str], tuple[Any, Any]]
_ON_A_SAMPLE = "an engine cannot count by it; ask on a sample"


@dataclass(frozen=True, eq=False)
class Expressions:
    """The columns, conditions and groups of a table."""

    known: Understood

    def column(self, name: str) -> Any:
        """A column of the cohort.

        Raises
        ------
        TallyError
            If there is none, or it cannot be had.
        """
        return self._built(name, self.known.columns, "variable")

    def state(self, feature: str) -> Any:
        """Whether an alteration is there: TRUE, FALSE, or NULL where it was not tested."""
        features = self.known.cohort.features
        if feature not in features.index:
            own = features.index[features["source_column"] == feature]
            feature = str(own[0]) if len(own) == 1 else feature
        return self._built(feature, self.known.states, "alteration")

    def selected(self, chosen: Filter) -> Any:
        """The rows of the patients whom a filter keeps.

        Raises
        ------
        FilterError
            If the filter names what the cohort does not have.
        TallyError
            If a condition cannot be counted.
        """
        chosen.apply(self.known.cohort)  # of nobody: it refuses what it refuses of rows
        rows = self.known.rows
        return rows if chosen.is_empty else rows.filter(self.holds(chosen.root))

    def holds(self, clause: Clause) -> Any:
        """A condition: TRUE, FALSE or NULL."""
        import ibis

        match clause:
            case All(clauses):
                return ibis.and_(ibis.literal(True), *map(self.holds, clauses))
            case AnyOf(clauses):
                return ibis.or_(ibis.literal(False), *map(self.holds, clauses))
            case Not(inner):
                return ~self.holds(inner)
            case Altered(feature):
                return self.state(feature)
            case Tested(feature):
                return self.state(feature).notnull()
            case Known(column):
                return self.column(column).notnull()
            case Between(column, low, high):
                value = self.column(column)
                tests = [value >= low] if low is not None else []
                tests += [value <= high] if high is not None else []
                return _where_known(value, ibis.and_(ibis.literal(True), *tests))
            case InSet(column, values):
                value = self.column(column)
                wanted = self._wanted(column, values)
                inside = value.isin(wanted) if wanted else ibis.literal(False)
                return _where_known(value, inside)
        raise TallyError(f"{clause.describe(self.known.cohort)}: {_ON_A_SAMPLE}.")

    def exposed(self, exposure: ExposureColumns) -> tuple[Any, Any, Any]:
        """When an event during follow-up came, whether at no known time, whether it is unknown.

        Raises
        ------
        TallyError
            If a column cannot be had.
        """
        began = sum(self.column(name) * factor for name, factor in exposure.months)
        undated = self.column(exposure.months[0][0]).isnull()
        had = unknown = undated & False
        if exposure.happened:
            state = self.column(exposure.happened)
            had = state.isin(list(exposure.yes)).fill_null(False)
            unknown = state.isnull() & exposure.says_no
        if exposure.always:
            began = where(had, began)
        else:
            unknown &= undated
        return began, had & undated, unknown

    def groups(self, spec: GroupingSpec, counted: CountValues) -> tuple[Any, Grouping]:
        """The code of each patient's group, as on rows, and the groups, of nobody.

        Parameters
        ----------
        counted
            Gives the values of a column among the selected patients, where cuts depend on them.

        Raises
        ------
        GroupingError
            If the cohort lacks what the groups are made of.
        TallyError
            If they cannot be counted.
        """
        nobody = self.known.cohort
        if spec.kind == CUT:
            return self._cut(Cut.parse(spec.name), counted)
        if spec.kind == "variable":
            return self._by_variable(spec)
        if spec.kind == "alteration":
            grouping = spec.build(nobody)
            state = self.state(spec.name)
            return _cases([(state, 0), (~state, 1)], NOT_TESTED), grouping
        if spec.kind == GENES:
            grouping = spec.build(nobody)
            a, b = map(self.state, spec.features)
            cells = [(a & ~b, 0), (~a & b, 1), (a & b, 2), (~a & ~b, 3)]
            return _cases(cells, NOT_TESTED), grouping
        if spec.kind == HIERARCHY:
            grouping = spec.build(nobody)
            steps = []
            for place, feature in enumerate(spec.features):
                state = self.state(feature)
                steps += [(state, place), (state.isnull(), NOT_TESTED)]
            return _cases(steps, len(spec.features)), grouping
        if spec.kind == FILTERS:
            return self._by_filters(spec)
        raise TallyError(f"Groups by {spec.kind}: {_ON_A_SAMPLE}.")

    def _by_variable(self, spec: GroupingSpec) -> tuple[Any, Grouping]:
        spec.build(self.known.cohort)  # of nobody: it refuses what it refuses of rows
        value = self.column(spec.name)
        levels = self.known.levels.get(spec.name)
        if levels is None:
            raise TallyError(f"{spec.name} has too many values to be compared by.")
        counts = {level: n for level, n in levels.items() if level is not None}
        grouping, codes = by_levels(self.known.cohort, spec.name, counts)
        placed: dict[int, list[Any]] = {}
        for level, code in zip(counts, codes, strict=True):
            placed.setdefault(code, []).append(level)
        return _cases(
            [(value.isin(held), code) for code, held in placed.items()], MISSING
        ), grouping

    def _cut(self, cut: Cut, counted: CountValues) -> tuple[Any, Grouping]:
        nobody = self.known.cohort
        Known(cut.column).evaluate(nobody)
        value = self.column(cut.column)
        cut = fixed_by_counts(nobody, cut, *counted(cut.column))
        grouping = GroupingSpec.of_cut(cut).build(nobody)
        above = [
            (value >= step.value if step.equal_above else value > step.value).ifelse(1, 0)
            for step in fixed_steps(nobody, cut)
        ]
        return _cases([(value.isnull(), MISSING)], sum(above[1:], above[0])), grouping

    def _by_filters(self, spec: GroupingSpec) -> tuple[Any, Grouping]:
        grouping = spec.build(self.known.cohort)
        truths = [self.holds(held.root) for held in spec.filters.values()]
        number = sum(truth.fill_null(False).ifelse(1, 0) for truth in truths)
        unknown = truths[0].isnull()
        for truth in truths[1:]:
            unknown |= truth.isnull()
        only = [(truth, place) for place, truth in enumerate(truths)]
        return _cases([(number > 1, SEVERAL), (unknown, UNKNOWN), *only], OUTSIDE), grouping

    def _wanted(self, column: str, values: Sequence[Any]) -> list[Any]:
        """The values as the column holds them: numbers compare as numbers, all else as text."""
        if not pd.api.types.is_numeric_dtype(self.known.cohort.patients[column].dtype):
            return [str(value) for value in values]
        numbers = pd.to_numeric(pd.Series(list(values), dtype=object), errors="coerce")
        return [float(number) for number in numbers if not np.isnan(number)]

    def _built(self, name: str, among: Any, word: str) -> Any:
        build = among.get(name)
        if build is None:
            why = self.known.refused.get(name, f"the table has no {word} called {name}")
            raise TallyError(f"{why[:1].upper()}{why[1:]}.")
        return build(self.known.rows)


def _where_known(value: Any, test: Any) -> Any:
    import ibis

    return ibis.cases((value.notnull(), test), else_=None)


def _cases(branches: Sequence[tuple[Any, int]], rest: Any) -> Any:
    import ibis

    if not branches:
        return ibis.literal(rest, "int16")
    return ibis.cases(*branches, else_=rest).cast("int16")
