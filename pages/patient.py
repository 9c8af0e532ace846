import streamlit as st

from app.shell.controls.views import draw_view_choice
from app.shell.layout import nobody_selected, page_header


def show() -> None:
    looking = page_header(
        "Patient", "What happened to one patient, who is like them, and how did those do?"
    )
    draw = draw_view_choice("patient")
    if not nobody_selected(looking):
        draw(looking)
        st.caption("What is of single patients stays here: it is no step of a story, no slide.")


if __name__ == "__main__":
    show()
