"""The same contrast in two cohorts, side by side on one axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.arrays import Floats
from app.cohort.colours import BROWN, TEAL
from app.study.figures.legend import legend_above
from app.study.figures.rows import left_margin, rows_axis
from app.study.figures.theme import guide_line, make_figure, rgba
from app.study.wording import format_p, format_q, format_ratio
from app.views.compare.figures import ROW, WIDEST_SMD, below, ratio_ticks, short

# Of cohorts, not of groups: colours that no driver and no diagnosis has.
_COHORTS = ((TEAL, "circle"), (BROWN, "diamond"))
_APART = 0.16
_WIDEST = 2.0


def replication_figure(table: pd.DataFrame, names: Sequence[str], *, most: int = 15) -> go.Figure:
    """Odds ratios of the same contrast in two cohorts, with intervals on one axis.

    What lies beyond the axis, such as an odds ratio of 0, is a triangle at its edge.

    Parameters
    ----------
    table
        Of :func:`app.views.compare.two_cohorts.analysis.replication`; the first stand on top.
    """
    own = table.head(most).reset_index(drop=True)
    with np.errstate(divide="ignore"):
        logs = {
            f"{part}_{side}": np.log10(own[f"{part}_{side}"].to_numpy(float))
            for part in ("odds_ratio", "lower", "upper")
            for side in (1, 2)
        }
    every = np.concatenate([*logs.values(), [0.0]])
    furthest = float(np.abs(every[np.isfinite(every)]).max())
    reach = float(np.clip(furthest * 1.05, np.log10(4), _WIDEST + 0.05))
    ticks = ratio_ticks(reach)

    def told(row: dict[str, Any], side: int) -> str:
        ratio = format_ratio(*(row[f"{p}_{side}"] for p in ("odds_ratio", "lower", "upper")))
        return f"odds ratio {ratio}"

    return _side_by_side(
        own,
        [tuple(logs[f"{part}_{side}"] for part in ("odds_ratio", "lower", "upper"))
         for side in (1, 2)],
        names,
        told,
        axis="Odds ratio, exact 95% interval",
        limits=(-reach, reach),
        xaxis={"tickvals": np.log10(ticks), "ticktext": [f"{ratio:g}" for ratio in ticks]},
    )  # fmt: skip


def clinical_replication_figure(
    table: pd.DataFrame, names: Sequence[str], *, higher_in: str = "", most: int = 15
) -> go.Figure:
    """Standardised mean differences of the same variables in two cohorts on one axis.

    What lies beyond the axis is a triangle at its edge.

    Parameters
    ----------
    table
        Of :func:`app.views.compare.two_cohorts.analysis.clinical_replication`; the first stand on
        top.
    higher_in
        The group in which a variable with a positive difference is higher; empty where the
        differences have no direction.
    """
    own = table.head(most).reset_index(drop=True)
    sides = [
        tuple(own[f"{part}_{side}"].to_numpy(float) for part in ("smd", "lower", "upper"))
        for side in (1, 2)
    ]
    every = np.nan_to_num(np.concatenate([*(part for side in sides for part in side), [0.0]]),
                          nan=0.0, posinf=0.0, neginf=0.0)  # fmt: skip
    reach = float(np.clip(np.abs(every).max() * 1.08, 0.3, WIDEST_SMD))

    def told(row: dict[str, Any], side: int) -> str:
        smd, low, high = (row[f"{part}_{side}"] for part in ("smd", "lower", "upper"))
        interval = f" ({low:.2f} to {high:.2f})" if np.isfinite(low) else ", without direction"
        return f"SMD {smd:.2f}{interval}"

    return _side_by_side(
        own,
        sides,
        names,
        told,
        axis=f"SMD; right: higher in {short(higher_in)}" if higher_in else "Largest SMD",
        limits=(-reach if (every < 0).any() or higher_in else 0.0, reach),
        xaxis={"nticks": 6},
    )


def _side_by_side(
    own: pd.DataFrame,
    sides: Sequence[tuple[Floats, ...]],
    names: Sequence[str],
    told: Callable[[dict[str, Any], int], str],
    *,
    axis: str,
    limits: tuple[float, float],
    xaxis: dict[str, Any],
) -> go.Figure:
    """A row a thing compared, a point with its interval a cohort; points beyond are at the edge."""
    low, high = limits
    rows = own.to_dict("records")
    labels = [short(str(label)) for label in own["label"]]
    traces = []
    for side, (name, (colour, symbol)) in enumerate(zip(names, _COHORTS, strict=True), start=1):
        middle, lower, upper = sides[side - 1]
        x = np.clip(middle, low, high)
        edge = np.select([middle < low, middle > high], ["triangle-left", "triangle-right"], symbol)
        # Points within the axis first: the legend shows the first of them.
        order = np.argsort(edge != symbol, kind="stable")
        x, lower, upper = x[order], lower[order], upper[order]
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": name, "x": x,
                "y": order + (_APART if side == 2 else -_APART),
                "marker": {"color": colour, "size": 9, "symbol": edge[order].tolist()},
                "error_x": {
                    "type": "data", "symmetric": False, "color": rgba(colour, 0.75),
                    "array": np.clip(upper, low, high) - x,
                    "arrayminus": x - np.clip(lower, low, high), "thickness": 1.4, "width": 3,
                },
                "cliponaxis": False,
                "hovertext": [
                    f"<b>{row['label']}</b><br>{name}<br>{told(row, side)}<br>"
                    f"{_p(row[f'p_value_{side}'])}, {format_q(row[f'q_value_{side}'])}"
                    for row in (rows[place] for place in order)
                ],
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )  # fmt: skip
    return make_figure(
        traces,
        height=ROW * max(len(own), 1) + 60,
        **legend_above(list(names)),
        annotations=[below(axis)],
        shapes=[guide_line(x0=0, x1=0, y0=0, y1=1, yref="y domain", dash="solid")],
        xaxis={
            "range": [low - (high - low) * 0.02, high + (high - low) * 0.02], "zeroline": False,
            "tickangle": 0, **xaxis,
        },
        yaxis=rows_axis(labels),
        margin={"l": left_margin(labels), "b": 54},
    )  # fmt: skip


def _p(p_value: float) -> str:
    return "not tested" if np.isnan(p_value) else format_p(p_value)
