"""Figures to take away: SVG and PNG at the sizes of a page, a column and a slide."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from app.study.figures.theme import INK, PAPER
from app.study.files.browser import ExportError, draw, export_available

__all__ = [
    "FIGURE_KINDS",
    "SIZES",
    "ExportError",
    "FigureFormat",
    "FigureSize",
    "export_available",
    "figure_bytes",
]

FigureFormat = Literal["svg", "png"]
FIGURE_KINDS: tuple[FigureFormat, ...] = ("svg", "png")
DPI = 300
_CSS_DPI = 96
_MM_PER_INCH = 25.4


@dataclass(frozen=True)
class FigureSize:
    """How wide a figure is laid out and how wide it becomes.

    Parameters
    ----------
    label
        What the size is for.
    pixels
        Width of the layout: the fewer, the larger the text in relation.
    millimetres
        Width of an SVG, and of a PNG at 300 dots an inch.
    """

    label: str
    pixels: int
    millimetres: float

    def scale(self, format: FigureFormat) -> float:  # noqa: A002  (plotly's own word)
        """Pixels of the file for each pixel of the layout."""
        dpi = DPI if format == "png" else _CSS_DPI
        return self.millimetres / _MM_PER_INCH * dpi / self.pixels


# A journal's columns are 85 to 90 and 170 to 180 mm wide; text of 13 pixels prints at 8 points.
SIZES = {
    "page": FigureSize("Page width (180 mm)", 800, 180),
    "column": FigureSize("Column width (85 mm)", 400, 85),
    "slide": FigureSize("Slide (254 mm)", 960, 254),
}


@dataclass(frozen=True)
class _Colours:
    text: str
    paper: str
    grid: str


# The app's own, as in .streamlit/config.toml.
_LIGHT = _Colours("#172235", "#ffffff", "#dbe2eb")
_DARK = _Colours("#e6ecf4", "#10161f", "#2c3848")


def figure_bytes(
    figure: go.Figure,
    format: FigureFormat,  # noqa: A002  (plotly's own word)
    *,
    size: FigureSize = SIZES["page"],
    dark: bool = False,
) -> bytes:
    """A figure as the content of an SVG or PNG file.

    Text and background are in the colours of the app's light or dark page. The browser that draws
    it is started once (seconds) and kept; a figure then takes well under a second.

    Parameters
    ----------
    figure
        A figure of the app; it is not changed.
    format
        ``svg`` or ``png``.
    size
        Its width; the height follows from the figure's own.
    dark
        Whether for a dark background.

    Raises
    ------
    ExportError
        If this machine has no browser to draw with, or it fails.
    """
    options = {
        "format": format,
        "width": size.pixels,
        "height": figure.layout.height,
        "scale": size.scale(format),
    }
    return draw(_on_page(figure, _DARK if dark else _LIGHT), options)


def _on_page(figure: go.Figure, colours: _Colours) -> dict[str, Any]:
    """The figure as plain data with everything said that a browser's page would have said."""
    text = figure.to_json().replace(INK, colours.text).replace(PAPER, colours.paper)
    plain: dict[str, Any] = json.loads(text)
    for trace in plain["data"]:
        # WebGL would put a picture of the points into an SVG, and is slower without a GPU.
        if trace["type"] == "scattergl":
            trace["type"] = "scatter"
    layout = plain["layout"]
    layout["template"] = _template(colours)
    layout["paper_bgcolor"] = colours.paper
    return plain


def _template(colours: _Colours) -> dict[str, Any]:
    axis = {
        "color": colours.text,
        "gridcolor": colours.grid,
        "linecolor": colours.grid,
        "zerolinecolor": colours.grid,
        "title": {"font": {"size": 13}},
        "automargin": True,
    }
    font = {"family": "Arial, Helvetica, Liberation Sans, sans-serif", "color": colours.text}
    return {"layout": {"font": font, "xaxis": axis, "yaxis": axis}}
