"""Figures of an event during follow-up: every answer in one forest, and pairs of curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.analysis.during_follow_up import NAIVE, DuringFollowUp
from app.analysis.during_reading import answers_table
from app.analysis.survival import KaplanMeier
from app.charts.survival import thinned
from app.cohort.colours import CRIMSON, SLATE, VERMILION
from app.study.figures.forest import forest_figure
from app.study.figures.risk_table import axes_over_table, risk_table_traces
from app.study.figures.theme import make_figure, nice_ticks, rgba, text_at, under_axis
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, in_unit

Floats = npt.NDArray[np.floating[Any]]
WRONG = "NAIVE: BIASED BY IMMORTAL TIME"


def answers_figure(result: DuringFollowUp) -> go.Figure:
    """Draw the hazard ratios of every analysis under each other, the naive one first.

    Parameters
    ----------
    result
        The analyses.
    """
    # Why an analysis has no answer is told in words; beside the forest there is room for two.
    rows = answers_table(result).assign(note="no estimate")
    rows["series"] = np.where(rows["key"] == NAIVE, "Biased", "Time respected")
    return forest_figure(
        rows,
    )


def pair_figure(
    unexposed: KaplanMeier | None,
    exposed: KaplanMeier | None,
    noun: str,
    unit: TimeUnit = "years",
    *,
    axis: str,
    corner: str = "",
    start: float = 0.0,
    until: float = np.inf,
    wrong: bool = False,
) -> go.Figure:
    """Draw two Kaplan-Meier curves, without and with the event, with the numbers at risk.

    Parameters
    ----------
    unexposed, exposed
        The curves; None for one without patients.
    noun
        The event: ``transplant``.
    unit
        Unit of the time axis.
    axis
        What the time is counted from: ``since diagnosis``.
    corner
        Words of the test or the ratio, under the axis; empty for none.
    start
        Months at which the curves start.
    until
        Months up to which they are shown, where they reach so far.
    wrong
        Whether to mark the figure as the naive comparison.
    """
    drawn = [
        (name, colour, km)
        for name, colour, km in (
            (f"Without {noun}", SLATE, unexposed),
            (f"With {noun}", VERMILION, exposed),
        )
        if km is not None
    ]
    last = min(max((float(km.time[-1]) for _, _, km in drawn), default=0.0), until)
    shown = in_unit(last, unit)
    ticks = [tick for tick in nice_ticks(shown, most=6) if tick >= in_unit(start, unit) - 1e-9]
    traces: list[dict[str, Any]] = []
    for name, colour, km in drawn:
        traces += _curve(name, colour, km, unit, start)
    months = np.array(ticks) * (MONTHS_PER_YEAR if unit == "years" else 1.0)
    if drawn and ticks:
        # Just after the start: who enters there counts as at risk, as in every risk table.
        at = np.where(months <= start, start + 1e-6, months)
        groups = [(name, colour, km.at(at)) for name, colour, km in drawn]
        traces += risk_table_traces("Number at risk", groups, ["n_risk"], ticks)
    inside = {"xref": "x domain", "yref": "y domain"}
    texts = under_axis(axis, corner, below=30)
    if wrong:
        texts.append(
            text_at(
                f'<span style="color:{CRIMSON}">✕</span> <b>{WRONG}</b>',
                x=0.98, y=0.98, xanchor="right", yanchor="top", **inside,
            )
        )  # fmt: skip
    width = max(shown, ticks[-1] if ticks else 0.0) or 1.0
    scale = {
        "title": {"text": "Survival", "standoff": 6},
        "range": [-0.02, 1.03],
        "tickformat": ".0%",
        "dtick": 0.25,
    }
    height, axes = axes_over_table(ticks, width, 2 * len(drawn), scale, unit=unit)
    return make_figure(
        traces,
        height=height,
        annotations=texts,
        margin={"l": 46, "r": 14},
        showlegend=False,
        hovermode="x unified",
        **axes,
    )


def _curve(
    name: str, colour: str, km: KaplanMeier, unit: TimeUnit, start: float
) -> list[dict[str, Any]]:
    factor = 1 / MONTHS_PER_YEAR if unit == "years" else 1.0
    keep = thinned(km.time)
    time = np.concatenate(([start], km.time[keep])) * factor
    survival = np.concatenate(([1.0], km.survival[keep]))
    # Where the limits are undefined the band closes on the curve.
    lower, upper = (
        np.where(np.isnan(limit), survival, limit)
        for limit in (
            np.concatenate(([1.0], km.lower[keep])),
            np.concatenate(([1.0], km.upper[keep])),
        )
    )
    common = {"type": "scatter", "x": time, "mode": "lines", "legendgroup": name}
    edge = common | {"line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    return [
        edge | {"y": upper},
        edge | {"y": lower, "fill": "tonexty", "fillcolor": rgba(colour, 0.12)},
        common
        | {
            "y": survival,
            "line": {"shape": "hv", "color": colour, "width": 2.4},
            "name": name,
            "customdata": np.concatenate(([km.n], km.n_risk[keep])),
            "hovertemplate": "%{y:.1%}, %{customdata:,} at risk",
        },
    ]
