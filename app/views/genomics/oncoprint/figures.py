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
from app.study.figures.legend import LINE, legend_below
from app.study.figures.theme import INK, WIDE, by_width, make_figure, text_at
from app.study.wording import format_percent
from app.views.genomics.oncoprint.analysis import NOT_ALTERED, NOT_TESTED, WORDS, Oncoprint

COLOURS = dict(
    zip(WORDS, (GREEN, VERMILION, INDIGO, AMBER, PURPLE, LILAC, SLATE, BROWN, BLUE), strict=True)
)
_NOT_ALTERED, _NOT_TESTED = "rgba(125,135,150,0.16)", "rgba(125,135,150,0.0)"
_UNKNOWN = "rgba(125,135,150,0.30)"
_ROW, _TRACK = 19, 15
_LONGEST = 18  # "BCL2 rearrangement"
# Pixels: a letter of a head; the whole figure on a phone; the columns on a wide screen.
_LETTER, _PHONE, _COLUMNS = 6.6, 350, 690
_RIGHT = 8  # pixels beside the columns
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
    left = 18 + 7 * max(map(len, named))
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
            # A line between columns leaves a phone two pixels of each at least.
            "xgap": int(3 * width <= _PHONE - left - _RIGHT),
            "ygap": 2,
            "customdata": texts,
            "hovertemplate": "<b>%{y}</b>: %{customdata}<extra></extra>",
        }
    ]
    heads, fit = _heads(print_, width, _PHONE - left)
    # A crossed-out cell: not tested is seen to be neither a colour nor an empty cell.
    legend = _legend(print_, headed=fit)
    traces += legend
    legend_names = [str(entry["name"]) for entry in legend]
    lines, freed = legend_below(legend_names, _PHONE - left - _RIGHT)
    pixels = _ROW * len(print_.labels) + _TRACK * len(print_.tracks) + 8
    return make_figure(
        traces,
        height=pixels + LINE * lines + 12,
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
        margin={"l": left, "r": _RIGHT, "b": LINE * lines + 18},
        showlegend=True,
        legend={
            "orientation": "h", "x": 0, "y": 0, "yanchor": "top", "font": {"size": 12},
            "itemclick": False, "itemdoubleclick": False,
        },
        hovermode="closest",
        meta=by_width(
            freed=[left + _RIGHT + columns for columns in freed],
            notes_from=0 if fit else WIDE,
        ),
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


def _heads(print_: Oncoprint, width: int, phone: float) -> tuple[list[dict[str, Any]], bool]:
    """Names of the groups above their columns, with their sizes where there is room for them.

    A group too narrow for its name is left to its colour and the hover.

    Parameters
    ----------
    phone
        Pixels that all columns together have on a phone.

    Returns
    -------
    The names for a wide screen, and whether they fit a phone as they are.
    """
    if len(print_.groups) < 2:
        return [], True
    heads, start, gap, fit = [], 0, _gap(print_), True
    for name, size in print_.groups.items():
        share = size / width
        room = int(share * _COLUMNS / _LETTER)
        sized = _sized(print_, name)
        short = sized if len(sized) <= room else shortened(name, room)
        fit &= len(short) * _LETTER <= share * phone
        if room >= 3:
            heads.append(
                text_at(
                    short, xref="x", yref="paper", x=start + size / 2, y=1, yanchor="bottom",
                )
                | {"font": {"size": 12, "color": INK}}
            )  # fmt: skip
        start += size + gap
    return heads, fit


def _legend(print_: Oncoprint, *, headed: bool) -> list[dict[str, Any]]:
    """What the colours mean; of the groups too where their names do not stand above everywhere."""
    present = set(np.unique(print_.cells).tolist())
    entries = [(word, COLOURS[word]) for i, word in enumerate(WORDS) if i + 1 in present]
    entries += [("not altered", _NOT_ALTERED)] * (NOT_ALTERED in present)
    entries += [("not tested", "")] * (NOT_TESTED in present)
    for track in print_.tracks:
        grouped = len(print_.groups) > 1 and set(print_.groups) <= set(track.names)
        if grouped and headed:
            continue
        seen = set(np.unique(track.codes).tolist())
        entries += [
            (_sized(print_, name) if grouped else _level(track.label, name), colour)
            for code, (name, colour) in enumerate(zip(track.names, track.colours, strict=True))
            if code in seen
        ]
    return [_entry(name, colour) for name, colour in entries]


def _sized(print_: Oncoprint, group: str) -> str:
    return f"{group} ({print_.sizes[group]:,})"


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
