"""How often alterations occur: bars with intervals, or dots by group; and the number a patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.arrays import Floats
from app.cohort.colours import AMBER, BLUE, PURPLE, TEAL
from app.study.figures.labels import shortened
from app.study.figures.legend import legend_above
from app.study.figures.rows import left_margin, rows_axis, under_plot
from app.study.figures.theme import INK, PAPER, make_figure, rgba
from app.study.wording import SIGNIFICANT, format_p, format_percent_ci, format_q, format_ratio
from app.views.genomics.frequencies.analysis import GroupFrequencies
from data_loaders.model import FEATURE_KINDS

KIND_COLOURS = {"gene": BLUE, "refinement": TEAL, "cytogenetic": AMBER, "combination": PURPLE}
_ROW, _DOT, _DENSE = 27, 13, 9
_FEW_GROUPS = 4
_LONGEST = 22


def frequency_figure(found: GroupFrequencies, features: Sequence[str]) -> go.Figure:
    """Frequencies of some alterations with their intervals, by group where there are groups.

    Parameters
    ----------
    features
        Those to show, the first on top.
    """
    by_group = bool(found.groups)
    number = len(found.groups)
    dot = _DOT if number <= _FEW_GROUPS else _DENSE
    row = max(_ROW, dot * number + 8)
    traces = _dots(found, features) if by_group else _bars(found, features)
    ends = np.concatenate([_ends(trace) for trace in traces]) if traces else np.array([0.1])
    labels = found.overall.set_index("feature")["label"]
    clear = _clear(found)
    ticks = [
        shortened(labels[name], _LONGEST) + (" *" if name in clear else "") for name in features
    ]
    names = [str(trace["name"]) for trace in traces]
    legend = len(names) > 1
    # Two lines, since one would be cut on a phone.
    below = f"Share of the patients tested{f'<br>* q < {SIGNIFICANT}' if clear else ''}"
    return make_figure(
        traces,
        height=row * max(len(features), 1) + (70 if clear else 54),
        **legend_above(names, shown=legend),
        annotations=[{**under_plot(below), "align": "left"}],
        xaxis={
            "range": [0, min(float(ends.max()) * 1.12, 1.08)],
            "tickformat": ".0%",
            "zeroline": False,
            "rangemode": "tozero",
        },
        yaxis=rows_axis(ticks),
        margin={"l": left_margin(ticks), "b": 64 if clear else 48},
        bargap=0.28,
    )  # fmt: skip


def frequency_alt(title: str, found: GroupFrequencies, features: Sequence[str]) -> str:
    """Alternative text: the title and the leading alterations."""
    rows = found.overall.set_index("feature").loc[list(features[:5])]
    parts = [
        f"{row.label} {format_percent_ci(row.frequency, row.lower, row.upper)}"
        for row in rows.itertuples()
    ]
    return f"{title}. Overall: {'; '.join(parts)}."


def burden_figure(shares: pd.DataFrame, colours: dict[str, str], *, of: str) -> go.Figure:
    """Distribution of the number of alterations a patient, by group.

    Parameters
    ----------
    shares
        group, number (as a word, the last may be open: ``8+``), patients, share.
    of
        What is counted, for the axis.
    """
    traces = []
    for group, colour in colours.items():
        own = shares[shares["group"] == group]
        total = int(own["patients"].sum())
        traces.append(
            {
                "type": "bar",
                "name": group,
                "x": own["number"].tolist(),
                "y": own["share"].to_numpy(),
                "marker": {"color": colour, "cornerradius": 3},
                "customdata": own["patients"].to_numpy(),
                "hovertemplate": f"{group}: %{{customdata:,}} of {total:,} patients "
                f"(%{{y:.1%}}) have %{{x}}<extra></extra>",
            }
        )
    names = list(colours)
    legend = len(names) > 1
    return make_figure(
        traces,
        height=330,
        **legend_above(names, shown=legend),
        annotations=[under_plot(of, 0.5, "center")],
        xaxis={"type": "category", "showgrid": False},
        yaxis={
            "title": {"text": "Share of patients", "standoff": 6}, "tickformat": ".0%",
            "zeroline": False,
        },
        margin={"b": 50},
        bargap=0.22,
        barmode="group",
    )  # fmt: skip


def _clear(found: GroupFrequencies) -> set[str]:
    if not len(found.differences):
        return set()
    table = found.differences
    return set(table.loc[table["q_value"] < SIGNIFICANT, "feature"])


def _ends(trace: dict[str, Any]) -> Floats:
    ends: Floats = np.asarray(trace["x"]) + np.asarray(trace["error_x"]["array"])
    return np.nan_to_num(ends, nan=0.0)


def _bars(found: GroupFrequencies, features: Sequence[str]) -> list[dict[str, Any]]:
    rows = found.overall.set_index("feature").loc[list(features)].reset_index()
    rows["place"] = range(len(rows))
    traces = []
    for kind, own in rows.groupby("kind", sort=False):
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": FEATURE_KINDS[kind],
                "x": own["frequency"].to_numpy(),
                "y": own["place"].to_numpy(),
                "marker": {"color": KIND_COLOURS[kind], "cornerradius": 3},
                "error_x": _error(own),
                "text": [_hover(row) for row in own.itertuples()],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return traces


def _dots(found: GroupFrequencies, features: Sequence[str]) -> list[dict[str, Any]]:
    place = {name: position for position, name in enumerate(features)}
    table = found.by_group[found.by_group["feature"].isin(place)]
    tests = {row["feature"]: row for row in found.differences.to_dict("records")}
    number = len(found.groups)
    traces = []
    for position, (group, size) in enumerate(found.groups.items()):
        own = table[table["group"] == group]
        offset = (position - (number - 1) / 2) * min(0.84 / number, 0.3)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{group} ({size:,})",
                "x": own["frequency"].to_numpy(),
                "y": own["feature"].map(place).to_numpy() + offset,
                "marker": {
                    "color": found.colours[group],
                    "size": 9 if number <= _FEW_GROUPS else 7,
                    "line": {"width": 1, "color": PAPER},
                },
                "error_x": _error(own) | {"color": rgba(found.colours[group], 0.7)},
                "cliponaxis": False,
                "text": [_group_hover(row, tests.get(row.feature)) for row in own.itertuples()],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )  # fmt: skip
    return traces


def _error(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": (rows["upper"] - rows["frequency"]).to_numpy(),
        "arrayminus": (rows["frequency"] - rows["lower"]).to_numpy(),
        "color": INK,
        "thickness": 1.2,
        "width": 3,
    }


def _hover(row: Any) -> str:
    return (
        f"<b>{row.label}</b><br>{row.altered:,} of {row.tested:,} tested<br>"
        f"{100 * row.frequency:.1f}% ({100 * row.lower:.1f}–{100 * row.upper:.1f})"
        if row.tested
        else f"<b>{row.label}</b><br>nobody was tested"
    )


def _group_hover(row: Any, test: dict[str, Any] | None) -> str:
    words = f"{_hover(row)}<br>{row.group}"
    if test is None or not row.tested:
        return words
    if np.isnan(test["p_value"]):
        return f"{words}<br>not compared"
    ratio = format_ratio(row.odds_ratio, row.or_lower, row.or_upper)
    return (
        f"{words}<br>odds ratio against the others {ratio}<br>"
        f"groups differ: {format_p(test['p_value'])}, {format_q(test['q_value'])} ({test['test']})"
    )
