"""Learn: immortal time made visible, and the planted truth over the estimates of the MDS demo."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from app.analysis.transplant import Emulation
from app.shell.layout import bullets
from app.shell.show import show_figure
from app.shell.story.adding import draw_adding
from app.shell.take_away import draw_slides
from app.study.question import Question
from app.study.wording import count
from app.views.transplant.answer_told import Truth
from app.views.transplant.answer_views import TRUTH
from app.views.transplant.learning.answer import immortal_answer
from app.views.transplant.learning.immortal import ImmortalTime, immortal_time
from app.views.transplant.learning.planted import planted_truth
from app.views.transplant.page_parts import answered, draw_figure, take_away
from app.views.transplant.page_work import Work, emulated

WAITED = "waited"
_LONGEST, _USUAL = 24, 9


def draw_learning(work: Work) -> None:
    """A slider of immortal time; below it, where it is known, the truth beside the estimates."""
    st.subheader("A transplant that does nothing", anchor=False)
    left, right = st.columns([7, 5], gap="large")
    with right:
        waited = st.slider(
            "Average wait for the transplant, months",
            0,
            _LONGEST,
            _USUAL,
            key=WAITED,
            bind="query-params",
        )
        found = immortal_time(float(waited))
        st.markdown(found.sentence)
        st.caption(
            f"Simulated: {count(found.n, 'patient')}, half of them meant for a transplant that "
            "changes nothing. Only the wait differs from one setting of the slider to the next; "
            "no real or demo data take part."
        )
    with left:
        _draw_immortal(found)
    try:
        emulation = emulated(work)
    except ValueError:
        return
    _draw_truth(work, emulation)


def _draw_immortal(found: ImmortalTime) -> None:
    settings = {"months_waited": found.months_waited}
    question = Question("", "", "transplant.immortal", settings=settings)
    answer = replace(immortal_answer(found), question=question)
    show_figure(answer, question)
    with st.container(horizontal=True, gap="small"):
        draw_slides(answer, "immortal_time_synthetic")


def _draw_truth(work: Work, emulation: Emulation) -> None:
    st.subheader("The planted truth beside the estimates", anchor=False)
    table = None
    if work.trial.time_zero is None:
        make = partial(planted_truth, work.looking.cohort, work.protocol, emulation)
        table = work.remembered("transplant truth", make, emulation.settings.draws)
    if table is None:
        st.caption(
            "Only a simulated cohort knows its truth: open the MDS demo to see how near the "
            "emulated trial comes to it."
        )
        return
    answer, question = answered(work, TRUTH, Truth(emulation, table))
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            answer.figure,
            lambda: table,
            answer.sentences,
            key="truth",
            kind="Forest plot",
            name=("planted truth",),
        )
    with right:
        bullets(answer.sentences)
        st.caption(
            "Months of life gained over no transplant. Diamond: what the model gives from which "
            "the cohort was simulated, for these very patients; square: what the emulated trial "
            "estimates from the data alone."
        )
    draw_adding(answer, question)
    take_away(work, "truth", {"Figure": figure}, lambda: {"Planted truth": table})
