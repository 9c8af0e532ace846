"""Pooled curves over their risk table, sites thin behind them; and the sites' hazard ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.survival import KaplanMeier
from app.cohort.colours import GREY
from app.study.figures.curves import (
    curve_band,
    from_start,
    hover_of,
    in_months,
    share_axis,
    step_curve,
    steps_until,
)
from app.study.figures.forest import forest_figure
from app.study.figures.legend import legend_above
from app.study.figures.risk_table import over_table
from app.study.figures.theme import make_figure, nice_ticks, under_axis
from app.study.wording import MONTHS_PER_YEAR, format_p
from app.views.pooled.analysis import PooledSurvival


def pooled_figure(result: PooledSurvival) -> go.Figure:
    """The groups' curves of all sites; with one group, each site's own thin beside it."""
    curves = list(result.curves.values())
    end = max(float(curve.time[-1]) for curve in curves)
    ticks = nice_ticks(end / MONTHS_PER_YEAR)
    traces: list[dict[str, Any]] = []
    if len(curves) == 1:
        for site, curve in result.site_curves.items():
            traces.append(_steps(site, GREY, curve, end, width=1.1, opacity=0.75))
    for name, curve in result.curves.items():
        colour = result.colours[name]
        keep, time = steps_until(curve.time, end)
        years = time / MONTHS_PER_YEAR
        lower, upper = (from_start(1.0, limit[keep]) for limit in (curve.lower, curve.upper))
        survival = from_start(1.0, curve.survival[keep])
        traces += curve_band(
            years, survival, lower, upper, colour, legendgroup=name, showlegend=False
        )
        traces.append(_steps(name, colour, curve, end, width=2.6))
    at = in_months(ticks, "years")
    groups = [
        (name, result.colours[name], curve.at(at)[["time", "n_risk"]])
        for name, curve in result.curves.items()
    ]
    caption = ""
    if result.test is not None:
        caption = f"Stratified log-rank test {format_p(result.test.p_value)}"
    return make_figure(
        **over_table(
            traces, groups, ticks, end / MONTHS_PER_YEAR, share_axis(result.endpoint), unit="years"
        ),
        **legend_above([str(trace["name"]) for trace in traces if trace.get("name")]),
        annotations=under_axis("Years of follow-up", caption),
        hovermode=hover_of(len(curves)),
    )


def _steps(
    name: str, colour: str, curve: KaplanMeier, end: float, *, width: float, opacity: float = 1.0
) -> dict[str, Any]:
    keep, time = steps_until(curve.time, end)
    trace = step_curve(
        name, colour, time / MONTHS_PER_YEAR, from_start(1.0, curve.survival[keep]),
        opacity=opacity, hovertemplate=f"{name}: %{{y:.1%}}<extra></extra>",
    )  # fmt: skip
    trace["line"] = trace["line"] | {"width": width}
    return trace


def sites_forest(effects: pd.DataFrame, result: PooledSurvival) -> go.Figure:
    """Hazard ratio in each site, and of all together."""
    rows = effects.rename(columns={"site": "label"})[
        ["label", "hr", "lower", "upper", "n", "events"]
    ].assign(note="no comparison within this site")
    together = result.together
    if together is not None:
        hr, lower, upper = np.exp([together.random, *together.random_limits])
        whole = {"label": "All sites", "hr": hr, "lower": lower, "upper": upper, "note": "",
                 "n": int(effects["n"].sum()), "events": int(effects["events"].sum())}  # fmt: skip
        rows = pd.concat([rows, pd.DataFrame([whole])], ignore_index=True)
    return forest_figure(rows)
