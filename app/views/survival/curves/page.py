"""Kaplan-Meier curves by group: the view that the survival page opens on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from app.shell.controls.choice import choice, number
from app.shell.controls.curve_options import INCIDENCE, LOG_MINUS_LOG
from app.shell.controls.endpoint import survival_settings
from app.shell.controls.time_axis import draw_axis_end, draw_read_at
from app.shell.controls.typed_times import typed_times
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.question import Question
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, in_unit
from app.views.survival.curves.analysis import YEARS, GroupSurvival, years_with
from app.views.survival.curves.contrasts import (
    USUALLY_GIVEN,
    common_horizon,
    conditional_table,
    differences_table,
    restricted_means_table,
)
from app.views.survival.curves.words import pairs_table, summary_table
from app.views.survival.page_immortal_time import immortal_time_guard

_SUMMARY, _DIFFERENCES, _MEANS = "Summary", "Differences", "Restricted mean"
_CONDITIONAL, _PAIRS = "Given survival so far", "Every pair"


def draw_curves(looking: Looking) -> None:
    """Draw the controls, the curves, what they say and what can be taken away."""
    question = _question(looking)
    result: GroupSurvival = result_of(question)
    unit: TimeUnit = question.shown["unit"]
    place, numbers = frame(), st.container()
    with place.below:
        until = draw_axis_end(result.supported_until, result.last_time, unit)
        read_at = draw_read_at()
    with numbers:
        times, draw_rest = _draw_numbers(result, unit, read_at)
    shown = {"until": until, "read_at": read_at, **times}
    question = replace(question, shown={**question.shown, **shown})
    answer = answer_of(question, looking.cohort, result)
    # The figure is on its way before the table: a browser that was never here sees it first.
    show(answer, place)
    with numbers:
        draw_rest()
    take_away(answer, question)


def _question(looking: Looking) -> Question:
    """Draw the controls; what they ask, and how it is to be drawn."""
    wanted = survival_settings(looking)
    options, chosen = wanted.options, wanted.chosen
    immortal_time_guard(looking, chosen.grouping, wanted.endpoint, str(chosen.spec or ""))
    settings = {
        "endpoint_key": wanted.endpoint,
        "limit": options.time.limit,
        "conf_type": options.conf_type,
        "weights": options.weights,
        "strata": options.strata,
        "adjust": options.adjust,
        "truncated": options.truncated,
    }
    question = ask(looking, "survival.curves", settings, chosen.spec, chosen.arrangement)
    shown = {
        "unit": options.time.unit,
        "log_minus_log": options.scale == LOG_MINUS_LOG,
        "falling": options.scale != INCIDENCE,
        "band": options.band,
        "marks": options.marks,
        "full_table": options.full_table,
    }
    return replace(question, shown=shown)


def _draw_numbers(
    result: GroupSurvival, unit: TimeUnit, read_at: int | None
) -> tuple[dict[str, Any], Callable[[], None]]:
    """One table at a time: what each group did, then how they differ.

    Returns the times asked, and what draws a table that asks for none.
    """
    heading, place = st.columns([1, 3], vertical_alignment="center")
    heading.subheader("In numbers", anchor=False)
    tables = [_SUMMARY, _DIFFERENCES, _MEANS, _CONDITIONAL]
    if result.pairwise is not None:
        tables.append(_PAIRS)
    shown = choice("Table", tables, "numbers", quiet=True, place=place)
    if not result.drawn:
        shown = _SUMMARY
    asked: dict[str, Any] = {}
    if shown == _DIFFERENCES:
        asked = {"times": _draw_differences(result, unit, read_at)}
    elif shown == _MEANS:
        asked = {"horizon": _draw_means(result, unit)}
    elif shown == _CONDITIONAL:
        asked = _draw_conditional(result, unit)

    def draw_rest() -> None:
        if shown == _SUMMARY:
            draw_table(summary_table(result, unit, read_at), key="km_summary")
        elif shown == _PAIRS and result.pairwise is not None:
            draw_table(pairs_table(result.pairwise), key="km_pairs")

    return asked, draw_rest


def _draw_differences(result: GroupSurvival, unit: TimeUnit, read_at: int | None) -> list[float]:
    months = _times("At (separate by commas)", "times", unit, years_with(read_at))
    draw_table(differences_table(result, months, unit), key="km_differences")
    st.caption(
        f"Differences from {result.reference} with Wald intervals from Greenwood's variances; "
        "choose the times before looking at the curves."
    )
    return months


def _draw_means(result: GroupSurvival, unit: TimeUnit) -> float:
    longest = common_horizon(result)
    usual = f"{in_unit(longest, unit):g}, the longest with 10 at risk in every group"
    asked = number(f"Horizon, {unit}", "tau", placeholder=usual)
    months = _months(asked, unit) if asked else longest
    if not months > 0:
        st.info("Nobody is followed beyond time zero, so there is no mean to restrict.")
        return months
    draw_table(restricted_means_table(result, months, unit), key="km_rmst")
    st.caption(
        f"Restricted mean survival time: the mean time without the event over the first "
        f"{in_unit(months, unit):g} {unit}, the area under the curve. It needs no proportional "
        "hazards."
    )
    return months


def _draw_conditional(result: GroupSurvival, unit: TimeUnit) -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        usual = in_unit(USUALLY_GIVEN, unit)
        asked = number(f"Given no event by, {unit}", f"given_{unit}", value=usual)
    with right:
        months = _times("Further times (separate by commas)", "further", unit)
    draw_table(
        conditional_table(result, _months(asked, unit), months, unit),
        key="km_conditional",
    )
    st.caption(
        "The chance of a further time for patients who are still without the event by then: "
        "S(given + t) / S(given)."
    )
    return {"given": _months(asked, unit), "further": months}


def _times(label: str, key: str, unit: TimeUnit, years: tuple[int, ...] = YEARS) -> list[float]:
    """Times typed by the reader, in months; the years given where none can be read."""
    usual = [in_unit(MONTHS_PER_YEAR * year, unit) for year in years]
    typed = st.text_input(
        f"{label}, {unit}",
        key=key,
        placeholder=", ".join(f"{value:g}" for value in usual),
        bind="query-params",
    )
    values = typed_times(typed)
    for word in (word for word, value in values if math.isnan(value)):
        st.info(f"“{word}” is not a time: type numbers such as 1, 2.5, 5.")
    kept = [value for _, value in values if 0 < value < math.inf]
    return [_months(value, unit) for value in kept or usual]


def _months(value: float, unit: TimeUnit) -> float:
    return value * (MONTHS_PER_YEAR if unit == "years" else 1.0)
