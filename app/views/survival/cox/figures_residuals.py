"""Schoenfeld residuals over time: whether a coefficient stays the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.cohort.colours import BLUE, GREY, VERMILION
from app.study.figures.curves import curve_band
from app.study.figures.legend import LEGEND
from app.study.figures.theme import INK, make_figure, text_at, under_axis
from app.study.wording import TimeUnit, in_unit
from app.views.survival.cox.checks import ResidualTrend

_MAX_POINTS = 1_500
_HEIGHT = 320
_FOOT = 54
_TICKS = 6


def residual_figure(trend: ResidualTrend, label: str, unit: TimeUnit = "years") -> go.Figure:
    """Draw scaled Schoenfeld residuals, their smooth course, and the model's one coefficient.

    The time axis is that of the test: spread so that equal widths hold about equally many events.
    """
    points = trend.points
    shown = points.iloc[:: max(1, -(-len(points) // _MAX_POINTS))]
    months = shown["time"].to_numpy(dtype=float)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": shown["transformed_time"].to_numpy(dtype=float),
            "y": shown["residual"].to_numpy(dtype=float),
            "customdata": np.array([in_unit(month, unit) for month in months]),
            "marker": {"size": 4, "color": GREY, "opacity": 0.55},
            "hovertemplate": f"%{{customdata:.2f}} {unit}: %{{y:.2f}}<extra></extra>",
            "name": "Events",
        }
    ]
    smooth = trend.smooth
    if len(smooth):
        x, y, lower, upper = (
            smooth[column].to_numpy() for column in ("transformed_time", "value", "lower", "upper")
        )
        traces += curve_band(x, y, lower, upper, BLUE, 0.18, showlegend=False, line={"width": 0})
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": y,
                "line": {"width": 2.6, "color": BLUE},
                "hoverinfo": "skip",
                "name": "Course over time",
                "showlegend": True,
            }
        )
    ends = points["transformed_time"].iloc[[0, -1]].to_numpy(dtype=float)
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": [trend.coefficient] * 2,
            "line": {"width": 2, "color": VERMILION, "dash": "dash"},
            "hoverinfo": "skip",
            "name": "The model's coefficient",
        }
    )
    places, words = _ticks(trend, unit)
    return make_figure(
        traces,
        height=_HEIGHT + _FOOT,
        legend_space=46,
        margin={"b": _FOOT},
        annotations=[
            *under_axis(f"{unit.capitalize()} of follow-up, spread by events", below=30),
            text_at(
                f"Log hazard ratio: {label}",
                xref="paper",
                yref="paper",
                x=0,
                y=1,
                xanchor="left",
                yanchor="top",
                xshift=6,
            )
            | {"font": {"size": 12, "color": INK}},
        ],
        xaxis={
            "tickvals": places,
            "ticktext": words,
            "showgrid": False,
            "zeroline": False,
            "ticks": "outside",
        },
        yaxis={"range": _range(trend), "zeroline": False},
        legend=LEGEND,
        hovermode="closest",
    )


def _ticks(trend: ResidualTrend, unit: TimeUnit) -> tuple[list[float], list[str]]:
    """Times of events that stand about evenly on the axis."""
    points = trend.points
    at = points["transformed_time"].to_numpy(dtype=float)
    wanted = np.linspace(at[0], at[-1], _TICKS)
    rows = np.unique(np.clip(np.searchsorted(at, wanted), 0, len(at) - 1))
    times = [in_unit(float(points["time"].iloc[row]), unit) for row in rows]
    return [float(at[row]) for row in rows], [f"{time:.1f}" for time in times]


def _range(trend: ResidualTrend) -> list[float]:
    """The middle 98% of the residuals and all of the band: outliers must not flatten the course."""
    residuals = trend.points["residual"].to_numpy(dtype=float)
    low, high = np.quantile(residuals, [0.01, 0.99])
    if len(trend.smooth):
        low = min(low, float(trend.smooth["lower"].min()))
        high = max(high, float(trend.smooth["upper"].max()))
    low, high = min(low, trend.coefficient), max(high, trend.coefficient)
    room = 0.12 * max(high - low, 0.1)
    return [float(low - room), float(high + room)]
