"""Figures of how far an emulated trial can be trusted: weights, balance, positivity, choices."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, GREY, SLATE, VERMILION
from app.study.figures.legend import LEGEND
from app.study.figures.theme import guide_line, make_figure, text_at
from app.views.transplant.figures import CELL_TEXT, GREY_CELLS, ROW, heat_map
from app.views.transplant.figures_gain import gain_forest

BALANCED = 0.1
_ROW, _PANEL, _FOOT = 26, 92, 56
_STATES = (("not transplanted", SLATE), ("transplanted", VERMILION))
_SHARE = [[0.0, "rgba(42,127,193,0.05)"], [1.0, "rgba(42,127,193,0.95)"]]
_LOG_TICKS = (0.01, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0, 1000.0)


def weight_figure(table: pd.DataFrame) -> go.Figure:
    """Draw the spread of the stabilised weights, one panel a strategy, on a logarithmic axis."""
    strategies = list(dict.fromkeys(table["strategy"]))
    traces: list[dict[str, Any]] = []
    texts = []
    layout: dict[str, Any] = {}
    step = 1.0 / len(strategies)
    for row, name in enumerate(strategies):
        end = "" if row == 0 else str(row + 1)
        top = 1.0 - row * step
        layout[f"yaxis{end}"] = {
            "domain": [top - 0.62 * step, top - 0.16 * step if len(strategies) > 1 else 0.9],
            "rangemode": "tozero",
            "tickformat": ".0%",
            "nticks": 3,
            "zeroline": False,
        }
        texts.append(
            text_at(f"<b>{name}</b>", x=0, y=top, xref="paper", yref="paper", xanchor="left",
                    yanchor="top")
        )  # fmt: skip
        for state, colour in _STATES:
            part = table[(table["strategy"] == name) & (table["state"] == state)]
            if part.empty:
                continue
            middle = np.sqrt(part["low"] * part["high"])
            traces.append(
                {
                    "type": "scatter",
                    "x": middle,
                    "y": part["share"],
                    "yaxis": f"y{end}",
                    "mode": "lines",
                    "line": {"shape": "hvh", "width": 1.6, "color": colour},
                    "fill": "tozeroy",
                    "name": state.capitalize(),
                    "legendgroup": state,
                    "showlegend": not any(t.get("legendgroup") == state for t in traces),
                    "customdata": np.column_stack([part["low"], part["high"], part["n"]]),
                    "hovertemplate": "Weights %{customdata[0]:.2f} to %{customdata[1]:.2f}: "
                    "%{customdata[2]:,} patients<extra></extra>",
                }
            )
    low, high = float(table["low"].min()), float(table["high"].max())
    place = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0, "yshift": -24, "yanchor": "top"}
    texts.append(text_at("Stabilised weight, about 1 on average", **place))
    ticks = [tick for tick in _LOG_TICKS if low / 1.5 <= tick <= high * 1.5]
    return make_figure(
        traces,
        height=(_PANEL + 30) * len(strategies) + _FOOT,
        legend_space=30,
        annotations=texts,
        margin={"l": 48, "b": _FOOT},
        shapes=[guide_line(yref="paper", x0=1, x1=1, y0=0, y1=0.96, colour=GREY, width=1.4)],
        xaxis={
            "type": "log",
            "range": [np.log10(low * 0.9), np.log10(high * 1.1)],
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
            "anchor": "free",
            "position": 0,
            "showgrid": False,
        },
        showlegend=True,
        legend=LEGEND,
        hovermode="closest",
        **layout,
    )  # fmt: skip


def balance_figure(table: pd.DataFrame, strategy: str) -> go.Figure:
    """Draw standardised differences of the confounders before and after weighting (Love plot).

    Raises
    ------
    ValueError
        If the strategy has no balance to show.
    """
    own = table[table["strategy"] == strategy].reset_index(drop=True)
    if own.empty:
        raise ValueError(f"Too few followed '{strategy}' to compare their confounders.")
    own = own.reindex(own["smd_before"].abs().sort_values(ascending=True).index)
    labels = ["<br>".join(textwrap.wrap(str(term), 20)) for term in own["term"]]
    at = list(range(len(own)))
    widest = max(0.3, float(own[["smd_before", "smd_after"]].abs().to_numpy().max())) * 1.12
    gap = np.full(len(own), np.nan)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.column_stack([own["smd_before"], own["smd_after"], gap]).ravel(),
            "y": np.column_stack([at, at, gap]).ravel(),
            "line": {"color": GREY, "width": 1},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for column, words, colour, symbol in (
        ("smd_before", "Before weighting", VERMILION, "circle-open"),
        ("smd_after", "After weighting", BLUE, "circle"),
    ):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": own[column],
                "y": at,
                "marker": {"symbol": symbol, "size": 10, "color": colour, "line": {"width": 2}},
                "name": words,
                "customdata": list(own["term"]),
                "hovertemplate": f"%{{customdata}}, {words.lower()}: %{{x:.2f}}<extra></extra>",
            }
        )
    lines = [
        guide_line(yref="paper", x0=x, x1=x, y0=0, y1=1, dash=dash, colour=GREY, width=1.3)
        for x, dash in ((0.0, "solid"), (-BALANCED, "dot"), (BALANCED, "dot"))
    ]
    place = {"xref": "x domain", "yref": "paper", "x": 0.5, "y": 0, "yshift": -28, "yanchor": "top"}
    longest = max(len(line) for label in labels for line in label.split("<br>"))
    return make_figure(
        traces,
        height=max(_ROW, 18 + 14 * any("<br>" in label for label in labels)) * len(own) + _FOOT,
        legend_space=30,
        annotations=[text_at("Difference of means (SD)", **place)],
        margin={"l": int(18 + 6.9 * longest), "b": _FOOT},
        shapes=lines,
        xaxis={"range": [-widest, widest], "nticks": 5, "showgrid": False, "zeroline": False},
        yaxis={
            "tickvals": at,
            "ticktext": labels,
            "range": [-0.7, len(own) - 0.3],
            "tickfont": {"size": 12},
            "showgrid": False,
            "zeroline": False,
        },
        showlegend=True,
        legend=LEGEND,
        hovermode="closest",
    )


def positivity_figure(table: pd.DataFrame, strategy: str, rows: str, columns: str) -> go.Figure:
    """Draw the chance of following a strategy by two things, such as age band and risk class.

    Raises
    ------
    ValueError
        If the strategy is not in the table.
    """
    own = table[table["strategy"] == strategy]
    if own.empty:
        raise ValueError(f"Nobody could follow '{strategy}' here.")
    down, across = (_order(own[name]) for name in (rows, columns))
    wide = own.assign(_r=own[rows].astype(str), _c=own[columns].astype(str)).set_index(["_r", "_c"])
    shape = (len(down), len(across))
    share, seen = np.full(shape, np.nan), np.full(shape, np.nan)
    texts = np.full(shape, "", dtype=object)
    hover = np.full(shape, "nobody", dtype=object)
    for i, row in enumerate(down):
        for j, column in enumerate(across):
            if (row, column) not in wide.index:
                continue
            cell = wide.loc[(row, column)]
            texts[i, j] = f"{int(cell['transplanted'])}/{int(cell['n'])}"
            hover[i, j] = (
                f"<b>{row}, {column}</b><br>{int(cell['transplanted']):,} of {int(cell['n']):,} "
                f"transplanted in the window"
                + (
                    f"<br>modelled chance {cell['probability']:.0%}"
                    if np.isfinite(cell["probability"])
                    else ""
                )
                + (f"<br>{cell['note']}" if cell["note"] else "")
            )
            if cell["transplanted"] > 0 and np.isfinite(cell["probability"]):
                share[i, j] = cell["probability"]
            else:
                seen[i, j] = 0.0
    text = {"text": texts, **CELL_TEXT}
    most = float(np.nanmax(share)) if np.isfinite(share).any() else 1.0
    longest = max(map(len, across))
    return heat_map(
        [
            {"z": seen, **GREY_CELLS, **text},
            {"z": share, "zmin": 0, "zmax": most, "colorscale": _SHARE, **text},
        ],
        hover,
        "Transplanted in the window / patients<br>bluer: likelier in the model; grey: left out",
        labels=(down, across),
        left=16 + 8 * max(map(len, down)),
        below=8,
        height=ROW * shape[0] + 50,
        bottom=48,
        xaxis={"side": "top", "tickangle": -90 if longest > 8 else 0},
        legend_space=16 + 7 * longest if longest > 8 else 26,
    )


def sensitivity_figure(table: pd.DataFrame, group: str, strategy: str) -> go.Figure:
    """Draw the gain of a strategy under every other choice, as a forest.

    Parameters
    ----------
    group, strategy
        Class and strategy; with another grace period its window, and so its name, may change.
    """
    own = table[table["group"] == group]
    position = own[own["varied"] == "as set"]["strategy"].tolist().index(strategy)
    own = own.groupby("choice", sort=False).nth(position)
    headings = {
        "as set": "As set",
        "grace": "Other grace period",
        "truncation": "Weights cut off",
        "spread": "Spread in the window",
        "losses": "Losses to follow-up",
        "confounder": "One confounder less",
    }
    rows = pd.DataFrame(
        {
            "label": own["choice"].to_numpy(),
            "group": own["varied"].map(headings).to_numpy(),
            "value": own["rmst_difference"].to_numpy(),
            "lower": own["rmst_difference_lower"].to_numpy(),
            "upper": own["rmst_difference_upper"].to_numpy(),
            "note": "too few",
        }
    )
    return gain_forest(rows, axis="Life gained")


def _order(values: pd.Series) -> list[str]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        present = set(values.dropna())
        return [str(level) for level in values.cat.categories if level in present]
    return sorted({str(value) for value in values.dropna()})
