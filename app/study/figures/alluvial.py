"""Two classifications side by side: who of the one is who in the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import NEUTRAL
from app.study.figures.labels import shortened
from app.study.figures.theme import INK, PAPER, make_figure, rgba, text_at
from data_loaders.arrays import Ints

_ROW = 34
# Room between nodes, so that the names of the smallest do not cover each other.
_PAD = 15
_BOTTOM = 16
_SMALLEST = 0.004
# The name of a thin node lies on its own flow.
_HALO = ", ".join(f"0 0 2px {PAPER}" for _ in range(4))


def alluvial(
    table: pd.DataFrame,
    colours: Mapping[str, str],
    *,
    left: str,
    right: str,
    ends: Mapping[str, str] | None = None,
) -> go.Figure:
    """Flows from groups to classes.

    Parameters
    ----------
    table
        Patients by group (rows) and class (columns).
    colours
        Colour of each group; the flows take it.
    left, right
        What the rows and what the columns are.
    ends
        Colour of each class, which then keep the order of the columns; None for classes without
        a colour, in the order of the groups that most of their patients are in.
    """
    counts = table.to_numpy()
    total = int(counts.sum())
    classes = [str(name) for name in table.columns]
    order = list(range(len(classes)))
    if ends is None:
        order.sort(key=lambda j: (int(counts[:, j].argmax()), -counts[:, j].sum()))
    flows = [
        (i, len(table.index) + place, int(counts[i, j]))
        for i in range(len(table.index))
        for place, j in enumerate(order)
        # A flow of a few patients among thousands is a hair that hides the others.
        if counts[i, j] >= max(1, _SMALLEST * total)
    ]
    starts = [str(name) for name in table.index]
    own = [colours.get(name, NEUTRAL) for name in starts]
    sizes = [*counts.sum(axis=1), *(counts[:, j].sum() for j in order)]
    names = [*starts, *(classes[j] for j in order)]
    hues = [NEUTRAL if ends is None else ends.get(classes[j], NEUTRAL) for j in order]
    rows = max(len(starts), len(classes))
    height = max(260, _ROW * rows)
    trace = {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {
            "label": [f"{shortened(n, 30)} ({s:,})" for n, s in zip(names, sizes, strict=True)],
            "color": [*own, *hues],
            "x": [0.001] * len(starts) + [0.999] * len(classes),
            "y": [
                *_centres(counts.sum(axis=1), rows, height),
                *_centres(counts.sum(axis=0)[order], rows, height),
            ],
            "pad": _PAD,
            "thickness": 14,
            "line": {"width": 0},
            "customdata": names,
            "hovertemplate": "%{customdata}: %{value:,} patients<extra></extra>",
        },
        "link": {
            "source": [a for a, _, _ in flows],
            "target": [b for _, b, _ in flows],
            "value": [n for _, _, n in flows],
            "color": [rgba(own[a], 0.42) for a, _, _ in flows],
            "customdata": [f"{names[a]} → {names[b]}" for a, b, _ in flows],
            "hovertemplate": "%{customdata}: %{value:,} patients<extra></extra>",
        },
        "textfont": {"size": 12, "color": INK, "shadow": _HALO},
        "domain": {"x": [0, 1], "y": [0, 1]},
    }
    heading = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 4}
    return make_figure(
        [trace],
        height=height + _BOTTOM,
        legend_space=22,
        annotations=[
            text_at(f"<b>{left}</b>", x=0, xanchor="left", **heading),
            text_at(f"<b>{right}</b>", x=1, xanchor="right", **heading),
        ],
        margin={"l": 8, "r": 8, "b": _BOTTOM},
    )


def _centres(sizes: Ints, rows: int, height: int) -> list[float]:
    """Centres of nodes stacked in order with room between them, as shares of the height.

    Plotly makes nodes as tall as the column with most nodes allows; so do we.
    """
    per_patient = (height - (rows - 1) * _PAD) / max(int(sizes.sum()), 1)
    tops = np.concatenate([[0], np.cumsum(sizes)[:-1]]) * per_patient + _PAD * np.arange(len(sizes))
    centres = (tops + sizes * per_patient / 2) / height
    return [float(centre) for centre in np.clip(centres, 0.001, 0.999)]
