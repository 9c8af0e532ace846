"""Pooled curves over their risk table, sites thin behind them; and the sites' hazard ratios."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.arrays import Floats
from app.analysis.competing_risks import CumulativeIncidence
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
from app.study.wording import MONTHS_PER_YEAR, format_p, mid_sentence
from app.views.pooled.analysis import PooledSurvival
from app.views.pooled.incidence import EVENT, PooledIncidence

# A curve that stays below gets an axis of its own height.
_SMALL = 0.5


@dataclass(frozen=True, eq=False)
class _Line:
    """A curve as it is drawn: times in months, what it shows and its limits."""

    name: str
    colour: str
    time: Floats
    value: Floats
    lower: Floats
    upper: Floats


def pooled_figure(result: PooledSurvival) -> go.Figure:
    """The groups' curves of all sites; with one group, each site's own thin beside it."""

    def line(name: str, colour: str, curve: KaplanMeier) -> _Line:
        return _Line(name, colour, curve.time, curve.survival, curve.lower, curve.upper)

    test = result.test
    return _curves_figure(
        [line(name, result.colours[name], curve) for name, curve in result.curves.items()],
        [line(site, GREY, curve) for site, curve in result.site_curves.items()],
        {name: curve.at for name, curve in result.curves.items()},
        share_axis(result.endpoint),
        "" if test is None else f"Stratified log-rank test {format_p(test.p_value)}",
        first=1.0,
    )


def pooled_incidence_figure(result: PooledIncidence) -> go.Figure:
    """Cumulative incidence of the groups; with one group, each site's own thin beside it."""

    def line(name: str, colour: str, curve: CumulativeIncidence) -> _Line:
        none = np.zeros(len(curve.time))
        own = curve.curves.get(EVENT)
        if own is None:
            return _Line(name, colour, curve.time, none, none, none)
        limits = (np.nan_to_num(limit) for limit in (own.lower, own.upper))
        return _Line(name, colour, curve.time, own.incidence, *limits)

    lines = [line(name, result.colours[name], curve) for name, curve in result.curves.items()]
    top = max(float(held.upper.max(initial=0.0)) for held in lines)
    axis = share_axis(f"Cumulative incidence: {mid_sentence(result.endpoint)}", high=1.03)
    if top < _SMALL:
        axis |= {"range": [-0.01, max(0.1, top * 1.1)], "dtick": None}

    def at_risk(curve: CumulativeIncidence) -> Callable[[Any], pd.DataFrame]:
        return lambda times: curve.at(times).drop_duplicates("time")

    test = result.test
    return _curves_figure(
        lines,
        [line(site, GREY, curve) for site, curve in result.site_curves.items()],
        {name: at_risk(curve) for name, curve in result.curves.items()},
        axis,
        "" if test is None else f"Gray's test, stratified {format_p(test.p_value)}",
        first=0.0,
    )


def _curves_figure(
    lines: Sequence[_Line],
    sites: Sequence[_Line],
    at_risk: Mapping[str, Callable[[Any], pd.DataFrame]],
    axis: dict[str, Any],
    caption: str,
    *,
    first: float,
) -> go.Figure:
    end = max(float(held.time[-1]) for held in lines)
    ticks = nice_ticks(end / MONTHS_PER_YEAR)
    traces: list[dict[str, Any]] = []
    if len(lines) == 1:
        traces += [_steps(held, end, first, width=1.1, opacity=0.75) for held in sites]
    for held in lines:
        keep, time = steps_until(held.time, end)
        lower, upper = (from_start(first, limit[keep]) for limit in (held.lower, held.upper))
        value = from_start(first, held.value[keep])
        traces += curve_band(
            time / MONTHS_PER_YEAR, value, lower, upper, held.colour, legendgroup=held.name,
            showlegend=False,
        )  # fmt: skip
        traces.append(_steps(held, end, first, width=2.6))
    at = in_months(ticks, "years")
    groups = [
        (held.name, held.colour, at_risk[held.name](at)[["time", "n_risk"]]) for held in lines
    ]
    return make_figure(
        **over_table(traces, groups, ticks, end / MONTHS_PER_YEAR, axis, unit="years"),
        **legend_above([str(trace["name"]) for trace in traces if trace.get("name")]),
        annotations=under_axis("Years of follow-up", caption),
        hovermode=hover_of(len(lines)),
    )


def _steps(
    held: _Line, end: float, first: float, *, width: float, opacity: float = 1.0
) -> dict[str, Any]:
    keep, time = steps_until(held.time, end)
    trace = step_curve(
        held.name, held.colour, time / MONTHS_PER_YEAR, from_start(first, held.value[keep]),
        opacity=opacity, hovertemplate=f"{held.name}: %{{y:.1%}}<extra></extra>",
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
