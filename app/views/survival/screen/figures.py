"""The volcano of a screen: effect on one axis, evidence on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import BLUE, NEUTRAL, VERMILION
from app.study.figures.legend import legend_above
from app.study.figures.theme import INK, PAPER, guide_line, make_figure, rgba, text_at
from app.study.wording import SIGNIFICANT, format_p, format_q, format_ratio
from app.views.survival.screen.analysis import CohortScreen
from data_loaders.arrays import Floats

_HEIGHT = 430
_TYPICAL = (276.0, 340.0)
_LETTER, _HALF_LINE = 6.6, 8.0
_CLEARANCE = 4.0
_LABELS = 14
_SMALLEST, _LARGEST = 8.0, 30.0
# Beyond this p-values are zero to a computer; the axis ends where they do.
_FLOOR = 1e-300
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)


def volcano_figure(screen: CohortScreen, *, chosen: str | None = None) -> go.Figure:
    """Draw the hazard ratio of every alteration against its p-value."""
    table = screen.table[screen.table["p_value"].notna()]
    x = np.log10(table["hr"].to_numpy(float))
    y = -np.log10(table["p_value"].to_numpy(float).clip(min=_FLOOR))
    reach = max(float(np.abs(x).max()) * 1.15 if len(x) else 0.0, float(np.log10(2.4)))
    top = max(float(y.max()) * 1.1, 2.0) if len(y) else 2.0
    low = -0.04 * top
    clear = (table["q_value"] < SIGNIFICANT).to_numpy()
    size = point_sizes(table["altered"].to_numpy(float))
    traces = []
    for name, colour, own in (
        ("Higher hazard", VERMILION, clear & (x > 0)),
        ("Lower hazard", BLUE, clear & (x <= 0)),
        (f"q ≥ {SIGNIFICANT}", NEUTRAL, ~clear),
    ):
        if own.any():
            traces.append(_points(table[own], (x[own], y[own], size[own]), name, colour))
    if table["firth"].any():
        traces.append(_legend_only("Firth's correction"))
    named = list(traces)
    ring = (table["feature"] == chosen).to_numpy()
    if ring.any():
        traces.append(_ring(x[ring], y[ring], size[ring]))
    # Streamlit's theme draws an axis title over the tick labels, so it is an annotation.
    texts = [
        text_at(_ACROSS, x=0.5, y=0, yshift=-30, yanchor="top", **_INSIDE),
        text_at(
            "−log<sub>10</sub> p",
            x=0,
            y=0.5,
            xshift=-46,
            xanchor="center",
            textangle=-90,
            **_INSIDE,
        ),
    ]
    shapes = [guide_line(x0=0, x1=0, y0=0, y1=1, yref="y domain", dash="solid")]
    threshold = threshold_height(table)
    if threshold is not None:
        shapes.append(
            guide_line(x0=0, x1=1, xref="x domain", y0=threshold, y1=threshold, dash="dash")
        )
        texts.append(
            text_at(
                f"q = {SIGNIFICANT}",
                x=0,
                y=threshold,
                xref="x domain",
                yref="y",
                xanchor="left",
                xshift=4,
                yanchor="bottom",
            )
            | {"font": {"size": 12, "color": INK}}
        )
    texts += point_names(table["label"].tolist(), x, y, size, (-reach, reach, low, top))
    ticks = [ratio for ratio in _RATIOS if abs(np.log10(ratio)) <= reach]
    return make_figure(
        traces,
        height=_HEIGHT,
        **legend_above([str(trace.get("name", "")) for trace in named], itemsizing="constant"),
        annotations=texts,
        shapes=shapes,
        margin={"b": 56, "l": 64},
        xaxis={
            "range": [-reach, reach],
            "tickvals": np.log10(ticks),
            "ticktext": [f"{ratio:g}" for ratio in ticks],
            "zeroline": False,
            "showgrid": False,
            "ticks": "outside",
        },
        yaxis={
            "range": [low, top],
                        "zeroline": False,
        },
        hovermode="closest",
    )  # fmt: skip


def volcano_alt(title: str, sentences: list[str]) -> str:
    """Alternative text of the figure: its title, its axes, then what it says."""
    axes = "Hazard ratio of each alteration across, strength of evidence upwards."
    return f"{title}. {axes} {' '.join(sentences)}"


_INSIDE = {"xref": "x domain", "yref": "y domain"}


_ACROSS = "← lower hazard     Hazard ratio if altered     higher hazard →"


def point_sizes(altered: Floats) -> Floats:
    """Diameters whose areas grow with the number altered."""
    most = float(altered.max()) if len(altered) else 1.0
    return np.asarray(np.maximum(_SMALLEST, _LARGEST * np.sqrt(altered / most)))


def threshold_height(table: pd.DataFrame) -> float | None:
    """Height between the last p-value below the threshold and the first above; None if no hit."""
    below = table.loc[table["q_value"] < SIGNIFICANT, "p_value"]
    above = table.loc[table["q_value"] >= SIGNIFICANT, "p_value"]
    if below.empty:
        return None
    last = -np.log10(max(float(below.max()), _FLOOR))
    first = -np.log10(max(float(above.min()), _FLOOR)) if len(above) else last
    # Without any beyond it the line lies just under the last hit.
    return float((last + first) / 2 if first < last else last * 0.97)


def _points(
    rows: pd.DataFrame, place: tuple[Floats, Floats, Floats], name: str, colour: str
) -> dict[str, Any]:
    x, y, size = place
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x,
        "y": y,
        "marker": {
            "size": size,
            "color": rgba(colour, 0.72 if colour != NEUTRAL else 0.45),
            "symbol": ["diamond" if firth else "circle" for firth in rows["firth"]],
            "line": {"width": 1, "color": PAPER},
        },
        # A click is answered by the ring and the curves, not by fading everything else.
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
        "customdata": rows["feature"].to_numpy(),
        "text": [_hover(row) for row in rows.to_dict("records")],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _hover(row: dict[str, Any]) -> str:
    lines = [
        f"<b>{row['label']}</b>",
        f"{row['altered']:,} altered of {row['n']:,} tested ({row['frequency']:.1%})",
        f"{row['events_altered']:,} of {row['events']:,} events in the altered",
        f"hazard ratio {format_ratio(row['hr'], row['lower'], row['upper'])}",
        f"{format_p(row['p_value'])}, {format_q(row['q_value'])}",
    ]
    if row["firth"]:
        lines.append("Firth's correction")
    return "<br>".join(lines)


def _legend_only(name: str) -> dict[str, Any]:
    marker = {"symbol": "diamond", "size": 10, "color": rgba(NEUTRAL, 0.6)}
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": [None], "y": [None],
        "marker": marker, "hoverinfo": "skip",
    }  # fmt: skip


def _ring(x: Floats, y: Floats, size: Floats) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "marker": {
            "symbol": "circle-open",
            "size": size + 9,
            "color": INK,
            "line": {"width": 2, "color": INK},
        },
        "hoverinfo": "skip",
        "showlegend": False,
    }


@dataclass(frozen=True, eq=False)
class _Boxes:
    """Rectangles in pixels: middles and half sizes."""

    x: Floats
    y: Floats
    half_width: Floats | float
    half_height: Floats | float

    def overlap(self, x: float, y: float, half_width: float) -> Floats:
        """Area that each shares with a name whose middle and half width are given."""
        across = self.half_width + half_width - np.abs(self.x - x)
        up = self.half_height + _HALF_LINE - np.abs(self.y - y)
        return np.maximum(across, 0.0) * np.maximum(up, 0.0)


def point_names(
    labels: list[str], x: Floats, y: Floats, size: Floats, extent: tuple[float, float, float, float]
) -> list[dict[str, Any]]:
    """Names of the leading alterations where they cover neither each other nor a point.

    Offsets are in pixels, so that a wider screen only moves the names further apart; a name that
    finds no room is left to the hover.
    """
    left, right, low, high = extent
    px = (x - left) * _TYPICAL[0] / (right - left)
    py = (y - low) * _TYPICAL[1] / (high - low)
    points = _Boxes(px, py, size / 2 + _CLEARANCE, size / 2 + _CLEARANCE)
    # Middle and half width of the names placed so far.
    taken: list[tuple[float, float, float]] = []
    texts = []
    for i in range(min(_LABELS, len(labels))):
        half = _LETTER * len(labels[i]) / 2 + 2
        away = _offsets(float(size[i]), half)
        spots = _Boxes(px[i] + away[:, 0], py[i] + away[:, 1], half, _HALF_LINE)
        free = (half <= spots.x) & (spots.x <= _TYPICAL[0] - half)
        free &= (spots.y >= _HALF_LINE) & (spots.y <= _TYPICAL[1])
        for box in taken:
            free &= spots.overlap(*box) == 0
        if not free.any():
            continue
        dx, dy = min(away[free], key=lambda by: _cost(by, points, px[i], py[i], half))
        taken.append((px[i] + dx, py[i] + dy, half))
        texts.append(_name(labels[i], (x[i], y[i]), size[i], dx, dy))
    return texts


def _offsets(size: float, half: float) -> Floats:
    """Places around a point of this diameter for a name of this half width, near ones first.

    Returns
    -------
    array of shape (m, 2)
        Pixels across and up from the point.
    """
    near = size / 2 + _HALF_LINE + 1
    aside = size / 2 + half + 2
    rings = []
    for away in (0.0, 14.0, 28.0, 42.0):
        rings += [
            (0.0, near + away),
            (aside + away, 0.0),
            (-aside - away, 0.0),
            (0.0, -near - away),
        ]
        rings += [
            (sx * (aside + away / 2) * 0.8, sy * (near + away)) for sx in (1, -1) for sy in (1, -1)
        ]
    return np.array(rings)


def _cost(by: Floats, points: _Boxes, x: float, y: float, half: float) -> float:
    """Covering a point is bad, being far from one's own is a little."""
    covered = points.overlap(x + by[0], y + by[1], half).sum()
    return float(covered + 0.8 * np.hypot(by[0], by[1]))


def _name(
    label: str, place: tuple[float, float], size: float, dx: float, dy: float
) -> dict[str, Any]:
    # A name that does not touch its own point is joined to it by a line.
    half = _LETTER * len(label) / 2 + 2
    gap = np.hypot(max(abs(dx) - half - size / 2, 0.0), max(abs(dy) - _HALF_LINE - size / 2, 0.0))
    far = gap > _CLEARANCE
    return {
        "text": label,
        "x": float(place[0]),
        "y": float(place[1]),
        "xref": "x",
        "yref": "y",
        "ax": float(dx),
        "ay": float(-dy),
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 0.8,
        "arrowcolor": rgba(NEUTRAL, 0.9 if far else 0.0),
        "standoff": size / 2,
        "font": {"size": 12, "color": INK},
    }
