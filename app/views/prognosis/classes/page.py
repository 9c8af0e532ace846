"""WHO 2022 against ICC 2022: who is what, by which evidence, and what would decide."""

from __future__ import annotations

import streamlit as st

from app.cohort.classification import DISEASES
from app.shell.controls.choice import pick, toggle
from app.shell.memory import ask, result_of
from app.shell.session import Looking
from app.shell.show import frame, show, take_away
from app.shell.tables import draw_table
from app.study.analyses import answer_of
from app.views.prognosis.classes.analysis import TwoClassifications, without_list
from app.views.prognosis.classes.answer import entities_table, missing_table
from data_loaders.wording import listing

_STATED = "As the file says"
_NONE = (
    "None of these patients has a diagnosis of MDS, AML, CMML or MPN, for which there are lists of "
    "WHO 2022 and ICC 2022. Where all of them have one of these, choose it above."
)
_OTHERS = (
    "WHO 2022 and ICC 2022 are compared here for myeloid neoplasms: MDS, AML, CMML and MPN. These "
    "patients have {}, which this view does not classify."
)


def draw_classes(looking: Looking) -> None:
    """Draw the controls, both classifications beside each other, evidence and what is missing."""
    others = without_list(looking.cohort, looking.selection.mask)
    if others:
        st.info(_OTHERS.format(listing(list(others))))
        return
    left, right = st.columns([4, 8], vertical_alignment="bottom")
    with left:
        disease = pick("Disease", (_STATED, *DISEASES), "classes_disease")
    with right:
        absent = toggle(
            "Count as absent what the cohort has no column of",
            "unrecorded_absent",
            help="An assumption: genes and chromosomal events that nothing in this cohort shows. "
            "Without it they are unknown, and the entities that they could change stay open.",
        )
    settings = {
        "disease": None if disease == _STATED else disease,
        "unrecorded_absent": absent,
    }
    question = ask(looking, "prognosis.classes", settings)
    result: TwoClassifications = result_of(question)
    if not result.n:
        st.info(_NONE)
        return
    answer = answer_of(question, looking.cohort, result)
    show(answer, frame())
    st.subheader("Entities", anchor=False)
    draw_table(entities_table(result), key="prognosis_entities")
    _draw_evidence(result)
    _draw_missing(result)
    take_away(answer, question)


def _draw_evidence(result: TwoClassifications) -> None:
    """How often each fact was evidence for one entity."""
    table = result.evidence
    if table.empty:
        return
    st.subheader("Evidence", anchor=False)
    options = {
        f"{which}: {entity}": (which, entity)
        for which, entity in zip(table["classification"], table["entity"], strict=True)
    }
    chosen = options[pick("Entity", sorted(options, reverse=True), "evidence_of")]
    own = table[(table["classification"] == chosen[0]) & (table["entity"] == chosen[1])]
    draw_table(
        own[["patients", "evidence"]].rename(columns={"evidence": "Fact", "patients": "Patients"}),
        key="prognosis_evidence",
    )


def _draw_missing(result: TwoClassifications) -> None:
    """What would decide those who are not."""
    if result.missing.empty:
        return
    st.subheader("Not decided", anchor=False)
    for which in (result.who, result.icc):
        table = missing_table(result, which)
        if len(table):
            st.markdown(f"**{which.label}**")
            draw_table(table, key=f"prognosis_missing_{which.key}")
