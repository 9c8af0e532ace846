"""What each slide says, and the slides of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.cohort.filters import Selection
from app.study.answer import OF_ONE_PATIENT, Answer, methods_text
from app.study.figures.theme import SYNTHETIC_MARK
from app.study.files.software import product
from app.study.files.tables import names_patients
from app.study.files.workbook import xml_text
from app.study.slides._charts import Box
from app.study.slides._deck import Deck, SlidesError
from app.study.slides._figures import add_panels, add_picture, add_text, parts_of
from app.study.slides._panel import words
from app.study.slides._reading import is_heading

_LONGEST_TITLE = 180
_MOST_NOTED = 60


@dataclass(frozen=True, eq=False)
class Page:
    """One figure and what is said with it.

    Attributes
    ----------
    title, subtitle, footer
        The finding; of whom; and where it comes from.
    figure
        What is drawn; None where the step cannot be answered, and ``missing`` says why.
    alt, notes
        Alternative text, and the speaker's notes.
    """

    title: str
    subtitle: str
    footer: str
    synthetic: bool
    figure: go.Figure | None
    alt: str = ""
    notes: str = ""
    missing: str = ""
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def to_pptx(
    shown: Answer | Sequence[Answer],
    template: bytes | str | Path | None = None,
    *,
    selection: Selection | None = None,
    methods: str = "",
) -> bytes:
    """Slides (PowerPoint, 16:9) with native charts whose data can be opened and changed.

    Figures that PowerPoint has no chart for (heatmaps, flows, more than 5,000 points) are pictures
    with their numbers in the notes. A chart's workbook holds what the figure shows, rounded.

    Parameters
    ----------
    shown
        An answer, or several; each of its figures becomes a slide.
    template
        A ``.pptx`` or ``.potx`` whose placeholders are used, or its content; None for our own look.
    selection
        The patients that the answers were made of: source and filter are then named.
    methods
        The methods paragraph where it is not the answer's own.

    Raises
    ------
    SlidesError
        If the template cannot be used, or an answer is about single patients.
    """
    answers = [shown] if isinstance(shown, Answer) else list(shown)
    pages = [
        _page(answer, name, selection, methods) for answer in answers for name in answer.figures
    ]
    if not pages:
        raise SlidesError("There is nothing to make slides of.")
    deck = Deck(template)
    for page in pages:
        _add(deck, page)
    return deck.content()


def _page(answer: Answer, name: str, selection: Selection | None, methods: str) -> Page:
    if answer.key in OF_ONE_PATIENT:
        raise SlidesError("Slides show groups: single patients stay on their own page.")
    figure = answer.figures[name]()
    synthetic = SYNTHETIC_MARK in str(figure.layout.annotations[:1])
    source = product()
    notes = [answer.title, *answer.sentences, *answer.notes, *answer.cautions]
    who, ids = answer.accounting.caption(), frozenset[str]()
    if selection is not None:
        source = f"{selection.source.provenance.source} · {source}"
        who = f"{selection.sentence} · {who}"
        methods = methods or methods_text(answer, selection)
        ids = frozenset(map(str, selection.source.patients.index))
    notes += [methods] if methods else answer.methods
    heading = _heading(figure) or answer.title
    finding = answer.sentences[0] if answer.sentences and name == next(iter(answer.figures)) else ""
    title = finding if finding and len(finding) <= _LONGEST_TITLE else heading
    return Page(
        title=title,
        subtitle=who if title == heading else f"{heading}\n{who}",
        footer=f"{source} · {datetime.now(UTC):%Y-%m-%d}",
        synthetic=synthetic,
        figure=figure,
        alt=answer.alt or heading,
        notes="\n\n".join(note for note in notes if note),
        tables={
            name: table for name, table in answer.tables().items() if not names_patients(table, ids)
        },
    )


def _heading(figure: go.Figure) -> str:
    """What the figure itself is headed with."""
    first = next(iter(figure.layout.annotations), None)
    if first is None or not is_heading(first.to_plotly_json()):
        return ""
    return words(str(first.text).partition("</b>")[0])


def _add(deck: Deck, page: Page) -> None:
    """Add the slides of a page: one, or several where its rows go on."""
    parts = parts_of(page.figure)
    if isinstance(parts, str):
        slide, region = deck.add(page.title, page.subtitle, page.footer, synthetic=page.synthetic)
        why_not = add_picture(slide, page.figure, region, page.alt)
        if why_not:
            _say(slide, f"The figure is not on this slide: {why_not}", region)
        _note(slide, page, parts)
        return
    for number, (panels, table) in enumerate(parts, start=1):
        more = f" ({number} of {len(parts)})" if len(parts) > 1 else ""
        slide, region = deck.add(
            f"{page.title}{more}", page.subtitle, page.footer, synthetic=page.synthetic
        )
        add_panels(slide, panels, table, region, page.alt)
        _note(slide, page, "")


def _say(slide: Any, text: str, region: Box) -> None:
    add_text(slide, text, region, size=20)


def _note(slide: Any, page: Page, why_picture: str) -> None:
    notes = page.notes
    if why_picture:
        notes += f"\n\nThe figure is a picture: {why_picture} Its numbers:\n"
        for name, table in page.tables.items():
            notes += f"\n{name}\n{table.head(_MOST_NOTED).to_csv(index=False, sep=chr(9))}"
    slide.notes_slide.notes_text_frame.text = xml_text(notes)
