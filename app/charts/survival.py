"""Kaplan-Meier curves with their band, censor marks and a risk table aligned to the ticks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from app.analysis.group_survival import GroupCurve, GroupSurvival
from app.analysis.logrank import LogrankResult
from app.analysis.survival import KaplanMeier
from app.study.figures.risk_table import axes_over_table, risk_table_traces
from app.study.figures.theme import make_figure, nice_ticks, rgba, under_axis
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, format_p, in_unit, mid_sentence

Floats = npt.NDArray[np.floating[Any]]
_MAX_STEPS = 900
_MAX_MARKS = 250


def survival_figure(
    result: GroupSurvival,
    unit: TimeUnit = "years",
    *,
    band: bool = True,
    marks: bool = True,
    full_table: bool = False,
    falling: bool = True,
    until: float | None = None,
) -> go.Figure:
    """Draw the curves of a result, with the risk table under the same ticks.

    Parameters
    ----------
    result
        Curves by group.
    unit
        Unit of the time axis.
    band
        Whether to draw the confidence band.
    marks
        Whether to mark censored patients.
    full_table
        Whether the table also has cumulative events and censored, not only the number at risk.
    falling
        Whether to draw survival, which falls, or one minus it, which rises.
    until
        Months at which the axis ends; None for the whole follow-up.
    """
    end = axis_end(result.last_time, until)
    ticks = nice_ticks(in_unit(end, unit))
    traces: list[dict[str, Any]] = []
    for curve in result.drawn:
        traces += _curve_traces(curve, unit, end, band=band, marks=marks, falling=falling)
    if result.drawn:
        traces += _risk_table_traces(result, np.array(ticks), unit, full=full_table)
    lines = 2 if not full_table else 4 if result.outcome.entry is None else 5
    last = max(in_unit(end, unit), ticks[-1]) or 1.0
    yaxis = {
        "title": {"text": _y_title(result, falling=falling), "standoff": 6},
        "range": [-0.02, 1.03],
        "tickformat": ".0%",
        "dtick": 0.25,
    }
    height, axes = axes_over_table(ticks, last, lines * len(result.drawn), yaxis, unit=unit)
    return make_figure(
        traces,
        height=height,
        legend_space=8 + 22 * legend_lines([curve.name for curve in result.drawn]),
        annotations=_annotations(result, unit),
        **axes,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}},
        hovermode="x unified" if len(result.drawn) <= 6 else "closest",
    )


def _y_title(result: GroupSurvival, *, falling: bool) -> str:
    label = result.endpoint.label
    return label if falling else f"1 − {mid_sentence(label)}"


def _annotations(result: GroupSurvival, unit: TimeUnit) -> list[dict[str, Any]]:
    words = ""
    if result.test is not None:
        words = f"{short_method(result.test)} {format_p(result.test.p_value)}"
    return under_axis(f"{unit.capitalize()} of follow-up", words)


def short_method(test: LogrankResult) -> str:
    """The name of a test as it stands in a figure: ``Log-rank test``, ``Stratified ...``."""
    name = test.method.partition(" (")[0].partition(",")[0]
    return f"Stratified {mid_sentence(name)}" if "stratified" in test.method else name


def survival_alt(title: str, result: GroupSurvival, sentences: list[str]) -> str:
    """Alternative text of the figure: its title, its groups, then what it says."""
    groups = ", ".join(f"{curve.name} (n = {curve.n})" for curve in result.drawn)
    return f"{title}. Kaplan-Meier curves: {groups}. " + " ".join(sentences)


def _curve_traces(
    curve: GroupCurve, unit: TimeUnit, end: float, *, band: bool, marks: bool, falling: bool
) -> list[dict[str, Any]]:
    km = curve.km
    if km is None:
        return []
    factor = 1 / MONTHS_PER_YEAR if unit == "years" else 1.0
    keep, time = steps_until(km.time, end)
    time = time * factor
    traces: list[dict[str, Any]] = []
    common = {"type": "scatter", "legendgroup": curve.name}

    def shown(survival: Floats) -> Floats:
        return survival if falling else 1.0 - survival

    if band:
        lower, upper = _band(km, keep)
        edge = common | {
            "x": time,
            "mode": "lines",
            "line": {"width": 0, "shape": "hv"},
            "hoverinfo": "skip",
            "showlegend": False,
        }
        traces.append(edge | {"y": shown(upper)})
        fill = {"fill": "tonexty", "fillcolor": rgba(curve.colour, 0.12)}
        traces.append(edge | {"y": shown(lower)} | fill)
    traces.append(
        common
        | {
            "x": time,
            "y": shown(np.concatenate(([1.0], km.survival[keep]))),
            "mode": "lines",
            "line": {"shape": "hv", "color": curve.colour, "width": 2.4},
            "name": curve.name,
            "customdata": np.concatenate(([km.n], km.n_risk[keep])),
            "hovertemplate": "%{y:.1%}, %{customdata:,} at risk",
        }
    )
    if marks:
        censored = np.flatnonzero((km.n_censored > 0) & (km.time <= end))
        censored = censored[_spread(km.time[censored], _MAX_MARKS)]
        traces.append(
            common
            | {
                "x": km.time[censored] * factor,
                "y": shown(km.survival[censored]),
                "mode": "markers",
                "marker": {
                    "symbol": "line-ns-open",
                    "size": 7,
                    "color": curve.colour,
                    "line": {"width": 1.2},
                },
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    return traces


def _band(km: KaplanMeier, keep: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """The confidence limits for drawing: where they are undefined the band closes on the curve."""
    survival = np.concatenate(([1.0], km.survival[keep]))
    lower = np.concatenate(([1.0], km.lower[keep]))
    upper = np.concatenate(([1.0], km.upper[keep]))
    return (
        np.where(np.isnan(lower), survival, lower),
        np.where(np.isnan(upper), survival, upper),
    )


def axis_end(last: float, until: float | None) -> float:
    """Months at which a time axis ends: the end of follow-up, or before it where asked."""
    return last if until is None else min(last, until)


def steps_until(time: Floats, end: float) -> tuple[npt.NDArray[np.intp], Floats]:
    """Positions of the steps to draw, and their times from zero on.

    A curve that goes on beyond the end of the axis is carried level to it: its last position comes
    twice.

    Parameters
    ----------
    time
        Times of the steps, ascending.
    end
        Where the axis ends.
    """
    inside = time[: np.searchsorted(time, end, side="right")]
    keep = thinned(inside)
    shown = np.concatenate(([0.0], inside[keep]))
    if len(keep) and len(inside) < len(time):
        return np.append(keep, keep[-1]), np.append(shown, end)
    return keep, shown


def thinned(time: Floats) -> npt.NDArray[np.intp]:
    """Positions of the steps to draw: all, or the last of each pixel-sized bin.

    Parameters
    ----------
    time
        Times of the steps, ascending.
    """
    if len(time) <= _MAX_STEPS:
        return np.arange(len(time))
    bins = np.minimum((time / time[-1] * _MAX_STEPS).astype(int), _MAX_STEPS - 1)
    return np.flatnonzero(np.append(bins[1:] != bins[:-1], True))


def _spread(time: Floats, most: int) -> npt.NDArray[np.intp]:
    """Positions of at most ``most`` marks, spread over the axis."""
    if len(time) <= most:
        return np.arange(len(time))
    bins = (time / time[-1] * most).astype(int)
    return np.flatnonzero(np.append(True, bins[1:] != bins[:-1]))


def _risk_table_traces(
    result: GroupSurvival, ticks: Floats, unit: TimeUnit, *, full: bool
) -> list[dict[str, Any]]:
    table = result.risk_table(ticks * (MONTHS_PER_YEAR if unit == "years" else 1.0))
    columns = ["n_risk", "n_events", "n_censored"] if full else ["n_risk"]
    heading = "Number at risk" + (", events and censored so far" if full else "")
    if full and result.outcome.entry is not None:
        columns.append("n_not_entered")
        heading += ", not yet entered"
    groups = [
        (curve.name, curve.colour, table[table["group"] == curve.name]) for curve in result.drawn
    ]
    return risk_table_traces(heading, groups, columns, ticks)


def legend_lines(names: list[str], width: int = 300) -> int:
    """Lines that the legend takes on a phone; a wider screen needs fewer.

    Parameters
    ----------
    names
        Entries of the legend.
    width
        Pixels that a phone leaves for it.
    """
    lines, used = 1, 0
    for name in names:
        needed = 56 + 7 * len(name)
        if used and used + needed > width:
            lines, used = lines + 1, 0
        used += needed
    return lines
