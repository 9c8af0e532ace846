import streamlit as st

from app.shell.controls.endpoint import draw_view_choice
from app.shell.layout import nobody_selected, page_header
from app.views.prognosis.classes.page import draw_classes
from app.views.prognosis.coverage.page import draw_coverage
from app.views.prognosis.pair.page import draw_pair
from app.views.prognosis.single.page import draw_single

VIEWS = {
    "One score": draw_single,
    "Score against score": draw_pair,
    "WHO and ICC": draw_classes,
    "Coverage": draw_coverage,
}


def show() -> None:
    looking = page_header("Prognosis", "How do published scores and classifications fit them?")
    view = draw_view_choice(list(VIEWS))
    if nobody_selected(looking):
        return
    VIEWS[view](looking)
    st.caption("Scores and classifications here are a research tool, not a diagnosis.")


if __name__ == "__main__":
    show()
