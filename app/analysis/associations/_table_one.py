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
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.arrays import Bools, Floats
from app.analysis.associations._group_tests import (
    Tested,
    category_smd,
    category_test,
    mean_test,
    number_smd,
    ordered_rank_test,
    rank_test,
)
from app.analysis.associations._ordered_numbers import in_order, quartiles
from app.analysis.multiplicity import adjust_p_values
from app.analysis.survival_input import same_patients
from app.cohort.groupings import MIN_GROUP_FOR_TEST, Grouping, by_labels, by_variable
from data_loaders import Cohort, Variable

NumberTest = Literal["rank", "mean"]

MOST_LEVELS = 12
_PURE, _PURE_EACH = 0.98, 0.9
REST = "The rarest, pooled"
_CATEGORIES = frozenset({"categorical", "ordinal", "binary"})
_LEFT_OUT = frozenset({"outcome"})


@dataclass(frozen=True)
class GroupSummary:
    """One variable, or one level of it, in one group.

    ``n`` is the group's size, ``known`` those with a value. Numbers have ``mean``, ``sd``,
    ``median``, ``q1``, ``q3``; levels have ``count``; what does not apply is NaN (count 0).
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
        """Share of those known who have the level; NaN where nobody is known."""
        return self.count / self.known if self.known else float("nan")


@dataclass(frozen=True)
class Comparison:
    """How the groups differ in one variable.

    Parameters
    ----------
    test
        Name of the test as printed, or why there is none; then ``p_value`` is NaN. Groups with
        fewer than 10 patients with a known value are not in it.
    statistic, p_value
        Of the test.
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
        return bool(self.levels) and sum(level.count > 0 for level in self.overall) == 1


@dataclass(frozen=True, eq=False)
class TableOne:
    """Table one of a cohort by a grouping.

    Parameters
    ----------
    label
        What the groups are.
    names, sizes
        The groups that have patients, in their order, and how many.
    empty
        Names of the groups without patients: they are in no column and no test.
    n
        Patients in any group; ``left_out`` counts those in none, by reason.
    rows
        One a variable, in the order asked for.
    number_test
        How numbers were tested.
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
    cohort
        The cohort.
    grouping
        The groups of its patients; patients in none are left out and counted.
    mask
        The selected patients, shape (cohort.n,); None for everyone.
    variables
        Columns, in the order wanted; None for every number and category that is no outcome.
    features
        Alterations to add, in order: altered of those tested.
    number_test
        ``rank`` or ``mean``: how numbers are tested.

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
    rows = [_variable_row(cohort, name, codes, len(present), number_test) for name in wanted]
    rows += [_feature_row(cohort, name, codes, len(present)) for name in features]
    q_values = adjust_p_values([row.comparison.p_value for row in rows])
    finished = tuple(replace(row, q_value=float(q)) for row, q in zip(rows, q_values, strict=True))
    return TableOne(
        label=grouping.label,
        names=tuple(grouping.names[place] for place in present),
        sizes=tuple(sizes[place] for place in present),
        empty=tuple(name for name, size in zip(grouping.names, sizes, strict=True) if not size),
        n=sum(sizes),
        left_out=grouping.left_out(selected),
        rows=finished,
        number_test=number_test,
    )


def compare_groups(
    cohort: Cohort, groups: Grouping | str | Sequence[str | None], mask: Bools | None = None
) -> pd.DataFrame:
    """Compare groups of patients in every variable: table one as a frame.

    Parameters
    ----------
    cohort
        The cohort.
    groups
        A grouping; or the name of a categorical variable; or one label a patient, None for those
        in no group.
    mask
        The selected patients; None for everyone.

    Returns
    -------
    DataFrame
        One row a variable: variable (column name), label, kind, the summary in words by group (one
        column a group, under its name), test, statistic, p_value, q_value (Benjamini-Hochberg over
        the variables tested), smd, missing (patients of the groups without a value).

    Raises
    ------
    ValueError
        If the groups cannot be made.
    """
    grouping = _as_grouping(cohort, groups)
    table = table_one(cohort, grouping, mask)
    rows = []
    for row in table.rows:
        summaries = {
            name: "; ".join(
                in_words(summary, level)
                for summary, level in zip(group, row.levels or ("",), strict=True)
            )
            for name, group in zip(table.names, row.groups, strict=True)
        }
        rows.append(
            {
                "variable": row.name, "label": row.label, "kind": row.kind, **summaries,
                "test": row.comparison.test, "statistic": row.comparison.statistic,
                "p_value": row.comparison.p_value, "q_value": row.q_value,
                "smd": row.comparison.smd, "missing": row.missing,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def describable(cohort: Cohort) -> list[str]:
    """Columns that table one can describe, in the dictionary's order: no outcome, text or date."""
    if cohort not in _DESCRIBABLE:
        _DESCRIBABLE[cohort] = tuple(
            v.name
            for v in cohort.variables.values()
            if v.name in cohort.patients.columns
            and v.name not in cohort.endpoint_columns
            and v.role not in _LEFT_OUT
            and (v.kind == "numeric" or v.kind in _CATEGORIES)
            and cohort.patients[v.name].notna().any()
        )
    return list(_DESCRIBABLE[cohort])


# Asked on every run of a page, and the same as long as the cohort lives.
_DESCRIBABLE: WeakKeyDictionary[Cohort, tuple[str, ...]] = WeakKeyDictionary()


def in_words(summary: GroupSummary, level: str = "") -> str:
    """A summary as printed: ``63 (52–71)`` for a number, ``F: 120 (45%)`` for a level."""
    if not summary.known:
        return f"{level}: –" if level else "–"
    if np.isnan(summary.median):
        words = f"{summary.count:,} ({100 * summary.share:.0f}%)"
        return f"{level}: {words}" if level else words
    return f"{_digits(summary.median)} ({_digits(summary.q1)}–{_digits(summary.q3)})"


def _as_grouping(cohort: Cohort, groups: Grouping | str | Sequence[str | None]) -> Grouping:
    if isinstance(groups, Grouping):
        return groups
    if isinstance(groups, str):
        return by_variable(cohort, groups)
    same_patients({"The patients": cohort.patients, "Group labels": groups})
    labels = [None if label is None or pd.isna(label) else str(label) for label in groups]
    if len(labels) != cohort.n:
        raise ValueError(
            f"There are {len(labels):,} group labels for {cohort.n:,} patients; give one a patient."
        )
    return by_labels("Group", labels, sorted({label for label in labels if label is not None}))


def _variable_row(
    cohort: Cohort, name: str, codes: npt.NDArray[np.int16], k: int, number_test: NumberTest
) -> VariableRow:
    variable = cohort.variables.get(name)
    if variable is None or name not in cohort.patients.columns:
        raise ValueError(f"This cohort has no variable called {name}.")
    if variable.kind == "numeric":
        return _number_row(cohort, variable, codes, k, number_test)
    if variable.kind in _CATEGORIES:
        return _category_row(cohort, variable, codes, k)
    raise ValueError(f"{variable.label} is neither a number nor a set of categories.")


def _number_row(
    cohort: Cohort,
    variable: Variable,
    codes: npt.NDArray[np.int16],
    k: int,
    number_test: NumberTest,
) -> VariableRow:
    positions, values = in_order(cohort, variable.name)
    groups = codes[positions]
    inside = groups >= 0
    values, groups = values[inside], groups[inside]
    test: Callable[..., Tested] = ordered_rank_test if number_test == "rank" else mean_test
    parts = [values[groups == group] for group in range(k)]

    def tested(places: list[int]) -> Tested:
        recoded = _recoded(groups, places, k)
        used = recoded >= 0
        return test(values[used], recoded[used], len(places))

    comparison = _compared(
        [len(part) for part in parts],
        tested,
        lambda places: number_smd([parts[place] for place in places]),
    )
    sizes = np.bincount(codes[codes >= 0], minlength=k)
    summaries = tuple(
        (_number_summary(part, int(size)),) for size, part in zip(sizes, parts, strict=True)
    )
    n = int(sizes.sum())
    return VariableRow(
        name=variable.name,
        label=f"{variable.label}, {variable.unit}" if variable.unit else variable.label,
        kind="numeric",
        levels=(),
        overall=(_number_summary(values, n),),
        groups=summaries,
        comparison=comparison,
        q_value=float("nan"),
        missing=n - len(values),
    )


def _category_row(
    cohort: Cohort, variable: Variable, codes: npt.NDArray[np.int16], k: int
) -> VariableRow:
    levels = by_variable(cohort, variable.name, max_groups=MOST_LEVELS)
    names: tuple[str, ...] = levels.names
    places = levels.codes.astype(np.int16)
    if (places == -3).any():
        names = (*names, REST)
        places = np.where(places == -3, len(names) - 1, places).astype(np.int16)
    held = _Levels(variable.name, variable.label, variable.kind, names, places)
    return _levels_row(held, codes, k)


def _feature_row(cohort: Cohort, feature: str, codes: npt.NDArray[np.int16], k: int) -> VariableRow:
    if feature not in cohort.alterations.columns:
        raise ValueError(f"This cohort has no alteration called {feature}.")
    state = cohort.feature_state(feature)
    places = np.select([state == 1, state == 0], [0, 1], -1).astype(np.int16)
    label = str(cohort.features.loc[feature, "label"])
    held = _Levels(feature, label, "alteration", ("Altered", "Not altered"), places)
    return _levels_row(held, codes, k)


@dataclass(frozen=True, eq=False)
class _Levels:
    """A variable with levels: ``places`` says which one each patient has, negative for none."""

    name: str
    label: str
    kind: str
    levels: tuple[str, ...]
    places: npt.NDArray[np.int16]


def _levels_row(held: _Levels, codes: npt.NDArray[np.int16], k: int) -> VariableRow:
    places, levels = held.places, held.levels
    used = (codes >= 0) & (places >= 0)
    width = max(len(levels), 1)
    flat = np.bincount(codes[used] * width + places[used], minlength=k * width)
    counts = flat.reshape(k, width).astype(np.int64)
    sizes = np.bincount(codes[codes >= 0], minlength=k)
    known = counts.sum(axis=1)

    def tested(groups: list[int]) -> Tested:
        own = counts[groups]
        if np.count_nonzero(own.sum(axis=0)) < 2:
            return "no test (one value)", float("nan"), float("nan")
        if held.kind != "alteration" and _same_classes(own):
            return "no test (the groups in other words)", float("nan"), float("nan")
        if held.kind == "ordinal":
            recoded = _recoded(codes[used], groups, k)
            inside = recoded >= 0
            return rank_test(places[used][inside].astype(float), recoded[inside], len(groups))
        return category_test(own)

    return VariableRow(
        name=held.name,
        label=held.label,
        kind=held.kind,
        levels=levels,
        overall=tuple(
            GroupSummary(int(sizes.sum()), int(known.sum()), int(number))
            for number in counts.sum(axis=0)
        ),
        groups=tuple(
            tuple(
                GroupSummary(int(sizes[group]), int(known[group]), int(number))
                for number in counts[group]
            )
            for group in range(k)
        ),
        comparison=_compared(known.tolist(), tested, lambda groups: category_smd(counts[groups])),
        q_value=float("nan"),
        missing=int(sizes.sum() - known.sum()),
    )


def _same_classes(counts: npt.NDArray[np.int64]) -> bool:
    """Whether a variable's levels divide the groups, or the groups its levels, as a refinement.

    Each level in (nearly) one group alone, or each group of (nearly) one level alone: "Diagnosis in
    detail" against the diagnosis says nothing that is not known. Rare levels must be as pure as
    common ones, and every group must be somebody's.
    """
    total = counts.sum()
    for table in (counts, counts.T):
        large = table[:, table.sum(axis=0) >= MIN_GROUP_FOR_TEST]
        covered = table.max(axis=0).sum() >= _PURE * total
        pure = (large.max(axis=0) >= _PURE_EACH * large.sum(axis=0)).all()
        taken = set(large.argmax(axis=0).tolist())
        if covered and pure and len(taken) == np.count_nonzero(table.sum(axis=1)):
            return True
    return False


def _recoded(codes: npt.NDArray[np.int16], places: list[int], k: int) -> npt.NDArray[np.int16]:
    """Groups numbered anew, some of them only; -1 for the others."""
    lookup = np.full(k, -1, dtype=np.int16)
    lookup[places] = np.arange(len(places))
    return lookup[codes]


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


def _number_summary(part: Floats, n: int) -> GroupSummary:
    """Summary of numbers in ascending order."""
    if not len(part):
        return GroupSummary(n, 0)
    q1, median, q3 = quartiles(part)
    sd = float(part.std(ddof=1)) if len(part) > 1 else float("nan")
    return GroupSummary(n, len(part), mean=float(part.mean()), sd=sd, median=median, q1=q1, q3=q3)


def _digits(value: float) -> str:
    """A number with three significant digits, but never fewer than its whole part has."""
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
