"""Which alterations occur together and which avoid each other."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.shell.columns import PRINTED, columns, counted, pinned
from app.shell.controls.choice import number, pick
from app.shell.memory import ask, result_or_reason
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.views.genomics.page_controls import draw_kinds
from app.views.genomics.pairs.analysis import MIN_ALTERED, PairScreen

EVERY = "All pairs"
_NUMBERS = [10, 15, 20, 25, 30, 40]
_COLUMNS = (
    *("label_a", "label_b", "odds_ratio", "lower", "upper", "p_value", "q_value", "tested"),
    *("both", "a_only", "b_only", "neither"),
)


def draw_pairs(looking: Looking) -> None:
    """Draw the controls, the triangle, the table and what they say."""
    left, middle, right = st.columns([5, 3, 3], vertical_alignment="bottom")
    with left:
        kinds = draw_kinds(looking)
    with middle:
        most = pick("The most frequent", _NUMBERS, "pairs_most", default=20)
    with right:
        label = "Altered in at least, patients"
        floor = number(label, "pairs_floor", value=MIN_ALTERED, least=1)
    settings = {"kinds": kinds, "most": most, "min_altered": int(floor or 1)}
    question = ask(looking, "genomics.pairs", settings)
    result: PairScreen | None = result_or_reason(question)
    if result is None:
        return
    place = frame()
    about = pick(
        "What goes with, what avoids", ["", *result.features], "pairs_about",
        labels={"": EVERY, **result.features}, place=place.words,
    )  # fmt: skip
    question = replace(question, shown={"about": about})
    answer = answer_of(question, looking.cohort, result)
    show(answer, place)
    draw_table(
        result.about(about) if about in result.features else result.table,
        key="pairs_table",
        height=360,
        column_order=_COLUMNS,
        column_config=columns(
            *("odds_ratio", "lower", "upper", "p_value", "q_value", "tested"),
            label_a=pinned("A"),
            label_b=pinned("B"),
            both=counted("Both"),
            a_only=counted("Only A"),
            b_only=counted("Only B"),
            neither=counted("Neither"),
        ),
        printed=PRINTED,
    )
    take_away(answer, question)
