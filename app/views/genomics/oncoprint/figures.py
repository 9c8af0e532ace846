"""The oncoprint: one heatmap with a discrete colour scale, however many cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.cohort.colours import (
    AMBER,
    BLUE,
    BROWN,
    GREEN,
    GREY,
    INDIGO,
    LILAC,
    PURPLE,
    SLATE,
    VERMILION,
)
from app.study.figures.labels import shortened
from app.study.figures.legend import legend_lines
from app.study.figures.theme import INK, make_figure, text_at
from app.study.wording import format_percent
from app.views.genomics.oncoprint.analysis import NOT_ALTERED, NOT_TESTED, WORDS, Oncoprint

COLOURS = dict(
    zip(WORDS, (GREEN, VERMILION, INDIGO, AMBER, PURPLE, LILAC, SLATE, BROWN, BLUE), strict=True)
)
_NOT_ALTERED, _NOT_TESTED = "rgba(125,135,150,0.16)", "rgba(125,135,150,0.0)"
_UNKNOWN = "rgba(125,135,150,0.30)"
_ROW, _TRACK = 19, 15
_LONGEST = 18  # "BCL2 rearrangement"
_LEAST = 0.005
# Every colour index of the scale: blank, not tested, not altered, the words, then the tracks'.
_BLANK = 0
_GAP_SHARE = 0.006


def oncoprint_figure(print_: Oncoprint) -> go.Figure:
    """Draw the alterations of every patient, with clinical tracks above."""
    palette = ["rgba(0,0,0,0)", _NOT_TESTED, _NOT_ALTERED, *COLOURS.values()]
    hovers: list[str] = ["", "not tested", "no", *WORDS]
    rows, labels = [], []
    for track in print_.tracks:
        start = len(palette)
        palette += [_UNKNOWN, *track.colours]
        hovers += ["unknown", *track.names]
        rows.append(np.where(track.codes < 0, 0, track.codes + 1) + start)
        labels.append(track.label)
    cells = print_.cells.astype(np.int16)
    rows += list(np.where(cells == NOT_TESTED, 1, np.where(cells == NOT_ALTERED, 2, cells + 2)))
    labels += [_row_label(print_, i) for i in range(len(print_.labels))]
    codes = _with_gaps(np.stack(rows).astype(np.uint8), print_)
    # Text of numpy's own kind: plotly looks at each cell of an array of objects, three times.
    texts = np.array(hovers)[codes]
    named = _unique(labels)
    width = codes.shape[1]
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "x": np.arange(width, dtype=np.int32),
            "y": named,
            "z": codes,
            "zmin": 0,
            "zmax": len(palette) - 1,
            "zsmooth": False,
            "colorscale": _steps(palette),
            "showscale": False,
            "xgap": 1 if width <= 250 else 0,
            "ygap": 2,
            "customdata": texts,
            "hovertemplate": "<b>%{y}</b>: %{customdata}<extra></extra>",
        }
    ]
    # A crossed-out cell: not tested is seen to be neither a colour nor an empty cell.
    legend = _legend(print_)
    traces += legend
    lines = legend_lines([str(entry["name"]) for entry in legend])
    heads = _heads(print_, width)
    pixels = _ROW * len(print_.labels) + _TRACK * len(print_.tracks) + 8
    return make_figure(
        traces,
        height=pixels + 22 * lines + 12,
        legend_space=22 if heads else 6,
        annotations=heads,
        xaxis={
            "visible": False,
            "range": [-0.5, width - 0.5],
            "domain": [0, 1],
        },
        yaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": named,
            "autorange": "reversed",
            "fixedrange": True,
            "tickfont": {"size": 12},
            "showgrid": False,
            "zeroline": False,
            "ticks": "",
        },
        margin={"l": 18 + 7 * max(map(len, named)), "r": 8, "b": 22 * lines + 18},
        showlegend=True,
        legend={
            "orientation": "h", "x": 0, "y": 0, "yanchor": "top", "font": {"size": 12},
            "itemclick": False, "itemdoubleclick": False,
        },
        hovermode="closest",
    )  # fmt: skip


def oncoprint_alt(title: str, print_: Oncoprint) -> str:
    """Alternative text: the title, what a cell is, and the leading rows."""
    leading = ", ".join(_row_label(print_, i) for i in range(min(5, len(print_.labels))))
    return f"{title}. One column a patient, one row an alteration. Most frequent: {leading}."


def _row_label(print_: Oncoprint, row: int) -> str:
    name = print_.labels[row]
    short = shortened(name, _LONGEST)
    tested = int(print_.tested[row])
    share = float(print_.altered[row]) / tested if tested else float("nan")
    return f"{short} {'<1%' if 0 < share < _LEAST else format_percent(share)}"


def _unique(labels: list[str]) -> list[str]:
    """Labels of which none reads like an earlier one: they are the coordinates."""
    seen: dict[str, int] = {}
    result = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        result.append(label + " " * (seen[label] - 1))
    return result


def _gap(print_: Oncoprint) -> int:
    """Columns left blank between two groups."""
    return max(1, round(_GAP_SHARE * print_.cells.shape[1])) if len(print_.groups) > 1 else 0


def _with_gaps(codes: np.ndarray[Any, Any], print_: Oncoprint) -> np.ndarray[Any, Any]:
    gap = _gap(print_)
    if not gap:
        return codes
    ends = np.cumsum(list(print_.groups.values()))[:-1]
    return np.insert(codes, np.repeat(ends, gap), _BLANK, axis=1)


def _steps(palette: list[str]) -> list[list[Any]]:
    """A colour scale in steps: code i of n lies in the middle of its own step."""
    last = max(len(palette) - 1, 1)
    scale: list[list[Any]] = []
    for i, colour in enumerate(palette):
        scale += [[max((i - 0.5) / last, 0.0), colour], [min((i + 0.5) / last, 1.0), colour]]
    return scale


def _heads(print_: Oncoprint, width: int) -> list[dict[str, Any]]:
    """Names of the groups above their columns, with their sizes where there is room for them.

    A group too narrow for its name is left to the hover.
    """
    if len(print_.groups) < 2:
        return []
    heads, start, gap = [], 0, _gap(print_)
    for name, size in print_.groups.items():
        share = size / width
        room = int(share * 110)
        sized = f"{name} ({print_.sizes[name]:,})"
        short = sized if len(sized) <= room else shortened(name, room)
        if room >= 3:
            heads.append(
                text_at(
                    short, xref="x", yref="paper", x=start + size / 2, y=1, yanchor="bottom",
                )
                | {"font": {"size": 12, "color": INK}}
            )  # fmt: skip
        start += size + gap
    return heads


def _legend(print_: Oncoprint) -> list[dict[str, Any]]:
    present = set(np.unique(print_.cells).tolist())
    entries = [(word, COLOURS[word]) for i, word in enumerate(WORDS) if i + 1 in present]
    entries += [("not altered", _NOT_ALTERED)] * (NOT_ALTERED in present)
    entries += [("not tested", "")] * (NOT_TESTED in present)
    for track in print_.tracks:
        if len(print_.groups) > 1 and set(print_.groups) <= set(track.names):
            continue  # the names stand above the columns
        seen = set(np.unique(track.codes).tolist())
        entries += [
            (_level(track.label, name), colour)
            for code, (name, colour) in enumerate(zip(track.names, track.colours, strict=True))
            if code in seen
        ]
    return [_entry(name, colour) for name, colour in entries]


def _level(label: str, name: str) -> str:
    """A level that says of itself what it is a level of needs no label: ``Age up to 48 years``."""
    return name if name.partition(" ")[0] == label.partition(" ")[0] else f"{label}: {name}"


def _entry(name: str, colour: str) -> dict[str, Any]:
    """An entry of the legend without points."""
    marker = {"symbol": "square", "size": 11, "color": colour or "rgba(0,0,0,0)"}
    if not colour:
        marker |= {"line": {"width": 1, "color": GREY}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [None],
        "y": [None],
        "marker": marker,
        "hoverinfo": "skip",
    }
