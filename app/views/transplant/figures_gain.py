"""Figures of gains in months of life: a forest on a linear axis, and life by delay."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.arrays import Bools, Floats
from app.analysis.transplant import NEVER, Microsimulation
from app.cohort.colours import BLUE, GREY, PURPLE, VERMILION, assign_colours
from app.study.figures.curves import curve_band
from app.study.figures.legend import LEGEND
from app.study.figures.theme import INK, guide_line, make_figure, rgba, text_at
from app.study.wording import MONTHS_PER_YEAR, signed

_LETTERS, _LETTER, _LINE, _PAD, _FOOT, _RIGHT = 20, 6.9, 17, 12, 58, 118
_LIFE_HEIGHT, _MOST_RATIO = 330, 2.2
_SMALL = {"size": 12, "color": INK}
_NUMBERS = ("value", "lower", "upper", "truth")


def gain_forest(
    rows: pd.DataFrame, *, axis: str, span: tuple[float, float] | None = None
) -> go.Figure:
    """Draw differences in life with their intervals, one row each, on a linear axis.

    Parameters
    ----------
    rows
        One row a difference, in order: ``label``, ``value``, ``lower``, ``upper`` in months; and,
        where there is something to say, ``group`` (a heading above the rows that share it),
        ``note`` (words in place of an estimate that is missing), ``wrong`` (True: drawn as biased)
        and ``truth`` (the planted truth, drawn as a diamond).
    span
        From where to where one estimate is off another, in months: drawn as a band.

    Raises
    ------
    ValueError
        If there is no row.
    """
    if not len(rows):
        raise ValueError("There is nothing to compare yet.")
    absent = {"group": "", "note": "", "wrong": False, "truth": np.nan}
    rows = rows.assign(**{k: v for k, v in absent.items() if k not in rows.columns})
    rows = rows.reset_index(drop=True)
    for name in _NUMBERS:
        rows[name] = rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
    places, headings, height = _layout(rows)
    longest = max(len(line) for words, _ in places for line in words.split("<br>"))
    margin = int(min(max(70, 20 + _LETTER * longest), 160))
    window = _window(rows)
    left = {"xref": "paper", "x": 0, "xanchor": "left", "align": "left", "font": _SMALL}
    right = {"xref": "paper", "x": 1, "xanchor": "left", "align": "left", "xshift": 8}
    texts = [
        text_at(f"<b>{words}</b>", y=top, **left, xshift=6 - margin) for words, top in headings
    ]
    for row, (words, middle) in zip(rows.to_dict("records"), places, strict=True):
        texts.append(text_at(words, y=middle, **left, xshift=14 - margin))
        texts.append(text_at(_right(row), y=middle, **right, font=_SMALL))
    place = {"xref": "x domain", "yref": "paper", "x": 0.5, "y": 0, "yshift": -31, "yanchor": "top"}
    texts.append(text_at(f"{axis} (months)", **place))
    known = rows["value"].notna().to_numpy()
    at = np.array([place[1] for place in places])
    wrong = rows["wrong"].to_numpy(dtype=bool)
    traces = _points(rows, at, known & ~wrong, (BLUE, "Estimate", "square"))
    traces += _points(rows, at, known & wrong, (VERMILION, "Naive: wrong", "x"))
    true = rows["truth"].notna().to_numpy()
    if true.any():
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": rows["truth"][true],
                "y": at[true],
                "marker": {"symbol": "diamond-open", "size": 12, "color": PURPLE,
                           "line": {"width": 2.2}},
                "name": "Planted truth",
                "hovertemplate": "Planted truth %{x:+.1f}<extra></extra>",
            }
        )  # fmt: skip
    legend = bool(true.any() or wrong.any())
    return make_figure(
        traces,
        height=round(height) + _FOOT,
        legend_space=30 if legend else 0,
        annotations=texts,
        margin={"l": margin, "r": _RIGHT, "b": _FOOT},
        shapes=[
            guide_line(x0=0, x1=0, y0=0, y1=height, colour=GREY, width=1.5),
            *_band(span, height),
        ],
        xaxis={
            "range": list(window),
            "nticks": 5,
            "ticks": "outside",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis={"range": [height, 0], "visible": False, "fixedrange": True},
        showlegend=legend,
        legend=LEGEND,
        hovermode="closest",
    )


def life_figure(simulation: Microsimulation, groups: tuple[str, ...] | None = None) -> go.Figure:
    """Draw life by the delay of the transplant, one curve a class.

    Where too few patients or deaths support a delay the curve is dotted. The dashed line is life
    without a transplant.

    Parameters
    ----------
    groups
        Classes to draw; all by default.
    """
    colours = dict(
        zip(
            simulation.groups,
            assign_colours(simulation.groups, ordered=len(simulation.groups) > 2),
            strict=True,
        )
    )
    shown = simulation.groups if groups is None else groups
    traces: list[dict[str, Any]] = []
    for name in shown:
        cells = simulation.cells[simulation.cells["group"] == name]
        traces += _life(cells, name, colours[name], band=len(shown) <= 2)
    last = max(delay for delay in simulation.delays if delay != NEVER)
    place = {"xref": "x domain", "yref": "paper", "x": 0.5, "y": 0, "yshift": -26, "yanchor": "top"}
    highest = simulation.settings.horizon / MONTHS_PER_YEAR
    return make_figure(
        traces,
        height=_LIFE_HEIGHT + 16,
        legend_space=10 + 22 * ((len(shown) + 1) // 2),
        annotations=[
            text_at("Transplant delayed by (months)<br>dotted: too few to support it", **place),
            text_at("Years of life", x=0, y=1, xref="paper", yref="y domain",
                    xanchor="left", yanchor="bottom", xshift=-40),
        ],
        margin={"l": 46, "b": 70},
        showlegend=True,
        legend=LEGEND | {"y": 1.08},
        hovermode="closest",
        xaxis={"range": [-1.5, last + 1.5], "showgrid": False, "zeroline": False, "dtick": 12},
        yaxis={"range": [0, highest * 1.02], "zeroline": False, "nticks": 6},
    )  # fmt: skip


def _layout(rows: pd.DataFrame) -> tuple[list[tuple[str, float]], list[tuple[str, float]], float]:
    top = float(_PAD)
    places, headings = [], []
    last = ""
    for row in rows.to_dict("records"):
        group = str(row["group"] or "")
        if group and group != last:
            headings.append((group, top + _LINE / 2))
            top += _LINE + 4
        last = group
        words = textwrap.wrap(str(row["label"]), _LETTERS) or [""]
        lines = max(len(words), _right(row).count("<br>") + 1)
        height = _LINE * lines + _PAD
        places.append(("<br>".join(words), top + height / 2))
        top += height
    return places, headings, top + 4


def _right(row: dict[Any, Any]) -> str:
    if np.isnan(row["value"]):
        return "<br>".join(textwrap.wrap(str(row["note"] or "no estimate"), 15)[:3])
    if np.isnan(row["lower"]):
        return signed(row["value"])
    return f"{signed(row['value'])}<br>({signed(row['lower'])} to {signed(row['upper'])})"


def _window(rows: pd.DataFrame) -> tuple[float, float]:
    """All estimates, and as much of the intervals as leaves them readable."""
    values = rows[["value", "truth"]].to_numpy(dtype=np.float64)
    most = float(np.nanmax(np.abs(values), initial=1.0)) if np.isfinite(values).any() else 1.0
    ends = rows[["value", "truth", "lower", "upper"]].to_numpy(dtype=np.float64)
    low = float(np.nanmin(ends, initial=-0.3 * most)) if np.isfinite(ends).any() else -most
    high = float(np.nanmax(ends, initial=0.3 * most)) if np.isfinite(ends).any() else most
    return max(low, -_MOST_RATIO * most) * 1.12, min(high, _MOST_RATIO * most) * 1.12


def _band(span: tuple[float, float] | None, height: float) -> list[dict[str, Any]]:
    if span is None:
        return []
    start, end = span
    look = {"fillcolor": rgba(VERMILION, 0.26), "line": {"width": 0}, "layer": "below"}
    place = {"xref": "x", "yref": "y", "x0": start, "x1": end, "y0": 0, "y1": height}
    return [{"type": "rect", **place, **look}]


def _points(
    rows: pd.DataFrame, at: Floats, who: Bools, look: tuple[str, str, str]
) -> list[dict[str, Any]]:
    if not who.any():
        return []
    colour, name, symbol = look
    part = rows[who]
    whisker = {
        "type": "data",
        "symmetric": False,
        "array": (part["upper"] - part["value"]).fillna(0.0).to_numpy(),
        "arrayminus": (part["value"] - part["lower"]).fillna(0.0).to_numpy(),
        "thickness": 2,
        "width": 0,
        "color": colour,
    }
    labels = [
        f"{row['group']}: {row['label']}" if row["group"] else str(row["label"])
        for row in part.to_dict("records")
    ]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": part["value"],
            "y": at[who],
            "error_x": whisker,
            "marker": {"symbol": symbol, "size": 10, "color": colour},
            "name": name,
            "customdata": [
                [label, _right(row).replace("<br>", " ")]
                for label, row in zip(labels, part.to_dict("records"), strict=True)
            ],
            "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
        }
    ]


def _life(cells: pd.DataFrame, name: str, colour: str, *, band: bool) -> list[dict[str, Any]]:
    """The curve, dotted where not supported, its band, and life without a transplant."""
    own = cells[cells["delay"] != NEVER]
    never = cells[cells["delay"] == NEVER].iloc[0]
    delay = own["delay"].to_numpy()
    life, lower, upper = (
        own[column].to_numpy(dtype=np.float64) / MONTHS_PER_YEAR
        for column in ("life", "lower", "upper")
    )
    supported = own["supported"].to_numpy(dtype=bool)
    level = float(never["life"]) / MONTHS_PER_YEAR
    hover = [
        f"<b>{name}</b>, month {row.delay:g}<br>{at:.1f} years of life"
        + ("" if np.isnan(low) else f" ({low:.1f} to {high:.1f})")
        + f"<br>{row.n_near:,} transplants near it"
        + (f"<br>{row.note}" if row.note else "")
        for row, at, low, high in zip(own.itertuples(), life, lower, upper, strict=True)
    ]
    common = {"type": "scatter", "legendgroup": name, "showlegend": False}
    traces: list[dict[str, Any]] = []
    if band and np.isfinite(lower).all():
        traces += curve_band(
            delay, life, lower, upper, colour, 0.13,
            legendgroup=name, showlegend=False, line={"width": 0},
        )  # fmt: skip
    traces.append(
        common
        | {
            "x": [delay[0], delay[-1]],
            "y": [level, level],
            "mode": "lines",
            "line": {"color": colour, "width": 1.2, "dash": "dash"},
            "hovertemplate": f"<b>{name}</b>, no transplant: {level:.1f} years<extra></extra>",
        }
    )
    line = {"color": colour, "width": 1.4, "dash": "dot"}
    plain = common | {"x": delay, "mode": "lines", "customdata": hover}
    plain |= {"hovertemplate": "%{customdata}<extra></extra>"}
    traces.append(plain | {"y": life, "line": line})
    traces.append(
        plain
        | {
            "y": np.where(supported, life, np.nan),
            "mode": "lines+markers",
            "marker": {"size": 6, "color": colour},
            "line": {"color": colour, "width": 2.6},
            "name": name,
            "showlegend": True,
        }
    )
    return traces
