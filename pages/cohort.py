import streamlit as st

from app.ui.cohort_overview import (
    draw_attrition,
    draw_completeness,
    draw_pictures,
    draw_selection_tiles,
)
from app.ui.cohort_saved import draw_saved
from app.ui.cohort_table import draw_table_one
from app.ui.filter_builder import draw_builder
from app.ui.layout import nobody_selected, page_header


def show() -> None:
    looking = page_header("Cohort", "Who is in it, what do they carry, and how do groups differ?")
    pictures, table, builder, steps, known = st.tabs(
        ["Who they are", "Table one", "Filter builder", "Step by step", "Completeness"],
        key="cohort_tabs",
        on_change="rerun",
    )
    if pictures.open:
        with pictures:
            if not nobody_selected(looking):
                draw_selection_tiles(looking)
                draw_pictures(looking)
    if table.open:
        with table:
            if not nobody_selected(looking):
                draw_table_one(looking)
    if builder.open:
        with builder:
            draw_builder(looking)
            st.subheader("Saved filters", anchor=False)
            draw_saved(looking)
    if steps.open:
        with steps:
            draw_attrition(looking)
    if known.open:
        with known:
            if not nobody_selected(looking):
                draw_completeness(looking)


show()
