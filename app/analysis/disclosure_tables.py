"""Tables of a selection as they may be shown: every number from released counts.

Exact data enter here and leave only as counts rounded and hidden by the policy, with what is
computed from those, and two things more: medians and quartiles with at least k patients on each
side of them, to two digits, and p-values of whole tables, to one digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.analysis.associations import wilson_interval
from app.analysis.distributions import labelled
from app.analysis.group_tests import category_test, rank_test
from app.cohort.disclosure import HIDDEN, Disclosure, hidden_levels, hidden_parts, printed
from app.cohort.groupings import Grouping, by_variable
from data_loaders import Cohort, Variable

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MISSING, NOT_TESTED = "Missing", "Not tested"
ALTERED, NOT_ALTERED = "Altered", "Not altered"
ALL = "All"
_CATEGORIES = frozenset({"categorical", "ordinal", "binary"})
_MOST_BINS = 9
_FEWEST_TESTED = 10
_STEPS = (1, 2, 5)


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
        Patients of each group, all of them in one of the levels.
    p_value
        Of the groups' difference, one digit; NaN where none is given.
    """

    label: str
    levels: tuple[str, ...]
    groups: tuple[str, ...]
    counts: tuple[tuple[int | None, ...], ...]
    sizes: tuple[int | None, ...]
    p_value: float = float("nan")

    def known(self, group: int) -> int | None:
        """Patients of a group with a level, from the released counts; None where not to be had."""
        missing, size = self.counts[-1][group], self.sizes[group]
        return None if missing is None or size is None else max(size - missing, 0)

    def share(self, level: int, group: int = 0) -> float:
        """Share of a level among those with one; NaN where it is not to be had."""
        counted, known = self.counts[level][group], self.known(group)
        return min(counted / known, 1.0) if counted is not None and known else float("nan")

    @property
    def shown(self) -> tuple[int, ...]:
        """Positions of the levels that are drawn: the missing only where there are any."""
        last = len(self.levels) - 1
        return tuple(i for i in range(len(self.levels)) if i < last or self.counts[i][0] != 0)


@dataclass(frozen=True)
class ReleasedNumber:
    """A number by groups: median and quartiles as text, ``All`` first, and the missing."""

    label: str
    groups: tuple[str, ...]
    words: tuple[str, ...]
    missing: int | None
    p_value: float = float("nan")


def released_table(  # noqa: PLR0917
    label: str,
    levels: Sequence[str],
    places: npt.NDArray[np.integer],
    codes: npt.NDArray[np.integer],
    groups: Sequence[str],
    policy: Disclosure,
    *,
    test: bool = False,
) -> ReleasedTable:
    """Count levels by groups and hide what may not be shown.

    Parameters
    ----------
    label
        What is counted.
    levels
        Its levels, the last for those who have none.
    places
        Position of each patient's level.
    codes
        Position of each patient's group, negative for patients who are not counted.
    groups
        Names of the groups, each with k or more patients; one for everyone together.
    policy
        The policy.
    test
        Whether to compare the groups, where no cell is hidden.
    """
    counted = codes >= 0
    flat = codes[counted] * len(levels) + places[counted]
    counts = (
        np.bincount(flat, minlength=len(levels) * len(groups)).reshape(len(groups), -1).T
    ).astype(np.int64)
    hide, hide_all = hidden_levels(counts, policy)
    totals = counts.sum(axis=1)
    sizes = counts.sum(axis=0)
    names = (ALL, *groups) if len(groups) > 1 else (ALL,)
    cells = []
    for place in range(len(levels)):
        row = [None if hide_all[place] else policy.released(int(totals[place]))]
        if len(groups) > 1:
            row += [None if hide[place] else policy.released(int(n)) for n in counts[place]]
        cells.append(tuple(row))
    every = [int(sizes.sum()), *(int(n) for n in sizes)] if len(groups) > 1 else [int(sizes.sum())]
    p_value = float("nan")
    known = counts[:-1].sum(axis=0)
    if test and len(groups) > 1 and not hide.any() and min(known) >= _FEWEST_TESTED:
        kept = counts[:-1].T
        if np.count_nonzero(kept.sum(axis=0)) > 1:
            p_value = one_digit(category_test(kept)[2])
    return ReleasedTable(
        label, tuple(levels), names, tuple(cells), tuple(map(policy.released, every)), p_value
    )


def alteration_table(
    cohort: Cohort, feature: str, grouping: Grouping, policy: Disclosure
) -> ReleasedTable:
    """One alteration: altered, not altered, not tested."""
    state = cohort.feature_state(feature)
    places = np.select([state == 1, state == 0], [0, 1], 2)
    levels = (ALTERED, NOT_ALTERED, NOT_TESTED)
    label = str(cohort.features.loc[feature, "label"])
    return released_table(
        label, levels, places, grouping.codes, grouping.names, policy, test=True
    )  # fmt: skip


def alteration_tables(
    cohort: Cohort, grouping: Grouping, policy: Disclosure, most: int = 40
) -> list[ReleasedTable]:
    """The genes and cytogenetic events, by their released number: the hidden ones last, by name."""
    found = [
        alteration_table(cohort, str(name), grouping, policy)
        for name in cohort.features_of_kind(["gene", "cytogenetic"])
    ]
    found.sort(key=lambda t: (-_or(t.share(0), -1.0), t.label))
    return found[:most]


def variable_table(
    cohort: Cohort, name: str, grouping: Grouping, policy: Disclosure
) -> ReleasedTable:
    """One variable: its values, or ranges of a number, and the missing.

    Ranges have round limits and open ends, so that no limit is a patient's value, and neighbours
    are joined until each has k patients or none.

    Raises
    ------
    ValueError
        If the variable is neither a number nor a set of categories.
    """
    variable = cohort.variables[name]
    if variable.kind in _CATEGORIES:
        by = by_variable(cohort, name)
        places = np.where(by.codes >= 0, by.codes, len(by.names))
        words: list[str] = [*by.names]
        # Values that are not listed are no missing values.
        if (by.codes < -1).any():
            places = np.where(
                by.codes < -1, len(words), np.where(by.codes < 0, len(words) + 1, by.codes)
            )
            words.append("Other values")
    elif variable.kind == "numeric":
        values = _numbers(cohort, variable)
        edges = _edges(values[grouping.codes >= 0], policy)
        places = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, "right"))
        words = _range_words(edges)
    else:
        raise ValueError(f"{variable.label} is neither a number nor a set of categories.")
    return released_table(
        labelled(variable), (*words, MISSING), places, grouping.codes, grouping.names, policy,
        test=variable.kind in _CATEGORIES,
    )  # fmt: skip


def number_row(cohort: Cohort, name: str, grouping: Grouping, policy: Disclosure) -> ReleasedNumber:
    """Median and quartiles of a number by groups, where enough patients lie on each side."""
    variable = cohort.variables[name]
    values = _numbers(cohort, variable)
    counted = grouping.codes >= 0
    known = counted & ~np.isnan(values)
    k = len(grouping.names)
    words = [quantiles(values[known], policy)]
    if k > 1:
        words += [quantiles(values[known & (grouping.codes == code)], policy) for code in range(k)]
    missing = int(np.count_nonzero(counted & ~known))
    sizes = np.bincount(grouping.codes[known], minlength=k)
    hide = hidden_parts(np.array([missing, np.count_nonzero(known)]), policy)
    p_value = float("nan")
    if k > 1 and sizes.min() >= max(_FEWEST_TESTED, policy.threshold):
        p_value = one_digit(rank_test(values[known], grouping.codes[known], k)[2])
    return ReleasedNumber(
        labelled(variable), (ALL, *grouping.names) if k > 1 else (ALL,), tuple(words),
        None if hide[0] else policy.released(missing), p_value,
    )  # fmt: skip


def quantiles(values: Floats, policy: Disclosure) -> str:
    """Median and quartiles to two digits; hidden with fewer than k values beyond one of them."""
    if len(values) < 2 * policy.threshold:
        return HIDDEN
    if len(values) < 4 * policy.threshold:
        return two_digits(float(np.median(values)))
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{two_digits(middle)} ({two_digits(low)} to {two_digits(high)})"


def two_digits(value: float) -> str:
    """A number to two significant digits, without an exponent."""
    if not value:
        return "0"
    places = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:,.{max(places, 0)}f}"


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
                row[_head(table, group, name)] = _cell(table, level, group)
            row["p"] = p_words(table.p_value) if level == 0 else ""
            rows.append(row)
    frame = pd.DataFrame(rows)
    return (
        frame if tables and len(tables[0].groups) > 1 else frame.drop(columns="p", errors="ignore")
    )


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


def pair_tables(
    cohort: Cohort, everyone: Grouping, policy: Disclosure, most: int = 20
) -> list[tuple[str, str, ReleasedTable]]:
    """Two alterations together, as tables of the tested with none of their cells small.

    The leading alterations in pairs, the gene parts of one gene left out as everywhere.
    """
    leading = alteration_tables(cohort, everyone, policy, most)
    by_label = {str(cohort.features.loc[n, "label"]): str(n) for n in cohort.features.index}
    names = [by_label[t.label] for t in leading if t.counts[0][0]]
    states = {name: cohort.feature_state(name) for name in names}
    levels = ("Both", "Only the first", "Only the second", "Neither", NOT_TESTED)
    found = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            places = np.select(
                [
                    (states[a] < 0) | (states[b] < 0),
                    (states[a] == 1) & (states[b] == 1),
                    states[a] == 1,
                    states[b] == 1,
                ],
                [4, 0, 1, 2],
                3,
            )
            table = released_table("", levels, places, everyone.codes, everyone.names, policy)
            # With a margin on each side a hidden cell needs three more: all or none.
            if any(row[0] is None for row in table.counts[:4]):
                hidden = ((None,),) * 4
                table = ReleasedTable("", levels, (ALL,), (*hidden, table.counts[4]), table.sizes)
            labels = [str(cohort.features.loc[name, "label"]) for name in (a, b)]
            found.append((labels[0], labels[1], table))
    return found


def burden_table(cohort: Cohort, grouping: Grouping, policy: Disclosure) -> ReleasedTable:
    """Alterations a patient, of genes and cytogenetic events; the last level is open."""
    names = cohort.features_of_kind(["gene", "cytogenetic"])
    columns = cohort.alterations.columns.get_indexer(names)
    number = (cohort.states[:, columns] == 1).sum(axis=1)
    held = number[grouping.codes >= 0]
    top = 1
    while np.count_nonzero(held > top) >= 4 * policy.threshold and top < _MOST_BINS:
        top += 1
    places = np.minimum(number, top + 1)
    levels = [*(str(n) for n in range(top + 1)), f"{top + 1} or more", MISSING]
    return released_table(
        "Alterations a patient", levels, places, grouping.codes, grouping.names, policy, test=True
    )


def completeness_tables(
    cohort: Cohort, everyone: Grouping, policy: Disclosure
) -> list[ReleasedTable]:
    """Known and missing, variable by variable, by label."""
    tables = []
    for variable in sorted(cohort.variables.values(), key=lambda v: v.label.lower()):
        if variable.name in cohort.patients.columns:
            known = cohort.patients[variable.name].notna().to_numpy()
            places = np.where(known, 0, 1)
            tables.append(
                released_table(
                    variable.label, ("Known", MISSING), places, everyone.codes, everyone.names,
                    policy,
                )
            )  # fmt: skip
    return tables


def _head(table: ReleasedTable, group: int, name: str) -> str:
    return f"{name} ({printed(table.sizes[group])})"


def _cell(table: ReleasedTable, level: int, group: int) -> str:
    words = printed(table.counts[level][group])
    share = table.share(level, group)
    last = level == len(table.levels) - 1
    return words if math.isnan(share) or last else f"{words} ({share:.0%})"


def _numbers(cohort: Cohort, variable: Variable) -> Floats:
    values: Floats = cohort.patients[variable.name].to_numpy(dtype=float, na_value=np.nan)
    return values


def _edges(values: Floats, policy: Disclosure) -> Floats:
    """Round limits of ranges that hold k or more of the values each."""
    known = np.sort(values[~np.isnan(values)])
    if len(known) < 2 * policy.threshold:
        return np.array([])
    low, high = np.percentile(known, [5, 95])
    width = _nice((high - low) / _MOST_BINS)
    if not width:
        return np.array([])
    steps = np.arange(math.ceil(low / width), math.floor(high / width) + 1)
    edges: list[float] = []
    below = 0
    for edge in np.round(steps * width, 10):
        place = int(np.searchsorted(known, edge, "left"))
        if place - below >= policy.threshold and len(known) - place >= policy.threshold:
            edges.append(float(edge))
            below = place
    return np.array(edges)


def _nice(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is no smaller."""
    if not least > 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((step * power for step in _STEPS if step * power >= least), 10 * power)


def _range_words(edges: Floats) -> list[str]:
    if not len(edges):
        return ["Any value"]
    inner = [f"{a:g} to below {b:g}" for a, b in pairwise(edges)]
    return [f"below {edges[0]:g}", *inner, f"{edges[-1]:g} or more"]


def _or(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value
