"""Table one: who is in each group, how groups differ, and how many values are missing.

Tests (two groups / more groups): numbers and ordered categories by rank, Wilcoxon's rank-sum test
with normal approximation, ties and continuity correction / Kruskal-Wallis; on request numbers by
mean, Welch's t test / Welch's analysis of variance; categories by Pearson's chi-square without
continuity correction, or where expected counts are small (Cochran 1954) by Fisher's exact test for
two by two and otherwise by chi-square with a simulated distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import Bools, Floats
from app.analysis.associations._group_tests import (
    Tested,
    category_smd,
    category_test,
    mean_test,
    number_smd,
    rank_test,
)
from app.analysis.associations._steps import Moments, counted, in_steps, moments, quartiles
from app.analysis.multiplicity import adjust_p_values
from app.cohort.groupings import MIN_GROUP_FOR_TEST, Grouping, by_variable
from app.cohort.made_of import (
    ALIKE,
    PART,
    alterations_in,
    cut_from,
    same_classes,
    why_no_finding,
)
from data_loaders import Cohort, Variable
from data_loaders.model import CATEGORIES
from data_loaders.once import once_per_value

NumberTest = Literal["rank", "mean"]

MOST_LEVELS = 12
# What is printed instead of a test of what says the groups again.
IN_OTHER_WORDS = "no test (the groups in other words)"
PART_OF = "no test (part of what the groups are made of)"
MADE_ALIKE = "no test (made of what the groups are)"
_WHY = {"": "", PART: PART_OF, ALIKE: MADE_ALIKE}
REST = "The rarest, pooled"
HIDDEN = -1  # a count that must not be told
LEFT_OUT_ROLES = frozenset({"outcome"})


@dataclass(frozen=True)
class GroupSummary:
    """One variable, or one level of it, in one group.

    ``n`` is the group's size, ``known`` those with a value. Numbers have ``mean``, ``sd``,
    ``median``, ``q1``, ``q3``; levels have ``count``, which is ``HIDDEN`` where it must not be
    told; what does not apply is NaN (count 0).
    """

    n: int
    known: int
    count: int = 0
    mean: float = float("nan")
    sd: float = float("nan")
    median: float = float("nan")
    q1: float = float("nan")
    q3: float = float("nan")

    @property
    def share(self) -> float:
        """Share of those known who have the level; NaN where nobody is known, or it is hidden."""
        return self.count / self.known if self.known and self.count >= 0 else float("nan")


@dataclass(frozen=True)
class Comparison:
    """How the groups differ in one variable.

    Parameters
    ----------
    test
        Name of the test as printed, or why there is none; then ``p_value`` is NaN. Groups with
        fewer than 10 patients with a known value are not in it.
    smd
        Standardised mean difference, the largest of all pairs of groups in the test, never
        negative; of all groups where there is no test.
    """

    test: str
    statistic: float
    p_value: float
    smd: float


@dataclass(frozen=True, eq=False)
class VariableRow:
    """One variable of table one.

    ``overall`` and ``groups`` hold one summary for a number, one a level otherwise; ``groups`` is
    ordered by group, then level.
    """

    name: str
    label: str
    kind: str
    levels: tuple[str, ...]
    overall: tuple[GroupSummary, ...]
    groups: tuple[tuple[GroupSummary, ...], ...]
    comparison: Comparison
    q_value: float
    missing: int

    @property
    def constant(self) -> bool:
        """Whether everybody known has the same value."""
        return bool(self.levels) and sum(level.count != 0 for level in self.overall) == 1


@dataclass(frozen=True, eq=False)
class TableOne:
    """Table one of a cohort by a grouping.

    Parameters
    ----------
    names, sizes
        The groups that have patients, in their order, and how many.
    empty
        Names of the groups without patients: they are in no column and no test.
    n
        Patients in any group; ``left_out`` counts those in none, by reason.
    rows
        One a variable, in the order asked for.
    """

    label: str
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    empty: tuple[str, ...]
    n: int
    left_out: dict[str, int]
    rows: tuple[VariableRow, ...]
    number_test: NumberTest


def table_one(
    cohort: Cohort,
    grouping: Grouping,
    mask: Bools | None = None,
    *,
    variables: Sequence[str] | None = None,
    features: Sequence[str] = (),
    number_test: NumberTest = "rank",
) -> TableOne:
    """Describe and compare groups of patients.

    Parameters
    ----------
    grouping
        The groups of its patients; patients in none are left out and counted.
    variables
        Columns, in the order wanted; None for every number and category that is no outcome.
    features
        Alterations to add, in order: altered of those tested.
    number_test
        ``rank`` or ``mean``: how numbers are tested.

    What the groups are made of, and what is made of the same, is described and not tested.

    Raises
    ------
    ValueError
        If a variable or alteration does not exist or can be neither summarised nor tested.
    """
    selected = np.ones(cohort.n, dtype=bool) if mask is None else mask
    sizes = grouping.sizes(selected)
    present = [place for place, size in enumerate(sizes) if size]
    recoded = np.full(len(sizes) + 1, -1, dtype=np.int16)
    recoded[present] = np.arange(len(present))
    codes = recoded[np.where(selected & (grouping.codes >= 0), grouping.codes, len(sizes))]
    wanted = list(variables or [])
    if variables is None:
        # What the groups are made of differs between them by design.
        own = grouping.label
        wanted = [name for name in describable(cohort) if cohort.variables[name].label != own]
    each = np.array([sizes[place] for place in present], dtype=np.int64)
    rows = [_variable_row(cohort, name, codes, each, number_test) for name in wanted]
    rows += [_feature_row(cohort, name, codes, each) for name in features]
    return TableOne(
        label=grouping.label,
        names=tuple(grouping.names[place] for place in present),
        sizes=tuple(sizes[place] for place in present),
        empty=tuple(name for name, size in zip(grouping.names, sizes, strict=True) if not size),
        n=sum(sizes),
        left_out=grouping.left_out(selected),
        rows=with_q_values(cohort, grouping, rows),
        number_test=number_test,
    )


def _finding(cohort: Cohort, grouping: Grouping, row: VariableRow) -> VariableRow:
    """The row without a test where it is what the groups are made of."""
    if row.kind == "alteration":
        counts = np.array([[group[0].count, group[0].known] for group in row.groups])
        part = alterations_in(cohort, grouping, [row.name], counts[:, :1], counts[:, 1:])[0]
        why = PART_OF if part else ""
    else:
        why = _WHY[why_no_finding(cohort, grouping, row.name)]
    if not why:
        return row
    nothing = float("nan")
    compared = replace(row.comparison, test=why, statistic=nothing, p_value=nothing)
    return replace(row, comparison=compared)


def with_q_values(
    cohort: Cohort, grouping: Grouping, rows: Sequence[VariableRow]
) -> tuple[VariableRow, ...]:
    """The rows with their p-values adjusted over all of them, those that are findings."""
    if len(grouping.names) > 1:
        rows = [_finding(cohort, grouping, row) for row in rows]
    q_values = adjust_p_values([row.comparison.p_value for row in rows])
    return tuple(replace(row, q_value=float(q)) for row, q in zip(rows, q_values, strict=True))


def describable(cohort: Cohort) -> list[str]:
    """Columns that table one can describe, in the dictionary's order: no outcome, text or date."""
    return list(_describable(cohort))


@once_per_value
def _describable(cohort: Cohort) -> tuple[str, ...]:
    return tuple(
        v.name
        for v in cohort.variables.values()
        if v.name in cohort.patients.columns
        and v.name not in cohort.endpoint_columns
        and v.role not in LEFT_OUT_ROLES
        and (v.kind == "numeric" or v.kind in CATEGORIES)
        and cohort.patients[v.name].notna().any()
    )


def _variable_row(
    cohort: Cohort,
    name: str,
    codes: npt.NDArray[np.int16],
    sizes: npt.NDArray[np.int64],
    number_test: NumberTest,
) -> VariableRow:
    variable = cohort.variables.get(name)
    if variable is None or name not in cohort.patients.columns:
        raise ValueError(f"This cohort has no variable called {name}.")
    if variable.kind == "numeric":
        return _number_row(cohort, variable, codes, sizes, number_test)
    if variable.kind in CATEGORIES:
        return _category_row(cohort, variable, codes, sizes)
    raise ValueError(f"{variable.label} is neither a number nor a set of categories.")


def _number_row(
    cohort: Cohort,
    variable: Variable,
    codes: npt.NDArray[np.int16],
    sizes: npt.NDArray[np.int64],
    number_test: NumberTest,
) -> VariableRow:
    steps, places = in_steps(cohort, variable.name)
    counts = counted(codes, places, len(sizes), len(steps))
    return number_row(variable, steps, counts, sizes, number_test)


def number_row(
    variable: Variable,
    steps: Floats,
    counts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    number_test: NumberTest,
) -> VariableRow:
    """A number in the groups.

    Parameters
    ----------
    steps, counts
        Distinct values, ascending, and how many patients have each: groups x steps.
    sizes
        Patients by group, with and without a value.
    """
    each = [moments(steps, own) for own in counts]

    def test(places: list[int]) -> Tested:
        if cut_from(counts[places], [each[place].mean for place in places]):
            return IN_OTHER_WORDS, float("nan"), float("nan")
        if number_test == "mean":
            return mean_test([each[place] for place in places])
        return rank_test(counts[places])

    comparison = _compared(
        [own.n for own in each],
        test,
        lambda places: number_smd([each[place] for place in places]),
    )
    everyone = counts.sum(axis=0)
    summaries = tuple(
        (_number_summary(own, steps, many, int(size)),)
        for own, many, size in zip(each, counts, sizes, strict=True)
    )
    n = int(sizes.sum())
    return VariableRow(
        name=variable.name,
        label=f"{variable.label}, {variable.unit}" if variable.unit else variable.label,
        kind="numeric",
        levels=(),
        overall=(_number_summary(moments(steps, everyone), steps, everyone, n),),
        groups=summaries,
        comparison=comparison,
        q_value=float("nan"),
        missing=n - sum(own.n for own in each),
    )


def _category_row(
    cohort: Cohort, variable: Variable, codes: npt.NDArray[np.int16], sizes: npt.NDArray[np.int64]
) -> VariableRow:
    levels = by_variable(cohort, variable.name, max_groups=MOST_LEVELS)
    names: tuple[str, ...] = levels.names
    places = levels.codes.astype(np.int16)
    if (places == -3).any():
        names = (*names, REST)
        places = np.where(places == -3, len(names) - 1, places).astype(np.int16)
    what = Levels(variable.name, variable.label, variable.kind, names)
    return levels_row(what, counted(codes, places, len(sizes), len(names)), sizes)


def _feature_row(
    cohort: Cohort, feature: str, codes: npt.NDArray[np.int16], sizes: npt.NDArray[np.int64]
) -> VariableRow:
    if feature not in cohort.alterations.columns:
        raise ValueError(f"This cohort has no alteration called {feature}.")
    state = cohort.feature_state(feature)
    places = np.select([state == 1, state == 0], [0, 1], -1).astype(np.int16)
    what = levels_of_feature(cohort, feature)
    return levels_row(what, counted(codes, places, len(sizes), 2), sizes)


@dataclass(frozen=True)
class Levels:
    """A variable with levels, or an alteration: what it is called."""

    name: str
    label: str
    kind: str
    levels: tuple[str, ...]


def levels_of_feature(cohort: Cohort, feature: str) -> Levels:
    """An alteration as a row of table one."""
    label = str(cohort.features.loc[feature, "label"])
    return Levels(feature, label, "alteration", ("Altered", "Not altered"))


def levels_row(
    what: Levels,
    counts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    known: npt.NDArray[np.int64] | None = None,
) -> VariableRow:
    """A variable with levels in the groups.

    Parameters
    ----------
    counts
        Groups x levels; ``HIDDEN`` where one must not be told, and then there is no test.
    sizes
        Patients by group, with and without a value.
    known
        Those with a value, where that is not the sum of the levels.
    """
    k, hidden = len(sizes), (counts == HIDDEN).any()
    known = counts.sum(axis=1) if known is None else known

    def tested(groups: list[int]) -> Tested:
        own = counts[groups]
        if hidden:
            return "no test (a count is hidden)", float("nan"), float("nan")
        if np.count_nonzero(own.sum(axis=0)) < 2:
            return "no test (one value)", float("nan"), float("nan")
        if what.kind != "alteration" and same_classes(own):
            return IN_OTHER_WORDS, float("nan"), float("nan")
        if what.kind == "ordinal":
            return rank_test(own)
        return category_test(own)

    return VariableRow(
        name=what.name,
        label=what.label,
        kind=what.kind,
        levels=what.levels,
        overall=tuple(
            GroupSummary(int(sizes.sum()), int(known.sum()), int(number))
            for number in np.where((counts < 0).any(axis=0), HIDDEN, counts.sum(axis=0))
        ),
        groups=tuple(
            tuple(
                GroupSummary(int(sizes[group]), int(known[group]), int(number))
                for number in counts[group]
            )
            for group in range(k)
        ),
        comparison=_compared(
            known.tolist(),
            tested,
            lambda groups: float("nan") if hidden else category_smd(counts[groups]),
        ),
        q_value=float("nan"),
        missing=int(sizes.sum() - known.sum()),
    )


def _compared(
    known: Sequence[int], test: Callable[[list[int]], Tested], smd: Callable[[list[int]], float]
) -> Comparison:
    """The test of the groups with enough patients, unless there are fewer than two of them."""
    everyone = list(range(len(known)))
    enough = [place for place in everyone if known[place] >= MIN_GROUP_FOR_TEST]
    if len(enough) < 2:
        few = "one group" if len(known) < 2 else f"<{MIN_GROUP_FOR_TEST} in a group"
        return Comparison(f"no test ({few})", float("nan"), float("nan"), smd(everyone))
    name, statistic, p_value = test(enough)
    if len(enough) < len(known) and not np.isnan(p_value):
        name = f"{name}, of {len(enough)} groups"
    return Comparison(name, statistic, p_value, smd(enough))


def _number_summary(
    own: Moments, steps: Floats, counts: npt.NDArray[np.int64], n: int
) -> GroupSummary:
    """Summary of numbers, of which there are so many of each."""
    if not own.n:
        return GroupSummary(n, 0)
    q1, median, q3 = quartiles(steps, counts)
    return GroupSummary(
        n, own.n, mean=own.mean, sd=float(np.sqrt(own.variance)), median=median, q1=q1, q3=q3
    )
