"""Lists of patients pasted to be compared: held by the session, never part of a link."""

from __future__ import annotations

import re
from pathlib import PurePath

import streamlit as st

from app.cohort.filters import All, Filter, Not, Patients, names_patients
from app.cohort.groupings import MAX_NAME, GroupingError
from app.shell.controls.grouping_parameters import FILTERS, FILTERS_CHOSEN
from app.shell.links import GROUP, keep_choices
from app.shell.saved_filters import put_filters, save_filter, saved_filters
from app.shell.session import Looking
from app.study.wording import count

_NAME, _IDS, _FILE = "list_name", "list_ids", "list_file"
_SAID = "_list_said"
REST = "Everyone else"
_MOST = 200_000


def draw_lists(looking: Looking) -> None:
    """Offer to paste or upload a list of identifiers as a group."""
    with st.popover("Compare lists of patients", icon=":material/playlist_add:", width="stretch"):
        st.caption(
            "One list becomes a group against everyone else; add a second to compare the two. "
            "Lists stay in this session: a link cannot carry them."
        )
        st.text_input(
            "Name of the list", key=_NAME, max_chars=MAX_NAME, placeholder="such as Responders"
        )
        st.text_area(
            "Identifiers, by lines, commas or blanks",
            key=_IDS,
            placeholder="P0001, P0002",
            height=110,
        )
        st.file_uploader("Or a text file of them", type=["txt", "csv", "tsv"], key=_FILE)
        st.button("Add the list", key="list_add", type="primary", on_click=_add, args=(looking,))
        said = st.session_state.pop(_SAID, None)
        if said:
            good, sentence = said
            (st.success if good else st.error)(sentence)


def identifiers(text: str) -> tuple[str, ...]:
    """The identifiers in pasted text, each once, in order."""
    words = (word.strip("\"'") for word in re.split(r"[\s,;]+", text))
    return tuple(dict.fromkeys(word for word in words if word))


def _add(looking: Looking) -> None:
    file = st.session_state.get(_FILE)
    pasted = st.session_state.get(_IDS) or ""
    text = pasted if file is None else f"{pasted}\n{file.getvalue().decode('utf-8', 'replace')}"
    name = st.session_state.get(_NAME) or (PurePath(file.name).stem if file is not None else "")
    listed = identifiers(text)[:_MOST]
    index = looking.cohort.patients.index
    known = tuple(word for word in listed if word in index)
    if not known:
        sentence = (
            f"None of the {len(listed):,} words is the identifier of a patient of this cohort."
            if listed
            else "Paste identifiers of patients first."
        )
        st.session_state[_SAID] = (False, sentence)
        return
    held = Filter(All((Patients(known),)))
    try:
        kept = save_filter(
            Looking(looking.key, looking.cohort, held, held.apply(looking.cohort)), name
        )
    except GroupingError:
        st.session_state[_SAID] = (False, "Give the list a name first.")
        return
    _compare(looking, kept, known)
    missing = len(listed) - len(known)
    not_found = f"; {missing:,} words are no patient of this cohort" if missing else ""
    sentence = f"{kept}: {count(len(known), 'patient')} found{not_found}."
    st.session_state[_SAID] = (True, sentence)
    st.session_state[_NAME] = st.session_state[_IDS] = ""


def _compare(looking: Looking, kept: str, known: tuple[str, ...]) -> None:
    """Choose the lists of this session; one alone is set against everyone else."""
    filters = saved_filters(looking)
    lists = [
        name
        for name, held in filters.items()
        if name not in (REST, kept) and names_patients(held.root)
    ]
    rest = None if lists else Filter(All((Not(Patients(known)),)))
    put_filters(looking, {REST: rest})
    chosen = [*lists, kept] if lists else [kept, REST]
    st.session_state[FILTERS_CHOSEN] = chosen
    keep_choices({GROUP: FILTERS})
