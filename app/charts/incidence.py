"""Cumulative incidence: curves of the event by group over their risk table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.analysis.competing_risks import CumulativeIncidence
from app.analysis.group_incidence import GroupIncidence
from app.analysis.incidence_estimates import COMPETING, EVENT, GroupEstimate
from app.charts.survival import axis_end, legend_lines, steps_until
from app.cohort.colours import GREY
from app.study.figures.risk_table import axes_over_table, risk_table_traces
from app.study.figures.theme import make_figure, nice_ticks, rgba, text_at, under_axis
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, format_p, in_unit

Floats = npt.NDArray[np.floating[Any]]
Steps = npt.NDArray[np.intp]
LEGEND = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}}
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
    band
        The confidence band.
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
    result
        Incidence by group.
    unit
        Unit of the time axis.
    layers
        What is drawn besides; the band alone by default.
    until
        Months at which the axis ends; None for the whole follow-up.
    """
    layers = layers or Layers()
    end = axis_end(result.last_time, until)
    traces: list[dict[str, Any]] = []
    for group in result.drawn:
        traces += _group_traces(group, unit, end, layers)
    traces += _keys(result, layers)
    named = [str(trace["name"]) for trace in traces if trace.get("showlegend", True)]
    yaxis = {
        "title": {"text": result.endpoint.label, "standoff": 6},
        "range": [0, _top(result, end, layers)],
        "tickformat": ".0%",
        "nticks": 6,
    }
    table, layout = table_and_layout(
        result, result.drawn, unit, end, full_table=layers.full_table, yaxis=yaxis
    )
    if result.gray_event is not None:
        words = f"{result.gray_event.method} {format_p(result.gray_event.p_value)}"
        layout["annotations"] = under_axis(f"{unit.capitalize()} of follow-up", words)
    curves = sum(trace.get("hovertemplate") is not None for trace in traces)
    return make_figure(
        traces + table,
        legend_space=8 + 22 * legend_lines(named),
        hovermode="x unified" if curves <= _MOST_IN_HOVER else "closest",
        **layout,
    )


def incidence_alt(title: str, result: GroupIncidence, sentences: Sequence[str]) -> str:
    """Alternative text of the figure: its title, its groups, then what it says."""
    groups = ", ".join(f"{group.name} (n = {group.n})" for group in result.drawn)
    return f"{title}. Cumulative incidence with competing events: {groups}. " + " ".join(sentences)


def table_and_layout(
    result: GroupIncidence,
    groups: Sequence[GroupEstimate],
    unit: TimeUnit,
    end: float,
    *,
    full_table: bool,
    yaxis: dict[str, Any],
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The risk table under curves, and the layout of both.

    Parameters
    ----------
    result
        Incidence by group.
    groups
        The groups in the table.
    unit
        Unit of the time axis.
    end
        Months at which it ends.
    full_table
        Whether it also has events, competing events and censored.
    yaxis
        Axis of the curves.
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
    months = np.array(ticks) * (MONTHS_PER_YEAR if unit == "years" else 1.0)
    counts = [(group.name, group.colour, group.counts(months)) for group in groups]
    last = max(in_unit(end, unit), ticks[-1]) or 1.0
    height, axes = axes_over_table(ticks, last, (1 + len(columns)) * len(groups), yaxis, unit=unit)
    # Streamlit's theme draws an axis title over the tick labels, so it is an annotation.
    words = text_at(
        f"{unit.capitalize()} of follow-up",
        x=0.5,
        y=0,
        yshift=-28,
        yanchor="top",
        xref="x domain",
        yref="y domain",
    )
    layout = {
        "height": height,
        "annotations": [words],
        "showlegend": True,
        "legend": LEGEND,
        **axes,
    }
    return risk_table_traces(heading, counts, columns, ticks) if groups else [], layout


def steps_of(incidence: CumulativeIncidence, unit: TimeUnit, end: float) -> tuple[Steps, Floats]:
    """Positions of the steps to draw until some months, and their times from zero in the unit."""
    keep, time = steps_until(incidence.time, end)
    return keep, time * (1 / MONTHS_PER_YEAR if unit == "years" else 1.0)


def at_steps(incidence: CumulativeIncidence, keep: Steps, cause: int) -> Floats:
    """A cause's incidence from time zero over the steps to draw; 0 where it never occurred."""
    curve = incidence.curves.get(cause)
    return np.concatenate(([0.0], np.zeros(len(keep)) if curve is None else curve.incidence[keep]))


def _group_traces(
    group: GroupEstimate, unit: TimeUnit, end: float, layers: Layers
) -> list[dict[str, Any]]:
    incidence, naive = group.incidence, group.naive
    if incidence is None or naive is None:
        return []
    keep, time = steps_of(incidence, unit, end)
    traces: list[dict[str, Any]] = []
    common = {"type": "scatter", "legendgroup": group.name, "x": time, "mode": "lines"}
    if layers.band and EVENT in incidence.curves:
        lower, upper = _band(incidence, keep)
        edge = common | {
            "line": {"width": 0, "shape": "hv"},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        traces.append(edge | {"y": upper})
        fill = {"fill": "tonexty", "fillcolor": rgba(group.colour, 0.12)}
        traces.append(edge | {"y": lower} | fill)
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
                "y": np.concatenate(([0.0], 1.0 - naive.survival[keep])),
                "line": thin | {"dash": "dot", "color": rgba(group.colour, 0.75)},
                "name": f"{group.name}, 1 − KM",
                "hovertemplate": "%{y:.1%} (wrong)",
                "showlegend": False,
            }
        )
    traces.append(
        common
        | {
            "y": at_steps(incidence, keep, EVENT),
            "line": {"shape": "hv", "color": group.colour, "width": 2.4},
            "name": group.name,
            "customdata": np.concatenate(([group.n], incidence.n_risk[keep])),
            "hovertemplate": "%{y:.1%}, %{customdata:,} at risk",
        }
    )
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
            "name": name[:1].upper() + name[1:],
            "hoverinfo": "skip",
        }
        for wanted, dash, name in meanings
        if wanted and result.drawn
    ]


def _band(incidence: CumulativeIncidence, keep: Steps) -> tuple[Floats, Floats]:
    """The confidence limits for drawing: where they are undefined the band closes on the curve."""
    middle = at_steps(incidence, keep, EVENT)
    limits = incidence.curves[EVENT]
    lower, upper = (np.concatenate(([0.0], side[keep])) for side in (limits.lower, limits.upper))
    return (
        np.where(np.isnan(lower), middle, lower),
        np.where(np.isnan(upper), middle, upper),
    )


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
