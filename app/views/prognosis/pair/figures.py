"""Two scores drawn: who goes where, and how well each tells over time."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from app.cohort.colours import BLUE, VERMILION
from app.study.figures.alluvial import alluvial
from app.study.figures.legend import legend_above
from app.study.figures.theme import make_figure, nice_ticks, rgba, under_axis
from app.study.wording import TimeUnit, in_unit
from app.views.prognosis.pair.analysis import ScorePair

_COLOURS = (BLUE, VERMILION)


def classes_figure(result: ScorePair) -> go.Figure:
    """Flows from the classes of the first to those of the second."""
    groups = result.first.grouping, result.second.grouping
    colours = [dict(zip(group.names, group.colours, strict=True)) for group in groups]
    crossed = result.crossed
    crossed = crossed.loc[crossed.sum(axis=1) > 0, crossed.sum(axis=0) > 0]
    return alluvial(
        crossed, colours[0], left=result.first.label, right=result.second.label, ends=colours[1]
    )


def auc_figure(result: ScorePair, unit: TimeUnit) -> go.Figure:
    """The area under the curve of both scores over time, with pointwise intervals."""
    if result.discrimination is None:
        raise ValueError("Without events there is no area under the curve.")
    auc = result.discrimination.auc
    traces: list[dict[str, Any]] = []
    last = float(auc["time"].max())
    names = [result.first.label, result.second.label]
    for name, colour in zip(names, _COLOURS, strict=True):
        own = auc[auc["score"] == name]
        time = [in_unit(months, unit) for months in own["time"]]
        band: dict[str, Any] = {
            "type": "scatter",
            "x": time,
            "mode": "lines",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
            "legendgroup": name,
        }
        traces += [
            band | {"y": list(own["upper"])},
            band | {"y": list(own["lower"]), "fill": "tonexty", "fillcolor": rgba(colour, 0.14)},
            {
                "type": "scatter",
                "x": time,
                "y": list(own["auc"]),
                "mode": "lines+markers",
                "line": {"color": colour, "width": 2.4},
                "name": name,
                "legendgroup": name,
                "customdata": list(own["cases"]),
                "hovertemplate": "%{y:.3f}, %{customdata:,} with the event by then",
            },
        ]
    low, high = min(0.5, float(auc["lower"].min())), float(auc["upper"].max())
    return make_figure(
        traces,
        height=250,
        xaxis={
            "range": [0, in_unit(last, unit) * 1.04],
            "tickvals": nice_ticks(in_unit(last, unit)),
        },
        yaxis={
            "title": {"text": "Area under the curve", "standoff": 6},
            "range": [low - 0.02, min(1.0, high + 0.06)],
        },
        annotations=under_axis(f"{unit.capitalize()} from time zero"),
        margin={"b": 56},
        hovermode="x unified",
        **legend_above(names),
    )
