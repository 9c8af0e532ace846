"""Competing risks: cumulative incidence by group, the view of who will have the event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.group_incidence import GroupIncidence, incidence_by_group
from app.analysis.group_reading import pairs_table
from app.analysis.incidence_estimates import competing_endpoints
from app.analysis.incidence_reading import (
    WHICH_QUESTION,
    effects_numbers,
    effects_table,
    milestones_table,
    numbers_table,
    reading,
    summary_table,
)
from app.charts.incidence import Layers, incidence_alt, incidence_figure
from app.charts.incidence_stacked import stacked_figure, stacked_panels
from app.export.methods_incidence import group_incidence_methods
from app.export.script_incidence import incidence_script
from app.export.survival_sheets import incidence_summary, incidence_tests, told
from app.study.wording import TimeUnit, count, mid_sentence
from app.ui.curve_options import TimeOptions, draw_time_options
from app.ui.grouping_choice import ChosenGrouping, draw_grouping
from app.ui.immortal_time import immortal_time_guard
from app.ui.layout import figure_with_downloads
from app.ui.links import ENDPOINT, endpoint_labels
from app.ui.session import Looking
from app.ui.survival import draw_accounting
from app.ui.tables import draw_table
from app.ui.take_away import TakeAway, draw_take_away
from app.ui.time_axis import draw_axis_end
from data_loaders import Cohort

RISK_ENDPOINT = "risk_endpoint"
OVERLAID, STACKED = "Curves", "Stacked"
ALL_GROUPS = "All groups"


@dataclass(frozen=True)
class IncidenceSettings:
    """What the view was asked to show."""

    endpoint: str
    chosen: ChosenGrouping
    time: TimeOptions
    truncated: bool
    drawn_as: str
    layers: Layers


def draw_incidence(looking: Looking) -> None:
    """Draw the controls, the incidences, what they say and what can be taken away."""
    if not competing_endpoints(looking.cohort):
        st.info(_nothing_competes(looking.cohort))
        return
    settings = _settings(looking)
    result = incidence_by_group(
        looking.cohort,
        looking.selection.mask,
        settings.endpoint,
        settings.chosen.grouping,
        limit=settings.time.limit,
        truncated=settings.truncated,
    )
    unit = settings.time.unit
    sentences = reading(result)
    title = _title(result)
    immortal_time_guard(
        looking, settings.chosen.grouping, settings.endpoint, str(settings.chosen.spec or "")
    )

    chart, words = st.columns([5, 3], gap="large")
    with chart:
        place = st.container()
        until = draw_axis_end(result.supported_until, result.last_time, unit)
        with place:
            figure = _figure(looking, result, settings, title, until)
            figure_with_downloads(
                figure,
                partial(numbers_table, result, unit),
                key="incidence",
                name=(result.endpoint.key, "incidence", result.label),
                alt=incidence_alt(title, result, sentences),
            )
    with words:
        st.subheader("In words", anchor=False)
        for note in result.notes:
            st.info(note)
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
        draw_accounting(result)

    st.subheader("In numbers", anchor=False)
    draw_table(summary_table(result), key="incidence_summary")
    _draw_effects(result)
    _draw_pairs(result)
    draw_take_away(
        looking,
        TakeAway(
            key="incidence",
            name=(result.endpoint.key, "incidence", result.label),
            figures={"Figure": figure},
            sheets=partial(_sheets, result, unit),
            methods=group_incidence_methods(result, looking.selection),
            told=told(result.outcome, result.label),
            script=partial(
                incidence_script,
                result,
                looking.cohort,
                looking.filter,
                settings.chosen.spec,
                settings.chosen.arrangement,
            ),
        ),
    )
    st.caption(
        "Aalen-Johansen estimates with 95% log-log intervals: the share of all patients who have "
        f"had {result.event_label} by each time, when those with {result.competing_label} can no "
        "longer have it. How each number is computed is on the Methods page."
    )


def _settings(looking: Looking) -> IncidenceSettings:
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        endpoint = _draw_endpoint(looking.cohort)
    below = st.container()
    with right.popover("Options", icon=":material/tune:", width="stretch"):
        time = draw_time_options()
        truncated = True
        if looking.cohort.endpoints[endpoint].entry is not None:
            truncated = _toggle("Count patients from their entry on", "truncated", value=True)
        st.divider()
        drawn_as = st.segmented_control(
            "Drawn as",
            [OVERLAID, STACKED],
            default=OVERLAID,
            required=True,
            key="incidence_as",
            bind="query-params",
            help="Stacked: what became of everyone, adding up to 100%.",
        )
        curves = drawn_as != STACKED
        layers = Layers(
            band=_toggle("Draw the band", "band", value=True, enabled=curves),
            competing=_toggle("Competing event, dashed", "competing", enabled=curves),
            wrong=_toggle("Show the wrong 1 − Kaplan-Meier", "wrong", enabled=curves),
            full_table=_toggle("Events and censored in the table", "table"),
        )
    with middle:
        chosen = draw_grouping(looking, endpoint, limit=time.limit, below=below, followed=True)
    with below:
        _say_what_is_shown(looking.cohort, endpoint)
    return IncidenceSettings(endpoint, chosen, time, truncated, str(drawn_as), layers)


def _toggle(label: str, key: str, *, value: bool = False, enabled: bool = True) -> bool:
    return bool(st.toggle(label, value=value, key=key, bind="query-params", disabled=not enabled))


def _draw_endpoint(cohort: Cohort) -> str:
    """The control that chooses among the endpoints with a competing event.

    It shows the endpoint of the other views where that has one, and they follow what is chosen
    here; an endpoint without one stays theirs until then.
    """
    labels = endpoint_labels(cohort)
    options = competing_endpoints(cohort)
    elsewhere = _chosen_elsewhere(cohort)
    if elsewhere in options:
        st.session_state[RISK_ENDPOINT] = elsewhere
    endpoint = st.selectbox(
        "Endpoint",
        options,
        format_func=lambda key: labels.get(key, key),
        key=RISK_ENDPOINT,
        bind="query-params",
        on_change=_others_follow,
        help="The endpoints of this cohort that know their competing event.",
    )
    return endpoint if endpoint in options else options[0]


def _others_follow() -> None:
    st.session_state[ENDPOINT] = st.session_state[RISK_ENDPOINT]


def _chosen_elsewhere(cohort: Cohort) -> str | None:
    """The endpoint of the other views, kept although their control is not drawn here."""
    if ENDPOINT in st.session_state:
        st.session_state[ENDPOINT] = st.session_state[ENDPOINT]
        return str(st.session_state[ENDPOINT])
    by_label = {label: key for key, label in endpoint_labels(cohort).items()}
    return by_label.get(st.query_params.get(ENDPOINT, ""))


def _say_what_is_shown(cohort: Cohort, shown: str) -> None:
    """One sentence where the endpoint of the other views has no competing event."""
    elsewhere = cohort.endpoints.get(_chosen_elsewhere(cohort) or next(iter(cohort.endpoints)))
    if elsewhere is None or elsewhere.competing is not None:
        return
    st.caption(
        f"{elsewhere.label} has no competing event, so its incidence is one minus its curve; "
        f"{mid_sentence(cohort.endpoints[shown].label)} has one and is shown here."
    )


def _nothing_competes(cohort: Cohort) -> str:
    endpoint = next(iter(cohort.endpoints.values()))
    return (
        f"No endpoint of this cohort has a competing event: {mid_sentence(endpoint.label)} can "
        "only happen or not. This view needs a time and an event that death can prevent, such as "
        "aml_months and aml_event beside os_months and os_event; or a column that states the "
        "competing event, such as aml_competing (1 = died without AML)."
    )


def _title(result: GroupIncidence) -> str:
    by = f" by {mid_sentence(result.label)}" if result.label else ""
    return f"Cumulative incidence of {result.event_label}{by}, {count(result.analysed, 'patient')}"


def _figure(
    looking: Looking,
    result: GroupIncidence,
    settings: IncidenceSettings,
    title: str,
    until: float | None,
) -> go.Figure:
    unit, synthetic = settings.time.unit, looking.synthetic
    if settings.drawn_as != STACKED or not result.drawn:
        return incidence_figure(
            result, unit, title=title, synthetic=synthetic, layers=settings.layers, until=until
        )
    by = f" by {mid_sentence(result.label)}" if result.label else ""
    title = f"{result.endpoint.label} and competing event{by}"
    names = [group.name for group in result.drawn]
    name = names[0]
    if len(names) > 1:
        name = st.selectbox(
            "Group shown", [ALL_GROUPS, *names], key="stacked_group", bind="query-params"
        )
    if name not in names:
        title = f"{title}, {count(result.analysed, 'patient')}"
        return stacked_panels(result, unit, title=title, synthetic=synthetic, until=until)
    own = result.drawn[names.index(name)]
    title = f"{result.endpoint.label} and competing event: {own.name}, {count(own.n, 'patient')}"
    return stacked_figure(
        result,
        name,
        unit,
        title=title,
        synthetic=synthetic,
        full_table=settings.layers.full_table,
        until=until,
    )


def _draw_effects(result: GroupIncidence) -> None:
    """Both hazard ratios of each group, and which question each answers."""
    if result.effects is None:
        return
    st.subheader("Hazard ratios", anchor=False)
    table = effects_table(result)
    if not table.empty:
        draw_table(table, key="incidence_effects")
        st.markdown(WHICH_QUESTION)
    for note in result.effects.notes:
        st.caption(note)


def _draw_pairs(result: GroupIncidence) -> None:
    """Every pair of groups, tested only once somebody looks."""
    if not result.has_pairs:
        return
    pairs = st.expander(
        "Every pair of groups (Gray's test, Holm's adjustment)",
        key="incidence_pairs_open",
        on_change="rerun",
    )
    if pairs.open and result.pairwise is not None:
        pairs.dataframe(pairs_table(result.pairwise), hide_index=True, key="incidence_pairs")


def _sheets(result: GroupIncidence, unit: TimeUnit) -> dict[str, pd.DataFrame]:
    sheets = {
        "Summary": incidence_summary(result),
        "Tests": incidence_tests(result),
        "At 1, 3 and 5 years": milestones_table(result),
        "Curves": numbers_table(result, unit),
    }
    effects = effects_numbers(result)
    if not effects.empty:
        sheets["Hazard ratios"] = effects
    if result.pairwise is not None:
        sheets["Pairs"] = result.pairwise
    return sheets
