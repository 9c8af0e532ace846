"""One gene's variants along its protein: how many patients have each, in one or two groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.cohort.colours import GREY, SERIES
from app.study.figures.legend import legend_above
from app.study.figures.theme import INK, PAPER, make_figure, rgba, text_at
from app.views.genomics.oncoprint.analysis import class_word
from app.views.genomics.oncoprint.figures import COLOURS
from app.views.genomics.variants.analysis import GeneVariants
from app.views.genomics.variants.proteins import Protein

_HEIGHT = 360
_LABELS = 6
_TICKS = 8
# Pixels: the plot's width on a phone, where names are nearest to each other, a letter of a label,
# the air on both sides of a label, half of a point.
_WIDTH, _LETTER, _AIR, _HEAD = 284.0, 7.0, 18.0, 6.0


def lollipop_figure(variants: GeneVariants, protein: Protein | None) -> go.Figure:
    """Draw recurrence upwards along the protein; a second group hangs below, as in a mirror.

    One group is drawn in patients, two in shares of their patients tested, so that they compare.

    Parameters
    ----------
    protein
        Its axis; None for the range observed.
    """
    groups = list(variants.tested)
    mirrored = len(groups) > 1
    table = variants.table.copy()
    table["word"] = [class_word(name) for name in table["variant_class"]]
    value = table["share"] if mirrored else table["patients"]
    sign = np.where(table["group"] == groups[0], 1.0, -1.0)
    top = max(float(value.max()), 1e-9) if len(table) else 1.0
    low, high = _range(table, protein)
    # The protein lies below the axis, or between two of them, so that it hides no rare variant.
    half = 0.06 * top
    middle, gap = (0.0, 1.5 * half) if mirrored else (-2.0 * half, 0.0)
    table["base"] = sign * gap
    table["height"] = sign * (gap + value.to_numpy(float))
    traces = [_stems(table)]
    words = [word for word in COLOURS if (table["word"] == word).any()]
    traces += [_heads(table[table["word"] == word], word, variants) for word in words]
    texts = _names(table, (low, high), top)
    shapes = [_box((low, high), middle, 0.6 * half, rgba(GREY, 0.45))]
    for position, (name, first, last) in enumerate(protein.domains if protein else ()):
        colour = SERIES[position % len(SERIES)]
        shapes.append(_box((first, last), middle, half, colour))
        traces.append(_domain(name, (first, last), middle, colour))
    if mirrored:
        texts += [
            text_at(
                f"{name} ({variants.altered[name]:,} of {variants.tested[name]:,})",
                xref="paper", yref="paper", x=1, y=1 - i, xanchor="right",
                yanchor="top" if i == 0 else "bottom",
            )
            for i, name in enumerate(groups)
        ]  # fmt: skip
    ending = "range observed"
    if protein is not None:
        ending = f"{protein.length:,} residues, UniProt {protein.accession}"
    names = [str(trace["name"]) for trace in traces if trace.get("showlegend", True)]
    return make_figure(
        traces,
        height=_HEIGHT + (110 if mirrored else 0),
        **legend_above(names, itemsizing="constant"),
        annotations=texts,
        shapes=shapes,
        xaxis={
            "range": [low, high], "zeroline": False, "showgrid": False,
            "title": {"text": f"Residue of {variants.gene} ({ending})"},
        },
        yaxis=_heights(top, gap) if mirrored else _counts(top, middle - 1.5 * half),
        margin={"l": 60, "b": 12},
        hovermode="closest",
    )  # fmt: skip


def _range(table: pd.DataFrame, protein: Protein | None) -> tuple[float, float]:
    if protein is not None:
        return 0.0, protein.length + 1.0
    if not len(table):
        return 0.0, 100.0
    first, last = float(table["position"].min()), float(table["position"].max())
    air = max(0.04 * (last - first), 5.0)
    return max(0.0, first - air), last + air


def _stems(table: pd.DataFrame) -> dict[str, Any]:
    """All stems as one line with gaps."""
    gap = np.full(len(table), np.nan)
    x = table["position"].to_numpy(float)
    heights = table["height"].to_numpy(float)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "",
        "x": np.stack([x, x, gap], axis=1).ravel(),
        "y": np.stack([table["base"].to_numpy(float), heights, gap], axis=1).ravel(),
        "line": {"width": 1, "color": rgba(GREY, 0.8)},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _heads(rows: pd.DataFrame, word: str, variants: GeneVariants) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": word,
        "x": rows["position"].to_numpy(float),
        "y": rows["height"].to_numpy(float),
        "marker": {
            "size": np.clip(6 + 2.2 * np.sqrt(rows["patients"].to_numpy(float)), 7, 20),
            "color": COLOURS[word],
            "opacity": 1,
            "line": {"width": 1, "color": PAPER},
        },
        "cliponaxis": False,
        "text": [_hover(row, variants) for row in rows.itertuples()],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _hover(row: Any, variants: GeneVariants) -> str:
    tested = variants.tested[row.group]
    who = f"{row.group}: " if row.group else ""
    return (
        f"<b>{variants.gene} {row.protein_change}</b>, {row.word}<br>"
        f"{who}{row.patients:,} of {tested:,} tested ({row.share:.1%})"
    )


def _names(table: pd.DataFrame, extent: tuple[float, float], top: float) -> list[dict[str, Any]]:
    """Names of the most frequent changes, on each side, where they cover no other and no point."""
    texts: list[dict[str, Any]] = []
    unit = (extent[1] - extent[0]) / _WIDTH
    for _, own in table.groupby("group", sort=False):
        taken: list[tuple[float, float, float]] = []
        for row in own.sort_values("patients", ascending=False).head(3 * _LABELS).itertuples():
            words = str(row.protein_change).removeprefix("p.")
            if len(taken) == _LABELS or abs(row.height - row.base) < 0.06 * top:
                break
            needed = (_AIR + _LETTER * len(words)) * unit
            near = own[(own["height"] - row.height).abs() < 0.08 * top].drop(row.Index)["position"]
            heads = [(at - _HEAD * unit, at + _HEAD * unit, row.height) for at in near]
            for left in (False, True):
                first = row.position - needed if left else row.position
                if (
                    first >= extent[0]
                    and first + needed <= extent[1]
                    and not any(
                        first < end
                        and start < first + needed
                        and abs(height - row.height) < 0.08 * top
                        for start, end, height in (*taken, *heads)
                    )
                ):
                    break
            else:
                continue
            taken.append((first, first + needed, row.height))
            texts.append(
                text_at(
                    words,
                    x=row.position, y=row.height, xref="x", yref="y",
                    xanchor="right" if left else "left", yanchor="middle",
                    xshift=-13 if left else 13,
                )
                | {"font": {"size": 12, "color": INK}}
            )  # fmt: skip
    return texts


def _box(residues: tuple[float, float], middle: float, half: float, colour: str) -> dict[str, Any]:
    return {
        "type": "rect", "x0": residues[0], "x1": residues[1],
        "y0": middle - half, "y1": middle + half,
        "fillcolor": colour, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _domain(name: str, residues: tuple[int, int], middle: float, colour: str) -> dict[str, Any]:
    """The domain's entry in the legend, and its hover in its middle."""
    first, last = residues
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{name} {first}–{last}",
        "x": [(first + last) / 2],
        "y": [middle],
        "marker": {"symbol": "square", "size": 10, "color": colour},
        "hovertemplate": f"{name}, residues {first} to {last}<extra></extra>",
    }


def _counts(top: float, bottom: float) -> dict[str, Any]:
    """An axis of whole patients."""
    power = 10 ** max(int(np.floor(np.log10(top))) - 1, 0)
    step = next(step for step in (power * n for n in (1, 2, 5, 10, 20)) if top / step <= _TICKS)
    ticks = list(range(0, int(top) + 1, step))
    return {
        "range": [bottom, 1.12 * top], "zeroline": False,
        "tickvals": ticks, "ticktext": [f"{tick:,}" for tick in ticks],
        "title": {"text": "Patients"},
    }  # fmt: skip


def _heights(top: float, gap: float) -> dict[str, Any]:
    """Shares on both sides of the protein, which takes the gap between them."""
    power = 10.0 ** np.floor(np.log10(top))
    step = next(step for step in (0.25 * power, 0.5 * power, power, 2 * power) if top / step <= 5)
    ticks = np.arange(0, int(top / step) + 1) * step
    return {
        "range": [-1.22 * top - gap, 1.22 * top + gap],
        "tickvals": [*(-gap - ticks[::-1]), *(gap + ticks)],
        "ticktext": [f"{100 * tick:.3g}%" for tick in (*ticks[::-1], *ticks)],
        "zeroline": False,
        "title": {"text": "Share of the tested"},
    }
