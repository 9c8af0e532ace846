"""Table one as it may be shown, from released tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.analysis.disclosure_tables import (
    ReleasedNumber,
    ReleasedTable,
    alteration_tables,
    number_row,
    p_words,
    variable_table,
)
from app.cohort.disclosure import Disclosure, printed
from app.cohort.groupings import Grouping
from data_loaders import Cohort


def table_one_frame(
    cohort: Cohort,
    variables: Sequence[str],
    grouping: Grouping,
    policy: Disclosure,
    most_alterations: int,
) -> pd.DataFrame:
    """Variables and the leading alterations by groups, every cell released.

    Parameters
    ----------
    cohort
        The cohort.
    variables
        Columns, in order; those that the groups are made of are left out.
    grouping
        Groups with k or more patients each.
    policy
        The policy.
    most_alterations
        How many alterations at most.
    """
    sizes = np.bincount(grouping.codes[grouping.codes >= 0], minlength=len(grouping.names))
    named = dict(zip(grouping.names, (policy.in_words(int(n)) for n in sizes), strict=True))
    heads = {"All": f"All ({policy.in_words(int(sizes.sum()))})"}
    heads |= {name: f"{name} ({n})" for name, n in named.items()}
    rows: list[dict[str, str]] = []
    for name in variables:
        if cohort.variables[name].label == grouping.label:
            continue
        if cohort.variables[name].kind == "numeric":
            rows.append(_number(number_row(cohort, name, grouping, policy), heads))
        else:
            rows += _levels(variable_table(cohort, name, grouping, policy), heads)
    for table in alteration_tables(cohort, grouping, policy, most_alterations):
        rows += _levels(table, heads)[:1]
    return pd.DataFrame(rows)


def _number(row: ReleasedNumber, heads: dict[str, str]) -> dict[str, str]:
    cells = {heads[name]: words for name, words in zip(row.groups, row.words, strict=True)}
    return {
        "Variable": row.label, "Value": "median (quartiles)", **cells,
        "Missing": printed(row.missing), "p": p_words(row.p_value),
    }  # fmt: skip


def _levels(table: ReleasedTable, heads: dict[str, str]) -> list[dict[str, str]]:
    rows = []
    for level in range(len(table.levels) - 1):
        cells = {}
        for group, name in enumerate(table.groups):
            share = table.share(level, group)
            percent = "" if np.isnan(share) else f" ({share:.0%})"
            cells[heads[name]] = f"{printed(table.counts[level][group])}{percent}"
        first = level == 0
        rows.append(
            {
                "Variable": table.label if first else "", "Value": table.levels[level], **cells,
                "Missing": printed(table.counts[-1][0]) if first else "",
                "p": p_words(table.p_value) if first else "",
            }
        )  # fmt: skip
    return rows
