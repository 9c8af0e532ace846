"""Where patients are over time, and what each step between the states depends on."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from app.analysis.transplant import Occupancy, TransitionModels
from app.shell.layout import bullets, words_header
from app.shell.story.adding import draw_adding
from app.shell.tables import draw_table
from app.study.wording import format_ratio
from app.views.transplant.answer_views import STATES
from app.views.transplant.page_parts import answered, draw_figure, take_away, wrapped_table
from app.views.transplant.page_work import Work, fitted_transitions, states


def draw_states(work: Work) -> None:
    """Stacked occupancy, the transitions counted, and their Cox models."""
    try:
        found = states(work)
    except ValueError as error:
        st.info(str(error))
        return
    answer, question = answered(work, STATES, found)
    left, right = st.columns([7, 5], gap="large")
    sentences = answer.sentences
    with left:
        figure = draw_figure(
            answer.figure, lambda: found.table, sentences, key="states", kind="Stacked areas"
        )
    with right:
        words_header(sentences)
        bullets(sentences)
        counts = found.counts
        wrapped_table(
            pd.DataFrame(
                {
                    "From": counts["origin"],
                    "To": counts["target"],
                    "Moved": [f"{n:,}" for n in counts["n"]],
                }
            )
        )
        for note in found.notes:
            st.caption(note)
    st.subheader("What each step depends on", anchor=False)
    models = _draw_models(work)
    draw_adding(answer, question)
    take_away(work, "states", {"Figure": figure}, partial(_sheets, found, models))


def _draw_models(work: Work) -> TransitionModels | None:
    try:
        models = fitted_transitions(work)
    except ValueError as error:
        st.info(f"The models of the transitions: {error}")
        return None
    draw_table(_summary(models), key="transplant_transitions")
    with st.expander("How the models were made, and where events are few"):
        for note in models.notes:
            st.markdown(f"- {note}")
    return models


def _summary(models: TransitionModels) -> pd.DataFrame:
    """One row a transition and term, numbers as they stand in a paper."""
    table = models.summary
    ratios = zip(table["hr"], table["lower"], table["upper"], strict=True)
    return pd.DataFrame(
        {
            "Transition": table["transition"],
            "Clock": table["clock"],
            "Stays": table["n"],
            "Events": table["events"],
            "Per standard deviation or level of": table["term"],
            "HR (95% CI)": [format_ratio(*ratio) for ratio in ratios],
        }
    )


def _sheets(found: Occupancy, models: TransitionModels | None) -> dict[str, pd.DataFrame]:
    sheets = {"States": found.table, "Transitions": found.counts}
    if models is not None:
        sheets["Transition models"] = models.summary
    return sheets
