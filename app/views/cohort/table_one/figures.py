"""Table one as a figure: for the stage, slides and reports."""

from __future__ import annotations

import plotly.graph_objects as go

from app.analysis.associations import TableOne
from app.study.figures.table import table_figure
from app.views.cohort.table_one.words import printed

_MOST_GROUPS = 5
_BESIDE = ("Missing", "Test", "q")


def table_one_figure(table: TableOne) -> go.Figure:
    """The table with its p-values and differences; of many groups the largest.

    What makes a table wide (missing values, tests, q-values) stands in the workbook.
    """
    frame = printed(table).drop(columns=list(_BESIDE))
    heads = frame.columns[2 : 2 + len(table.names)]
    sizes = dict(zip(heads, table.sizes, strict=True))
    largest = sorted(heads, key=lambda name: -sizes[name])[:_MOST_GROUPS]
    alone = len(heads) == 1
    dropped = [name for name in heads if alone or name not in largest]
    dropped += ["p", "SMD"] * alone
    return table_figure(frame.drop(columns=dropped))
