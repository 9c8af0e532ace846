"""Adjusted survival curves beside the unadjusted ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.study.figures.curves import curve_band, from_start, hover_of, share_axis, step_curve
from app.study.figures.legend import LEGEND
from app.study.figures.theme import make_figure, nice_ticks, text_at, under_axis
from app.study.wording import TimeUnit, in_unit
from app.views.survival.cox.checks import AdjustedView

_HEIGHT = 360
_FOOT = 54
_MAX_STEPS = 600


def adjusted_figure(
    view: AdjustedView,
    colours: Sequence[str],
    unit: TimeUnit = "years",
    *,
    event_label: str,
    unadjusted: bool = True,
) -> go.Figure:
    """Draw standardised curves with their band, and the Kaplan-Meier curves as dotted lines.

    Parameters
    ----------
    event_label
        What a curve is free of, for the axis.
    """
    factor = in_unit(1.0, unit)
    traces: list[dict[str, Any]] = []
    last = 0.0
    table = view.adjusted.table
    for name, colour in zip(view.names, colours, strict=True):
        own = table[table["group"] == name]
        time = from_start(0.0, own["time"].to_numpy(dtype=float))
        survival, lower, upper = (
            from_start(1.0, own[column].to_numpy(dtype=float))
            for column in ("survival", "lower", "upper")
        )
        last = max(last, float(time[-1]))
        x = time * factor
        traces += curve_band(x, survival, lower, upper, colour, legendgroup=name, showlegend=False)
        traces.append(
            step_curve(name, colour, x, survival, legendgroup=name, hovertemplate="%{y:.1%}")
        )
        if unadjusted:
            km = view.unadjusted[name]
            keep = np.unique(
                np.linspace(0, len(km.time) - 1, min(len(km.time), _MAX_STEPS)).astype(int)
            )
            last = max(last, float(km.time[-1]))
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "legendgroup": name,
                    "x": from_start(0.0, km.time[keep]) * factor,
                    "y": from_start(1.0, km.survival[keep]),
                    "line": {"shape": "hv", "color": colour, "width": 1.6, "dash": "dot"},
                    "hoverinfo": "skip",
                    "name": f"{name}, unadjusted",
                    "showlegend": False,
                }
            )
    ticks = nice_ticks(in_unit(last, unit))
    end = max(in_unit(last, unit), ticks[-1]) or 1.0
    lines = 1 + sum(56 + 7 * len(name) for name in view.names) // 320
    key = "Lines: adjusted, dots: observed" if unadjusted else "Adjusted"
    inside = {"xref": "x domain", "yref": "y domain"}
    return make_figure(
        traces,
        height=_HEIGHT + _FOOT,
        legend_space=8 + 22 * lines,
        margin={"b": _FOOT},
        annotations=[
            *under_axis(f"{unit.capitalize()} of follow-up", below=30),
            text_at(key, x=0.02, y=0.02, xanchor="left", yanchor="bottom", **inside),
        ],
        xaxis={
            "range": [-0.015 * end, 1.03 * end],
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
            "showgrid": False,
            "zeroline": False,
            "ticks": "outside",
        },
        yaxis=share_axis("Survival" if event_label == "death" else f"Free of {event_label}")
        | {"zeroline": False},
        legend=LEGEND,
        hovermode=hover_of(len(view.names)),
    )
