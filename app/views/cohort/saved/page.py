"""Saved filters on the Cohort page: use, edit, combine, and see how they overlap."""

from __future__ import annotations

import json
from dataclasses import replace

import streamlit as st

from app.cohort.filters import Filter, FilterError
from app.cohort.groupings import MAX_NAME, POLICY, Combination, combined
from app.shell.controls.choice import choice
from app.shell.memory import ask, result_of
from app.shell.saved_filters import draw_save_filter, put_filters, saved_filters
from app.shell.session import Looking
from app.shell.show import show_figure
from app.shell.sidebar import put_filter
from app.study.analyses import answer_of
from app.study.wording import capitalised, count
from app.views.cohort.builder.page import COMBINED, edit_filter, save_under_name, say_saved

_HOW, _NAME = "saved_how", "combination_name"
_SAID = "_combination_said"
_LABELS: dict[str, Combination] = {
    "Union": "union",
    "Intersection": "intersection",
    "Difference": "difference",
}
_MOST = 8


def draw_saved(looking: Looking) -> None:
    """The filters saved in this session, and what they make together."""
    held = saved_filters(looking)
    if not looking.filter.is_empty:
        draw_save_filter(looking)
    if not held:
        st.info(
            "No filter is saved yet: build one above, or narrow the selection, and save it under a "
            "name. Two saved filters can be combined and compared."
        )
        return
    _draw_list(looking, held)
    if len(held) > 1:
        _draw_combination(looking, held)


def _draw_list(looking: Looking, held: dict[str, Filter]) -> None:
    for position, (name, chosen) in enumerate(held.items()):
        try:
            selection = chosen.apply(looking.cohort)
        except FilterError as error:
            st.warning(f"{name}: {error}")
            continue
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{name}** · {count(selection.n, 'patient')}  \n{selection.sentence}")
            st.button(
                "Use", key=f"saved_use_{position}", on_click=put_filter, args=(looking, chosen)
            )
            st.button(
                "Edit", key=f"saved_edit_{position}", on_click=edit_filter,
                args=(looking, chosen), help="Put it into the builder",
            )  # fmt: skip
            st.button(
                "", key=f"saved_drop_{position}", icon=":material/delete:", type="tertiary",
                on_click=put_filters, args=(looking, {name: None}), help="Forget it",
            )  # fmt: skip


def _draw_combination(looking: Looking, held: dict[str, Filter]) -> None:
    st.subheader("Together", anchor=False)
    names = list(held)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.multiselect(
            "Saved filters, the first one first", names, names[-_MOST:], key=COMBINED,
            max_selections=_MOST,
            select_all=False,
        )  # fmt: skip
        how = choice("Combine as", _LABELS, _HOW, linked=False)
    if len(chosen) < 2:
        st.info("Choose two saved filters or more.")
        return
    picked = {name: held[name] for name in chosen}
    asked = json.dumps({name: one.to_dict() for name, one in picked.items()})
    question = replace(ask(looking, "cohort.overlap", {"filters": asked}), filter=Filter())
    found = result_of(question)
    answer = answer_of(question, looking.cohort, found)
    show_figure(answer, question)
    st.caption(
        f"{POLICY} In none of them: {found.outside:,}. Not known for at least one: "
        f"{found.unknown:,}."
    )
    made = combined(picked, _LABELS[how])
    selection = made.apply(looking.cohort)
    with st.container(border=True):
        st.markdown(f"**{how}: {count(selection.n, 'patient')}**")
        st.caption(f"{capitalised(selection.sentence)}.")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.button(
                "Use it", key="combination_use", type="primary", on_click=put_filter,
                args=(looking, made),
            )  # fmt: skip
            st.text_input(
                "Name", key=_NAME, max_chars=MAX_NAME, placeholder="Name to save it under",
                label_visibility="collapsed", width=220,
            )  # fmt: skip
            drafted = Looking(looking.key, looking.cohort, made, selection)
            st.button(
                "Save", key="combination_save", on_click=save_under_name,
                args=(drafted, _NAME, _SAID),
            )  # fmt: skip
    say_saved(_SAID)
