"""Groups side by side: what differs between them, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from app.analysis.associations import (
    GroupSummary,
    TableOne,
    VariableRow,
    describable,
    in_words,
    table_one,
)
from app.analysis.multiplicity import adjust_p_values
from app.analysis.two_by_two import conditional_odds_ratios, fisher_p_values
from app.cohort.groupings import MIN_GROUP_FOR_TEST, Grouping, only_groups
from app.study.wording import SIGNIFICANT
from app.views.genomics.frequencies.analysis import (
    DEFINES,
    MIN_COMPARED,
    GroupFrequencies,
    group_frequencies,
)
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from data_loaders import Cohort
from data_loaders.arrays import Bools
from data_loaders.meaning.alike import same_word

MOST_GROUPS = 8
OTHERS = "the other groups"
RARE, EVERYBODY = "too rare", "in everybody or nobody tested"
FEW_TESTED = f"fewer than {MIN_GROUP_FOR_TEST} tested in a group"
_YES = ("Yes", "No")
_DIFFERENCE = ("higher_in", "smd", "test", "p_value", "q_value", "missing")


@dataclass(frozen=True, eq=False)
class Enrichment:
    """Alterations of one group against the others.

    Parameters
    ----------
    table
        One row an alteration that somebody has, by p-value, those not compared last: feature,
        label, kind, altered, tested, frequency (of the group), others_altered, others_tested,
        others_frequency, odds_ratio, lower, upper (conditional estimate, exact 95% interval),
        p_value (Fisher's exact test, two-sided), q_value (Benjamini-Hochberg over those compared,
        those that overlap counted once),
        note (why it was not compared; empty where it was).
    n, n_others
        Patients of the two sides.
    """

    table: pd.DataFrame
    group: str
    others: str
    n: int
    n_others: int

    @property
    def n_tested(self) -> int:
        """Alterations compared."""
        return int(self.table["p_value"].notna().sum())

    @property
    def hits(self) -> pd.DataFrame:
        """Alterations that differ at the usual threshold of q."""
        return self.table[self.table["q_value"] < SIGNIFICANT]

    @property
    def by_construction(self) -> list[str]:
        """Labels of the alterations that the groups are made of."""
        return [str(name) for name in self.table.loc[self.table["note"] == DEFINES, "label"]]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Groups side by side; each matter is worked out when somebody asks about it."""

    cohort: Cohort
    mask: Bools
    grouping: Grouping
    variables: Sequence[str]
    endpoint_key: str = ""
    limit: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The groups."""
        return self.grouping.names

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Patients selected, one a group."""
        return self.grouping.sizes(self.mask)

    @property
    def colours(self) -> dict[str, str]:
        """Colour by group."""
        return dict(zip(self.names, self.grouping.colours, strict=True))

    @cached_property
    def table(self) -> TableOne:
        """Table one of the groups."""
        return table_one(self.cohort, self.grouping, self.mask, variables=self.variables)

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """The clinical variables, the most different first: see :func:`clinical_differences`."""
        return clinical_differences(self.table)

    @cached_property
    def frequencies(self) -> GroupFrequencies | None:
        """Genes and cytogenetics by group, else what there is; None without alterations."""
        kinds = self.cohort.feature_kinds
        first = [kind for kind in kinds if kind in ("gene", "cytogenetic")]
        if not kinds:
            return None
        return group_frequencies(self.cohort, self.mask, first or kinds, grouping=self.grouping)

    @cached_property
    def contrast(self) -> Enrichment | None:
        """Alterations of the first group against the others; None where there is no other."""
        found = self.frequencies
        if found is None or len(found.groups) < 2:
            return None
        return enrichment(found, next(iter(found.groups)))

    @cached_property
    def survival(self) -> GroupSurvival | None:
        """Survival by group; None without an endpoint."""
        if not self.endpoint_key:
            return None
        return survival_by_group(
            self.cohort, self.mask, self.endpoint_key, self.grouping, limit=self.limit
        )


def compare_groups(
    cohort: Cohort,
    mask: Bools,
    *,
    grouping: Grouping,
    groups: Sequence[str] = (),
    endpoint_key: str = "",
) -> Comparison:
    """Compare groups in clinical variables, alterations and survival.

    Raises
    ------
    GroupingError
        If there is no group of a name.
    """
    compared = only_groups(grouping, groups) if groups else grouping
    variables = [name for name in describable(cohort) if name != grouping.column]
    return Comparison(cohort, mask, compared, variables, endpoint_key)


def enrichment(found: GroupFrequencies, group: str) -> Enrichment:
    """Which alterations one group has more or less often than the other groups together.

    Those that the groups are made of differ by construction and are not compared.

    Parameters
    ----------
    found
        Frequencies by group, of two groups or more.

    Raises
    ------
    ValueError
        If there is no such group, or nothing to set it against.
    """
    names = list(found.groups)
    if group not in names or len(names) < 2:
        raise ValueError("There is no other group to compare with; choose two groups or more.")
    place, base = names.index(group), found.features
    a, t = found.altered[place], found.tested[place]
    c, u = found.altered.sum(axis=0) - a, found.tested.sum(axis=0) - t
    notes = np.select(
        [
            found.made_of,
            np.minimum(t, u) < MIN_GROUP_FOR_TEST,
            a + c == t + u,
            a + c < MIN_COMPARED,
        ],
        [DEFINES, FEW_TESTED, EVERYBODY, RARE],
        "",
    )
    compared = notes == ""
    p_values = np.full(len(base), np.nan)
    cells = (a, t - a, c, u - c)
    p_values[compared] = fisher_p_values(*(cell[compared] for cell in cells))
    odds, lower, upper = conditional_odds_ratios(*cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        table = base.assign(
            altered=a, tested=t, frequency=a / t, others_altered=c, others_tested=u,
            others_frequency=c / u, odds_ratio=odds, lower=lower, upper=upper, p_value=p_values,
            q_value=adjust_p_values(p_values, families=found.families), note=notes,
        )  # fmt: skip
    table = table[a + c > 0].sort_values(["p_value", "label"], kind="stable", ignore_index=True)
    return Enrichment(
        table=table,
        group=group,
        others=OTHERS if len(names) > 2 else next(name for name in names if name != group),
        n=found.groups[group],
        n_others=sum(found.groups.values()) - found.groups[group],
    )


def clinical_differences(table: TableOne) -> pd.DataFrame:
    """Table one ranked: the variables that tell the groups apart most come first.

    Returns
    -------
    DataFrame
        One row a variable with more than one value, by p-value, those not tested last by their
        difference: variable, label, the summary in words by group (one column a group; of two
        values the first), higher_in (the group in which a number,
        a step of a scale or a yes is higher or more frequent; empty without a direction), smd,
        test, p_value, q_value, missing.
    """
    rows = []
    for row in table.rows:
        if row.constant:
            continue
        cells = {}
        for name, group in zip(table.names, row.groups, strict=True):
            levels = row.levels or ("",)
            told = list(zip(group, levels, strict=True))
            if set(row.levels) == set(_YES):
                told = [(summary, "") for summary, level in told if level == _YES[0]]
            elif row.levels:
                told = [told[i] for i, held in enumerate(row.overall) if held.count]
                # Of two values such as the sexes one tells the other.
                told = told[:1] if len(told) == 2 else told
            cells[name] = "; ".join(in_words(summary, level) for summary, level in told)
        rows.append(
            {
                "variable": row.name, "label": row.label, **cells,
                "higher_in": _higher_in(row, table.names), "smd": row.comparison.smd,
                "test": row.comparison.test, "p_value": row.comparison.p_value,
                "q_value": row.q_value, "missing": row.missing,
            }
        )  # fmt: skip
    if not rows:
        return pd.DataFrame(columns=["variable", "label", *table.names, *_DIFFERENCE])
    frame = pd.DataFrame(rows)
    order = np.lexsort((-frame["smd"].fillna(-1), frame["p_value"].fillna(2)))
    return frame.iloc[order].reset_index(drop=True)


def direction(row: VariableRow, like: VariableRow | None = None) -> float:
    """1 where the variable is higher in the first of two groups, -1 lower; NaN without direction.

    Parameters
    ----------
    row
        A number, steps of a scale, or a variable of two values.
    like
        The variable whose first value is the one that is counted; None for its own.
    """
    like = like or row
    if len(row.groups) != 2 or np.isnan(row.comparison.smd):
        return float("nan")
    if row.kind == "numeric":
        apart = row.groups[0][0].mean - row.groups[1][0].mean
    elif row.kind == "ordinal" and like.kind == "ordinal":
        apart = _mean_step(row.groups[0]) - _mean_step(row.groups[1])
    else:
        words = [same_word(level) for level in row.levels]
        if len(words) != 2 or set(words) != {same_word(level) for level in like.levels}:
            return float("nan")
        place = words.index(same_word(like.levels[0]))
        apart = row.groups[0][place].share - row.groups[1][place].share
    return float(np.sign(apart)) or 1.0


def _mean_step(group: Sequence[GroupSummary]) -> float:
    return float(sum(step * level.share for step, level in enumerate(group)))


def composition(grouping: Grouping, parts: Grouping, mask: Bools) -> pd.DataFrame:
    """How each group is made up of the parts of another grouping, such as genomic subgroups.

    Returns
    -------
    DataFrame
        One row a group and part: group, part, patients, of (patients of the group who are in any
        part), share.
    """
    both = mask & (grouping.codes >= 0) & (parts.codes >= 0)
    k, m = len(grouping.names), len(parts.names)
    joint = grouping.codes[both].astype(np.int64) * m + parts.codes[both]
    counts = np.bincount(joint, minlength=k * m).reshape(k, m)
    totals = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts / totals[:, None]
    return pd.DataFrame(
        {
            "group": np.repeat(np.array(grouping.names, dtype=object), m),
            "part": np.tile(np.array(parts.names, dtype=object), k),
            "patients": counts.ravel(),
            "of": np.repeat(totals, m),
            "share": shares.ravel(),
        }
    )


def _higher_in(row: VariableRow, names: Sequence[str]) -> str:
    # Of two values such as the sexes neither is the higher one.
    plain = row.kind in ("numeric", "ordinal") or set(row.levels) == set(_YES)
    sign = direction(row) if plain else np.nan
    return "" if np.isnan(sign) else names[0 if sign > 0 else 1]
