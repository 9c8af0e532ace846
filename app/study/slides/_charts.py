"""Panels as native charts of PowerPoint, which a reader can edit and whose data he can open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from lxml import etree
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from app.study.files.tables import xml_text
from app.study.slides._panel import Axis, Bars, Panel, Series

INK, GRID = RGBColor(0x17, 0x22, 0x35), RGBColor(0xDB, 0xE2, 0xEB)
SIZE, SMALL = 14, 12
MUTED = "586880"
_MARKERS = {
    "circle": XL_MARKER_STYLE.CIRCLE,
    "square": XL_MARKER_STYLE.SQUARE,
    "diamond": XL_MARKER_STYLE.DIAMOND,
    "triangle": XL_MARKER_STYLE.TRIANGLE,
    "x": XL_MARKER_STYLE.X,
    "plus": XL_MARKER_STYLE.PLUS,
    "star": XL_MARKER_STYLE.STAR,
    "none": XL_MARKER_STYLE.NONE,
    "": XL_MARKER_STYLE.NONE,
}
_SIDES = {
    "above": XL_LABEL_POSITION.ABOVE,
    "below": XL_LABEL_POSITION.BELOW,
    "left": XL_LABEL_POSITION.LEFT,
    "right": XL_LABEL_POSITION.RIGHT,
}
_DASHES = {"dash": MSO_LINE.DASH, "dot": MSO_LINE.ROUND_DOT}
# A spreadsheet takes such a text for a formula or an address.
_ACTS = ("=", "{=", "http:", "https:", "ftp:", "mailto:", "internal:", "external:", "file:")
_MOST_LABELS = 60


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    def emu(self) -> tuple[Any, Any, Any, Any]:
        """Left, top, width and height as the library takes them."""
        return (
            Inches(self.left), Inches(self.top), Inches(self.width), Inches(self.height)
        )  # fmt: skip


def add_chart(slide: Any, panel: Panel, frame: Box, plot: Box, alt: str) -> Any:
    """Draw a panel as a chart.

    Parameters
    ----------
    frame, plot
        The chart's place on the slide, and that of its axes within.
    """
    made = _bars if panel.bars is not None else _points
    shape = made(slide, panel, frame)
    chart = shape.chart
    chart.font.size, chart.font.color.rgb = Pt(SIZE), INK
    chart.has_title = False
    _fix_plot(chart, frame, plot)
    describe(shape, alt)
    return shape


def describe(shape: Any, alt: str) -> None:
    """Give a shape its alternative text."""
    shape._element.xpath(".//p:cNvPr")[0].set("descr", xml_text(alt))  # noqa: SLF001  (no other way)


def _points(slide: Any, panel: Panel, frame: Box) -> Any:
    data = XyChartData()
    clipped = map(_clipped(panel), panel.series)
    drawn = [part for series in clipped if len(series.x) for part in _with_whiskers(series)]
    for series, name in zip(drawn, _names(drawn), strict=True):
        held = data.add_series(name)
        for x, y in zip(series.x.tolist(), series.y.tolist(), strict=True):
            held.add_data_point(x, None if np.isnan(y) else y)
    shape = slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, *frame.emu(), data)
    chart = shape.chart
    for series, drawn_as in zip(drawn, chart.plots[0].series, strict=True):
        _look(drawn_as, series)
    _mend_points(chart)
    _scale(chart.category_axis, panel.x, crossing=panel.y)
    _scale(chart.value_axis, panel.y, crossing=panel.x)
    chart.value_axis.has_major_gridlines = panel.y.visible and not panel.rows
    if chart.value_axis.has_major_gridlines:
        chart.value_axis.major_gridlines.format.line.color.rgb = GRID
        chart.value_axis.major_gridlines.format.line.width = Pt(0.75)
    _legend(chart, [series.named and panel.legend for series in drawn])
    return shape


def _mend_points(chart: Any) -> None:
    """Leave gaps empty, and have LibreOffice draw every series.

    It loses the series that stand before a longer one, so all say that they are as long; what is
    not there is a gap.
    """
    counts = []
    for held in chart._chartSpace.iter(qn("c:numCache")):  # noqa: SLF001
        counts.append(held.find(qn("c:ptCount")))
        for point in held.findall(qn("c:pt")):
            if point.find(qn("c:v")).text == "None":
                held.remove(point)
    longest = max((int(count.get("val")) for count in counts), default=0)
    for count in counts:
        count.set("val", str(longest))


def _with_whiskers(series: Series) -> list[Series]:
    """The series, and before it its intervals as lines where they lie along the x axis.

    LibreOffice draws no error bars there; PowerPoint draws its own over these lines.
    """
    if series.minus is None or series.plus is None or not series.across:
        return [series]
    ends = np.column_stack([series.x - series.minus, series.x + series.plus])
    x = np.column_stack([ends, ends[:, 1]]).ravel()
    y = np.column_stack([series.y, series.y, np.full(len(series.y), np.nan)]).ravel()
    return [Series(series.name, x, y, series.colour, series.bar), series]


def _clipped(panel: Panel) -> Any:
    """What ends a rule at the ends of the axes."""
    ends = [sorted((axis.low, axis.high)) for axis in (panel.x, panel.y)]

    def clip(series: Series) -> Series:
        if not (np.isinf(series.x).any() or np.isinf(series.y).any()):
            return series
        x, y = (
            np.clip(held, end[0], end[1])
            for held, end in zip((series.x, series.y), ends, strict=True)
        )
        return Series("", x, y, series.colour, series.line, series.dash)

    return clip


def _names(drawn: Sequence[Series]) -> list[str]:
    """Names of the series; what has none bears that of what it belongs to, and what it is."""
    names, last = [], ""
    for series in drawn:
        if series.named:
            last = series.name
        kind = (
            "labels" if series.labels
            else "interval" if series.dash == "dot" or np.isnan(series.y).any()
            else "censored" if series.symbol == "plus" and not series.name
            else "line" if series.line else "points"
        )  # fmt: skip
        owner = series.name or next(
            (other.name for other in drawn if other.named and other.colour == series.colour), last
        )
        text = series.name if series.named else f"{owner}, {kind}".lstrip(", ")
        names.append(_inert(text or kind))
    return names


def _inert(text: str) -> str:
    """A text that no spreadsheet takes for more."""
    plain = xml_text(text)
    return f" {plain}" if plain.lower().startswith(_ACTS) else plain


def _look(shown: Any, series: Series) -> None:
    colour = RGBColor.from_string(series.colour or "8A93A1")
    shown.smooth = False
    line = shown.format.line
    if series.line:
        line.width, line.color.rgb = Pt(series.line), colour
        if series.dash:
            line.dash_style = _DASHES[series.dash]
    else:
        line.fill.background()
    marker = shown.marker
    marker.style = _MARKERS[series.symbol]
    if series.symbol not in ("", "none"):
        marker.size = round(series.sizes[0])
        if series.symbol in ("plus", "x", "star"):
            marker.format.fill.background()
            marker.format.line.color.rgb, marker.format.line.width = colour, Pt(1)
        else:
            marker.format.fill.solid()
            marker.format.fill.fore_color.rgb = colour
            marker.format.line.color.rgb = RGBColor(255, 255, 255)
        if len(series.sizes) > 1:
            for position, size in enumerate(series.sizes):
                own = shown.points[position].marker
                own.style, own.size = _MARKERS[series.symbol], round(size)
                own.format.fill.solid()
                own.format.fill.fore_color.rgb = colour
                own.format.line.color.rgb = RGBColor(255, 255, 255)
    if series.labels:
        _labels(shown, series)
    if series.minus is not None and series.plus is not None:
        direction = "x" if series.across else "y"
        _error_bars(shown, direction, series.minus, series.plus, series.colour, series.bar)


def _labels(shown: Any, series: Series) -> None:
    for position, text in enumerate(series.labels[:_MOST_LABELS]):
        label = shown.points[position].data_label
        label.position = _SIDES[series.sides[position] if series.sides else "above"]
        frame = label.text_frame
        frame.text = xml_text(text)
        run = frame.paragraphs[0].runs[0]
        run.font.size, run.font.color.rgb = Pt(SMALL), INK


def _error_bars(  # noqa: PLR0917  (a direction, two lengths and a look)
    shown: Any, direction: str, minus: Any, plus: Any, colour: str, width: float
) -> None:
    """Error bars, which the library has no words for; they stand before the values in the XML."""
    bars = etree.SubElement(shown._element, qn("c:errBars"))  # noqa: SLF001
    for tag, value in (
        ("errDir", direction), ("errBarType", "both"), ("errValType", "cust"), ("noEndCap", "1"),
    ):  # fmt: skip
        if value:
            etree.SubElement(bars, qn(f"c:{tag}")).set("val", value)
    for tag, lengths in (("plus", plus), ("minus", minus)):
        held = etree.SubElement(etree.SubElement(bars, qn(f"c:{tag}")), qn("c:numLit"))
        etree.SubElement(held, qn("c:formatCode")).text = "General"
        etree.SubElement(held, qn("c:ptCount")).set("val", str(len(lengths)))
        for position, length in enumerate(np.asarray(lengths).tolist()):
            point = etree.SubElement(held, qn("c:pt"))
            point.set("idx", str(position))
            etree.SubElement(point, qn("c:v")).text = f"{length:.4g}"
    look = etree.SubElement(bars, qn("c:spPr"))
    line = etree.SubElement(look, qn("a:ln"))
    line.set("w", str(int(Pt(width))))
    fill = etree.SubElement(etree.SubElement(line, qn("a:solidFill")), qn("a:srgbClr"))
    fill.set("val", colour)
    values = [shown._element.find(qn(f"c:{tag}")) for tag in ("xVal", "cat", "val")]  # noqa: SLF001
    next(value for value in values if value is not None).addprevious(bars)


def _scale(axis: Any, told: Axis, *, crossing: Axis) -> None:
    low, high = sorted((told.low, told.high))
    axis.minimum_scale, axis.maximum_scale = float(f"{low:.6g}"), float(f"{high:.6g}")
    scaling = axis._element.find(qn("c:scaling"))  # noqa: SLF001
    if told.base:
        base = etree.Element(qn("c:logBase"))
        base.set("val", str(told.base))
        scaling.insert(0, base)
        axis.major_unit = told.base
    elif told.step:
        axis.major_unit = told.step
    if told.low > told.high:
        scaling.find(qn("c:orientation")).set("val", "maxMin")
    axis.has_major_gridlines = False
    axis.visible = told.visible
    axis.tick_labels.number_format = _format(told)
    axis.tick_labels.number_format_is_linked = False
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    axis.major_tick_mark = XL_TICK_MARK.OUTSIDE
    axis.format.line.color.rgb = RGBColor(0x8A, 0x93, 0xA1)
    axis.tick_labels.font.size = Pt(SIZE)
    if told.title and told.visible:
        _title(axis, told.title)
    # Each stands at the other's low end, where the reader looks for it, not at zero.
    crosses = axis._element.find(qn("c:crosses"))  # noqa: SLF001
    if crosses is not None:
        place = etree.Element(qn("c:crossesAt"))
        place.set("val", f"{min(crossing.low, crossing.high):.10g}")
        if crossing.low > crossing.high:
            place.set("val", f"{crossing.low:.10g}")
        crosses.addprevious(place)
        crosses.getparent().remove(crosses)


def _format(told: Axis) -> str:
    if told.percent:
        return "0%"
    if told.base == 10:
        return "General"
    return "0.###" if told.base and told.low < 1 else "General"


def _title(axis: Any, text: str) -> None:
    axis.has_title = True
    frame = axis.axis_title.text_frame
    frame.text = xml_text(text)
    run = frame.paragraphs[0].runs[0]
    run.font.size, run.font.bold, run.font.color.rgb = Pt(SIZE), False, INK


def _legend(chart: Any, named: Sequence[bool]) -> None:
    """A legend above the plot of what has a name, where that is more than one."""
    chart.has_legend = sum(named) > 1
    if not chart.has_legend:
        return
    chart.legend.position = XL_LEGEND_POSITION.TOP
    chart.legend.include_in_layout = False
    chart.legend.font.size, chart.legend.font.color.rgb = (
        Pt(SIZE if sum(named) <= 5 else SMALL),
        INK,
    )
    position = chart.legend._element.find(qn("c:legendPos"))  # noqa: SLF001
    for number in range(len(named) - 1, -1, -1):
        if not named[number]:
            entry = etree.Element(qn("c:legendEntry"))
            etree.SubElement(entry, qn("c:idx")).set("val", str(number))
            etree.SubElement(entry, qn("c:delete")).set("val", "1")
            position.addnext(entry)


def _fix_plot(chart: Any, frame: Box, plot: Box) -> None:
    """Put the axes where the table and the words beside them expect them."""
    area = chart._chartSpace.find(f".//{qn('c:plotArea')}")  # noqa: SLF001
    old = area.find(qn("c:layout"))
    if old is not None:
        area.remove(old)
    manual = etree.SubElement(etree.Element(qn("c:layout")), qn("c:manualLayout"))
    shares = {
        "x": (plot.left - frame.left) / frame.width, "y": (plot.top - frame.top) / frame.height,
        "w": plot.width / frame.width, "h": plot.height / frame.height,
    }  # fmt: skip
    etree.SubElement(manual, qn("c:layoutTarget")).set("val", "inner")
    for mode in ("xMode", "yMode"):
        etree.SubElement(manual, qn(f"c:{mode}")).set("val", "edge")
    for name, share in shares.items():
        etree.SubElement(manual, qn(f"c:{name}")).set("val", f"{share:.5f}")
    area.insert(0, manual.getparent())


def _every_name(axis: Any) -> None:
    """Write every category's name, where the program would skip some; in the schema's order."""
    skip = etree.SubElement(axis._element, qn("c:tickLblSkip"))  # noqa: SLF001
    skip.set("val", "1")
    last = axis._element.find(qn("c:noMultiLvlLbl"))  # noqa: SLF001
    if last is not None:
        last.addprevious(skip)


def _bars(slide: Any, panel: Panel, frame: Box) -> Any:
    bars: Bars = panel.bars  # type: ignore[assignment]
    data = CategoryChartData()
    data.categories = [_inert(name) for name in bars.categories]
    for own in bars.series:
        heights = [None if np.isnan(held) else held for held in own.heights]
        data.add_series(_inert(own.name), heights)
    kind = {
        (True, True): XL_CHART_TYPE.BAR_STACKED,
        (True, False): XL_CHART_TYPE.BAR_CLUSTERED,
        (False, True): XL_CHART_TYPE.COLUMN_STACKED,
        (False, False): XL_CHART_TYPE.COLUMN_CLUSTERED,
    }[bars.lying, bars.how == "stack"]
    shape = slide.shapes.add_chart(kind, *frame.emu(), data)
    chart, plot = shape.chart, shape.chart.plots[0]
    plot.gap_width, plot.overlap = 45, -5 if bars.how == "group" else 100
    for own, shown in zip(bars.series, plot.series, strict=True):
        _fill(shown, own.colours[0])
        for position, colour in enumerate(own.colours):
            if colour != own.colours[0]:
                _fill(shown.points[position], colour)
        shown.invert_if_negative = False
        _values(shown, own.texts)
        if own.plus is not None and own.minus is not None:
            _error_bars(shown, "", own.minus, own.plus, MUTED, 1.5)
    along, value = (panel.y, panel.x) if bars.lying else (panel.x, panel.y)
    axis = chart.category_axis
    axis.tick_labels.font.size = Pt(SIZE if len(bars.categories) <= 16 else SMALL)
    axis.has_major_gridlines = False
    axis.major_tick_mark = XL_TICK_MARK.NONE
    axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    if bars.lying:  # every bar has its name
        _every_name(axis)
    if along.title:
        _title(axis, along.title)
    if bars.lying:
        axis.reverse_order = True
    _scale(chart.value_axis, value, crossing=Axis(0, 1))
    chart.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.NEXT_TO_AXIS
    crosses = chart.value_axis._element.find(qn("c:crossesAt"))  # noqa: SLF001
    crosses.tag = qn("c:crosses")
    crosses.set("val", "max" if bars.lying else "autoZero")
    if value.visible:
        chart.value_axis.has_major_gridlines = True
        chart.value_axis.major_gridlines.format.line.color.rgb = GRID
    _legend(chart, [bool(own.name) for own in bars.series])
    return shape


def _fill(bar: Any, colour: str) -> None:
    bar.format.fill.solid()
    bar.format.fill.fore_color.rgb = RGBColor.from_string(colour)


def _values(shown: Any, said: Sequence[str]) -> None:
    """Texts within the bars, as the figure has them."""
    for position, text in enumerate(said[:_MOST_LABELS]):
        if not text:
            continue
        label = shown.points[position].data_label
        label.position = XL_LABEL_POSITION.CENTER
        label.text_frame.text = xml_text(text)
        run = label.text_frame.paragraphs[0].runs[0]
        run.font.size, run.font.color.rgb = Pt(SMALL), RGBColor(255, 255, 255)
