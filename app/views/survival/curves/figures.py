"""Kaplan-Meier curves with their band, censor marks and a risk table aligned to the ticks."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.analysis.survival import LogrankResult
from app.study.figures.curves import (
    AT_RISK,
    Floats,
    Steps,
    axis_end,
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
from app.study.wording import (
    MONTHS_PER_YEAR,
    TimeUnit,
    format_p,
    format_ratio,
    in_unit,
    mid_sentence,
)
from app.views.survival.curves.analysis import GroupCurve, GroupSurvival
from app.views.survival.curves.shape import hazard_ratio

_MAX_MARKS = 250


def survival_figure(
    result: GroupSurvival,
    unit: TimeUnit = "years",
    *,
    band: bool = True,
    marks: bool = True,
    full_table: bool = False,
    falling: bool = True,
    until: float | None = None,
) -> go.Figure:
    """Draw the curves of a result, with the risk table under the same ticks.

    Parameters
    ----------
    full_table
        Whether the table also has cumulative events and censored, not only the number at risk.
    falling
        Whether to draw survival, which falls, or one minus it, which rises.
    """
    end = axis_end(result.last_time, until)
    ticks = nice_ticks(in_unit(end, unit))
    traces: list[dict[str, Any]] = []
    for curve in result.drawn:
        traces += _curve_traces(curve, unit, end, band=band, marks=marks, falling=falling)
    label = result.endpoint.label
    columns = ["n_risk", "n_events", "n_censored"] if full_table else ["n_risk"]
    heading = "Number at risk" + (", events and censored so far" if full_table else "")
    if full_table and result.outcome.entry is not None:
        columns.append("n_not_entered")
        heading += ", not yet entered"
    groups = []
    if result.drawn:
        table = result.risk_table(in_months(ticks, unit))
        groups = [(own.name, own.colour, table[table["group"] == own.name]) for own in result.drawn]
    return make_figure(
        **over_table(
            traces,
            groups,
            ticks,
            in_unit(end, unit),
            share_axis(label if falling else f"1 − {mid_sentence(label)}"),
            unit=unit,
            heading=heading,
            columns=columns,
        ),
        **legend_above([curve.name for curve in result.drawn]),
        annotations=_annotations(result, unit),
        hovermode=hover_of(len(result.drawn)),
    )


def _annotations(result: GroupSurvival, unit: TimeUnit) -> list[dict[str, Any]]:
    words = ""
    if result.test is not None:
        words = f"{short_method(result.test)} {format_p(result.test.p_value)}"
        ratio = hazard_ratio(result)
        if ratio is not None:
            words = f"HR {format_ratio(ratio.hr, ratio.lower, ratio.upper)}<br>{words}"
    return under_axis(f"{unit.capitalize()} of follow-up", words)


def short_method(test: LogrankResult) -> str:
    """The name of a test as it stands in a figure: ``Log-rank test``, ``Stratified ...``."""
    name = test.method.partition(" (")[0].partition(",")[0]
    return f"Stratified {mid_sentence(name)}" if "stratified" in test.method else name


def survival_alt(title: str, result: GroupSurvival, sentences: list[str]) -> str:
    """Alternative text of the figure: its title, its groups, then what it says."""
    groups = ", ".join(f"{curve.name} (n = {curve.n})" for curve in result.drawn)
    return f"{title}. Kaplan-Meier curves: {groups}. " + " ".join(sentences)


def _curve_traces(
    curve: GroupCurve, unit: TimeUnit, end: float, *, band: bool, marks: bool, falling: bool
) -> list[dict[str, Any]]:
    km = curve.km
    if km is None:
        return []
    factor = 1 / MONTHS_PER_YEAR if unit == "years" else 1.0
    keep, time = steps_until(km.time, end)
    time = time * factor
    traces: list[dict[str, Any]] = []
    survival = from_start(1.0, km.survival[keep])

    def shown(survival: Floats) -> Floats:
        return survival if falling else 1.0 - survival

    if band:
        lower, upper = (shown(from_start(1.0, limit[keep])) for limit in (km.lower, km.upper))
        traces += curve_band(
            time, shown(survival), lower, upper, curve.colour,
            legendgroup=curve.name, showlegend=False,
        )  # fmt: skip
    traces.append(
        step_curve(
            curve.name, curve.colour, time, shown(survival), legendgroup=curve.name,
            customdata=from_start(km.n, km.n_risk[keep]), hovertemplate=AT_RISK,
        )
    )  # fmt: skip
    if marks:
        censored = np.flatnonzero((km.n_censored > 0) & (km.time <= end))
        censored = censored[_spread(km.time[censored], _MAX_MARKS)]
        traces.append(
            {
                "type": "scatter",
                "legendgroup": curve.name,
                "x": km.time[censored] * factor,
                "y": shown(km.survival[censored]),
                "mode": "markers",
                "marker": {
                    "symbol": "line-ns-open",
                    "size": 7,
                    "color": curve.colour,
                    "line": {"width": 1.2},
                },
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    return traces


def _spread(time: Floats, most: int) -> Steps:
    """Positions of at most ``most`` marks, spread over the axis."""
    if len(time) <= most:
        return np.arange(len(time))
    bins = (time / time[-1] * most).astype(int)
    return np.flatnonzero(np.append(True, bins[1:] != bins[:-1]))
