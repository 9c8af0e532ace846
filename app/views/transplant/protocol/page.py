"""The protocol first: the target trial beside the data, and who is left at every step."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.shell.layout import download, figure_with_downloads
from app.shell.story.adding import draw_adding
from app.study.files.tables import file_stem, source_line
from app.views.transplant.answer_views import FLOW
from app.views.transplant.page_parts import answered, sentences_table, take_away, wrapped_table
from app.views.transplant.page_work import Work, emulated, timed
from app.views.transplant.protocol.answer_document import Told, protocol_document, target_sheet
from app.views.transplant.words import (
    HYPOTHESES,
    by_class,
    caution,
    headline,
    heavy_in_words,
)
from app.views.transplant.words_methods import transplant_methods


def draw_protocol(work: Work) -> None:
    """The table that a reviewer reads, the flow of patients, and who followed each strategy."""
    protocol = work.protocol
    left, right = st.columns([7, 5], gap="large")
    with left:
        st.subheader("The trial one would run, and what these data can follow", anchor=False)
        table = protocol.table.rename(
            columns={"element": " ", "protocol": "The target trial", "data": "In these data"}
        )
        sentences_table(table, key="protocol_table")
    with right:
        answer, question = answered(work, FLOW)
        figure_with_downloads(
            answer.figure,
            lambda: protocol.steps,
            key="transplant_flow",
            name=("transplant", "flow"),
            alt=" ".join(answer.sentences),
        )
    st.subheader("Who followed each strategy", anchor=False)
    wrapped_table(_arms(protocol.arms))
    st.caption(
        "Every patient enters every strategy as a clone. Followed: transplanted in its window, or "
        "never transplanted. Departed: the clone is censored there and the others are weighted for "
        "it. Lost: followed no longer before the strategy was decided. The others had the event "
        "before it was decided. Events are those of clones that had not departed, by "
        f"{work.trial.horizon_months:g} months."
    )
    for note in protocol.data.notes:
        st.caption(note)
    _draw_document(work)
    draw_adding(answer, question)
    take_away(work, "protocol", {"Figure": answer.figure}, lambda: {"TARGET": _sheet(work)})


def _draw_document(work: Work) -> None:
    """The protocol to sign, with the reporting sheet of an emulated trial."""
    cohort = work.looking.cohort
    stem = file_stem(cohort.name, "transplant", "protocol", synthetic=work.looking.synthetic)
    download(
        "Protocol to sign (DOCX)",
        lambda: protocol_document(
            work.trial, work.protocol, _sheet(work), cohort.name, synthetic=work.looking.synthetic
        ),
        f"{stem}.docx",
        "transplant_protocol_docx",
        help="The protocol, what is reported of the trial after TARGET, and a line to sign",
    )


def _sheet(work: Work) -> pd.DataFrame:
    cohort = work.looking.cohort
    try:
        found = emulated(work)
    except ValueError as error:
        told = Told(source_line(cohort.provenance), [str(error)], [HYPOTHESES], "")
        return target_sheet(work.trial, work.protocol, None, told)
    selection = work.trial.eligibility.apply(cohort)
    methods = transplant_methods(work.trial, work.protocol, selection, emulation=found)
    cautions = [words for words in (caution(found), heavy_in_words(found), HYPOTHESES) if words]
    said = [*headline(found, timed(work)), by_class(found)]
    told = Told(source_line(cohort.provenance), said, cautions, methods)
    return target_sheet(work.trial, work.protocol, found, told)


def _arms(arms: pd.DataFrame) -> pd.DataFrame:
    words = arms.map(lambda value: value if isinstance(value, str) else f"{value:,}")
    return words.rename(
        columns={
            "strategy": "Strategy",
            "n": "Clones",
            "followed": "Followed",
            "events": "Events",
            "deviated": "Departed",
            "lost": "Lost",
        }
    )
