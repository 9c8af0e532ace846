"""A figure read as panels: curves, points, intervals and bars, the words beside them, the table.

Figures are plain data of a few kinds (``app/study/figures``), so one reading serves every view. It
takes what the figure shows; hover texts and what else lies behind the points are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.study.figures.theme import is_title
from app.study.slides._axes import (
    DARK,
    axis_of,
    colour_of,
    decoded,
    ends_of,
    listed,
    numeric,
    scale_of,
    side_of,
    ticks_of,
    title_of,
)
from app.study.slides._panel import (
    Axis,
    Bars,
    BarSeries,
    Panel,
    PictureError,
    RiskTable,
    Row,
    Series,
    in_rows,
    lines_of,
    rounded,
    words,
)
from app.study.slides._traces import DASHES, hung, series_of
from data_loaders.arrays import Floats

MOST_POINTS = 5_000
_SWATCH = re.compile(r"color:\s*(#[0-9a-fA-F]{6})")


def panels_of(figure: go.Figure) -> tuple[list[Panel], RiskTable | None]:
    """What a figure shows, as panels in the order of its axes, and its risk table.

    Raises
    ------
    PictureError
        If no native chart shows it.
    """
    plain = decoded(figure.to_plotly_json())
    layout, by_axes = plain["layout"], dict[tuple[str, str], list[dict[str, Any]]]()
    for trace in plain["data"]:
        if trace.get("visible") in (False, "legendonly"):
            continue
        by_axes.setdefault((trace.get("xaxis") or "x", trace.get("yaxis") or "y"), []).append(trace)
    panels, table = [], None
    for (x, y), traces in by_axes.items():
        if axis_of(layout, y).get("visible") is False and _is_table(traces):
            table = _risk_table(traces)
        else:
            panels.append(_Reader(layout, x, y, traces).panel())
    standing = [panel for panel in panels if panel.bars is not None and not panel.bars.lying]
    if standing and len({y for _, y in by_axes}) > len({x for x, _ in by_axes}):
        raise PictureError("Bars over a matrix have no native chart.")
    points = sum(len(series.x) for panel in panels for series in panel.series if series.symbol)
    if points > MOST_POINTS:
        raise PictureError(f"{points:,} points are more than a chart stays quick with.")
    if not panels:
        raise PictureError("The figure has no axes.")
    return panels, table


class _Reader:
    """The traces, texts and lines of one pair of axes."""

    def __init__(
        self, layout: Mapping[str, Any], x: str, y: str, traces: Sequence[dict[str, Any]]
    ) -> None:
        self.layout, self.names, self.traces = layout, (x, y), traces
        self.x_axis, self.y_axis = axis_of(layout, x), axis_of(layout, y)
        self.texts = [text for text in layout.get("annotations", ()) if not is_title(text)]

    def panel(self) -> Panel:
        kinds = {str(trace.get("type", "scatter")) for trace in self.traces}
        if not kinds <= {"scatter", "scattergl", "bar"}:
            raise PictureError(f"A {min(kinds)} has no native chart.")
        left, right = self.x_axis.get("domain", (0, 1))
        bottom, top = self.y_axis.get("domain", (0, 1))
        place: dict[str, Any] = {"left": left, "right": right, "bottom": bottom, "top": top}
        title, caption = self._under()
        if kinds == {"bar"} and not any("base" in trace for trace in self.traces):
            return self._bars(title, caption, place)
        x = scale_of(self.x_axis, self._values("x"), title or title_of(self.x_axis))
        y = scale_of(self.y_axis, self._values("y"), self._beside() or title_of(self.y_axis))
        if x.words:
            raise PictureError("Categories along the horizontal axis.")
        series = hung([part for trace in self._drawn() for part in series_of(trace, x, y)])
        labels, rows = self._at_points(x, y), self._rows(y)
        panel = Panel(
            x, y, (*self._rules(x, y), *series, *labels), rows=rows,
            head=title if rows else "", counts=self._counts(), caption=caption, **place,
        )  # fmt: skip
        return in_rows(panel) if rows else panel

    def _values(self, name: str) -> Floats:
        """All places along an axis, the ends of error bars among them."""
        held = []
        for trace in self.traces:
            if trace.get(name) is None or not numeric(trace[name]):
                continue
            places, bars = np.asarray(trace[name], dtype=float), trace.get(f"error_{name}", {})
            held.append(places)
            if "array" in bars and len(places) == len(bars["array"]):
                plus = np.asarray(bars["array"], dtype=float)
                minus = np.asarray(bars.get("arrayminus", plus), dtype=float)
                held += [places + plus, places - minus]
        together = np.concatenate(held) if held else np.empty(0)
        kept: Floats = together[np.isfinite(together)]
        return kept

    def _drawn(self) -> Iterator[dict[str, Any]]:
        """Traces as they are drawn; the edges of a band in the colour that fills it."""
        for trace, after in zip(self.traces, [*self.traces[1:], {}], strict=True):
            if trace.get("fill") in ("toself", "tozeroy", "tozerox"):
                raise PictureError("A filled shape has no native chart.")
            filled = trace if trace.get("fill") == "tonexty" else after
            edge = filled.get("fill") == "tonexty" and not trace.get("line", {}).get("width")
            colour = {"color": filled.get("fillcolor")} if edge else {}
            yield trace | {"line": {**trace.get("line", {}), **colour}}

    def _mine(self, text: Mapping[str, Any], *, x: Sequence[str], y: Sequence[str]) -> bool:
        return text.get("xref", "x") in x and text.get("yref", "y") in y

    def _under(self) -> tuple[str, str]:
        """Title of the x axis and the caption beside it, which stand below it as texts."""
        x, y = self.names
        found = [
            text
            for text in self.texts
            if self._mine(text, x=(f"{x} domain", "paper"), y=(f"{y} domain", "paper"))
            and text.get("y") == 0
            and text.get("yshift", 0) < 0
        ]
        found.sort(key=lambda text: text.get("x", 0))
        beside = [line for text in found[1:] for line in lines_of(text["text"])]
        return (words(found[0]["text"]) if found else "", ", ".join(beside))

    def _beside(self) -> str:
        """Title of the y axis where it stands upright beside it or above it."""
        x, y = self.names
        for text in self.texts:
            mine = self._mine(text, x=(f"{x} domain", "paper"), y=(f"{y} domain", "paper"))
            if mine and text.get("x") == 0 and (text.get("textangle") == -90 or text["y"] == 1):
                return words(text["text"])
        return ""

    def _rows(self, y: Axis) -> tuple[Row, ...]:
        """Words in line with the rows: texts at both sides, or ticks that are words."""
        if y.words:
            return tuple(Row(place, (word,)) for place, word in y.words)
        rows = dict[float, Row]()
        for text in self._beside_rows():
            if _is_counts(text):
                continue
            at, lines = float(text["y"]), lines_of(text["text"])
            bold = str(text["text"]).startswith("<b>")
            old = rows.get(at, Row(at))
            left, right = (lines, old.right) if text.get("x") == 0 else (old.left, lines)
            rows[at] = Row(at, left, right, bold or old.bold)
        return tuple(rows.values())

    def _counts(self) -> str:
        return next((words(text["text"]) for text in self._beside_rows() if _is_counts(text)), "")

    def _beside_rows(self) -> list[Mapping[str, Any]]:
        return [text for text in self.texts if self._mine(text, x=("paper",), y=(self.names[1],))]

    def _at_points(self, x: Axis, y: Axis) -> list[Series]:
        """Texts at places of both axes, as one series of labels."""
        mine, domain = self.names, f"{self.names[0]} domain"
        held = []
        for text in self.texts:
            if text.get("yref", "y") != mine[1] or not words(text["text"]):
                continue
            if text.get("xref", "x") == mine[0]:
                # Plotly takes texts on a logarithmic axis by their logarithms.
                power = x.power or (10.0 if x.base else 0.0)
                at = power ** float(text["x"]) if power else float(text["x"])
            elif text.get("xref") == domain and text.get("x") in (0, 1):
                at = x.high if text["x"] else x.low
            else:
                continue
            held.append((at, float(y.shown(text["y"])), words(text["text"]), side_of(text)))
        if not held:
            return []
        across, up, said, sides = zip(*held, strict=True)
        return [
            Series(
                "", rounded(across, x), rounded(up, y), DARK, symbol="none", labels=tuple(said),
                sides=tuple(sides),
            )
        ]  # fmt: skip

    def _rules(self, x: Axis, y: Axis) -> list[Series]:
        """Straight lines across the panel, and boxes along it as thick ones."""
        found = []
        for shape in self.layout.get("shapes", ()):
            across, up = (
                ends_of(shape, "x", self.names[0], x),
                ends_of(shape, "y", self.names[1], y),
            )
            if across is None or up is None:
                continue
            (x0, x1), (y0, y1) = across, up
            if shape.get("type") == "line" and (x0 == x1 or y0 == y1):
                line = shape.get("line", {})
                dash = "dash" if line.get("dash") in DASHES else ""
                colour = colour_of(line.get("color"))
                found.append(Series("", np.array([x0, x1]), np.array([y0, y1]), colour, 1.0, dash))
        return found

    def _bars(self, title: str, caption: str, place: Mapping[str, Any]) -> Panel:
        lying = any(trace.get("orientation") == "h" for trace in self.traces)
        along, length = ("y", "x") if lying else ("x", "y")
        own, other = (self.y_axis, self.x_axis) if lying else (self.x_axis, self.y_axis)
        ticks = ticks_of(own)
        names = dict(ticks) if ticks else {}
        order = list(names) or list(
            dict.fromkeys(at for trace in self.traces for at in list(trace[along]))
        )
        series = [_bar_series(trace, order, along, length) for trace in self.traces]
        how = {"relative": "stack"}.get(mode := str(self.layout.get("barmode", "group")), mode)
        ends = [one.heights if one.plus is None else one.heights + one.plus for one in series]
        tall = np.nansum(ends, axis=0) if how == "stack" else np.concatenate(ends)
        scale = scale_of(other, np.append(tall[np.isfinite(tall)], 0.0), "")
        value_title = title if lying else self._beside() or title_of(other)
        own_title = self._beside() or title_of(own) if lying else title or title_of(own)
        value = replace(scale, title=value_title, words=())
        bars = Bars(
            tuple(words(names.get(at, at)) for at in order),
            tuple(replace(one, heights=rounded(one.heights, value)) for one in series),
            lying, how,
        )  # fmt: skip
        category = Axis(0, len(order), own_title)
        x, y = (value, category) if lying else (category, value)
        return Panel(x, y, bars=bars, caption=caption, **place)


def _bar_series(trace: dict[str, Any], order: list[Any], along: str, length: str) -> BarSeries:
    """The bars of a trace in the order of the categories."""
    places = list(trace[along])

    def of(values: Any, otherwise: Any) -> list[Any]:
        held = dict(zip(places, values, strict=True)) if listed(values) else {}
        return [held.get(at, otherwise) for at in order]

    colours = trace.get("marker", {}).get("color")
    several = listed(colours)
    shown = None if trace.get("textposition") == "none" else trace.get("text")
    error = trace.get(f"error_{length}", {})
    plus = minus = None
    if error.get("array") is not None:
        plus = np.nan_to_num(np.array(of(error["array"], 0.0), dtype=float))
        minus = np.nan_to_num(np.array(of(error.get("arrayminus", error["array"]), 0.0), float))
    return BarSeries(
        words(trace.get("name", "")),
        tuple(map(colour_of, of(colours, None))) if several else (colour_of(colours),),
        np.array(of(trace[length], np.nan), dtype=float),
        tuple(words(text) for text in of(shown, "")),
        minus, plus,
    )  # fmt: skip


def _is_counts(text: Mapping[str, Any]) -> bool:
    return str(text["text"]).startswith("<i>")


# The table under curves --------------------------------------------------------------------


def _is_table(traces: Sequence[dict[str, Any]]) -> bool:
    return all(trace.get("mode") == "text" for trace in traces)


def _risk_table(traces: Sequence[dict[str, Any]]) -> RiskTable:
    """Heading, then of each group its name and its lines of counts, as they were drawn."""
    heading, name, colour = "", "", ""
    ticks: tuple[float, ...] = ()
    lines: list[tuple[str, str, tuple[str, ...]]] = []
    for trace in traces:
        said = tuple(words(text) for text in trace["text"])
        if trace.get("textposition") == "middle right":
            if not heading:
                heading = said[0]
                continue
            found = _SWATCH.search(str(trace["text"][0]))
            name, colour = said[0].removeprefix("■").strip(), colour_of(found and found[1])
            continue
        ticks = tuple(float(place) for place in trace["x"])
        lines.append((name, colour, said))
        name = ""
    return RiskTable(heading, ticks, tuple(lines))
