"""What figures with a row a label share: the axis of the labels, their margin, the words below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.study.figures.theme import text_at


def rows_axis(labels: Sequence[str]) -> dict[str, Any]:
    """The axis of figures with a row a label, the first on top."""
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": list(labels),
        "range": [len(labels) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
    }


def left_margin(labels: Sequence[str], least: int = 22) -> int:
    """Pixels that labels beside the rows need."""
    return least + 7 * max(map(len, labels), default=0)


def under_plot(text: str, x: float = 0, xanchor: str = "left", below: int = 24) -> dict[str, Any]:
    """What the horizontal axis shows, below its numbers, set against an edge of the plot."""
    return text_at(
        text, xref="paper", yref="paper", x=x, y=0, yshift=-below, xanchor=xanchor, yanchor="top"
    )
