"""One patient's course: every event on its own line, on one clock."""

from __future__ import annotations

import textwrap
from types import MappingProxyType
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import (
    AMBER,
    BLUE,
    CRIMSON,
    GREEN,
    GREY,
    INDIGO,
    PURPLE,
    SLATE,
    TEAL,
    VERMILION,
)
from app.study.figures.theme import INK, make_figure, nice_ticks, rgba, text_at
from app.study.wording import TimeUnit, format_time, in_unit
from app.views.patient.timeline import EventKind

# Symbol and colour of each sort of event, the same in a timeline and in a swimmer plot.
MARKS: MappingProxyType[EventKind, tuple[str, str]] = MappingProxyType(
    {
        "start": ("circle", SLATE),
        "sample": ("diamond", TEAL),
        "treatment": ("square", BLUE),
        "transplant": ("star", GREEN),
        "remission": ("triangle-up", INDIGO),
        "transformation": ("hexagon", VERMILION),
        "progression": ("triangle-down", AMBER),
        "other": ("pentagon", PURPLE),
        "death": ("x", CRIMSON),
        "end": ("triangle-right", GREY),
    }
)
_ROW = 36
_LABEL_WIDTH = 24


def timeline_figure(events: pd.DataFrame, unit: TimeUnit = "years") -> go.Figure:
    """Draw the events of one patient, the first on top.

    Parameters
    ----------
    events
        Columns event, kind and months, in the order of time.
    """
    times = [in_unit(float(months), unit) for months in events["months"]]
    rows = list(range(len(events)))
    ticks = nice_ticks(max(times))
    last = max(*times, ticks[-1], 0.25)
    labels = ["<br>".join(textwrap.wrap(name, _LABEL_WIDTH)) for name in events["event"]]
    wide = max(len(line) for label in labels for line in label.split("<br>"))
    told = [f"{format_time(float(months), unit)} {unit}" for months in events["months"]]
    lines = {
        "type": "scatter",
        "mode": "lines",
        "x": [x for time in times for x in (0.0, time, None)],
        "y": [y for row in rows for y in (row, row, None)],
        "line": {"color": rgba(GREY, 0.55), "width": 3},
        "hoverinfo": "skip",
    }
    marks = {
        "type": "scatter",
        "mode": "markers+text",
        "x": times,
        "y": rows,
        "text": told,
        "textfont": {"size": 12, "color": INK},
        # A label near the right edge would leave the figure.
        "textposition": ["top left" if t > 0.75 * last else "middle right" for t in times],
        "marker": {
            "size": 14,
            "symbol": [MARKS[kind][0] for kind in events["kind"]],
            "color": [MARKS[kind][1] for kind in events["kind"]],
        },
        "customdata": events["event"].to_numpy(),
        # The first mark stands on the edge.
        "cliponaxis": False,
        "hovertemplate": "<b>%{customdata}</b><br>%{text}<extra></extra>",
    }
    return make_figure(
        [lines, marks],
        height=_ROW * len(events) + 56,
        annotations=[_axis_title(unit)],
        xaxis={
            "range": [-0.03 * last, 1.04 * last], "tickvals": ticks, "zeroline": False,
        },
        yaxis={
            "tickvals": rows, "ticktext": labels, "range": [len(rows) - 0.5, -0.5],
            "showgrid": False, "zeroline": False, "ticks": "",
        },
        margin={"l": 20 + 7 * wide, "b": 48},
        showlegend=False,
    )  # fmt: skip


def timeline_alt(title: str, events: pd.DataFrame, unit: TimeUnit) -> str:
    """Alternative text: the title and every event with its time."""
    told = [
        f"{row.event} at {format_time(float(row.months), unit)} {unit}"
        for row in events.itertuples()
    ]
    return f"{title}. {'; '.join(told)}."


def _axis_title(unit: TimeUnit) -> dict[str, Any]:
    return text_at(
        f"{unit.capitalize()} from time zero", xref="paper", yref="paper", x=0.5, y=0,
        yshift=-26, yanchor="top",
    )  # fmt: skip
