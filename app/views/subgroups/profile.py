"""What a group is: its alterations as a matrix, and its clinical profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from app.cohort.groupings import Grouping, by_variable
from app.study.wording import format_percent, three_figures
from data_loaders import Cohort, Variable
from data_loaders.arrays import Bools, Floats
from data_loaders.wording import with_range

_ROLES = ("demographic", "disease", "laboratory", "clinical")
_MOST_LEVELS = 8
_PER_GROUP = 5
_FDR = 0.05
_TOLD = 6
_LEAST_SHARE = 0.05
PROFILE_COLUMNS = (
    "variable", "level", "group", "n", "known", "count", "share", "median", "q1", "q3", "smd",
)  # fmt: skip


def telling_features(enrichment: pd.DataFrame, most: int = 28) -> list[str]:
    """The alterations that tell the groups apart, ordered so that each group's stand together.

    Parameters
    ----------
    enrichment
        Of a subgroup search, most enriched first within a group.
    """
    enriched = enrichment[
        (enrichment["odds_ratio"] > 1)
        & (enrichment["q_value"] < _FDR)
        & (enrichment["in_group"] >= _LEAST_SHARE)
    ]
    leading = enriched.groupby("group", sort=False).head(_PER_GROUP)
    # Where there is room for fewer, every group keeps its first ones.
    rank = leading.groupby("group", sort=False).cumcount()
    kept = leading.iloc[np.argsort(rank.to_numpy(), kind="stable")]["feature"].drop_duplicates()
    wanted = set(kept.head(most))
    return [name for name in leading["feature"].drop_duplicates() if name in wanted]


def carried(
    cohort: Cohort,
    features: Sequence[str],
    inside: Bools,
    outside: Bools,
) -> pd.DataFrame:
    """What some patients carry, beside the others: alterations whose shares differ most.

    There is no test: who lies together on a map was placed there by these very alterations.

    Parameters
    ----------
    inside, outside
        The patients and the others, shape (cohort.n,).

    Returns
    -------
    DataFrame
        feature, altered and tested among them, share, share_outside; those that more of them carry
        than of the others, largest difference first.
    """
    columns = cohort.alterations.columns.get_indexer(list(features))
    states = cohort.states[:, columns]
    counts = {}
    for name, who in (("", inside), ("_outside", outside)):
        counts[f"altered{name}"] = np.count_nonzero(states[who] == 1, axis=0)
        counts[f"tested{name}"] = np.count_nonzero(states[who] >= 0, axis=0)
    table = pd.DataFrame({"feature": list(features), **counts})
    for name in ("", "_outside"):
        tested = table[f"tested{name}"].where(table[f"tested{name}"] > 0)
        table[f"share{name}"] = table[f"altered{name}"] / tested
    difference = table["share"] - table["share_outside"].fillna(0.0)
    order = difference[difference > 0].sort_values(ascending=False, kind="stable").index
    return table.loc[order, ["feature", "altered", "tested", "share", "share_outside"]].reset_index(
        drop=True
    )


def carried_in_words(table: pd.DataFrame) -> list[str]:
    """``JAK2 in 45 of 60 (75%; of the others 51%)``, one sentence part an alteration."""
    return [
        f"{row.feature} in {row.altered:,} of {row.tested:,} ({format_percent(row.share)}; of the "
        f"others {format_percent(row.share_outside)})"
        for row in table.head(_TOLD).itertuples()
    ]


def clinical_profile(cohort: Cohort, grouping: Grouping, mask: Bools) -> pd.DataFrame:
    """Clinical variables by group: median and quartiles of numbers, count and share of categories.

    Parameters
    ----------
    cohort
        The cohort; variables on outcome, treatment and study are left out.

    Returns
    -------
    DataFrame
        One row a variable (or a level of it that somebody has; none where all have the same) and
        group: variable, level, group, n, known (with a
        value), count and share (categories), median, q1, q3 (numbers), and smd, the standardised
        difference between the group and all others.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083 (standardised differences).
    """
    members = [(grouping.codes == code) & mask for code in range(len(grouping.names))]
    everyone = (grouping.codes >= 0) & mask
    rows: list[dict[str, object]] = []
    for variable in cohort.variables.values():
        if variable.role not in _ROLES or variable.name not in cohort.patients.columns:
            continue
        if variable.kind == "numeric":
            values = cohort.numbers(variable.name)
            if np.isfinite(values[everyone]).any():
                rows += _numeric_rows(variable, values, grouping, members, everyone)
        elif variable.kind in {"categorical", "ordinal", "binary"}:
            rows += _category_rows(cohort, variable, grouping, members, everyone)
    return pd.DataFrame(rows, columns=list(PROFILE_COLUMNS))


def profile_in_words(profile: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """A clinical profile as it is read: one row a variable or level, one column a group."""
    if profile.empty:
        return pd.DataFrame(columns=["Variable", *labels.values(), "Largest SMD"])
    words = [
        format_percent(row.share) if pd.notna(row.share) else _numbers(row)
        for row in profile.itertuples()
    ]
    rows = profile["variable"] + np.where(profile["level"] == "", "", ": " + profile["level"])
    table = pd.DataFrame({"row": rows, "group": profile["group"], "words": words})
    wide = table.pivot_table(index="row", columns="group", values="words", aggfunc="first")
    order = list(dict.fromkeys(rows))
    wide = wide.loc[order, list(labels)].rename(columns=dict(labels))
    largest = profile["smd"].abs().groupby(rows.to_numpy()).max()
    wide["Largest SMD"] = largest.loc[order]
    wide.columns.name = None
    return wide.rename_axis("Variable").reset_index()


def _numbers(row: object) -> str:
    median, q1, q3 = (float(getattr(row, name)) for name in ("median", "q1", "q3"))
    if np.isnan(median):
        return "–"
    return with_range(*map(three_figures, (median, q1, q3)))


def _numeric_rows(
    variable: Variable,
    values: Floats,
    grouping: Grouping,
    members: list[Bools],
    everyone: Bools,
) -> list[dict[str, object]]:
    label = f"{variable.label}, {variable.unit}" if variable.unit else variable.label
    rows = []
    for name, member in zip(grouping.names, members, strict=True):
        inside, outside = _finite(values[member]), _finite(values[everyone & ~member])
        q1, median, q3 = np.percentile(inside, [25, 50, 75]) if len(inside) else [np.nan] * 3
        rows.append(
            {
                "variable": label, "level": "", "group": name, "n": int(member.sum()),
                "known": len(inside), "median": median, "q1": q1, "q3": q3,
                "smd": _difference(inside, outside),
            }
        )  # fmt: skip
    return rows


def _category_rows(
    cohort: Cohort,
    variable: Variable,
    grouping: Grouping,
    members: list[Bools],
    everyone: Bools,
) -> list[dict[str, object]]:
    levels = by_variable(cohort, variable.name, max_groups=_MOST_LEVELS)
    # Of yes and no, one tells both.
    shown = ["Yes"] if variable.kind == "binary" and "Yes" in levels.names else levels.names
    known = levels.codes != -1
    present = {name for name, n in zip(levels.names, levels.sizes(everyone), strict=True) if n}
    if len(present) < 2 and not (levels.codes[everyone] < -1).any():
        return []
    shown = [level for level in shown if level in present]
    rows: list[dict[str, object]] = []
    for level in shown:
        carries = levels.codes == levels.names.index(level)
        for name, member in zip(grouping.names, members, strict=True):
            inside, outside = member & known, everyone & ~member & known
            n = int(inside.sum())
            rows.append(
                {
                    "variable": variable.label, "level": level, "group": name,
                    "n": int(member.sum()), "known": n, "count": int((carries & inside).sum()),
                    "share": float(carries[inside].mean()) if n else float("nan"),
                    "smd": _difference(carries[inside] * 1.0, carries[outside] * 1.0),
                }
            )  # fmt: skip
    return rows


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _difference(inside: Floats, outside: Floats) -> float:
    """Difference of means over the root of the mean variance; of shares likewise."""
    if not len(inside) or not len(outside):
        return float("nan")
    spread = np.sqrt((inside.var() + outside.var()) / 2)
    apart = inside.mean() - outside.mean()
    return float(apart / spread) if spread > 0 else float("nan")
