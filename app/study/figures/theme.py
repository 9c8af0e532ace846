"""What all figures share: configuration, layout, and the mark of synthetic data."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec

import plotly.graph_objects as go

from app.cohort.colours import GREY
from data_loaders import Cohort

SYNTHETIC_MARK = "SYNTHETIC DATA"
# Streamlit's theme replaces these two placeholders by the page's text and background colours, in
# light and dark; elsewhere INK is what it says, nearly black.
INK = "#000037"
PAPER = "#000038"
# And of the lines of a grid, where a figure is drawn elsewhere than in the page.
GRID = "#000039"
# 54 letters, capitals among them, are the 370 pixels that a figure gets beside another; below 480
# pixels of window the page sets them smaller (app/shell/layout.py), so that they fit a phone too.
_TITLE_WIDTH = 54
# In a grid of small figures.
NARROW_TITLE = 37
_LONG_CAPTION = 28
BY_WIDTH = "by_width"
# Pixels of a window that has room for names above a figure's columns, and of one that is no phone.
WIDE, LARGER_THAN_A_PHONE = 1280, 641
P = ParamSpec("P")
_TAG = re.compile(r"</?[a-z][^>]*>")


def plotly_config(filename: str) -> dict[str, Any]:
    """The configuration every chart is shown and exported with.

    Nothing is sent to a cloud; the camera saves a vector file under a name that says what it is.

    Parameters
    ----------
    filename
        Name of the saved figure, without extension.
    """
    return {
        "displaylogo": False,
        "showSendToCloud": False,
        "displayModeBar": "hover",
        "scrollZoom": False,
        "modeBarButtonsToRemove": ["zoomIn2d", "zoomOut2d", "autoScale2d"],
        "toImageButtonOptions": {"format": "svg", "filename": filename},
    }


def plain_template(ink: str, grid: str) -> dict[str, Any]:
    """What a figure looks like beside its own layout, where no page's theme says it."""
    axis = {
        "color": ink,
        "gridcolor": grid,
        "linecolor": grid,
        "zerolinecolor": grid,
        "title": {"font": {"size": 13}},
        "automargin": True,
    }
    font = {"family": "Arial, Helvetica, Liberation Sans, sans-serif", "color": ink}
    return {"layout": {"font": font, "xaxis": axis, "yaxis": dict(axis)}}


def wrapped(text: str, width: int = _TITLE_WIDTH) -> str:
    """Text broken into as few lines as the width allows, and these of about equal length."""
    lines = textwrap.wrap(text, width)
    even = max(len(text) // max(len(lines), 1), 1)
    return next(
        "<br>".join(better)
        for letters in range(even, width + 1)
        if len(better := textwrap.wrap(text, letters)) <= len(lines)
    )


def rgba(colour: str, alpha: float) -> str:
    """A ``#rrggbb`` colour with transparency."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def make_figure(
    traces: list[dict[str, Any]],
    *,
    height: int,
    legend_space: int = 0,
    annotations: Sequence[dict[str, Any]] = (),
    **layout: Any,
) -> go.Figure:
    """Build a figure; where it is shown, :func:`framed` puts its title above.

    Everything goes into the figure at once, and plotly does not check it: that takes as long as all
    else about a figure. The tests let plotly check every figure of every page.

    Parameters
    ----------
    height
        Height of everything below the title and the legend, in pixels, fixed so that nothing jumps.
    legend_space
        Pixels kept free between title and plot for a legend.
    layout
        Further parts of plotly's layout; ``margin`` is merged with ours.
    """
    top = 22 + legend_space
    margin = {"l": 56, "r": 18, "t": top, "b": 12} | layout.pop("margin", {})
    if layout.get("legend", {}).get("orientation") == "h":
        # A group each lets entries take the room of their own words; else plotly gives every entry
        # that of the longest, and a phone's legend grows over the title.
        traces = [{"legendgroup": str(i), **trace} for i, trace in enumerate(traces)]
        layout["legend"] = {"tracegroupgap": 2, **layout["legend"]}
    return go.Figure(
        data=traces,
        layout={
            "height": height + top,
            "margin": margin,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"size": 13},
            "hoverlabel": {"font": {"size": 13, "color": INK}},
            "dragmode": False,
            "annotations": list(annotations),
            # Traces say their own colours: plotly's default would be copied at every step.
            "template": {},
            **{name: _legible(name, value) for name, value in layout.items()},
        },
        _validate=False,
    )


def by_width(*, freed: Sequence[int] = (), notes_from: int = 0) -> dict[str, Any]:
    """What a page changes of a figure by the width of its window, for the figure's ``meta``.

    Parameters
    ----------
    freed
        Pixels of the figure from which a line at the bottom, kept for a phone's legend, is blank,
        for each such line.
    notes_from
        Pixels of a window in which annotations other than the title have room; 0 for any.
    """
    return {BY_WIDTH: (tuple(freed), notes_from)}


def framed(
    figure: go.Figure, title: str, *, synthetic: bool = False, width: int = _TITLE_WIDTH
) -> go.Figure:
    """The figure with its title above it and, where it applies, the mark of synthetic data.

    Parameters
    ----------
    figure
        Of :func:`make_figure`; it is changed.
    width
        Letters a line of the title holds: fewer where figures stand side by side.
    """
    lines = wrapped(title, width)
    mark = f'<br><span style="font-size:12px;font-weight:400">{SYNTHETIC_MARK}</span>'
    layout = figure.layout
    above = 20 * (lines.count("<br>") + 1 + synthetic)
    top = layout.margin.t + above
    # An annotation, not layout.title: Streamlit's theme moves the latter out of the figure.
    heading = {
        "text": f"<b>{lines}</b>{mark if synthetic else ''}",
        "align": "left",
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 6 - layout.margin.l,
        "yshift": top - 2,
        "showarrow": False,
        "font": {"size": 15, "color": INK},
    }
    # By item: plotly checks what is set as an attribute, which takes long.
    layout["annotations"] = [heading, *layout.to_plotly_json().get("annotations", ())]
    layout["height"] = layout.height + above
    layout["margin"]["t"] = top
    return figure


def titled(
    cohort: Cohort, title: str, draw: Callable[P, go.Figure], *what: P.args, **how: P.kwargs
) -> Callable[[], go.Figure]:
    """What draws a figure of a cohort :func:`framed` under its title, when it is wanted."""
    return lambda: framed(draw(*what, **how), title, synthetic=cohort.provenance.synthetic)


def is_title(text: Mapping[str, Any]) -> bool:
    """Whether an annotation is the title that :func:`framed` put above."""
    return (
        text.get("xref") == "paper" and text.get("yref") == "paper" and text.get("y") == 1
        and str(text.get("text", "")).startswith("<b>")
    )  # fmt: skip


def title_of(figure: go.Figure) -> str:
    """The figure's own title, without markup; empty where it has none."""
    first = next(iter(figure.layout.annotations), None)
    if first is None or not is_title(first.to_plotly_json()):
        return ""
    lines = str(first.text).partition("</b>")[0].replace("<br>", " ")
    return html.unescape(_TAG.sub("", lines)).strip()


def _legible(name: str, part: Any) -> Any:
    """A part of the layout; ticks and titles of axes in the page's text colour, not in grey."""
    if not name.startswith(("xaxis", "yaxis")):
        return part
    ticks = {"color": INK, **part.get("tickfont", {})}
    title = part.get("title")
    if isinstance(title, str):
        title = {"text": title}
    named = {"title": {**title, "font": {"color": INK, **title.get("font", {})}}} if title else {}
    return {**part, "tickfont": ticks, **named}


def text_at(text: str, **place: Any) -> dict[str, Any]:
    """An annotation without an arrow, in the page's text colour."""
    return {"text": text, "showarrow": False, "font": {"size": 13, "color": INK}, **place}


def under_axis(axis: str, caption: str = "", *, below: int = 31) -> list[dict[str, Any]]:
    """The words under a time axis: its title, and the caption of a test where there is one.

    A caption stands here because no place inside the axes is free of curves whatever the data.

    Parameters
    ----------
    axis
        Title of the axis: ``Years of follow-up``. Streamlit's theme draws an axis' own title over
        the tick labels.
    """
    line = {"xref": "x domain", "yref": "y domain", "y": 0, "yshift": -below, "yanchor": "top"}
    if not caption:
        return [text_at(axis, x=0.5, **line)]
    # Beside a long caption only the unit has room on a phone.
    longest = max(map(len, caption.split("<br>")))
    axis = axis if longest <= _LONG_CAPTION else axis.split(" ", maxsplit=1)[0]
    return [
        text_at(axis, x=0, xanchor="left", **line),
        text_at(caption, x=1, xanchor="right", **line),
    ]


def guide_line(
    *, dash: str = "dot", colour: str = "", width: float = 1, **place: Any
) -> dict[str, Any]:
    """A thin line behind what is drawn, of a light grey unless a colour is given."""
    line = {"color": colour or rgba(GREY, 0.7), "width": width, "dash": dash}
    return {"type": "line", "layer": "below", "line": line, **place}


def nice_ticks(last: float, most: int = 7) -> list[float]:
    """Round tick values from 0 to about ``last``, at most ``most`` of them.

    Parameters
    ----------
    last
        Largest value on the axis, in the axis' unit.
    most
        How many ticks fit a phone's width.
    """
    if last <= 0:
        return [0.0]
    steps: Sequence[float] = (0.25, 0.5, 1, 2, 3, 5, 6, 10, 12, 20, 24, 36, 48, 60, 120, 240, 600)
    step = next((step for step in steps if last / step <= most - 1), last)
    return [step * i for i in range(int(last / step + 1e-9) + 1)]
