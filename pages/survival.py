import streamlit as st

from app.shell.controls.endpoint import draw_view_choice
from app.shell.layout import nobody_selected, page_header
from app.views.survival.cox.page import draw_models
from app.views.survival.curves.page import draw_curves
from app.views.survival.during.page import draw_during_follow_up
from app.views.survival.incidence.page import draw_incidence
from app.views.survival.means.page import draw_means
from app.views.survival.page_immortal_time import DURING_VIEW
from app.views.survival.screen.page import draw_screen

VIEWS = {
    "Survival curves": draw_curves,
    "Restricted mean over time": draw_means,
    "Competing risks": draw_incidence,
    "Cox model": draw_models,
    "Screen": draw_screen,
    DURING_VIEW: draw_during_follow_up,
}


def show() -> None:
    looking = page_header("Survival", "How long until the event, and do groups differ?")
    if not looking.cohort.endpoints:
        st.info(
            "This cohort has no endpoint: survival needs a column with a time and one with the "
            "event, such as os_months and os_event. The Data page lists what was read."
        )
        return
    view = draw_view_choice(list(VIEWS))
    if nobody_selected(looking):
        return
    VIEWS[view](looking)


if __name__ == "__main__":
    show()
