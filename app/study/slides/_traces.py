"""The traces of a figure as series: curves, points, intervals, lanes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from app.study.slides._axes import DARK, colour_of, spread, symbol_of
from app.study.slides._panel import (
    Axis,
    PictureError,
    Series,
    rounded,
    stepped,
    words,
)
from data_loaders.arrays import Floats

_MOST_RUNS = 12
_MOST_LOOKS = 40
DASHES = ("dash", "dot", "dashdot", "longdash")
# Pixels of a figure in points of a slide, which is seen from further away.
_POINTS = 0.9


def series_of(trace: dict[str, Any], x: Axis, y: Axis) -> list[Series]:
    """The series that a trace is drawn as, their numbers rounded.

    Raises
    ------
    PictureError
        If no native chart draws it.
    """
    if trace.get("type") == "bar":
        return _lanes(trace, x)
    mode = str(trace.get("mode", "lines"))
    across = np.asarray(trace.get("x", ()), dtype=float)
    up = np.asarray(trace.get("y", ()), dtype=float)
    if not len(across):
        return []
    across, up = x.shown(across), y.shown(up)
    name = words(trace.get("name", "") or "")
    named = bool(name) and trace.get("showlegend", True) is not False
    found: list[Series] = []
    if "lines" in mode:
        found += _lines(trace, across, up, name, named=named)
    if "markers" in mode:
        found += _markers(trace, across, up, name, named=named and not found)
    if mode == "text":
        said = tuple(words(text) for text in trace.get("text", ()))
        found.append(Series("", across, up, DARK, symbol="none", labels=said))
    return [_written(series, x, y) for series in found]


def _written(series: Series, x: Axis, y: Axis) -> Series:
    """The series with its numbers rounded."""
    along = x if series.across else y
    minus, plus = (
        None if part is None else np.maximum(rounded(part, Axis(along.low, along.high)), 0)
        for part in (series.minus, series.plus)
    )
    return replace(series, x=rounded(series.x, x), y=rounded(series.y, y), minus=minus, plus=plus)


def _lines(trace: dict[str, Any], x: Floats, y: Floats, name: str, *, named: bool) -> list[Series]:
    line = trace.get("line", {})
    width = float(line.get("width", 2)) * _POINTS
    colour, dash = colour_of(line.get("color")), "dash" if line.get("dash") in DASHES else ""
    if line.get("shape") == "hv":
        x, y = stepped(x, y)
        width = max(width, 2.25) if width else 0.0
    if not width:  # an edge of a band, coloured as its filling
        return [Series("", x, y, colour, 0.75, "dot")]
    if len(x) and (line.get("shape") != "hv") and not np.isfinite(y).all():
        return _pieces(Series(name, x, y, colour, width, dash, named=named))
    return [Series(name, x, y, colour, width, dash, named=named)]


def _pieces(series: Series) -> list[Series]:
    """Lines with gaps: intervals where each is straight along an axis, else a series a piece."""
    known = np.isfinite(series.x) & np.isfinite(series.y)
    runs = np.split(np.arange(len(known)), np.flatnonzero(~known))
    runs = [run[known[run]] for run in runs if known[run].any()]
    ends = [(series.x[run[[0, -1]]], series.y[run[[0, -1]]]) for run in runs]
    if all(len(run) <= 2 for run in runs):
        for across in (True, False):
            along, level = (0, 1) if across else (1, 0)
            if all(end[level][0] == end[level][1] for end in ends):
                low = np.array([min(end[along]) for end in ends])
                high = np.array([max(end[along]) for end in ends])
                at = np.array([end[level][0] for end in ends])
                x, y = (low, at) if across else (at, low)
                return [
                    Series(
                        series.name, x, y, series.colour, symbol="none", minus=np.zeros(len(low)),
                        plus=high - low, across=across, bar=series.line, named=series.named,
                    )
                ]  # fmt: skip
    if len(runs) > _MOST_RUNS:
        raise PictureError("Lines in many pieces.")
    return [
        Series(
            series.name, series.x[run], series.y[run], series.colour, series.line, series.dash,
            named=series.named and run is runs[0],
        )
        for run in runs
    ]  # fmt: skip


def _markers(
    trace: dict[str, Any], x: Floats, y: Floats, name: str, *, named: bool
) -> list[Series]:
    marker = trace.get("marker", {})
    colours, symbols = (spread(marker.get(part), len(x)) for part in ("color", "symbol"))
    sizes = np.asarray(spread(marker.get("size", 7), len(x)), dtype=float) * _POINTS
    if any(not isinstance(colour, str | None) for colour in colours):
        raise PictureError("Points in a scale of colours.")
    known = np.isfinite(x) & np.isfinite(y)
    looks = dict[tuple[Any, Any], list[int]]()
    for position in np.flatnonzero(known):
        looks.setdefault((colours[position], symbols[position]), []).append(int(position))
    if len(looks) > _MOST_LOOKS:
        raise PictureError("Points of many looks.")
    found = []
    for number, ((colour, symbol), members) in enumerate(looks.items()):
        at = np.array(members)
        minus, plus, across = _errors(trace, at)
        kept = sizes[at]
        one = bool(np.ptp(kept) < 0.5)
        held = x[at], y[at]
        if one and minus is None:  # in no order, as the order of points may be that of patients
            shuffled = np.random.default_rng(len(at)).permutation(len(at))
            held = held[0][shuffled], held[1][shuffled]
        found.append(
            Series(
                name, *held, colour_of(colour), symbol=symbol_of(symbol),
                sizes=(float(np.clip(kept[0], 4, 20)),)
                if one
                else tuple(float(size) for size in np.clip(kept, 4, 36)),
                minus=minus, plus=plus, across=across, named=named and not number,
            )
        )  # fmt: skip
    return found


def hung(series: list[Series]) -> list[Series]:
    """The series with intervals as the error bars of the points that stand on them."""
    found = list(series)
    for interval in series:
        if interval.minus is None or interval.plus is None or interval.symbol != "none":
            continue
        low, at = (interval.x, interval.y) if interval.across else (interval.y, interval.x)
        ends = {level: (a, a + b) for level, a, b in zip(at, low, interval.plus, strict=True)}
        if len(ends) < len(at):
            continue
        for points in found:
            if points.symbol in ("", "none") or points.minus is not None or points.labels:
                continue
            value, level = (points.x, points.y) if interval.across else (points.y, points.x)
            if sorted(level) != sorted(ends):
                continue
            held = [ends[one] for one in level]
            minus = np.array([max(v - a, 0) for v, (a, _) in zip(value, held, strict=True)])
            plus = np.array([max(b - v, 0) for v, (_, b) in zip(value, held, strict=True)])
            found[found.index(points)] = replace(
                points, minus=minus, plus=plus, across=interval.across, bar=interval.bar
            )
            found.remove(interval)
            break
    return found


def _lanes(trace: dict[str, Any], x: Axis) -> list[Series]:
    """Bars that start anywhere: thick intervals."""
    if trace.get("orientation") != "h":
        raise PictureError("Floating bars.")
    length, at = (np.asarray(trace[name], dtype=float) for name in ("x", "y"))
    start = np.asarray(spread(trace.get("base", 0.0), len(length)), dtype=float)
    name = words(trace.get("name", ""))
    colour = trace.get("marker", {}).get("color")
    if not isinstance(colour, str | None):
        raise PictureError("Bars of many colours.")
    plain = Axis(x.low, x.high)
    return [
        Series(
            name, rounded(start, plain), at, colour_of(colour), symbol="none",
            minus=np.zeros(len(at)), plus=rounded(length, plain), bar=5.0,
            named=trace.get("showlegend", True) is not False,
        )
    ]  # fmt: skip


def _errors(trace: dict[str, Any], at: Any) -> tuple[Floats | None, Floats | None, bool]:
    for name, across in (("error_x", True), ("error_y", False)):
        held = trace.get(name)
        if held and held.get("array") is not None:
            plus = np.nan_to_num(np.asarray(held["array"], dtype=float))[at]
            less = held.get("arrayminus")
            minus = plus if less is None else np.nan_to_num(np.asarray(less, dtype=float))[at]
            return minus, plus, across
    return None, None, True
