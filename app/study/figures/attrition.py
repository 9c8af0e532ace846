"""Attrition as a flow: who is left after each step of the filter, who went and why."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, GREY
from app.study.figures.theme import INK, framed, make_figure, text_at, wrapped
from app.study.wording import count

_STEP = 88
_GAP = 0.54
_WIDTH = 52


def attrition_flow(attrition: pd.DataFrame, *, synthetic: bool = False) -> go.Figure:
    """A funnel of the filter's steps, from everyone down to the selection.

    Parameters
    ----------
    attrition
        Of a selection: clause, n, excluded, missing; the first row is everyone.
    """
    steps = attrition["clause"].astype(str).tolist()
    left = attrition["n"].astype(int).tolist()
    gone = [
        _went(int(excluded), int(missing))
        for excluded, missing in zip(attrition["excluded"], attrition["missing"], strict=True)
    ]
    total = max(left[0], 1)
    flow = {
        "type": "funnel",
        "y": list(range(len(steps))),
        "x": left,
        "text": [f"<b>{n:,}</b> ({n / total:.0%})" for n in left],
        "textinfo": "text",
        "textposition": ["inside" if n > 0.3 * total else "outside" for n in left],
        "textfont": {"size": 13},
        "insidetextfont": {"color": "#ffffff"},
        "outsidetextfont": {"color": INK},
        "constraintext": "none",
        "marker": {"color": [GREY] + [BLUE] * (len(steps) - 1)},
        "connector": {"fillcolor": "rgba(42,127,193,0.16)", "line": {"width": 0}},
        "hovertext": [
            f"{step}<br>{n:,} left{f'<br>{words}' if words else ''}"
            for step, n, words in zip(steps, left, gone, strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    labels = [
        text_at(
            wrapped(f"{step}{f' · {words}' if words else ''}", _WIDTH),
            x=0.5,
            xref="paper",
            y=place - (1 - _GAP) / 2,
            yanchor="bottom",
            yshift=1,
        )
        for place, (step, words) in enumerate(zip(steps, gone, strict=True))
    ]
    figure = make_figure(
        [flow],
        height=16 + _STEP * len(steps),
        annotations=labels,
        xaxis={"visible": False, "fixedrange": True},
        yaxis={
            "visible": False,
            "range": [len(steps) - 0.5, -0.5 - _GAP / 2],
            "fixedrange": True,
        },
        margin={"l": 10, "r": 10},
        funnelgap=_GAP,
        showlegend=False,
    )
    title = f"From {count(left[0], 'patient')} to the {left[-1]:,} selected"
    return framed(figure, title, synthetic=synthetic)


def attrition_in_words(attrition: pd.DataFrame) -> str:
    """The steps in one sentence each, for those who do not see the figure."""
    said = [
        f"{row.clause}: {row.n:,} left" + (f" ({words})" if words else "")
        for row in attrition.itertuples()
        if (words := _went(int(row.excluded), int(row.missing))) is not None
    ]
    return "; ".join(said)


def _went(excluded: int, missing: int) -> str:
    went = ((excluded, "excluded"), (missing, "not known"))
    return ", ".join(f"−{number:,} {why}" for number, why in went if number)
