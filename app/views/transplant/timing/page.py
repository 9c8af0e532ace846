"""When: life by the delay of the transplant and by class, and the delay with the longest life."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.transplant import NEVER, Microsimulation
from app.shell.layout import bullets, words_header
from app.shell.tables import draw_table
from app.study.wording import count
from app.views.transplant.answer_views import DELAYS, supported_classes
from app.views.transplant.figures import delay_heatmap
from app.views.transplant.figures_gain import life_figure
from app.views.transplant.page_parts import draw_figure, take_away, tell
from app.views.transplant.page_work import Work, delays, emulated
from app.views.transplant.timing._literature import REFERENCES, literature_reading
from app.views.transplant.words import delays_in_words

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
    month = f"month {found.settings.horizon:g}"
    patients = count(work.protocol.data.n, "patient")
    title = f"Life gained by {month}, {patients}"
    st.caption(_ESTIMANDS)
    sentences = delays_in_words(found)
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            delay_heatmap(found),
            title,
            lambda: found.cells,
            key="delays",
            alt=f"Heat map. {title}. {' '.join(sentences)}",
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
    curves = _draw_curves(found, f"Life until {month} by delay, {patients}", sentences)
    _draw_literature(work)
    with st.expander("Every cell, and how it was simulated"):
        draw_table(_cells(found), key="transplant_cells")
        bullets((found.method, *found.notes))
    figures = {"Figure": figure, "Curves": curves}
    sheets = {"Life by delay": found.cells, "Differences": found.differences}
    tell(work, DELAYS, found)
    take_away(work, "delays", figures, lambda: sheets, simulation=found)


def _draw_curves(found: Microsimulation, title: str, sentences: list[str]) -> go.Figure:
    """Life itself by delay."""
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            life_figure(found, supported_classes(found)),
            title,
            lambda: found.cells,
            key="life",
            name=("life by delay",),
            alt=f"Line chart. {title}. {' '.join(sentences)}",
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
