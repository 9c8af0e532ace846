"""Table one as a frame, with its summaries in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from app.analysis.arrays import Bools
from app.analysis.associations._table_one import GroupSummary, table_one
from app.analysis.survival_input import same_patients
from app.cohort.groupings import Grouping, by_labels, by_variable
from data_loaders import Cohort
from data_loaders.wording import with_range


def compare_groups(
    cohort: Cohort, groups: Grouping | str | Sequence[str | None], mask: Bools | None = None
) -> pd.DataFrame:
    """Compare groups of patients in every variable: table one as a frame.

    Parameters
    ----------
    groups
        A grouping; or the name of a categorical variable; or one label a patient, None for those
        in no group.

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


def in_words(summary: GroupSummary, level: str = "") -> str:
    """A summary as printed: ``63 (52–71)`` for a number, ``F: 120 (45%)`` for a level."""
    if not summary.known:
        return f"{level}: –" if level else "–"
    if np.isnan(summary.median):
        if summary.count < 0:
            return f"{level}: hidden" if level else "hidden"
        words = f"{summary.count:,} ({100 * summary.share:.0f}%)"
        return f"{level}: {words}" if level else words
    return with_range(*map(_digits, (summary.median, summary.q1, summary.q3)))


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


def _digits(value: float) -> str:
    """A number with three significant digits, but never fewer than its whole part has."""
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
