"""Tables of a selection as they may be shown: every number is a released answer.

Nothing of the patients enters here: tables are put together from :class:`Release` alone, and
shares, intervals and p-values are computed from what it released.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.analysis.associations import category_test, wilson_interval
from app.cohort.disclosure import Condition, Dimension, Release, is_asked, printed

ALL = "All"
_FEWEST_TESTED = 10


@dataclass(frozen=True, eq=False)
class ReleasedTable:
    """One variable or alteration by groups, as it may be shown.

    Attributes
    ----------
    label
        What is counted.
    levels
        Its levels, and last what says that there is none: missing or not tested.
    groups
        ``All``, then the groups.
    counts
        Levels by groups; None is hidden.
    sizes
        Patients of each group.
    p_value
        Of the groups' difference by the released counts, one digit; NaN where none is given.
    """

    label: str
    levels: tuple[str, ...]
    groups: tuple[str, ...]
    counts: tuple[tuple[int | None, ...], ...]
    sizes: tuple[int | None, ...]
    p_value: float = float("nan")

    def known(self, group: int) -> int | None:
        """Patients of a group with a level: hidden numbers of missing are taken for none."""
        size = self.sizes[group]
        return None if size is None else max(size - (self.counts[-1][group] or 0), 0)

    def share(self, level: int, group: int = 0) -> float:
        """Share of a level among those with one; NaN where it is not to be had."""
        counted, known = self.counts[level][group], self.known(group)
        return min(counted / known, 1.0) if counted is not None and known else float("nan")

    @property
    def shown(self) -> tuple[int, ...]:
        """Positions of the levels that are drawn: the missing only where there are some to tell."""
        last = len(self.levels) - 1
        some = any(count is not None for count in self.counts[last])
        return tuple(i for i in range(len(self.levels)) if i < last or some)


def groups_of(
    release: Release, conditions: Sequence[Condition], by: str
) -> list[tuple[str, Condition]]:
    """Groups that may be compared: the published values whose own number is released."""
    dimension = release.published.dimensions[by]
    found = []
    for level, asked in enumerate(dimension.conditions):
        condition = Condition(by, level)
        if asked is not None and release.count([*conditions, condition]) is not None:
            found.append((dimension.levels[level], condition))
    return found


def may_ask(
    release: Release, conditions: Sequence[Condition], name: str, by: str | None = None
) -> bool:
    """Whether a variable, by groups if any, is a published question under the filter."""
    fixed = [condition.name for condition in conditions] + ([] if by is None else [by])
    asked = [*conditions, Condition(name, 0), *([] if by is None else [Condition(by, 0)])]
    return name not in fixed and is_asked(asked, release.published)


def released_table(
    release: Release, conditions: Sequence[Condition], name: str, by: str | None = None
) -> ReleasedTable:
    """The levels of a variable or alteration by groups.

    Parameters
    ----------
    by
        What the groups are; None for everyone together.
    """
    dimension = release.published.dimensions[name]
    groups = [] if by is None else groups_of(release, conditions, by)
    fixed = [list(conditions), *([*conditions, condition] for _, condition in groups)]
    counts = tuple(
        tuple(release.count([*own, Condition(name, level)]) for own in fixed)
        for level in range(len(dimension.levels))
    )
    sizes = tuple(release.count(own) for own in fixed)
    names = (ALL, *(group for group, _ in groups))
    label = dimension.label
    return ReleasedTable(label, dimension.levels, names, counts, sizes, _p_value(counts, sizes))


def alteration_tables(
    release: Release, conditions: Sequence[Condition], by: str | None = None
) -> list[ReleasedTable]:
    """The published alterations, by their released share: the hidden ones last, by name."""
    found = [
        released_table(release, conditions, dimension.name, by)
        for dimension in release.published.of_kind("alteration")
        if may_ask(release, conditions, dimension.name, by)
    ]
    found.sort(key=lambda t: (-_or(t.share(0), -1.0), t.label))
    return found


def variables_of(release: Release) -> list[Dimension]:
    """The disease and the published variables."""
    return [d for d in release.published.dimensions.values() if d.kind != "alteration"]


def completeness_tables(release: Release, conditions: Sequence[Condition]) -> list[ReleasedTable]:
    """Known and missing, variable by variable."""
    tables = []
    for dimension in variables_of(release):
        if may_ask(release, conditions, dimension.name):
            table = released_table(release, conditions, dimension.name)
            known = table.known(0)
            tables.append(
                ReleasedTable(
                    table.label, ("Known", dimension.levels[-1], ""), table.groups,
                    ((known,), table.counts[-1], (None,)), table.sizes,
                )
            )  # fmt: skip
    return tables


def one_digit(p_value: float) -> float:
    """A p-value to one significant digit, 0.001 at least."""
    if math.isnan(p_value):
        return p_value
    return max(float(f"{p_value:.1g}"), 0.001)


def p_words(p_value: float) -> str:
    """A p-value of one digit as text."""
    if math.isnan(p_value):
        return "–"
    return "0.001 or less" if p_value <= 0.001 else f"{p_value:g}"


def table_frame(tables: Sequence[ReleasedTable]) -> pd.DataFrame:
    """Released tables as one table to read and to take away."""
    rows = []
    for table in tables:
        for level in table.shown:
            row: dict[str, str] = {"Variable": table.label, "Value": table.levels[level]}
            for group, name in enumerate(table.groups):
                row[f"{name} ({printed(table.sizes[group])})"] = _cell(table, level, group)
            row["p"] = p_words(table.p_value) if level == 0 else ""
            rows.append(row)
    frame = pd.DataFrame(rows)
    several = bool(tables) and len(tables[0].groups) > 1
    return frame if several else frame.drop(columns="p", errors="ignore")


def frequency_frame(tables: Sequence[ReleasedTable]) -> pd.DataFrame:
    """Frequencies among the tested with Wilson's intervals, all from released counts."""
    rows = []
    for table in tables:
        for group, name in enumerate(table.groups):
            altered, tested = table.counts[0][group], table.known(group)
            share = table.share(0, group)
            lower, upper = (float("nan"),) * 2
            if altered is not None and tested:
                ends = wilson_interval([min(altered, tested)], [tested])
                lower, upper = float(ends[0][0]), float(ends[1][0])
            rows.append(
                {
                    "Alteration": table.label, "Group": name, "Altered": printed(altered),
                    "Tested": printed(tested), "Share": round(share, 3),
                    "Lower": round(lower, 3), "Upper": round(upper, 3),
                    "p": p_words(table.p_value) if group == 0 else "",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def table_one_frame(
    release: Release, conditions: Sequence[Condition], by: str | None
) -> pd.DataFrame:
    """Table one: the variables by their levels, then the alterations, every cell released."""
    tables = [
        released_table(release, conditions, dimension.name, by)
        for dimension in variables_of(release)
        if may_ask(release, conditions, dimension.name, by)
    ]
    frame = table_frame([*tables, *alteration_tables(release, conditions, by)])
    return frame[~frame["Value"].isin({"Not altered"})] if len(frame) else frame


def _p_value(counts: Sequence[Sequence[int | None]], sizes: Sequence[int | None]) -> float:
    """Chi-square test of the released counts, where none of them is hidden."""
    table = [list(row[1:]) for row in counts[:-1]]
    if len(sizes) < 3 or any(n is None for row in table for n in row):
        return float("nan")
    known = np.array(table, dtype=np.int64).T
    if known.sum(axis=1).min() < _FEWEST_TESTED or np.count_nonzero(known.sum(axis=0)) < 2:
        return float("nan")
    return one_digit(category_test(known)[2])


def _cell(table: ReleasedTable, level: int, group: int) -> str:
    words = printed(table.counts[level][group])
    share = table.share(level, group)
    last = level == len(table.levels) - 1
    return words if math.isnan(share) or last else f"{words} ({share:.0%})"


def _or(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value
