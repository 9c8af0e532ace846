"""The risk table under a figure of curves, aligned to the ticks of its time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import pandas as pd

from app.study.figures.theme import INK

CURVES_HEIGHT = 330
_ROW_HEIGHT = 17
_GAP = 62


def risk_table_traces(
    heading: str,
    groups: Sequence[tuple[str, str, pd.DataFrame]],
    columns: Sequence[str],
    ticks: npt.ArrayLike,
) -> list[dict[str, Any]]:
    """The texts of the table, on the second pair of axes.

    Parameters
    ----------
    groups
        Name, colour and counts of each group; one row a tick.
    """
    places = [float(tick) for tick in pd.Series(ticks)]
    texts = [_text_row([0.0], 0, [f"<b>{heading}</b>"], position="middle right")]
    row = 1
    for name, colour, counts in groups:
        # No colour of a group is legible as small text on a white and on a near-black page.
        bold = [f'<span style="color:{colour}">■</span> <b>{name}</b>']
        texts.append(_text_row([0.0], row, bold, position="middle right"))
        row += 1
        for column in columns:
            numbers = ["–" if pd.isna(value) else f"{int(value):,}" for value in counts[column]]
            texts.append(_text_row(places, row, numbers, position="middle center"))
            row += 1
    return texts


def over_table(
    traces: list[dict[str, Any]],
    groups: Sequence[tuple[str, str, pd.DataFrame]],
    ticks: Sequence[float],
    last: float,
    yaxis: dict[str, Any],
    *,
    unit: str,
    heading: str = "Number at risk",
    columns: Sequence[str] = ("n_risk",),
) -> dict[str, Any]:
    """What :func:`app.study.figures.theme.make_figure` is told of curves over their risk table.

    Parameters
    ----------
    groups, heading, columns
        As :func:`risk_table_traces` takes them.
    ticks, last, yaxis, unit
        As :func:`axes_over_table` takes them.
    """
    table = risk_table_traces(heading, groups, columns, ticks) if groups and ticks else []
    lines = (1 + len(columns)) * len(groups)
    height, axes = axes_over_table(ticks, last, lines, yaxis, unit=unit)
    return {"traces": traces + table, "height": height, **axes}


def axes_over_table(
    ticks: Sequence[float], last: float, lines: int, yaxis: dict[str, Any], *, unit: str
) -> tuple[int, dict[str, Any]]:
    """Height of curves and table together, and the axes of both."""
    last = max([last, *ticks]) or 1.0
    table = _ROW_HEIGHT * (lines + 1)
    inner = CURVES_HEIGHT + _GAP + table
    axes = {
        "xaxis": {
            "range": [-0.015 * last, 1.03 * last],
            "tickvals": list(ticks),
            "ticktext": [f"{tick:g}" for tick in ticks],
            "anchor": "y",
            "showgrid": False,
            "zeroline": False,
            "ticks": "outside",
            "unifiedhovertitle": {"text": f"%{{x:.1f}} {unit}"},
            "hoverformat": ".2f",
        },
        "yaxis": {"domain": [(table + _GAP) / inner, 1], "zeroline": False, **yaxis},
        "xaxis2": {"matches": "x", "anchor": "y2", "visible": False, "fixedrange": True},
        "yaxis2": {
            "domain": [0, table / inner],
            "range": [-lines - 0.5, 0.5],
            "visible": False,
            "fixedrange": True,
        },
    }
    return inner + 12, axes


def _text_row(x: list[float], row: int, text: list[str], *, position: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": x,
        "y": [-row] * len(x),
        "xaxis": "x2",
        "yaxis": "y2",
        "mode": "text",
        "text": text,
        "textposition": position,
        "textfont": {"size": 12, "color": INK},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }
