"""Restricted mean over time: how long the event is put off, whatever the horizon."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.shell.controls.choice import toggle
from app.shell.controls.curve_options import draw_time_options, draw_truncated
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.controls.grouping import draw_grouping
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.study.question import Question
from app.views.survival.means.analysis import MeansOverTime
from app.views.survival.means.answer import means_table
from app.views.survival.page_immortal_time import immortal_time_guard


def draw_means(looking: Looking) -> None:
    """Draw the controls, the means and their differences, what they say and what to take away."""
    question = _question(looking)
    result: MeansOverTime = result_of(question)
    answer = answer_of(question, looking.cohort, result)
    show(answer, frame())
    if result.longest:
        st.subheader("In numbers", anchor=False)
        draw_table(means_table(result, question.shown["unit"]), key="means_table")
    take_away(answer, question)


def _question(looking: Looking) -> Question:
    """Draw the controls; what they ask, and how it is to be drawn."""
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        endpoint = draw_endpoint_choice(looking.cohort)
    below = st.container()
    with right.popover("Options", icon=":material/tune:", width="stretch"):
        time = draw_time_options()
        truncated = draw_truncated(looking.cohort, endpoint)
        band = toggle("Draw the band", "band", value=True)
    with middle:
        chosen = draw_grouping(looking, endpoint, limit=time.limit, below=below, followed=True)
    immortal_time_guard(looking, chosen.grouping, endpoint, str(chosen.spec or ""))
    settings = {"endpoint_key": endpoint, "limit": time.limit, "truncated": truncated}
    question = ask(looking, "survival.means", settings, chosen.spec, chosen.arrangement)
    return replace(question, shown={"unit": time.unit, "band": band})
