"""Which alterations occur together and which avoid each other, as a triangle of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import GREEN, PURPLE
from app.study.figures.labels import shortened
from app.study.figures.theme import INK, make_figure, text_at
from app.study.wording import SIGNIFICANT, format_p, format_q, format_ratio

# The shade is the evidence, powers of ten of 1/p: an odds ratio of 0 where almost no joint case is
# expected shows nothing. Smaller p are drawn as if they were 0.0001.
_FULL = 4.0
_WEAK = 0.1
_LONGEST = 18
_CLEAR, _HINT = "●", "○"
_SCALE = [[0.0, PURPLE], [0.5, "rgba(125,135,150,0.10)"], [1.0, GREEN]]


def co_occurrence_figure(pairs: pd.DataFrame, features: Mapping[str, str]) -> go.Figure:
    """The lower triangle: green together, purple apart, the deeper the smaller p; marked by q.

    Parameters
    ----------
    pairs
        Rows of :func:`app.analysis.associations.co_occurrence`; pairs without a row stay empty.
    """
    names = list(features)
    place = {name: position for position, name in enumerate(names)}
    number = len(names)
    z = np.full((number, number), np.nan)
    hover = np.full((number, number), "", dtype=object)
    marks = np.full((number, number), "", dtype=object)
    shown = pairs[pairs["a"].isin(place) & pairs["b"].isin(place)]
    for row in shown.itertuples():
        one, two = place[row.a], place[row.b]
        at = (max(one, two), min(one, two))
        z[at] = _evidence(row.odds_ratio, row.p_value)
        hover[at] = pair_hover(row, features)
        marks[at] = "" if np.isnan(row.odds_ratio) else _mark(row.q_value)
    labels = [shortened(features[name], _LONGEST) for name in names]
    cell = 26 if number <= 24 else 22
    # The first feature has no row below it, the last no column: those lines stay away.
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": list(range(number - 1)),
        "y": list(range(1, number)),
        "z": z[1:, :-1].astype(np.float32),
        "zmin": -_FULL,
        "zmax": _FULL,
        "colorscale": _SCALE,
        "xgap": 2,
        "ygap": 2,
        "text": marks[1:, :-1],
        "texttemplate": "%{text}",
        "textfont": {"size": 12, "color": INK},
        "customdata": hover[1:, :-1],
        "hovertemplate": "%{customdata}<extra></extra>",
        "hoverongaps": False,
        "colorbar": {
            "orientation": "h",
            "x": 0.5,
            "xanchor": "center",
            "y": 1.0,
            "yanchor": "bottom",
            "len": 1.0,
            "ticklabelposition": "outside bottom",
            "thickness": 10,
            "tickvals": [-_FULL, -2, 0, 2, _FULL],
            "ticktext": ["≤0.0001", "0.01", "1", "0.01", "≤0.0001"],
            "tickfont": {"size": 12},
            "outlinewidth": 0,
        },
    }
    beside = 16 + 7 * max(map(len, labels), default=0)
    plain = {"tickfont": {"size": 12}, "showgrid": False, "zeroline": False}
    corner = {
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": 1,
        "xanchor": "right",
        "yanchor": "top",
    }
    return make_figure(
        [trace],
        height=cell * (number - 1) + beside,
        legend_space=54,
        annotations=[
            text_at("apart ← p value → together", yshift=-4, **corner),
            text_at(f"{_CLEAR} q < {SIGNIFICANT}   {_HINT} q < {_WEAK}", yshift=-24, **corner),
        ],
        xaxis={
            "tickvals": list(range(number - 1)),
            "ticktext": labels[:-1],
            "tickangle": -90,
            "range": [-0.5, number - 1.5],
            **plain,
        },
        yaxis={
            "tickvals": list(range(1, number)),
            "ticktext": labels[1:],
            "range": [number - 0.5, 0.5],
            **plain,
        },
        margin={"l": beside, "r": 8, "b": beside},
    )


def pair_hover(row: Any, features: Mapping[str, str]) -> str:
    """The 2x2 table of a pair and its test, in words."""
    a, b = features[row.a], features[row.b]
    head = (
        f"<b>{a} and {b}</b>, {row.tested:,} tested for both<br>"
        f"both {row.both:,} · only {a} {row.a_only:,} · only {b} {row.b_only:,} · "
        f"neither {row.neither:,}<br>"
    )
    if np.isnan(row.odds_ratio):
        return f"{head}no test is possible: one of them is in nobody or in everybody"
    ratio = format_ratio(row.odds_ratio, row.lower, row.upper)
    return f"{head}odds ratio {ratio}<br>{format_p(row.p_value)}, {format_q(row.q_value)}"


def _evidence(odds_ratio: float, p_value: float) -> float:
    """Powers of ten of 1/p, negative where a pair avoids each other; 0 where nothing is known."""
    if np.isnan(odds_ratio) or np.isnan(p_value) or odds_ratio == 1:
        return 0.0
    strength = min(-np.log10(max(p_value, 10.0**-_FULL)), _FULL)
    return float(strength if odds_ratio > 1 else -strength)


def _mark(q_value: float) -> str:
    if q_value < SIGNIFICANT:
        return _CLEAR
    return _HINT if q_value < _WEAK else ""
