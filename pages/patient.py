import streamlit as st

from app.shell.layout import nobody_selected, page_header
from app.views.patient.page import draw_one_patient
from app.views.patient.swimmer.page import draw_swimmer

VIEWS = {"One patient": draw_one_patient, "Swimmer plot": draw_swimmer}


def show() -> None:
    looking = page_header(
        "Patient", "What happened to one patient, who is like them, and how did those do?"
    )
    view = st.segmented_control(
        "View",
        list(VIEWS),
        default="One patient",
        required=True,
        key="patients",
        bind="query-params",
        label_visibility="collapsed",
    )
    if nobody_selected(looking):
        return
    VIEWS.get(view, draw_one_patient)(looking)


if __name__ == "__main__":
    show()
