"""What a slide's chart shows: series, axes and rows, as plain values without a drawing library."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from data_loaders.arrays import Floats

_BREAK = re.compile(r"<br\s*/?>")
_TAG = re.compile(r"</?[a-z][^>]*>")
_LOWERED = re.compile(r"<sub>(\d+)</sub>")
_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
# A value is written to this part of its axis' length.
_STEPS = 10_000


class PictureError(ValueError):
    """What a figure shows has no native chart; a picture stands for it."""


@dataclass(frozen=True, eq=False)
class Series:
    """Points of one look.

    Attributes
    ----------
    name
        What it is called; empty where it is part of another.
    x, y
        Coordinates, rounded.
    line, dash
        Width of the line in points, 0 for none, and whether it is dashed.
    symbol, sizes
        Marker, empty for none, and its size in points, one or one a point.
    minus, plus, across
        Lengths of the error bars and whether they lie along the x axis.
    labels, sides
        A text beside each point, and on which side of it.
    """

    name: str
    x: Floats
    y: Floats
    colour: str
    line: float = 0.0
    dash: str = ""
    symbol: str = ""
    sizes: tuple[float, ...] = (7.0,)
    minus: Floats | None = None
    plus: Floats | None = None
    across: bool = True
    bar: float = 1.75
    labels: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    named: bool = False


@dataclass(frozen=True)
class Axis:
    """A scale: its ends, its title and what stands at its ticks.

    Attributes
    ----------
    step
        Between ticks; None where the program chooses.
    words
        Ticks that are texts rather than numbers, by place.
    base
        Of a logarithmic scale, 0 for a linear one.
    power
        The figure's places are logarithms to this base of the numbers shown; 0 where they are the
        numbers.
    """

    low: float
    high: float
    title: str = ""
    step: float | None = None
    percent: bool = False
    words: tuple[tuple[float, str], ...] = ()
    base: int = 0
    power: float = 0.0
    visible: bool = True

    def shown(self, places: Any) -> Floats:
        """The numbers at places of the figure."""
        held = np.asarray(places, dtype=float)
        return np.power(self.power, held) if self.power else held


@dataclass(frozen=True)
class Row:
    """Words in line with a place of the y axis: left and right of the plot, a line each."""

    at: float
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    bold: bool = False


@dataclass(frozen=True, eq=False)
class BarSeries:
    """Bars of one name, one a category.

    Attributes
    ----------
    colours
        One, or one a bar.
    heights
        NaN where there is no bar.
    texts
        Within the bars; empty for none.
    minus, plus
        Lengths of their error bars.
    """

    name: str
    colours: tuple[str, ...]
    heights: Floats
    texts: tuple[str, ...]
    minus: Floats | None = None
    plus: Floats | None = None


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars by category.

    Attributes
    ----------
    lying
        Whether they lie rather than stand.
    how
        ``stack`` on each other, ``group`` beside each other, or ``overlay``, the later in front.
    """

    categories: tuple[str, ...]
    series: tuple[BarSeries, ...]
    lying: bool
    how: str


@dataclass(frozen=True, eq=False)
class Panel:
    """One pair of axes and what is drawn on it.

    Attributes
    ----------
    top, bottom, left, right
        Of its place in the figure, as shares from the lower left corner.
    caption
        Words under the axis beside its title: a test and its p-value.
    legend
        Whether what has a name stands in a legend.
    rows, head, counts
        Words beside the plot in line with its rows, from the top; the head of their numbers, and
        that of the counts that stand under their names.
    """

    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    bars: Bars | None = None
    rows: tuple[Row, ...] = ()
    head: str = ""
    counts: str = ""
    caption: str = ""
    legend: bool = True
    left: float = 0.0
    right: float = 1.0
    bottom: float = 0.0
    top: float = 1.0


@dataclass(frozen=True)
class RiskTable:
    """Counts under curves: heading, ticks, and name, colour and counts of each line."""

    heading: str
    ticks: tuple[float, ...]
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]


def words(text: Any) -> str:
    """Text of a figure without its markup, in one line."""
    return " ".join(lines_of(text))


def lines_of(text: Any) -> tuple[str, ...]:
    """The lines of a figure's text without markup."""
    lowered = _LOWERED.sub(lambda found: found[1].translate(_DIGITS), str(text))
    lines = (html.unescape(_TAG.sub("", line)).strip() for line in _BREAK.split(lowered))
    return tuple(line for line in lines if line)


def rounded(values: Any, axis: Axis) -> Floats:
    """Values as they are written: to a ten-thousandth of the axis, in powers of ten.

    A chart's data then hold what can be seen of it and no more.
    """
    held = np.asarray(values, dtype=float)
    if axis.base:
        with np.errstate(divide="ignore", invalid="ignore"):
            digits = 3 - np.floor(np.log10(np.abs(held)))
        digits = np.where(np.isfinite(digits), digits, 0)
        scale = np.power(10.0, digits)
        result: Floats = np.round(held * scale) / scale
        return result
    span = abs(axis.high - axis.low) or 1.0
    return np.round(held, max(0, math.ceil(math.log10(_STEPS / span))))


def stepped(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The corners of a curve that is level up to its next step, as a line draws them."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if not len(x):
        return x, y
    changed = np.flatnonzero(np.append(True, np.diff(y) != 0))
    corners_x = np.append(np.repeat(x[changed], 2)[1:], x[-1])
    corners_y = np.repeat(y[changed], 2)
    return corners_x, corners_y


def in_rows(panel: Panel) -> Panel:
    """The panel with its rows one apart, the last at zero, whatever their distances were.

    Points beside their row, as those of groups are, keep their share of the way to the next.
    """
    up = sorted({row.at for row in panel.rows}, reverse=panel.y.low > panel.y.high)
    old = np.array(up)
    gap = float(np.min(np.abs(np.diff(old)))) if len(old) > 1 else 1.0
    gap *= 1 if panel.y.low < panel.y.high else -1
    old = np.concatenate(([old[0] - gap], old, [old[-1] + gap]))
    places = np.arange(-1.0, len(old) - 1)
    order = np.argsort(old)

    def placed(values: Floats) -> Floats:
        inside = np.interp(values, old[order], places[order])
        return np.where(np.isinf(values), values, inside)

    rows = [replace(row, at=float(up.index(row.at))) for row in panel.rows]
    return replace(
        panel,
        y=Axis(-0.5, len(up) - 0.5, visible=False),
        rows=tuple(sorted(rows, key=lambda row: -row.at)),
        series=tuple(replace(series, y=placed(series.y)) for series in panel.series),
    )
