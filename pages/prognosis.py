import streamlit as st

from app.shell.controls.views import draw_view_choice
from app.shell.layout import nobody_selected, page_header


def show() -> None:
    looking = page_header("Prognosis", "How do published scores and classifications fit them?")
    draw = draw_view_choice("prognosis")
    if nobody_selected(looking):
        return
    draw(looking)
    st.caption("Scores and classifications here are a research tool, not a diagnosis.")


if __name__ == "__main__":
    show()
