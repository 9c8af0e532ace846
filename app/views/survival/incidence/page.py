"""Competing risks: cumulative incidence by group, the view of who will have the event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from app.shell.controls.choice import choice, pick, toggle
from app.shell.controls.curve_options import draw_time_options, draw_truncated
from app.shell.controls.grouping import draw_grouping
from app.shell.controls.time_axis import draw_axis_end, draw_read_at
from app.shell.links import ENDPOINT, endpoint_labels
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import Frame, frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.question import Question
from app.study.wording import mid_sentence
from app.views.survival.curves.words import pairs_table
from app.views.survival.incidence.analysis import GroupIncidence
from app.views.survival.incidence.estimates import competing_endpoints
from app.views.survival.incidence.words import WHICH_QUESTION, effects_table, summary_table
from app.views.survival.page_immortal_time import immortal_time_guard
from data_loaders import Cohort

RISK_ENDPOINT = "risk_endpoint"
OVERLAID, STACKED = "Curves", "Stacked"
ALL_GROUPS = "All groups"


def draw_incidence(looking: Looking) -> None:
    """Draw the controls, the incidences, what they say and what can be taken away."""
    if not competing_endpoints(looking.cohort):
        st.info(_nothing_competes(looking.cohort))
        return
    question = _question(looking)
    result: GroupIncidence = result_of(question)
    place = frame()
    question = _drawn(question, result, place)
    answer = answer_of(question, looking.cohort, result)
    show(answer, place)

    st.subheader("In numbers", anchor=False)
    draw_table(summary_table(result, question.shown["read_at"]), key="incidence_summary")
    _draw_effects(result)
    _draw_pairs(result)
    take_away(answer, question)


def _question(looking: Looking) -> Question:
    """Draw the controls; what they ask, and how it is to be drawn."""
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        endpoint = _draw_endpoint(looking.cohort)
    below = st.container()
    with right.popover("Options", icon=":material/tune:", width="stretch"):
        time = draw_time_options()
        truncated = draw_truncated(looking.cohort, endpoint)
        st.divider()
        drawn_as = choice(
            "Drawn as",
            [OVERLAID, STACKED],
            "incidence_as",
            help="Stacked: what became of everyone, adding up to 100%.",
        )
        curves = drawn_as != STACKED
        shown = {
            "unit": time.unit,
            "stacked": not curves,
            "band": toggle("Draw the band", "band", value=True, disabled=not curves),
            "competing": toggle("Competing event, dashed", "competing", disabled=not curves),
            "wrong": toggle("Show the wrong 1 − Kaplan-Meier", "wrong", disabled=not curves),
            "full_table": toggle("Events and censored in the table", "table"),
        }
    with middle:
        chosen = draw_grouping(looking, endpoint, limit=time.limit, below=below, followed=True)
    with below:
        _say_what_is_shown(looking.cohort, endpoint)
    immortal_time_guard(looking, chosen.grouping, endpoint, str(chosen.spec or ""))
    settings = {"endpoint_key": endpoint, "limit": time.limit, "truncated": truncated}
    question = ask(looking, "survival.incidence", settings, chosen.spec, chosen.arrangement)
    return replace(question, shown=shown)


def _drawn(question: Question, result: GroupIncidence, place: Frame) -> Question:
    """Draw the controls that depend on the result; the question with what they ask."""
    shown: dict[str, Any] = dict(question.shown)
    with place.below:
        shown["until"] = draw_axis_end(result.supported_until, result.last_time, shown["unit"])
        shown["read_at"] = draw_read_at()
    names = [group.name for group in result.drawn]
    if shown["stacked"] and len(names) > 1:
        name = pick("Group shown", [ALL_GROUPS, *names], "stacked_group", place=place.figure)
        shown["group"] = name if name in names else None
    return replace(question, shown=shown)


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
    return pick(
        "Endpoint",
        options,
        RISK_ENDPOINT,
        labels=labels,
        on_change=_others_follow,
        help="The endpoints of this cohort that know their competing event.",
    )


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
