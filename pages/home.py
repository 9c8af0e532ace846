import streamlit as st

from app.shell.layout import draw_provenance, nobody_selected, page_header
from app.shell.show import take_away
from app.views.cohort.overview.page import draw_selection_tiles
from app.views.home.page import draw_glance, draw_questions


def show() -> None:
    looking = page_header(
        "The cohort at a glance", "Who is in it, how long they were followed, what they carry."
    )
    if nobody_selected(looking):
        return
    draw_selection_tiles(looking)
    glance = draw_glance(looking)

    st.subheader("Start from a question", anchor=False)
    draw_questions(looking)
    take_away(*glance, steps=False)
    draw_provenance(looking)


if __name__ == "__main__":
    show()
