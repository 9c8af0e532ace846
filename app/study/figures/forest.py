"""Forest plot: effects with their intervals, on a logarithmic axis.

One layout serves a wide screen and a phone: the words to the left and right of the plot keep their
width in pixels, and the plot takes what is left. So each row has two lines of words.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, GREY, SLATE
from app.study.figures.legend import LEGEND
from app.study.figures.theme import INK, guide_line, make_figure, text_at
from app.study.wording import format_p
from data_loaders.arrays import Floats
from data_loaders.wording import with_range

_HEAD = "Hazard ratio (95% CI)"
REQUIRED = ("label", "hr", "lower", "upper")
_OPTIONAL: Mapping[str, Any] = {
    "group": None,
    "group_note": "",
    "series": None,
    "n": math.nan,
    "events": math.nan,
    "p_value": math.nan,
    "reference": False,
    "note": "",
}
_LINE = 17
_PAD = 12
_LETTERS = 19
_NOTE_LETTERS = 16
_LETTER = 6.9
_INDENT = 8
_RIGHT = 124
_FOOT = 56
# Told apart by shape as well as by colour.
_LOOKS = (("circle", SLATE), ("square", BLUE))
_WIDEST = 100.0
# The axis reaches at least this far on either side of 1, and a little beyond what it shows.
_NEAR, _ROOM = 1.4, 1.1
# Ticks that read as steps of one factor; the finest that leaves room for all on a phone is taken.
_LADDERS = (
    (0.5, 0.7, 1, 1.4, 2),
    (0.125, 0.25, 0.5, 1, 2, 4, 8),
    (0.03, 0.1, 0.3, 1, 3, 10, 30),
    (0.001, 0.01, 0.1, 1, 10, 100, 1000),
)
_MOST_TICKS, _MOST_WORDS = 5, 3


@dataclass(frozen=True)
class _Place:
    """Where a row stands: its middle and height in pixels from the top, and its words."""

    middle: float
    height: float
    left: str
    indented: bool
    right: str


def forest_figure(
    rows: pd.DataFrame,
    *,
    counts_label: str = "n, events",
) -> go.Figure:
    """Draw effects with their intervals, one row each, with their numbers beside them.

    Parameters
    ----------
    rows
        One row an effect, in order: ``label``, ``hr``, ``lower``, ``upper``; and, where there is
        something to say, ``p_value``, ``n``, ``events``, ``group`` (a heading above the rows that
        share it), ``group_note`` (words beside the heading), ``reference`` (True where a row is
        what the others are compared with), ``series`` (rows that share a label and differ in
        series stand under each other in two colours, such as univariable and multivariable) and
        ``note`` (words in place of an estimate that is missing). Estimates that are missing or
        infinite are said in words.

    Raises
    ------
    ValueError
        If there is no row, or a column that every row needs is absent.
    """
    lacking = [name for name in REQUIRED if name not in rows.columns]
    if lacking or not len(rows):
        raise ValueError(f"A forest plot needs rows with the columns {', '.join(REQUIRED)}.")
    absent = {name: value for name, value in _OPTIONAL.items() if name not in rows.columns}
    rows = rows.assign(**absent).reset_index(drop=True)
    places, headings, inner = _layout(rows)
    low, high = _window(rows)
    names = [str(name) for name in rows["series"].dropna().unique()]
    margin = _left_margin(places, headings)
    traces = _references(rows, places)
    if not names:
        traces += _series(rows, places, "", ("square", BLUE), (low, high))
    for position, name in enumerate(names):
        look = _LOOKS[min(position, len(_LOOKS) - 1)]
        traces += _series(rows[rows["series"] == name], places, name, look, (low, high))
    counted = bool(rows["n"].notna().any())
    return make_figure(
        traces,
        height=round(inner) + _FOOT,
        legend_space=44 if names else 0,
        annotations=[
            *_words(places, headings, counts_label if counted else "", margin),
            # Streamlit's theme draws an axis title over the tick labels, so it is an annotation.
            text_at(_HEAD, xref="x domain", yref="paper", x=0.5, y=0, yshift=-31, yanchor="top"),
        ],
        margin={"l": margin, "r": _RIGHT, "b": _FOOT},
        shapes=[guide_line(x0=1, x1=1, y0=_LINE + _PAD, y1=inner, colour=GREY, width=1.5)],
        xaxis={
            "type": "log",
            "range": [math.log10(low), math.log10(high)],
            "tickvals": _ticks(low, high),
            "ticktext": _tick_words(_ticks(low, high)),
            "tickangle": 0,
            "ticks": "outside",
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis={"range": [inner, 0], "visible": False, "fixedrange": True},
        showlegend=bool(names),
        legend=LEGEND,
        hovermode="closest",
    )


def forest_alt(title: str, rows: pd.DataFrame, sentences: Sequence[str]) -> str:
    """Alternative text of the figure: its title, how many effects, then what it says."""
    return f"{title}. Forest plot of {len(rows)} rows. " + " ".join(sentences)


# Layout, in pixels from the top ------------------------------------------------------------


def _layout(rows: pd.DataFrame) -> tuple[list[_Place], list[tuple[float, str, str]], float]:
    """Place of every row, the headings (top, words, note) and the height of all."""
    top = float(_LINE + _PAD)
    places: list[_Place] = []
    headings: list[tuple[float, str, str]] = []
    last: tuple[object, object] | None = None
    for row in rows.to_dict("records"):
        group = row["group"] if isinstance(row["group"], str) and row["group"] else None
        if group is not None and (last is None or last[0] != group):
            lines = textwrap.wrap(group, _LETTERS + 2) or [group]
            note = str(row["group_note"] or "")
            headings.append((top + 4, "<br>".join(lines), note))
            top += _LINE * max(len(lines), note.count("<br>") + 1) + 6
        first = last != (group, row["label"])
        left = _left(row, indented=group is not None) if first else ""
        right = _right(row)
        lines_needed = max(left.count("<br>"), right.count("<br>")) + 1
        height = _LINE * lines_needed + (_PAD if first else 6)
        places.append(_Place(top + height / 2, height, left, group is not None, right))
        top += height
        last = (group, row["label"])
    return places, headings, top + 4


def _left(row: dict[Any, Any], *, indented: bool) -> str:
    label = str(row["label"])
    # The units of a ratio stand together: "Haemoglobin," and under it "per 20 g/L".
    pieces = label.replace(", per ", ",\nper ").split("\n")
    lines = [line for piece in pieces for line in textwrap.wrap(piece, _LETTERS - indented)]
    lines = lines or [label]
    if np.isfinite(row["n"]):
        lines.append(_counts(row))
    return "<br>".join(lines)


def _counts(row: dict[Any, Any]) -> str:
    known = np.isfinite(row["events"])
    return f"{int(row['n']):,}" + (f", {int(row['events']):,}" if known else "")


def _right(row: dict[Any, Any]) -> str:
    if row["reference"]:
        return "reference"
    if not _estimated(row):
        return "<br>".join(textwrap.wrap(_why_not(row), _NOTE_LETTERS))
    p = float(row["p_value"])
    value = with_range(*(ratio_words(row[end]) for end in ("hr", "lower", "upper")))
    return value if math.isnan(p) else f"{value}<br>{format_p(p)}"


def ratio_words(ratio: float) -> str:
    """A ratio to three figures, or in words where it cannot be printed: ``1.94``, ``> 1000``."""
    if math.isnan(ratio):
        return "?"
    if ratio >= 1000:
        return "∞" if math.isinf(ratio) else "> 1000"
    if ratio >= 100:
        return f"{ratio:.0f}"
    if ratio >= 10:
        return f"{ratio:.1f}"
    return "< 0.01" if ratio < 0.005 else f"{ratio:.2f}"


def _estimated(row: Mapping[Any, Any]) -> bool:
    return bool(np.isfinite(row["hr"]) and row["hr"] > 0)


def _why_not(row: Mapping[Any, Any]) -> str:
    if isinstance(row["note"], str) and row["note"]:
        return row["note"]
    if np.isposinf(row["hr"]):
        return "infinite"
    return "no estimate"


def _left_margin(places: list[_Place], headings: list[tuple[float, str, str]]) -> int:
    lines = [line for place in places for line in place.left.split("<br>")]
    lines += [line for _, words, _ in headings for line in words.split("<br>")]
    longest = max((len(line) for line in lines), default=0)
    return int(min(max(70, 18 + _LETTER * longest), 156))


def _words(
    places: list[_Place],
    headings: list[tuple[float, str, str]],
    counts_label: str,
    margin: int,
) -> list[dict[str, Any]]:
    """The texts beside the plot; their distance from it is in pixels on any width of screen."""
    left = {"xref": "paper", "yref": "y", "x": 0, "xanchor": "left", "align": "left"}
    right = {"xref": "paper", "yref": "y", "x": 1, "xanchor": "left", "align": "left", "xshift": 8}
    small = {"size": 12, "color": INK}
    texts = []
    if counts_label:
        texts.append(
            text_at(f"<i>{counts_label}</i>", y=_LINE / 2 + 4, **left, xshift=6 - margin)
            | {"font": small}
        )
    for top, words, note in headings:
        at = {"y": top, "yanchor": "top"}
        texts.append(text_at(f"<b>{words}</b>", **left, **at, xshift=6 - margin) | {"font": small})
        if note:
            texts.append(text_at(note, **right, **at) | {"font": small})
    for place in places:
        if place.left:
            shift = 6 - margin + (_INDENT if place.indented else 0)
            texts.append(text_at(place.left, y=place.middle, **left, xshift=shift))
            texts[-1]["font"] = small
        texts.append(text_at(place.right, y=place.middle, **right) | {"font": small})
    return texts


# The axis ----------------------------------------------------------------------------------


def _window(rows: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis: all estimates within reason, and as much of the intervals as reads well."""
    hr, lower, upper = (_finite(rows[name]) for name in ("hr", "lower", "upper"))
    middle = np.clip(hr, 1 / _WIDEST, _WIDEST)
    most = float(np.max(middle, initial=1.0))
    least = float(np.min(middle, initial=1.0))
    # A whisker three times as far as the furthest estimate says "very uncertain" well enough.
    high = min(max(float(np.max(upper, initial=1.0)), _NEAR), max(3.0 * most, 2.0))
    low = max(min(float(np.min(lower, initial=1.0)), 1 / _NEAR), min(least / 3.0, 0.5))
    return low / _ROOM, high * _ROOM


def _finite(column: pd.Series) -> Floats:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    kept: Floats = values[np.isfinite(values) & (values > 0)]
    return kept


def _ticks(low: float, high: float) -> list[float]:
    """Round ticks, few enough for a phone, at least one on either side of 1 where it fits."""
    for ladder in _LADDERS:
        inside = [tick for tick in ladder if low <= tick <= high]
        covered = low >= ladder[0] / 2 and high <= ladder[-1] * 2
        if covered and len(inside) <= _MOST_TICKS:
            return inside
    return [tick for tick in _LADDERS[-1] if low <= tick <= high]


def _tick_words(ticks: list[float]) -> list[str]:
    """Words of the ticks: with more than fit a phone, of every second one from 1 on."""
    middle = ticks.index(1) if 1 in ticks else 0
    return [
        f"{tick:g}" if len(ticks) <= _MOST_WORDS or (place - middle) % 2 == 0 else ""
        for place, tick in enumerate(ticks)
    ]


# What is drawn -----------------------------------------------------------------------------


def _series(
    rows: pd.DataFrame,
    places: list[_Place],
    name: str,
    look: tuple[str, str],
    window: tuple[float, float],
) -> list[dict[str, Any]]:
    """Whiskers, arrows where these are cut, and points of one series."""
    symbol, colour = look
    low, high = window
    hr = rows["hr"].to_numpy(dtype=float, na_value=np.nan)
    seen = ~rows["reference"].to_numpy(dtype=bool) & np.isfinite(hr) & (hr > 0)
    rows, hr = rows[seen], hr[seen]
    drawn = list(rows.index)
    level = np.array([places[i].middle for i in drawn])
    lower = np.nan_to_num(rows["lower"].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
    upper = np.nan_to_num(rows["upper"].to_numpy(dtype=float, na_value=np.nan), nan=np.inf)
    ends = np.clip(lower, low, high), np.clip(upper, low, high)
    gap = np.full(len(drawn), np.nan)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.column_stack([*ends, gap]).ravel(),
            "y": np.column_stack([level, level, gap]).ravel(),
            "line": {"color": colour, "width": 2},
            "hoverinfo": "skip",
            "showlegend": False,
        },
        *(
            _arrows(np.full(int(cut.sum()), edge), level[cut], arrow, colour)
            for cut, edge, arrow in (
                (lower < low, low, "triangle-left"),
                (upper > high, high, "triangle-right"),
            )
            if cut.any()
        ),
        {
            "type": "scatter",
            "mode": "markers",
            "x": np.where((hr >= low) & (hr <= high), hr, np.nan),
            "y": level,
            "marker": {
                "symbol": symbol,
                "color": colour,
                "opacity": 1,
                "size": _sizes(lower, upper),
                "line": {"width": 0},
            },
            "customdata": [
                [_full_label(row), places[i].right.replace("<br>", ", ")]
                for i, row in zip(drawn, rows.to_dict("records"), strict=True)
            ],
            "hovertemplate": "%{customdata[0]}: %{customdata[1]}<extra></extra>",
            "name": name,
            "showlegend": bool(name),
        },
    ]
    return traces


def _references(rows: pd.DataFrame, places: list[_Place]) -> list[dict[str, Any]]:
    known = rows[rows["reference"].to_numpy(dtype=bool)]
    if known.empty:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [1.0] * len(known),
            "y": [places[i].middle for i in known.index],
            "marker": {"symbol": "diamond-open", "color": GREY, "size": 9, "line": {"width": 1.6}},
            "customdata": [_full_label(row) for row in known.to_dict("records")],
            "hovertemplate": "%{customdata}: reference<extra></extra>",
            "showlegend": False,
        }
    ]


def _arrows(x: Floats, y: Floats, symbol: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "marker": {"symbol": symbol, "color": colour, "size": 9},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _sizes(lower: Floats, upper: Floats) -> Floats:
    """Side of each point in pixels, its area growing with the information behind the estimate.

    Information is one over the squared standard error, which the width of the interval tells.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(upper) - np.log(lower)
        information = np.where((width > 0) & np.isfinite(width), 1.0 / width**2, 0.0)
    most = float(np.max(information, initial=0.0))
    share = information / most if most else information
    return np.asarray(5.0 + 8.0 * np.sqrt(share))


def _full_label(row: Mapping[Any, Any]) -> str:
    group = row["group"]
    return f"{group}: {row['label']}" if isinstance(group, str) and group else str(row["label"])
