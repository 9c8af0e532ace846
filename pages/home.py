import streamlit as st

from app.shell.layout import draw_provenance, nobody_selected, page_header
from app.views.cohort.overview.page import draw_selection_tiles
from app.views.home.page import draw_alterations, draw_diseases, draw_questions


def show() -> None:
    looking = page_header(
        "The cohort at a glance", "Who is in it, how long they were followed, what they carry."
    )
    if nobody_selected(looking):
        return
    draw_selection_tiles(looking)
    left, right = st.columns(2, gap="large")
    with left:
        draw_diseases(looking)
    with right:
        draw_alterations(looking)

    st.subheader("Start from a question", anchor=False)
    draw_questions(looking)
    draw_provenance(looking)


if __name__ == "__main__":
    show()
