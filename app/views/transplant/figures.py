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
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, in_unit

_STRATEGY_COLOURS = (VERMILION, PURPLE, GREEN, BROWN, BLUE)
_STATE_COLOURS = (BLUE, VERMILION, PURPLE, BROWN)
_ROW = 34
_STACK_HEIGHT = 340
# Loss to gain; both ends read on light and dark, and without red against green.
_SCALE = [
    [0.0, "rgba(217,84,30,0.9)"],
    [0.5, "rgba(125,135,150,0.06)"],
    [1.0, "rgba(42,127,193,0.9)"],
]


def strategy_figure(
    emulation: Emulation, group: str, unit: TimeUnit = "years", *, axis: str
) -> go.Figure:
    """Draw the weighted survival under each strategy in one class, over its effective numbers.

    Parameters
    ----------
    emulation
        The emulated trial, times in months.
    group
        The class, one of ``emulation.groups``; a strategy that it does not support is left out.
    unit
        Unit of the time axis.
    axis
        What time is counted from: ``since diagnosis``.
    """
    curves = emulation.curves
    own = curves[curves["group"] == group] if len(curves) else curves
    horizon = emulation.settings.horizon
    ticks = nice_ticks(in_unit(horizon, unit), most=6)
    months = in_months(ticks, unit)
    traces: list[dict[str, Any]] = []
    rows = []
    for position, name in enumerate(emulation.strategies):
        part = own[own["strategy"] == name] if len(own) else own
        if not len(part):
            continue
        reference = name == emulation.reference
        colour = SLATE if reference else _STRATEGY_COLOURS[position % len(_STRATEGY_COLOURS)]
        traces += _curve(part, name, colour, unit)
        effective = np.interp(months, part["time"], part["effective"].fillna(0.0))
        rows.append((name, colour, pd.DataFrame({"effective": np.round(effective)})))
    texts = under_axis(axis, below=26)
    if rows:
        traces += risk_table_traces("Effective number at risk", rows, ["effective"], ticks)
    else:
        inside = {"xref": "x domain", "yref": "y domain"}
        texts.append(text_at("Too few to estimate anything here", x=0.5, y=0.5, **inside))
    scale = share_axis("Survival")
    height, axes = axes_over_table(
        ticks, in_unit(horizon, unit), 2 * max(len(rows), 1), scale, unit=unit
    )
    return make_figure(
        traces,
        height=height,
        annotations=texts,
        margin={"l": 46, "r": 14},
        showlegend=False,
        hovermode="x unified",
        **axes,
    )


def delay_heatmap(simulation: Microsimulation, unit: TimeUnit = "months") -> go.Figure:
    """Draw the gain in life over no transplant, by class and delay.

    A cell that too few patients or deaths support is grey and has no number.

    Parameters
    ----------
    simulation
        Life by class and delay, times in months.
    unit
        Unit of the gain.
    """
    cells = simulation.cells[simulation.cells["delay"] != NEVER]
    delays = [delay for delay in simulation.delays if delay != NEVER]
    shape = (len(simulation.groups), len(delays))
    supported = cells["supported"].to_numpy().reshape(shape)
    gain = cells["gain"].map(lambda value: in_unit(value, unit)).to_numpy().reshape(shape)
    shown = np.where(supported, gain, np.nan)
    most = float(np.nanmax(np.abs(shown))) if supported.any() else 1.0
    hover = np.array([_hover(cell, unit) for cell in cells.itertuples()], dtype=object)
    texts = np.array(
        [_signed(value, 0 if unit == "months" else 1) for value in gain.ravel()],
        dtype=object,
    ).reshape(shape)
    common = {
        "type": "heatmap",
        "x": list(range(shape[1])),
        "y": list(range(shape[0])),
        "xgap": 2,
        "ygap": 2,
        "customdata": hover.reshape(shape),
        "hovertemplate": "%{customdata}<extra></extra>",
        "showscale": False,
    }
    grey = rgba(GREY, 0.28)
    traces = [
        common | {"z": np.where(supported, np.nan, 0.0), "colorscale": [[0.0, grey], [1.0, grey]]},
        common
        | {
            "z": shown,
            "zmin": -most,
            "zmax": most,
            "colorscale": _SCALE,
            "text": np.where(supported, texts, ""),
            "texttemplate": "%{text}",
            "textfont": {"size": 12, "color": INK},
        },
    ]
    left = 20 + 8 * max(map(len, simulation.groups))
    words = text_at(
        f"Transplant delayed by (months); cells: {unit} gained over<br>no transplant; grey: "
        "too few patients or deaths",
        x=0,
        y=0,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="top",
        align="left",
        xshift=8 - left,
        yshift=-32,
    )
    return make_figure(
        traces,
        height=_ROW * shape[0] + 82,
        annotations=[words],
        margin={"l": left, "r": 10, "b": 78},
        xaxis={
            "tickvals": list(range(shape[1])),
            "ticktext": [f"{delay:g}" for delay in delays],
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={
            "tickvals": list(range(shape[0])),
            "ticktext": list(simulation.groups),
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
        },
    )


def states_figure(result: Occupancy, unit: TimeUnit = "years", *, axis: str) -> go.Figure:
    """Draw the share of patients in each state over time, stacked to 100%.

    Parameters
    ----------
    result
        Occupancy by time, times in months.
    unit, axis
        As in :func:`strategy_figure`.
    """
    shares = result.table["probability"].to_numpy().reshape(-1, len(result.states))
    time = np.array([in_unit(month, unit) for month in result.table["time"].unique()])
    traces: list[dict[str, Any]] = []
    height = np.zeros(len(time))
    for position, state in enumerate(result.states):
        last = position == len(result.states) - 1
        colour = GREY if last else _STATE_COLOURS[position % len(_STATE_COLOURS)]
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
        annotations=under_axis(axis, below=26),
        showlegend=True,
        legend={"orientation": "v", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
        hovermode="x unified",
        margin={"b": 52},
        xaxis={"range": [0, float(time[-1])], "showgrid": False, "hoverformat": ".2f"},
        yaxis=share_axis("Share of patients", 0, 1) | {"zeroline": False},
    )


def _curve(part: pd.DataFrame, name: str, colour: str, unit: TimeUnit) -> list[dict[str, Any]]:
    time = part["time"].to_numpy() / (MONTHS_PER_YEAR if unit == "years" else 1.0)
    survival, lower, upper = (part[column].to_numpy() for column in ("survival", "lower", "upper"))
    return [
        *curve_band(time, survival, lower, upper, colour, legendgroup=name),
        step_curve(
            name, colour, time, survival, legendgroup=name,
            customdata=part["effective"].fillna(0.0).to_numpy(),
            hovertemplate="%{y:.1%}, %{customdata:,.0f} effective",
        ),
    ]  # fmt: skip


def _signed(value: float, digits: int) -> str:
    """A gain with its sign; one that rounds to nothing has none."""
    words = f"{value:+.{digits}f}"
    return words.replace("-", "−") if float(words) else f"{0:.{digits}f}"


def _hover(cell: Any, unit: TimeUnit) -> str:
    if not cell.supported:
        return f"<b>{cell.group}</b>, {cell.delay:g} months<br>{cell.note}"
    gain, low, high = (in_unit(v, unit) for v in (cell.gain, cell.gain_lower, cell.gain_upper))
    limits = "" if np.isnan(low) else f" ({low:+.1f} to {high:+.1f})"
    return (
        f"<b>{cell.group}</b>, {cell.delay:g} months<br>"
        f"{gain:+.1f} {unit}{limits} against no transplant<br>"
        f"{cell.n_near:,} transplants near it, {cell.events:,} deaths after one"
    )
