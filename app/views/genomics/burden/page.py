"""How many alterations a patient has."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.cohort.colours import BLUE
from app.shell.columns import columns, counted, pinned, two_decimals
from app.shell.layout import figure_with_downloads
from app.shell.session import Looking
from app.shell.tables import draw_table
from app.shell.take_away import TakeAway, draw_take_away
from app.study.figures.theme import framed
from app.study.wording import count, listing, mid_sentence
from app.views.genomics.burden.analysis import Burden, burden_reading, mutation_burden
from app.views.genomics.frequencies.figures import burden_figure
from app.views.genomics.page_controls import draw_groups, draw_kinds
from app.views.genomics.script import burden_script
from app.views.genomics.words_methods import burden_methods
from data_loaders.model import FEATURE_KINDS


def draw_burden(looking: Looking) -> None:
    """Draw the controls, the distribution and what it says."""
    left, right = st.columns([5, 6], vertical_alignment="bottom")
    with left:
        kinds = draw_kinds(looking)
    with right:
        chosen = draw_groups(looking)
    try:
        found = mutation_burden(
            looking.cohort, looking.selection.mask, kinds, BLUE, grouping=chosen.grouping
        )
    except ValueError as error:
        st.info(str(error))
        return
    title = _title(found)
    names = listing([FEATURE_KINDS[kind] for kind in kinds]).capitalize()
    figure = framed(
        burden_figure(found.shares, found.colours, of=f"{names} altered, a patient"),
        title,
        synthetic=looking.synthetic,
    )
    chart, words = st.columns([7, 5], gap="large")
    with chart:
        figure_with_downloads(
            figure,
            lambda: found.shares,
            key="genomics_burden",
            name=("alterations", "a", "patient"),
            alt=f"{title}. {' '.join(burden_reading(found))}",
        )
    with words:
        st.subheader("In words", anchor=False)
        st.markdown("\n".join(f"- {sentence}" for sentence in burden_reading(found)))
        plain = partial(st.column_config.NumberColumn, format="%g")
        draw_table(
            found.summary,
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
        if found.left_out:
            reasons = [f"{number:,} {reason}" for reason, number in found.left_out.items()]
            st.caption(f"In no group: {', '.join(reasons)}.")
    draw_take_away(
        looking,
        TakeAway(
            key="genomics_burden",
            name=("alterations", "a", "patient"),
            figures={"Figure": figure},
            sheets=lambda: {"Summary": found.summary, "Distribution": found.shares},
            methods=burden_methods(found, looking.selection),
            script=partial(burden_script, found, looking.cohort, looking.filter, chosen),
        ),
    )


def _title(found: Burden) -> str:
    by = f" by {mid_sentence(found.label)}" if found.label else ""
    return f"Number of alterations a patient{by}, {count(found.analysed, 'patient')}"
