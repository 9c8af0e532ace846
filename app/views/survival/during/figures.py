"""Figures of an event during follow-up: every answer in one forest, and pairs of curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.analysis.survival import KaplanMeier
from app.cohort.colours import CRIMSON, SLATE, VERMILION
from app.study.figures.curves import (
    AT_RISK,
    curve_band,
    from_start,
    in_months,
    share_axis,
    step_curve,
    thinned,
)
from app.study.figures.forest import forest_figure
from app.study.figures.risk_table import over_table
from app.study.figures.theme import make_figure, nice_ticks, text_at, under_axis
from app.study.wording import TimeUnit, in_unit
from app.views.survival.during.analysis import NAIVE, DuringFollowUp
from app.views.survival.during.words import answers_table

WRONG = "NAIVE: BIASED BY IMMORTAL TIME"


def answers_figure(result: DuringFollowUp) -> go.Figure:
    """Draw the hazard ratios of every analysis under each other, the naive one first."""
    # Why an analysis has no answer is told in words; beside the forest there is room for two.
    rows = answers_table(result).assign(note="no estimate")
    rows["series"] = np.where(rows["key"] == NAIVE, "Biased", "Time respected")
    return forest_figure(rows)


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
    axis
        What the time is counted from: ``since diagnosis``.
    corner
        Words of the test or the ratio, under the axis; empty for none.
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
    # Just after the start: who enters there counts as at risk, as in every risk table.
    months = in_months(ticks, unit)
    at = np.where(months <= start, start + 1e-6, months)
    inside = {"xref": "x domain", "yref": "y domain"}
    texts = under_axis(axis, corner, below=30)
    if wrong:
        texts.append(
            text_at(
                f'<span style="color:{CRIMSON}">✕</span> <b>{WRONG}</b>',
                x=0.98, y=0.98, xanchor="right", yanchor="top", **inside,
            )
        )  # fmt: skip
    groups = [(name, colour, km.at(at)) for name, colour, km in drawn]
    return make_figure(
        **over_table(traces, groups, ticks, shown, share_axis("Survival"), unit=unit),
        annotations=texts,
        margin={"l": 46, "r": 14},
        showlegend=False,
        hovermode="x unified",
    )


def _curve(
    name: str, colour: str, km: KaplanMeier, unit: TimeUnit, start: float
) -> list[dict[str, Any]]:
    keep = thinned(km.time)
    time = from_start(start, km.time[keep]) * in_unit(1.0, unit)
    survival = from_start(1.0, km.survival[keep])
    lower, upper = (from_start(1.0, limit[keep]) for limit in (km.lower, km.upper))
    return [
        *curve_band(time, survival, lower, upper, colour, legendgroup=name),
        step_curve(
            name, colour, time, survival, legendgroup=name,
            customdata=from_start(km.n, km.n_risk[keep]), hovertemplate=AT_RISK,
        ),
    ]  # fmt: skip
