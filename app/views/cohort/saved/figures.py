"""How sets of patients overlap: an UpSet figure, readable where circles no longer are.

Lex A et al. UpSet: visualization of intersecting sets. IEEE TVCG 2014;20:1983.
"""

from __future__ import annotations

import plotly.graph_objects as go

from app.cohort.colours import BLUE, GREY
from app.cohort.groupings import Overlap
from app.study.figures.labels import shortened
from app.study.figures.theme import INK, make_figure, rgba

_MOST = 20
_BARS = 190
_ROW = 34
_LONGEST = 22


def overlap_figure(found: Overlap) -> go.Figure:
    """Bars of the patients in exactly one combination of sets; dots say which.

    Parameters
    ----------
    found
        Of :func:`app.cohort.groupings.overlap`.
    """
    shown = found.patterns.head(_MOST)
    places = list(range(len(shown)))
    inside = shown[list(found.names)].to_numpy(dtype=bool)
    words = [
        " and ".join(name for name, held in zip(found.names, row, strict=True) if held)
        for row in inside
    ]
    counts = shown["n"].tolist()
    hover = [f"Only in {word}: {n:,} patients" for word, n in zip(words, counts, strict=True)]
    bars = {
        "type": "bar", "x": places, "y": counts, "marker": {"color": BLUE, "cornerradius": 3},
        "text": [f"{n:,}" for n in counts], "textposition": "outside", "cliponaxis": False,
        "textfont": {"color": INK, "size": 12}, "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>", "showlegend": False, "width": 0.6,
    }  # fmt: skip
    rows = range(len(found.names))
    traces = [bars]
    for held, colour in ((False, rgba(GREY, 0.28)), (True, BLUE)):
        at = [(x, y) for x in places for y in rows if inside[x, y] == held]
        traces.append(
            {
                "type": "scatter", "mode": "markers", "x": [x for x, _ in at],
                "y": [y for _, y in at], "yaxis": "y2", "marker": {"size": 13, "color": colour},
                "hovertext": [hover[x] for x, _ in at],
                "hovertemplate": "%{hovertext}<extra></extra>", "showlegend": False,
            }
        )  # fmt: skip
    for x in places:
        held_rows = [y for y in rows if inside[x, y]]
        if len(held_rows) > 1:
            traces.append(
                {
                    "type": "scatter", "mode": "lines", "x": [x, x],
                    "y": [held_rows[0], held_rows[-1]], "yaxis": "y2", "hoverinfo": "skip",
                    "line": {"color": BLUE, "width": 3}, "showlegend": False,
                }
            )  # fmt: skip
    matrix = _ROW * len(found.names) + 8
    height = _BARS + matrix
    split = matrix / height
    labels = [
        f"{shortened(name, _LONGEST)} ({size:,})"
        for name, size in zip(found.names, found.sizes, strict=True)
    ]
    return make_figure(
        traces,
        height=height,
        xaxis={"visible": False, "range": [-0.7, max(len(places), 4) - 0.3], "anchor": "y2"},
        yaxis={
            "domain": [split + 0.03, 1], "range": [0, max([*counts, 1]) * 1.18],
            "title": {"text": "Patients"}, "showgrid": True, "nticks": 4, "fixedrange": True,
        },
        yaxis2={
            "domain": [0, split], "tickvals": list(rows), "ticktext": labels,
            "range": [len(found.names) - 0.5, -0.5], "showgrid": False, "zeroline": False,
            "ticks": "", "fixedrange": True, "tickfont": {"size": 12},
        },
        margin={"l": 24 + round(6.6 * max((len(label) for label in labels), default=0))},
    )  # fmt: skip
