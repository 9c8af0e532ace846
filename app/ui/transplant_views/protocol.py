"""The protocol first: the target trial beside the data, and who is left at every step."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.analysis.transplant import Protocol
from app.charts.attrition import attrition_flow, attrition_in_words
from app.ui.layout import figure_with_downloads
from app.ui.session import looking_at
from app.ui.transplant_work import Work


def draw_protocol(work: Work) -> None:
    """The table that a reviewer reads, the flow of patients, and who followed each strategy."""
    protocol = work.protocol
    left, right = st.columns([7, 5], gap="large")
    with left:
        st.subheader("The trial one would run, and what these data can follow", anchor=False)
        table = protocol.table.rename(
            columns={"element": " ", "protocol": "The target trial", "data": "In these data"}
        )
        st.table(_escaped(table), hide_index=True, border="horizontal")
    with right:
        _draw_flow(protocol)
    st.subheader("Who followed each strategy", anchor=False)
    st.dataframe(_arms(protocol.arms), hide_index=True, key="transplant_arms")
    st.caption(
        "Every patient enters every strategy as a clone. Followed: transplanted in its window, or "
        "never transplanted. Departed: the clone is censored there and the others are weighted for "
        "it. Lost: followed no longer before the strategy was decided. Events are those of clones "
        f"that had not departed, by {work.trial.horizon_months:g} months."
    )


def steps_table(protocol: Protocol) -> pd.DataFrame:
    """n, transplants and events at every step, with headings for people."""
    return protocol.steps.rename(
        columns={
            "step": "Step",
            "n": "Patients",
            "left_out": "Left out",
            "transplanted": "Transplanted",
            "events": "Events",
        }
    )


def _draw_flow(protocol: Protocol) -> None:
    steps = protocol.steps
    flow = pd.DataFrame(
        {
            "clause": [
                f"{row.step}: {row.transplanted:,} transplants, {row.events:,} events"
                for row in steps.itertuples()
            ],
            "n": steps["n"],
            "excluded": steps["left_out"],
            "missing": 0,
        }
    )
    figure_with_downloads(
        attrition_flow(flow, synthetic=looking_at().synthetic),
        lambda: steps,
        key="transplant_flow",
        name=("transplant", "flow"),
        alt=attrition_in_words(flow),
    )


def _arms(arms: pd.DataFrame) -> pd.DataFrame:
    return arms.rename(
        columns={
            "strategy": "Strategy",
            "n": "Clones",
            "followed": "Followed it",
            "events": "Events",
            "deviated": "Departed",
            "lost": "Lost",
        }
    )


def _escaped(table: pd.DataFrame) -> pd.DataFrame:
    """Names from the data are text here, not markdown."""
    return table.map(lambda text: str(text).replace("_", r"\_").replace("*", r"\*"))
