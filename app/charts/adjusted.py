"""Adjusted survival curves beside the unadjusted ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.analysis.model_checks import AdjustedView
from app.study.figures.theme import make_figure, nice_ticks, rgba, text_at
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, in_unit

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
    view
        The curves.
    colours
        One a level.
    unit
        Unit of the time axis.
    event_label
        What a curve is free of, for the axis.
    unadjusted
        Whether to draw the unadjusted curves too.
    """
    factor = 1 / MONTHS_PER_YEAR if unit == "years" else 1.0
    traces: list[dict[str, Any]] = []
    last = 0.0
    table = view.adjusted.table
    for name, colour in zip(view.names, colours, strict=True):
        own = table[table["group"] == name]
        time = np.concatenate(([0.0], own["time"].to_numpy(dtype=float)))
        survival = np.concatenate(([1.0], own["survival"].to_numpy(dtype=float)))
        last = max(last, float(time[-1]))
        limits = {}
        for side in ("lower", "upper"):
            limit = np.concatenate(([1.0], own[side].to_numpy(dtype=float)))
            limits[side] = np.where(np.isnan(limit), survival, limit)
        common = {"type": "scatter", "mode": "lines", "legendgroup": name}
        edge = common | {
            "x": time * factor,
            "line": {"width": 0, "shape": "hv"},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        traces += [
            edge | {"y": limits["upper"]},
            edge | {"y": limits["lower"], "fill": "tonexty", "fillcolor": rgba(colour, 0.12)},
            common
            | {
                "x": time * factor,
                "y": survival,
                "line": {"shape": "hv", "color": colour, "width": 2.4},
                "name": name,
                "hovertemplate": "%{y:.1%}",
            },
        ]
        if unadjusted:
            km = view.unadjusted[name]
            keep = np.unique(
                np.linspace(0, len(km.time) - 1, min(len(km.time), _MAX_STEPS)).astype(int)
            )
            last = max(last, float(km.time[-1]))
            traces.append(
                common
                | {
                    "x": np.concatenate(([0.0], km.time[keep])) * factor,
                    "y": np.concatenate(([1.0], km.survival[keep])),
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
            text_at(
                f"{unit.capitalize()} of follow-up", x=0.5, y=0, yshift=-30, yanchor="top", **inside
            ),
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
        yaxis={
            "title": {
                "text": "Survival" if event_label == "death" else f"Free of {event_label}",
                "standoff": 6,
            },
            "range": [-0.02, 1.03],
            "tickformat": ".0%",
            "dtick": 0.25,
            "zeroline": False,
        },
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}},
        hovermode="x unified" if len(view.names) <= 6 else "closest",
    )
