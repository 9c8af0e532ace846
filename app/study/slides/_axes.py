"""The axes of a figure as scales, and the colours and symbols it is drawn in."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from app.study.figures.theme import INK, PAPER
from app.study.slides._panel import Axis, words
from data_loaders.arrays import Floats

DARK, MUTED = "172235", "8A93A1"
# A logarithmic axis that is longer has ticks at tens, else at twos.
_STEEP = 260.0
_FEW_TICKS = 6
# An axis is cut back to its last whole step where it goes beyond that by less than this share.
_ROOM = 0.06
_RGB = re.compile(r"rgba?\(\s*(\d+),\s*(\d+),\s*(\d+)")
_SYMBOLS = (
    ("line-ns", "plus"), ("circle", "circle"), ("square", "square"), ("diamond", "diamond"),
    ("triangle", "triangle"), ("x", "x"), ("cross", "plus"), ("star", "star"),
    ("hexagon", "circle"), ("hourglass", "diamond"),
)  # fmt: skip


def decoded(part: Any) -> Any:
    """Plain data with their arrays as arrays: plotly writes these as text."""
    if isinstance(part, Mapping):
        if "bdata" in part:
            held = np.frombuffer(base64.b64decode(part["bdata"]), part["dtype"])
            shape = [int(length) for length in str(part.get("shape", len(held))).split(",")]
            return held.reshape(shape)
        return {name: decoded(held) for name, held in part.items()}
    if isinstance(part, list | tuple) and any(isinstance(held, Mapping) for held in part):
        return [decoded(held) for held in part]
    return part


def axis_of(layout: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The part of a layout that describes an axis."""
    held: Mapping[str, Any] = layout.get(f"{name[0]}axis{name[1:]}", {})
    return held


def scale_of(axis: Mapping[str, Any], values: Floats, title: str) -> Axis:
    """The scale of an axis: its ends, where its ticks stand, and what they say."""
    low, high = _range(axis, values)
    ticks = ticks_of(axis)
    percent = "%" in str(axis.get("tickformat", ""))
    visible = axis.get("visible") is not False and axis.get("showticklabels") is not False
    if axis.get("type") == "log":
        return _logarithmic(10**low, 10**high, title)
    if not ticks or not visible:
        step = axis.get("dtick") or _nice((high - low) / _FEW_TICKS)
        return _even(Axis(low, high, title, step, percent, visible=visible), values)
    places = [float(place) for place, _ in ticks]
    numbers = [_number(text) for _, text in ticks]
    if None in numbers:
        if not any(text for _, text in ticks):
            return Axis(low, high, title, visible=False)
        named = tuple((place, text) for place, (_, text) in zip(places, ticks, strict=True))
        return Axis(low, high, title, words=tuple(one for one in named if one[1]))
    said = np.array(numbers, dtype=float)
    for power in (10.0, 2.0, float(np.e)):
        if np.all(said > 0) and np.allclose(np.log(said) / np.log(power), places, atol=0.01):
            return _logarithmic(power**low, power**high, title, power)
    gaps = np.diff(places)
    even = bool(len(gaps)) and np.allclose(places, said) and np.allclose(gaps, gaps[0])
    step = float(gaps[0]) if even else _nice((high - low) / _FEW_TICKS)
    return _even(Axis(low, high, title, step, percent), values)


def _even(axis: Axis, values: Floats) -> Axis:
    """The axis from a whole step on: charts count their ticks from where the axis starts."""
    if axis.low > axis.high or not axis.step:
        return axis
    step = axis.step
    up, down = (whole(axis.low / step) * step for whole in (np.ceil, np.floor))
    top = np.floor(axis.high / step) * step
    low = up if not len(values) or values.min() >= up else down
    little = axis.high - top < _ROOM * (axis.high - axis.low)
    high = top if little and (not len(values) or values.max() <= top) else axis.high
    return replace(axis, low=float(low), high=float(high))


def _nice(about: float) -> float:
    """A round step of about this length."""
    scale = 10.0 ** np.floor(np.log10(abs(about) or 1.0))
    return float(next(step for step in (1, 2, 2.5, 5, 10) if step * scale >= abs(about)) * scale)


def _logarithmic(low: float, high: float, title: str, power: float = 0.0) -> Axis:
    """A logarithmic scale from a whole power of its base to another, as charts draw them."""
    base = 2 if high / low < _STEEP else 10
    ends = np.floor(np.emath.logn(base, low) + 0.01), np.ceil(np.emath.logn(base, high) - 0.01)
    return Axis(float(base ** ends[0]), float(base ** ends[1]), title, base=base, power=power)


def _range(axis: Mapping[str, Any], values: Floats) -> tuple[float, float]:
    held = axis.get("range")
    if held is not None:
        return float(held[0]), float(held[1])
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if axis.get("rangemode") == "tozero" and low > 0:
        low = 0.0
    room = 0.05 * (high - low or 1.0)
    ends = low if low == 0 else low - room, high + room
    return ends[::-1] if axis.get("autorange") == "reversed" else ends


def ticks_of(axis: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Places of the ticks that a figure sets, with their texts."""
    places = axis.get("tickvals")
    if places is None:
        return []
    texts = axis.get("ticktext")
    said = [f"{place:g}" for place in places] if texts is None else [words(text) for text in texts]
    return list(zip(list(places), said, strict=True))


def title_of(axis: Mapping[str, Any]) -> str:
    """The title of an axis."""
    held = axis.get("title")
    return words((held.get("text") if isinstance(held, Mapping) else held) or "")


def ends_of(
    shape: Mapping[str, Any], name: str, own: str, axis: Axis
) -> tuple[float, float] | None:
    reference = shape.get(f"{name}ref", name)
    if reference in (f"{own} domain", "paper"):
        return -np.inf, np.inf
    if reference != own:
        return None
    first, last = axis.shown([shape[f"{name}0"], shape[f"{name}1"]])
    return float(first), float(last)


def side_of(text: Mapping[str, Any]) -> str:
    """On which side of its place a text stands."""
    if not text.get("showarrow", True):
        return {"left": "right", "right": "left"}.get(text.get("xanchor", ""), "above")
    across, up = float(text.get("ax", 0)), float(text.get("ay", 0))
    if abs(across) > abs(up):
        return "right" if across > 0 else "left"
    return "below" if up > 0 else "above"


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "").replace("−", "-").replace("%", ""))
    except ValueError:
        return None


def numeric(values: Any) -> bool:
    """Whether values are numbers."""
    return np.asarray(values).dtype.kind in "iuf"


def listed(value: Any) -> bool:
    """Whether a value is one a point."""
    return isinstance(value, list | tuple | np.ndarray)


def spread(value: Any, n: int) -> list[Any]:
    """A value a point, the same for all where only one is given."""
    return list(value) if listed(value) else [value] * n


def colour_of(colour: Any) -> str:
    """A colour as six digits; grey where the figure says none."""
    text = str(colour or "")
    if text in (INK, PAPER):
        return DARK if text == INK else "FFFFFF"
    if found := _RGB.match(text):
        return "".join(f"{int(part):02X}" for part in found.groups())
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return text[1:].upper()
    return MUTED


def symbol_of(name: Any) -> str:
    """The marker that stands for a figure's."""
    text = str(name or "circle")
    return next((ours for start, ours in _SYMBOLS if text.startswith(start)), "circle")
