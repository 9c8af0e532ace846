"""Groups side by side: sizes, ranked differences, enriched alterations, composition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.associations import IN_OTHER_WORDS, MADE_ALIKE, PART_OF
from app.cohort.colours import BLUE, NEUTRAL, SLATE
from app.study.figures.labels import all_shortened, shortened
from app.study.figures.legend import legend_above
from app.study.figures.rows import left_margin, rows_axis, under_plot
from app.study.figures.theme import INK, PAPER, guide_line, make_figure, rgba, text_at
from app.study.wording import (
    SIGNIFICANT,
    format_p,
    format_percent,
    format_q,
    format_ratio,
    format_smd,
)
from app.views.compare.analysis import Enrichment
from app.views.survival.screen.figures import point_names, point_sizes, threshold_height

ROW, _MOST_LABEL = 27, 26
# Beyond this p-values are zero to a computer; odds ratios of 0 and infinity stand at the edge.
_FLOOR, _EDGE, _TENFOLD = 1e-300, 0.12, 1.35
_LEGEND_SIZE = 10.0
_FINE, _COARSE = (0.1, 0.2, 0.5, 1, 2, 5, 10), (0.001, 0.01, 0.1, 1, 10, 100, 1000)
# Of what does not differ, a few names help to find one's way.
_NAMED = 5
_SMALL, _CLEAR = 0.1, 0.2
# A longer bar would squeeze all others: it is cut here, and its number is written on it.
WIDEST_SMD = 2.5
_INSIDE = {"xref": "x domain", "yref": "y domain"}


def differences_figure(
    rows: pd.DataFrame, *, colours: Mapping[str, str] | None = None, most: int = 12
) -> go.Figure:
    """Standardised mean differences of the leading variables, grey where the test is not clear.

    Parameters
    ----------
    rows
        Of :func:`app.views.compare.analysis.clinical_differences`; the first stand on top. What
        tells the groups in other words, or is made alike, is no difference and is left out.
    colours
        By group: between two groups a clear difference has the colour of the one that is higher.
    """
    told = rows[rows["smd"].notna() & ~rows["test"].isin([PART_OF, MADE_ALIKE, IN_OTHER_WORDS])]
    own = told.head(most).reset_index(drop=True)
    clear = (own["q_value"] < SIGNIFICANT).to_numpy()
    reach = float(np.clip(own["smd"].max() * 1.1 if len(own) else 0.0, 0.3, WIDEST_SMD))
    beyond = (own["smd"] > reach).to_numpy()
    labels = all_shortened(list(own["label"]), _MOST_LABEL)
    hover = [
        f"<b>{row.label}</b><br>SMD {format_smd(row.smd)}"
        + (f", higher in {row.higher_in}" if row.higher_in else "")
        + f"<br>{_tested(row)}<br>{row.missing:,} missing"
        for row in own.itertuples()
    ]
    higher = own["higher_in"].to_numpy()
    traces = []
    # What has no direction, such as the sexes, is hatched: a plain colour would name a group.
    hatched = "/" if colours else ""
    for name, mask, colour, pattern in (
        *(
            (f"Higher in {group}", clear & (higher == group), colour, "")
            for group, colour in (colours or {}).items()
        ),
        (
            f"q < {SIGNIFICANT}" + (", neither is higher" if colours else ""),
            clear & ~np.isin(higher, list(colours or ())),
            SLATE,
            hatched,
        ),
        (f"q ≥ {SIGNIFICANT} or not tested", ~clear, rgba(NEUTRAL, 0.45), ""),
    ):
        if mask.any():
            places = np.flatnonzero(mask)
            traces.append(
                {
                    "type": "bar", "orientation": "h", "name": name,
                    # Without a width plotly makes it of the distance to a trace's next bar.
                    "x": own.loc[mask, "smd"].clip(upper=reach).to_numpy(), "y": places,
                    "width": 0.7,
                    "marker": {"color": colour, "cornerradius": 3, "pattern": {"shape": pattern}},
                    "hovertext": [hover[place] for place in places],
                    "hovertemplate": "%{hovertext}<extra></extra>",
                }
            )  # fmt: skip
    return make_figure(
        traces,
        height=ROW * max(len(own), 1) + 60,
        **legend_above([str(trace["name"]) for trace in traces]),
        annotations=[
            below("SMD" if colours else "Largest SMD of any two groups"),
            *(
                text_at(f"{format_smd(own['smd'][place])} ▸", x=reach, y=place, xanchor="right")
                | {"font": {"size": 12, "color": PAPER if clear[place] else INK}}
                for place in np.flatnonzero(beyond)
            ),
        ],
        shapes=[
            guide_line(x0=at, x1=at, y0=0, y1=1, yref="y domain", dash="dash")
            for at in (_SMALL, _CLEAR)
        ],
        xaxis={"range": [0, reach], "zeroline": False, "ticks": "outside", "nticks": 6},
        yaxis=rows_axis(labels),
        margin={"l": left_margin(labels), "b": 54},
        barmode="overlay",
    )  # fmt: skip


def enrichment_figure(found: Enrichment, colours: Mapping[str, str]) -> go.Figure:
    """Odds ratio of every alteration compared against its p-value.

    Parameters
    ----------
    colours
        By group; what is more frequent in the group has its colour.
    """
    table = found.table[found.table["p_value"].notna()].reset_index(drop=True)
    with np.errstate(divide="ignore"):
        x = np.log10(table["odds_ratio"].to_numpy(float))
    finite = np.isfinite(x)
    reach = max(float(np.abs(x[finite]).max()) if finite.any() else 0.0, float(np.log10(4))) * 1.15
    reach += _EDGE * 2 * bool((~finite).any())
    x = np.clip(x, -reach + _EDGE, reach - _EDGE)
    y = -np.log10(table["p_value"].to_numpy(float).clip(min=_FLOOR))
    top = max(float(y.max()) * 1.1, 2.0) if len(y) else 2.0
    low = -0.04 * top
    size = point_sizes((table["altered"] + table["others_altered"]).to_numpy(float))
    clear = (table["q_value"] < SIGNIFICANT).to_numpy()
    other = colours.get(found.others, NEUTRAL)
    hover = [_enriched(row, found) for row in table.itertuples()]
    unclear = f"q ≥ {SIGNIFICANT}"
    traces = []
    for name, colour, alpha, own in (
        (f"More in {found.group}", colours.get(found.group, BLUE), 0.85, clear & (x > 0)),
        (f"More in {found.others}", other, 0.85, clear & (x <= 0)),
        (unclear, NEUTRAL, 0.15, ~clear),
    ):
        shown = np.flatnonzero(own)
        if len(shown):
            # The legend shows the first point: a circle for all, at no place.
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "name": name,
                    "x": np.append(np.nan, x[shown]), "y": np.append(np.nan, y[shown]),
                    "cliponaxis": False,
                    "marker": {
                        "size": np.append(_LEGEND_SIZE, size[shown]),
                        # What is not clear is hollow: its grey may be that of the other groups.
                        "color": rgba(colour, alpha),
                        "line": {"width": 1, "color": colour if name == unclear else PAPER},
                        # Plotly fades points of several sizes unless it is told not to.
                        "opacity": 1,
                        "symbol": [
                            "circle",
                            *("circle" if held else "triangle-up" for held in finite[shown]),
                        ],
                    },
                    "hovertext": ["", *(hover[place] for place in shown)],
                    "hovertemplate": "%{hovertext}<extra></extra>",
                }
            )  # fmt: skip
    across = "Odds ratio" if finite.all() else "Odds ratio; ▲ 0 or infinite"
    texts = [
        text_at(across, x=0.5, y=0, yshift=-30, yanchor="top", **_INSIDE),
        text_at(
            "−log<sub>10</sub> p", x=0, y=0.5, xshift=-46, xanchor="center", textangle=-90,
            **_INSIDE,
        ),
    ]  # fmt: skip
    shapes = [guide_line(x0=0, x1=0, y0=0, y1=1, yref="y domain", dash="solid")]
    height = threshold_height(table)
    if height is not None:
        shapes.append(guide_line(x0=0, x1=1, xref="x domain", y0=height, y1=height, dash="dash"))
    leading = table["label"].head(max(int(clear.sum()), _NAMED)).tolist()
    texts += point_names(leading, x, y, size, (-reach, reach, low, top))
    ticks = ratio_ticks(reach)
    return make_figure(
        traces,
        height=400,
        **legend_above([str(trace["name"]) for trace in traces], itemsizing="constant"),
        annotations=texts,
        shapes=shapes,
        margin={"b": 56, "l": 64},
        xaxis={
            "range": [-reach, reach], "tickvals": np.log10(ticks),
            "ticktext": [f"{ratio:g}" for ratio in ticks], "zeroline": False, "showgrid": False,
            "ticks": "outside", "tickangle": 0,
        },
        yaxis={"range": [low, top], "zeroline": False},
        hovermode="closest",
    )  # fmt: skip


def composition_figure(shares: pd.DataFrame, colours: Mapping[str, str]) -> go.Figure:
    """One bar a group, made up of the shares of its parts.

    Parameters
    ----------
    shares
        Of :func:`app.views.compare.analysis.composition`.
    colours
        By part, in order.
    """
    groups = list(dict.fromkeys(shares["group"]))
    sizes = shares.groupby("group", sort=False)["of"].first()
    labels = [f"{short(group)} ({sizes[group]:,})" for group in groups]
    traces = []
    for part, colour in colours.items():
        own = shares[shares["part"] == part].set_index("group").loc[groups]
        if own["patients"].any():
            traces.append(
                {
                    "type": "bar", "orientation": "h", "name": short(part),
                    "x": own["share"].fillna(0.0).to_numpy(), "y": list(range(len(groups))),
                    "marker": {"color": colour, "line": {"width": 1, "color": PAPER}},
                    "text": [format_percent(s) if s >= _EDGE else "" for s in own["share"]],
                    "textposition": "inside", "insidetextanchor": "middle",
                    "hovertext": [
                        f"<b>{group}</b><br>{part}: {row.patients:,} of {row.of:,} "
                        f"({format_percent(row.share, 1)})"
                        for group, row in zip(groups, own.itertuples(), strict=True)
                    ],
                    "hovertemplate": "%{hovertext}<extra></extra>",
                }
            )  # fmt: skip
    names = [str(trace["name"]) for trace in traces]
    return make_figure(
        traces,
        height=46 * max(len(groups), 1) + 60,
        **legend_above(names, traceorder="normal"),
        annotations=[below("Share of the group's patients")],
        xaxis={"range": [0, 1], "tickformat": ".0%", "zeroline": False, "showgrid": False},
        yaxis=rows_axis(labels),
        margin={"l": left_margin(labels), "b": 54},
        barmode="stack",
        bargap=0.28,
    )


def _enriched(row: Any, found: Enrichment) -> str:
    return (
        f"<b>{row.label}</b><br>{found.group}: {row.altered:,} of {row.tested:,} tested "
        f"({format_percent(row.frequency)})<br>{found.others}: {row.others_altered:,} of "
        f"{row.others_tested:,} tested ({format_percent(row.others_frequency)})<br>odds ratio "
        f"{format_ratio(row.odds_ratio, row.lower, row.upper)}<br>{format_p(row.p_value)}, "
        f"{format_q(row.q_value)}"
    )


def _tested(row: Any) -> str:
    if np.isnan(row.p_value):
        return str(row.test)
    return f"{format_p(row.p_value)}, {format_q(row.q_value)} ({row.test})"


def ratio_ticks(reach: float) -> list[float]:
    """Ratios to print on a logarithmic axis from -``reach`` to ``reach``; few, to fit a phone."""
    ratios = _FINE if reach <= _TENFOLD else _COARSE
    return [ratio for ratio in ratios if abs(np.log10(ratio)) <= reach]


def below(text: str) -> dict[str, Any]:
    """What the horizontal axis shows, below its numbers; it may reach left under the labels."""
    return under_plot(text, 1, "right", 30) | {"font": {"size": 12, "color": INK}}


def short(name: str) -> str:
    """A label cut to what fits beside a row on a phone."""
    return shortened(name, _MOST_LABEL)
