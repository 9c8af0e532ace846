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


# Pixels of a line of entries; of an entry without its words, and of a letter of these, at most.
LINE = 22
_ROOMY = (56.0, 7.0)
# The same as a browser draws them on the page, where each line too many is seen as a blank.
_CLOSE = (38.0, 6.2)
_WIDEST = 2400


def legend_lines(
    names: Sequence[str], width: float = 300, entry: tuple[float, float] = _ROOMY
) -> int:
    """Lines that the legend takes on a phone; a wider screen needs fewer."""
    lines, used = 1, 0.0
    for name in names:
        needed = entry[0] + entry[1] * len(name)
        if used and used + needed > width:
            lines, used = lines + 1, 0
        used += needed
    return lines


def legend_below(names: Sequence[str], phone: float) -> tuple[int, list[int]]:
    """Lines of a legend under a figure's columns on a phone, and what wider columns need.

    Parameters
    ----------
    phone
        Pixels of the columns on a phone.

    Returns
    -------
    The lines there, and the width of the columns from which each of them but the first is empty,
    the last line's first.
    """
    most = legend_lines(names, phone, _CLOSE)
    freed: list[int] = []
    for width in range(int(phone), _WIDEST, 4):
        freed += [width] * (most - len(freed) - legend_lines(names, width, _CLOSE))
    return most, freed
