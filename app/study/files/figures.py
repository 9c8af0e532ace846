"""Figures to take away: SVG and PNG as wide as a page."""

from __future__ import annotations

import json
from typing import Any, Literal

import plotly.graph_objects as go

from app.study.figures.theme import INK, PAPER, plain_template
from app.study.files.browser import ExportError, draw, export_available

__all__ = [
    "FIGURE_KINDS",
    "ExportError",
    "FigureFormat",
    "export_available",
    "figure_bytes",
]

FigureFormat = Literal["svg", "png"]
FIGURE_KINDS: tuple[FigureFormat, ...] = ("svg", "png")
# Laid out 800 pixels wide and printed over a page's 180 mm, text of 13 pixels has 8 points.
PIXELS, MILLIMETRES = 800, 180
DPI = 300
_CSS_DPI = 96
_MM_PER_INCH = 25.4
# The app's own colours, as in .streamlit/config.toml.
_TEXT, _PAPER, _GRID = "#172235", "#ffffff", "#dbe2eb"


def scale(format: FigureFormat) -> float:  # noqa: A002  (plotly's own word)
    """Pixels of the file for each pixel of the layout."""
    dpi = DPI if format == "png" else _CSS_DPI
    return MILLIMETRES / _MM_PER_INCH * dpi / PIXELS


def figure_bytes(
    figure: go.Figure,
    format: FigureFormat,  # noqa: A002  (plotly's own word)
    width: int = PIXELS,
) -> bytes:
    """A figure as the content of an SVG or PNG file, as wide as a page of a journal.

    The browser that draws it is started once (seconds) and kept; a figure then takes well under a
    second. The figure is not changed; its height is its own.

    Parameters
    ----------
    width
        Pixels that it is laid out on.

    Raises
    ------
    ExportError
        If this machine has no browser to draw with, or it fails.
    """
    options = {
        "format": format,
        "width": width,
        "height": figure.layout.height,
        "scale": scale(format),
    }
    return draw(_on_page(figure), options)


def _on_page(figure: go.Figure) -> dict[str, Any]:
    """The figure as plain data with everything said that a browser's page would have said."""
    text = figure.to_json().replace(INK, _TEXT).replace(PAPER, _PAPER)
    plain: dict[str, Any] = json.loads(text)
    for trace in plain["data"]:
        # WebGL would put a picture of the points into an SVG, and is slower without a GPU.
        if trace["type"] == "scattergl":
            trace["type"] = "scatter"
    layout = plain["layout"]
    layout["template"] = plain_template(_TEXT, _GRID)
    layout["paper_bgcolor"] = _PAPER
    return plain
