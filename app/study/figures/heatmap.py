"""Group by alteration: how many of each group carry it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.study.figures.labels import all_shortened, shortened
from app.study.figures.theme import INK, make_figure
from app.study.wording import format_percent
from data_loaders.arrays import Floats, Texts

_ROW = 22
_LONGEST = 20
_TEXT_FROM = 0.095
# Transparent to full: reads on a light and on a dark page.
_SCALE = [[0.0, "rgba(42,127,193,0.04)"], [1.0, "rgba(42,127,193,0.95)"]]


def prevalence_heatmap(
    enrichment: pd.DataFrame, groups: Mapping[str, int], features: Sequence[str]
) -> go.Figure:
    """Share of each group that carries each alteration, among its patients tested.

    Alterations are the rows, which are the longer side: a phone shows the columns side by side.

    Parameters
    ----------
    enrichment
        Of a subgroup search: one row a group and feature.
    groups
        Groups in their order with their number of patients.
    """
    rows = enrichment.set_index(["group", "feature"])
    cells = rows.reindex(pd.MultiIndex.from_product([list(groups), list(features)]))
    shape = (len(groups), len(features))
    share = cells["in_group"].to_numpy(dtype=float).reshape(shape).T
    hover = np.array([_hover(cell) for cell in cells.itertuples()], dtype=object).reshape(shape).T
    names = [f"{shortened(name, 26)} ({size:,})" for name, size in groups.items()]
    return _share_heatmap(share, hover, names, features)


def missing_heatmap(shares: pd.DataFrame, sizes: Mapping[str, int]) -> go.Figure:
    """Share of patients without a value, by variable and group of patients.

    Parameters
    ----------
    shares
        One row a variable and one column a group, from 0 to 1.
    """
    share = shares.to_numpy(dtype=float)
    features = [str(name) for name in shares.index]
    hover = np.array(
        [
            [
                f"<b>{group}</b><br>{name}: missing in {value:.0%} of {sizes[group]:,}"
                for group, value in zip(shares.columns, row, strict=True)
            ]
            for name, row in zip(features, share, strict=True)
        ],
        dtype=object,
    ).reshape(share.shape)
    names = [f"{shortened(str(name), 26)} ({sizes[name]:,})" for name in shares.columns]
    return _share_heatmap(share, hover, names, features)


def _share_heatmap(
    share: Floats,
    hover: Texts,
    names: Sequence[str],
    features: Sequence[str],
) -> go.Figure:
    """Shares from 0 to 1, rows of ``features`` and columns of ``names``."""
    texts = np.array(
        [f"{100 * value:.0f}" if value >= _TEXT_FROM else "" for value in share.ravel()],
        dtype=object,
    ).reshape(share.shape)
    beside = 16 + 7 * min(max(map(len, features)), _LONGEST)
    above = 16 + 7 * max(map(len, names))
    # Positions, not names, are the coordinates: two groups or labels may read alike.
    trace = {
        "type": "heatmap",
        "x": list(range(len(names))),
        "y": list(range(len(features))),
        "z": share,
        "zmin": 0,
        "zmax": 1,
        "colorscale": _SCALE,
        "xgap": 2,
        "ygap": 2,
        "text": texts,
        "texttemplate": "%{text}",
        "textfont": {"size": 12, "color": INK},
        "customdata": hover,
        "hovertemplate": "%{customdata}<extra></extra>",
        "showscale": False,
    }
    return make_figure(
        [trace],
        height=_ROW * len(features) + 8,
        legend_space=above,
        xaxis={
            "tickvals": list(range(len(names))),
            "ticktext": list(names),
            "tickangle": -90,
            "tickfont": {"size": 12},
            "side": "top",
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={
            "tickvals": list(range(len(features))),
            "ticktext": all_shortened(features, _LONGEST),
            "autorange": "reversed",
            "tickfont": {"size": 12},
            "showgrid": False,
            "zeroline": False,
        },
        margin={"l": beside, "r": 8, "b": 8},
    )


def _hover(cell: object) -> str:
    group, feature = cell.Index  # type: ignore[attr-defined]
    value = {name: float(getattr(cell, name)) for name in _HOVERED}
    if np.isnan(value["tested_in_group"]):
        return f"<b>{group}</b><br>{feature}: not tested"
    return (
        f"<b>{group}</b><br>{feature}: {value['altered_in_group']:,.0f} of "
        f"{value['tested_in_group']:,.0f} tested ({format_percent(value['in_group'])})<br>"
        f"Others: {value['altered_outside']:,.0f} of {value['tested_outside']:,.0f} "
        f"({format_percent(value['outside'])})<br>"
        f"Odds ratio {value['odds_ratio']:.3g} ({value['lower']:.3g}–{value['upper']:.3g}), "
        f"q = {value['q_value']:.2g}"
    )


_HOVERED = (
    "altered_in_group", "tested_in_group", "altered_outside", "tested_outside", "in_group",
    "outside", "odds_ratio", "lower", "upper", "q_value",
)  # fmt: skip
