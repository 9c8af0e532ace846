"""Small pictures of one variable each: the selection in front of the whole cohort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.arrays import Floats
from app.cohort.colours import BLUE, GREY, colour_of
from app.study.figures.labels import all_shortened
from app.study.figures.theme import INK, NARROW_TITLE, framed, make_figure, rgba
from app.views.cohort.overview.analysis import Categories, Histogram, labelled

HEIGHT = 236
_BEHIND = rgba(GREY, 0.28)
_ALTERATION = 34
_LONGEST = 18


def draw_distribution(
    found: Categories | Histogram, *, narrowed: bool, synthetic: bool = False, brush: bool = True
) -> go.Figure:
    """Bars of categories or a histogram, with the whole cohort in grey behind a selection.

    Bars are shares of those with a known value, so that a small selection can be compared with
    everyone; the counts stand in the hover.

    Parameters
    ----------
    found
        Of :func:`app.views.cohort.overview.analysis.distribution`.
    narrowed
        Whether a filter is in force: then everyone is drawn behind.
    brush
        Whether a drag over a histogram selects a range; where a finger scrolls, it must not.
    """
    title = f"{labelled(found.variable)} · {found.known:,} of {found.n:,} known"
    if isinstance(found, Categories):
        figure = _bars(found, narrowed=narrowed)
        title = f"{title}, {found.others:,} in smaller groups" if found.others else title
    else:
        figure = _histogram(found, narrowed=narrowed, brush=brush)
    return framed(figure, title, synthetic=synthetic, width=NARROW_TITLE)


def draw_alterations(
    table: pd.DataFrame, n: int, *, narrowed: bool, synthetic: bool = False
) -> go.Figure:
    """Bars of the most frequent alterations, each of those tested for it.

    Parameters
    ----------
    table
        Of :func:`app.views.cohort.overview.analysis.selected_alterations`.
    """
    labels = [str(label) for label in table["label"]]
    shares = table["frequency"].fillna(0.0).to_numpy(dtype=float)
    behind = (table["everyone_altered"] / table["everyone_tested"].clip(lower=1)).to_numpy()
    hover = [
        f"{label}: {altered:,} of {tested:,} tested ({share:.1%})"
        for label, altered, tested, share in zip(
            labels, table["altered"], table["tested"], shares, strict=True
        )
    ]
    figure = _share_figure(
        labels,
        shares,
        behind if narrowed else None,
        [colour_of(label) or BLUE for label in labels],
        hover,
        height=30 + _ALTERATION * max(len(labels), 1),
    )
    title = f"Most frequent alterations · {n:,} patients"
    return framed(figure, title, synthetic=synthetic)


def completeness_bars(table: pd.DataFrame) -> go.Figure:
    """Bars of the share of patients with a value, the least complete on top.

    Parameters
    ----------
    table
        Of :func:`app.views.cohort.overview.analysis.completeness`.
    """
    hover = [
        f"{label}: known in {known:,} of {n:,}, missing in {n - known:,}"
        for label, known, n in zip(table["label"], table["known"], table["n"], strict=True)
    ]
    return _share_figure(
        [str(label) for label in table["label"]],
        table["share"].to_numpy(dtype=float),
        np.ones(len(table)),
        [BLUE] * len(table),
        hover,
        height=30 + 21 * max(len(table), 1),
        longest=26,
    )


def _bars(found: Categories, *, narrowed: bool) -> go.Figure:
    shares = found.counts / max(found.known, 1)
    everyone = found.everyone / max(found.known_of_everyone, 1)
    names = list(found.names)
    hover = [
        f"{name}: {count:,} of {found.known:,} selected ({share:.1%})"
        f"<br>{all_of_them:,} of {found.known_of_everyone:,} in the cohort"
        for name, count, share, all_of_them in zip(
            names, found.counts, shares, found.everyone, strict=True
        )
    ]
    return _share_figure(
        names,
        shares,
        everyone if narrowed else None,
        list(found.colours),
        hover,
        height=HEIGHT,
    )


def _share_figure(
    names: list[str],
    shares: Any,
    behind: Any | None,
    colours: list[str],
    hover: list[str],
    *,
    height: int,
    longest: int = _LONGEST,
) -> go.Figure:
    """Horizontal bars; the trace in front is the last one, both carry the level's position."""
    places = list(range(len(names)))
    common = {
        "type": "bar",
        "y": places,
        "orientation": "h",
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
        # A click selects; what the selection means is drawn anew, so nothing is dimmed.
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }
    front = {
        **common,
        "x": [float(share) for share in shares],
        "marker": {"color": colours, "cornerradius": 3},
        "text": [_percent(float(share)) for share in shares],
        "textposition": "outside",
        "textfont": {"color": INK, "size": 12},
        "cliponaxis": False,
    }
    traces = [front]
    widest = max([float(share) for share in shares] or [0.0])
    if behind is not None:
        traces = [
            {
                **common,
                "x": [float(share) for share in behind],
                "marker": {"color": _BEHIND, "cornerradius": 3},
            },
            front,
        ]
        widest = max(widest, float(max(behind, default=0.0)))
    shown = all_shortened(names, longest)
    return make_figure(
        traces,
        height=height,
        xaxis={"range": [0, max(widest, 0.01) * 1.2], "visible": False, "fixedrange": True},
        yaxis={
            "tickvals": places,
            "ticktext": shown,
            "range": [max(len(names), 1) - 0.4, -0.6],
            "showgrid": False,
            "ticks": "",
            "fixedrange": True,
            "tickfont": {"size": 12},
        },
        margin={"l": 18 + round(6.6 * max((len(name) for name in shown), default=0)), "r": 34},
        barmode="overlay",
        bargap=0.25 if len(names) > 3 else 0.45,
        showlegend=False,
        clickmode="event+select",
    )


def _histogram(found: Histogram, *, narrowed: bool, brush: bool) -> go.Figure:
    centres = ((found.edges[:-1] + found.edges[1:]) / 2).tolist()
    width = float(found.edges[1] - found.edges[0])
    shares = found.counts / max(found.known, 1)
    everyone = found.everyone / max(found.known_of_everyone, 1)
    unit = f" {found.variable.unit}" if found.variable.unit else ""
    hover = [
        "" if np.isnan(low) else f"{low:g} to {high:g}{unit}: {count:,} of {found.known:,} selected"
        for low, high, count in zip(found.lows, found.highs, found.counts, strict=True)
    ]
    common = {
        "type": "bar",
        "x": centres,
        "width": width * 0.94,
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }
    front = {**common, "y": shares.tolist(), "marker": {"color": BLUE}}
    behind = {**common, "y": everyone.tolist(), "marker": {"color": _BEHIND}}
    highest = max(float(shares.max()), float(everyone.max()) if narrowed else 0.0, 0.01)
    median = found.quartiles[1]
    notes, lines = [], []
    if not np.isnan(median):
        at = np.log10(max(median, 1e-9)) if found.logarithmic else median
        place = min(max(at, float(found.edges[0])), float(found.edges[-1]))
        lines = [
            {
                "type": "line", "x0": place, "x1": place, "y0": 0, "y1": highest * 1.03,
                "line": {"color": INK, "width": 1.5, "dash": "dot"},
            }
        ]  # fmt: skip
        right = place > (found.edges[0] + found.edges[-1]) / 2
        notes = [
            {
                "text": f"median {median:.4g}", "x": place, "y": highest * 1.13,
                "xanchor": "right" if right else "left", "showarrow": False,
                "font": {"size": 12, "color": INK},
            }
        ]  # fmt: skip
    return make_figure(
        [behind, front] if narrowed else [front],
        height=HEIGHT,
        annotations=notes,
        shapes=lines,
        xaxis={
            "range": [float(found.edges[0]), float(found.edges[-1])],
            "showgrid": False,
            "tickfont": {"size": 12},
            "nticks": 6,
            "fixedrange": True,
            **(_decades(found.edges) if found.logarithmic else {}),
        },
        yaxis={"range": [0, highest * 1.22], "visible": False, "fixedrange": True},
        margin={"l": 10, "r": 10, "b": 28},
        barmode="overlay",
        bargap=0,
        showlegend=False,
        clickmode="event+select",
        dragmode="select" if brush else False,
        selectdirection="h",
    )


def _decades(edges: Floats) -> dict[str, list[float] | list[str]]:
    """Ticks of an axis in powers of ten: 0.01, 0.1, 1."""
    powers = np.arange(np.ceil(edges[0] - 1e-9), np.floor(edges[-1] + 1e-9) + 1)
    return {"tickvals": powers.tolist(), "ticktext": [f"{10.0**power:g}" for power in powers]}


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"
