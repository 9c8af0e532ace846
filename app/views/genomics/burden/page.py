"""How many alterations a patient has."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.shell.columns import columns, counted, pinned, two_decimals
from app.shell.memory import ask, result_or_reason
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.views.genomics.burden.analysis import Burden
from app.views.genomics.page_controls import draw_groups, draw_kinds


def draw_burden(looking: Looking) -> None:
    """Draw the controls, the distribution and what it says."""
    left, right = st.columns([5, 6], vertical_alignment="bottom")
    with left:
        kinds = draw_kinds(looking)
    with right:
        chosen = draw_groups(looking)
    question = ask(looking, "genomics.burden", {"kinds": kinds}, chosen.spec, chosen.arrangement)
    result: Burden | None = result_or_reason(question)
    if result is None:
        return
    answer = answer_of(question, looking.cohort, result)
    show(answer, frame())
    plain = partial(st.column_config.NumberColumn, format="%g")
    draw_table(
        result.summary,
        key="burden_table",
        column_order=("group", "patients", "mean", "median", "q1", "q3", "most", "none"),
        column_config=columns(
            "patients",
            group=pinned("Group"),
            mean=two_decimals("Mean"),
            median=plain("Median"),
            q1=plain("Quartiles"),
            q3=plain("to"),
            most=st.column_config.NumberColumn("Most", format="%d"),
            none=counted("None"),
        ),
    )
    take_away(answer, question)
