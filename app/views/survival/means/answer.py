"""What restricted means say over the horizon: in words, drawn, and as tables."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.analysis.survival import FEWEST_AT_RISK
from app.cohort.colours import SLATE
from app.study.accounting import Accounting
from app.study.analyses import Analysis
from app.study.answer import Answer
from app.study.figures.curves import curve_band, hover_of, step_curve
from app.study.figures.legend import legend_above
from app.study.figures.theme import (
    make_figure,
    nice_ticks,
    text_at,
    titled,
    under_axis,
    wrapped,
)
from app.study.wording import TimeUnit, count, format_p_cell, in_unit, mid_sentence
from app.views.survival.curves.contrasts import USUAL_TIMES, estimate_cells, mean_text
from app.views.survival.curves.words import summary_sheet
from app.views.survival.curves.words_methods import estimate_methods
from app.views.survival.curves.words_sheets import told
from app.views.survival.means.analysis import MeansOverTime, means_over_time
from data_loaders import Cohort

_MOST_READ = 6
_MEANS_HEIGHT, _DIFFERENCES_HEIGHT, _BETWEEN = 250, 210, 64
_ESTIMATE = ("rmst", "lower", "upper")
_DIFFERENCE = ("difference", "difference_lower", "difference_upper")


def means_answer(
    cohort: Cohort, result: MeansOverTime, *, unit: TimeUnit = "years", band: bool = True
) -> Answer:
    """The answer of restricted means over the horizon."""
    survival = result.survival
    sentences = reading(result, unit)
    by = f" by {mid_sentence(survival.label)}" if survival.label else ""
    title = (
        f"Restricted mean of {mid_sentence(survival.endpoint.label)}{by}, "
        f"{count(survival.analysed, 'patient')}"
    )
    return Answer(
        key="means",
        name=(survival.endpoint.key, "restricted_means", survival.label),
        title=title,
        figures={"Figure": titled(cohort, title, _figure, result, unit, band=band)},
        numbers=partial(means_by_horizon, result, unit),
        alt=f"{title}. The mean of each group over the horizon. {' '.join(sentences)}",
        accounting=Accounting.of(survival.outcome, "are in the means"),
        tables=partial(_tables, result, unit),
        methods=[*estimate_methods(survival), _methods(result, unit), " ".join(_known(result))],
        sentences=sentences,
        notes=result.notes,
        cautions=[_caution(result)] if result.others else [],
        told=told(survival.outcome, survival.label),
        footnote=(
            "The restricted mean is the mean time without the event up to a horizon: the area "
            "under the Kaplan-Meier curve. Intervals are pointwise, 95%. Horizons end where a "
            f"group has fewer than {FEWEST_AT_RISK} at risk."
        ),
    )


ANALYSIS = Analysis(means_over_time, means_answer)


def reading(result: MeansOverTime, unit: TimeUnit) -> list[str]:
    """The means at the longest horizon, and from where on they differ, in plain words."""
    if not result.longest:
        return []
    longest = _time(result.longest, unit)
    sentences = [
        (f"{group}: " if result.survival.label else "")
        + f"{_text(result.of(group).iloc[-1], _ESTIMATE, unit)} of the first {longest} without "
        f"{result.survival.endpoint.event_label}, on average."
        for group in result.groups[:_MOST_READ]
    ]
    if len(result.groups) > _MOST_READ:
        sentences.append(f"The other {len(result.groups) - _MOST_READ} groups are in the table.")
    for group in result.others[: _MOST_READ - 1]:
        own = result.of(group)
        since = clear_since(own)
        if since is not None:
            clear = f"its interval leaves out 0 from {_time(since, unit)} on"
        elif _signs(own).any():
            clear = "its interval leaves out 0 at some shorter horizons, and not here"
        else:
            clear = "its interval holds 0 at every horizon"
        difference = _text(own.iloc[-1], _DIFFERENCE, unit, "+z.2f")
        sentences.append(
            f"{group} against {result.survival.reference}: a difference of {difference} at that "
            f"horizon; {clear}."
        )
    return sentences


def clear_since(own: pd.DataFrame) -> float | None:
    """The horizon from which on the interval of a difference leaves out 0, on one side, to the end.

    Parameters
    ----------
    own
        The rows of a group, by horizon.

    Returns
    -------
    float or None
        Months; None where the interval at the longest horizon holds 0.
    """
    signs = _signs(own)
    if not signs[-1]:
        return None
    others = np.flatnonzero(signs != signs[-1])
    return float(own["tau"].iloc[others[-1] + 1 if len(others) else 0])


def _signs(own: pd.DataFrame) -> Any:
    """On which side of 0 the interval of a difference lies at each horizon; 0 where it holds it."""
    above, below = own["difference_lower"] > 0, own["difference_upper"] < 0
    return above.astype(int).to_numpy() - below.astype(int).to_numpy()


def means_table(result: MeansOverTime, unit: TimeUnit) -> pd.DataFrame:
    """Means and differences at 1, 3 and 5 years and the longest horizon, as printed."""
    shown = result.table[result.table["tau"].isin([*USUAL_TIMES, result.longest])]
    rows = []
    for _, own in shown.iterrows():
        row = {
            f"Horizon, {unit}": f"{in_unit(own['tau'], unit):.4g}",
            "Group": own["group"],
            "At risk": own["n_risk"],
            f"Restricted mean, {unit} (95% CI)": _interval(own, _ESTIMATE, unit),
        }
        if result.others:
            compared = own["group"] in result.others
            row |= {
                f"Difference, {unit} (95% CI)": _interval(own, _DIFFERENCE, unit, "+z.2f")
                if compared
                else "reference",
                "p": format_p_cell(own["p_value"]) if compared else "",
            }
        rows.append(row)
    return pd.DataFrame(rows)


def means_by_horizon(result: MeansOverTime, unit: TimeUnit) -> pd.DataFrame:
    """Every horizon of every group unrounded, its difference beside its mean."""
    rows = []
    for own in result.table.to_dict("records"):
        mean = [in_unit(own[name], unit) for name in _ESTIMATE]
        row: dict[str, object] = {
            "Group": own["group"],
            f"Horizon, {unit}": in_unit(own["tau"], unit),
            "At risk": own["n_risk"],
            **estimate_cells(f"Restricted mean, {unit}", (mean[0], mean[1], mean[2])),
        }
        if result.others:
            apart = [in_unit(own[name], unit) for name in _DIFFERENCE]
            row |= {
                "Reference": own["reference"],
                **estimate_cells(f"Difference, {unit}", (apart[0], apart[1], apart[2])),
                "p": own["p_value"],
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _tables(result: MeansOverTime, unit: TimeUnit) -> dict[str, pd.DataFrame]:
    tables = {
        "Summary": summary_sheet(result.survival, unit),
        "Restricted means": means_by_horizon(result, unit),
    }
    return {name: table for name, table in tables.items() if len(table)}


def _figure(result: MeansOverTime, unit: TimeUnit, *, band: bool) -> go.Figure:
    """The means above, their differences from the reference below, over one horizon."""
    below = _DIFFERENCES_HEIGHT + _BETWEEN if result.others else 0
    height = _MEANS_HEIGHT + below
    ticks = nice_ticks(in_unit(result.longest, unit))
    across = {"range": [0, in_unit(result.longest, unit) or 1], "tickvals": ticks}
    axes: dict[str, Any] = {
        "xaxis": across | {"anchor": "y"},
        "yaxis": {"domain": [below / height, 1], "rangemode": "tozero", "zeroline": False},
    }
    # Means rise from the lower left, so there is room inside; differences may lie anywhere.
    words = [_heading(f"Restricted mean, {unit}", "", "top")]
    traces = []
    colours = {curve.name: curve.colour for curve in result.survival.curves}
    for group in result.groups:
        traces += _curve(result.of(group), _ESTIMATE, colours[group], unit, "", band=band)
    if result.others:
        axes |= {
            "xaxis2": across | {"anchor": "y2", "matches": "x"},
            "yaxis2": {
                "domain": [0, _DIFFERENCES_HEIGHT / height],
                "zeroline": True,
                "zerolinecolor": SLATE,
            },
        }
        heading = f"Difference from {result.survival.reference}, {unit}"
        words.append(_heading(heading, "2", "bottom"))
        for group in result.others:
            traces += _curve(result.of(group), _DIFFERENCE, colours[group], unit, "2", band=band)
    last = "2" if result.others else ""
    place = {"xref": f"x{last} domain", "yref": f"y{last} domain"}
    words += [words_under | place for words_under in under_axis(f"Horizon, {unit}")]
    return make_figure(
        traces,
        height=height + 44,
        **legend_above(result.groups, shown=len(result.groups) > 1),
        annotations=words,
        hovermode=hover_of(len(result.groups)),
        margin={"b": 52},
        **axes,
    )


def _curve(
    own: pd.DataFrame,
    names: tuple[str, str, str],
    colour: str,
    unit: TimeUnit,
    panel: str,
    *,
    band: bool,
) -> list[dict[str, Any]]:
    """One group's line with its band, in the first panel or in the second."""
    group = str(own["group"].iloc[0])
    x = in_unit(1.0, unit) * own["tau"].to_numpy()
    y, low, high = (in_unit(1.0, unit) * own[name].to_numpy(dtype=float) for name in names)
    place = {"xaxis": f"x{panel}", "yaxis": f"y{panel}", "legendgroup": group}
    line = step_curve(
        group, colour, x, y, line={"color": colour, "width": 2.4}, showlegend=not panel,
        customdata=np.column_stack([low, high, own["n_risk"]]),
        hovertemplate="%{y:.2f} (%{customdata[0]:.2f} to %{customdata[1]:.2f}), "
        "%{customdata[2]:,} at risk",
        **place,
    )  # fmt: skip
    shade: dict[str, Any] = {"line": {"width": 0}, "showlegend": False, **place}
    return [*(curve_band(x, y, low, high, colour, **shade) if band else []), line]


def _heading(text: str, panel: str, anchor: str) -> dict[str, Any]:
    return text_at(
        wrapped(text), x=0, y=1, xanchor="left", yanchor=anchor, align="left", xshift=6,
        xref=f"x{panel} domain", yref=f"y{panel} domain",
    )  # fmt: skip


def _methods(result: MeansOverTime, unit: TimeUnit) -> str:
    if not result.longest:
        return ""
    horizons = result.table["tau"].unique()
    words = (
        "The restricted mean time without the event is the area under the curve up to a horizon, "
        "with a Wald interval from the integrated Greenwood variance (as R's survfit with rmean). "
        f"It was estimated at {count(len(horizons), 'horizon')} up to "
        f"{_time(result.longest, unit)}, where at least {FEWEST_AT_RISK} patients are at risk in "
        "every group drawn."
    )
    if not result.others:
        return words
    return (
        f"{words} The mean of {result.survival.reference} was subtracted from that of each other "
        "group, with Wald intervals and tests of independent groups. Intervals are pointwise, and "
        "no p-value is adjusted for the number of horizons or groups."
    )


def _known(result: MeansOverTime) -> list[str]:
    return [text for text in (result.survival.bias, *result.notes) if text]


def _caution(result: MeansOverTime) -> str:
    return (
        "Each interval holds for one horizon chosen beforehand. These are "
        f"{result.table['tau'].nunique()} horizons, and where an interval first leaves out 0 is "
        "found by looking at all of them: it describes the curves and tests nothing."
    )


def _interval(
    own: pd.Series, names: tuple[str, str, str], unit: TimeUnit, form: str = ".2f"
) -> str:
    middle, low, high = (in_unit(own[name], unit) for name in names)
    return mean_text(middle, low, high, form)


def _text(own: pd.Series, names: tuple[str, str, str], unit: TimeUnit, form: str = ".2f") -> str:
    """An estimate with its unit and interval: ``8.11 years (7.90 to 8.31)``."""
    value, interval = _interval(own, names, unit, form).split(" ", maxsplit=1)
    return f"{value} {unit} {interval}"


def _time(months: float, unit: TimeUnit) -> str:
    value = in_unit(months, unit)
    return f"{round(value, 2):g} {unit.removesuffix('s') if value == 1 else unit}"
