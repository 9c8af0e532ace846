"""A database's patients over time: curves over their risk table; and alterations as bars."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from app.cohort.colours import BLUE, colour_of
from app.study.figures.bars import share_bars
from app.study.figures.curves import (
    curve_band,
    from_start,
    hover_of,
    in_months,
    share_axis,
    step_curve,
    steps_until,
)
from app.study.figures.legend import legend_above
from app.study.figures.risk_table import over_table
from app.study.figures.theme import make_figure, nice_ticks, under_axis
from app.study.wording import MONTHS_PER_YEAR, format_p
from app.views.pooled.database.analysis import DatabaseAlterations, DatabaseOutcome

MOST_BARS = 30


def outcome_figure(result: DatabaseOutcome) -> go.Figure:
    """Survival by group, or the cumulative incidence of the event where something competes."""
    end = max(float(curve.time[-1]) for curve in result.curves.values())
    ticks = nice_ticks(end / MONTHS_PER_YEAR)
    traces: list[dict[str, Any]] = []
    for name, curve in result.curves.items():
        incidence = result.incidences.get(name)
        if incidence is not None and 1 in incidence.curves:
            own = incidence.curves[1]
            drawn = (incidence.time, 0.0, own.incidence, own.lower, own.upper)
        elif result.incidences:
            continue
        else:
            drawn = (curve.time, 1.0, curve.survival, curve.lower, curve.upper)
        traces += _curve(name, result.colours[name], end, drawn)
    at = in_months(ticks, "years")
    rows = [
        (name, result.colours[name], curve.at(at)[["time", "n_risk"]])
        for name, curve in result.curves.items()
    ]
    test = result.gray or result.logrank
    caption = "" if test is None else f"{_named(result)} {format_p(test.p_value)}"
    axis = share_axis(result.endpoint.label)
    return make_figure(
        **over_table(traces, rows, ticks, end / MONTHS_PER_YEAR, axis, unit="years"),
        **legend_above([str(trace["name"]) for trace in traces if trace.get("name")]),
        annotations=under_axis("Years of follow-up", caption),
        hovermode=hover_of(len(result.curves)),
    )


def _named(result: DatabaseOutcome) -> str:
    return "Gray's test" if result.gray is not None else "Log-rank test"


def _curve(
    name: str, colour: str, end: float, drawn: tuple[Any, float, Any, Any, Any]
) -> list[dict[str, Any]]:
    time, first, value, lower, upper = drawn
    keep, shown = steps_until(time, end)
    years = shown / MONTHS_PER_YEAR
    middle, low, high = (from_start(first, part[keep]) for part in (value, lower, upper))
    band = curve_band(years, middle, low, high, colour, legendgroup=name, showlegend=False)
    hover = f"{name}: %{{y:.1%}}<extra></extra>"
    return [*band, step_curve(name, colour, years, middle, hovertemplate=hover)]


def frequencies_figure(result: DatabaseAlterations) -> go.Figure:
    """The most frequent alterations, each of the patients tested for it."""
    shown = result.frequencies[result.frequencies["tested"] > 0].head(MOST_BARS)
    names = [result.labels[name] for name in shown["feature"]]
    return share_bars(
        names,
        shown["altered"].tolist(),
        shown["tested"].tolist(),
        [colour_of(name) or BLUE for name in names],
        of="tested",
    )
