"""Patients like this one: who, why, how they did, and what that does not say."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.cohort.groupings import only_groups, selection_against_rest
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.controls.time_axis import draw_axis_end
from app.shell.layout import figure_with_downloads
from app.shell.navigation import SURVIVAL
from app.shell.saved_groups import save_groups
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.wording import count, mid_sentence
from app.views.patient.analysis import patient_name
from app.views.patient.page_choice import IDENTIFIERS, choose_patient
from app.views.patient.script import similar_script
from app.views.patient.similar.analysis import (
    MAX_NEIGHBOURS,
    MIN_NEIGHBOURS,
    SimilaritySettings,
    SimilarPatients,
    reference_medians,
    similar_patients,
)
from app.views.patient.similar.figures import similar_survival_figure
from app.views.patient.similar.outcomes import NO_PROGNOSIS, events_sentence, own_course
from app.views.patient.similar.profiles import default_variables, profile_variables
from app.views.patient.similar.words import (
    neighbour_table,
    shared_table,
    similarity_reading,
    weights_in_words,
)
from app.views.patient.words_methods import similar_methods
from app.views.survival.curves.analysis import GroupSurvival, survival_by_group
from app.views.survival.curves.figures import survival_alt
from app.views.survival.curves.words import numbers_table, reading
from data_loaders import Cohort

UNIT: Literal["years"] = "years"
_MOST_BUTTONS = 5
_WEIGHTS = {"clinical values only": 0.0, "both alike": 0.5, "alterations only": 1.0}


def draw_similar(looking: Looking, position: int) -> None:
    """Draw the nearest patients of one, the reasons and their survival."""
    cohort, mask = looking.cohort, looking.selection.mask
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with right:
        settings = _draw_settings(cohort)
    try:
        medians = _reference_medians(
            cohort.fingerprint, looking.filter.to_json(), settings, cohort, mask
        )
        found = similar_patients(cohort, mask, position, settings, references=medians)
    except ValueError as error:
        st.info(str(error))
        return
    most_like, *reasons = similarity_reading(cohort, found)
    with left:
        st.markdown(f"**{most_like}** Compared by {weights_in_words(found)}.")
    words, curve = st.columns([5, 6], gap="large")
    with curve:
        survival, figures = _draw_survival(looking, found)
    with words:
        if survival is not None:
            reasons += _how_they_did(looking, survival)
        st.markdown("\n".join(f"- {sentence}" for sentence in reasons))
        if survival is not None:
            st.info(NO_PROGNOSIS)
        _draw_onwards(looking, found)
    shared = shared_table(cohort, mask, found)
    _draw_tables(looking, found, shared, survival)
    key = None if survival is None else survival.endpoint.key
    draw_take_away(
        looking,
        TakeAway(
            key="similar",
            name=("patients_like", str(position + 1)),
            figures=figures,
            sheets=lambda: {
                "Shared": shared,
                "Nearest": _neighbours(looking, found, survival),
            },
            methods=similar_methods(found, survival, looking.selection),
            script=partial(similar_script, found, key, cohort, looking.filter),
        ),
    )


@st.cache_data(scope="session", max_entries=32, show_spinner=False)
def _reference_medians(
    fingerprint: str,  # noqa: ARG001  (what the cache goes by)
    chosen: str,  # noqa: ARG001
    settings: SimilaritySettings,
    _cohort: Cohort,
    _mask: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """What a patient's typicality is judged by: the same for every patient of a selection."""
    return reference_medians(_cohort, _mask, settings)


def _draw_settings(cohort: Cohort) -> SimilaritySettings:
    """By what patients are compared, folded away; the defaults suit most cohorts."""
    options = profile_variables(cohort)
    default = default_variables(cohort)
    with st.popover("How alike?", icon=":material/tune:", width="stretch", key="similarity"):
        number = st.slider(
            "Nearest patients", MIN_NEIGHBOURS, MAX_NEIGHBOURS, 25, step=5, key="nearest",
            bind="query-params",
        )  # fmt: skip
        weight = st.segmented_control(
            "What counts",
            list(_WEIGHTS),
            default="both alike",
            required=True,
            key="counts",
            bind="query-params",
        )
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
    return SimilaritySettings(
        neighbours=min(max(int(number), MIN_NEIGHBOURS), MAX_NEIGHBOURS),
        alterations=_WEIGHTS.get(weight or "", 0.5),
        variables=chosen or None,
    )


def _draw_survival(
    looking: Looking, found: SimilarPatients
) -> tuple[GroupSurvival | None, dict[str, go.Figure]]:
    cohort = looking.cohort
    if not cohort.endpoints:
        st.info("This cohort has no endpoint: how these patients did cannot be shown.")
        return None, {}
    endpoint = draw_endpoint_choice(cohort)
    name = patient_name(found.position)
    called = f"Nearest {len(found.neighbours)}"
    everyone = np.ones(cohort.n, dtype=np.bool_)
    grouping = selection_against_rest(
        found.neighbours, everyone, called, label="likeness to one patient"
    )
    mask = np.zeros(cohort.n, dtype=np.bool_)
    mask[found.neighbours] = True
    result = survival_by_group(cohort, mask, endpoint, only_groups(grouping, [called]))
    if not result.analysed:
        st.info(f"{result.endpoint.label} is not recorded for any of these patients.")
        return None, {}
    own = own_course(cohort, found.position, endpoint)
    title = (
        f"{result.endpoint.label} of the {count(result.analysed, 'patient')} most like "
        f"{mid_sentence(name)}"
    )
    place = st.container()
    until = draw_axis_end(
        result.supported_until, result.last_time, UNIT, own=0.0 if own is None else own.months
    )
    figure = framed(
        similar_survival_figure(result, own, UNIT, until=until), title, synthetic=looking.synthetic
    )
    course = f"{own.words(UNIT)}." if own is not None else f"{name}: not recorded."
    with place:
        figure_with_downloads(
            figure,
            partial(numbers_table, result, UNIT),
            key="similar_km",
            name=("patients_like", str(found.position + 1), result.endpoint.key),
            alt=survival_alt(title, result, [*reading(result), course]),
        )
    left_out = [f"{number:,} {reason}" for reason, number in result.outcome.left_out.items()]
    st.caption(
        f"{course} The patient itself is not in the curve."
        + (f" Left out: {', '.join(left_out)}." if left_out else "")
    )
    return result, {"Figure": figure}


def _how_they_did(looking: Looking, survival: GroupSurvival) -> list[str]:
    """What happened to the nearest, and to everyone selected."""
    everyone = survival_by_group(looking.cohort, looking.selection.mask, survival.endpoint.key)
    beside = [f"Everyone selected: {mid_sentence(sentence)}" for sentence in reading(everyone)]
    return [events_sentence(survival, UNIT), *reading(survival), *beside]


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
    grouping = selection_against_rest(found.neighbours, mask, name, label=name)
    kept = save_groups(looking.cohort, name, grouping)
    st.session_state[_SAVED] = (looking.cohort.fingerprint, kept)
    st.toast(f"“{kept}” is saved: every page can compare by it.")


def _draw_tables(
    looking: Looking,
    found: SimilarPatients,
    shared: pd.DataFrame,
    survival: GroupSurvival | None,
) -> None:
    st.markdown("**What they share**")
    draw_table(
        shared.set_axis(
            ["What", "This patient", f"Nearest {len(found.neighbours)}", "All selected"], axis=1
        ),
        key="similar_shared",
    )
    st.markdown("**The nearest, one by one**")
    draw_table(
        _neighbours(looking, found, survival, identifiers=bool(st.session_state.get(IDENTIFIERS))),
        hide_index=True,
        key="similar_nearest",
        column_config={"Distance": st.column_config.NumberColumn(format="%.2f")},
    )


def _neighbours(
    looking: Looking,
    found: SimilarPatients,
    survival: GroupSurvival | None,
    *,
    identifiers: bool = False,
) -> pd.DataFrame:
    cohort = looking.cohort
    endpoint = None if survival is None else survival.endpoint.key
    table = neighbour_table(cohort, found, endpoint, UNIT)
    names = {
        "patient": "Patient",
        "distance": "Distance",
        "shared": "Shared alterations",
        "not_shared": "In one of the two",
        "close": "Close values",
        "outcome": "What happened",
    }
    table = table.rename(columns=names)
    if identifiers:
        table.insert(1, "Identifier", cohort.patients.index[found.neighbours].astype(str))
    return table
