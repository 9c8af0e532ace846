"""Figures of released tables and curves; what is hidden is hatched, and said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, NEUTRAL, colour_of
from app.cohort.disclosure import GRID, HIDDEN, Disclosure, printed
from app.study.figures.curves import curve_band, hover_of, share_axis
from app.study.figures.labels import shortened
from app.study.figures.legend import legend_above
from app.study.figures.risk_table import over_table
from app.study.figures.rows import left_margin, rows_axis
from app.study.figures.theme import INK, make_figure, text_at, under_axis
from app.study.wording import mid_sentence
from app.views.disclosure.curves import ReleasedCurves
from app.views.disclosure.tables import ReleasedTable

_ROW = 24
_MOST_TICKS = 7
_MONTHS = 12
_LONGEST = 22


def released_bars(table: ReleasedTable, policy: Disclosure) -> go.Figure:
    """Bars of the levels of one variable, of all patients together."""
    rows = [
        (
            table.levels[level],
            table.counts[level][0],
            table.sizes[0],
            colour_of(table.levels[level]) or BLUE,
        )
        for level in table.shown
    ]
    return _bars(rows, policy, of="patients")


def released_shares(tables: Sequence[ReleasedTable], policy: Disclosure) -> go.Figure:
    """Bars of the first level of several tables, each of the patients known."""
    rows = [
        (table.label, table.counts[0][0], table.known(0), colour_of(table.label) or BLUE)
        for table in tables
    ]
    return _bars(rows, policy, of="tested")


def released_groups(
    tables: Sequence[ReleasedTable], colours: Sequence[str], policy: Disclosure
) -> go.Figure:
    """Points of the first level by groups: one row a table, one colour a group."""
    shown = [table for table in tables if table.counts[0][1] is not None]
    traces: list[dict[str, Any]] = []
    names = shown[0].groups[1:] if shown else ()
    for group, name in enumerate(names, start=1):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [_nothing(table.share(0, group)) for table in shown],
                "y": list(range(len(shown))),
                "marker": {"size": 10, "color": colours[group - 1]},
                "cliponaxis": False,
                "customdata": [
                    [
                        f"{table.label}, {name}",
                        f"{printed(table.counts[0][group])} of {printed(table.known(group))}",
                    ]
                    for table in shown
                ],
                "hovertemplate": "%{customdata[0]}: %{customdata[1]} (%{x:.0%})<extra></extra>",
            }
        )
    labels = _short([table.label for table in shown])
    return make_figure(
        traces,
        height=70 + _ROW * max(len(shown), 1),
        **legend_above(list(names)),
        annotations=[_mark(policy, below=34)],
        xaxis={"tickformat": ".0%", "rangemode": "tozero", "zeroline": False},
        yaxis=rows_axis(labels),
        margin={"l": left_margin(labels), "b": 56},
    )


def released_curves_figure(result: ReleasedCurves, policy: Disclosure) -> go.Figure:
    """Curves from released counts, with the released numbers at risk under the same ticks."""
    whole = [month / _MONTHS for month in GRID if month <= result.end and month % _MONTHS == 0]
    ticks = _apart(whole, result.end / _MONTHS)
    traces: list[dict[str, Any]] = []
    for curve in result.curves:
        time = curve.time / _MONTHS
        if result.falling:
            traces += curve_band(
                time, curve.estimate, curve.lower, curve.upper, curve.colour,
                legendgroup=curve.name, showlegend=False, line={"width": 0},
            )  # fmt: skip
        traces.append(
            {
                "type": "scatter",
                "x": time,
                "y": curve.estimate,
                "legendgroup": curve.name,
                "mode": "lines+markers",
                "marker": {"size": 6},
                "line": {"color": curve.colour, "width": 2.4},
                "name": curve.name,
                "customdata": curve.n_risk,
                "hovertemplate": "%{y:.0%}, %{customdata:,} at risk",
            }
        )
    groups = [
        (
            curve.name,
            curve.colour,
            pd.DataFrame({"n_risk": [curve.risk_at(tick * _MONTHS) for tick in ticks]}),
        )
        for curve in result.curves
    ]
    endpoint = result.endpoint
    yaxis = share_axis(endpoint.label if result.falling else f"Risk: {endpoint.event_label}")
    parts = over_table(traces, groups, ticks, result.end / _MONTHS, yaxis, unit="years")
    return make_figure(
        **parts | {"height": parts["height"] + 24},
        **legend_above([curve.name for curve in result.curves]),
        annotations=[*under_axis("Years of follow-up"), _mark(policy)],
        margin={"b": 36},
        hovermode=hover_of(len(result.curves)),
    )


def _apart(ticks: Sequence[float], last: float) -> list[float]:
    """Those ticks under which a phone has room for a number at risk of five figures."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or tick - kept[-1] >= last / _MOST_TICKS:
            kept.append(tick)
    return kept


def curves_title(result: ReleasedCurves) -> str:
    """Title of the figure: what, by what, in about how many."""
    what = result.endpoint.label
    what = what if result.falling else f"Cumulative incidence of {result.endpoint.event_label}"
    by = f" by {mid_sentence(result.label)}" if result.label else ""
    return f"{what}{by}, about {result.n:,} patients"


def _bars(
    rows: Sequence[tuple[str, int | None, int | None, str]], policy: Disclosure, *, of: str
) -> go.Figure:
    shares = [min(n / whole, 1.0) if n is not None and whole else None for _, n, whole, _ in rows]
    labels = _short([name for name, *_ in rows])
    hover = [
        f"{name}: {HIDDEN}" if n is None else f"{name}: {n:,} of {printed(whole)} {of}"
        for name, n, whole, _ in rows
    ]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [0.0 if share is None else share for share in shares],
        "y": list(range(len(rows))),
        "marker": {"color": [colour for *_, colour in rows], "cornerradius": 3},
        "text": [HIDDEN if share is None else f"{share:.0%}" for share in shares],
        "textposition": "outside",
        "textfont": {"color": INK},
        "cliponaxis": False,
        "customdata": hover,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    widest = max([share for share in shares if share is not None] + [0.05])
    return make_figure(
        [bars],
        height=56 + _ROW * max(len(rows), 1),
        annotations=[_mark(policy)],
        xaxis={"range": [0, widest * 1.25], "visible": False},
        yaxis=rows_axis(labels),
        margin={"l": left_margin(labels), "b": 36},
        bargap=0.28,
        showlegend=False,
    )


def _mark(policy: Disclosure, below: int = 8) -> dict[str, Any]:
    """The policy, at the foot of the figure and of its exports."""
    return text_at(
        policy.mark, xref="paper", yref="paper", x=1, y=0, xanchor="right", yanchor="top",
        yshift=-below, font={"size": 12, "color": NEUTRAL},
    )  # fmt: skip


def _short(names: Sequence[str]) -> list[str]:
    return [shortened(name, _LONGEST) for name in names]


def _nothing(value: float) -> float | None:
    return None if math.isnan(value) else value
