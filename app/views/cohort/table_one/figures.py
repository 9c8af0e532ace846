"""Table one as a figure: for the stage, slides and reports."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app.analysis.associations import TableOne
from app.cohort.colours import GREY
from app.study.figures.labels import all_shortened
from app.study.figures.theme import INK, make_figure, rgba
from app.views.cohort.table_one.words import printed

_MOST_GROUPS = 5
_BESIDE = ("Missing", "Test", "q")
_ROW = 27
_PLAIN, _STRIPE = "rgba(0,0,0,0)", rgba(GREY, 0.14)
_LONGEST, _AROUND, _LETTER = 38, 20, 7


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
    return _of_texts(frame.drop(columns=dropped))


def _of_texts(frame: pd.DataFrame) -> go.Figure:
    """A table of texts with a shaded head; the first column is read from the left."""
    first, *others = frame.columns
    names = all_shortened([str(name) for name in frame[first]], _LONGEST)
    # A number is not broken into lines.
    columns = [
        names, *([str(text).replace(" ", "\u00a0") for text in frame[name]] for name in others)
    ]  # fmt: skip
    heads = [first, *others]
    widths = [
        _AROUND + _LETTER * max(map(len, [str(head), *column]))
        for head, column in zip(heads, columns, strict=True)
    ]
    look = {
        "align": ["left", *["center"] * len(others)],
        "line": {"width": 0},
        "height": _ROW,
        "font": {"size": 13, "color": INK},
    }
    stripes = [_STRIPE if at % 2 else _PLAIN for at in range(len(frame))]
    trace = {
        "type": "table",
        "columnwidth": widths,
        "header": {
            **look, "values": [f"<b>{head}</b>" for head in heads], "fill": {"color": _STRIPE},
        },
        "cells": {**look, "values": columns, "fill": {"color": [stripes]}},
    }  # fmt: skip
    margin = {"l": 12, "r": 12}
    return make_figure([trace], height=_ROW * (len(frame) + 1) + 6, margin=margin)
