"""Figures of transplant timing: weighted curves by strategy, life-years by delay, states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.transplant import NEVER, Emulation, Microsimulation, Occupancy
from app.cohort.colours import BLUE, BROWN, GREEN, GREY, PURPLE, SLATE, VERMILION
from app.study.figures.curves import curve_band, in_months, share_axis, step_curve
from app.study.figures.risk_table import axes_over_table, risk_table_traces
from app.study.figures.theme import INK, make_figure, nice_ticks, rgba, text_at, under_axis
from app.study.wording import MONTHS_PER_YEAR
from data_loaders.arrays import Texts

_STRATEGY_COLOURS = (VERMILION, PURPLE, GREEN, BROWN, BLUE)
# As many as there can be states of the living.
_STATE_COLOURS = (BLUE, VERMILION, PURPLE, BROWN, GREEN)
ROW = 34
_STACK_HEIGHT = 340
GREY_CELLS = {"colorscale": [[at, rgba(GREY, 0.28)] for at in (0.0, 1.0)]}
CELL_TEXT = {"texttemplate": "%{text}", "textfont": {"size": 12, "color": INK}}
# Loss to gain; both ends read on light and dark, and without red against green.
_SCALE = [
    [0.0, "rgba(217,84,30,0.9)"],
    [0.5, "rgba(125,135,150,0.06)"],
    [1.0, "rgba(42,127,193,0.9)"],
]


def strategy_figure(emulation: Emulation, group: str, *, axis: str) -> go.Figure:
    """Draw the weighted survival under each strategy in one class, over its effective numbers.

    Parameters
    ----------
    group
        The class, one of ``emulation.groups``; a strategy that it does not support is left out.
    """
    curves = emulation.curves
    own = curves[curves["group"] == group] if len(curves) else curves
    end = emulation.settings.horizon / MONTHS_PER_YEAR
    ticks = nice_ticks(end, most=6)
    months = in_months(ticks, "years")
    traces: list[dict[str, Any]] = []
    rows = []
    for position, name in enumerate(emulation.strategies):
        part = own[own["strategy"] == name] if len(own) else own
        if not len(part):
            continue
        reference = name == emulation.reference
        colour = SLATE if reference else _STRATEGY_COLOURS[position % len(_STRATEGY_COLOURS)]
        traces += _curve(part, name, colour)
        effective = np.interp(months, part["time"], part["effective"].fillna(0.0))
        rows.append((name, colour, pd.DataFrame({"effective": np.round(effective)})))
    texts = under_axis(axis, below=30)
    if rows:
        traces += risk_table_traces("Effective number at risk", rows, ["effective"], ticks)
    else:
        inside = {"xref": "x domain", "yref": "y domain"}
        texts.append(text_at("Too few to estimate anything here", x=0.5, y=0.5, **inside))
    scale = share_axis("Survival")
    height, axes = axes_over_table(ticks, end, 2 * max(len(rows), 1), scale, unit="years")
    return make_figure(
        traces,
        height=height,
        annotations=texts,
        margin={"l": 46, "r": 14},
        showlegend=False,
        hovermode="x unified",
        **axes,
    )


def delay_heatmap(simulation: Microsimulation) -> go.Figure:
    """Draw the gain in life over no transplant, by class and delay.

    A cell that too few patients or deaths support is grey and has no number.
    """
    cells = simulation.cells[simulation.cells["delay"] != NEVER]
    delays = [delay for delay in simulation.delays if delay != NEVER]
    shape = (len(simulation.groups), len(delays))
    supported = cells["supported"].to_numpy().reshape(shape)
    gain = cells["gain"].to_numpy().reshape(shape)
    shown = np.where(supported, gain, np.nan)
    most = float(np.nanmax(np.abs(shown))) if supported.any() else 1.0
    texts = np.array([_whole(value) for value in gain.ravel()], dtype=object).reshape(shape)
    hover = np.array([_hover(cell) for cell in cells.itertuples()], dtype=object).reshape(shape)
    numbers = {
        "z": shown, "zmin": -most, "zmax": most, "colorscale": _SCALE,
        "text": np.where(supported, texts, ""), **CELL_TEXT,
    }  # fmt: skip
    return heat_map(
        [{"z": np.where(supported, np.nan, 0.0), **GREY_CELLS}, numbers],
        hover,
        "Transplant delayed by (months); cells: months gained over<br>no transplant; grey: too few "
        "patients or deaths",
        labels=(list(simulation.groups), [f"{delay:g}" for delay in delays]),
        left=20 + 8 * max(map(len, simulation.groups)),
        below=32,
        height=ROW * shape[0] + 82,
        bottom=78,
    )


def heat_map(
    layers: list[dict[str, Any]],
    hover: Texts,
    words: str,
    *,
    labels: tuple[list[str], list[str]],
    left: int,
    below: int,
    height: int,
    bottom: int,
    xaxis: dict[str, Any] | None = None,
    legend_space: int = 0,
) -> go.Figure:
    """A heat map of several layers: what is grey, and what has a number.

    Parameters
    ----------
    layers
        Parts of each trace: ``z`` (NaN where another layer is seen), its colours and text.
    words, below
        What the cells are, and how many pixels below the map that stands.
    left, height, bottom, legend_space
        Pixels of the labels, the map, what is below it and what is on top.
    """
    down, across = labels
    common = {
        "type": "heatmap",
        "x": list(range(len(across))),
        "y": list(range(len(down))),
        "xgap": 2,
        "ygap": 2,
        "customdata": hover,
        "hovertemplate": "%{customdata}<extra></extra>",
        "showscale": False,
    }
    said = text_at(
        words, x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="top", align="left",
        xshift=8 - left, yshift=-below,
    )  # fmt: skip
    axis = {"showgrid": False, "zeroline": False}
    rows = {"tickvals": common["y"], "ticktext": down, "autorange": "reversed"}
    return make_figure(
        [common | layer for layer in layers],
        height=height,
        legend_space=legend_space,
        annotations=[said],
        margin={"l": left, "r": 10, "b": bottom},
        xaxis=axis | {"tickvals": common["x"], "ticktext": across} | (xaxis or {}),
        yaxis=axis | rows,
    )


def states_figure(result: Occupancy, *, axis: str) -> go.Figure:
    """Draw the share of patients in each state over time, stacked to 100%."""
    shares = result.table["probability"].to_numpy().reshape(-1, len(result.states))
    time = result.table["time"].unique() / MONTHS_PER_YEAR
    traces: list[dict[str, Any]] = []
    height = np.zeros(len(time))
    for position, state in enumerate(result.states):
        last = position == len(result.states) - 1
        colour = GREY if last else _STATE_COLOURS[position]
        share = shares[:, position]
        height = height + share
        traces.append(
            {
                "type": "scatter",
                "x": time,
                "y": np.minimum(height, 1.0),
                "mode": "lines",
                "line": {"shape": "hv", "width": 1, "color": colour},
                "fill": "tonexty" if traces else "tozeroy",
                "fillcolor": rgba(colour, 0.25 if last else 0.7),
                "name": state,
                "customdata": share,
                "hovertemplate": "%{customdata:.1%}",
            }
        )
    return make_figure(
        traces,
        height=_STACK_HEIGHT,
        legend_space=8 + 22 * len(result.states),
        annotations=under_axis(axis, below=30),
        showlegend=True,
        legend={"orientation": "v", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        hovermode="x unified",
        margin={"b": 52},
        xaxis={"range": [0, float(time[-1])], "showgrid": False, "hoverformat": ".2f"},
        yaxis=share_axis("Share of patients", 0, 1) | {"zeroline": False},
    )


def _curve(part: pd.DataFrame, name: str, colour: str) -> list[dict[str, Any]]:
    time = part["time"].to_numpy() / MONTHS_PER_YEAR
    survival, lower, upper = (part[column].to_numpy() for column in ("survival", "lower", "upper"))
    return [
        *curve_band(time, survival, lower, upper, colour, legendgroup=name),
        step_curve(
            name, colour, time, survival, legendgroup=name,
            customdata=part["effective"].fillna(0.0).to_numpy(),
            hovertemplate="%{y:.1%}, %{customdata:,.0f} effective",
        ),
    ]  # fmt: skip


def _whole(gain: float) -> str:
    """A gain in whole months with its sign; one that rounds to nothing has none."""
    words = f"{gain:+.0f}"
    return words.replace("-", "−") if float(words) else "0"


def _hover(cell: Any) -> str:
    if not cell.supported:
        return f"<b>{cell.group}</b>, {cell.delay:g} months<br>{cell.note}"
    limits = ""
    if not np.isnan(cell.gain_lower):
        limits = f" ({cell.gain_lower:+.1f} to {cell.gain_upper:+.1f})"
    return (
        f"<b>{cell.group}</b>, {cell.delay:g} months<br>"
        f"{cell.gain:+.1f} months{limits} against no transplant<br>"
        f"{cell.n_near:,} transplants near it, {cell.events:,} deaths after one"
    )
