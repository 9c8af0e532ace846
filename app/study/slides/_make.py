"""Slides of answers and of stories."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import segno
from pptx.util import Inches

from app.cohort.filters import Selection
from app.study.answer import Answer
from app.study.files.browser import ExportError
from app.study.files.software import made_with
from app.study.files.tables import xml_text
from app.study.methods import source_sentence
from app.study.question import Question
from app.study.slides._charts import Box, describe
from app.study.slides._deck import Deck, SlidesError
from app.study.slides._figures import (
    Cells,
    add_cells,
    add_panels,
    add_picture,
    add_text,
    parts_of,
    picture_for,
)
from app.study.slides._pages import Page, page_of_step, pages_of_answer
from app.study.story import Answered, Story, answered
from app.study.wording import count
from data_loaders import Cohort

_MOST_NOTED = 60
_MOST_CODES, _CODES_A_ROW = 16, 8


def to_pptx(
    shown: Story | Answer | Sequence[Answer],
    template: bytes | str | Path | None = None,
    *,
    cohorts: Mapping[str, Cohort] | None = None,
    answer: Callable[[Question, Cohort], Answer] | None = None,
    selection: Selection | None = None,
    methods: str = "",
    address: str = "",
) -> bytes:
    """Slides (PowerPoint, 16:9) with native charts whose data can be opened and changed.

    Figures that PowerPoint has no chart for (heatmaps, flows, more than 5,000 points) are pictures
    with their numbers in the notes. A chart's workbook holds what the figure shows, rounded.

    Parameters
    ----------
    shown
        A story, whose steps become slides between an opening one and one of data and methods; or
        an answer or several, whose figures do.
    template
        A ``.pptx`` or ``.potx`` whose placeholders are used, or its content; None for our own look.
    cohorts
        Those of a story, by key; None for the cohorts that everybody has.
    answer
        Answers the questions of a story; a session gives what it remembers.
    selection
        The patients that answers were made of: source and filter are then named.
    methods
        The methods paragraph of an answer where it is not its own.
    address
        Where others reach the app, such as ``https://calr.example.org``: the last slide of a story
        then has a QR code for each step.

    Raises
    ------
    SlidesError
        If the template cannot be used, there is nothing to show, or an answer is about single
        patients.
    """
    deck = Deck(template)
    if isinstance(shown, Story):
        told = answered(shown, cohorts, answer)
        pages = [page_of_step(one, address) for one in told]
        _opening(deck, shown, told, pages)
    else:
        answers = [shown] if isinstance(shown, Answer) else list(shown)
        pages = [page for one in answers for page in pages_of_answer(one, selection, methods)]
    if not pages:
        raise SlidesError("There is nothing to make slides of yet.")
    # The browser draws pictures while the charts are made.
    with ThreadPoolExecutor(max_workers=1) as drawing:
        pictures = [picture for page in pages for picture in _add(deck, page, drawing)]
        for picture in pictures:
            _place(picture)
    if isinstance(shown, Story):
        _closing(deck, told, pages)
    return deck.content()


def _opening(deck: Deck, story: Story, told: Sequence[Answered], pages: Sequence[Page]) -> None:
    if not pages:
        return
    footer = next((page.footer for page in pages if page.figure is not None), pages[0].footer)
    names = dict.fromkeys(cohort.name for one in told for cohort in one.cohorts)
    deck.add_opening(
        story.title, "\n".join([*names, footer.rpartition(" · ")[2]]), footer,
        synthetic=any(page.synthetic for page in pages),
    )  # fmt: skip


def _closing(deck: Deck, told: Sequence[Answered], pages: Sequence[Page]) -> None:
    """Data and methods, and a code for each step where others can reach the app."""
    sources = dict.fromkeys(
        f"{source_sentence(one.selection)} {count(one.selection.source.n, 'patient')}."
        for one in told
        if one.selection is not None
    )
    missing = sum(page.figure is None for page in pages)
    said = [*sources, made_with(), "The methods of each slide stand in its notes."]
    if missing:
        said.append(f"{count(missing, 'step')} of the story cannot be answered here.")
    slide, region = deck.add(
        "Data and methods", "For research: results generate hypotheses and are no medical advice.",
        next((page.footer for page in pages if page.figure), pages[0].footer),
        synthetic=any(page.synthetic for page in pages),
    )  # fmt: skip
    links = [(number, page) for number, page in enumerate(pages, start=1) if page.link]
    links = links[:_MOST_CODES]
    rows = -(-len(links) // _CODES_A_ROW)
    side = min(1.25, region.width / _CODES_A_ROW - 0.2)
    place = replace(region, height=max(region.height - rows * (side + 0.45), 1.0))
    add_text(slide, "\n".join(said), place, size=12 if rows else 16)
    for position, (number, page) in enumerate(links):
        left = region.left + (position % _CODES_A_ROW) * (region.width / _CODES_A_ROW)
        top = region.bottom - (rows - position // _CODES_A_ROW) * (side + 0.4)
        held = io.BytesIO()
        segno.make(page.link, error="m").save(held, kind="png", scale=6, border=2)
        held.seek(0)
        size = Inches(side)
        picture = slide.shapes.add_picture(held, Inches(left), Inches(top), size, size)
        describe(picture, f"QR code of step {number}: {page.link}")
        picture.click_action.hyperlink.address = page.link
        add_text(slide, f"Step {number}", Box(left, top + side, side, 0.3), size=12)


@dataclass(frozen=True, eq=False)
class _Picture:
    """A picture that is being drawn, and where it goes."""

    slide: Any
    region: Box
    alt: str
    content: Future[bytes]


def _place(picture: _Picture) -> None:
    """Put a picture where it goes; where this machine cannot draw it, why."""
    try:
        add_picture(picture.slide, picture.content.result(), picture.region, picture.alt)
    except ExportError as error:
        add_text(
            picture.slide, f"The figure is not on this slide: {error}", picture.region, size=20
        )


def _add(deck: Deck, page: Page, drawing: Executor) -> list[_Picture]:
    """Add the slides of a page, one or several where its rows go on; pictures that it waits for."""
    if page.figure is None:
        slide, region = _slide(deck, page)
        add_text(slide, f"This step is not shown: {page.missing}", region, size=20)
        return []
    parts = parts_of(page.figure)
    if isinstance(parts, str):
        slide, region = _slide(deck, page)
        _note(slide, page, parts)
        content = drawing.submit(picture_for, page.figure, region)
        return [_Picture(slide, region, page.alt, content)]
    for number, part in enumerate(parts, start=1):
        slide, region = _slide(deck, page, f" ({number} of {len(parts)})" * (len(parts) > 1))
        if isinstance(part, Cells):
            add_cells(slide, part, region, page.alt)
        else:
            add_panels(slide, *part, region, page.alt)
        _note(slide, page)
    return []


def _slide(deck: Deck, page: Page, more: str = "") -> tuple[Any, Box]:
    return deck.add(f"{page.title}{more}", page.subtitle, page.footer, synthetic=page.synthetic)


def _note(slide: Any, page: Page, why_picture: str = "") -> None:
    notes = page.notes
    if why_picture:
        notes += f"\n\nThe figure is a picture: {why_picture} Its numbers:\n"
        for name, table in page.tables().items():
            notes += f"\n{name}\n{table.head(_MOST_NOTED).to_csv(index=False, sep=chr(9))}"
    slide.notes_slide.notes_text_frame.text = xml_text(notes)
