"""When: life by the delay of the transplant and by class, and the delay with the longest life."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.analysis.transplant import NEVER, Microsimulation
from app.shell.layout import bullets
from app.shell.tables import draw_table
from app.study.wording import count
from app.views.transplant.figures import delay_heatmap
from app.views.transplant.figures_gain import life_figure
from app.views.transplant.page_parts import draw_figure, take_away
from app.views.transplant.page_work import Work, delays, emulated
from app.views.transplant.timing.literature import REFERENCES, literature_reading
from app.views.transplant.words import best_delays


def draw_timing(work: Work) -> None:
    """The heat map of gained life, and the best delay of each class with its interval."""
    try:
        found = delays(work)
    except ValueError as error:
        st.info(f"Life by delay cannot be simulated from these data: {error}")
        return
    years = f"{work.trial.horizon_months / 12:g}"
    patients = count(work.protocol.data.n, "patient")
    title = f"Life gained in {years} years, {patients}"
    sentences = best_delays(found)
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
        st.subheader("In words", anchor=False)
        bullets(sentences)
        settings = found.settings
        st.caption(
            f"Months gained over no transplant. A cell needs {settings.min_patients} transplants "
            f"within {settings.near:g} months of its delay and {settings.min_events} deaths after "
            "a transplant in its class; elsewhere it is grey: the model would only extrapolate."
        )
    curves = _draw_curves(found, f"Life in {years} years by delay, {patients}", sentences)
    _draw_literature(work)
    with st.expander("Every cell, and how it was simulated"):
        draw_table(_cells(found), key="transplant_cells")
        bullets((found.method, *found.notes))
    figures = {"Figure": figure, "Curves": curves}
    sheets = {"Life by delay": found.cells, "Best delay": found.best}
    take_away(work, "delays", figures, lambda: sheets, simulation=found)


def _draw_curves(found: Microsimulation, title: str, sentences: list[str]) -> go.Figure:
    """Life itself by delay, the best delay of each class marked with its interval."""
    supported = found.cells[(found.cells["delay"] != NEVER) & found.cells["supported"]]
    classes = tuple(name for name in found.groups if name in set(supported["group"]))
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = draw_figure(
            life_figure(found, classes or None),
            title,
            lambda: found.cells,
            key="life",
            name=("life by delay",),
            alt=f"Line chart. {title}. {' '.join(sentences)}",
        )
    with right:
        st.caption(
            "Star: the delay with the longest life; grey bar: 95% of the draws put it there. "
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
        "These gains are of the emulated trial; map and curves above are of the multi-state model, "
        "which takes hazards to be proportional and so says more on the same patients. Where the "
        "two disagree, neither is settled."
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
