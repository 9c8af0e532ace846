"""A table as a figure: rows of text, to be presented and to become a table on a slide."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import GREY
from app.study.figures.labels import shortened
from app.study.figures.theme import INK, make_figure, rgba

ROW = 27
_PLAIN, _STRIPE = "rgba(0,0,0,0)", rgba(GREY, 0.14)
_LONGEST, _AROUND, _LETTER = 38, 20, 7


def table_figure(frame: pd.DataFrame) -> go.Figure:
    """A table of texts with a shaded head; the first column is read from the left."""
    first, *others = frame.columns
    names = [shortened(str(name), _LONGEST) for name in frame[first]]
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
        "height": ROW,
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
    return make_figure([trace], height=ROW * (len(frame) + 1) + 6, margin=margin)
