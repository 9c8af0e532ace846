"""Swimmer plot: one lane a patient, coloured by group, with a mark for every event."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.cohort.colours import GREY, NEUTRAL
from app.study.figures.legend import legend_lines
from app.study.figures.theme import INK, PAPER, make_figure, nice_ticks, text_at
from app.study.wording import TimeUnit, format_time, in_unit
from app.views.patient.analysis import patient_name
from app.views.patient.figures import MARKS
from app.views.patient.swimmer.analysis import NO_GROUP, Swimmer
from app.views.patient.timeline import LAST_FOLLOW_UP

_LANE, _BAR = 14, 0.75
# Pixels that the axis with its title takes.
_TITLED = 48
_SYMBOLS = ("star", "square", "hexagon", "triangle-up", "diamond", "pentagon", "triangle-down")


def swimmer_figure(drawn: Swimmer, unit: TimeUnit = "years") -> go.Figure:
    """Draw the lanes, the first on top."""
    factor = in_unit(1.0, unit)
    bars = _bars(drawn, unit, factor)
    marks = [*_milestones(drawn, factor), *_ends(drawn, factor)]
    # What the marks mean stands below, where a phone may need a line for each.
    below = _TITLED + 14 + 20 * len(marks)
    legend = {
        "orientation": "h", "x": 0, "font": {"size": 12, "color": INK}, "traceorder": "normal",
        "itemsizing": "constant",
    }  # fmt: skip
    ticks = nice_ticks(float(drawn.histories.end[drawn.positions].max()) * factor)
    last = max(float(drawn.histories.end[drawn.positions].max()) * factor, ticks[-1], 0.25)
    lanes = len(drawn.positions)
    return make_figure(
        [*bars, *marks],
        height=_LANE * max(lanes, 6) + 12 + below,
        legend_space=10 + 22 * legend_lines([str(trace["name"]) for trace in bars]),
        annotations=[
            text_at(
                f"{unit.capitalize()} from time zero; a lane is a patient", xref="paper",
                yref="paper", x=0.5, y=0, yshift=-26, yanchor="top",
            )
        ],
        xaxis={"range": [-0.015 * last, 1.03 * last], "tickvals": ticks, "zeroline": False},
        yaxis={
            "range": [lanes - 0.3, -0.7], "showticklabels": False, "showgrid": False,
            "zeroline": False, "ticks": "",
        },
        margin={"l": 14, "b": below},
        barmode="overlay",
        showlegend=True,
        legend=legend | {"y": 1.0, "yanchor": "bottom"},
        legend2=legend | {"y": -_TITLED / (_LANE * max(lanes, 6) + 12), "yanchor": "top"},
        hovermode="closest",
    )  # fmt: skip


def swimmer_alt(title: str, drawn: Swimmer) -> str:
    """Alternative text: the title, how lanes ended, and the marks."""
    lanes, label = len(drawn.positions), drawn.histories.end_label.lower()
    marks = ", ".join(m.label for m in drawn.histories.milestones) or "none"
    return f"{title}. {drawn.ended} of {lanes} lanes end with {label}. Events marked: {marks}."


def _bars(drawn: Swimmer, unit: TimeUnit, factor: float) -> list[dict[str, Any]]:
    traces = []
    found = drawn.histories
    for code in sorted({int(code) for code in drawn.codes}, key=lambda c: (c < 0, c)):
        rows = np.flatnonzero(drawn.codes == code)
        own = drawn.positions[rows]
        name = drawn.names[code] if code >= 0 else NO_GROUP
        start = found.entry[own]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": name,
                "x": (found.end[own] - start) * factor,
                "base": start * factor,
                "y": rows,
                # Else plotly makes a group's lanes as wide as they stand apart.
                "width": _BAR,
                "marker": {
                    "color": drawn.colours[code] if code >= 0 else NEUTRAL, "opacity": 0.6,
                },
                "customdata": [_hover(drawn, int(position), name, unit) for position in own],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )  # fmt: skip
    return traces


def _hover(drawn: Swimmer, position: int, group: str, unit: TimeUnit) -> str:
    found = drawn.histories
    lines = [f"<b>{patient_name(position)}</b>" + (f", {group}" if drawn.label else "")]
    lines += [
        f"{milestone.label}: {format_time(float(milestone.months[position]), unit)} {unit}"
        for milestone in found.milestones
        if np.isfinite(milestone.months[position])
    ]
    lines += [
        f"{milestone.label}: time not recorded"
        for milestone in found.milestones
        if milestone.undated[position]
    ]
    end = format_time(float(found.end[position]), unit)
    return "<br>".join([*lines, f"{found.end_in_words(position)}: {end} {unit}"])


def _milestones(drawn: Swimmer, factor: float) -> list[dict[str, Any]]:
    """One trace an event; two of one sort get different symbols."""
    traces: list[dict[str, Any]] = []
    used: set[str] = set()
    for milestone in drawn.histories.milestones:
        months = milestone.months[drawn.positions]
        rows = np.flatnonzero(np.isfinite(months))
        if not len(rows):
            continue
        symbol, colour = MARKS[milestone.kind]
        if symbol in used:
            symbol = next((free for free in _SYMBOLS if free not in used), symbol)
        used.add(symbol)
        traces.append(_marks(milestone.label, months[rows] * factor, rows, symbol, colour))
    return traces


def _ends(drawn: Swimmer, factor: float) -> list[dict[str, Any]]:
    found = drawn.histories
    ended = found.ended[drawn.positions] == 1
    traces = []
    for which, name, (symbol, colour) in (
        (ended, found.end_label, ("x-thin-open", INK)),
        (~ended, LAST_FOLLOW_UP, ("triangle-right", GREY)),
    ):
        rows = np.flatnonzero(which)
        if len(rows):
            end = found.end[drawn.positions[rows]] * factor
            traces.append(_marks(name, end, rows, symbol, colour))
    return traces


def _marks(name: str, x: Any, rows: Any, symbol: str, colour: str) -> dict[str, Any]:
    thin = symbol.endswith("open")
    line = {"width": 2, "color": INK} if thin else {"width": 1, "color": PAPER}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x,
        "y": rows,
        "legend": "legend2",
        "marker": {"symbol": symbol, "size": 9, "color": colour, "line": line},
        # The lane under it tells everything.
        "hoverinfo": "skip",
    }
