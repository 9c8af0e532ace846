import streamlit as st

from app.shell.layout import nobody_selected, page_header
from app.shell.session import Looking
from app.views.cohort.builder.page import draw_builder
from app.views.cohort.overview.page import (
    draw_attrition,
    draw_completeness,
    draw_pictures,
    draw_selection_tiles,
)
from app.views.cohort.saved.page import draw_saved
from app.views.cohort.table_one.page import draw_table_one


def draw_who(looking: Looking) -> None:
    if not nobody_selected(looking):
        draw_selection_tiles(looking)
        draw_pictures(looking)


def draw_table(looking: Looking) -> None:
    if not nobody_selected(looking):
        draw_table_one(looking)


def draw_filter(looking: Looking) -> None:
    draw_builder(looking)
    st.subheader("Saved filters", anchor=False)
    draw_saved(looking)


def draw_known(looking: Looking) -> None:
    if not nobody_selected(looking):
        draw_completeness(looking)


TABS = {
    "Who they are": draw_who,
    "Table one": draw_table,
    "Filter builder": draw_filter,
    "Step by step": draw_attrition,
    "Completeness": draw_known,
}


def show() -> None:
    looking = page_header("Cohort", "Who is in it, what do they carry, and how do groups differ?")
    places = st.tabs(list(TABS), key="cohort_tabs", on_change="rerun")
    for place, draw in zip(places, TABS.values(), strict=True):
        if place.open:
            with place:
                draw(looking)


if __name__ == "__main__":
    show()
