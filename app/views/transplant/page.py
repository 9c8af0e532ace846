"""The frame of the transplant page: whom it is about, the question, the answer in a sentence."""

from __future__ import annotations

import streamlit as st

from app.cohort.escaping import literal
from app.cohort.filters import Filter
from app.shell.controls.views import draw_view_choice
from app.shell.layout import bullets
from app.shell.session import Looking
from app.shell.sidebar import show_view
from app.study.transplants.choices import survival_endpoints, why_no_transplant
from app.views.transplant.defaults import suggest
from app.views.transplant.page_question import draw_question
from app.views.transplant.page_work import (
    Work,
    draw_status,
    emulated,
    has_intervals,
    start_work,
    timed,
    unknown_cases,
)
from app.views.transplant.words import (
    HYPOTHESES,
    by_class,
    caution,
    headline,
    heavy_in_words,
    horizons_in_words,
    left_out_in_words,
)
from app.views.transplant.words_trust import simulation_error, support_reading, unknown_in_words

_EXAMPLE = "demo:mds"
# Intervals come later: the sentence that holds them has its room from the start. On a phone the
# button that stops them stays beside the bar, where it can be seen.
_PLACES = """<style>
.st-key-transplant_answer {min-height: 13rem;}
.st-key-transplant_status [data-testid=stHorizontalBlock] {flex-wrap: nowrap;}
.st-key-transplant_status [data-testid=stColumn] {min-width: 0;}
@media (max-width: 640px) {
  .st-key-transplant_answer {min-height: 24rem;}
  .st-key-transplant_status {height: 5rem !important;}
}
</style>"""


def draw_transplant(looking: Looking) -> None:
    """The page below its header."""
    suggestion = suggest(looking.cohort, looking.filter)
    if suggestion is None:
        _say_what_is_needed(looking)
        return
    st.html(_PLACES)
    draw = draw_view_choice("transplant")
    # Not a popover: the browser would draw its controls only when it is opened, and until then hold
    # them to what they were before a question from Home or another cohort set them.
    with st.expander("Change the question", icon=":material/tune:", key="transplant_question"):
        trial = draw_question(looking, suggestion)
    try:
        work = start_work(looking, trial)
    except ValueError as error:
        st.info(str(error))
        return
    answer = st.container(border=True, key="transplant_answer")
    draw(work)
    with answer:
        _draw_answer(work)


def _say_what_is_needed(looking: Looking) -> None:
    if not survival_endpoints(looking.cohort):
        needed = "a survival in which death is an event, such as os_months and os_event"
    else:
        needed = (
            "a column with the time of transplant in months, such as transplant_months (empty for "
            "who was never transplanted)"
        )
    st.info(
        why_no_transplant(looking.cohort)
        or f"{looking.cohort.name} records no transplant that could be analysed: that needs "
        f"{needed}."
    )
    st.button(
        "Show it on the simulated MDS cohort",
        key="transplant_example",
        icon=":material/arrow_forward:",
        type="primary",
        on_click=show_view,
        args=(_EXAMPLE, Filter(), {}),
    )


def _draw_answer(work: Work) -> None:
    """The answer in a sentence, how certain it is, and what it is not."""
    try:
        found = emulated(work)
    except ValueError as error:
        st.markdown(str(error))
        return
    first, *others = headline(found, timed(work))
    st.markdown(first)
    left_out = left_out_in_words(work.protocol.kinds)
    bullets(filter(None, [*others, by_class(found), left_out, caution(found)]))
    with st.expander("What this rests on"):
        bullets(map(literal, support_reading(found)))
        bullets(
            filter(
                None,
                [
                    heavy_in_words(found),
                    *horizons_in_words(found),
                    unknown_in_words(found, unknown_cases(work)),
                    simulation_error(found),
                ],
            )
        )
    st.caption(HYPOTHESES)
    draw_status(work)
    if not found.settings.draws and has_intervals(work):
        # They arrived while the page was drawn, and what stands above is without them.
        st.rerun()
