"""The map of patients by their alterations, coloured by group or by a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from app.charts.theme import INK, PAPER, make_figure, text_at
from app.cohort.colours import NEUTRAL
from app.cohort.groupings import Grouping

MAP_HEIGHT = 480
MAX_POINTS = 30_000
_NO_GROUP = "not known"
_COLOUR_BAR = {
    "orientation": "h",
    "thickness": 10,
    "len": 0.5,
    "x": 0,
    "xanchor": "left",
    "y": -0.02,
    "yanchor": "top",
}
_SCALE = [[0.0, "#2a7fc1"], [0.5, "#b98300"], [1.0, "#d2466b"]]


@dataclass(frozen=True, eq=False)
class _Points:
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    text: npt.NDArray[np.object_]

    def take(self, positions: npt.NDArray[np.intp]) -> _Points:
        return _Points(self.x[positions], self.y[positions], self.text[positions])


def map_by_group(
    points: pd.DataFrame,
    codes: npt.NDArray[np.int16],
    grouping: Grouping,
    hover: Sequence[str],
    *,
    title: str,
    labels: bool = False,
    synthetic: bool = False,
) -> go.Figure:
    """The map with one colour a group.

    Parameters
    ----------
    points
        Columns x and y, one row a patient.
    codes
        The group of each of these patients, negative for none.
    grouping
        Names and colours.
    hover
        What the hover says of each patient; never an identifier.
    title
        What is shown, and of how many.
    labels
        Whether the group names stand on the map.
    synthetic
        Whether the data are simulated.
    """
    traces: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    shown = _sample(len(points))
    patients = _patients(points, hover)
    outside = shown[codes[shown] < 0]
    if len(outside):
        traces.append(_trace(patients.take(outside), _NO_GROUP, NEUTRAL, 0.3))
    for code, (name, colour) in enumerate(zip(grouping.names, grouping.colours, strict=True)):
        own = shown[codes[shown] == code]
        if not len(own):
            continue
        members = patients.take(own)
        traces.append(_trace(members, name, colour, 0.8))
        if labels:
            names.append(
                text_at(
                    f"<b>{_short(name)}</b>",
                    x=float(np.nanmedian(members.x)),
                    y=float(np.nanmedian(members.y)),
                    font={"size": 12, "color": INK},
                    bgcolor=PAPER,
                    opacity=0.85,
                    borderpad=2,
                )
            )
    return _map(traces, title, names, synthetic=synthetic)


def map_by_number(
    points: pd.DataFrame,
    values: npt.NDArray[np.float64],
    hover: Sequence[str],
    *,
    title: str,
    label: str,
    synthetic: bool = False,
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
    title
        What is shown, and of how many.
    label
        Title of the colour bar.
    synthetic
        Whether the data are simulated.
    """
    traces: list[dict[str, Any]] = []
    shown = _sample(len(points))
    patients = _patients(points, hover)
    missing = shown[np.isnan(values[shown])]
    known = shown[~np.isnan(values[shown])]
    if len(missing):
        traces.append(_trace(patients.take(missing), _NO_GROUP, NEUTRAL, 0.3))
    if len(known):
        low, high = np.nanpercentile(values[known], [2, 98])
        traces.append(
            {
                "type": "scattergl",
                "x": patients.x[known],
                "y": patients.y[known],
                "mode": "markers",
                "marker": {
                    "size": _size(len(shown)),
                    "opacity": 0.8,
                    "color": values[known],
                    "colorscale": _SCALE,
                    "cmin": float(low),
                    "cmax": float(high if high > low else low + 1),
                    "colorbar": _COLOUR_BAR | {"title": {"text": label, "side": "top"}},
                },
                "customdata": np.column_stack([patients.text[known], values[known]]),
                "hovertemplate": (
                    f"%{{customdata[0]}}<br>{label}: %{{customdata[1]:.3g}}<extra></extra>"
                ),
                "showlegend": False,
            }
        )
    return _map(traces, title, [], synthetic=synthetic)


def _patients(points: pd.DataFrame, hover: Sequence[str]) -> _Points:
    text = np.asarray(hover, dtype=object)
    return _Points(points["x"].to_numpy(), points["y"].to_numpy(), text)


def _trace(patients: _Points, name: str, colour: str, opacity: float) -> dict[str, Any]:
    n = len(patients.x)
    return {
        "type": "scattergl",
        "x": patients.x,
        "y": patients.y,
        "mode": "markers",
        "marker": {"size": _size(n), "color": colour, "opacity": opacity},
        "name": f"{name} ({n:,})",
        "customdata": patients.text,
        "hovertemplate": f"<b>{name}</b><br>%{{customdata}}<extra></extra>",
    }


def _map(
    traces: list[dict[str, Any]],
    title: str,
    names: list[dict[str, Any]],
    *,
    synthetic: bool,
) -> go.Figure:
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    return make_figure(
        traces,
        title,
        height=MAP_HEIGHT,
        synthetic=synthetic,
        annotations=names,
        xaxis=axis,
        yaxis=axis | {"scaleanchor": "x"},
        margin={"l": 8, "r": 8, "b": 8},
        dragmode="pan",
        legend={
            "orientation": "h",
            "y": -0.01,
            "yanchor": "top",
            "x": 0,
            "font": {"size": 12},
            "itemsizing": "constant",
        },
        hovermode="closest",
    )


def _sample(n: int) -> npt.NDArray[np.intp]:
    """All positions, or an even sample of as many as a browser draws with ease."""
    if n <= MAX_POINTS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, MAX_POINTS, replace=False))


def _size(n: int) -> float:
    return 6.0 if n <= 3_000 else 4.0 if n <= 12_000 else 3.0


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
