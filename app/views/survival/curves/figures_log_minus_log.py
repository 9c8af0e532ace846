"""The log-minus-log view: parallel curves mean proportional hazards."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.study.figures.curves import thinned
from app.study.figures.legend import legend_above
from app.study.figures.theme import make_figure, text_at, under_axis
from app.study.wording import TimeUnit, in_unit
from app.views.survival.curves.analysis import GroupSurvival

_HEIGHT = 380
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def log_minus_log_figure(result: GroupSurvival, unit: TimeUnit = "years") -> go.Figure:
    """Draw log(-log S(t)) over time on a log scale, for the steps at which events happen."""
    traces: list[dict[str, Any]] = []
    first, last = np.inf, 0.0
    for curve in result.drawn:
        km = curve.km
        if km is None:
            continue
        inside = (km.n_event > 0) & (km.survival > 0) & (km.survival < 1) & (km.time > 0)
        time, survival = km.time[inside], km.survival[inside]
        if not len(time):
            continue
        keep = thinned(time)
        shown = np.array([in_unit(month, unit) for month in time[keep]])
        first, last = min(first, shown[0]), max(last, shown[-1])
        traces.append(
            {
                "type": "scatter",
                "x": shown,
                "y": np.log(-np.log(survival[keep])),
                "mode": "lines",
                "line": {"shape": "hv", "color": curve.colour, "width": 2.2},
                "name": curve.name,
                "customdata": survival[keep],
                "hovertemplate": "%{x:.2f} " + unit + ": S = %{customdata:.1%}",
            }
        )
    # The first events alone stretch a log scale: what comes before a 200th of the time is cut.
    first = max(first, last / 200)
    ticks = [step for step in _STEPS if first <= step <= last]
    return make_figure(
        traces,
        height=_HEIGHT,
        **legend_above([curve.name for curve in result.drawn]),
        annotations=[
            *under_axis(f"{unit.capitalize()} of follow-up, log scale"),
            text_at(
                "log(−log S)", x=0, y=1, xanchor="left", xref="x domain", yref="y domain", xshift=6
            ),
        ],
        xaxis={
            "type": "log",
            "range": [np.log10(first * 0.9), np.log10(last * 1.1)] if last else [-1, 1],
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
            "showgrid": False,
            "zeroline": False,
            "ticks": "outside",
        },
        yaxis={"zeroline": False},
        margin={"b": 52},
    )
