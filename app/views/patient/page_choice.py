"""Choosing a patient by number; identifiers only where they are asked for."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.shell.session import Looking
from app.study.wording import mid_sentence
from app.views.patient.analysis import patient_name
from app.views.subgroups.analysis import alterations_in_words
from data_loaders.meaning.vocabulary import term_of

PATIENT = "patient"
IDENTIFIERS = "show_identifiers"
_FIND = "find_identifier"
_NOT_FOUND = "_identifier_not_found"
# What a class is called in full; others are said with their variable, as "IGHV status Mutated".
_SAID_ALONE = frozenset({"diagnosis", "diagnosis_detail", "who", "driver"})
_MOST_FACTS = 3
_CHOSEN = "_patient_chosen"


def draw_patient_choice(looking: Looking) -> int:
    """The controls that choose a patient; its position in the cohort, from 0."""
    cohort = looking.cohort
    _open_on_a_selected_one(looking)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        number = st.number_input(
            f"Patient, 1 to {cohort.n:,}",
            min_value=1,
            max_value=cohort.n,
            step=1,
            key=PATIENT,
            bind="query-params",
            on_change=_choose,
            width=180,
            help="Patients are numbered in the order of the data. The number stays the same "
            "whatever the filter selects.",
        )
        for label, icon, key, step in (
            ("Previous", ":material/chevron_left:", "previous_patient", -1),
            ("Next", ":material/chevron_right:", "next_patient", 1),
            ("Random", ":material/shuffle:", "random_patient", 0),
        ):
            st.button(
                label, icon=icon, key=key, on_click=_step, args=(looking, step),
                help="Among the patients selected.",
            )  # fmt: skip
        with st.popover("Identifiers", icon=":material/badge:", key="identifiers"):
            _draw_identifiers(looking)
    return min(max(int(number or 1), 1), cohort.n) - 1


def draw_patient_line(looking: Looking, position: int) -> None:
    """Who the patient is in one line, and whether the filter selects it."""
    facts = [*_facts(looking, position)]
    facts.append(alterations_in_words(looking.cohort, np.array([position]))[0])
    st.markdown(f"**{patient_name(position)}** · {' · '.join(facts)}")
    if st.session_state.get(IDENTIFIERS):
        st.caption(f"Identifier in the data: {looking.cohort.patients.index[position]}")
    if not looking.selection.mask[position]:
        st.info(
            f"The filter does not select {mid_sentence(patient_name(position))}: it is compared "
            f"with the {looking.selection.n:,} who are selected. “Next” goes to one of them."
        )


def choose_patient(position: int) -> None:
    """Make a patient the one looked at; for callbacks."""
    st.session_state[PATIENT] = position + 1
    _choose()


def _choose() -> None:
    st.session_state[_CHOSEN] = True


def _open_on_a_selected_one(looking: Looking) -> None:
    """Until somebody is chosen, by hand or by the link, the first of those selected."""
    if _CHOSEN not in st.session_state:
        st.session_state[_CHOSEN] = PATIENT in st.query_params or PATIENT in st.session_state
    selected = np.flatnonzero(looking.selection.mask)
    first = int(selected[0]) + 1 if len(selected) else 1
    # The number outlives a change of cohort, and the next one may be smaller.
    beyond = int(st.session_state.get(PATIENT) or 1) > looking.cohort.n
    if beyond or not st.session_state[_CHOSEN]:
        st.session_state[PATIENT] = first


def _facts(looking: Looking, position: int) -> list[str]:
    """The leading class of the disease, age and sex, as far as known."""
    cohort = looking.cohort
    found: dict[str, str] = {}
    for variable in cohort.variables.values():
        if variable.name not in cohort.patients.columns:
            continue
        value = cohort.patients[variable.name].iloc[position]
        label = variable.label.lower()
        if value is None or value != value:  # noqa: PLR0124  (missing values differ from themselves)
            continue
        if variable.role == "disease" and variable.kind == "categorical":
            known = term_of(variable.name)
            plain = known is not None and known.key in _SAID_ALONE
            found.setdefault("disease", str(value) if plain else f"{variable.label} {value}")
        elif variable.role == "demographic" and variable.kind == "numeric" and "age" in label:
            found.setdefault("age", f"{float(value):.0f} years")
        elif variable.role == "demographic" and label == "sex":
            found.setdefault("sex", str(value))
    return list(found.values())[:_MOST_FACTS]


def _draw_identifiers(looking: Looking) -> None:
    st.toggle(
        "Show identifiers",
        key=IDENTIFIERS,
        help="Off by default. They are shown on this page only, never in links, figures or files.",
    )
    st.text_input(
        "Find by identifier",
        key=_FIND,
        on_change=_find,
        args=(looking,),
        help="It is not written into the link.",
    )
    if st.session_state.get(_NOT_FOUND):
        st.caption("No patient of this cohort bears this identifier.")


def _find(looking: Looking) -> None:
    wanted = str(st.session_state.get(_FIND) or "").strip()
    place = int(looking.cohort.patients.index.get_indexer([wanted])[0])
    st.session_state[_NOT_FOUND] = bool(wanted) and place < 0
    if wanted and place >= 0:
        choose_patient(place)


def _step(looking: Looking, step: int) -> None:
    """Go to the selected patient before or after, round the end; 0 for any of them."""
    selected = np.flatnonzero(looking.selection.mask)
    now = int(st.session_state.get(PATIENT) or 1) - 1
    if step == 0:
        others = selected[selected != now]
        if len(others):
            choose_patient(int(np.random.default_rng().choice(others)))
        return
    ahead = selected[selected > now] if step > 0 else selected[selected < now]
    if step > 0:
        choose_patient(int(ahead[0] if len(ahead) else selected[0]))
    else:
        choose_patient(int(ahead[-1] if len(ahead) else selected[-1]))
