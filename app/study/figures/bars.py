"""Horizontal bars: how many patients, of how many."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.study.figures.labels import shortened
from app.study.figures.theme import INK, make_figure

_BAR = 27


def share_bars(
    names: Sequence[str],
    counts: Sequence[int],
    denominators: Sequence[int],
    colours: Sequence[str],
    *,
    of: str,
) -> go.Figure:
    """Bars of shares, each with its count and its own denominator.

    Parameters
    ----------
    names, counts, denominators, colours
        One a bar, the first on top.
    of
        What the denominator counts: ``tested``, ``patients``.
    """
    shares = [count / n if n else 0.0 for count, n in zip(counts, denominators, strict=True)]
    bars = {
        "type": "bar",
        "x": shares,
        "y": list(range(len(names))),
        "orientation": "h",
        "marker": {"color": list(colours), "cornerradius": 3},
        "text": [f"{share:.0%}" for share in shares],
        "textposition": "outside",
        "textfont": {"color": INK},
        "cliponaxis": False,
        "customdata": [
            [name, f"{count:,} of {n:,} {of}"]
            for name, count, n in zip(names, counts, denominators, strict=True)
        ],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]} (%{x:.1%})<extra></extra>",
    }
    return make_figure(
        [bars],
        height=26 + _BAR * max(len(names), 1),
        xaxis={"range": [0, max([*shares, 0.01]) * 1.16], "visible": False},
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [shortened(name, 20) for name in names],
            "autorange": "reversed",
            "showgrid": False,
            "ticks": "",
        },
        margin={"l": 22 + 7 * max((len(shortened(name, 20)) for name in names), default=0)},
        bargap=0.28,
        showlegend=False,
    )
