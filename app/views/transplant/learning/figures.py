"""Figures that teach: a useless transplant seen naively, and estimates beside the planted truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.survival import KaplanMeier
from app.cohort.colours import GREEN, SLATE, VERMILION
from app.study.figures.curves import from_start, share_axis, step_curve, thinned
from app.study.figures.legend import legend_above
from app.study.figures.theme import make_figure, under_axis
from app.study.wording import MONTHS_PER_YEAR
from app.views.transplant.figures_gain import gain_forest
from app.views.transplant.learning.immortal import HORIZON, ImmortalTime

_HEIGHT = 330


def immortal_figure(found: ImmortalTime) -> go.Figure:
    """Draw the naive curves of a transplant that does nothing, over the truth.

    The axes never move, so that with a slider only the curves do.
    """
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": found.time / MONTHS_PER_YEAR,
            "y": found.truth,
            "line": {"color": GREEN, "width": 3, "dash": "dash"},
            "name": "Truth: transplanted or not",
            "hovertemplate": "%{y:.0%}",
        },
        _step(found.without, "Naive: never transplanted", SLATE),
    ]
    if found.with_transplant is not None:
        traces.append(_step(found.with_transplant, "Naive: ever transplanted", VERMILION))
    ratio = found.naive[0]
    words = f"Naive hazard ratio {ratio:.2f}; the truth is 1" if np.isfinite(ratio) else ""
    return make_figure(
        traces,
        height=_HEIGHT,
        **legend_above([trace["name"] for trace in traces]),
        annotations=under_axis("Years since diagnosis", words, below=30),
        hovermode="x unified",
        margin={"l": 46, "b": 52},
        xaxis={"range": [0, HORIZON / MONTHS_PER_YEAR], "showgrid": False, "hoverformat": ".1f"},
        yaxis=share_axis("Survival", 0, 1.02) | {"zeroline": False},
    )


def truth_figure(table: pd.DataFrame) -> go.Figure:
    """Draw the estimated gain of each class and strategy beside the planted truth.

    Raises
    ------
    ValueError
        If there is no strategy besides the reference.
    """
    own = table[table["estimate"].notna() | ~table["supported"].astype(bool)]
    rows = pd.DataFrame(
        {
            "label": own["strategy"],
            "group": own["group"],
            "value": own["estimate"],
            "lower": own["lower"],
            "upper": own["upper"],
            "truth": own["truth_difference"],
            "note": "too few to estimate",
        }
    )
    return gain_forest(rows, axis="Life gained")


def _step(km: KaplanMeier, name: str, colour: str) -> dict[str, Any]:
    keep = thinned(km.time)
    time = from_start(0.0, km.time[keep]) / MONTHS_PER_YEAR
    survival = from_start(1.0, km.survival[keep])
    return step_curve(name, colour, time, survival, hovertemplate="%{y:.0%}")
