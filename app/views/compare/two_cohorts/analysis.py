"""The same question in two cohorts: whether what differs in the one differs in the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from app.analysis.arrays import Bools
from app.analysis.associations import TableOne, VariableRow, describable
from app.analysis.competing_risks import group_cox
from app.cohort.filters import Selection
from app.cohort.groupings import Grouping
from app.study.outcomes import outcome_of
from app.study.wording import SIGNIFICANT, count, format_p, format_ratio, mid_sentence, some
from app.views.compare.analysis import Comparison, Enrichment, direction
from app.views.compare.match import Matching, match_cohorts
from app.views.compare.words import lowered
from app.views.survival.curves.analysis import GroupSurvival
from data_loaders import Cohort
from data_loaders.meaning.alike import same_word

_Z = float(ndtri(0.975))
_COMMON = 2


@dataclass(frozen=True)
class Hazards:
    """Hazard ratio of the second group against the first in two cohorts.

    Parameters
    ----------
    ratios
        Hazard ratio with lower and upper limit (95%, Wald), one a cohort.
    p_values
        Of Wald's tests, one a cohort.
    heterogeneity
        P-value of the difference between the two log hazard ratios.
    """

    ratios: tuple[tuple[float, float, float], tuple[float, float, float]]
    p_values: tuple[float, float]
    heterogeneity: float


@dataclass(frozen=True, eq=False)
class TwoCohorts:
    """The same groups in two cohorts, and what of the one is found again in the other.

    Parameters
    ----------
    sides
        The groups in either cohort, under the same names.
    matching
        What the second cohort calls what the first has.
    """

    selections: tuple[Selection, Selection]
    sides: tuple[Comparison, Comparison]
    matching: Matching

    @property
    def names(self) -> tuple[str, str]:
        """Names of the cohorts."""
        return self.sides[0].cohort.name, self.sides[1].cohort.name

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that both have."""
        return self.sides[0].names

    @property
    def synthetic(self) -> bool:
        """Whether any of the data are simulated."""
        return any(side.cohort.provenance.synthetic for side in self.sides)

    @cached_property
    def clinical(self) -> pd.DataFrame:
        """The clinical variables of both: see :func:`clinical_replication`."""
        first, second = self.sides
        return clinical_replication(first.table, second.table, self.matching.variables)

    @cached_property
    def alterations(self) -> pd.DataFrame:
        """The alterations of both: see :func:`replication`; empty where one has none."""
        first, second = (side.contrast for side in self.sides)
        if first is None or second is None:
            return pd.DataFrame()
        return replication(first, second, self.matching.alterations)

    @property
    def survival(self) -> tuple[GroupSurvival, GroupSurvival] | None:
        """Survival in both; None without an endpoint of both."""
        first, second = (side.survival for side in self.sides)
        return None if first is None or second is None else (first, second)


def compare_cohorts(
    selections: tuple[Selection, Selection],
    groupings: tuple[Grouping, Grouping],
    *,
    endpoint_key: str = "",
) -> TwoCohorts:
    """Compare the same groups in two cohorts.

    Survival is followed for as long as the shorter follow-up of the two.
    """
    first, second = (selection.source for selection in selections)
    matching = match_cohorts(first, second)
    theirs = set(describable(second))
    # Nor are the centres of the one cohort compared with those of the other.
    variables = {
        name: matching.variables[name]
        for name in describable(first)
        if name != groupings[0].column and first.variables[name].role != "study"
        if matching.variables.get(name) in theirs
    }
    key = endpoint_key if endpoint_key in second.endpoints else ""
    asked = [
        (selection.source, selection.mask, grouping)
        for selection, grouping in zip(selections, groupings, strict=True)
    ]
    limit = min(_last_time(*one, key) for one in asked) if key else None
    ours, others = (
        Comparison(*one, list(names), key, limit)
        for one, names in zip(asked, (variables, variables.values()), strict=True)
    )
    return TwoCohorts(selections, (ours, others), matching)


def _last_time(cohort: Cohort, mask: Bools, grouping: Grouping, endpoint: str) -> float:
    """End of the longest follow-up in months; 0 where nobody is followed."""
    return float(outcome_of(cohort, mask, endpoint, grouping).time.max(initial=0.0))


def replication(
    first: Enrichment, second: Enrichment, alterations: Mapping[str, str]
) -> pd.DataFrame:
    """The same contrast of alterations in two cohorts, side by side.

    Parameters
    ----------
    alterations
        Names in the second cohort by those in the first.

    Returns
    -------
    DataFrame
        One row an alteration compared in both, in the order of the first: feature, label, and of
        each cohort (suffix 1, 2) difference (of the two frequencies), odds_ratio, lower, upper,
        p_value, q_value; then agrees: whether the frequencies differ in the same direction.
    """
    columns = ["feature", "label", "odds_ratio", "lower", "upper", "p_value", "q_value"]
    sides = []
    for found in (first, second):
        table = found.table[found.table["p_value"].notna()]
        difference = table["frequency"] - table["others_frequency"]
        sides.append(table[columns].assign(difference=difference))
    names = {theirs: ours for ours, theirs in alterations.items()}
    theirs = sides[1].assign(feature=[names.get(name) for name in sides[1]["feature"]])
    joined = sides[0].merge(
        theirs.drop(columns="label").dropna(subset="feature"),
        on="feature", how="inner", suffixes=("_1", "_2"),
    )  # fmt: skip
    agrees = np.sign(joined["difference_1"]) == np.sign(joined["difference_2"])
    return joined.assign(agrees=agrees.astype("boolean"))


def clinical_replication(
    first: TableOne, second: TableOne, variables: Mapping[str, str]
) -> pd.DataFrame:
    """The same clinical variables in two cohorts, side by side.

    Between two groups a number, a yes or no and steps of a scale have a direction: their
    standardised mean difference is positive where they are higher or more frequent in the first
    group, with a 95% interval (Hedges & Olkin 1985). Else it is the largest of any two groups.

    Parameters
    ----------
    variables
        Names in the second cohort by those in the first.

    Returns
    -------
    DataFrame
        One row a variable, by p-value in the first cohort: variable, label, directed, and of each
        cohort (suffix 1, 2) smd, lower, upper, p_value, q_value, missing; then agrees: whether the
        differences have the same direction, missing where there is none.
    """
    theirs = {row.name: row for row in second.rows}
    rows = []
    for row in first.rows:
        other = theirs.get(variables.get(row.name, ""))
        if other is None or not _comparable(row, other):
            continue
        signs = [direction(held, row) for held in (row, other)]
        directed = not np.isnan(signs).any()
        found: dict[str, object] = {"variable": row.name, "label": _told(row), "directed": directed}
        for side, (held, sign) in enumerate(zip((row, other), signs, strict=True), start=1):
            smd = held.comparison.smd * (sign if directed else 1.0)
            spread = _Z * _smd_error(held, smd) if directed else np.nan
            found |= {
                f"smd_{side}": smd, f"lower_{side}": smd - spread, f"upper_{side}": smd + spread,
                f"p_value_{side}": held.comparison.p_value, f"q_value_{side}": held.q_value,
                f"missing_{side}": held.missing,
            }  # fmt: skip
        found["agrees"] = bool(signs[0] == signs[1]) if directed else None
        rows.append(found)
    if not rows:
        return pd.DataFrame()
    return (
        pd.DataFrame(rows)
        .astype({"agrees": "boolean"})
        .sort_values("p_value_1", kind="stable", ignore_index=True)
    )


def hazards_in_both(first: GroupSurvival, second: GroupSurvival) -> Hazards | None:
    """Hazard ratio of two groups in either cohort; None with more groups or without events."""
    ratios, p_values, logs, errors = [], [], [], []
    for result in (first, second):
        outcome = result.outcome
        if len(result.drawn) != 2 or result.test is None:
            return None
        try:
            groups = outcome.groups.set_categories([str(name) for name in result.by_name])
            model = group_cox(
                outcome.time, outcome.event.astype(np.int64), groups, entry=outcome.entry
            )
        except ValueError:
            return None
        row = model.summary.iloc[0]
        ratios.append((float(row["hr"]), float(row["lower"]), float(row["upper"])))
        p_values.append(float(row["p_value"]))
        logs.append(float(row["coef"]))
        errors.append(float(row["se"]))
    apart = abs(logs[0] - logs[1]) / np.hypot(errors[0], errors[1])
    return Hazards((ratios[0], ratios[1]), (p_values[0], p_values[1]), float(2 * ndtr(-apart)))


def hazards_reading(first: GroupSurvival, second: GroupSurvival, names: Sequence[str]) -> str:
    """Survival in both cohorts, in one sentence."""
    start = f"**{first.endpoint.label}:**"
    found = hazards_in_both(first, second)
    if found is None:
        told = [
            f"{format_p(result.p_value)} in {name}"
            if result.p_value is not None
            else f"no test in {name} ({mid_sentence(result.p_note).rstrip('.')})"
            for result, name in zip((first, second), names, strict=True)
        ]
        return f"{start} {' and '.join(told)} (log-rank test)."
    reference, group = map(str, first.by_name)
    told = [
        f"{format_ratio(*ratio)} in {name} ({format_p(p_value)})"
        for ratio, p_value, name in zip(found.ratios, found.p_values, names, strict=True)
    ]
    return (
        f"{start} hazard ratio of {group} against {reference} {' and '.join(told)}: "
        f"{_verdict(found, names)}. Difference between the cohorts {format_p(found.heterogeneity)}."
    )


def _verdict(found: Hazards, names: Sequence[str]) -> str:
    clear = [p_value < SIGNIFICANT for p_value in found.p_values]
    same = (found.ratios[0][0] > 1) == (found.ratios[1][0] > 1)
    if not clear[0]:
        return f"not clear in {names[0]}, so there is nothing to find again"
    if clear[1]:
        return f"{'found again' if same else 'the opposite'} in {names[1]}"
    return f"{'the same direction but not clear' if same else 'not seen'} in {names[1]}"


def replication_reading(
    table: pd.DataFrame, first: str, second: str, noun: str = "alteration"
) -> str:
    """How many differences of the first cohort come again in the second, in one sentence.

    Parameters
    ----------
    table
        Of :func:`replication` or :func:`clinical_replication`.
    """
    start = f"**{'Alterations' if noun == 'alteration' else 'Clinical'}:**"
    hits = table[table["q_value_1"] < SIGNIFICANT] if len(table) else table
    if not len(hits):
        return (
            f"{start} None of {count(len(table), noun)} compared in both differs in {first} at q "
            f"below {SIGNIFICANT}, so there is nothing to find again."
        )
    opposed = hits["agrees"].eq(other=False).fillna(value=False)
    again = hits[~opposed & (hits["p_value_2"] < SIGNIFICANT / len(hits))]
    same, directed = int(hits["agrees"].sum()), int(hits["agrees"].notna().sum())
    verb = "has" if same == 1 else "have"
    of = "" if directed == len(hits) else f" of {directed:,} with a direction"
    direction = f"{same:,}{of} {verb} the same direction in {second} and " if directed else ""
    said = (
        f"{start} Of {count(len(hits), noun)} that "
        f"{'differs' if len(hits) == 1 else 'differ'} in {first} at q below {SIGNIFICANT}, "
        f"{direction}{len(again):,} {'is' if len(again) == 1 else 'are'} found again"
        f"{' there' if directed else f' in {second}'} (p below {SIGNIFICANT} divided by the number "
        "looked for)"
    )
    labels = tuple(
        str(label) if noun == "alteration" else lowered(str(label)) for label in again["label"]
    )
    return f"{said}: {some(labels)}." if len(again) else f"{said}."


def _told(row: VariableRow) -> str:
    """The label; of two values such as the sexes with the one that is counted."""
    if len(row.levels) != _COMMON or row.kind == "ordinal" or "Yes" in row.levels:
        return row.label
    return f"{row.label}: {row.levels[0]}"


def _comparable(row: VariableRow, other: VariableRow) -> bool:
    """Whether two variables of one label have two values in common, or both are numbers."""
    if row.kind == "numeric" or other.kind == "numeric":
        return row.kind == other.kind
    words = [{same_word(level) for level in held.levels} for held in (row, other)]
    return len(words[0] & words[1]) >= _COMMON


def _smd_error(row: VariableRow, smd: float) -> float:
    """Standard error of a standardised mean difference (Hedges & Olkin 1985)."""
    a, b = (group[0].known for group in row.groups)
    return float(np.sqrt((a + b) / (a * b) + smd**2 / (2 * (a + b)))) if a and b else np.nan
