"""What all figures share: configuration, layout, and the mark of synthetic data."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

SYNTHETIC_MARK = "SYNTHETIC DATA"
_TITLE_WIDTH = 46


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


def wrapped(text: str, width: int = _TITLE_WIDTH) -> str:
    """Text broken into lines that fit a phone's width."""
    return "<br>".join(textwrap.wrap(text, width)) or text


def rgba(colour: str, alpha: float) -> str:
    """A ``#rrggbb`` colour with transparency."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def title_height(title: str) -> int:
    """Pixels that a title takes above the plot."""
    return 34 + 20 * (wrapped(title).count("<br>") + 1)


def finish(figure: go.Figure, title: str, *, height: int, synthetic: bool) -> go.Figure:
    """Give a figure its title, height, margins and, where it applies, the mark of synthetic data.

    Parameters
    ----------
    figure
        Changed in place and returned.
    title
        What is shown, and of how many.
    height
        Height in pixels, fixed so that nothing jumps.
    synthetic
        Whether the data are simulated: the mark is part of the figure and of its exports.
    """
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 18, "t": title_height(title), "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 13},
        hoverlabel={"font": {"size": 13}},
        dragmode=False,
    )
    # An annotation, not layout.title: Streamlit's theme moves the latter out of the figure.
    figure.add_annotation(
        text=f"<b>{wrapped(title)}</b>",
        align="left",
        xref="paper",
        yref="paper",
        x=0,
        y=1,
        xanchor="left",
        yanchor="top",
        yshift=title_height(title) - 4,
        showarrow=False,
        font={"size": 15},
    )
    if synthetic:
        figure.add_annotation(
            text=SYNTHETIC_MARK,
            xref="paper",
            yref="paper",
            x=1,
            y=1,
            xanchor="right",
            yanchor="bottom",
            yshift=4,
            showarrow=False,
            opacity=0.7,
            font={"size": 12},
        )
    return figure


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
