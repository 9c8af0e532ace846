"""The parts of the home page."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.shell import navigation as pages
from app.shell.layout import figure_with_downloads
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.sidebar import show_view
from app.shell.story.adding import draw_adding
from app.study.analyses import answer_of
from app.study.answer import Answer
from app.study.question import Question
from app.study.wording import count, listing
from app.views.data.page_uploading import has_just_loaded
from app.views.home.analysis import Glance
from app.views.home.answer import ALTERATIONS, disease_numbers
from app.views.home.page_questions import questions


def draw_glance(looking: Looking) -> tuple[Answer, Question]:
    """Bars of the disease and of the most frequent alterations; what they answer."""
    question = ask(looking, "home.glance", {})
    result = result_of(question)
    answer = answer_of(question, looking.cohort, result)
    left, right = st.columns(2, gap="large")
    with left:
        _draw_diseases(looking, result, answer, question)
    with right:
        _draw_alterations(result, answer, question)
    return answer, question


def _draw_diseases(looking: Looking, result: Glance, answer: Answer, question: Question) -> None:
    if not result.diseases:
        st.info("No diagnosis column was recognised; the Data page lists what was read.")
    for position, grouping in enumerate(result.diseases):
        figure_with_downloads(
            answer.figures[grouping.label](),
            partial(disease_numbers, grouping),
            key=f"disease_{position}",
            name=(grouping.label,),
            alt=f"Bars. {answer.sentences[position]}",
            beside=partial(draw_adding, answer, question, grouping.label),
        )
        left_out = [f"{number:,} {why}" for why, number in grouping.left_out.items()]
        if left_out:
            patients = count(looking.selection.n, "patient")
            st.caption(f"Of {patients}, without a bar: {listing(left_out)}.")


def _draw_alterations(result: Glance, answer: Answer, question: Question) -> None:
    if ALTERATIONS not in answer.figures:
        st.info("No alteration was found in these patients.")
        return
    figure_with_downloads(
        answer.figures[ALTERATIONS](),
        lambda: result.frequencies,
        key="alterations",
        name=("alterations",),
        alt=f"Bars. {answer.sentences[-1]}",
        beside=partial(draw_adding, answer, question, ALTERATIONS),
    )


def draw_questions(looking: Looking, most: int | None = None) -> None:
    """Cards that open a page with everything set; the first of them where ``most`` says so."""
    cards = questions(looking.cohort, looking.key)[:most]
    place = st.container(key="small_charts_questions")
    # Row by row: on a phone they follow each other in their order, and none fills a gap below it.
    columns = [column for _ in range(0, len(cards), 3) for column in place.columns(3)]
    for position, question in enumerate(cards):
        with columns[position].container(border=True, height="stretch"):
            st.markdown(f"**{question.title}**")
            st.caption(question.answer_with)
            view = question.view
            if not looking.filter.is_empty and view.filter != looking.filter:
                st.caption(f"Replaces your filter by: {view.filter.describe(looking.cohort)}.")
            if st.button(
                "Show me",
                key=f"question_{position}",
                icon=":material/arrow_forward:",
                on_click=show_view,
                args=(view.cohort, view.filter, view.settings),
            ):
                # Nothing is passed on: the widgets write themselves into the new address.
                st.switch_page(_PAGES[view.page], query_params={})


def draw_next(looking: Looking) -> None:
    """What to ask of a cohort that was loaded just now."""
    if has_just_loaded() and questions(looking.cohort, looking.key):
        st.markdown("**What to ask first**")
        draw_questions(looking, 3)


_PAGES = {
    "compare": pages.COMPARE,
    "patient": pages.PATIENT,
    "prognosis": pages.PROGNOSIS,
    "survival": pages.SURVIVAL,
    "subgroups": pages.SUBGROUPS,
    "transplant": pages.TRANSPLANT,
}
