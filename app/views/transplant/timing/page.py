"""When: life by the delay of the transplant and by class, and the delay with the longest life."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.transplant import NEVER, Microsimulation
from app.shell.layout import bullets, words_header
from app.shell.story.adding import draw_adding
from app.shell.tables import draw_table
from app.study.answer import Answer
from app.views.transplant.answer_views import DELAYS
from app.views.transplant.page_parts import answered, draw_figure, take_away
from app.views.transplant.page_work import Work, delays, emulated
from app.views.transplant.timing._literature import REFERENCES, literature_reading

_ESTIMANDS = (
    "Two questions that are not the same. The emulated trial at the top: a transplant within a "
    "window against none, of all eligible, without a model of what follows. Here: a transplant in "
    "one month for who lives to it without progression, and none ever after progression, in a "
    "multi-state model that takes hazards to be proportional and so says more than was seen."
)


def draw_timing(work: Work) -> None:
    """The heat map of gained life, and what each class gains with its interval."""
    try:
        found = delays(work)
    except ValueError as error:
        st.info(f"Life by delay cannot be simulated from these data: {error}")
        return
    answer, question = answered(work, DELAYS, found)
    st.caption(_ESTIMANDS)
    sentences = answer.sentences
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            answer.figure, lambda: found.cells, sentences, key="delays", kind="Heat map"
        )
    with right:
        words_header(sentences)
        bullets(sentences)
        settings = found.settings
        st.caption(
            f"Months gained over no transplant, at the middle of each half year. A cell needs "
            f"{settings.min_patients} transplants within {settings.near:g} months of its delay and "
            f"{settings.min_events} deaths after a transplant in its class; elsewhere it is grey. "
            "All intervals here hold together: one of them excludes zero by chance in one of "
            "twenty such cohorts."
        )
    curves = _draw_curves(answer, found)
    _draw_literature(work)
    with st.expander("Every cell, and how it was simulated"):
        draw_table(_cells(found), key="transplant_cells")
        bullets((found.method, *found.notes))
    figures = {"Figure": figure, "Curves": curves}
    sheets = {"Life by delay": found.cells, "Differences": found.differences}
    draw_adding(answer, question)
    take_away(work, "delays", figures, lambda: sheets, simulation=found)


def _draw_curves(answer: Answer, found: Microsimulation) -> go.Figure:
    """Life itself by delay."""
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            answer.figures["Curves"](),
            lambda: found.cells,
            answer.sentences,
            key="life",
            kind="Line chart",
            name=("life by delay",),
        )
    with right:
        st.caption(
            "Dashed: life without a transplant. Classes in which no delay is supported are left "
            "out."
        )
    return figure


def _draw_literature(work: Work) -> None:
    """What these data support by IPSS-M class beside what decision models report."""
    try:
        sentences = literature_reading(emulated(work))
    except ValueError:
        return
    if not sentences:
        return
    st.subheader("Beside the literature", anchor=False)
    bullets(sentences)
    st.caption(
        "These gains are of the emulated trial. Where it and the model above disagree, neither is "
        "settled."
    )
    st.caption("  \n".join(REFERENCES))


def _cells(found: Microsimulation) -> pd.DataFrame:
    """Life and gain of every cell, in months."""
    cells = found.cells
    return pd.DataFrame(
        {
            "Class": cells["group"],
            "Delay, months": [
                "no transplant" if delay == NEVER else f"{delay:g}" for delay in cells["delay"]
            ],
            "Life": cells["life"].round(1),
            "Gain": cells["gain"].round(1),
            "from": cells["gain_lower"].round(1),
            "to": cells["gain_upper"].round(1),
            "Transplants near": cells["n_near"],
            "Deaths": cells["events"],
            "Supported": cells["supported"],
        }
    )
