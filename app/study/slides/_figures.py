"""A figure on a slide: its charts, the table under curves, the words beside rows, or a picture."""

from __future__ import annotations

import html
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from lxml import etree
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt

from app.study.figures.labels import shortened
from app.study.figures.theme import is_title
from app.study.files.figures import figure_bytes
from app.study.files.tables import xml_text
from app.study.slides._charts import INK, SIZE, SMALL, Box, add_chart, describe
from app.study.slides._panel import Panel, PictureError, RiskTable, Row, Series, words
from app.study.slides._reading import panels_of

MOST_ROWS, MOST_CELLS = 22, 14
_LINE, _LOW_LINE, _TALLEST = 0.29, 0.23, 0.75
_MANY_LINES = 5
_UNDER, _LEGEND, _LEFT, _HALF = 0.75, 0.42, 0.95, 0.4
_NAMES, _NUMBERS, _P = 3.3, 2.1, 1.3
_COUNTS = re.compile(r"^[\d,]+(, [\d,]+)?$")
_PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
_LONG_CAPTION = 30
_WIDE_PICTURE, _WIDEST_PICTURE = 1_000, 1_600


@dataclass(frozen=True)
class Cells:
    """A table on a slide of its own: heads, rows, and the columns' shares of the width."""

    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...]


Parts = list[tuple[list[Panel], RiskTable | None] | Cells]


def parts_of(figure: go.Figure) -> Parts | str:
    """What a figure becomes, slide by slide: long lists of rows go on; or why it is a picture."""
    if figure.data and figure.data[0].type == "table":
        return _cells_of(figure.data[0].to_plotly_json())
    try:
        panels, table = panels_of(figure)
    except PictureError as error:
        return str(error)
    if len(panels) != 1 or len(panels[0].rows) <= MOST_ROWS:
        return [(panels, table)]
    whole = panels[0]
    pages = math.ceil(len(whole.rows) / MOST_ROWS)
    size = math.ceil(len(whole.rows) / pages)
    return [([_rows_from(whole, start, size)], None) for start in range(0, len(whole.rows), size)]


def _cells_of(trace: dict[str, Any]) -> Parts:
    """The pages of a table, its head on each."""
    heads = tuple(map(words, trace["header"]["values"]))
    cells = trace["cells"]["values"]
    columns = [[html.unescape(text).replace("\u00a0", " ") for text in own] for own in cells]
    rows = list(zip(*columns, strict=True))
    shares = tuple(float(width) for width in trace["columnwidth"])
    pages = math.ceil(len(rows) / MOST_CELLS)
    size = math.ceil(len(rows) / max(pages, 1))
    return [
        Cells((heads, *rows[start : start + size]), shares) for start in range(0, len(rows), size)
    ]


def add_cells(slide: Any, cells: Cells, region: Box, alt: str) -> None:
    """Draw a table over the place that a slide has."""
    height = min(region.height / len(cells.rows), _LINE * 1.15) * len(cells.rows)
    whole = sum(cells.shares)
    widths = [region.width * share / whole for share in cells.shares]
    place = Box(region.left, region.top, region.width, height)
    shape = add_table(slide, cells.rows, widths, place, alt=alt, centred=True)
    _bold(shape.table, 0)


def add_panels(
    slide: Any, panels: Sequence[Panel], table: RiskTable | None, region: Box, alt: str
) -> None:
    """Draw what a slide shows of a figure, in the place that it has."""
    for panel in panels:
        if panel.rows:
            _add_rows(slide, panel, region, alt)
        elif table is not None and panel.bottom > 0:
            _add_over_table(slide, panel, table, region, alt)
        else:
            _add_alone(slide, panel, region, alt, alone=len(panels) == 1)


def picture_of(figure: go.Figure, width: int) -> bytes:
    """A figure without its title as PNG.

    Parameters
    ----------
    width
        Pixels that it is laid out on.

    Raises
    ------
    ExportError
        If this machine cannot draw it.
    """
    return figure_bytes(_without_title(figure), "png", width=width)


def picture_for(figure: go.Figure, region: Box) -> bytes:
    """A picture of a figure in the proportions of its place on a slide.

    Raises
    ------
    ExportError
        If this machine cannot draw it.
    """
    height = int(figure.layout.height or 500)
    width = max(_WIDE_PICTURE, round(height * region.width / region.height))
    return picture_of(figure, min(width, _WIDEST_PICTURE))


def add_picture(slide: Any, content: bytes, region: Box, alt: str) -> None:
    """Put a picture on the slide, as large as its place allows."""
    shape = slide.shapes.add_picture(io.BytesIO(content), Inches(region.left), Inches(region.top))
    share = min(Inches(region.width) / shape.width, Inches(region.height) / shape.height)
    shape.width, shape.height = int(shape.width * share), int(shape.height * share)
    shape.left = Inches(region.left) + (Inches(region.width) - shape.width) // 2
    describe(shape, alt)


def _without_title(figure: go.Figure) -> go.Figure:
    """The figure without the title that the slide has, the mark of synthetic data kept."""
    plain = figure.to_plotly_json()
    texts = plain["layout"].get("annotations", ())
    if not texts or not is_title(texts[0]):
        return figure
    lines = str(texts[0]["text"]).partition("</b>")
    above = 20 * (lines[0].count("<br>") + 1)
    layout = plain["layout"]
    mark = {**texts[0], "text": lines[2].removeprefix("<br>"), "yshift": texts[0]["yshift"] - above}
    layout["annotations"] = [*[mark] * bool(mark["text"]), *texts[1:]]
    layout["height"] -= above
    layout["margin"] = {**layout["margin"], "t": layout["margin"]["t"] - above}
    return go.Figure(plain, _validate=False)


# One pair of axes --------------------------------------------------------------------------


def _add_alone(slide: Any, panel: Panel, region: Box, alt: str, *, alone: bool) -> None:
    top = region.top + region.height * (1 - panel.top)
    height = region.height * (panel.top - panel.bottom)
    left = region.left + region.width * panel.left
    frame = Box(left, top, region.width * (panel.right - panel.left), height)
    beside, above = _LEFT, _LEGEND + 0.25 * (_legend_rows(panel, frame.width) - 1)
    if panel.bars is not None and panel.bars.lying:
        beside = min(0.5 + 0.1 * max(map(len, panel.bars.categories)), 0.35 * frame.width)
    if not alone and panel.y.title:  # too short for an upright title
        add_text(slide, panel.y.title, Box(left, top, 4.5, 0.3))
        panel = replace(panel, y=replace(panel.y, title=""))
    under = _UNDER if panel.x.title else 0.4 if panel.x.visible else 0.1
    plot = Box(
        frame.left + beside, frame.top + above, frame.width - beside - 0.3,
        frame.height - above - under,
    )  # fmt: skip
    add_chart(slide, panel, frame, plot, alt)
    _caption(slide, panel, plot)


def _legend_rows(panel: Panel, width: float) -> int:
    """Lines that the legend takes: its columns are as wide as its longest entry."""
    names = [series.name for series in panel.series if series.named]
    longest = 0.5 + 0.1 * max(map(len, names), default=0)
    return max(math.ceil(len(names) / max(int(0.8 * width / longest), 1)), 1)


def _caption(slide: Any, panel: Panel, plot: Box) -> None:
    """The test beside the title of the axis; a long one on two lines, clear of that title."""
    if panel.caption:
        lines = panel.caption.replace(", ", "\n", len(panel.caption) > _LONG_CAPTION)
        place = Box(plot.right - 5.0, plot.bottom + (0.28 if "\n" in lines else 0.36), 5.0, 0.32)
        add_text(slide, lines, place, align=PP_ALIGN.RIGHT)


# Curves over their table -------------------------------------------------------------------


def _add_over_table(slide: Any, panel: Panel, table: RiskTable, region: Box, alt: str) -> None:
    """Curves whose ticks stand over the columns of their table."""
    line = _LINE if len(table.lines) <= _MANY_LINES else _LOW_LINE
    height = line * (len(table.lines) + 1)
    span = panel.x.high - panel.x.low
    first = (table.ticks[0] - panel.x.low) / span
    step = (table.ticks[1] - table.ticks[0]) / span if len(table.ticks) > 1 else 1.0
    names = min(0.4 + 0.115 * max(len(name) for name, *_ in table.lines), _NAMES)
    # The last column reaches half a step beyond its tick.
    after = max((table.ticks[-1] - panel.x.low) / span + step / 2 - 1, 0)
    left = region.left + max(names + _HALF, _LEFT)
    width = (region.right - left) / (1 + after)
    bottom = region.bottom - height - _UNDER
    # The table names the curves by their colours, where it has all of them.
    told = {name for name, *_ in table.lines}
    named = all(series.name in told for series in panel.series if series.named)
    panel = replace(panel, legend=not named)
    above = 0.12 if named else _LEGEND
    plot = Box(left, region.top + above, width, bottom - region.top - above)
    frame = Box(left - _LEFT, region.top, width + _LEFT + 0.2, bottom + _UNDER - region.top)
    column = width * step
    columns = [left + width * first - _HALF - region.left, _HALF + column / 2]
    columns += [column] * (len(table.ticks) - 1)
    cells = [[table.heading, *[""] * len(table.ticks)]]
    cells += [[name, *said] for name, _, said in table.lines]
    shape = add_table(
        slide, cells, columns, Box(region.left, bottom + _UNDER, sum(columns), height), alt="",
        centred=True,
    )  # fmt: skip
    held = shape.table
    held.cell(0, 0).merge(held.cell(0, len(columns) - 1))
    for number in range(1, len(cells)):  # narrower to the left of its tick than to the right
        held.cell(number, 1).margin_right = Inches(max(column / 2 - _HALF, 0) + 0.04)
    for number, (_, colour, _) in enumerate(table.lines, start=1):
        _colour(held.cell(number, 0), colour)
    described = "; ".join(f"{name}: {', '.join(said)}" for name, _, said in table.lines)
    ticks = ", ".join(f"{tick:g}" for tick in table.ticks)
    describe(shape, f"{table.heading} at {ticks}: {described}")
    add_chart(slide, panel, frame, plot, alt)
    _caption(slide, panel, plot)


def _colour(cell: Any, colour: str) -> None:
    """A square of the group's colour before its name, as the legend has it."""
    paragraph = cell.text_frame.paragraphs[0]
    if not paragraph.runs or not paragraph.runs[0].text:
        return
    run = paragraph.runs[0]
    name, run.text = run.text, "■ "
    run.font.color.rgb = RGBColor.from_string(colour)
    own = paragraph.add_run()
    own.text = name
    own.font.size, own.font.color.rgb = run.font.size, INK


# Rows with words beside them ---------------------------------------------------------------


def _rows_from(panel: Panel, start: int, size: int) -> Panel:
    """Some of a panel's rows, renumbered."""
    rows = panel.rows[start : start + size]
    last = rows[-1].at
    low, high = last - 0.5, rows[0].at + 0.5

    def kept(series: Series) -> Series:
        if np.isinf(series.y).any() or (series.line and not series.symbol):
            return series  # a rule across all rows
        inside = (series.y > low) & (series.y < high)

        def of(held: Any) -> Any:
            return None if held is None else np.asarray(held)[inside]

        return replace(
            series, x=of(series.x), y=of(series.y) - last, minus=of(series.minus),
            plus=of(series.plus), sizes=tuple(of(series.sizes)) if len(series.sizes) > 1
            else series.sizes, labels=tuple(of(series.labels)) if series.labels else (),
            sides=tuple(of(series.sides)) if series.sides else (),
        )  # fmt: skip

    return replace(
        panel,
        y=replace(panel.y, high=len(rows) - 0.5),
        rows=tuple(replace(row, at=row.at - last) for row in rows),
        series=tuple(kept(series) for series in panel.series),
    )


def _add_rows(slide: Any, panel: Panel, region: Box, alt: str) -> None:
    """Points in line with the rows of a table, as a forest plot has them."""
    counted, valued = bool(panel.counts), any(row.right for row in panel.rows)
    legend = _LEGEND if sum(series.named for series in panel.series) > 1 else 0.0
    headed = counted or valued
    available = region.height - _UNDER - legend
    line = min(available / (len(panel.rows) + headed), _TALLEST)
    names = min(0.3 + 0.105 * max(len(_name(row, counted)[0]) for row in panel.rows), 4.4)
    columns = [names, *[1.4] * counted]
    tested = any(_value(row)[1] for row in panel.rows)
    right = [_NUMBERS, *[_P] * tested] if valued else []
    width = region.width - sum(columns) - sum(right)
    columns += [width, *right]
    cells = []
    if headed:
        cells.append(["", *[panel.counts] * counted, "", *[panel.head, "p"][: len(right)]])
    for row in panel.rows:
        name, counts = _name(row, counted)
        said = _value(row)[: len(right)]
        cells.append([name, *[counts] * counted, "", *said])
    top = region.top + legend
    place = Box(region.left, top, region.width, line * len(cells))
    shape = add_table(slide, cells, columns, place, alt="Values of the rows of the chart.")
    for number, row in enumerate(panel.rows, start=int(headed)):
        if row.bold:
            _bold(shape.table, number)
    if headed:
        _bold(shape.table, 0)
    plot = Box(
        region.left + sum(columns[: 1 + counted]) + 0.1, top + line * headed, width - 0.2,
        line * len(panel.rows),
    )  # fmt: skip
    frame = Box(
        plot.left - 0.5, region.top, plot.width + 1.0, plot.bottom + _UNDER - region.top
    )  # fmt: skip
    titled = replace(panel, x=replace(panel.x, title=panel.x.title or panel.head))
    add_chart(slide, titled, frame, plot, alt)


def _name(row: Row, counted: bool) -> tuple[str, str]:
    """A row's name and its counts, which stand in the last line where they are told."""
    lines = list(row.left)
    counts = lines.pop() if counted and lines and _COUNTS.match(lines[-1]) else ""
    return shortened(" ".join(lines), 42), counts


def _value(row: Row) -> list[str]:
    """A row's numbers and its p-value; words in their place as they are."""
    said = list(row.right)
    p = said.pop() if len(said) > 1 and re.match(r"[pq] ", said[-1]) else ""
    return [" ".join(said), p]


def _bold(table: Any, number: int) -> None:
    for cell in table.rows[number].cells:
        for run in cell.text_frame.paragraphs[0].runs:
            run.font.bold = True


# Tables and texts --------------------------------------------------------------------------


def add_table(
    slide: Any,
    cells: Sequence[Sequence[str]],
    widths: Sequence[float],
    place: Box,
    *,
    alt: str,
    centred: bool = False,
) -> Any:
    """A table without lines.

    Parameters
    ----------
    cells
        Texts, row by row.
    widths
        Of the columns, in inches.
    centred
        Whether what stands right of the first column is centred.
    """
    shape = slide.shapes.add_table(len(cells), len(widths), *place.emu())
    table = shape.table
    table.first_row = table.horz_banding = False
    style = table._tbl.tblPr.find(qn("a:tableStyleId"))  # noqa: SLF001
    if style is None:
        style = etree.SubElement(table._tbl.tblPr, qn("a:tableStyleId"))  # noqa: SLF001
    style.text = _PLAIN_TABLE
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Inches(width)
    size = Pt(SIZE if place.height / len(cells) >= 0.28 else SMALL)
    for row, texts in zip(table.rows, cells, strict=True):
        row.height = Inches(place.height / len(cells))
        for number, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            cell.margin_left = cell.margin_right = Inches(0.04)
            cell.margin_top = cell.margin_bottom = 0
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            paragraph = cell.text_frame.paragraphs[0]
            if not text:  # an empty cell is as high as its letters would be
                paragraph.font.size = size
                continue
            run = paragraph.add_run()
            run.text = xml_text(text)
            run.font.size, run.font.color.rgb = size, INK
            if centred and number:
                paragraph.alignment = PP_ALIGN.CENTER
    describe(shape, alt)
    return shape


def add_text(
    slide: Any, text: str, place: Box, *, size: int = SIZE, align: Any = PP_ALIGN.LEFT,
) -> Any:  # fmt: skip
    """A text at a place."""
    shape = slide.shapes.add_textbox(*place.emu())
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for number, line in enumerate(text.split("\n")):
        paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
        paragraph.alignment = align
        run = paragraph.add_run()
        run.text = xml_text(line)
        run.font.size, run.font.color.rgb = Pt(size), INK
    return shape
