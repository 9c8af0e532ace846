"""Allele fractions by gene, and which of two genes has the higher one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, GREY, VERMILION
from app.study.figures.legend import legend_above
from app.study.figures.rows import left_margin, rows_axis, under_plot
from app.study.figures.theme import INK, guide_line, make_figure, rgba
from app.study.wording import SIGNIFICANT, format_p, format_q
from app.views.genomics.variants.analysis import VafSummary

_ROW = 26
_MOST_POINTS = 2_000
_TEXT_FROM = 0.08
_SEED = 0


def vaf_figure(summary: VafSummary) -> go.Figure:
    """Boxes of the allele fractions (quartiles, 5th to 95th centile) over the variants."""
    table = summary.table
    place = {gene: i for i, gene in enumerate(table["gene"])}
    rng = np.random.default_rng(_SEED)
    values = summary.points
    if len(values) > _MOST_POINTS:
        values = values.iloc[np.sort(rng.choice(len(values), _MOST_POINTS, replace=False))]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": values["vaf"].to_numpy(np.float32),
        "y": (
            values["gene"].astype(object).map(place) + rng.uniform(-0.28, 0.28, len(values))
        ).to_numpy(np.float32),
        "marker": {"size": 4, "color": rgba(BLUE, 0.35)},
        "hoverinfo": "skip",
    }
    numbers = list(range(len(table)))
    boxes = [
        _line(table["low"], table["high"], numbers, 1.5),
        _line(table["q1"], table["q3"], numbers, 7),
        {
            "type": "scatter",
            "mode": "markers",
            "x": table["median"].to_numpy(),
            "y": numbers,
            "marker": {"symbol": "diamond", "size": 11, "color": VERMILION},
            "text": [_vaf_hover(row) for row in table.itertuples()],
            "hovertemplate": "%{text}<extra></extra>",
        },
    ]
    names = [
        f"{row.gene}{' †' if row.x_linked else ''} ({row.variants:,})" for row in table.itertuples()
    ]
    below = "Allele fraction (VAF)" + ("; † X chromosome" if table["x_linked"].any() else "")
    return make_figure(
        [points, *boxes],
        height=_ROW * len(table) + 54,
        annotations=[under_plot(below)],
        xaxis={
            "range": [0, min(1.02, max(0.6, float(values["vaf"].max()) * 1.03))],
            "tickformat": ".0%",
            "zeroline": False,
        },
        yaxis=rows_axis(names),
        margin={"l": left_margin(names, 20), "b": 48},
        shapes=[guide_line(x0=0.5, x1=0.5, y0=0, y1=1, yref="paper", colour=GREY, layer="above")],
        showlegend=False,
        hovermode="closest",
    )  # fmt: skip


def order_figure(pairs: pd.DataFrame) -> go.Figure:
    """For each pair of genes, how often the one or the other has the higher allele fraction.

    Parameters
    ----------
    pairs
        Rows of :func:`app.views.genomics.variants.analysis.acquisition_order`, the first on top.
    """
    total = pairs["patients"].to_numpy(float)
    numbers = list(range(len(pairs)))
    hover = [_order_hover(row) for row in pairs.itertuples()]
    legend = ["first named higher", "similar", "second named higher"]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "x": pairs[column].to_numpy(float) / total,
            "y": numbers,
            "marker": {"color": colour},
            "text": np.where(pairs[column] / total > _TEXT_FROM, pairs[column].astype(str), ""),
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "textfont": {"size": 12, "color": "#ffffff"},
            "customdata": hover,
            "hovertemplate": "%{customdata}<extra></extra>",
        }
        for name, column, colour in zip(
            legend, ("a_higher", "similar", "b_higher"), (BLUE, GREY, VERMILION), strict=True
        )
    ]
    names = [
        f"{row.a} › {row.b}" + " *" * (row.q_value < SIGNIFICANT) + " †" * row.x_linked
        for row in pairs.itertuples()
    ]
    marks = "; † X chromosome" if pairs["x_linked"].any() else ""
    return make_figure(
        traces,
        height=_ROW * len(pairs) + 54,
        **legend_above(legend, traceorder="normal"),
        annotations=[under_plot(f"Share of patients with both; * q < {SIGNIFICANT}{marks}")],
        xaxis={"range": [0, 1], "tickformat": ".0%", "zeroline": False, "showgrid": False},
        yaxis=rows_axis(names),
        margin={"l": left_margin(names, 20), "b": 48},
        barmode="stack",
        bargap=0.3,
    )  # fmt: skip


def _line(low: pd.Series, high: pd.Series, rows: list[int], width: float) -> dict[str, Any]:
    """One horizontal line a row, all in one trace."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for pair in zip(low, high, strict=True) for x in (*pair, None)],
        "y": [y for row in rows for y in (row, row, None)],
        "line": {"width": width, "color": INK if width < 2 else rgba(VERMILION, 0.55)},
        "hoverinfo": "skip",
    }


def _vaf_hover(row: Any) -> str:
    return (
        f"<b>{row.gene}</b>: median {row.median:.0%}, quartiles {row.q1:.0%} to {row.q3:.0%}<br>"
        f"5th to 95th centile {row.low:.0%} to {row.high:.0%}<br>"
        f"{row.variants:,} variants in {row.patients:,} patients"
    )


def _order_hover(row: Any) -> str:
    return (
        f"<b>{row.a} and {row.b}</b>, {row.patients:,} patients with both<br>"
        f"{row.a} higher in {row.a_higher:,}, similar in {row.similar:,}, {row.b} higher in "
        f"{row.b_higher:,}<br>median difference {100 * row.median_difference:+.0f} points<br>"
        f"{format_p(row.p_value)}, {format_q(row.q_value)}"
    )
