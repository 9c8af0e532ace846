"""A figure as the stage shows it: one canvas for all, large words, nothing of a single patient.

The canvas has 960 x 540 pixels whatever the screen: the player multiplies every length by what the
screen has more. So text of 12 pixels here has 24 at 1,920 x 1,080, and no figure has smaller.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.study.figures.labels import shortened
from app.study.figures.legend import legend_lines
from app.study.figures.theme import INK

WIDTH, HEIGHT = 940, 440
SMALLEST = 12.5
# Of the widest common font, at 12.5 and at 14 pixels.
_LETTER, _LARGE_LETTER = 7.5, 8.4
_ROW, _MORE = 17.0, 6.0
_MOST_ENDS, _MOST_TABLE = 8, 8
# Letters of a name at a curve's end and beside the table; of few groups there is room for more.
_FEW = 4
_END, _END_OF_FEW, _BESIDE, _BESIDE_OF_FEW = 22, 30, 15, 24
# Where a curve's name stands, as a share of the axis: its last drop may be that of one patient.
_NEAR_END = 0.9
# From the lower end of the curves to the table: tick labels, and the words under the axis.
_GAP = 52.0
_HOVER = (
    "customdata", "hovertemplate", "hovertext", "hoverlabel", "ids", "hovertemplatefallback",
    "selectedpoints", "meta",
)  # fmt: skip
_DIGITS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_TAG = re.compile(r"<[^>]*>")


def staged(figure: go.Figure | Mapping[str, Any]) -> dict[str, Any]:
    """The figure for the stage, as plain data for JSON.

    Its title goes, as the stage has its own; where there is room, names stand at the ends of
    curves and not in a legend; the risk table has one line a group; of rows only those that can be
    read are kept; whatever pointing at a figure would tell is taken out.

    Parameters
    ----------
    figure
        As an answer draws it, texts of the data escaped.

    Returns
    -------
    dict
        ``data`` and ``layout`` of plotly; ``groups``, how many can be shown one after the other;
        ``bands`` and ``table``, whether there are any, the latter with the ``domain`` of the curves
        without it; ``left_out``, which rows are not shown, in words.
    """
    text = figure.to_json() if isinstance(figure, go.Figure) else json.dumps(dict(figure))
    plain = _without_small(json.loads(text or "{}"))
    data: list[dict[str, Any]] = [_trace(trace) for trace in plain["data"]]
    layout: dict[str, Any] = plain["layout"]
    layout["annotations"] = list(layout.get("annotations") or ())
    _drop_heading(layout)
    stage: dict[str, Any] = {"table": None, "left_out": ""}
    groups = _number_groups(data)
    rows = [trace for trace in data if trace.get("yaxis") == "y2" and trace.get("mode") == "text"]
    _legend(data, layout, groups)
    if data[0].get("type") == "table":
        stage["left_out"] = _table(data[0], layout)
    elif rows:
        data, stage["table"] = _over_table(data, rows, layout, groups)
    elif _is_forest(layout):
        stage["left_out"] = _forest(layout)
    else:
        stage["left_out"] = _rows(layout, len(groups))
        _legend_beside(layout, groups)
    if _curves(data):
        _name_ends(data, layout)
    layout |= {"width": WIDTH, "height": HEIGHT, "hovermode": False, "dragmode": False}
    layout.pop("title", None)
    shown = [trace["meta"]["group"] for trace in data if trace["meta"]["role"] != "table"]
    return stage | {
        "data": data,
        "layout": layout,
        "groups": len({group for group in shown if group is not None}),
        "bands": any(trace["meta"]["role"] == "band" for trace in data),
    }


# What is said of a trace ---------------------------------------------------------------------


def _trace(trace: dict[str, Any]) -> dict[str, Any]:
    kept = {name: part for name, part in trace.items() if name not in _HOVER}
    kind = kept.get("type", "scatter")
    if kind == "scattergl":
        kept["type"] = kind = "scatter"
    # The text of a point that only pointing at it would show.
    silent = (kind == "scatter" and "text" not in kept.get("mode", "")) or (
        kind == "heatmap" and "texttemplate" not in kept
    )
    if silent:
        kept.pop("text", None)
    for name in ("x", "y", "z"):
        if name in kept:
            kept[name] = _rounded(_values(kept[name]))
    if "size" in kept.get("marker", {}):
        kept["marker"] = {**kept["marker"], "size": _rounded(_values(kept["marker"]["size"]))}
    return {**kept, "hoverinfo": "skip"}


def _values(part: Any) -> Any:
    """Numbers that plotly packed, as lists."""
    if not (isinstance(part, dict) and "bdata" in part):
        return part
    values = np.frombuffer(base64.b64decode(part["bdata"]), dtype=np.dtype(part["dtype"]))
    shape = part.get("shape")
    if shape:
        values = values.reshape([int(n) for n in str(shape).split(",")])
    return values.tolist()


def _rounded(part: Any) -> Any:
    if isinstance(part, list):
        return [_rounded(value) for value in part]
    if not isinstance(part, float):
        return part
    return float(f"{part:.5g}") if math.isfinite(part) else None


def _number_groups(data: list[dict[str, Any]]) -> list[str]:
    """Give every trace its group, by what its legend names, and its role; the names in order."""
    named = {
        str(trace.get("legendgroup", trace["name"])): str(trace["name"])
        for trace in data
        if trace.get("name") and trace.get("showlegend") is not False
    }
    keys = list(named)
    for trace, after in zip(data, [*data[1:], {}], strict=True):
        key = str(trace.get("legendgroup", trace.get("name", "")))
        band = _is_band(trace) or (_edge(trace) and _is_band(after))
        role = "table" if trace.get("mode") == "text" else "band" if band else ""
        group = keys.index(key) if key in keys and len(keys) > 1 else None
        trace["meta"] = {"group": group, "role": role}
    return list(named.values())


def _is_band(trace: Mapping[str, Any]) -> bool:
    return trace.get("fill") in ("tonexty", "toself") and _edge(trace)


def _edge(trace: Mapping[str, Any]) -> bool:
    return bool(trace.get("line", {}).get("width") == 0)


def _curves(data: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The step curves that a legend would name, on the first pair of axes."""
    return [
        trace
        for trace in data
        if trace.get("mode") == "lines"
        and trace.get("name")
        and trace.get("showlegend") is not False
        and not trace["meta"]["role"]
        and trace.get("yaxis", "y") == "y"
        and len(trace.get("x") or ()) > 1
    ]


# What becomes of the layout ------------------------------------------------------------------


def _without_small(part: Any, of: str = "") -> Any:
    """Plain data without any text that is too small to be read, indices among them."""
    if isinstance(part, dict):
        sized = {name: _without_small(value, name) for name, value in part.items()}
        if of.endswith("font") and isinstance(sized.get("size"), int | float):
            sized["size"] = max(sized["size"], SMALLEST)
        return sized
    if isinstance(part, list):
        return [_without_small(value, of) for value in part]
    if isinstance(part, str) and "<" in part:
        part = re.sub(r"<sub>([\d+-]+)</sub>", lambda m: m[1].translate(_DIGITS), part)
        part = re.sub(r"<sup>([\d+-]+)</sup>", lambda m: m[1].translate(_RAISED), part)
        return re.sub(r"font-size:1?\d(\.\d+)?px", f"font-size:{SMALLEST}px", part)
    return part


def _drop_heading(layout: dict[str, Any]) -> None:
    """Take out the title that ``framed`` put above, and its room."""
    heading = next(iter(layout["annotations"]), None)
    if heading is None or not str(heading.get("text", "")).startswith("<b>"):
        return
    if (heading.get("yref"), heading.get("y")) != ("paper", 1):
        return
    layout["annotations"] = layout["annotations"][1:]
    layout["margin"]["t"] = max(
        layout["margin"]["t"] - 20 * (heading["text"].count("<br>") + 1), 22
    )


def _legend(data: list[dict[str, Any]], layout: dict[str, Any], groups: list[str]) -> None:
    """Room for the legend as a wide screen needs it; none where names stand at the ends."""
    if layout.get("showlegend") is False or not groups:
        return
    if layout.get("legend", {}).get("orientation") != "h":
        return
    wide = 0
    if 1 < len(_curves(data)) <= _MOST_ENDS:
        layout["showlegend"] = False
    else:
        wide = 10 + 22 * legend_lines(groups, WIDTH - 100)
    layout["margin"]["t"] = max(layout["margin"]["t"] - 8 - 22 * legend_lines(groups), 14) + wide


def _name_ends(data: list[dict[str, Any]], layout: dict[str, Any]) -> None:
    """Write each curve's name beside its end, moved apart where they would touch."""
    curves = _curves(data)
    if layout.get("showlegend") is not False or not 1 < len(curves) <= _MOST_ENDS:
        return
    axis, margin = layout.setdefault("yaxis", {}), layout["margin"]
    low, high = _range(axis, curves)
    share = np.ptp(axis.get("domain", (0, 1)))
    pixels = (HEIGHT - margin["t"] - margin["b"]) * share
    apart = (high - low) * (_ROW + 1) / pixels
    last = max(curve["x"][-1] for curve in curves)
    ends = sorted(((_height(c, _NEAR_END * last), c) for c in curves), key=lambda end: -end[0])
    places: list[float] = []
    for value, _ in ends:
        places.append(min([value, *(p - apart for p in places[-1:])]))
    # Pushed below the axis, they move up again.
    under = low + apart / 2
    for at in reversed(range(len(places))):
        places[at] = max(places[at], under)
        under = places[at] + apart
    most = _END_OF_FEW if len(ends) <= _FEW else _END
    longest = 0
    for place, (_, curve) in zip(places, ends, strict=True):
        name = shortened(_bare(curve["name"]), most)
        longest = max(longest, len(name))
        colour = curve.get("line", {}).get("color", INK)
        layout["annotations"].append(
            {
                "text": f'<span style="color:{colour}">■</span> {name}',
                "name": f"group {curve['meta']['group']}",
                "xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "yref": "y", "y": place,
                "yanchor": "middle", "showarrow": False, "font": {"size": 14, "color": INK},
            }
        )  # fmt: skip
    margin["r"] = max(margin["r"], 30 + round(_LARGE_LETTER * longest))


def _height(curve: Mapping[str, Any], near: float) -> float:
    """The height of a step curve near the end of the axis, or where it ends before."""
    held = [y for x, y in zip(curve["x"], curve["y"], strict=True) if y is not None and x <= near]
    return float(held[-1] if held else curve["y"][0])


def _range(axis: dict[str, Any], curves: Sequence[dict[str, Any]]) -> tuple[float, float]:
    if axis.get("range"):
        low, high = axis["range"]
        return float(low), float(high)
    held = [value for curve in curves for value in curve["y"] if value is not None]
    spare = 0.05 * (max(held) - min(held) or 1.0)
    axis["range"] = [min(held) - spare, max(held) + spare]
    return axis["range"][0], axis["range"][1]


def _over_table(
    data: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    layout: dict[str, Any],
    groups: list[str],
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The risk table with one line a group, its name beside it; none where there are many."""
    margin = layout["margin"]
    others = [trace for trace in data if trace not in rows]
    names = [at for at, row in enumerate(rows) if at and row.get("textposition") == "middle right"]
    kept = [(rows[at]["text"][0], rows[at + 1]) for at in names if at + 1 < len(rows)]
    margin |= {"b": 10, "t": max(margin["t"], 14)}
    whole = HEIGHT - margin["t"] - margin["b"]
    alone = [_GAP / whole, 1]
    layout["xaxis2"] = {**layout.get("xaxis2", {}), "visible": False}
    if not kept or len(kept) > _MOST_TABLE:
        layout["yaxis"]["domain"] = alone
        return others, None
    heading, table = rows[0], _ROW * (len(kept) + 1)
    heading |= {"y": [0], "meta": {"group": None, "role": "table"}}
    order = {_bare(name): at for at, name in enumerate(groups)}
    most = _BESIDE_OF_FEW if len(kept) <= _FEW else _BESIDE
    longest = 0
    for at, (written, counts) in enumerate(kept):
        square, _, named = written.partition("</span>")
        name = shortened(_bare(named).strip(), most)
        longest = max(longest, len(name))
        group = order.get(_bare(named).strip()) if len(kept) > 1 else None
        counts |= {"y": [-at - 1] * len(counts["x"]), "meta": {"group": group, "role": "table"}}
        layout["annotations"].append(
            {
                "text": f"{square}</span> {name}", "name": f"table {group}",
                "xref": "paper", "x": 0, "xanchor": "left",
                "yref": "y2", "y": -at - 1, "yanchor": "middle", "showarrow": False,
                "font": {"size": SMALLEST, "color": INK},
            }
        )  # fmt: skip
    margin["l"] = max(margin["l"] + 6, 44 + round(_LETTER * longest))
    for words in layout["annotations"][-len(kept) :]:
        words["xshift"] = 4 - margin["l"]
    layout["yaxis"]["domain"] = [(table + _GAP) / whole, 1]
    layout["yaxis2"] = {
        **layout.get("yaxis2", {}),
        "domain": [0, table / whole],
        "range": [-len(kept) - 0.5, 0.5],
    }
    return [*others, heading, *(counts for _, counts in kept)], {"alone": alone}


def _bare(text: str) -> str:
    return _TAG.sub("", text)


def _table(trace: dict[str, Any], layout: dict[str, Any]) -> str:
    """The first rows of a table, as many as can be read."""
    layout["margin"] |= {"t": 6, "b": 6}
    columns = trace["cells"]["values"]
    most = int((HEIGHT - 12) / trace["cells"]["height"]) - 1
    found = len(columns[0])
    trace["cells"]["values"] = [column[:most] for column in columns]
    return f"first {most} of {found} rows" if found > most else ""


def _is_forest(layout: Mapping[str, Any]) -> bool:
    axis = layout.get("yaxis", {})
    downward = (axis.get("range") or [0, 1])[1] == 0
    return axis.get("visible") is False and downward


def _on_one_line(text: str) -> str:
    """Words broken into lines; an interval or a p-value stands apart from its estimate."""
    text = re.sub(r"\s*<br>\s*(?=\(|p\s*[=<>])", " \u2002", text)
    return re.sub(r"\s*<br>\s*", " ", re.sub(r"(?<=\w-)<br>", "", text))


def _forest(layout: dict[str, Any]) -> str:
    """Words of a row on one line, as a wide screen has room; of many rows the first."""
    margin, axis = layout["margin"], layout["yaxis"]
    beside = [
        a for a in layout["annotations"] if (a.get("xref"), a.get("yref", "y")) == ("paper", "y")
    ]
    for words in beside:
        words["text"] = _on_one_line(words["text"])
    old = margin["l"]
    margin["l"] = _width([a for a in beside if a["x"] == 0], 40)
    margin["r"] = _width([a for a in beside if a["x"] == 1], 24)
    for words in beside:
        if words["x"] == 0:
            words["xshift"] = words.get("xshift", 0) + old - margin["l"]
    margin["t"] = min(margin["t"], 48)
    inner = float(axis["range"][0])
    # Two lines a row, and what is between rows, took 46 pixels: one line has enough with 28.
    held = (HEIGHT - margin["t"] - margin["b"]) / 0.6
    if inner <= held:
        return ""
    every = [a for a in beside if a["x"] == 1 and not a["text"].startswith("<")]
    below = [a for a in beside if float(a["y"]) > held - 14]
    layout["annotations"] = [a for a in layout["annotations"] if a not in below]
    axis["range"] = [max(float(a["y"]) for a in beside if a not in below) + 18, 0]
    left = sum(a in every for a in below)
    return f"first {len(every) - left} of {len(every)} rows" if left else ""


def _width(words: Sequence[Mapping[str, Any]], spare: int) -> int:
    return spare + round(_LETTER * max((len(_bare(a["text"])) for a in words), default=4))


def _legend_beside(layout: dict[str, Any], groups: Sequence[str]) -> None:
    """Of a map without axes the legend below goes beside it: the screen is wide, not high."""
    if layout.get("legend", {}).get("y", 1) >= 0 or layout.get("xaxis", {}).get("visible", True):
        return
    if "scaleanchor" not in {**layout.get("xaxis", {}), **layout.get("yaxis", {})}:
        return
    look = {name: part for name, part in layout["legend"].items() if name in ("font", "itemsizing")}
    layout["legend"] = {**look, "x": 1, "xanchor": "left", "y": 0.5, "yanchor": "middle"}
    longest = max(map(len, groups), default=0)
    layout["margin"] |= {"b": 8, "r": min(60 + round(_LETTER * longest), WIDTH // 3)}


def _rows(layout: dict[str, Any], series: int) -> str:
    """Of a figure with a labelled row each, the first rows that can be told apart."""
    axis, margin = layout.get("yaxis", {}), layout["margin"]
    labels = axis.get("ticktext") or axis.get("categoryarray") or ()
    reach = axis.get("range") or [len(labels) - 0.5, -0.5]
    pixels = HEIGHT - margin["t"] - margin["b"]
    # Series that stand under each other in a row need more room than one, or one upon another.
    if layout.get("barmode") == "stack" or "categoryarray" in axis:
        series = 1
    if not labels or reach[0] < reach[1] or isinstance(labels, dict):
        return ""
    most = int(pixels / (_ROW + _MORE * max(series - 1, 0)))
    if len(labels) <= most:
        return ""
    offset = reach[0] - (len(labels) - 1)
    axis["range"] = [most - 1 + offset, reach[1]]
    axis.pop("autorange", None)
    if "tickvals" in axis:
        axis["tickvals"] = _values(axis["tickvals"])[:most]
        axis["ticktext"] = list(labels)[:most]
    return f"first {most} of {len(labels)} rows"
