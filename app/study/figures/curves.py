"""What figures of step curves share: their steps, band and axes, over the risk table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.study.figures.theme import rgba
from app.study.wording import MONTHS_PER_YEAR, TimeUnit

Floats = npt.NDArray[np.floating[Any]]
Steps = npt.NDArray[np.intp]
# What the hover says of a curve whose extra data are the numbers at risk.
AT_RISK = "%{y:.1%}, %{customdata:,} at risk"
_MAX_STEPS = 900
# With more curves the box of all values at a time would cover them.
_MOST_IN_HOVER = 6


def axis_end(last: float, until: float | None) -> float:
    """Months at which a time axis ends: the end of follow-up, or before it where asked."""
    return last if until is None else min(last, until)


def in_months(ticks: npt.ArrayLike, unit: TimeUnit) -> Floats:
    """Ticks of a time axis in months."""
    return np.array(ticks) * (MONTHS_PER_YEAR if unit == "years" else 1.0)


def steps_until(time: Floats, end: float) -> tuple[Steps, Floats]:
    """Positions of the steps to draw, and their times from zero on.

    A curve that goes on beyond the end of the axis is carried level to it: its last position comes
    twice.
    """
    inside = time[: np.searchsorted(time, end, side="right")]
    keep = thinned(inside)
    shown = np.concatenate(([0.0], inside[keep]))
    if len(keep) and len(inside) < len(time):
        return np.append(keep, keep[-1]), np.append(shown, end)
    return keep, shown


def thinned(time: Floats) -> Steps:
    """Positions of the steps to draw: all, or the last of each pixel-sized bin."""
    if len(time) <= _MAX_STEPS:
        return np.arange(len(time))
    bins = np.minimum((time / time[-1] * _MAX_STEPS).astype(int), _MAX_STEPS - 1)
    return np.flatnonzero(np.append(bins[1:] != bins[:-1], True))


def from_start(first: float, values: npt.NDArray[Any]) -> Floats:
    """The values of a curve over its steps, after the one that it starts with."""
    return np.concatenate(([first], values))


def curve_band(  # noqa: PLR0917  (four coordinates and a colour)
    x: Any, y: Any, lower: Any, upper: Any, colour: str, alpha: float = 0.12, **parts: Any
) -> list[dict[str, Any]]:
    """The band of a curve, upper edge first; where a limit is undefined it closes on the curve.

    Parameters
    ----------
    lower, upper
        Its limits, NaN where undefined.
    """
    edge = {
        "type": "scatter",
        "x": x,
        "mode": "lines",
        "line": {"width": 0, "shape": "hv"},
        "hoverinfo": "skip",
        **parts,
    }
    low, high = (np.where(np.isnan(limit), y, limit) for limit in (lower, upper))
    fill = {"fill": "tonexty", "fillcolor": rgba(colour, alpha)}
    return [edge | {"y": high}, edge | {"y": low} | fill]


def step_curve(name: str, colour: str, x: Any, y: Any, **parts: Any) -> dict[str, Any]:
    """The trace of one step curve; ``parts`` are what its hover says and further parts."""
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"shape": "hv", "color": colour, "width": 2.4},
        "name": name,
        **parts,
    }


def share_axis(title: str, low: float = -0.02, high: float = 1.03) -> dict[str, Any]:
    """The vertical axis of shares from none to all, with room for the lines at both ends."""
    return {
        "title": {"text": title, "standoff": 6},
        "range": [low, high],
        "tickformat": ".0%",
        "dtick": 0.25,
    }


def hover_of(curves: int, most: int = _MOST_IN_HOVER) -> str:
    """Plotly's mode of the hover: all curves at a time, or with many the nearest alone."""
    return "x unified" if curves <= most else "closest"
