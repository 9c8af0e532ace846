"""Cumulative incidence: curves of the event by group over their risk table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.analysis.competing_risks import CumulativeIncidence
from app.cohort.colours import GREY
from app.study.figures.curves import (
    AT_RISK,
    Floats,
    Steps,
    axis_end,
    curve_band,
    from_start,
    hover_of,
    in_months,
    step_curve,
    steps_until,
)
from app.study.figures.legend import legend_above
from app.study.figures.risk_table import over_table
from app.study.figures.theme import make_figure, nice_ticks, rgba, under_axis
from app.study.wording import TimeUnit, capitalised, format_p, in_unit
from app.views.survival.incidence.analysis import GroupIncidence
from app.views.survival.incidence.estimates import COMPETING, EVENT, GroupEstimate

WRONG = "1 − Kaplan-Meier (wrong)"
# The top of the axis: the first of these that leaves some air over the highest curve.
_TOPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
_AIR = 1.2
_MOST_IN_HOVER = 8


@dataclass(frozen=True)
class Layers:
    """What is drawn besides the incidence of the event.

    Attributes
    ----------
    competing
        The incidence of the competing event, dashed.
    wrong
        One minus Kaplan-Meier, dotted, to show what it would have said.
    full_table
        Events, competing events and censored in the risk table, not only the number at risk.
    """

    band: bool = True
    competing: bool = False
    wrong: bool = False
    full_table: bool = False


def incidence_figure(
    result: GroupIncidence,
    unit: TimeUnit = "years",
    *,
    layers: Layers | None = None,
    until: float | None = None,
) -> go.Figure:
    """Draw the incidence of the event by group, with the risk table under the same ticks.

    Parameters
    ----------
    layers
        What is drawn besides; the band alone by default.
    """
    layers = layers or Layers()
    end = axis_end(result.last_time, until)
    traces: list[dict[str, Any]] = []
    for group in result.drawn:
        traces += _group_traces(group, unit, end, layers)
    traces += _keys(result, layers)
    named = [str(trace["name"]) for trace in traces if trace.get("showlegend", True)]
    yaxis = {
        "title": {"text": "Cumulative incidence", "standoff": 6},
        "range": [0, _top(result, end, layers)],
        "tickformat": ".0%",
        "nticks": 6,
    }
    words = ""
    if result.gray_event is not None:
        words = f"{result.gray_event.method} {format_p(result.gray_event.p_value)}"
    curves = sum(trace.get("hovertemplate") is not None for trace in traces)
    return make_figure(
        **over_its_table(
            traces, result, result.drawn, unit, end, full_table=layers.full_table, yaxis=yaxis
        ),
        **legend_above(named),
        annotations=under_axis(f"{unit.capitalize()} of follow-up", words),
        hovermode=hover_of(curves, _MOST_IN_HOVER),
    )


def incidence_alt(title: str, result: GroupIncidence, sentences: Sequence[str]) -> str:
    """Alternative text of the figure: its title, its groups, then what it says."""
    groups = ", ".join(f"{group.name} (n = {group.n})" for group in result.drawn)
    return f"{title}. Cumulative incidence with competing events: {groups}. " + " ".join(sentences)


def over_its_table(
    traces: list[dict[str, Any]],
    result: GroupIncidence,
    groups: Sequence[GroupEstimate],
    unit: TimeUnit,
    end: float,
    *,
    full_table: bool,
    yaxis: dict[str, Any],
) -> dict[str, Any]:
    """What the figure is told of curves over the risk table of their groups.

    Parameters
    ----------
    full_table
        Whether it also has events, competing events and censored.
    """
    ticks = nice_ticks(in_unit(end, unit))
    columns = ["n_risk"]
    heading = "Number at risk"
    if full_table:
        columns += ["n_events", "n_competing", "n_censored"]
        heading += "; so far: events, competing, censored"
        if result.outcome.entry is not None:
            columns.append("n_not_entered")
            heading += ", not yet entered"
    months = in_months(ticks, unit)
    return over_table(
        traces,
        [(group.name, group.colour, group.counts(months)) for group in groups],
        ticks,
        in_unit(end, unit),
        yaxis,
        unit=unit,
        heading=heading,
        columns=columns,
    )


def steps_of(incidence: CumulativeIncidence, unit: TimeUnit, end: float) -> tuple[Steps, Floats]:
    """Positions of the steps to draw until some months, and their times from zero in the unit."""
    keep, time = steps_until(incidence.time, end)
    return keep, time * in_unit(1.0, unit)


def at_steps(incidence: CumulativeIncidence, keep: Steps, cause: int) -> Floats:
    """A cause's incidence from time zero over the steps to draw; 0 where it never occurred."""
    curve = incidence.curves.get(cause)
    return from_start(0.0, np.zeros(len(keep)) if curve is None else curve.incidence[keep])


def _group_traces(
    group: GroupEstimate, unit: TimeUnit, end: float, layers: Layers
) -> list[dict[str, Any]]:
    incidence, naive = group.incidence, group.naive
    if incidence is None or naive is None:
        return []
    keep, time = steps_of(incidence, unit, end)
    event = at_steps(incidence, keep, EVENT)
    traces: list[dict[str, Any]] = []
    common = {"type": "scatter", "legendgroup": group.name, "x": time, "mode": "lines"}
    if layers.band and EVENT in incidence.curves:
        limits = incidence.curves[EVENT]
        lower, upper = (from_start(0.0, side[keep]) for side in (limits.lower, limits.upper))
        traces += curve_band(
            time, event, lower, upper, group.colour, legendgroup=group.name, showlegend=False
        )
    thin = {"shape": "hv", "color": group.colour, "width": 1.6}
    if layers.competing:
        traces.append(
            common
            | {
                "y": at_steps(incidence, keep, COMPETING),
                "line": thin | {"dash": "dash"},
                "name": f"{group.name}, competing",
                "hovertemplate": "%{y:.1%}",
                "showlegend": False,
            }
        )
    if layers.wrong:
        # Kaplan-Meier has the same times: everyone's follow-up ends at one of them.
        traces.append(
            common
            | {
                "y": from_start(0.0, 1.0 - naive.survival[keep]),
                "line": thin | {"dash": "dot", "color": rgba(group.colour, 0.75)},
                "name": f"{group.name}, 1 − KM",
                "hovertemplate": "%{y:.1%} (wrong)",
                "showlegend": False,
            }
        )
    traces.append(
        step_curve(
            group.name, group.colour, time, event, legendgroup=group.name,
            customdata=from_start(group.n, incidence.n_risk[keep]), hovertemplate=AT_RISK,
        )
    )  # fmt: skip
    return traces


def _keys(result: GroupIncidence, layers: Layers) -> list[dict[str, Any]]:
    """What the dashes and dots are, once in the legend for all groups."""
    meanings = [
        (layers.competing, "dash", result.competing_label),
        (layers.wrong, "dot", WRONG),
    ]
    return [
        {
            "type": "scatter",
            "x": [None],
            "y": [None],
            "mode": "lines",
            "line": {"dash": dash, "color": GREY, "width": 1.6},
            "name": capitalised(name),
            "hoverinfo": "skip",
        }
        for wanted, dash, name in meanings
        if wanted and result.drawn
    ]


def _top(result: GroupIncidence, end: float, layers: Layers) -> float:
    """Top of the axis: a rare event is not squeezed against it, and 100% is the most."""
    highest = 0.0
    for group in result.drawn:
        if group.incidence is None or group.naive is None:
            continue
        shown = [group.incidence.curves.get(EVENT)]
        if layers.competing:
            shown.append(group.incidence.curves.get(COMPETING))
        seen = max(int(np.searchsorted(group.incidence.time, end, side="right")), 1) - 1
        ends = [float(curve.incidence[seen]) for curve in shown if curve is not None]
        if layers.wrong:
            ends.append(1.0 - float(group.naive.survival[seen]))
        highest = max([highest, *ends])
    return next((top for top in _TOPS if highest * _AIR <= top), 1.0)
