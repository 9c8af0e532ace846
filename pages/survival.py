import streamlit as st

from app.ui.immortal_time import DURING_VIEW
from app.ui.layout import nobody_selected, page_header
from app.ui.survival import draw_view_choice
from app.ui.survival_views.curves import draw_curves
from app.ui.survival_views.during_follow_up import draw_during_follow_up
from app.ui.survival_views.incidence import draw_incidence
from app.ui.survival_views.models import draw_models
from app.ui.survival_views.screen import draw_screen

VIEWS = {
    "Survival curves": draw_curves,
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
