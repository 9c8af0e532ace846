"""What each slide of an answer or of a story's step says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from app.cohort.escaping import Escapes
from app.cohort.filters import Selection
from app.study.answer import OF_ONE_PATIENT, Answer, methods_text
from app.study.figures.escaped import escaped
from app.study.figures.theme import SYNTHETIC_MARK, title_of
from app.study.files.software import product
from app.study.files.tables import names_patients
from app.study.slides._deck import SlidesError
from app.study.story import KEPT, Answered, Step
from data_loaders import Cohort

_LONGEST_TITLE = 180
_LONGEST_LINE = 110


@dataclass(frozen=True, eq=False)
class Page:
    """One figure and what is said with it.

    Attributes
    ----------
    title, subtitle, footer
        The finding; of whom; and where it comes from.
    figure
        What is drawn; None where the step cannot be answered, and ``missing`` says why.
    alt, notes, methods
        Alternative text, the speaker's notes, and the methods, which stand in these too.
    tables
        Makes the numbers of the answer, none of them a row a patient.
    link
        Where the step is shown, with the host; empty where that is not known.
    """

    title: str
    subtitle: str
    footer: str
    synthetic: bool
    figure: go.Figure | None = None
    alt: str = ""
    notes: str = ""
    methods: str = ""
    missing: str = ""
    tables: Callable[[], Mapping[str, pd.DataFrame]] = dict
    link: str = ""


def pages_of_answer(answer: Answer, selection: Selection | None, methods: str = "") -> list[Page]:
    """A page for each figure of an answer; its first sentence is the title of the first."""
    found = []
    for number, draw in enumerate(answer.figures.values()):
        figure = _text_as_text(draw(), selection)
        heading = title_of(figure) or answer.title
        first = next(iter(answer.sentences), "") if not number else ""
        finding = _plain(first) if len(first) <= _LONGEST_TITLE else ""
        found.append(_page(answer, figure, finding or heading, heading, selection, methods=methods))
    return found


def page_of_step(told: Answered, address: str) -> Page:
    """The page of a step: its caption is the title, its note comes first in the notes."""
    step = told.step
    link = f"{address.rstrip('/')}/{step.address}" if address and step.address else ""
    if told.answer is None:
        title = step.caption or step.question.analysis
        return Page(title, step.section, _footer(), synthetic=False, missing=told.said)
    figure = escaped(told.figure(), told.escapes())
    heading = title_of(figure) or told.answer.title
    title = _plain(step.caption or next(iter(told.answer.sentences), heading))
    if len(title) > _LONGEST_TITLE:
        title = f"{title[: _LONGEST_TITLE - 1].rsplit(' ', 1)[0]} …"
    said = [step.note, step.caption if step.caption != title else "", told.said]
    return _page(
        told.answer, figure, title, heading, told.selection,
        other=told.other, section=" · ".join(filter(None, [step.section, _taken(step)])),
        first=said, link=link,
    )  # fmt: skip


def _taken(step: Step) -> str:
    """Of which day a kept picture is; empty for what is computed."""
    kept = step.question.analysis == KEPT
    return f"Picture of {step.question.settings['date']}, not computed again" if kept else ""


def _page(
    answer: Answer,
    figure: go.Figure,
    title: str,
    heading: str,
    selection: Selection | None,
    *,
    other: Cohort | None = None,
    methods: str = "",
    section: str = "",
    first: list[str] | None = None,
    link: str = "",
) -> Page:
    if answer.key in OF_ONE_PATIENT:
        raise SlidesError("Slides show groups: single patients stay on their own page.")
    told = answer.accounting
    who, ids = told.caption(), frozenset[str]()
    first_one = () if selection is None else (selection.source,)
    cohorts = first_one if other is None else (*first_one, other)
    if len(who) > _LONGEST_LINE:
        who = (
            f"{told.analysed:,} of {told.selected:,} selected patients {told.verb}; the notes say "
            "who is left out."
        )
    if selection is not None:
        who = f"{selection.sentence} · {who}"
        methods = methods or methods_text(answer, selection)
        ids = frozenset(str(name) for cohort in cohorts for name in cohort.patients.index)
    above = " · ".join(
        part for part in (section, "" if title.startswith(heading) else heading) if part
    )
    notes = [
        *(first or ()), answer.title, told.caption(), *answer.sentences, *answer.notes,
        *answer.cautions, *([methods] if methods else answer.methods), link,
    ]  # fmt: skip
    synthetic = (
        any(cohort.provenance.synthetic for cohort in cohorts)
        if cohorts
        else SYNTHETIC_MARK in str(figure.layout.annotations[:1])
    )
    return Page(
        title=title,
        subtitle=f"{above}\n{who}" if above else who,
        footer=_footer(*cohorts),
        synthetic=synthetic,
        figure=figure,
        alt=answer.alt or heading,
        notes="\n\n".join(note for note in notes if note),
        methods=methods or "\n\n".join(answer.methods),
        tables=partial(_tables, answer, ids),
        link=link,
    )


def _text_as_text(figure: go.Figure, selection: Selection | None) -> go.Figure:
    return figure if selection is None else escaped(figure, Escapes.of(selection.source))


def _tables(answer: Answer, ids: frozenset[str]) -> dict[str, pd.DataFrame]:
    held = answer.tables()
    return {name: table for name, table in held.items() if not names_patients(table, ids)}


def _footer(*cohorts: Cohort) -> str:
    source = dict.fromkeys(cohort.provenance.source for cohort in cohorts)
    return " · ".join([*source, product(), f"{datetime.now(UTC):%Y-%m-%d}"])


def _plain(text: str) -> str:
    return text.replace("**", "")
