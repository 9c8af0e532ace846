"""The map of patients by their alterations, coloured by group or by a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import NEUTRAL
from app.cohort.groupings import Grouping
from app.study.figures.labels import Anchor, central_member, place_labels, shortened
from app.study.figures.theme import (
    INK,
    LARGER_THAN_A_PHONE,
    PAPER,
    by_width,
    make_figure,
    text_at,
)

MAP_HEIGHT = 400
MAX_POINTS = 30_000
Drag = Literal["pan", "lasso", "select"]
_NO_GROUP = "not known"
_TYPICAL_WIDTH = 500.0
_CELLS = 64
# The palette has fewer colours than there may be groups: who shares one differs in shape.
_SHAPES = ("circle", "diamond", "triangle-up")
_COLOUR_BAR = {
    "orientation": "h",
    "thickness": 10,
    "len": 0.5,
    "x": 0,
    "xanchor": "left",
    "y": -0.02,
    "yanchor": "top",
}
_SCALE = [[0.0, "#2a7fc1"], [0.5, "#c08b00"], [1.0, "#b43c54"]]


@dataclass(frozen=True, eq=False)
class MapLook:
    """What stands out on the map.

    Parameters
    ----------
    uncertain
        One boolean a patient: drawn as a ring.
    chosen
        Positions on the map of the patients who were selected; the others fade. None for no
        selection.
    found
        Position on the map of one patient to point at, or None.
    contours
        Whether lines of equal density lie over the map.
    drag
        What dragging does.
    drawing
        A number that makes the figure anew, as after a selection was cleared.
    """

    uncertain: npt.NDArray[np.bool_] | None = None
    chosen: npt.NDArray[np.intp] | None = None
    found: int | None = None
    contours: bool = False
    drag: Drag = "pan"
    drawing: int = 0


PLAIN = MapLook()


@dataclass(frozen=True, eq=False)
class _Patients:
    """The patients drawn: coordinates, hover text, whether uncertain, whether selected."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    text: npt.NDArray[np.object_]
    uncertain: npt.NDArray[np.bool_]
    chosen: npt.NDArray[np.bool_] | None
    size: float

    @property
    def positions(self) -> npt.NDArray[np.intp]:
        return np.arange(len(self.x))


def map_by_group(
    points: pd.DataFrame,
    codes: npt.NDArray[np.int16],
    grouping: Grouping,
    hover: Sequence[str],
    *,
    labels: bool = False,
    look: MapLook = PLAIN,
) -> go.Figure:
    """The map with one colour a group.

    Parameters
    ----------
    points
        Columns x and y, one row a patient.
    codes
        The group of each of these patients, negative for none.
    hover
        What the hover says of each patient; never an identifier.
    """
    shown = _sample(len(points))
    patients = _patients(points, hover, look, shown)
    codes_shown = codes[shown]
    traces = _group_traces(patients, codes_shown < 0, _NO_GROUP, NEUTRAL, 0.3)
    anchors: list[tuple[int, Anchor]] = []
    for code, (name, colour) in enumerate(zip(grouping.names, grouping.colours, strict=True)):
        own = codes_shown == code
        shape = _SHAPES[grouping.colours[:code].count(colour) % len(_SHAPES)]
        traces += _group_traces(patients, own, name, colour, 0.8, shape=shape)
        on_map = own & np.isfinite(patients.x)
        if labels and on_map.any():
            at = central_member(patients.x[on_map], patients.y[on_map])
            members = np.column_stack([patients.x[on_map], patients.y[on_map]])
            anchors.append((int(on_map.sum()), Anchor(shortened(name, 24), *at, members)))
    anchors.sort(key=lambda sized: -sized[0])
    return _map(traces, points, look, [a for _, a in anchors])


def map_by_number(
    points: pd.DataFrame,
    values: npt.NDArray[np.float64],
    hover: Sequence[str],
    *,
    label: str,
    look: MapLook = PLAIN,
) -> go.Figure:
    """The map coloured by a number, such as age or confidence; missing ones are grey.

    Parameters
    ----------
    points
        Columns x and y, one row a patient.
    values
        One a patient, NaN where missing.
    hover
        What the hover says of each patient; never an identifier.
    label
        Title of the colour bar.
    """
    shown = _sample(len(points))
    patients = _patients(points, hover, look, shown)
    numbers = values[shown]
    traces = _group_traces(patients, np.isnan(numbers), _NO_GROUP, NEUTRAL, 0.3)
    known = patients.positions[~np.isnan(numbers)]
    if len(known):
        low, high = np.nanpercentile(numbers[known], [2, 98])
        marker = {
            "size": patients.size,
            "opacity": 0.8,
            "color": numbers[known],
            "colorscale": _SCALE,
            "cmin": float(low),
            "cmax": float(high if high > low else low + 1),
            "colorbar": _COLOUR_BAR | {"title": {"text": label, "side": "top"}},
        }
        trace = _trace(patients, known, marker)
        trace["customdata"] = np.column_stack([patients.text[known], numbers[known]])
        trace["hovertemplate"] = (
            f"%{{customdata[0]}}<br>{label}: %{{customdata[1]:.3g}}<extra></extra>"
        )
        traces.append(trace | {"showlegend": False})
    return _map(traces, points, look, [])


def _patients(
    points: pd.DataFrame, hover: Sequence[str], look: MapLook, shown: npt.NDArray[np.intp]
) -> _Patients:
    chosen = None
    if look.chosen is not None:
        chosen = np.zeros(len(points), dtype=bool)
        chosen[look.chosen] = True
        chosen = chosen[shown]
    uncertain = np.zeros(len(points), dtype=bool) if look.uncertain is None else look.uncertain
    return _Patients(
        points["x"].to_numpy()[shown],
        points["y"].to_numpy()[shown],
        np.asarray(hover, dtype=object)[shown],
        uncertain[shown],
        chosen,
        _size(len(shown)),
    )


def _group_traces(
    patients: _Patients,
    own: npt.NDArray[np.bool_],
    name: str,
    colour: str,
    opacity: float,
    *,
    shape: str = "circle",
) -> list[dict[str, Any]]:
    """Dots for those who are sure of their group, rings for those who are not."""
    traces: list[dict[str, Any]] = []
    n = int(own.sum())
    for ring in (False, True):
        members = patients.positions[own & (patients.uncertain == ring)]
        if not len(members):
            continue
        marker = {"size": patients.size, "color": colour, "opacity": opacity, "symbol": shape}
        word = "<br>uncertain" if ring else ""
        if ring:
            marker |= {"symbol": f"{shape}-open", "line": {"width": 1.2}}
        traces.append(
            _trace(patients, members, marker)
            | {
                "name": f"{name} ({n:,})",
                "legendgroup": name,
                "showlegend": not traces,
                "hovertemplate": f"<b>{name}</b><br>%{{customdata}}{word}<extra></extra>",
            }
        )
    return traces


def _trace(
    patients: _Patients, members: npt.NDArray[np.intp], marker: dict[str, Any]
) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scattergl",
        "x": patients.x[members],
        "y": patients.y[members],
        "mode": "markers",
        "marker": marker,
        "customdata": patients.text[members],
    }
    if patients.chosen is not None:
        trace["selectedpoints"] = np.flatnonzero(patients.chosen[members]).tolist()
        trace["selected"] = {"marker": {"opacity": 1.0}}
        trace["unselected"] = {"marker": {"opacity": 0.1}}
    return trace


def _map(
    traces: list[dict[str, Any]], points: pd.DataFrame, look: MapLook, anchors: list[Anchor]
) -> go.Figure:
    placed = points.dropna()
    if look.contours and len(placed) > 1:
        traces = [*traces, _contours(placed)]
    if look.found is not None and np.isfinite(points["x"].iloc[look.found]):
        traces = [*traces, _pointer(points.iloc[look.found])]
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    names = [trace["name"] for trace in traces if trace.get("showlegend")]
    legend = _legend_height(names)
    return make_figure(
        traces,
        height=MAP_HEIGHT + legend,
        annotations=_labels(anchors, placed),
        xaxis=axis,
        yaxis=axis | {"scaleanchor": "x"},
        margin={"l": 8, "r": 8, "b": max(legend, 48)},
        dragmode=look.drag,
        legend={
            "orientation": "h",
            "y": -0.01,
            "yanchor": "top",
            "x": 0,
            "font": {"size": 12},
            "itemsizing": "constant",
        },
        hovermode="closest",
        # On a phone the names would cover each other and what they name; the legend has them.
        meta={"drawing": look.drawing, **by_width(notes_from=LARGER_THAN_A_PHONE * bool(names))},
    )


def _labels(anchors: list[Anchor], placed: pd.DataFrame) -> list[dict[str, Any]]:
    if not anchors:
        return []
    x, y = placed["x"], placed["y"]
    extent = (float(x.min()), float(x.max()), float(y.min()), float(y.max()))
    return [
        text_at(
            f"<b>{label.text}</b>",
            x=label.x,
            y=label.y,
            font={"size": 12, "color": INK},
            bgcolor=PAPER,
            opacity=0.85,
            borderpad=2,
        )
        for label in place_labels(anchors, extent, (_TYPICAL_WIDTH, MAP_HEIGHT))
    ]


def _legend_height(names: list[str]) -> int:
    """Pixels that a legend under the map needs, about, so that the map keeps its own."""
    rows, width = 1, 0.0
    for name in names:
        entry = 7 * len(name) + 50
        if width and width + entry > _TYPICAL_WIDTH:
            rows, width = rows + 1, 0.0
        width += entry
    return 20 + 20 * rows


def _contours(placed: pd.DataFrame) -> dict[str, Any]:
    """Lines of equal density, smoothed over the width of two cells in sixty-four."""
    from scipy.ndimage import gaussian_filter

    x, y = placed["x"].to_numpy(), placed["y"].to_numpy()
    counts, edges_x, edges_y = np.histogram2d(x, y, bins=_CELLS)
    density = np.sqrt(gaussian_filter(counts, 2.0))
    return {
        "type": "contour",
        "x": (edges_x[:-1] + edges_x[1:]) / 2,
        "y": (edges_y[:-1] + edges_y[1:]) / 2,
        "z": density.T,
        "ncontours": 9,
        "contours": {"coloring": "none"},
        "line": {"width": 1, "color": NEUTRAL},
        "opacity": 0.7,
        "showscale": False,
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _pointer(point: pd.Series) -> dict[str, Any]:
    return {
        "type": "scattergl",
        "x": [float(point["x"])],
        "y": [float(point["y"])],
        "mode": "markers",
        "marker": {"size": 22, "symbol": "circle-open", "color": INK, "line": {"width": 3}},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _sample(n: int) -> npt.NDArray[np.intp]:
    """All positions, or an even sample of as many as a browser draws with ease."""
    if n <= MAX_POINTS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, MAX_POINTS, replace=False))


def _size(n: int) -> float:
    return 6.0 if n <= 3_000 else 4.0 if n <= 12_000 else 3.0
