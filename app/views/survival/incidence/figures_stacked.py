"""What became of everyone: event, competing event and neither, stacked to 100%."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.cohort.colours import BROWN, GREY, SLATE
from app.study.figures.curves import axis_end, from_start, in_months, share_axis
from app.study.figures.legend import legend_above
from app.study.figures.theme import make_figure, nice_ticks, rgba, text_at, under_axis, wrapped
from app.study.wording import TimeUnit, capitalised, in_unit
from app.views.survival.incidence.analysis import GroupIncidence
from app.views.survival.incidence.estimates import COMPETING, EVENT, GroupEstimate
from app.views.survival.incidence.figures import at_steps, over_its_table, steps_of

NEITHER = "Neither so far"
# One colour for the event in every panel, one that no group has by its meaning.
_EVENT_COLOUR = BROWN
_COLUMNS = 2
_PANEL, _PANEL_GAP = 170, 78
_PANEL_TICKS = 4
_NAME_LETTERS = 22


def stacked_figure(
    result: GroupIncidence,
    name: str,
    unit: TimeUnit = "years",
    *,
    full_table: bool = False,
    until: float | None = None,
) -> go.Figure:
    """Draw what became of one group, over its risk table.

    Parameters
    ----------
    full_table
        Whether the table also has events, competing events and censored.
    """
    end = axis_end(result.last_time, until)
    own = [group for group in result.drawn if group.name == name]
    traces = [trace for group in own for trace in _areas(result, group, unit, end)]
    return make_figure(
        **over_its_table(
            traces, result, own, unit, end,
            full_table=full_table, yaxis=share_axis("Share of patients", 0, 1),
        ),
        **legend_above([str(trace["name"]) for trace in traces], traceorder="normal"),
        annotations=under_axis(f"{unit.capitalize()} of follow-up"),
        hovermode="x unified",
    )  # fmt: skip


def stacked_panels(
    result: GroupIncidence, unit: TimeUnit = "years", *, until: float | None = None
) -> go.Figure:
    """Draw what became of every group, one small panel each, numbers at risk under its ticks.

    Parameters
    ----------
    result, unit, until
        As in :func:`stacked_figure`.
    """
    groups = result.drawn
    lines = max(math.ceil(len(groups) / _COLUMNS), 1)
    height = lines * (_PANEL + _PANEL_GAP)
    end = axis_end(result.last_time, until)
    last = in_unit(end, unit) or 1.0
    ticks = nice_ticks(last, _PANEL_TICKS)
    traces: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    words = []
    for position, group in enumerate(groups):
        number = "" if not position else str(position + 1)
        column, line = position % _COLUMNS, position // _COLUMNS
        left = column * 0.54
        top = 1 - (line * (_PANEL + _PANEL_GAP) + 22) / height
        risk = group.counts(in_months(ticks, unit))["n_risk"]
        axes[f"xaxis{number}"] = {
            "domain": [left, left + 0.46],
            "anchor": f"y{number}",
            "range": [0, last],
            "tickvals": ticks,
            "ticktext": [f"{t:g}<br>{n:,}" for t, n in zip(ticks, risk, strict=True)],
            "ticks": "outside",
            "hoverformat": ".2f",
            "showgrid": False,
            "zeroline": False,
        }
        axes[f"yaxis{number}"] = {
            "domain": [top - _PANEL / height, top],
            "anchor": f"x{number}",
            "range": [0, 1],
            "tickformat": ".0%",
            "dtick": 0.5,
            "showticklabels": not column,
            "zeroline": False,
        }
        words.append(
            text_at(
                f"<b>{wrapped(group.name, _NAME_LETTERS)}</b>",
                x=0,
                y=1,
                xanchor="left",
                yanchor="bottom",
                align="left",
                xref=f"x{number} domain",
                yref=f"y{number} domain",
            )
        )
        for trace in _areas(result, group, unit, end):
            shown = {"showlegend": not position, "legendgroup": trace["name"]}
            traces.append(trace | shown | {"xaxis": f"x{number}", "yaxis": f"y{number}"})
    words.append(
        text_at(
            f"Under each panel: {unit} of follow-up,<br>and the number at risk",
            x=0,
            y=0,
            xanchor="left",
            yanchor="top",
            align="left",
            yshift=4,
            xref="paper",
            yref="paper",
        )
    )
    names = [str(trace["name"]) for trace in traces if trace["showlegend"]]
    return make_figure(
        traces,
        height=height + 44,
        **legend_above(names, traceorder="normal"),
        annotations=words,
        hovermode="x unified",
        margin={"b": 48},
        **axes,
    )


def _areas(
    result: GroupIncidence, group: GroupEstimate, unit: TimeUnit, end: float
) -> list[dict[str, Any]]:
    """Three areas, each from the top of the one below; the hover tells each one's own share."""
    if group.incidence is None:
        return []
    keep, time = steps_of(group.incidence, unit, end)
    event = at_steps(group.incidence, keep, EVENT)
    other = at_steps(group.incidence, keep, COMPETING)
    free = from_start(1.0, group.incidence.event_free[keep])
    looks = [
        (result.event_label, _EVENT_COLOUR, 0.9, event),
        (result.competing_label, SLATE, 0.6, other),
        (NEITHER, GREY, 0.22, free),
    ]
    traces: list[dict[str, Any]] = []
    height = np.zeros(len(time))
    for name, colour, alpha, share in looks:
        height = height + share
        traces.append(
            {
                "type": "scatter",
                "x": time,
                "y": np.minimum(height, 1.0),
                "mode": "lines",
                "line": {"shape": "hv", "width": 1, "color": rgba(colour, min(1.0, alpha + 0.15))},
                "fill": "tonexty" if traces else "tozeroy",
                "fillcolor": rgba(colour, alpha),
                "name": capitalised(name),
                "customdata": share,
                "hovertemplate": "%{customdata:.1%}",
            }
        )
    return traces
