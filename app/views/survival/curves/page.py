"""Kaplan-Meier curves by group: the view that the survival page opens on."""

from __future__ import annotations

import math
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from app.shell.controls.curve_options import INCIDENCE, LOG_MINUS_LOG
from app.shell.controls.endpoint import SurvivalSettings, survival_settings
from app.shell.controls.time_axis import draw_axis_end
from app.shell.controls.typed_times import typed_times
from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.accounting import Accounting
from app.study.figures.theme import framed
from app.study.wording import MONTHS_PER_YEAR, TimeUnit, in_unit
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from app.views.survival.curves.contrasts import (
    common_horizon,
    conditional_table,
    differences_table,
    restricted_means_table,
)
from app.views.survival.curves.figures import survival_alt, survival_figure
from app.views.survival.curves.figures_log_minus_log import log_minus_log_figure
from app.views.survival.curves.script import survival_script
from app.views.survival.curves.words import (
    YEARS,
    cautions,
    numbers_table,
    pairs_table,
    reading,
    summary_table,
    survival_title,
)
from app.views.survival.curves.words_contrasts import contrast_methods
from app.views.survival.curves.words_methods import survival_methods
from app.views.survival.curves.words_sheets import AskedTimes, survival_sheets, told
from app.views.survival.page_immortal_time import immortal_time_guard

_SUMMARY, _DIFFERENCES, _MEANS = "Summary", "Differences", "Restricted mean"
_CONDITIONAL, _PAIRS = "Given survival so far", "Every pair"


def draw_curves(looking: Looking) -> None:
    """Draw the controls, the curves, what they say and what can be taken away."""
    settings = survival_settings(looking)
    options = settings.options
    result = survival_by_group(
        looking.cohort,
        looking.selection.mask,
        settings.endpoint,
        settings.chosen.grouping,
        limit=options.time.limit,
        conf_type=options.conf_type,
        weights=options.weights,
        strata=options.strata,
        adjust=options.adjust,
        truncated=options.truncated,
    )
    unit = options.time.unit
    sentences = reading(result)

    immortal_time_guard(
        looking, settings.chosen.grouping, settings.endpoint, str(settings.chosen.spec or "")
    )
    chart, words = st.columns([5, 3], gap="large")
    with chart:
        place = st.container()
        until = draw_axis_end(result.supported_until, result.last_time, unit)
        figure, title = _figure(looking, result, settings, until)
        with place:
            figure_with_downloads(
                figure,
                partial(numbers_table, result, unit),
                key="km",
                name=(result.endpoint.key, result.label),
                alt=survival_alt(title, result, sentences),
            )
    with words:
        st.subheader("In words", anchor=False)
        for note in result.notes:
            st.info(note)
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
        limits = cautions(result, unit)
        if limits:
            st.warning("\n\n".join(limits))
        st.caption(Accounting.of(result.outcome, "are in the curves").caption())

    asked = _draw_numbers(result, unit)
    draw_take_away(
        looking,
        TakeAway(
            key="km",
            name=(result.endpoint.key, result.label),
            figures={"Figure": figure},
            sheets=partial(survival_sheets, result, unit, asked),
            methods=survival_methods(
                result, looking.selection, sections=[contrast_methods(result, unit, asked)]
            ),
            told=told(result.outcome, result.label),
            script=partial(
                survival_script,
                result,
                looking.cohort,
                looking.filter,
                settings.chosen.spec,
                arrangement=settings.chosen.arrangement,
                strata=options.strata,
            ),
        ),
    )
    st.caption(
        f"Kaplan-Meier with 95% {options.conf_type} intervals; a median is the first time at "
        "which half had the event. How each number is computed is on the Methods page."
    )


def _figure(
    looking: Looking, result: GroupSurvival, settings: SurvivalSettings, until: float | None
) -> tuple[go.Figure, str]:
    options = settings.options
    title = survival_title(result)
    if options.scale == LOG_MINUS_LOG:
        title = f"{title}, log-minus-log"
        return (
            framed(
                log_minus_log_figure(result, options.time.unit), title, synthetic=looking.synthetic
            ),
            title,
        )
    return (
        framed(
            survival_figure(
                result,
                options.time.unit,
                band=options.band,
                marks=options.marks,
                full_table=options.full_table,
                falling=options.scale != INCIDENCE,
                until=until,
            ),
            title,
            synthetic=looking.synthetic,
        ),
        title,
    )


def _draw_numbers(result: GroupSurvival, unit: TimeUnit) -> AskedTimes:
    """One table at a time: what each group did, then how they differ; returns at which times."""
    heading, choice = st.columns([1, 3], vertical_alignment="center")
    heading.subheader("In numbers", anchor=False)
    tables = [_SUMMARY, _DIFFERENCES, _MEANS, _CONDITIONAL]
    if result.pairwise is not None:
        tables.append(_PAIRS)
    shown = choice.segmented_control(
        "Table",
        tables,
        default=_SUMMARY,
        required=True,
        key="numbers",
        bind="query-params",
        label_visibility="collapsed",
    )
    if not result.drawn or shown not in tables:
        shown = _SUMMARY
    if shown == _SUMMARY:
        draw_table(summary_table(result, unit), key="km_summary")
    elif shown == _PAIRS and result.pairwise is not None:
        draw_table(pairs_table(result.pairwise), key="km_pairs")
    elif shown == _DIFFERENCES:
        return AskedTimes(times=_draw_differences(result, unit))
    elif shown == _MEANS:
        return AskedTimes(horizon=_draw_means(result, unit))
    elif shown == _CONDITIONAL:
        return _draw_conditional(result, unit)
    return AskedTimes()


def _draw_differences(result: GroupSurvival, unit: TimeUnit) -> tuple[float, ...]:
    months = _times("At (separate by commas)", "times", unit)
    draw_table(differences_table(result, months, unit), key="km_differences")
    st.caption(
        f"Differences from {result.reference} with Wald intervals from Greenwood's variances; "
        "choose the times before looking at the curves."
    )
    return tuple(months)


def _draw_means(result: GroupSurvival, unit: TimeUnit) -> float:
    longest = common_horizon(result)
    asked = st.number_input(
        f"Horizon, {unit}",
        min_value=0.0,
        value=None,
        placeholder=f"{in_unit(longest, unit):g}, the longest with 10 at risk in every group",
        key="tau",
        bind="query-params",
    )
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


def _draw_conditional(result: GroupSurvival, unit: TimeUnit) -> AskedTimes:
    left, right = st.columns(2)
    with left:
        asked = st.number_input(
            f"Given no event by, {unit}",
            min_value=0.0,
            value=2.0 if unit == "years" else 24.0,
            key=f"given_{unit}",
            bind="query-params",
        )
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
    return AskedTimes(given=_months(asked, unit), further=tuple(months))


def _times(label: str, key: str, unit: TimeUnit) -> list[float]:
    """Times typed by the reader, in months; 1, 3 and 5 years where none can be read."""
    usual = [in_unit(MONTHS_PER_YEAR * year, unit) for year in YEARS]
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
