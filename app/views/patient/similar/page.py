"""Patients like this one: who, why, how they did, and what that does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.cohort.groupings import ALTERATIONS, selection_against_rest
from app.shell.controls.choice import choice
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import bullets, figure_with_downloads
from app.shell.memory import ask, remembered
from app.shell.navigation import SURVIVAL
from app.shell.saved_groups import save_groups
from app.shell.session import Looking
from app.shell.show import take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.answer import Answer
from app.study.question import Question
from app.study.wording import mid_sentence
from app.views.patient.analysis import patient_name
from app.views.patient.page_choice import IDENTIFIERS, choose_patient
from app.views.patient.similar.analysis import (
    MAX_NEIGHBOURS,
    MIN_NEIGHBOURS,
    SimilaritySettings,
    SimilarPatients,
    reference_medians,
)
from app.views.patient.similar.outcomes import (
    NO_PROGNOSIS,
    UNIT,
    SimilarOutcomes,
    similar_outcomes,
)
from app.views.patient.similar.profiles import default_variables, profile_variables
from app.views.patient.similar.words import weights_in_words
from data_loaders import Cohort

_MOST_BUTTONS = 5
_WEIGHTS = {"clinical values only": 0.0, "both alike": 0.5, "alterations only": 1.0}


def draw_similar(looking: Looking, position: int) -> None:
    """Draw the nearest patients of one, the reasons and their survival."""
    cohort = looking.cohort
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with right:
        settings = _draw_settings(cohort)
    place = st.empty()
    with place.container():
        words, curve = st.columns([5, 6], gap="large")
    endpoint = None
    if cohort.endpoints:
        with curve:
            endpoint = draw_endpoint_choice(cohort)
    asked = {"position": position, **settings, "endpoint_key": endpoint}
    question = ask(looking, "patient.similar", asked)
    try:
        result = _result(looking, question, settings)
    except ValueError as error:
        place.info(str(error))
        return
    with curve:
        question, answer = _draw_survival(looking, question, result)
    most_like, *sentences = answer.sentences
    with left:
        st.markdown(f"**{most_like}** Compared by {weights_in_words(result.found)}.")
    with words:
        bullets(sentences)
        if result.survival is not None:
            st.info(NO_PROGNOSIS)
        _draw_onwards(looking, result.found)
    _draw_tables(looking, result.found, answer.tables())
    take_away(answer, question)


def _result(looking: Looking, question: Question, settings: dict[str, Any]) -> SimilarOutcomes:
    """The nearest patients; what typicality is judged by is the same for each of a selection."""
    cohort, mask = looking.cohort, looking.selection.mask
    medians = remembered(
        ask(looking, "patient.typicality", settings),
        partial(reference_medians, cohort, mask, SimilaritySettings(**settings)),
        "Comparing patients",
    )
    make = partial(similar_outcomes, cohort, mask, **question.settings, references=medians)
    return remembered(question, make, "Comparing patients")


def _draw_settings(cohort: Cohort) -> dict[str, Any]:
    """By what patients are compared, folded away; the defaults suit most cohorts."""
    options = profile_variables(cohort)
    default = default_variables(cohort)
    with st.popover("How alike?", icon=":material/tune:", width="stretch", key="similarity"):
        number = st.slider(
            "Nearest patients", MIN_NEIGHBOURS, MAX_NEIGHBOURS, 25, step=5, key="nearest",
            bind="query-params",
        )  # fmt: skip
        weight = choice("What counts", _WEIGHTS, "counts", default="both alike")
        picked = st.multiselect(
            "Clinical profile",
            options,
            format_func=lambda name: (
                cohort.variables[name].label if name in cohort.variables else name
            ),
            key="profile",
            placeholder=f"The usual ({len(default)})",
            help="What described a patient at the start: outcomes and treatments never count.",
            select_all=False,
        )
    chosen = tuple(name for name in picked if name in options)
    return {
        "neighbours": min(max(int(number), MIN_NEIGHBOURS), MAX_NEIGHBOURS),
        "alterations": _WEIGHTS[weight],
        "variables": chosen or None,
    }


def _draw_survival(
    looking: Looking, question: Question, result: SimilarOutcomes
) -> tuple[Question, Answer]:
    """Draw how they did; the question with the end of the time axis, and its answer."""
    cohort, survival, own = looking.cohort, result.survival, result.own
    if survival is None:
        endpoint = question.settings["endpoint_key"]
        st.info(
            "This cohort has no endpoint: how these patients did cannot be shown."
            if endpoint is None
            else f"{cohort.endpoints[endpoint].label} is not recorded for any of these patients."
        )
        return question, answer_of(question, cohort, result)
    place = st.container()
    until = draw_axis_end(
        survival.supported_until, survival.last_time, UNIT, own=0.0 if own is None else own.months
    )
    question = replace(question, shown={"until": until})
    answer = answer_of(question, cohort, result)
    with place:
        figure_with_downloads(
            answer.figure,
            answer.numbers,
            key="similar_km",
            name=(*answer.name, survival.endpoint.key),
            alt=answer.alt,
        )
    st.caption(answer.notes[0])
    return question, answer


def _draw_onwards(looking: Looking, found: SimilarPatients) -> None:
    """One click to save the nearest as a group, or to look at one of them."""
    name = f"Like {mid_sentence(patient_name(found.position))}"
    st.button(
        f"Save these {len(found.neighbours)} as a group",
        icon=":material/bookmark_add:",
        key="save_similar",
        type="primary",
        on_click=_save,
        args=(looking, found, name),
        help="Every page can then compare them with the others selected.",
    )
    if st.session_state.get(_SAVED) == (looking.cohort.fingerprint, name):
        st.page_link(
            SURVIVAL,
            label=f"Saved as “{name}”: choose it under “Compare by” on any page",
            icon=":material/arrow_forward:",
        )
    st.caption("Look at one of them:")
    with st.container(horizontal=True, gap="small"):
        for place in found.neighbours[:_MOST_BUTTONS]:
            st.button(
                patient_name(int(place)),
                key=f"go_to_{int(place)}",
                type="tertiary",
                on_click=choose_patient,
                args=(int(place),),
            )


_SAVED = "_saved_similar"


def _save(looking: Looking, found: SimilarPatients, name: str) -> None:
    # The patient itself is in neither group: it chose the one and would weigh on the other.
    mask = looking.selection.mask & (np.arange(looking.cohort.n) != found.position)
    made_of = (*(f"variable:{name}" for name in found.profiles.variables), ALTERATIONS)
    grouping = selection_against_rest(found.neighbours, mask, name, label=name)
    kept = save_groups(looking.cohort, name, replace(grouping, made_of=made_of))
    st.session_state[_SAVED] = (looking.cohort.fingerprint, kept)
    st.toast(f"“{kept}” is saved: every page can compare by it.")


def _draw_tables(
    looking: Looking, found: SimilarPatients, tables: Mapping[str, pd.DataFrame]
) -> None:
    st.markdown("**What they share**")
    draw_table(
        tables["Shared"].set_axis(
            ["What", "This patient", f"Nearest {len(found.neighbours)}", "All selected"], axis=1
        ),
        key="similar_shared",
    )
    st.markdown("**The nearest, one by one**")
    nearest = tables["Nearest"]
    if st.session_state.get(IDENTIFIERS):
        named = looking.cohort.patients.index[found.neighbours].astype(str)
        nearest.insert(1, "Identifier", named)
    draw_table(
        nearest,
        hide_index=True,
        key="similar_nearest",
        column_config={"Distance": st.column_config.NumberColumn(format="%.2f")},
    )
