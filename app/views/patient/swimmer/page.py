"""The swimmer plot of the selected patients."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.shell.controls.choice import choice, pick, toggle
from app.shell.layout import bullets
from app.shell.links import unique_labels
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import show_figure, take_away
from app.study.analyses import answer_of
from app.views.genomics.page_controls import draw_groups
from app.views.patient.swimmer.analysis import sort_options
from data_loaders import CohortError

_LANES = (20, 40, 60)
_SPREAD, _PAGED = "Spread over all", "Page by page"


def draw_swimmer(looking: Looking) -> None:
    """Draw the controls, the lanes and what they say."""
    cohort = looking.cohort
    try:
        options = sort_options(cohort)
    except CohortError as error:
        st.info(str(error))
        return
    labels = unique_labels(list(options), options.__getitem__)
    sort, colour, more = st.columns([5, 5, 3], vertical_alignment="bottom")
    with colour:
        chosen = draw_groups(looking)
    with sort:
        asked = pick("Sort by", labels, "swimmer_sort", labels=labels)
    with more, st.popover("Lanes", icon=":material/tune:", width="stretch", key="swimmer_more"):
        settings = _draw_lanes(looking, asked)
    question = ask(looking, "patient.swimmer", settings, chosen.spec, chosen.arrangement)
    try:
        answer = answer_of(question, cohort, result_of(question))
    except CohortError as error:
        st.info(str(error))
        return
    show_figure(answer)
    bullets(answer.sentences)
    st.caption(" ".join(answer.notes))
    take_away(answer, question)


def _draw_lanes(looking: Looking, sort: str) -> dict[str, Any]:
    lanes = choice("Lanes", _LANES, "swimmer_lanes", default=40)
    reverse = toggle("The other way round", "swimmer_reverse")
    which = choice(
        "Which patients",
        (_SPREAD, _PAGED),
        "swimmer_which",
        help="Spread: at even steps of the order, so that the whole selection is seen.",
    )
    page = None
    if which == _PAGED:
        pages = max(1, -(-looking.selection.n // lanes))
        if int(st.session_state.get("swimmer_page") or 1) > pages:
            st.session_state["swimmer_page"] = 1
        page = int(st.number_input("Page", 1, pages, 1, key="swimmer_page") or 1) - 1
    return {"sort": sort, "reverse": reverse, "lanes": lanes, "page": page}
