"""Coverage: which scores can be computed, and which inputs feed them."""

from __future__ import annotations

import streamlit as st

from app.cohort.scores import SCORES, score
from app.shell.controls.choice import pick
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.views.prognosis.coverage.answer import coverage_table
from app.views.prognosis.coverage.page_correcting import draw_correcting

_NONE = (
    "None of the scores computed here is made for a disease of these patients: they cover MDS, "
    "AML, CMML, myelofibrosis, essential thrombocythaemia, CML, CLL and lymphomas."
)


def draw_coverage(looking: Looking) -> None:
    """Draw the share of patients with a certain class, what is missing, and each score's inputs."""
    question = ask(looking, "prognosis.coverage", {})
    result = result_of(question)
    if result.table.empty:
        st.info(_NONE)
        return
    answer = answer_of(question, looking.cohort, result)
    show(answer, frame())
    draw_table(coverage_table(result), key="prognosis_coverage_table")
    st.subheader("What feeds a score", anchor=False)
    labels = {key: SCORES[key].label for key in result.table["key"]}
    chosen = pick("Score", labels, "inputs_of", labels=labels)
    inputs = score(looking.cohort, chosen).inputs
    draw_table(
        inputs[["label", "column", "unit", "conversion", "n_known"]].rename(
            columns={
                "label": "Input",
                "column": "Column",
                "unit": "Unit",
                "conversion": "Conversion",
                "n_known": "Known in",
            }
        ),
        key="prognosis_inputs",
    )
    draw_correcting(looking, chosen, inputs)
    take_away(answer, question)
