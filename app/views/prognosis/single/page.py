"""One score: survival by its classes, with the published medians beside."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.shell.controls.choice import pick
from app.shell.controls.curve_options import draw_time_options, draw_truncated
from app.shell.controls.endpoint import draw_endpoint_choice
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.views.prognosis.scales import scale_options
from app.views.prognosis.single.answer import classes_table

NO_SCALE = (
    "No score can be computed for 10 patients of this cohort, and the file holds no risk class. "
    "The view Coverage says what each score lacks."
)


def draw_single(looking: Looking) -> None:
    """Draw the controls, the curves by class, and observed beside published survival."""
    options = scale_options(looking.cohort, classes=True)
    if not options or not looking.cohort.endpoints:
        st.info(NO_SCALE if not options else "Curves need an endpoint, and this cohort has none.")
        return
    left, middle, right = st.columns([5, 5, 3], vertical_alignment="bottom")
    with left:
        scale = pick("Score", options, "scale_of_one", labels=options)
    with middle:
        endpoint = draw_endpoint_choice(looking.cohort)
    with right.popover("Options", icon=":material/tune:", width="stretch"):
        time = draw_time_options()
        truncated = draw_truncated(looking.cohort, endpoint)
    settings = {
        "scale": scale, "endpoint_key": endpoint, "limit": time.limit, "truncated": truncated,
    }  # fmt: skip
    question = replace(ask(looking, "prognosis.single", settings), shown={"unit": time.unit})
    result = result_of(question)
    answer = answer_of(question, looking.cohort, result)
    show(answer, frame())
    if len(result.classes):
        heading = "Observed and published" if result.compared else "By class"
        st.subheader(heading, anchor=False)
        draw_table(classes_table(result, time.unit), key="prognosis_classes")
    take_away(answer, question)
