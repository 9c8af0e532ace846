"""The legend above a figure, and the room it needs on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LEGEND = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}}


def legend_above(names: Sequence[str], *, shown: bool = True, **look: Any) -> dict[str, Any]:
    """What :func:`app.study.figures.theme.make_figure` is told of a legend between title and plot.

    Parameters
    ----------
    shown
        Whether there is one: a single entry needs none.
    """
    return {
        "legend_space": 8 + 22 * legend_lines(names) if shown else 0,
        "showlegend": shown,
        "legend": LEGEND | look,
    }


def legend_lines(names: Sequence[str], width: int = 300) -> int:
    """Lines that the legend takes on a phone; a wider screen needs fewer."""
    lines, used = 1, 0
    for name in names:
        needed = 56 + 7 * len(name)
        if used and used + needed > width:
            lines, used = lines + 1, 0
        used += needed
    return lines
