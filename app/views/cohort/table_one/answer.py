"""Table one as an answer: the table as a figure, what differs most, and its legend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from app.analysis.associations import TableOne
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.theme import titled
from app.study.wording import SIGNIFICANT, count, format_q, listing, mid_sentence
from app.views.cohort.table_one.analysis import described
from app.views.cohort.table_one.figures import table_one_figure
from app.views.cohort.table_one.words import legend, numbers, printed, untested
from data_loaders import Cohort

_LEADING = 3


def by_difference(table: TableOne) -> TableOne:
    """The table with the variable first that differs most."""
    rows = sorted(table.rows, key=lambda row: -np.nan_to_num(row.comparison.smd, nan=-1.0))
    return replace(table, rows=tuple(rows))


def table_one_answer(cohort: Cohort, result: TableOne, *, sorted_rows: bool = False) -> Answer:
    """The answer of a table one.

    Parameters
    ----------
    sorted_rows
        Whether the variable that differs most stands first.
    """
    if sorted_rows:
        result = by_difference(result)
    everyone = len(result.names) == 1
    by = "" if everyone else f" by {mid_sentence(result.label)}"
    title = f"Table one{by}, {count(result.n, 'patient')}"
    said = _reading(result)
    selected = result.n + sum(result.left_out.values())
    return Answer(
        key="table_one",
        name=("table one", result.label),
        title=title,
        figures={"Figure": titled(cohort, title, table_one_figure, result)},
        numbers=lambda: numbers(result),
        alt=f"Table. {title}. {said}",
        accounting=Accounting(selected, result.n, result.left_out, verb="are in the table"),
        tables=lambda: {
            "Table one": printed(result), "Numbers": numbers(result), "Tests": _tests(result),
        },
        methods=[f"{legend(result)}{untested(result)}"],
        sentences=[said] if said else [],
    )  # fmt: skip


TABLE_ONE = Analysis(described, table_one_answer)


def _tests(table: TableOne) -> pd.DataFrame:
    """One row a variable that was compared: test, p-value, q-value, largest difference."""
    return pd.DataFrame(
        [
            {
                "label": row.label, "test": row.comparison.test,
                "statistic": row.comparison.statistic, "p_value": row.comparison.p_value,
                "q_value": row.q_value, "smd": row.comparison.smd, "missing": row.missing,
            }
            for row in table.rows
            if not row.constant
        ]
    )  # fmt: skip


def _reading(table: TableOne) -> str:
    """How many variables differ, and which most; nothing where there are no groups to compare."""
    tested = [row for row in table.rows if np.isfinite(row.q_value)]
    if not tested:
        return ""
    differ = sorted((r for r in tested if r.q_value < SIGNIFICANT), key=lambda row: row.q_value)
    compared = f"Of {count(len(tested), 'variable')} compared"
    if not differ:
        return f"{compared}, none differs with q below {SIGNIFICANT}."
    number = f"{len(differ):,} {'differs' if len(differ) == 1 else 'differ'}"
    most = listing([f"{row.label} ({format_q(row.q_value)})" for row in differ[:_LEADING]])
    said = f"{compared}, {number} with q below {SIGNIFICANT}; the most certain: {most}."
    return f"{said}{untested(table)}"
